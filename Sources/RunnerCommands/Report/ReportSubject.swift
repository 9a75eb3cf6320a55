// What the command line names as something to report: a spec with what the store has of it, a table over several, or a
// folder of results. Finds; shows nothing.

import Diagnostics
import FoundationEssentials
import JSON
import Planning
import Records
import Reporting
import Specification
import Storage

/// An experiment to report.
struct ReportSubject {
  /// Its name.
  let name: String
  /// The experiment; nil for a folder of results whose spec is not where it usually is.
  let experiment: PlannedExperiment?
  /// Its steps in the store, those of its table only; nil without a spec.
  let stored: StoredGraph?
  /// The folder of results, if that is what was named.
  let folder: CheckedInResult?
  /// The numbers with their notes.
  let table: StoredTable
  /// What must be known beside these.
  let remarks: [String]
  /// What the plan was made with.
  let context: PlanningContext
  /// What stores its results.
  let command: String
}

/// A table over several experiments to report.
struct ReportedTable {
  /// Its name.
  let name: String
  /// How it is laid out.
  let specification: TableSpecification
  /// The numbers, with notes, published numbers and claims.
  let table: StoredTable
  /// Its experiments of which no number is stored.
  let absent: [String]
  /// What stores their results.
  let command: String
}

/// Everything that a page is about.
struct ReportSubjects {
  /// Tables over several of the experiments.
  private(set) var tables: [ReportedTable] = []
  /// The experiments that are named, and those of the tables, in order.
  private(set) var experiments: [ReportSubject] = []

  /// Finds what is named.
  ///
  /// - Throws: ``ReportFault`` for a spec that was never run, or what reading specs, folders or the store throws.
  init(_ names: [String], sets: [String], smoke: Bool, in store: Store, command: (String) -> String) throws {
    let finder = ReportFinder(sets: sets, smoke: smoke, store: store)
    for name in names {
      let isSpec = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
      if let spec = try isSpec ? name : finder.tableSpec(ofResults: name) {
        let found = try finder.spec(spec, command: command(spec))
        tables += found.table.map { [$0] } ?? []
        // An experiment that two tables share, or that is named as well, is told of once.
        experiments += found.experiments.filter { one in
          found.table == nil
            || !experiments.contains { $0.experiment?.experiment.path == one.experiment?.experiment.path }
        }
      } else {
        experiments.append(try finder.folder(name, command: command))
      }
    }
  }
}

/// Finds specs and folders.
private struct ReportFinder {
  let sets: [String]
  let smoke: Bool
  let store: Store

  private var limit: Int? { smoke ? ExecCommand.smokeRecords : nil }
  private var trainingSteps: Int? { smoke ? ExecCommand.smokeSteps : nil }
  private var context: PlanningContext { Session.context(limit: limit, trainingSteps: trainingSteps) }

  /// A spec with what the store has of it; of a table all of its experiments that have numbers.
  func spec(_ path: String, command: String) throws -> (table: ReportedTable?, experiments: [ReportSubject]) {
    let session = try session(path)
    let specification = session.tables.first { $0.path == path }
    let planned = session.experiments.filter { specification != nil || $0.experiment.path == path }
    let found = try planned.compactMap { try subject($0, in: session, command: command) }
    if found.isEmpty { throw ReportFault.notStored(spec: path, store: store.path, command: command) }
    guard let specification else { return (nil, found.map(\.subject)) }
    let name = ExperimentName.name(ofSpec: path)
    let reports = specification.resolved.map { resolved in
      found.first { $0.subject.experiment?.experiment.path == resolved.path }?.report
    }
    let cross = CrossTable(specification, name: name, reports: reports, judges: !smoke) { store.outcomes($0) }
    let absent = zip(specification.resolved, reports).filter { $1 == nil }.map(\.0.path)
    let table = ReportedTable(
      name: name, specification: specification, table: try StoredTable(json: cross.json), absent: absent,
      command: command)
    return (table, found.map(\.subject))
  }

  /// An experiment with its numbers; nil if none is stored.
  private func subject(
    _ experiment: PlannedExperiment, in session: Session, command: String
  ) throws -> (subject: ReportSubject, report: ResultReport)? {
    let spec = experiment.experiment.path
    let stored = stored(experiment, in: session)
    guard !experiment.measurements.isEmpty else { throw ReportFault.measuresNothing(spec: spec) }
    guard let report = try report(of: experiment, stored) else { return nil }
    let subject = ReportSubject(
      name: experiment.name, experiment: experiment, stored: stored, folder: nil,
      table: try StoredTable(json: report.json(namingSeeds: true)), remarks: report.remarks, context: context,
      command: command)
    return (subject, report)
  }

