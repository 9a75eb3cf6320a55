// CUT: learn good responses, bad ones under their judgment, and unlearn what only the judgment makes likely.
// Knows nothing of how judgments are worded.

import CKernels

/// CUT: Xu et al., "Reasons to Reject? Aligning Language Models with Judgments", arXiv:2312.14591v4, equations 5 to 7; in
/// nats.
///
/// ```
/// p_t = p(y_t | x),   q_t = p(y_t | x, j),   U = { t : q_t > λ p_t }
/// good y:  -1/N Σ_t ln p_t                                                        (Align-P)
/// bad y:   -1/N Σ_t ln q_t                                                        (Align-N)
///          -1/N [ Σ_{t ∉ U} ln p_t + Σ_{t ∈ U} α q_t^γ ln(1 - p_t) ]              (Misalign)
/// form paper:  L = mean over examples of their terms
/// form code:   L = ½ (mean of Align-P and Align-N over all their tokens + mean of Misalign over all its tokens)
/// ```
///
/// U and q_t^γ are constants: no gradient goes through them. In form `code` a batch that has only one of the two means
/// has it whole. A token of U falls at most with slope α / (λ - 1), because p_t < 1 / λ there; without detection there
/// is no bound but the guard below.
///
/// A part that is left out (Table 4) is left out as if its rows were not in the data: they are not counted either.
/// Without `detection` every token of a bad response is in U; without `weighting` γ is 0.
///
/// ``BatchFacts/counts`` holds the examples that are read, the tokens of Align-P and Align-N, and those of Misalign.
///
/// Shapes: N log-probabilities under the policy of each response, and of a bad one N behind the judged prompt, its only
/// other context; the gradient has the same shapes. Metrics: `align-p`, `align-n` and `misalign`, which add up to the
/// loss, and `inappropriate`, the share of Misalign's tokens that are in U.
///
/// Differences: `paper` with γ is version 4 of the paper, without γ version 1, which has no dynamic weight. `code` is
/// what the authors released (`modeling_llama_unlikelihood.py`): no γ, means pooled over the micro-batch, the half. Their
/// scripts' micro-batch is one example, which `batch: {group: 1}` asks for: a good response then has twice the weight of
/// either term of a bad one. Without `group` the micro-batch is the batch of an optimizer step. As in their code
/// 1 - p_t = 0 counts as 1e-5, in every form, and in form `code` p_t = 0 as 1e-5 without a slope; there single precision
/// decides what is 0, here double precision. The paper's forms have no such guard for p_t: ln p_t counts whatever it is.
public struct ContrastiveUnlikelihood: DoubleObjective {
  /// How terms become a loss.
  public enum Form: Hashable, Sendable, CaseIterable {
    /// Each example's terms are means over its tokens, and the loss a mean over examples.
    case paper
    /// Means over the tokens of the whole batch, and the mean of the two.
    case code
  }

  /// What can be left out.
  public enum Part: Hashable, Sendable, CaseIterable {
    /// Finding U.
    case detection
    /// The likelihood of good responses.
    case alignP
    /// The likelihood of bad responses behind the judged prompt.
    case alignN
    /// The likelihood and unlikelihood of bad responses behind the plain prompt.
    case misalign
    /// The dynamic weight q_t^γ.
    case weighting
  }

  /// How terms become a loss.
  public let form: Form
  /// λ: how much likelier under the judgment a token of U is; more than 0.
  public let lambda: Double
  /// α: the weight of tokens of U; at least 0.
  public let alpha: Double
  /// γ: the exponent of the dynamic weight, at least 0; nil: none.
  public let gamma: Double?
  /// What is left out.
  public let omitted: Set<Part>

  /// What the authors' code puts in the place of a probability of 0.
  static let guardedProbability = 1e-5

  /// Makes the objective.
  ///
  /// - Parameters:
  ///   - form: How terms become a loss.
  ///   - lambda: more than 0.
  ///   - alpha: at least 0.
  ///   - gamma: at least 0, or nil.
  ///   - omitted: What is left out.
  public init(form: Form, lambda: Double, alpha: Double, gamma: Double? = nil, without omitted: Set<Part> = []) {
    precondition(lambda > 0 && lambda.isFinite, "lambda is more than 0")
    precondition(alpha >= 0 && alpha.isFinite, "alpha is at least 0")
    precondition(gamma.map { $0 >= 0 && $0.isFinite } ?? true, "gamma is at least 0")
    self.form = form
    self.lambda = lambda
    self.alpha = alpha
    self.gamma = omitted.contains(.weighting) ? nil : gamma
    self.omitted = omitted
  }

  /// U: for each token whether the judgment makes it more than λ times as likely.
  ///
  /// - Parameters:
  ///   - plain: (N), ln p_t.
  ///   - judged: (N), ln q_t.
  ///   - lambda: more than 0.
  /// - Returns: (N), whether a token is in U.
  public static func inappropriateTokens(plain: [Double], judged: [Double], lambda: Double) -> [Bool] {
    let threshold = ck_log_double(lambda)
    return zip(plain, judged).map { $1 - $0 > threshold }
  }

  /// No.
  public var readsReference: Bool { false }

  /// No.
  public var readsVocabularyMeans: Bool { false }

  /// Bad responses behind the judged prompt, wherever a part of the loss looks there.
  public var alsoReads: ResponseNumbers { readsJudged ? .otherContexts : [] }

