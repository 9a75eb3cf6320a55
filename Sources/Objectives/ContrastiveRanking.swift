// CLHA: hinges between ranks whose rewards are far enough apart, and learn the best if it is good.
// Knows nothing of where rewards come from.

/// CLHA: Fang et al., "CLHA: A Simple yet Effective Contrastive Learning Framework for Human Alignment",
/// arXiv:2403.16649; in nats.
///
/// ```
/// s_i = 1/T_i Σ_t ln p(y_i,t),   rewards R_0 ≥ R_1 ≥ … ≥ R_{n-1}
/// L = Σ_{d=1}^{n-1} mean over the batch's pairs (i, i+d) with |R_i - R_{i+d}| > gap of  max(0, margin·d - (s_i - s_{i+d}))
///   + mean over prompts of  -w (n - 1)² 1[R_0 > gate] Σ_t ln p(y_0,t)
/// ```
///
/// A distance of which no pair of the batch is left adds nothing. A prompt whose best response is gated still counts in
/// the mean. ``BatchFacts/counts`` holds the pairs that are left at distance 1, 2, …. Rankings of different lengths may
/// stand together: a distance's mean is over the pairs that have it.
///
/// Shapes: T_i log-probabilities of each response under the policy; the gradient has the same shapes. A response of no
/// pair that is left, and not learned, is not read. Metrics: `ranking` and `likelihood`, which add up to the loss.
///
/// Differences: this is the loss of the authors' code (`process_manager.py`), not of numbered equations of the paper. Its one
/// number 3 is both margin and gap, and its gate is 0; here they are three options. Its micro-batch is 2 prompts a device,
/// which `batch: {group: 2}` asks for; without `group` it is the batch of an optimizer step. It takes the token after the
/// response into s only where the row is shorter than the batch's longest, which no option here does: the tokens that are
/// trained are the same whatever stands beside them.
public struct ContrastiveRanking: DoubleObjective {
  /// The hinge's margin in nats for each rank of distance; at least 0.
  public let margin: Double
  /// The difference of rewards above which a pair counts; at least 0.
  public let gap: Double
  /// w: the weight of the best response's likelihood; at least 0.
  public let likelihoodWeight: Double
  /// The reward above which the best response is learned; nil: always.
  public let gate: Double?

  /// Makes the objective.
  ///
  /// - Parameters:
  ///   - margin: at least 0.
  ///   - gap: at least 0.
  ///   - likelihoodWeight: at least 0.
  ///   - gate: A reward, or nil to learn every best response.
  public init(margin: Double = 3, gap: Double = 3, likelihoodWeight: Double = 0.05, gate: Double?) {
    precondition(margin >= 0 && gap >= 0 && likelihoodWeight >= 0, "margin, gap and weight are at least 0")
    self.margin = margin
    self.gap = gap
    self.likelihoodWeight = likelihoodWeight
    self.gate = gate
  }

  /// No.
  public var readsReference: Bool { false }

  /// No.
  public var readsVocabularyMeans: Bool { false }

  /// The responses of pairs that are left, and the best one if it is learned.
  public func responsesRead(of example: ObjectiveExample) -> [Int] {
    example.rankedRewards.map { responsesRead(rewards: $0) } ?? []
  }

  private func responsesRead(rewards: [Double]) -> [Int] {
    var read: Set<Int> = learns(rewards) ? [0] : []
    for pair in pairs(rewards) { read.formUnion([pair.better, pair.worse]) }
    return read.sorted()
  }

  private func learns(_ rewards: [Double]) -> Bool {
    guard likelihoodWeight > 0, rewards.count > 1, let best = rewards.first else { return false }
    return gate.map { best > $0 } ?? true
  }

  /// The pairs that are left, by distance and then by rank.
  private func pairs(_ rewards: [Double]) -> [(better: Int, worse: Int)] {
    rewards.indices.dropFirst().flatMap { distance in
      (0..<(rewards.count - distance)).filter { abs(rewards[$0] - rewards[$0 + distance]) > gap }
        .map { ($0, $0 + distance) }
    }
  }

  /// The pairs that are left at distance 1, 2, ….
  public func counts(of example: ObjectiveExample, lengths: [Int]) -> [Int] {
    guard let rewards = example.rankedRewards else { return [] }
    var counts = Array(repeating: 0, count: rewards.count - 1)
    for pair in pairs(rewards) { counts[pair.worse - pair.better - 1] += 1 }
    return counts
  }

  /// A ranking's share of the batch's loss.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    example.rankingLoss(read: responsesRead(rewards: example.rewards)) { means in
      let steps = Double(means.count - 1)
      let weight = learns(example.rewards) ? likelihoodWeight * steps * steps / Double(batch.examples) : 0
      var term = RankingTerm(ranking: 0, slopes: means.map { _ in 0 }, likelihoodWeight: weight)
      for (better, worse) in pairs(example.rewards) {
        let distance = worse - better
        precondition(batch.count(distance - 1) > 0, "the batch counts the pairs that are left")
        let share = 1 / Double(batch.count(distance - 1))
        let lack = margin * Double(distance) - (means[better] - means[worse])
        guard lack > 0 else { continue }
        term.ranking += lack * share
        term.slopes[better] -= share
        term.slopes[worse] += share
      }
      return term
    }
  }
}
