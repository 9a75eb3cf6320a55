// What objectives without a reference share: means over tokens, gradients with one value a token, and the likelihood of
// the best response. Knows no formula.

extension DoubleResponse {
  /// The mean of ln p over the response's tokens; 0 of none.
  var meanPolicy: Double { mean(policy) }

  /// A gradient that is the same for every token.
  func even(_ derivative: Double) -> ResponseGradient {
    ResponseGradient(tokens: Array(repeating: derivative, count: policy.count))
  }

  /// A gradient through the mean over tokens, plus a constant for each token.
  func throughMean(_ derivative: Double, perToken: Double = 0) -> ResponseGradient {
    even(policy.isEmpty ? 0 : derivative / Double(policy.count) + perToken)
  }

  /// The only other context's log-probabilities.
  func onlyOtherContext(_ what: String) -> [Double] {
    precondition(otherContexts.count == 1, "a response has its log-probabilities \(what)")
    precondition(otherContexts[0].count == policy.count, "a response has one log-probability a token \(what)")
    return otherContexts[0]
  }
}

/// The mean, summed first to last; 0 of none.
func mean(_ numbers: [Double]) -> Double { numbers.isEmpty ? 0 : inOrder(numbers) / Double(numbers.count) }

/// A loss of a ranking: derivatives with respect to each response's mean ln p, and the weight of the best one's Σ ln p.
struct RankingTerm: Sendable {
  /// The loss of the order.
  var ranking: Double
  /// d ranking / d mean ln p of each response.
  var slopes: [Double]
  /// The best response's -Σ ln p counts so often.
  var likelihoodWeight: Double
}

extension DoubleExample {
  /// The example's share of a loss that ranks and learns the best, told by its terms `ranking` and `likelihood`.
  ///
  /// - Parameters:
  ///   - read: The responses that are read; the others get no gradient.
  ///   - term: The share, of the responses' means of ln p.
  /// - Returns: Its loss, gradients and terms.
  func rankingLoss(read: [Int], _ term: (_ means: [Double]) -> RankingTerm) -> ExampleLoss {
    guard feedback == .ranking, !read.isEmpty else { return unread }
    let result = term(responses.map(\.meanPolicy))
    let likelihood = result.likelihoodWeight == 0 ? 0 : -result.likelihoodWeight * inOrder(responses[0].policy)
    let gradients = responses.indices.map { index in
      guard read.contains(index) else { return ResponseGradient(tokens: []) }
      return responses[index].throughMean(result.slopes[index], perToken: index == 0 ? -result.likelihoodWeight : 0)
    }
    return ExampleLoss(
      loss: result.ranking + likelihood, gradients: gradients, logRatios: logRatios,
      metrics: [ObjectiveMetric("ranking", result.ranking), ObjectiveMetric("likelihood", likelihood)])
  }
}

extension ObjectiveExample {
  /// The rewards of a ranking that has something to rank or to learn, else nil.
  var rankedRewards: [Double]? {
    if case .ranking(let responses, let rewards) = self, !responses.isEmpty { rewards } else { nil }
  }
}
