// RRHF: rank responses by their mean log-probability, and learn the best.
// Knows nothing of where rewards come from.

/// RRHF: Yuan et al., "RRHF: Rank Responses to Align Language Models with Human Feedback without tears",
/// arXiv:2304.05302, equations 1 to 4; in nats.
///
/// ```
/// p_i = 1/T_i Σ_t ln p(y_i,t)
/// L = mean over prompts of  Σ_{r_i < r_j} max(0, p_i - p_j) - w Σ_t ln p(y_best,t)
/// ```
///
/// The hinge has no margin: a pair in the right order teaches nothing. Of several best responses the first is learned.
/// Equal rewards are not ranked.
///
/// Shapes: T_i log-probabilities of each response under the policy; the gradient has the same shapes. Metrics: `ranking`
/// and `likelihood`, which add up to the loss.
///
/// Differences: w = 1 is the paper. The authors' code (`train.py`, the version of 2023-10) multiplies the ranking by 100,
/// takes the likelihood's *mean*, and divides both by the length of the longest row, because the labels that mark padding
/// are overwritten before lengths are counted; with several prompts it takes all best responses from the first one.
/// None of this is followed.
public struct RankResponses: DoubleObjective {
  /// w: the weight of the best response's likelihood; at least 0.
  public let likelihoodWeight: Double

  /// Makes the objective.
  ///
  /// - Parameter likelihoodWeight: at least 0.
  public init(likelihoodWeight: Double = 1) {
    precondition(likelihoodWeight >= 0, "the weight of the likelihood is at least 0")
    self.likelihoodWeight = likelihoodWeight
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
      var term = RankingTerm(
        ranking: 0, slopes: means.map { _ in 0 }, likelihoodWeight: likelihoodWeight * share)
      for better in means.indices {
        for worse in means.indices.dropFirst(better + 1) where example.rewards[worse] < example.rewards[better] {
          guard means[worse] > means[better] else { continue }
          term.ranking += (means[worse] - means[better]) * share
          term.slopes[worse] += share
          term.slopes[better] -= share
        }
      }
      return term
    }
  }
}
