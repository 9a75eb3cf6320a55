// The two sides of a comparison as the command line names them: a spec, a folder of results, a table file, or a run.
// Finds out what there is to compare; compares nothing.

import Diagnostics
import Digests
import FoundationEssentials
import Planning
import Reporting
import Specification
import Storage

/// A step by its key.
struct NamedKey: Hashable {
  let label: String
  let key: Digest
}

/// One side.
struct DiffSide {
  /// What a side is.
  enum Kind {
    case spec
    case results
    case run(RunStory)
  }

  /// As the user named it.
  let name: String
  let kind: Kind
  /// What there is to compare: of a run one for each spec.
  var parts: [NamedResults] = []
  /// What cannot be compared, and why, a sentence each.
  var remarks: [String] = []
  /// The steps that it consists of, as far as their keys are known; nil if nobody says.
  var keys: [NamedKey]?

  var run: RunStory? { if case .run(let story) = kind { story } else { nil } }
}

extension DiffSide {
  /// The side with the numbers of one cell alone, at no place.
  fileprivate func narrowed(to cell: String) throws -> DiffSide {
    // A cell whose steps failed or have not run is one, too.
    let known = parts.compactMap(\.table).flatMap { $0.numbers.map(\.cell) + $0.missing.map(\.cell) }.distinct
    guard known.contains(cell) || known.isEmpty else {
      throw CommandError.unknownName(what: "cell", name: cell, known: known)
    }
    var side = DiffSide(name: "\(cell) of \(name)", kind: kind, remarks: remarks)
    side.parts = parts.map { part in
      var alone = NamedResults(name: part.name, source: part.source, table: part.table?.alone(cell: cell))
      alone.staleFolder = part.staleFolder
      return alone
    }
    return side
  }
}

/// Both sides, planned into one graph.
struct DiffSides {
  let first: DiffSide
  let second: DiffSide
  let graph: StepGraph
  /// The parts that belong together; a side is nil where the other one has no such part.
  let pairs: [(first: NamedResults?, second: NamedResults?)]

  /// Finds both.
  ///
  /// - Throws: ``DiffFault`` for a name that means nothing; what is wrong with a spec or a file, or what reading the store throws.
  init(_ names: (String, String), in store: Store, results: String) throws {
    var named = try [names.0, names.1].map { try NamedSide($0, in: store) }
    for index in named.indices { named[index].dropUnreadable() }
    let planned = try PlannedSources(named.flatMap(\.sources))
    let stored = StoredNumbers(graph: planned.graph, store: store)
    var sources = planned.sources[...]
    let sides = try named.map { named in
      let own = Array(sources.prefix(named.sources.count))
      sources = sources.dropFirst(named.sources.count)
      return try named.side(own, stored, results: results)
    }
    graph = planned.graph
    (first, second, areCells) = (sides[0], sides[1], false)
    pairs = Self.pairs(first.parts, second.parts)
  }

  /// Whether single cells are compared.
  let areCells: Bool

  /// One cell of each side alone.
  ///
  /// - Throws: ``CommandError/unknownName(what:name:known:)`` for a cell that a side does not have.
  func narrowed(to cells: (String, String)) throws -> DiffSides {
    DiffSides(try first.narrowed(to: cells.0), try second.narrowed(to: cells.1), graph: graph)
  }

  private init(_ first: DiffSide, _ second: DiffSide, graph: StepGraph) {
    (self.first, self.second, self.graph, areCells) = (first, second, graph, true)
    pairs = Self.pairs(first.parts, second.parts)
  }

  /// One part with one part, whatever they are called; of several those of one name.
  private static func pairs(
    _ first: [NamedResults], _ second: [NamedResults]
  ) -> [(first: NamedResults?, second: NamedResults?)] {
    if first.count == 1, second.count == 1 { return [(first[0], second[0])] }
    let names = (first + second).map(\.title).distinct
    return names.map { name in (first.first { $0.title == name }, second.first { $0.title == name }) }
  }
}

/// A side before anything is planned.
private struct NamedSide {
  var side: DiffSide
  /// The specs that it consists of.
  var sources: [SpecSource] = []

  init(_ name: String, in store: Store) throws {
    if NamedResults.isSpec(name) {
      side = DiffSide(name: name, kind: .spec)
      sources = [SpecSource(path: name)]
    } else if FileManager.default.fileExists(atPath: name) {
      side = DiffSide(name: name, kind: .results)
    } else if name.contains("/") {
      throw CommandError.unreadable(path: name, reason: "there is no such file")
    } else if let run = try RunStory.find(name, among: store.runs().sorted().reversed()) {
      let story = try RunStory(run, in: store)
      side = DiffSide(name: "run \(run)", kind: .run(story))
      sources = story.read?.sources ?? story.specs.map { SpecSource(path: $0) }
    } else {
      throw DiffFault.unknown(name: name)
    }
  }

