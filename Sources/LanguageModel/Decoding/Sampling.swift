// Choosing the next token: a pure function of the logits' bits, the options and one random number.
// Knows nothing of models; all sums run in one fixed order, largest logit first, equal ones by token number.

import CKernels
public import Tensors

/// How the next token is chosen.
///
/// Options apply one after the other as in Transformers: temperature, top-k, top-p, min-p, then one draw.
public struct Sampling: Hashable, Sendable {
  /// Divides the logits, 0 or more; 0 takes the largest logit and draws nothing.
  public let temperature: Double
  /// Keeps this many of the likeliest tokens.
  public let topK: Int?
  /// Keeps the fewest likeliest tokens whose probabilities reach this sum, in (0, 1].
  public let topP: Double?
  /// Keeps tokens at least this many times as likely as the likeliest, in [0, 1].
  public let minP: Double?

  /// The largest logit, always.
  public static let greedy = Sampling(temperature: 0)

  /// Makes options.
  public init(temperature: Double, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
  }

  /// The token for a draw.
  ///
  /// - Parameters:
  ///   - logits: One for each token.
  ///   - uniform: In [0, 1).
  ///   - variant: Which instructions to use; the choice changes no bit.
  /// - Returns: The token's number.
  public func choose(_ logits: UnsafeBufferPointer<Float>, uniform: Double, variant: KernelVariant = .best) -> Int {
    guard let base = logits.baseAddress, !logits.isEmpty else { return 0 }
    let largest = ck_argmax(variant.rawValue, base, logits.count)
    guard temperature > 0, logits[largest].isFinite else { return largest }
    var ranking = Ranking(
      logits, largest: logits[largest], temperature: max(Float(temperature), .leastNonzeroMagnitude), variant: variant)
    return ranking.draw(self, uniform: uniform)
  }
}

/// Tokens by likelihood, sorted only as far down as is asked for.
private struct Ranking {
  private let logits: UnsafeBufferPointer<Float>
  /// e^((logit - largest) / temperature), so that the likeliest has 1.
  private var weights: [Float]
  /// The likeliest tokens in order; all tokens whose weight is at least `floor`.
  private var sorted: [Int32] = []
  private var floor: Float = 1

  init(_ logits: UnsafeBufferPointer<Float>, largest: Float, temperature: Float, variant: KernelVariant) {
    self.logits = logits
    weights = logits.map { ($0 - largest) / temperature }
    weights.withUnsafeMutableBufferPointer { weights in
      guard let base = weights.baseAddress else { return }
      ck_exp(variant.rawValue, base, weights.count)
    }
    extend()
  }

  /// Sorts further down; the last step takes all that is left.
  private mutating func extend() {
    floor = floor > 0x1p-40 ? floor * 0x1p-6 : 0
    sorted.removeAll(keepingCapacity: true)
    for token in weights.indices where weights[token] >= floor { sorted.append(Int32(token)) }
    sorted.sort { left, right in
      let (a, b) = (logits[Int(left)], logits[Int(right)])
      return a > b || (a == b && left < right)
    }
  }

  private var isComplete: Bool { floor == 0 }

  /// The weight at a rank, sorting further down where needed; nil after the last.
  private mutating func weight(at rank: Int) -> Double? {
    while rank >= sorted.count && !isComplete { extend() }
    return rank < sorted.count ? Double(weights[Int(sorted[rank])]) : nil
  }

  /// Sum of the first `count` weights, likeliest first.
  private mutating func sum(first count: Int) -> Double {
    var sum = 0.0
    var rank = 0
    while rank < count, let weight = weight(at: rank) {
      sum += weight
      rank += 1
    }
    return sum
  }

  mutating func draw(_ options: Sampling, uniform: Double) -> Int {
    var kept = options.topK.map { max(1, min($0, weights.count)) } ?? weights.count
    if let topP = options.topP, topP < 1 {
      let goal = topP * (kept == weights.count ? weights.reduce(0.0) { $0 + Double($1) } : sum(first: kept))
      var (rank, reached) = (0, 0.0)
      while rank < kept, reached < goal, let weight = weight(at: rank) {
        reached += weight
        rank += 1
      }
      kept = max(1, rank)
    }
    if let minP = options.minP, minP > 0 {
      var rank = 1
      while rank < kept, let weight = weight(at: rank), weight >= minP { rank += 1 }
      kept = min(kept, rank)
    }
    let goal = uniform * (kept == weights.count ? weights.reduce(0.0) { $0 + Double($1) } : sum(first: kept))
    var (rank, reached) = (0, 0.0)
    while rank < kept, let weight = weight(at: rank) {
      reached += weight
      if reached > goal { return Int(sorted[rank]) }
      rank += 1
    }
    // Rounding can leave the sum a hair below the goal: then it is the last token that was kept.
    return Int(sorted[max(0, min(kept, sorted.count) - 1)])
  }
}
