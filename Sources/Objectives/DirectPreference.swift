// Direct preference optimization.
// Knows nothing of where pairs come from.

/// DPO: Rafailov et al., "Direct Preference Optimization", arXiv:2305.18290, equation 7; in nats.
///
/// ```
/// d = β (h_w - h_l),   h = Σ_t ln p(y_t) - Σ_t ln p_ref(y_t)
/// L = mean over pairs of  -(1 - e) ln σ(d) - e ln σ(-d)
/// dL/dh_w = -β [ (1 - e) σ(-d) - e σ(d) ] / n,   dL/dh_l = -dL/dh_w
/// ```
///
/// Only the margin is constrained: both likelihoods may fall. L is ln 2 where policy and reference agree. e > 0 is the
/// conservative form for labels that are wrong with probability e (Mitchell, "A note on DPO with noisy preferences",
/// 2023).
///
/// Shapes: T_w and T_l log-probabilities of the chosen and the rejected response under policy and reference; the
/// gradient has the policy's shapes. Log-ratios are sums over tokens, not divided by the length.
///
/// Differences: none from TRL's `sigmoid` loss (0.12 and 1.16), `label_smoothing` included.
public struct DirectPreference: DoubleObjective {
  /// β: the weight of the log-ratio, 1/nat; more than 0.
  public let beta: Double
  /// e: the probability that a pair's labels are swapped; at least 0, less than 0.5.
  public let labelSmoothing: Double

  /// Makes the objective.
  ///
  /// - Parameters:
  ///   - beta: more than 0.
  ///   - labelSmoothing: at least 0, less than 0.5.
  public init(beta: Double, labelSmoothing: Double = 0) {
    precondition(beta > 0, "beta is more than 0")
    precondition(labelSmoothing >= 0 && labelSmoothing < 0.5, "label smoothing is at least 0 and less than 0.5")
    self.beta = beta
    self.labelSmoothing = labelSmoothing
  }

  /// Yes.
  public var readsReference: Bool { true }

  /// No.
  public var readsVocabularyMeans: Bool { false }

  /// Both responses of a pair, and nothing else.
  public func responsesRead(of example: ObjectiveExample) -> [Int] { example.isPair ? [0, 1] : [] }

  /// A pair's share of the batch's mean over pairs.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    example.pairLoss(meanOver: batch.examples, term)
  }

  private func term(chosen: Double, rejected: Double) -> PairTerm {
    let margin = beta * (chosen - rejected)
    let kept = 1 - labelSmoothing
    let slope = beta * (labelSmoothing * Logistic.sigmoid(margin) - kept * Logistic.sigmoid(-margin))
    // Without smoothing nothing of the other order counts, however large the margin: 0 times infinity is no number.
    let flipped = labelSmoothing > 0 ? labelSmoothing * Logistic.logSigmoid(-margin) : 0
    return PairTerm(
      loss: -kept * Logistic.logSigmoid(margin) - flipped,
      chosen: slope, rejected: -slope)
  }
}