  /// The spec of the table over several experiments whose results lie in a folder; nil if they are of one experiment.
  ///
  /// - Throws: ``ReportFault`` for a folder without results, or whose table's spec is not where it usually is.
  func tableSpec(ofResults folder: String) throws -> String? {
    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(file)") }
    guard has("table.json") else { throw ReportFault.noResults(folder: folder) }
    // Only experiments have steps of their own.
    if has("lock.json") { return nil }
    let spec = CheckedInResult.usualSpec(of: folder)
    guard FileManager.default.fileExists(atPath: spec) else { throw ReportFault.noSpec(folder: folder, usual: spec) }
    return spec
  }

  /// A folder of results, with its spec if that is where it usually is.
  func folder(_ path: String, command: (String) -> String) throws -> ReportSubject {
    let folder = try CheckedInResult(folder: path)
    let spec = folder.usualSpec
    let name = ExperimentName.name(ofResults: folder.folder)
    guard FileManager.default.fileExists(atPath: spec) else {
      return ReportSubject(
        name: name, experiment: nil, stored: nil, folder: folder, table: folder.table, remarks: [], context: context,
        command: command(spec))
    }
    let session = try session(spec)
    let experiment = try session.experiment(of: spec)
    let stored = stored(experiment, in: session)
    let remarks = try report(of: experiment, stored).map(\.remarks) ?? []
    return ReportSubject(
      name: name, experiment: experiment, stored: stored, folder: folder, table: folder.table, remarks: remarks,
      context: context, command: command(spec))
  }

  private func session(_ spec: String) throws -> Session {
    var options = SpecOptions()
    (options.specs, options.sets) = ([spec], sets)
    return try Session(options, limit: limit, trainingSteps: trainingSteps)
  }

  /// The experiment's own steps in the order and by the names that it has alone.
  private func stored(_ experiment: PlannedExperiment, in session: Session) -> StoredGraph {
    let wanted = Set([experiment.table] + experiment.wanted)
    let stored = StoredGraph(session.graph.steps(of: experiment).restricted(to: wanted), in: store)
    if !stored.graph.hasCandidates { return stored }
    // Now that choices are known, without what was not chosen.
    return StoredGraph(stored.graph.restricted(to: wanted), in: store)
  }

  /// The report of stored numbers; nil if they are not stored.
  private func report(of experiment: PlannedExperiment, _ stored: StoredGraph) throws -> ResultReport? {
    guard let digest = stored.digest(of: OutputReference(experiment.table, "table")) else {
      return try ResultReport(unfinished: experiment, stored, graph: stored.graph, judges: !smoke, in: store)
    }
    return try ResultReport(
      experiment, table: try store.read(digest), results: stored.results, graph: stored.graph,
      facts: try store.trainingFacts(of: experiment, stored.graph, stored.results), judges: !smoke
    ) { store.outcomes($0) }
  }
}

/// Why there is nothing to report.
enum ReportFault: DiagnosableError, Hashable {
  /// The spec has no evals.
  case measuresNothing(spec: String)
  /// The spec was not run, or it changed.
  case notStored(spec: String, store: String, command: String)
  /// What was named is neither a spec nor a folder of results.
  case noResults(folder: String)
  /// The folder is of a table over several experiments, whose spec is not where it usually is.
  case noSpec(folder: String, usual: String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .measuresNothing(let spec):
      [
        Diagnosis(
          "report.measures-nothing", "\(spec) has no evals, so there are no numbers to report",
          remedy: "Name a spec with `evals:`; `runner show` shows what the steps of others made.", exit: .usage)
      ]
    case .notStored(let spec, let store, let command):
      [
        Diagnosis(
          "report.not-stored", "the results of \(spec), as it is now, are not in the store \(store)",
          remedy: "Run `\(command)` first.", exit: .inputOutput)
      ]
    case .noResults(let folder):
      [
        Diagnosis(
          "report.no-results", "\(folder) is no folder of results: it has no table.json",
          remedy: "Name a spec (.yaml), or a folder that `runner exec` wrote below `results`.", exit: .inputOutput)
      ]
    case .noSpec(let folder, let usual):
      [
        Diagnosis(
          "report.no-spec",
          "\(folder) holds a table over several experiments, and its spec, which says which ones, is not \(usual)",
          remedy: "Name the table's spec itself.", exit: .inputOutput)
      ]
    }
  }
}
