// Finds what the judged responses of a training became from stage to stage.
// Knows the graph and the store; how it is laid out is Reporting's.

import Digests
import Planning
import Records
import Reporting
import Specification
import Storage

/// The stages between candidates and the examples of a training.
struct LearnedStages {
  let graph: StepGraph
  let done: RunResults
  let store: Store

  /// What an experiment's trainings learned from, examples of several trainings once.
  ///
  /// - Parameter experiment: The experiment whose steps these are.
  /// - Returns: One for each step that made examples, as far as they are there.
  /// - Throws: What reading the store throws.
  func examples(of experiment: PlannedExperiment) throws -> [LearnedExamples] {
    try sources(of: experiment).compactMap { training, source in
      guard done[source]?.result.outputs["counts"] != nil else { return nil }
      return LearnedExamples(
        cells: experiment.cells(using: source, in: graph), stages: try all(upTo: source),
        judged: try before(training, source), isCUT: training.work.objective?.name == "cut")
    }
  }

  /// The steps that made the examples of an experiment's trainings, each with the first training that reads them.
  func sources(of experiment: PlannedExperiment) -> [(training: Step, examples: StepID)] {
    let users = Set(experiment.users)
    // What a search tried and did not choose stands behind no number.
    let origins = graph.origins()
    let own = graph.steps.filter {
      $0.kind == .train && origins.contains($0.id) && graph.users[$0.id]?.contains { users.contains($0) } ?? false
    }
    var seen: Set<StepID> = []
    return own.compactMap { training in
      training.inputs.first { $0.name == "examples" }.map { (training, $0.source.step) }
    }.filter { seen.insert($0.1).inserted }
  }

  /// The counts of every stage of judged responses, the examples last; none for other kinds of feedback.
  ///
  /// - Parameters:
  ///   - training: The training.
  ///   - examples: The step that made its examples.
  /// - Returns: One for each stage, in order.
  /// - Throws: What reading the store throws.
  func before(_ training: Step, _ examples: StepID) throws -> [StageCounts] {
    let feedback = graph.step(examples).inputs.filter { $0.name.hasPrefix("feedback/") }.map(\.source)
    guard training.work.objective?.reads.contains(.judgments) == true, feedback.contains(where: isJudged),
      let last = try counts(of: OutputReference(examples, "examples"))
    else { return [] }
    return try feedback.flatMap { try stages(upTo: $0) } + [last]
  }

  /// The counts of every stage from candidates to examples, these last; stages of one part of the data before those of the next.
  func all(upTo examples: StepID) throws -> [LearnedExamples.Stage] {
    var seen: Set<StepID> = []
    return try all(upTo: examples, seen: &seen)
  }

  /// The stages that are not yet seen, of which several parts of the data may share some.
  private func all(upTo step: StepID, seen: inout Set<StepID>) throws -> [LearnedExamples.Stage] {
    guard seen.insert(step).inserted, let counts = try feedbackCounts(of: step) else { return [] }
    let feedback = graph.step(step).inputs.filter { $0.name == "feedback" || $0.name.hasPrefix("feedback/") }
    var stages: [LearnedExamples.Stage] = []
    for before in feedback { stages += try all(upTo: before.source.step, seen: &seen) }
    let before = try feedback.compactMap { try feedbackCounts(of: $0.source.step) }
    return stages + [
      LearnedExamples.Stage(label: graph.step(step).label, counts: counts, before: before, key: done[step]?.key)
    ]
  }

  private func feedbackCounts(of step: StepID) throws -> FeedbackCounts? {
    try done[step]?.result.outputs["counts"].map { try FeedbackCounts(reading: store.read($0.digest)) }
  }

  /// Whether judgments were made on the way.
  private func isJudged(_ feedback: OutputReference) -> Bool {
    let step = graph.step(feedback.step)
    if case .revise(let work) = step.work {
      switch work.stage {
      case .judgment, .judgmentRecorded, .judgmentReplies: return true
      default: break
      }
    }
    return step.inputs.first { $0.name == "feedback" }.map { isJudged($0.source) } ?? false
  }

  /// The stages of the reviser, the first one first, without what only writes judgments into prompts.
  private func stages(upTo feedback: OutputReference) throws -> [StageCounts] {
    let step = graph.step(feedback.step)
    let before = try step.inputs.first { $0.name == "feedback" }.map { try stages(upTo: $0.source) } ?? []
    if case .revise(let work) = step.work, [.judgedPrompt, .judgmentPrompt].contains(work.stage) { return before }
    return before + [try counts(of: feedback)].compactMap { $0 }.filter { $0.judged + $0.acceptable > 0 }
  }

  private func counts(of output: OutputReference) throws -> StageCounts? {
    guard let digest = done[output.step]?.result.outputs[output.output]?.digest else { return nil }
    let records = try RecordFile.records(FeedbackRecord.self, from: store.read(digest), file: output.output)
    return StageCounts(label: graph.step(output.step).label, records)
  }
}

extension StepWork {
  /// What a training learns by; nil for other steps.
  var objective: Objective? {
    if case .train(let work) = self { work.objective } else { nil }
  }
}

extension PlannedExperiment {
  /// The cells that use a step, without the experiment's name; the only cell has none.
  func cells(using step: StepID, in graph: StepGraph) -> [String] {
    let own = Set(users)
    return (graph.users[step] ?? []).filter { own.contains($0) }.map { user in
      user.firstRange(of: ": ").map { String(user[$0.upperBound...]) } ?? ""
    }
  }
}
