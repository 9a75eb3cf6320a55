// Anchored preference optimization, down: both responses down, the rejected one further.
// Knows nothing of where pairs come from.

/// APO-down: D'Oosterlinck et al., "Anchored Preference Optimization and …", arXiv:2408.06266, equation 8.
///
/// ```
/// r = β h,   h = Σ_t ln p(y_t) - Σ_t ln p_ref(y_t)
/// L = mean over pairs of  1 + σ(r_w) - σ(r_w - r_l)
/// dL/dh_w = β [ σ′(r_w) - σ′(r_w - r_l) ] / n,   dL/dh_l = +β σ′(r_w - r_l) / n
/// ```
///
/// For a policy that is already better than the chosen responses. Where policy and reference agree the chosen
/// response's gradient is exactly 0 and the rejected one's +β/4: the chosen one begins to fall only once a margin has
/// opened, and falls only while |r_w| < |r_w - r_l|. In 0...2, without a unit.
///
/// Shapes: T_w and T_l log-probabilities of the chosen and the rejected response under policy and reference; the
/// gradient has the policy's shapes. Log-ratios are sums over tokens, not divided by the length.
///
/// Differences: the loss has the constant +1 of TRL's `apo_down` (0.12 and 1.16), which the paper's equation lacks: it
/// is 1 where policy and reference agree, there 0. The gradients are the same. A proposal to TRL to put 1 - σ(r_l) in
/// the second place (pull request 6593, closed) contradicts equation 8 and is not followed.
public struct AnchoredPreferenceDown: DoubleObjective {
  /// β: the weight of the log-ratio, 1/nat; more than 0.
  public let beta: Double

  /// Makes the objective.
  ///
  /// - Parameter beta: more than 0.
  public init(beta: Double) {
    precondition(beta > 0, "beta is more than 0")
    self.beta = beta
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
    let (better, margin) = (beta * chosen, beta * (chosen - rejected))
    let pull = beta * Logistic.slope(margin)
    // 1 - σ(r) is written σ(-r), which keeps its digits where σ(r) is close to 1.
    return PairTerm(
      loss: Logistic.sigmoid(better) + Logistic.sigmoid(-margin),
      chosen: beta * Logistic.slope(better) - pull, rejected: pull)
  }
}
