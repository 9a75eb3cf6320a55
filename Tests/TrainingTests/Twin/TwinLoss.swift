// The objectives on pairs as plain formulas in doubles, loss and slopes, for whole batches.
// Knows nothing of models; written from the papers' equations, not from the objectives that it judges.

import Foundation

/// What is minimized, with its constants.
enum TwinObjective: Hashable {
  case supervised(smoothing: Double)
  case direct(beta: Double, smoothing: Double)
  case anchoredZero(beta: Double)
  case anchoredDown(beta: Double)
  case kahnemanTversky(beta: Double, desirable: Double, undesirable: Double)
  case anchoredZeroUnpaired(beta: Double, desirable: Double, undesirable: Double)

  /// Whether it reads the rejected responses and the reference.
  var readsPairs: Bool {
    if case .supervised = self { false } else { true }
  }
}

/// One response's numbers, a number a token.
struct TwinScored {
  var policy: [Double]
  var reference: [Double]
  /// Means of ln p over the vocabulary.
  var means: [Double]

  /// Σ ln p - Σ ln p_ref.
  var logRatio: Double { policy.reduce(0, +) - reference.reduce(0, +) }
}

/// What a batch's loss is and how it moves with each response.
struct TwinBatchLoss {
  var loss = 0.0
  /// By pair: d loss / d ln p, the same for every token of the response.
  var chosen: [Double] = []
  var rejected: [Double] = []
  /// d loss / d mean over the vocabulary, the same for every token of every chosen response.
  var mean = 0.0
}

extension TwinObjective {
  /// The batch's loss; `point` is KTO's reference point, a constant.
  func loss(_ pairs: [(chosen: TwinScored, rejected: TwinScored)], point: Double) -> TwinBatchLoss {
    var batch = TwinBatchLoss()
    let count = Double(pairs.count)
    if case .supervised(let smoothing) = self {
      let tokens = Double(pairs.reduce(0) { $0 + $1.chosen.policy.count })
      for pair in pairs {
        batch.loss -= (1 - smoothing) * pair.chosen.policy.reduce(0, +) / tokens
        if smoothing > 0 { batch.loss -= smoothing * pair.chosen.means.reduce(0, +) / tokens }
      }
      batch.chosen = pairs.map { _ in -(1 - smoothing) / tokens }
      batch.rejected = pairs.map { _ in 0 }
      batch.mean = -smoothing / tokens
      return batch
    }
    for pair in pairs {
      let term = term(pair.chosen.logRatio, pair.rejected.logRatio, point)
      batch.loss += term.loss / count
      batch.chosen.append(term.chosen / count)
      batch.rejected.append(term.rejected / count)
    }
    return batch
  }

  /// A pair's loss and its slopes by both log-ratios.
  private func term(_ chosen: Double, _ rejected: Double, _ point: Double) -> (
    loss: Double, chosen: Double, rejected: Double
  ) {
    func sigmoid(_ x: Double) -> Double { TwinMath.sigmoid(x) }
    func slope(_ x: Double) -> Double { sigmoid(x) * (1 - sigmoid(x)) }
    switch self {
    case .supervised: return (0, 0, 0)
    case .direct(let beta, let smoothing):
      let margin = beta * (chosen - rejected)
      let slope = beta * (smoothing * sigmoid(margin) - (1 - smoothing) * sigmoid(-margin))
      return (-(1 - smoothing) * log(sigmoid(margin)) - smoothing * log(sigmoid(-margin)), slope, -slope)
    case .anchoredZero(let beta):
      return (
        1 - sigmoid(beta * chosen) + sigmoid(beta * rejected), -beta * slope(beta * chosen),
        beta * slope(beta * rejected)
      )
    case .anchoredDown(let beta):
      let margin = beta * (chosen - rejected)
      return (
        sigmoid(beta * chosen) + 1 - sigmoid(margin), beta * slope(beta * chosen) - beta * slope(margin),
        beta * slope(margin)
      )
    case .anchoredZeroUnpaired(let beta, let desirable, let undesirable):
      return Self.kahnemanTversky(beta: beta, desirable: desirable, undesirable: undesirable).term(chosen, rejected, 0)
    case .kahnemanTversky(let beta, let desirable, let undesirable):
      // The mean is over responses, of which a pair has two.
      let (good, bad) = (beta * (chosen - point), beta * (point - rejected))
      return (
        (desirable * (1 - sigmoid(good)) + undesirable * (1 - sigmoid(bad))) / 2, -desirable * beta * slope(good) / 2,
        undesirable * beta * slope(bad) / 2
      )
    }
  }
}
