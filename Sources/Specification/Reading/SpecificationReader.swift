// The door of this target: from a path to a spec with all its cells, or to everything that is wrong with it.
// Knows nothing of plans.

public import Diagnostics
import JSON
import YAML

/// Reads specs.
public struct SpecificationReader: Sendable {
  /// The most cells a spec may have.
  public static let mostCells = 10_000

  private let files: any FileReading

  /// Makes a reader.
  ///
  /// - Parameter files: Where the text of files comes from.
  public init(files: any FileReading = DiskFiles()) { self.files = files }

  /// Reads a spec with everything it inherits, and checks every cell of it.
  ///
  /// - Parameters:
  ///   - path: The spec, as the user names it.
  ///   - sets: Settings such as `objective.dpo.beta=0.2`, laid over the file in order.
  /// - Returns: The spec, typed.
  /// - Throws: Everything that is wrong, in the order of the files and their lines.
  public func read(_ path: String, sets: [String] = []) throws(Diagnoses) -> ResolvedExperiment {
    let inheritance = Inheritance(files: files)
    let report = Report()
    guard let tree = inheritance.tree(of: path, askedAt: nil) else { throw report.thrown(inheritance) }
    if let key = tree.keyOfTable {
      inheritance.reading.note(.isATable, key.place)
      throw report.thrown(inheritance)
    }
    return try read(tree, path, sets, inheritance)
  }

  /// Reads an experiment, or a table with all its experiments.
  ///
  /// - Parameters:
  ///   - path: The file, as the user names it.
  ///   - sets: Settings, laid over every experiment.
  /// - Returns: What the file says, typed.
  /// - Throws: Everything that is wrong, in the order of the files and their lines.
  public func readFile(_ path: String, sets: [String] = []) throws(Diagnoses) -> SpecificationFile {
    let inheritance = Inheritance(files: files)
    guard let tree = inheritance.tree(of: path, askedAt: nil) else { throw Report().thrown(inheritance) }
    if tree.keyOfTable == nil { return .experiment(try read(tree, path, sets, inheritance)) }
    return .table(try readTable(tree, path, sets, files, told: inheritance.told))
  }

  private func read(
    _ inherited: Node, _ path: String, _ sets: [String], _ inheritance: Inheritance
  ) throws(Diagnoses) -> ResolvedExperiment {
    var report = Report()
    let tree = inheritance.apply(sets, to: inherited)
    let grid = Grid(tree.withTopKeysRepaired, inheritance)
    if inheritance.lacksAncestor {
      report.readAlone([tree] + grid.cells.map(\.tree), inheritance)
      throw report.thrown(inheritance)
    }
    report.readBase(of: tree, grid, inheritance)
    let cells = report.readCells(of: grid, inheritance)
    report.readPublished(files, cells)
    report.lookUp(files)
    guard report.isClean(inheritance), !cells.isEmpty else { throw report.thrown(inheritance) }
    return ResolvedExperiment(
      path: path, description: cells[0].experiment.description, base: report.base?.experiment,
      axes: grid.axes.map { AblationAxis(name: $0.name, arms: $0.arms.map(\.name)) }, cells: cells,
      table: report.table, publishedNumbers: report.published.numbers, warnings: report.diagnoses(inheritance),
      files: inheritance.read + [report.published.read].compactMap { $0 })
  }
}

/// What was read and what was wrong with it, put together from the readings of many cells.
private struct Report {
  /// Where a value begins.
  private struct Beginning: Hashable {
    let file: String
    let line: Int
    let column: Int

    init(_ place: SourcePlace) {
      file = place.file
      line = place.line
      column = place.column
    }
  }

  private struct Finding {
    let located: Reading.Located
    var cells: [String]
  }

  /// The most combinations that `search:` may try in all cells together.
  static let mostCandidates = 20_000

  private(set) var base: ReadDocument?
  private(set) var table: Table?
  private(set) var published = PublishedFile()
  private var names = NameTable()
  private var findings: [Finding] = []
  private var indices: [Reading.Located: Int] = [:]
  private var mentions: [Reading.Mention] = []
  private var cellCount = 0

  /// Reads the spec without its axes; with axes, what they will give may be missing.
  mutating func readBase(of tree: Node, _ grid: Grid, _ inheritance: Inheritance) {
    let whole = inheritance.resolveSameAs(tree)
    names = NameTable(whole.withTopKeysRepaired)
    let strict = Reading(names: names)
    let document = ReadDocument.shape(of: whole).read(whole, strict)
    if strict.errors.isEmpty { base = document }
    table = document?.table
    guard !grid.axes.isEmpty else {
      take(strict, cell: nil)
      return
    }
    let lenient = Reading(partial: true, names: names)
    _ = ReadDocument.shape(of: whole).read(whole, lenient)
    take(lenient, cell: nil)
  }

  /// Reads what stands over a file that could not be read, and keeps the mistakes that no such file could undo.
  mutating func readAlone(_ trees: [Node], _ inheritance: Inheritance) {
    for tree in trees {
      let whole = inheritance.resolveSameAs(tree)
      let reading = Reading(partial: true, names: NameTable(whole.withTopKeysRepaired))
      _ = ReadDocument.shape(of: whole).read(whole, reading)
      reading.keep { $0.standsAlone }
      take(reading, cell: nil)
    }
  }

