// The results of an experiment: its table in every form, and the lock that leads from numbers to steps.
// Written by the program only; the same results give the same bytes.

public import Diagnostics
public import Digests
import FoundationEssentials
import Glibc
public import JSON
public import Planning
public import Records
import Specification

/// A folder of results that cannot be written.
public struct ResultsError: DiagnosableError, Hashable {
  /// The path.
  public let path: String
  /// Why.
  public let reason: String

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    [
      Diagnosis(
        "results.unwritable", "\(path) cannot be written: \(reason)",
        remedy: "Check permissions and free space, or name another folder with --results. Nothing computed is lost.",
        exit: .inputOutput)
    ]
  }
}

/// The results of one experiment.
public struct ResultReport: Sendable {
  private let experiment: PlannedExperiment
  let numbers: [Measured]
  private let results: RunResults
  private let graph: StepGraph
  private let facts: TrainingFacts
  private let layout: TableLayout
  private let marks: TableMarks
  /// Where each input of the table comes from.
  private let sources: [String: OutputReference]
  private let againstLength: [AgainstLength]
  /// What the table does not show.
  private var further: FurtherNumbers?
  /// The numbers as the table shows them: where it has the axis `seed`, those of single seeds.
  private let seedNumbers: SeedNumbers?
  /// The seed of each input of the table, where it has one.
  private let seeds: [String: String]
  /// Numbers of the experiment that are not there.
  private let missing: [Measured]
  /// What must be known beside the numbers.
  private(set) var notes: [TableNote] = []
  /// The claims of its table, judged; empty where it makes none, or where nobody was to judge.
  public private(set) var claims: [JudgedClaim] = []

