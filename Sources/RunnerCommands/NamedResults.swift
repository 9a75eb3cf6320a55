// Results as the command line names them: by a spec, a folder of results, or a table file, with the numbers if there are any.

import Diagnostics
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
  /// The experiment, if it is the spec of one.
  let experiment: PlannedExperiment?
  /// The table over several experiments, if it is the spec of one.
  let specification: TableSpecification?
  /// Its numbers; nil if a spec was never run.
  let table: StoredTable?

  /// All that is named, specs planned together, so that steps that they share are one.
  ///
  /// - Parameters:
  ///   - paths: The names.
  ///   - store: Where numbers of specs are looked for first.
  ///   - results: The folder of results in which they are looked for then.
  ///   - isWhole: Whether claims of specs are judged and notes taken; those of files were when they were written.
  /// - Returns: The results in the order of their names, and the session of the specs among them, if there are any.
  /// - Throws: What is wrong with a spec, a file that cannot be read, or what reading the store throws.
  static func all(
    _ paths: [String], in store: Store, results: String, isWhole: Bool = false
  ) throws -> (named: [NamedResults], session: Session?) {
    var options = SpecOptions()
    options.specs = paths.filter(isSpec)
    options.sets = []
    let session = options.specs.isEmpty ? nil : try Session(options, namesMayRepeat: true)
    let named = try paths.map { path in
      guard isSpec(path), let session else { return try NamedResults(file: path) }
      return try NamedResults(path, StoredSession(session: session, store: store, results: results, isWhole: isWhole))
    }
    return (named, session)
  }

  /// Whether an argument names a spec.
  private static func isSpec(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

  /// A folder of results, or a table file.
  private init(file path: String) throws {
    var isFolder = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = isFolder ? "\(path)/table.json" : path
    guard let table = try Self.table(inFile: file) else {
      throw CommandError.unreadable(path: file, reason: "there is no such file")
    }
    name = path
    (experiment, specification) = (nil, nil)
    self.table = table
  }

  /// A spec of a session by its path, with the numbers that the store has for it as it is now, else those of its folder of
  /// results.
  private init(_ path: String, _ stored: StoredSession) throws {
    name = path
    experiment = stored.session.experiments.first { $0.experiment.path == path }
    specification = experiment == nil ? stored.session.tables.first { $0.path == path } : nil
    var table: StoredTable?
    if let experiment { table = try stored.table(of: experiment) }
    if let specification { table = try stored.table(of: specification) }
    let folder = experiment?.name ?? ExperimentName.name(ofSpec: path)
    self.table = try table ?? Self.table(inFile: "\(stored.results)/\(folder)/table.json")
  }

  /// What tables call it: the experiment's name, else that of the folder of results.
  var title: String {
    experiment?.name ?? specification.map { ExperimentName.name(ofSpec: $0.path) }
      ?? ExperimentName.name(ofResults: name)
  }

  /// The table of a file; nil if there is none.
  static func table(inFile path: String) throws -> StoredTable? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw CommandError.unreadable(path: path, reason: "it cannot be opened")
    }
    do {
      return try StoredTable(json: JSONValue(parsing: [UInt8](bytes)))
    } catch let fault as WireFault {
      throw CommandError.unreadable(path: path, reason: "it is no table of results: `\(fault.member)` is missing")
    } catch let error as JSONError {
      throw CommandError.unreadable(path: path, reason: "it is no table of results: \(error.reason)")
    }
  }
}

/// Specs with the store in which their numbers are looked for.
private struct StoredSession {
  let session: Session
  let store: Store
  let results: String
  let isWhole: Bool

  /// The numbers of an experiment; nil if the store does not have its table.
  func table(of experiment: PlannedExperiment) throws -> StoredTable? {
    try report(of: experiment).flatMap { try? StoredTable(json: $0.json) }
  }

  /// The numbers of a table over several experiments; nil unless the store has all of them.
  func table(of table: TableSpecification) throws -> StoredTable? {
    let reports = try table.resolved.compactMap { resolved in
      try session.experiments.first { $0.experiment.path == resolved.path }.flatMap { try report(of: $0) }
    }
    guard reports.count == table.resolved.count else { return nil }
    let name = ExperimentName.name(ofSpec: table.path)
    let cross = CrossTable(table, name: name, reports: reports, judges: isWhole) { store.outcomes($0) }
    return try? StoredTable(json: cross.json)
  }

  private func report(of experiment: PlannedExperiment) throws -> ResultReport? {
    let stored = StoredGraph(session.graph.restricted(to: [experiment.table]), in: store)
    guard let digest = stored.digest(of: OutputReference(experiment.table, "table")) else { return nil }
    let bytes = try store.read(digest)
    let graph = session.graph.steps(of: experiment).deciding(stored.results.choices)
    guard isWhole else { return try ResultReport(experiment, table: bytes, results: stored.results, graph: graph) }
    let facts = try store.trainingFacts(of: experiment, graph, stored.results)
    return try ResultReport(
      experiment, table: bytes, results: stored.results, graph: graph, facts: facts, judges: true
    ) {
      store.outcomes($0)
    }
  }
}
