// PRO: each response against all worse ones, weighed by differences of rewards, and learn the best.
// Knows nothing of where rewards come from.

import CKernels

/// PRO: Song et al., "Preference Ranking Optimization for Human Alignment", arXiv:2306.17492, equations 7 to 10; in nats.
///
/// ```
/// s_i = 1/T_i Σ_t ln p(y_i,t),   rewards r_1 ≥ r_2 ≥ … ≥ r_n,   T_k = max_{m>k} (r_k - r_m)
/// L = mean over prompts of  Σ_{k<n} [ ln( e + e^(s_k T_k) + Σ_{m>k} e^(s_m (r_k - r_m)) ) - s_k T_k ]
///                           - w (n - 1)² Σ_t ln p(y_1,t)
/// ```
///
/// Responses with equal rewards are told apart by nothing: their terms are constant.
///
/// Shapes: T_i log-probabilities of each response under the policy; the gradient has the same shapes. Metrics: `ranking`
/// and `likelihood`, which add up to the loss.
///
/// Differences: this is the authors' code, e = 1e-10 and the factor (n - 1)² included. The paper has no e; it caps the
/// ranking's gradient: once all s (r_k - r_m) are below ln e ≈ -23, a response is no longer ranked. 0 leaves it out.
public struct PreferenceRanking: DoubleObjective {
  /// w: the weight of the best response's likelihood; at least 0.
  public let likelihoodWeight: Double
  /// e: what stands beside the powers in the logarithm; at least 0.
  public let floor: Double

  /// Makes the objective.
  ///
  /// - Parameters:
  ///   - likelihoodWeight: at least 0.
  ///   - floor: at least 0.
  public init(likelihoodWeight: Double = 0.05, floor: Double = 1e-10) {
    precondition(likelihoodWeight >= 0, "the weight of the likelihood is at least 0")
    precondition(floor >= 0 && floor.isFinite, "the floor is at least 0")
    self.likelihoodWeight = likelihoodWeight
    self.floor = floor
  }

  /// No.
  public var readsReference: Bool { false }

  /// No.
  public var readsVocabularyMeans: Bool { false }

  /// All responses of a ranking.
  public func responsesRead(of example: ObjectiveExample) -> [Int] {
    example.rankedRewards.map { Array($0.indices) } ?? []
  }

  /// A ranking's share of the batch's mean over prompts.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    example.rankingLoss(read: Array(example.rewards.indices)) { means in
      let share = 1 / Double(batch.examples)
      let steps = Double(means.count - 1)
      var term = RankingTerm(
        ranking: 0, slopes: means.map { _ in 0 }, likelihoodWeight: likelihoodWeight * steps * steps * share)
      for first in means.indices.dropLast() { add(first, means, example.rewards, share, to: &term) }
      return term
    }
  }

  /// Adds the term of one response against all worse ones.
  private func add(_ first: Int, _ means: [Double], _ rewards: [Double], _ share: Double, to term: inout RankingTerm) {
    let worse = (first + 1)..<means.count
    let gaps = worse.map { rewards[first] - rewards[$0] }
    // Rewards do not rise, so the last gap is the largest.
    let widest = gaps[gaps.count - 1]
    let own = means[first] * widest
    let others = zip(worse, gaps).map { means[$0] * $1 }
    let softmax = Softmax([own] + others + (floor > 0 ? [ck_log_double(floor)] : []))
    term.ranking += softmax.logSum(above: own) * share
    // 1 minus its own share is what the others have, without the cancellation.
    term.slopes[first] -= widest * inOrder(Array(softmax.shares.dropFirst())) * share
    for (place, gap) in zip(worse, gaps) {
      term.slopes[place] += gap * softmax.shares[place - first] * share
    }
  }
}
