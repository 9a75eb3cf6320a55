// What stands behind the numbers of an experiment that trains, read from the store: what its trainings learned from, and what
// was chosen among them. How it is told is Reporting's.

import Digests
import JSON
import Planning
import Records
import Reporting
import Specification
import Storage

extension Store {
  /// The facts of an experiment's trainings, as far as they are stored.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - graph: Its steps, as its choices are known.
  ///   - results: What is stored of them.
  /// - Returns: The facts; none where nothing is trained.
  /// - Throws: What reading the store throws.
  func trainingFacts(
    of experiment: PlannedExperiment, _ graph: StepGraph, _ results: RunResults
  ) throws -> TrainingFacts {
    guard graph.steps.contains(where: { [.train, .choose, .trace].contains($0.kind) }) else { return TrainingFacts() }
    let origins = graph.origins()
    let searches = try ReportedSearch.all(of: experiment) { try choice(of: $0.choice, results) }
    // What a search tried and did not choose stands behind no number.
    let keeps = try ReportedKeep.all(of: experiment) { keep in
      origins.contains(keep.choice) ? try choice(of: keep.choice, results) : nil
    }
    return TrainingFacts(
      examples: try LearnedStages(graph: graph, done: results, store: self).examples(of: experiment),
      searches: searches, keeps: keeps, amounts: try amounts(of: experiment, graph, origins, results),
      traces: graph.steps.contains { $0.kind == .trace }
        ? try StoredTraces(experiment, StoredGraph(graph, results, in: self)).reported : [])
  }

  private func choice(of step: StepID, _ results: RunResults) throws -> CandidateChoice? {
    guard let choice = results[step]?.result.outputs[SelectWork.choice] else { return nil }
    return CandidateChoice(bytes: try read(choice.digest))
  }

  /// How much each training behind a number learned from.
  private func amounts(
    of experiment: PlannedExperiment, _ graph: StepGraph, _ origins: Set<StepID>, _ results: RunResults
  ) throws -> [TrainedAmount] {
    let users = Set(experiment.users)
    return try graph.steps.compactMap { step in
      guard origins.contains(step.id), let objective = step.work.objective,
        graph.users[step.id]?.contains(where: users.contains) == true,
        let log = results[step.id]?.result.outputs["log"],
        let source = step.inputs.first(where: { $0.name == "examples" })?.source,
        let counts = results[source.step]?.result.outputs["counts"]
      else { return nil }
      let reports = try RecordFile.fields(from: read(log.digest), file: "log")
      return TrainedAmount(
        cells: experiment.cells(using: step.id, in: graph), objective: objective.name,
        examples: try FeedbackCounts(reading: read(counts.digest)).items,
        tokens: reports.reduce(0) { $0 + ($1["tokens"]?.integerValue ?? 0) })
    }
  }
}
