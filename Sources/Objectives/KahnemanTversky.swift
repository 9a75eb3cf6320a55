// Kahneman-Tversky optimization: responses that are good or bad, measured from a reference point.
// Knows nothing of how the reference point's responses are chosen or scored.

/// KTO: Ethayarajh et al., "KTO: Model Alignment as Prospect Theoretic Optimization", arXiv:2402.01306, equation 7.
///
/// ```
/// h = Σ_t ln p(y_t) - Σ_t ln p_ref(y_t)
/// L = mean over responses of  λ_D (1 - σ(β (h - z₀)))  for a good one,  λ_U (1 - σ(β (z₀ - h)))  for a bad one
/// dL/dh = -λ_D β σ′(β (h - z₀)) / n,   +λ_U β σ′(β (z₀ - h)) / n
/// ```
///
/// z₀ is ``BatchFacts/referencePoint``, in nats, a constant of the batch: β multiplies it with h, and no gradient
/// passes through it. It is what ``referencePoint(logRatios:)`` makes of responses that do not belong to their prompts.
/// A pair is read as one good and one bad response, so the mean is over ``BatchFacts/responses``. In 0...max(λ_D, λ_U).
///
/// Shapes: T log-probabilities of each response under policy and reference; the gradient has the policy's shape.
/// Log-ratios are sums over tokens, not divided by the length.
///
/// Differences: the formula is that of TRL's `kto` (0.12 and 1.16), which also gives the equation's number. TRL estimates
/// z₀ from the micro-batch, each prompt with its neighbor's completion, and averages it over processes; here whoever
/// batches says what z₀ is.
public struct KahnemanTversky: DoubleObjective {
  /// β: the weight of the log-ratio's distance from the reference point, 1/nat; more than 0.
  public let beta: Double
  /// λ_D: the weight of good responses; at least 0.
  public let desirableWeight: Double
  /// λ_U: the weight of bad responses; at least 0.
  public let undesirableWeight: Double

  /// Makes the objective.
  ///
  /// - Parameters:
  ///   - beta: more than 0.
  ///   - desirableWeight: at least 0.
  ///   - undesirableWeight: at least 0.
  public init(beta: Double, desirableWeight: Double = 1, undesirableWeight: Double = 1) {
    precondition(beta > 0, "beta is more than 0")
    precondition(desirableWeight >= 0 && undesirableWeight >= 0, "weights are at least 0")
    self.beta = beta
    self.desirableWeight = desirableWeight
    self.undesirableWeight = undesirableWeight
  }

  /// z₀: an estimate of the policy's divergence from the reference in nats, at least 0.
  ///
  /// - Parameter logRatios: h of mismatched responses (xᵢ, yⱼ), j ≠ i, in nats; none gives 0.
  /// - Returns: max(0, mean), the sum taken in order.
  public static func referencePoint(logRatios: [Double]) -> Double {
    logRatios.isEmpty ? 0 : max(0, inOrder(logRatios) / Double(logRatios.count))
  }

  /// Yes.
  public var readsReference: Bool { true }

  /// No.
  public var readsVocabularyMeans: Bool { false }

  /// A judged response and both of a pair; not one without feedback.
  public func responsesRead(of example: ObjectiveExample) -> [Int] { example.judgedResponses }

  /// An example's share of the batch's mean over responses.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    example.judgedLoss(meanOver: batch.responses) { logRatio, acceptable in
      let distance = beta * (logRatio - batch.referencePoint)
      let (weight, sign) = acceptable ? (desirableWeight, -1.0) : (undesirableWeight, 1.0)
      // 1 - σ(d) is written σ(-d), which keeps its digits where σ(d) is close to 1.
      return JudgedTerm(
        loss: weight * Logistic.sigmoid(sign * distance), slope: weight * sign * beta * Logistic.slope(distance))
    }
  }
}
