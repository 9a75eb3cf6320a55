// Supervised fine-tuning: the likelihood of the response, or of the better one.
// Knows nothing of a reference.

/// The mean negative log-likelihood of the trained tokens of a batch; in nats.
///
/// ```
/// L = 1/N Σ_t [ -(1 - e) · ln p(y_t) - e · 1/V Σ_v ln p(v) ]
/// ```
///
/// N counts the trained tokens of *all* responses read in the batch (``BatchFacts/tokens``), so a long response weighs
/// more than a short one. e spreads the target uniformly over the vocabulary (Szegedy et al., "Rethinking the Inception
/// Architecture", arXiv:1512.00567, section 7).
///
/// It reads a response without feedback, an acceptable one, and the chosen one of a pair; an unacceptable response and
/// a rejected one are not read.
///
/// Shapes: T log-probabilities of a response; with e > 0 also T means over the vocabulary. The gradient has the same
/// shapes.
///
/// Differences: equals Transformers' `cross_entropy` and `LabelSmoother` over one batch. Transformers before 4.46 took
/// the mean of each micro-batch's mean under accumulation; here, as there since, N is that of the whole optimizer step.
public struct SupervisedFineTuning: DoubleObjective {
  /// e: the share of the target that is spread over the vocabulary; at least 0, less than 1.
  public let labelSmoothing: Double

  /// Makes the objective.
  ///
  /// - Parameter labelSmoothing: at least 0, less than 1.
  public init(labelSmoothing: Double = 0) {
    precondition(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing is at least 0 and less than 1")
    self.labelSmoothing = labelSmoothing
  }

  /// No.
  public var readsReference: Bool { false }

  /// Only if it smooths labels.
  public var readsVocabularyMeans: Bool { labelSmoothing > 0 }

  /// The first response, unless it is unacceptable.
  public func responsesRead(of example: ObjectiveExample) -> [Int] {
    if case .judged(_, acceptable: false) = example { [] } else { [0] }
  }

  /// An example's share of the batch's mean over tokens.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    guard example.feedback != .unacceptable, let response = example.responses.first, !response.policy.isEmpty
    else { return example.unread }
    let share = share(of: response, tokens: batch.tokens)
    let others = example.responses.dropFirst().map { _ in ResponseGradient(tokens: []) }
    return ExampleLoss(loss: share.loss, gradients: [share.gradient] + others, logRatios: example.logRatios)
  }

  private func share(of response: DoubleResponse, tokens: Int) -> (loss: Double, gradient: ResponseGradient) {
    precondition(tokens > 0, "the batch has the tokens that are read")
    let count = response.policy.count
    let kept = -(1 - labelSmoothing) / Double(tokens)
    let likelihood = kept * inOrder(response.policy)
    let perToken = Array(repeating: kept, count: count)
    guard readsVocabularyMeans else { return (likelihood, ResponseGradient(tokens: perToken)) }
    precondition(response.vocabularyMeans.count == count, "a response has one mean over the vocabulary a token")
    let spread = -labelSmoothing / Double(tokens)
    return (
      likelihood + spread * inOrder(response.vocabularyMeans),
      ResponseGradient(tokens: perToken, vocabularyMeans: Array(repeating: spread, count: count))
    )
  }
}
