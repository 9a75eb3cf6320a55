// A training whose numbers left all bounds is a result: what is asked of its model gets this answer.
// Knows nothing of trainings; it is the words that responses, outcomes and tables have in common.

/// What is said of a model whose training diverged.
enum Divergence {
  /// A sentence with the optimizer step, counted from 1.
  static func sentence(_ step: Int) -> String { "the model diverged at step \(step)" }
}