  /// Reads every cell, and what `search:` tries in it.
  mutating func readCells(of grid: Grid, _ inheritance: Inheritance) -> [Cell] {
    if grid.axes.isEmpty {
      guard let base else { return [] }
      let candidates = readCandidates(of: base.experiment, grid, inheritance, cell: nil)
      return [Cell(arms: Named(), experiment: base.experiment, candidates: candidates)]
    }
    cellCount = grid.cells.count
    return grid.cells.compactMap { cell in
      guard let document = read(inheritance.resolveSameAs(cell.tree), grid, cell: cell.name) else { return nil }
      table = table ?? document.table
      let candidates = readCandidates(of: document.experiment, grid, inheritance, cell: cell.name)
      return Cell(arms: cell.arms, experiment: document.experiment, candidates: candidates)
    }
  }

  private mutating func read(_ tree: Node, _ grid: Grid, cell: String?) -> ReadDocument? {
    let reading = Reading(names: NameTable(tree, axes: grid.names))
    let document = ReadDocument.shape(of: tree).read(tree, reading)
    take(reading, cell: cell)
    return reading.errors.isEmpty ? document : nil
  }

  private mutating func readCandidates(
    of experiment: Experiment, _ grid: Grid, _ inheritance: Inheritance, cell: String?
  ) -> [Candidate] {
    guard let over = experiment.tree["search"]?["over"], let axes = over.entries else { return [] }
    var combinations: [(values: [Named<String>.Entry], tree: Node)] = [([], experiment.tree)]
    for axis in axes {
      let source = axis.key.location.source
      let written = Array(axis.key.text.utf8)
      // A quoted key's steps stand one byte to the right; the whole key is shown either way.
      let keys = Settings.path(written[...], source).map { Node.Key($0.text, location: axis.key.location) }
      combinations = combinations.flatMap { combination in
        (axis.value.elements ?? []).map { value in
          let patch = Settings.nest(value, under: keys, source, axis.key.location.range)
          let tree = Merge.lay(patch, over: combination.tree, ReadDocument.form).at(combination.tree.location)
          return (combination.values + [.init(axis.key.text, value.json.canonical)], tree)
        }
      }
      guard combinations.count <= Self.mostCandidates / max(1, cellCount) else {
        let reading = Reading()
        reading.note(.tooManyCandidates(most: Self.mostCandidates), axis.key.place)
        take(reading, cell: cell)
        return []
      }
    }
    return combinations.compactMap { combination in
      read(combination.tree, grid, cell: cell).map {
        Candidate(values: Named(combination.values), experiment: $0.experiment)
      }
    }
  }

  private mutating func take(_ reading: Reading, cell: String?) {
    mentions += reading.mentions
    for located in reading.faults {
      if let index = indices[located] {
        if let cell, !findings[index].cells.isEmpty, findings[index].cells.last != cell {
          findings[index].cells.append(cell)
        }
      } else {
        indices[located] = findings.count
        findings.append(Finding(located: located, cells: cell.map { [$0] } ?? []))
      }
    }
  }

  /// Reads the published numbers that the table names, once it is known what their rows and columns must be.
  mutating func readPublished(_ files: any FileReading, _ cells: [Cell]) {
    guard let table, let path = table.published, let cell = cells.first else { return }
    let place = mentions.first { !$0.isSpec && $0.path == path }?.place
    let frame = PublishedFrame(table, names: names, kind: cell.experiment.evals.eval(ofNumber: table.value)?.kind)
    published = PublishedFile(path, askedAt: place, files, frame)
  }

  /// Warns of files that are named and not there.
  mutating func lookUp(_ files: any FileReading) {
    let reading = Reading()
    for mention in mentions where !files.exists(mention.path.resolved) {
      let fault: SpecFault =
        mention.isSpec
        ? .experimentNotThere(path: mention.path.written) : .publishedNotThere(path: mention.path.written)
      reading.warn(fault, mention.place)
    }
    mentions = []
    take(reading, cell: nil)
  }

  func isClean(_ inheritance: Inheritance) -> Bool {
    inheritance.told.isEmpty && inheritance.reading.errors.isEmpty && published.problems.isEmpty
      && findings.allSatisfy { $0.located.isWarning }
  }

  func thrown(_ inheritance: Inheritance) -> Diagnoses { Diagnoses(diagnoses(inheritance)) }

  /// Everything found, the main file's first, in the order of lines.
  func diagnoses(_ inheritance: Inheritance) -> [Diagnosis] {
    // What stands in the place of a fault of the YAML was put there by the reader, not by the writer.
    let broken = Set(inheritance.told.compactMap { $0.place.map(Beginning.init) })
    func isWritten(_ located: Reading.Located) -> Bool { !broken.contains(Beginning(located.place)) }
    var all = inheritance.told
    for located in inheritance.reading.faults where isWritten(located) { all.append(located.diagnosis()) }
    for finding in findings where isWritten(finding.located) {
      all.append(finding.located.diagnosis(notes: notes(of: finding)))
    }
    all += published.problems
    var seen: Set<Diagnosis> = []
    let unique = all.filter { seen.insert($0).inserted }
    let order = inheritance.read.map(\.path)
    func rank(_ diagnosis: Diagnosis) -> (Int, Int, Int) {
      guard let place = diagnosis.place else { return (.max, 0, 0) }
      let file = order.firstIndex(of: place.file) ?? order.count + Settings.number(ofFile: place.file)
      return (file, place.line, place.column)
    }
    return unique.enumerated().sorted { left, right in
      let (one, other) = (rank(left.element), rank(right.element))
      return one == other ? left.offset < right.offset : one < other
    }.map(\.element)
  }

  /// Which cells a fault is in, where that is not all of them.
  private func notes(of finding: Finding) -> [String] {
    guard let first = finding.cells.first, finding.cells.count < cellCount else { return [] }
    if finding.cells.count == 1 { return ["in the cell `\(first)`"] }
    return ["in \(finding.cells.count) cells, the first is `\(first)`"]
  }
}
