// Forward prediction: learn the response, and its judgment behind it.
// Knows nothing of how judgments are worded.

/// Forward prediction: Weston, "Dialog-based Language Learning", arXiv:1604.06045, for language models as in equation 1
/// of Xu et al., "Reasons to Reject? Aligning Language Models with Judgments", arXiv:2312.14591v4; in nats.
///
/// ```
/// L = mean over examples of  -1/N Σ_t ln p(y_t | x) - w/Q Σ_t ln p(j_t | y, x)
/// ```
///
/// Good and bad responses are learned alike: what tells them apart is the judgment. A response without one (Q = 0) has
/// the first term alone.
///
/// Shapes: N log-probabilities of the response and Q of its judgment (``ScoredResponse/continuation``) under the policy;
/// the gradient has the same shapes. Metrics: `response` and `judgment`, which add up to the loss.
///
/// Differences: w = 1 is the paper. Its authors released no code for it.
public struct ForwardPrediction: DoubleObjective {
  /// w: the weight of the judgment's likelihood; at least 0.
  public let weight: Double

  /// Makes the objective.
  ///
  /// - Parameter weight: at least 0.
  public init(weight: Double = 1) {
    precondition(weight >= 0, "the judgment's weight is at least 0")
    self.weight = weight
  }

  /// No.
  public var readsReference: Bool { false }

  /// No.
  public var readsVocabularyMeans: Bool { false }

  /// The judgment.
  public var alsoReads: ResponseNumbers { weight > 0 ? .continuation : [] }

  /// A judged response, good or bad.
  public func responsesRead(of example: ObjectiveExample) -> [Int] {
    if case .judged = example { [0] } else { [] }
  }

  /// An example's share of the batch's mean over examples.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    guard example.feedback == .acceptable || example.feedback == .unacceptable else { return example.unread }
    let answer = example.responses[0]
    let judgment = weight > 0 ? answer.continuation : []
    let examples = Double(batch.examples)
    let terms = (-mean(answer.policy) / examples, -weight * mean(judgment) / examples)
    let gradient = ResponseGradient(
      tokens: answer.policy.map { _ in -1 / (examples * Double(answer.policy.count)) },
      continuation: judgment.map { _ in -weight / (examples * Double(judgment.count)) })
    return ExampleLoss(
      loss: terms.0 + terms.1, gradients: [gradient], logRatios: example.logRatios,
      metrics: [ObjectiveMetric("response", terms.0), ObjectiveMetric("judgment", terms.1)])
  }
}
