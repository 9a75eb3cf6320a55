// HIR: learn what the response was an answer to, and that it was no answer to other instructions.
// Knows nothing of how instructions are worded.

import CKernels

/// HIR: Zhang et al., "The Wisdom of Hindsight Makes Language Models Better Instruction Followers", arXiv:2302.05206,
/// section 4; in nats.
///
/// ```
/// p = the instruction in hindsight, o the output of T tokens, H_t the entropy of p(· | p, q, o_<t)
/// form code, P and N the means of ln p(o_t) behind p and behind the contrasting instruction:
///   sup = -(1 - e) P - e · 1/T Σ_t 1/V Σ_v ln p(v)
///   con = -(1 - e) ln( σ(P - N) + 1e-8 ) - e ln( σ(N - P) + 1e-8 )
///   L = mean over examples of  sup + a con - b · 1/T Σ_t H_t
/// form paper, P_ik = Σ_t ln p(o_i,t) behind instruction and query of the batch's example k (equations 3 to 6):
///   L = mean over examples i of
///       -(1 - e) P_ii - e Σ_t 1/V Σ_v ln p(v)  +  a ( ln Σ_k e^(P_ik) - P_ii )  -  b Σ_t H_t
/// ```
///
/// Shapes: T log-probabilities of the output under the policy, T means over the vocabulary if e > 0, T entropies of the
/// full rows if b > 0, and with a > 0 the output behind other prompts: in form `code` the contrasting instruction's alone,
/// in form `paper` all other examples' of the batch; the gradient has the same shapes. The tokens may be a part of a
/// response (``SubOutputs``). Metrics: `likelihood`, `contrast` and `entropy`, which add up to the loss.
///
/// Differences: `code` is the authors' `offline_trainer.py`, whose batch on a device is one example. It forms e^P and
/// e^N, which are both 0 for outputs that are unlikely enough; here only their ratio is formed. The paper sums over the
/// batch what is a mean here, as for every objective, so that terms keep their ratios and a learning rate its meaning. The
/// paper's e is in the likelihood alone; the code's in the contrast, too. Parts of responses end without an end token here
/// unless they reach the response's end, and the authors' mostly with one: ``SubOutputs`` says why.
public struct HindsightRelabeling: DoubleObjective {
  /// Which of its published forms.
  public enum Form: Hashable, Sendable, CaseIterable {
    /// The authors' code: two instructions, means over tokens.
    case code
    /// The paper: all instructions of the batch, sums over tokens.
    case paper
  }

  /// Which of its published forms.
  public let form: Form
  /// e: the share of the target that is spread; at least 0, less than 1.
  public let labelSmoothing: Double
  /// a: the weight of the contrast; at least 0.
  public let contrast: Double
  /// b: the weight of the entropy; at least 0.
  public let entropy: Double

  /// What the authors' code adds to a probability before its logarithm.
  static let floor = 1e-8

  /// Makes the objective.
  ///
  /// - Parameters:
  ///   - form: Which of its published forms.
  ///   - labelSmoothing: at least 0, less than 1.
  ///   - contrast: at least 0.
  ///   - entropy: at least 0.
  public init(form: Form, labelSmoothing: Double = 0.2, contrast: Double = 1, entropy: Double = 0.001) {
    precondition(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing is at least 0 and less than 1")
    precondition(contrast >= 0 && entropy >= 0, "the weights are at least 0")
    self.form = form
    self.labelSmoothing = labelSmoothing
    self.contrast = contrast
    self.entropy = entropy
  }

  /// No.
  public var readsReference: Bool { false }

  /// Only if it smooths labels.
  public var readsVocabularyMeans: Bool { labelSmoothing > 0 }

  /// Other contexts for the contrast, and entropies.
  public var alsoReads: ResponseNumbers {
    var numbers: ResponseNumbers = []
    if contrast > 0 { numbers.insert(.otherContexts) }
    if entropy > 0 { numbers.insert(.entropies) }
    return numbers
  }

  /// A response about which nothing is said but its prompt.
  public func responsesRead(of example: ObjectiveExample) -> [Int] {
    if case .response = example { [0] } else { [] }
  }

  /// An example's share of the batch's mean over examples.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    guard example.feedback == .none, let output = example.responses.first, !output.policy.isEmpty
    else { return example.unread }
    let count = output.policy.count
    let share = 1 / Double(batch.examples)
    // Where means are taken, each token has its part of a mean.
    let perToken = form == .code ? share / Double(count) : share
    let smoothed = readsVocabularyMeans ? numbers(output.vocabularyMeans, count, "mean over the vocabulary") : []
    let entropies = entropy > 0 ? numbers(output.entropies, count, "entropy") : []
    let likelihood =
      -perToken * ((1 - labelSmoothing) * inOrder(output.policy) + labelSmoothing * inOrder(smoothed))
    let term = contrastTerm(output)
    let spread = -entropy * perToken * inOrder(entropies)
    let contrasting = contrast * share * term.loss
    return ExampleLoss(
      loss: likelihood + contrasting + spread,
      gradients: [
        ResponseGradient(
          tokens: repeated(contrast * share * term.own - (1 - labelSmoothing) * perToken, count),
          vocabularyMeans: repeated(-labelSmoothing * perToken, smoothed.count),
          otherContexts: term.others.map { repeated(contrast * share * $0, count) },
          entropies: repeated(-entropy * perToken, entropies.count))
      ], logRatios: example.logRatios,
      metrics: [
        ObjectiveMetric("likelihood", likelihood), ObjectiveMetric("contrast", contrasting),
        ObjectiveMetric("entropy", spread),
      ])
  }

  private func numbers(_ numbers: [Double], _ count: Int, _ what: String) -> [Double] {
    precondition(numbers.count == count, "a response has one \(what) a token")
    return numbers
  }

  /// The contrast and its derivatives with respect to each of the output's tokens, here and in each other context.
  private struct ContrastTerm: Sendable {
    var loss = 0.0
    var own = 0.0
    var others: [Double] = []
  }

  private func contrastTerm(_ output: DoubleResponse) -> ContrastTerm {
    guard contrast > 0 else { return ContrastTerm() }
    return form == .code ? twoWay(output) : batchWide(output)
  }

  private func twoWay(_ output: DoubleResponse) -> ContrastTerm {
    let opposite = output.onlyOtherContext("behind the contrasting instruction")
    let distance = output.meanPolicy - mean(opposite)
    let (right, wrong) = (Logistic.sigmoid(distance), Logistic.sigmoid(-distance))
    let (kept, spread) = (1 - labelSmoothing, labelSmoothing)
    let slope = right * wrong * (spread / (wrong + Self.floor) - kept / (right + Self.floor))
    let perToken = slope / Double(output.policy.count)
    return ContrastTerm(
      loss: -kept * ck_log_double(right + Self.floor) - spread * ck_log_double(wrong + Self.floor),
      own: perToken, others: [-perToken])
  }

  private func batchWide(_ output: DoubleResponse) -> ContrastTerm {
    precondition(
      output.otherContexts.allSatisfy { $0.count == output.policy.count },
      "a response has one log-probability a token behind each other prompt")
    let own = inOrder(output.policy)
    let softmax = Softmax([own] + output.otherContexts.map(inOrder))
    let others = Array(softmax.shares.dropFirst())
    // Its own share minus 1 is what the others have, without the cancellation.
    return ContrastTerm(loss: softmax.logSum(above: own), own: -inOrder(others), others: others)
  }
}

private func repeated(_ number: Double, _ count: Int) -> [Double] { Array(repeating: number, count: count) }
