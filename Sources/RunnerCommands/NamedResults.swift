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
  /// The experiment, if it is a spec.
  let experiment: PlannedExperiment?
  /// Its numbers; nil if a spec was never run.
  let table: StoredTable?

  /// All that is named, specs planned together, so that steps that they share are one.
  ///
  /// - Returns: The results in the order of their names, and the session of the specs among them, if there are any.
  static func all(
    _ paths: [String], in store: Store, results: String
  ) throws -> (named: [NamedResults], session: Session?) {
    var options = SpecOptions()
    options.specs = paths.filter(isSpec)
    options.sets = []
    let session = options.specs.isEmpty ? nil : try Session(options, namesMayRepeat: true)
    let named = try paths.map { path in
      guard isSpec(path), let session else { return try NamedResults(file: path) }
      return try NamedResults(path, in: session, store, results: results)
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
    experiment = nil
    self.table = table
  }

  /// A spec of a session, by its path.
  private init(_ path: String, in session: Session, _ store: Store, results: String) throws {
    guard let experiment = session.experiments.first(where: { $0.experiment.path == path }) else {
      throw CommandError.unreadable(path: path, reason: "it is a table over several experiments; name its table.json")
    }
    try self.init(experiment, in: session, store, results: results)
  }

  /// A spec, with the numbers that the store has for it as it is now, else those of its folder of results.
  private init(_ experiment: PlannedExperiment, in session: Session, _ store: Store, results: String) throws {
    name = experiment.experiment.path
    self.experiment = experiment
    table =
      try Self.table(of: experiment, in: session, store)
      ?? Self.table(inFile: "\(results)/\(experiment.name)/table.json")
  }

  /// What tables call it: the experiment's name, else that of the folder of results.
  var title: String { experiment?.name ?? ExperimentName.name(ofResults: name) }

  private static func table(
    of experiment: PlannedExperiment, in session: Session, _ store: Store
  ) throws -> StoredTable? {
    let stored = StoredGraph(session.graph.restricted(to: [experiment.table]), in: store)
    guard let digest = stored.digest(of: OutputReference(experiment.table, "table")) else { return nil }
    let report = try ResultReport(
      experiment, table: try store.read(digest), results: stored.results,
      graph: session.graph.steps(of: experiment))
    return try? StoredTable(json: report.json)
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
