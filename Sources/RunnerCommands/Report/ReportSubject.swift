// What the command line names as something to report: a spec with what the store has of it, or a folder of results.
// Finds; shows nothing.

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
  /// The numbers.
  let table: StoredTable
  /// What must be known beside the numbers.
  let remarks: [String]
  /// What the plan was made with.
  let context: PlanningContext
  /// What stores its results.
  let command: String

  /// Everything that is named, in order.
  ///
  /// - Throws: ``ReportFault`` for a spec that was never run, or what reading specs, folders or the store throws.
  static func all(
    _ names: [String], sets: [String], smoke: Bool, in store: Store, command: (String) -> String
  ) throws -> [ReportSubject] {
    try names.map { name in
      let isSpec = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
      let finder = Finder(sets: sets, smoke: smoke, store: store)
      if isSpec { return try finder.subject(spec: name, command: command(name)) }
      return try finder.subject(folder: name, command: command)
    }
  }

  private struct Finder {
    let sets: [String]
    let smoke: Bool
    let store: Store

    private var limit: Int? { smoke ? ExecCommand.smokeRecords : nil }
    private var trainingSteps: Int? { smoke ? ExecCommand.smokeSteps : nil }
    private var context: PlanningContext { Session.context(limit: limit, trainingSteps: trainingSteps) }

    /// A spec with what the store has of it.
    func subject(spec: String, command: String) throws -> ReportSubject {
      let (experiment, stored) = try planned(spec)
      guard !experiment.measurements.isEmpty else { throw ReportFault.measuresNothing(spec: spec) }
      guard let report = try report(of: experiment, stored) else {
        throw ReportFault.notStored(spec: spec, store: store.path, command: command)
      }
      return ReportSubject(
        name: experiment.name, experiment: experiment, stored: stored, folder: nil,
        table: try StoredTable(json: report.json), remarks: report.remarks, context: context, command: command)
    }

    /// A folder of results, with its spec if that is where it usually is.
    func subject(folder path: String, command: (String) -> String) throws -> ReportSubject {
      let folder = try CheckedInResult(folder: path)
      let spec = folder.usualSpec
      let name = ExperimentName.name(ofResults: folder.folder)
      guard FileManager.default.fileExists(atPath: spec) else {
        return ReportSubject(
          name: name, experiment: nil, stored: nil, folder: folder, table: folder.table, remarks: [], context: context,
          command: command(spec))
      }
      let (experiment, stored) = try planned(spec)
      let remarks = try report(of: experiment, stored).map(\.remarks) ?? []
      return ReportSubject(
        name: name, experiment: experiment, stored: stored, folder: folder, table: folder.table, remarks: remarks,
        context: context, command: command(spec))
    }

    private func planned(_ spec: String) throws -> (PlannedExperiment, StoredGraph) {
      var options = SpecOptions()
      (options.specs, options.sets) = ([spec], sets)
      let session = try Session(options, limit: limit, trainingSteps: trainingSteps)
      guard let experiment = session.experiments.first(where: { $0.experiment.path == spec }) else {
        throw CommandError.unreadable(
          path: spec, reason: "it is a table over several experiments; name their specs")
      }
      let graph = session.graph.restricted(to: Set([experiment.table] + experiment.wanted))
      let stored = StoredGraph(graph, in: store)
      if !graph.hasCandidates { return (experiment, stored) }
      // Now that choices are known, without what was not chosen.
      let roots = Set([experiment.table] + experiment.wanted)
      return (experiment, StoredGraph(stored.graph.restricted(to: roots), in: store))
    }

    /// The report of stored numbers; nil if they are not stored.
    private func report(of experiment: PlannedExperiment, _ stored: StoredGraph) throws -> ResultReport? {
      guard let digest = stored.digest(of: OutputReference(experiment.table, "table")) else { return nil }
      return try ResultReport(
        experiment, table: try store.read(digest), results: stored.results, graph: stored.graph,
        searches: try store.searches(of: experiment, stored.results)
      ) { store.outcomes($0) }
    }
  }
}

/// Why there is nothing to report.
enum ReportFault: DiagnosableError, Hashable {
  /// The spec has no evals.
  case measuresNothing(spec: String)
  /// The spec was not run, or it changed.
  case notStored(spec: String, store: String, command: String)

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
    }
  }
}
