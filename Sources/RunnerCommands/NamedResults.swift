// Results as the command line names them: by a spec, a folder of results, or a table file, with the numbers if there are any.

import Diagnostics
import Digests
import FoundationEssentials
import JSON
import Planning
import Records
import Reporting
import Specification
import Storage

/// What `runner diff` compares and `runner table` lays out.
struct NamedResults {
  /// As the user named it.
  let name: String
  /// What is planned of it, if it is a spec.
  let source: PlannedSource?
  /// Its numbers; nil if a spec was never run as it is now.
  let table: StoredTable?
  /// The folder in which a spec's results would be, if what lies there is of other steps than the spec plans now.
  var staleFolder: String?

  /// The experiment, if it is the spec of one.
  var experiment: PlannedExperiment? { if case .experiment(let experiment)? = source { experiment } else { nil } }

  /// The table over several experiments, if it is the spec of one.
  var specification: TableSpecification? { if case .table(let table, _)? = source { table } else { nil } }

  /// All that is named.
  ///
  /// - Parameters:
  ///   - paths: The names.
  ///   - store: Where numbers of specs are looked for first.
  ///   - results: The folder of results in which they are looked for then.
  ///   - isWhole: Whether claims of specs are judged and notes taken; those of files were when they were written.
  /// - Returns: The results in the order of their names.
  /// - Throws: What is wrong with a spec, a file that cannot be read, or what reading the store throws.
  static func all(
    _ paths: [String], in store: Store, results: String, isWhole: Bool = false
  ) throws -> [NamedResults] {
    let planned = try PlannedSources(paths.filter(isSpec).map { SpecSource(path: $0) })
    let stored = StoredNumbers(graph: planned.graph, store: store, isWhole: isWhole)
    var sources = planned.sources[...]
    return try paths.map { path in
      guard isSpec(path), let source = sources.popFirst() else { return try NamedResults(file: path) }
      return try NamedResults(spec: path, source, stored, results: results)
    }
  }

  /// Whether an argument names a spec.
  static func isSpec(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

  /// Takes what was found.
  init(name: String, source: PlannedSource?, table: StoredTable?) {
    (self.name, self.source, self.table) = (name, source, table)
  }

  /// A folder of results, or a table file.
  init(file path: String) throws {
    let file = Self.isFolder(path) ? "\(path)/table.json" : path
    guard let table = try Self.table(inFile: file) else {
      throw CommandError.unreadable(path: file, reason: "there is no such file")
    }
    self.init(name: path, source: nil, table: table)
  }

  /// A spec with the numbers that the store has for it as it is now, else those of its folder of results, if these are of
  /// the steps that it plans.
  init(spec path: String, _ source: PlannedSource, _ stored: StoredNumbers, results: String) throws {
    let folder = "\(results)/\(ExperimentName.name(ofSpec: path))"
    let own = try stored.table(of: source, path)
    let written = own == nil ? try Self.table(inFile: "\(folder)/table.json") : nil
    let isCurrent = try written.map { try stored.plans(source, $0, results: results) } ?? true
    let whole = isCurrent ? own ?? written : nil
    self.init(name: path, source: source, table: try whole ?? stored.unfinished(source, path))
    if !isCurrent { staleFolder = folder }
  }

  /// What tables call it: the experiment's name, else that of the folder of results.
  var title: String { source == nil ? ExperimentName.name(ofResults: name) : ExperimentName.name(ofSpec: name) }

  /// Whether there is a folder of that name.
  static func isFolder(_ path: String) -> Bool {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
  }

  /// The table of a `table.json` or a `table.csv`; nil if there is none.
  static func table(inFile path: String) throws -> StoredTable? {
    guard let bytes = try bytes(ofFile: path) else { return nil }
    do {
      if path.hasSuffix(".csv") { return try StoredTable(csv: String(decoding: bytes, as: UTF8.self)) }
      return try StoredTable(json: JSONValue(parsing: bytes))
    } catch let fault as WireFault {
      throw CommandError.unreadable(path: path, reason: "it is no table of results: `\(fault.member)` is missing")
    } catch let error as JSONError {
      throw CommandError.unreadable(path: path, reason: "it is no table of results: \(error.reason)")
    }
  }

  private static func bytes(ofFile path: String) throws -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw CommandError.unreadable(path: path, reason: "it cannot be opened")
    }
    return [UInt8](bytes)
  }
}

/// A graph with the store in which the numbers of its experiments are looked for.
struct StoredNumbers {
  let graph: StepGraph
  let store: Store
  var isWhole = false