  /// Leaves out specs of a run that cannot be read or planned any more, and says why; those that the user names must be right.
  mutating func dropUnreadable() {
    guard let run = side.run else { return }
    if run.read == nil {
      side.remarks.append(
        "The journal of \(side.name) does not hold the text of its specs, as those of earlier versions do not: what the files "
          + "say now counts if it comes to the run's own table.")
    }
    sources = sources.filter { source in
      do {
        _ = try PlannedSources([source])
        return true
      } catch {
        let reason = (error as? any DiagnosableError)?.diagnoses.first?.message ?? "\(error)"
        side.remarks.append("\(source.path) of \(side.name) cannot be planned any more: \(reason).")
        return false
      }
    }
  }

  /// The side with what was planned of it and what is stored.
  func side(_ planned: [PlannedSource], _ stored: StoredNumbers, results: String) throws -> DiffSide {
    var side = side
    switch side.kind {
    case .results:
      side.parts = [try NamedResults(file: side.name)]
      side.keys = try Self.keys(inFolder: side.name)
    case .spec:
      side.parts = try planned.map { try NamedResults(spec: side.name, $0, stored, results: results) }
      side.remarks += side.parts.compactMap { part in
        part.staleFolder.map { "The results in \($0) are of another form of \(part.name), so they are not compared." }
      }
      side.keys = planned.flatMap { stored.keys(of: $0) }
    case .run(let story):
      side.keys = story.keys
      for (source, spec) in zip(sources, planned) { try side.add(spec, source.path, of: story, stored) }
    }
    return side
  }

  /// The steps that the lock beside a table names; nil without one.
  private static func keys(inFolder path: String) throws -> [NamedKey]? {
    let file = "\(path)/lock.json"
    guard NamedResults.isFolder(path), FileManager.default.fileExists(atPath: file) else { return nil }
    return try StepLock(path: file).steps.sorted { $0.key < $1.key }.map { NamedKey(label: $1.label, key: $0) }
  }
}

extension DiffSide {
  /// Adds a spec of a run, with its numbers if the run came to them.
  fileprivate mutating func add(
    _ source: PlannedSource, _ path: String, of story: RunStory, _ stored: StoredNumbers
  ) throws {
    let came = Set(story.keys.map(\.key))
    let tables = source.experiments.map { stored.tableKey(of: $0) }
    let isDone = tables.allSatisfy { $0.map(came.contains) ?? false }
    if !isDone, story.read == nil {
      remarks.append(
        "\(path) is not what \(name) ran, or that run did not come to its table: neither it nor numbers are compared.")
      return
    }
    var table = isDone ? try stored.table(of: source, path) : nil
    if !isDone {
      // What it came to before a step failed, or it was stopped.
      table = try stored.unfinished(source, path)?.made(of: came)
      if table?.numbers.isEmpty ?? true { table = nil }
      let numbers = table == nil ? "no numbers" : "of its numbers those that it came to"
      remarks.append("\(name) did not come to the table of \(path), or its data were others: \(numbers).")
    }
    parts.append(NamedResults(name: path, source: source, table: table))
  }
}

extension StoredNumbers {
  /// The steps of a spec whose results are stored.
  fileprivate func keys(of source: PlannedSource) -> [NamedKey] {
    let ids = Set(source.experiments.flatMap { [$0.table] + $0.wanted })
    let found = StoredGraph(graph.restricted(to: ids), in: store)
    return found.graph.steps.compactMap { step in found[step.id].map { NamedKey(label: step.label, key: $0.key) } }
  }
}

extension RunStory {
  /// The steps whose results were there or were made, each once.
  var keys: [NamedKey] {
    let all = cached + visits.compactMap { visit in visit.key.map { (label: visit.label, key: $0) } }
    return all.compactMap { label, key in Digest(hex: key).map { NamedKey(label: label, key: $0) } }.distinct
  }

  /// The steps that the run computed, each once.
  var computed: [NamedKey] {
    visits.filter { $0.outcome == .finished }.compactMap { visit in
      visit.key.flatMap(Digest.init(hex:)).map { NamedKey(label: visit.label, key: $0) }
    }.distinct
  }
}

/// A name that means nothing to compare.
enum DiffFault: DiagnosableError, Hashable {
  /// Neither a file nor a run.
  case unknown(name: String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .unknown(let name):
      [
        Diagnosis(
          "diff.unknown", "`\(name)` is no spec, no folder of results, no table file and no run of this store",
          remedy:
            "Name a .yaml file, a folder with a table.json, a table.json or table.csv, or a run as `runner runs` lists "
            + "them (`last`, its name, or the beginning of it).", exit: .usage)
      ]
    }
  }
}
