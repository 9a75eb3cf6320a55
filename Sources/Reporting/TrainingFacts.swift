// What stands behind the numbers of an experiment that trains, beside the steps of their evals.

/// What an experiment's trainings learned from and what was chosen among them.
public struct TrainingFacts: Sendable {
  /// What trainings learned from, stage by stage.
  let examples: [LearnedExamples]
  /// What `search:` chose.
  let searches: [ReportedSearch]
  /// Which weights `keep: best` kept.
  let keeps: [ReportedKeep]
  /// How much each training learned from.
  let amounts: [TrainedAmount]
  /// How better and worse responses moved on the way.
  let traces: [ReportedTrace]

  /// Takes facts; none for an experiment that trains nothing.
  public init(
    examples: [LearnedExamples] = [], searches: [ReportedSearch] = [], keeps: [ReportedKeep] = [],
    amounts: [TrainedAmount] = [], traces: [ReportedTrace] = []
  ) {
    (self.examples, self.searches, self.keeps, self.amounts) = (examples, searches, keeps, amounts)
    self.traces = traces
  }
}