  private func has(_ part: Part) -> Bool { !omitted.contains(part) }

  private var readsJudged: Bool { has(.alignN) || (has(.misalign) && (has(.detection) || gamma != nil)) }

  private func reads(acceptable: Bool) -> Bool { acceptable ? has(.alignP) : has(.alignN) || has(.misalign) }

  /// A judged response that a part of the loss looks at.
  public func responsesRead(of example: ObjectiveExample) -> [Int] {
    if case .judged(_, let acceptable) = example, reads(acceptable: acceptable) { [0] } else { [] }
  }

  /// Whether the example is read, its tokens in Align-P and Align-N, and those in Misalign.
  public func counts(of example: ObjectiveExample, lengths: [Int]) -> [Int] {
    guard case .judged(_, let acceptable) = example, reads(acceptable: acceptable) else { return [0, 0, 0] }
    let length = lengths[0]
    return [1, has(acceptable ? .alignP : .alignN) ? length : 0, !acceptable && has(.misalign) ? length : 0]
  }

  /// An example's share of the batch's loss.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    switch example.feedback {
    case .acceptable where reads(acceptable: true): return goodLoss(example, batch)
    case .unacceptable where reads(acceptable: false): return badLoss(example, batch)
    default: return example.unread
    }
  }

  private func goodLoss(_ example: DoubleExample, _ batch: BatchFacts) -> ExampleLoss {
    let answer = example.responses[0]
    let weight = weights(tokens: answer.policy.count, batch).likelihood
    return result(
      example, alignP: -weight * inOrder(answer.policy),
      gradient: ResponseGradient(tokens: answer.policy.map { _ in -weight }))
  }

  private func badLoss(_ example: DoubleExample, _ batch: BatchFacts) -> ExampleLoss {
    let answer = example.responses[0]
    let plain = answer.policy
    let judged = readsJudged ? answer.onlyOtherContext("behind the judged prompt") : []
    let weights = weights(tokens: plain.count, batch)
    let likelihood = has(.alignN) ? weights.likelihood : 0
    let terms = has(.misalign) ? misalignment(plain: plain, judged: judged) : []
    let others = readsJudged ? [judged.map { _ in -likelihood }] : []
    return result(
      example, alignN: likelihood == 0 ? 0 : -likelihood * inOrder(judged),
      misalign: weights.unlikelihood * inOrder(terms.map(\.loss)),
      inappropriate: terms.isEmpty ? 0 : Double(terms.count { $0.isInappropriate }) / Double(batch.count(2)),
      gradient: ResponseGradient(
        tokens: has(.misalign) ? terms.map { weights.unlikelihood * $0.slope } : plain.map { _ in 0 },
        otherContexts: others))
  }

  /// What a token counts for in the two kinds of terms.
  private func weights(tokens: Int, _ batch: BatchFacts) -> (likelihood: Double, unlikelihood: Double) {
    guard tokens > 0 else { return (0, 0) }
    switch form {
    case .paper:
      precondition(batch.count(0) > 0, "the batch counts the example that is read")
      let weight = 1 / (Double(batch.count(0)) * Double(tokens))
      return (weight, weight)
    case .code:
      let (likely, unlikely) = (batch.count(1), batch.count(2))
      let part = likely > 0 && unlikely > 0 ? 0.5 : 1
      return (likely > 0 ? part / Double(likely) : 0, unlikely > 0 ? part / Double(unlikely) : 0)
    }
  }

  private struct TokenTerm: Sendable {
    let loss: Double
    let slope: Double
    let isInappropriate: Bool
  }

  /// Misalign's terms, one a token.
  private func misalignment(plain: [Double], judged: [Double]) -> [TokenTerm] {
    let inappropriate =
      has(.detection)
      ? Self.inappropriateTokens(plain: plain, judged: judged, lambda: lambda) : plain.map { _ in true }
    return plain.indices.map { token in
      let logarithm = plain[token]
      guard inappropriate[token] else { return appropriate(logarithm) }
      let weight = alpha * (gamma.map { ck_exp_double($0 * judged[token]) } ?? 1)
      let rest = Complement.of(logarithm)
      let loss = rest == 0 ? -ck_log_double(Self.guardedProbability) : -Complement.logarithm(logarithm)
      let slope = ck_exp_double(logarithm) / (rest == 0 ? Self.guardedProbability : rest)
      return TokenTerm(loss: weight * loss, slope: weight * slope, isInappropriate: true)
    }
  }

  private func appropriate(_ logarithm: Double) -> TokenTerm {
    if form == .code, ck_exp_double(logarithm) == 0 {
      return TokenTerm(loss: -ck_log_double(Self.guardedProbability), slope: 0, isInappropriate: false)
    }
    return TokenTerm(loss: -logarithm, slope: -1, isInappropriate: false)
  }

  private func result(
    _ example: DoubleExample, alignP: Double = 0, alignN: Double = 0, misalign: Double = 0,
    inappropriate: Double = 0, gradient: ResponseGradient
  ) -> ExampleLoss {
    ExampleLoss(
      loss: alignP + alignN + misalign, gradients: [gradient], logRatios: example.logRatios,
      metrics: [
        ObjectiveMetric("align-p", alignP), ObjectiveMetric("align-n", alignN), ObjectiveMetric("misalign", misalign),
        ObjectiveMetric("inappropriate", inappropriate),
      ])
  }
}