  /// Reads a table.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - table: The output `table` of its last step.
  ///   - results: The keys and outputs of its steps.
  ///   - graph: Its steps.
  ///   - facts: What its trainings learned from, and what was chosen among them.
  ///   - missing: Numbers of the experiment that the table lacks, because steps failed or have not run.
  ///   - failures: Which of them are not there because of which steps that failed.
  ///   - judges: Whether the claims of its table are judged.
  ///   - outcomes: The records of an outcomes object; nil if they cannot be had.
  ///   - errors: The same for perplexities, whose errors follow from them; nil: as `outcomes`.
  /// - Throws: ``RecordFileError`` if the bytes are no table.
  public init(
    _ experiment: PlannedExperiment, table: [UInt8], results: RunResults, graph: StepGraph,
    facts: TrainingFacts = TrainingFacts(), missing: [Measured] = [], failures: [TableFailure] = [],
    judges: Bool = false,
    outcomes: (Digest) -> [Outcomes]? = { _ in nil }, errors: ((Digest) -> [Outcomes]?)? = nil
  ) throws {
    self.experiment = experiment
    self.facts = facts
    self.missing = missing
    self.results = results
    self.graph = graph.deciding(results.choices)
    let inputs = graph.step(experiment.table).inputs
    let sources = Dictionary(inputs.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    self.sources = sources
    let stored = try RecordFile.records(Measured.self, from: table, file: "the table of \(experiment.name)")
    let measurements = Dictionary(
      experiment.measurements.map { ($0.input, $0) }, uniquingKeysWith: { first, _ in first })
    let numbers = stored.map { number -> Measured in
      let source = number.kind == "perplexity" ? number.inputs.first.flatMap { sources[$0] } : nil
      let digest = source.flatMap { results[$0.step]?.result.outputs[$0.output]?.digest }
      let first = digest.flatMap { errors == nil ? outcomes($0) : errors?($0) }
      let number = first.map { number.restored(over: $0) } ?? number
      guard let measurement = number.inputs.first.flatMap({ measurements[$0] }) else { return number }
      let place = measurement.coordinates.entries.filter { $0.name != "seed" }
      return number.named(measurement.eval, at: place.map { Measured.Coordinate($0.name, $0.value) })
    }
    self.numbers = numbers
    let seeds = measurements.compactMapValues(\.seed)
    self.seeds = seeds
    let behind = numbers.map { number in
      StoredTable.Number(
        number, sources: Self.sources(of: number, sources, results), seedNames: Self.seedNames(of: number, seeds))
    }
    let table = experiment.experiment.table
    let showsSeeds = table.map { SeedNumbers.areShown(rows: $0.rows, columns: $0.columns) } ?? false
    seedNumbers = showsSeeds ? SeedNumbers(behind, outcomes: outcomes) : nil
    let shown = seedNumbers?.numbers ?? behind
    layout = TableLayout(shown.map(\.measured), table: table, missing: missing)
    let byNumber = Dictionary(shown.map { ($0.measured, $0) }, uniquingKeysWith: { first, _ in first })
    marks = TableMarks(layout, numbers: byNumber, outcomes: outcomes)
    againstLength = AgainstLength.all(
      numbers, evals: experiment.experiment.cells.first?.experiment.evals ?? Named()
    ) { number in
      let found = number.inputs.compactMap { name in
        sources[name].flatMap { results[$0.step]?.result.outputs[$0.output] }.flatMap { outcomes($0.digest) }
      }
      return found.count == number.inputs.count && !found.isEmpty ? found : nil
    }
    // What the table shows is named first.
    let lacking = missing.filter { $0.eval == table?.value } + missing.filter { $0.eval != table?.value }
    notes =
      allNotes + TableNote.absent(lacking, failures, beside: numbers)
      + [layout.missingReference].compactMap { $0 }
    further = FurtherNumbers(behind, table: table, notes: notes, outcomes: outcomes)
    if judges, let table, !table.claims.isEmpty {
      claims = ClaimJudge.judged(table.claims, GridCells(behind, table: table), outcomes)
    }
  }

  /// What a paper printed for the same cells; nil where the table names no file.
  private var published: PublishedNumbers? { experiment.experiment.publishedNumbers }

  private var tableText: TableText {
    TableText(layout, marks: marks, notes: seedNumbers?.notes(notes) ?? notes, published: published)
  }

  /// The table for a terminal, with a legend.
  public var text: String { text(columns: nil) }

  /// The same for a terminal of so many columns; nil for as many as the table takes.
  public func text(columns: Int?) -> String {
    let table = tableText
    let told = ClaimText(claims).lines
    return
      ([table.aligned(colored: false, columns: columns), ""] + table.below + (told.isEmpty ? [] : [""] + told + [""])
      + facts.examples.map(\.sentence) + remarks).joined(separator: "\n")
  }

  /// What must be known beside numbers and notes: how many outcomes were of which kind.
  package var remarks: [String] { totals.map { ["Outcomes over all cells: \($0)."] } ?? [] }

  // MARK: - Notes

  private var allNotes: [TableNote] {
    let rules =
      facts.searches.map { (text: $0.sentence, cells: $0.cellNames) }
      + facts.keeps.map { (text: $0.sentence, cells: $0.cells) }
    let amounts = amounts(of: experiment.experiment.cells.map(\.name))
    return rules.map { TableNote($0.text, .rule, of: numbers(ofCells: $0.cells)) } + TableNote.all(about: numbers)
      + againstLength.map { TableNote($0.sentence, .named, of: [$0.number]) }
      + (amounts.map { [TableNote($0, .table)] } ?? [])
  }

  /// The numbers of trained models of some cells.
  private func numbers(ofCells cells: [String]) -> [Measured] {
    let places = cells.map { arms(of: $0) }
    return numbers.filter { number in
      !number.isBase && places.contains { $0.allSatisfy { number.value(on: $0.axis) == $0.value } }
    }
  }

  /// How much the trainings of some cells learned from, in a sentence or two; nil where none trains.
  func amounts(of cells: [String]) -> String? { facts.amounts.sentence(cells: cells) { arms(of: $0) } }

  // MARK: - JSON

  /// Every number with the keys behind it.
  public var json: JSONValue { json(namingSeeds: seedNumbers != nil) }

  /// The same; with the seeds' names, or, as files have it, without them.
  public func json(namingSeeds: Bool) -> JSONValue {
    let beside = published.map { PublishedCells($0, in: layout).byNumber(in: layout) } ?? [:]
    let cells = numbers.map { number -> JSONValue in
      var object = json(of: number).objectValue ?? JSONObject()
      let names = Self.seedNames(of: number, seeds)
      if namingSeeds, !names.isEmpty { object["seed-names"] = .array(names.map { .string($0) }) }
      if let published = beside[number] { object["published"] = published.json }
      return .object(object)
    }
    var object = JSONObject([
      JSONMember("experiment", .string(name)), JSONMember("version", .integer(1)), JSONMember("cells", .array(cells)),
    ])
    // A cell's own place is sorted by name, as all of the file. Whoever has most axes has them in the order of the spec.
    let widest = numbers.map(\.coordinates).max { $0.count < $1.count } ?? []
    let axes = (widest + numbers.flatMap(\.coordinates)).map(\.axis).distinct
    if !axes.isEmpty { object["axes"] = .array(axes.map { .string($0) }) }
    if !missing.isEmpty { object["missing"] = .array(missing.map { $0.place }) }
    if let published { object["published"] = published.json }
    if !claims.isEmpty { object["claims"] = .array(claims.map(\.json)) }
    if !notes.isEmpty { object["notes"] = notes.json(among: numbers) }
    if !facts.searches.isEmpty { object["searches"] = .array(facts.searches.map(\.json)) }
    if !facts.keeps.isEmpty { object["keeps"] = .array(facts.keeps.map(\.json)) }
    if !facts.examples.isEmpty { object["examples"] = .array(facts.examples.map(\.json)) }
    if !facts.amounts.isEmpty { object["trainings"] = .array(facts.amounts.map(\.json)) }
    if !againstLength.isEmpty { object["against-length"] = .array(againstLength.map(\.json)) }
    return .object(object)
  }

  /// A number with the keys behind it.
  func json(of number: Measured) -> JSONValue {
    var object = number.json.objectValue ?? JSONObject()
    object["inputs"] = nil
    object["axes"] = nil
    if number.divergence != nil { object.leaveOutNumbers(ofSeedsThatDiverged: number.divergedAt) }
    object["steps"] = .array(
      stored(number).sources.map { source in
        .members(["key": .string(source.step.hex), "outcomes": .string(source.outcomes.hex)])
      })
    return .object(object)
  }

  /// A number with what it was computed from.
  func stored(_ number: Measured) -> StoredTable.Number {
    StoredTable.Number(number, sources: Self.sources(of: number, sources, results))
  }

  /// What the seeds of a number are called; none where it is not one for each.
  private static func seedNames(of number: Measured, _ seeds: [String: String]) -> [String] {
    let names = number.inputs.compactMap { seeds[$0] }
    return names.count == number.inputs.count && names.distinct.count == names.count ? names : []
  }

  /// The steps behind a number, as far as they are there.
  private static func sources(
    of number: Measured, _ inputs: [String: OutputReference], _ results: RunResults
  ) -> [StoredTable.Number.Source] {
    number.inputs.compactMap { name in
      guard let source = inputs[name], let found = results[source.step],
        let output = found.result.outputs[source.output]
      else { return nil }
      return StoredTable.Number.Source(step: found.key, outcomes: output.digest)
    }
  }

  /// The name of the experiment.
  var name: String { experiment.name }

  /// The arms of a cell, by its name; nil: the only cell.
  func arms(of cell: String?) -> [Measured.Coordinate] {
    let cells = experiment.experiment.cells
    let found = cell.map { cell in cells.first { $0.name == cell } } ?? cells.first
    return (found?.arms.entries ?? []).map { Measured.Coordinate($0.name, $0.value) }
  }

  /// Its lock.
  public var lock: ResultLock { ResultLock(experiment, graph, results) }

  /// Writes `table.json`, `TABLE.md`, `table.csv`, `table.tex` and `lock.json`, `claims.csv` where there are claims, and
  /// `traces.csv` where there are likelihood traces.
  ///
  /// - Parameters:
  ///   - folder: Made if it is not there. Files that hold the same bytes already are left alone.
  ///   - known: The bytes that the lock has if the one that is there is of the same steps and results, asked for last; nil
  ///     if they are to be made.
  ///   - program: The program and its libraries, of which a lock says as of a commit which first computed the numbers.
  ///   - commit: Finds the commit of the spec; asked for only if the lock that is there says other steps or results,
  ///     for a commit names the spec that numbers were first computed from, whatever was said in it since.
  /// - Throws: ``ResultsError``.
  public func write(
    into folder: String, lock known: @autoclosure () -> [UInt8]? = nil, program: String? = nil,
    commit: () -> String? = { nil }
  ) throws {
    let beside = published.map { PublishedCells($0, in: layout).byNumber(in: layout) }
    let lines = seedNumbers?.numbers.map(\.measured) ?? numbers
    let files = [
      ("table.json", json.pretty), ("TABLE.md", markdown), ("table.csv", TableText.csv(lines, published: beside)),
      ("table.tex", tableText.latex + ClaimText(claims).latex),
    ]
    for (name, text) in files { try Self.write(Array(text.utf8), to: "\(folder)/\(name)", in: folder) }
    try Self.write(claims, into: folder)
    try Self.write(ReportedTrace.csv(facts.traces), to: "traces.csv", in: folder)
    try lock.write(into: folder, known: known(), commit: commit, program: program)
  }

  /// Writes `claims.csv`, where there are any.
  static func write(_ claims: [JudgedClaim], into folder: String) throws(ResultsError) {
    try write(claims.isEmpty ? nil : ClaimCSV.csv(claims), to: "claims.csv", in: folder)
  }

  /// Writes a file that not all results have; that of an earlier spec is taken away.
  private static func write(_ text: String?, to name: String, in folder: String) throws(ResultsError) {
    let path = "\(folder)/\(name)"
    if let text { return try write(Array(text.utf8), to: path, in: folder) }
    guard unsafe unlink(path) != 0 else { return }
    let reason = errno
    if reason == ENOENT || reason == ENOTDIR { return }
    let error = POSIXError(POSIXErrorCode(rawValue: reason) ?? .EIO)
    throw ResultsError(path: path, reason: SystemReason.text(of: error, at: path))
  }

  private var markdown: String {
    let experiment = self.experiment.experiment
    let table = tableText
    let about = experiment.description.map { "\($0)\n\n" } ?? ""
    return "# \(self.experiment.name)\n\n\(about)\(table.markdown)\n\(Self.paragraphs(table.below))"
      + ClaimText(claims).markdown + (further?.markdown ?? "") + Self.paragraphs(facts.examples.map(\.sentence))
      + LearnedExamples.judgedStages(of: facts.examples) + Self.paragraphs(remarks) + licences
      + "Written by `runner exec`; the steps behind each number stand in lock.json.\n"
  }

  static func paragraphs(_ texts: [String]) -> String { texts.map { "\($0)\n\n" }.joined() }

  /// The files from outside with their licences; nothing where no spec states one.
  private var licences: String {
    guard graph.steps.contains(where: { $0.licence != nil }) else { return "" }
    let files = lock.steps.filter { $0.kind == .fetch }
    guard files.contains(where: { $0.licence != nil }) else { return "" }
    let told = files.map { "\($0.label.dropFirst("fetch ".count)) (\($0.licence ?? "licence not stated"))" }
    return "Files from outside: \(told.joined(separator: "; ")).\n\n"
  }

  private var totals: String? {
    let totals = numbers.reduce(into: [String: Int]()) { totals, number in
      for count in number.counts { totals[count.kind, default: 0] += count.count }
    }
    guard !totals.isEmpty else { return nil }
    let parts = totals.keys.sorted().map { "\(totals[$0] ?? 0) \($0)" }
    return parts.joined(separator: ", ")
  }

  static func write(_ bytes: [UInt8], to path: String, in folder: String) throws(ResultsError) {
    if holds(path, bytes) { return }
    // A name that the next run takes again: a run that is killed here leaves nothing behind for good.
    let draft = path + ".part"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: URL(fileURLWithPath: draft))
      guard unsafe rename(draft, path) == 0 else {
        let reason = errno
        // Another run that came to the same results may have been quicker.
        if holds(path, bytes) { return }
        throw POSIXError(POSIXErrorCode(rawValue: reason) ?? .EIO)
      }
    } catch {
      // What a full disk has room for is no draft of anything.
      _ = unsafe unlink(draft)
      throw ResultsError(path: path, reason: SystemReason.text(of: error, at: path))
    }
  }

  /// Whether a file has these bytes; read piece by piece, for a lock of thousands of steps has megabytes.
  static func holds(_ path: String, _ bytes: [UInt8]) -> Bool {
    guard let file = unsafe fopen(path, "r") else { return false }
    defer { unsafe fclose(file) }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var start = 0
    while true {
      let count = unsafe fread(&piece, 1, piece.count, file)
      if count == 0 { return unsafe start == bytes.count && ferror(file) == 0 }
      guard start + count <= bytes.count, piece[..<count] == bytes[start..<(start + count)] else { return false }
      start += count
    }
  }
}

extension JSONObject {
  /// Of a training that diverged there is no number, whatever the sums over its records came to.
  fileprivate mutating func leaveOutNumbers(ofSeedsThatDiverged divergedAt: [Int?]) {
    self["mean"] = .null
    self["spread"] = nil
    self["standard-error"] = nil
    let seeds = self["seeds"]?.arrayValue ?? []
    self["seeds"] = .array(zip(seeds, divergedAt).map { $1 == nil ? $0 : .null })
  }
}
