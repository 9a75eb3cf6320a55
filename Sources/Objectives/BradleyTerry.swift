// A reward model's loss: the better response's score above the worse one's.
// Knows nothing of how scores are made.

/// The Bradley-Terry model of comparisons (Bradley and Terry, Biometrika 39, 1952), as reward models are trained by it:
/// Ouyang et al., "Training language models to follow instructions with human feedback", arXiv:2203.02155, equation 1.
///
/// ```
/// L = mean over examples of  mean over their comparisons (i, j), r_i > r_j, of  -ln σ(s_i - s_j)
/// dL/ds_i = -σ(s_j - s_i) / (n · comparisons),   dL/ds_j = -dL/ds_i
/// ```
///
/// A pair is one comparison; a ranking has one for each two responses with different rewards. A ranking whose rewards
/// are all equal has none and is not read, though the mean counts it. ln 2 where all scores are equal.
///
/// Shapes: one score a response; the gradient has the same. Tokens get none: the scalar head's gradient is all there is.
/// Metric: `agreement`, the share of comparisons in which the better response has the higher score, equal scores half.
///
/// Differences: the paper divides by K choose 2; here ties are no comparisons, so it is by those that there are.
public struct BradleyTerry: DoubleObjective {
  /// Makes the objective.
  public init() {}

  /// No.
  public var readsReference: Bool { false }

  /// No.
  public var readsVocabularyMeans: Bool { false }

  /// The score.
  public var alsoReads: ResponseNumbers { .score }

  /// Both responses of a pair; those of a ranking whose rewards differ.
  public func responsesRead(of example: ObjectiveExample) -> [Int] {
    if example.isPair { return [0, 1] }
    guard let rewards = example.rankedRewards, let best = rewards.first, let worst = rewards.last, best > worst
    else { return [] }
    return Array(rewards.indices)
  }

  /// An example's share of the batch's mean.
  public func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss {
    loss(of: DoubleExample(example), in: batch)
  }

  /// The same in doubles.
  package func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss {
    let comparisons = Self.comparisons(example)
    guard !comparisons.isEmpty else { return example.unread }
    let share = 1 / Double(comparisons.count) / Double(batch.examples)
    var (loss, agreement) = (0.0, 0.0)
    var slopes = example.responses.map { _ in 0.0 }
    for (better, worse) in comparisons {
      let margin = example.responses[better].score - example.responses[worse].score
      loss -= Logistic.logSigmoid(margin) * share
      let pull = Logistic.sigmoid(-margin) * share
      slopes[better] -= pull
      slopes[worse] += pull
      agreement += (margin > 0 ? 1 : margin == 0 ? 0.5 : 0) * share
    }
    return ExampleLoss(
      loss: loss, gradients: zip(example.responses, slopes).map { $0.scoreGradient($1) }, logRatios: [],
      metrics: [ObjectiveMetric("agreement", agreement)])
  }

  private static func comparisons(_ example: DoubleExample) -> [(better: Int, worse: Int)] {
    switch example.feedback {
    case .none, .acceptable, .unacceptable: return []
    case .pair: return [(0, 1)]
    case .ranking:
      return example.rewards.indices.flatMap { better in
        example.rewards.indices.dropFirst(better + 1)
          .filter { example.rewards[$0] < example.rewards[better] }.map { (better, $0) }
      }
    }
  }
}

extension DoubleResponse {
  /// A gradient of the score alone: the tokens' own log-probabilities are not read.
  fileprivate func scoreGradient(_ derivative: Double) -> ResponseGradient {
    ResponseGradient(tokens: policy.map { _ in 0 }, score: derivative)
  }
}
