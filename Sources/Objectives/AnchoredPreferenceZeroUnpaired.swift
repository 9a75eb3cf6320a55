// APO-zero without pairs: each judged response anchored at the reference.
// Knows nothing of how responses were judged.

/// The unpaired form of APO-zero (arXiv:2408.06266, equation 7): KTO whose reference point is 0.
///
/// ```
/// h = Σ_t ln p(y_t) - Σ_t ln p_ref(y_t)
/// L = mean over responses of  λ_D (1 - σ(β h))  for a good one,  λ_U σ(β h)  for a bad one
/// dL/dh = -λ_D β σ′(β h) / n,   +λ_U β σ′(β h) / n
/// ```
///
/// With equal numbers of good and bad responses and both weights 1 it is half of ``AnchoredPreferenceZero``. It reads
/// what ``KahnemanTversky`` reads and ignores ``BatchFacts/referencePoint``. In 0...max(λ_D, λ_U), without a unit.
///
/// Shapes: T log-probabilities of each response under policy and reference; the gradient has the policy's shape.
/// Log-ratios are sums over tokens, not divided by the length.
///
/// Differences: none from TRL's `apo_zero_unpaired` (0.12 and 1.16), from which this form is taken.
public struct AnchoredPreferenceZeroUnpaired: DoubleObjective {
  private let anchored: KahnemanTversky

  /// β: the weight of the log-ratio, 1/nat; more than 0.
  public var beta: Double { anchored.beta }

  /// λ_D: the weight of good responses; at least 0.
  public var desirableWeight: Double { anchored.desirableWeight }

  /// λ_U: the weight of bad responses; at least 0.
  public var undesirableWeight: Double { anchored.undesirableWeight }

  /// Makes the objective.
  ///
  /// - Parameters:
  ///   - beta: more than 0.
  ///   - desirableWeight: at least 0.
  ///   - undesirableWeight: at least 0.
  public init(beta: Double, desirableWeight: Double = 1, undesirableWeight: Double = 1) {
    anchored = KahnemanTversky(
      beta: beta, desirableWeight: desirableWeight, undesirableWeight: undesirableWeight)
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
    var anchor = batch
    anchor.referencePoint = 0
    return anchored.loss(of: example, in: anchor)
  }
}