  /// The numbers of a spec; nil unless the store has all of them.
  func table(of source: PlannedSource, _ path: String) throws -> StoredTable? {
    try table(of: source, path, allowsGaps: false) { try report(of: $0) }
  }

  /// The numbers of a spec that the store has, with those that it lacks; nil if it has none.
  func unfinished(_ source: PlannedSource, _ path: String) throws -> StoredTable? {
    try table(of: source, path, allowsGaps: true) { experiment in
      let stored = StoredGraph(graph.restricted(to: [experiment.table]), in: store)
      let own = graph.steps(of: experiment).deciding(stored.results.choices)
      return try report(of: experiment)
        ?? ResultReport(unfinished: experiment, stored, graph: own, judges: isWhole, in: store)
    }
  }

  private func table(
    of source: PlannedSource, _ path: String, allowsGaps: Bool, _ report: (PlannedExperiment) throws -> ResultReport?
  ) throws -> StoredTable? {
    switch source {
    case .experiment(let experiment):
      return try report(experiment).flatMap { try? StoredTable(json: $0.json(namingSeeds: true)) }
    case .table(let table, let experiments):
      let reports = try experiments.map { try report($0) }
      guard allowsGaps ? reports.contains(where: { $0 != nil }) : !reports.contains(where: { $0 == nil }) else {
        return nil
      }
      let name = ExperimentName.name(ofSpec: path)
      let cross = CrossTable(table, name: name, reports: reports, judges: isWhole) { store.outcomes($0) }
      return try? StoredTable(json: cross.json)
    }
  }

  /// Whether a table in a folder of results is what a spec plans as it is now, by the locks of its experiments.
  ///
  /// - Throws: ``CommandError/unreadable(path:reason:)`` for a lock that is damaged.
  func plans(_ source: PlannedSource, _ table: StoredTable, results: String) throws -> Bool {
    var locks: [StepLock] = []
    for experiment in source.experiments {
      let path = "\(results)/\(experiment.name)/lock.json"
      guard FileManager.default.fileExists(atPath: path) else { return false }
      locks.append(try StepLock(path: path))
    }
    guard let lock = locks.first.map({ locks.dropFirst().reduce($0) { $0.joined($1) } }) else { return false }
    let tables = source.experiments.map(\.table)
    let keys = lock.keys(in: graph.restricted(to: Set(tables)))
    let planned = Set(keys.values)
    return tables.allSatisfy { keys[$0] != nil }
      && table.numbers.allSatisfy { $0.sources.allSatisfy { planned.contains($0.step) } }
  }

  /// The key of the step that makes an experiment's table; nil if that is not stored.
  func tableKey(of experiment: PlannedExperiment) -> Digest? {
    StoredGraph(graph.restricted(to: [experiment.table]), in: store)[experiment.table]?.key
  }

  private func report(of experiment: PlannedExperiment) throws -> ResultReport? {
    let stored = StoredGraph(graph.restricted(to: [experiment.table]), in: store)
    guard let digest = stored.digest(of: OutputReference(experiment.table, "table")) else { return nil }
    let bytes = try store.read(digest)
    let own = graph.steps(of: experiment).deciding(stored.results.choices)
    guard isWhole else {
      return try ResultReport(
        experiment, table: bytes, results: stored.results, graph: own, errors: { store.outcomes($0) })
    }
    let facts = try store.trainingFacts(of: experiment, own, stored.results)
    return try ResultReport(
      experiment, table: bytes, results: stored.results, graph: own, facts: facts, judges: true
    ) {
      store.outcomes($0)
    }
  }

}

extension ResultReport {
  /// The numbers of an experiment that has not come to its end, or not in all cells: those whose every seed is there; nil if
  /// there are none.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - stored: Its steps in the store.
  ///   - graph: Its steps by the names that it has alone.
  ///   - judges: Whether the claims of its table are judged.
  ///   - store: The store.
  /// - Throws: What reading the store throws.
  init?(
    unfinished experiment: PlannedExperiment, _ stored: StoredGraph, graph: StepGraph, judges: Bool, in store: Store
  ) throws {
    let numbers = TracedNumbers(experiment: experiment, stored: stored)
    let (found, missing) = try numbers.measured()
    if found.isEmpty { return nil }
    let failures = try missing.isEmpty ? [] : FailedSteps(in: store).behind(missing, sources: numbers.outcomes, stored)
    try self.init(
      experiment, table: RecordFile.bytes(found), results: stored.results, graph: graph,
      facts: store.trainingFacts(of: experiment, graph, stored.results), missing: missing, failures: failures,
      judges: judges
    ) {
      store.outcomes($0)
    }
  }
}
