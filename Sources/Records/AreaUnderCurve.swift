// The area under the ROC curve over the tokens of many responses, and how far it could be off.
// Knows scores and two classes; nothing of what a score is made of.

/// Scores of one response's tokens, by their true class.
public struct ClassifiedScores: Hashable, Sendable {
  /// Scores of tokens that stand in an error, which a detector should put above the others.
  public let inside: [Double]
  /// Scores of all other tokens.
  public let outside: [Double]

  /// Makes scores; all are finite.
  public init(inside: [Double], outside: [Double]) {
    self.inside = inside
    self.outside = outside
  }
}

/// The area under the ROC curve: the probability that a token inside of an error scores higher than one outside, both
/// drawn at random, where a tie counts as half.
///
/// ```
/// AUC = 1/(P N) Σ_{i inside} Σ_{j outside} ( [s_i > s_j] + ½ [s_i = s_j] )
/// ```
///
/// The pairs are those of all responses together. Wins are counted in whole halves, so that the only rounding is that of
/// the quotient, and no order of the tokens changes a bit.
public struct AreaUnderCurve: Hashable, Sendable {
  /// What a response has in the area: two means over its tokens.
  ///
  /// Over all responses, each weighted by its tokens, either mean is the area.
  public struct Share: Hashable, Sendable {
    /// The share of all tokens outside that its tokens inside score above; nil if it has none inside.
    public let inside: Double?
    /// The share of all tokens inside that score above its tokens outside; nil if it has none outside.
    public let outside: Double?
  }

  /// The area, 0...1; nil if no token is inside or none outside.
  public let value: Double?
  /// What each response has in it, in order; nothing where there is no area.
  public let shares: [Share]

  /// The area of one response alone.
  public init(of scores: ClassifiedScores) { self.init(over: [scores]) }

  /// The area over all tokens of several responses.
  ///
  /// - Parameter responses: The scores of each response's tokens.
  public init(over responses: [ClassifiedScores]) {
    let inside = responses.flatMap(\.inside).sorted()
    let outside = responses.flatMap(\.outside).sorted()
    guard !inside.isEmpty, !outside.isEmpty else {
      value = nil
      shares = responses.map { _ in Share(inside: nil, outside: nil) }
      return
    }
    func mean(_ halves: [Int], of others: Int) -> Double? {
      halves.isEmpty ? nil : Double(halves.reduce(0, +)) / Double(2 * others * halves.count)
    }
    value = mean(inside.map { Self.halves(won: $0, over: outside) }, of: outside.count)
    shares = responses.map { response in
      Share(
        inside: mean(response.inside.map { Self.halves(won: $0, over: outside) }, of: outside.count),
        outside: mean(
          response.outside.map { 2 * inside.count - Self.halves(won: $0, over: inside) }, of: inside.count))
    }
  }

  /// Two for each sorted score that is lower, one for each that is equal.
  private static func halves(won score: Double, over sorted: [Double]) -> Int {
    border(in: sorted) { $0 < score } + border(in: sorted) { $0 <= score }
  }

  /// How many scores at the front meet a condition that none meets after one that does not.
  private static func border(in sorted: [Double], _ condition: (Double) -> Bool) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if condition(sorted[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension AreaUnderCurve {
  /// The kinds of outcomes that a response's share becomes.
  public enum Side: String, Sendable {
    /// Its tokens inside of errors.
    case inside
    /// Its other tokens.
    case outside
  }

  /// A response's share as two outcomes, each weighted by its tokens: the mean over all responses is the area.
  ///
  /// - Parameters:
  ///   - share: The response's share.
  ///   - scores: The response's scores.
  ///   - reason: What is to be said of the response.
  /// - Returns: That of its tokens inside, then that of its tokens outside.
  public static func outcomes(_ share: Share, _ scores: ClassifiedScores, reason: String) -> [Outcome] {
    [
      Outcome(
        kind: Side.inside.rawValue, value: share.inside ?? 0,
        weight: share.inside == nil ? 0 : Double(scores.inside.count), reason: reason),
      Outcome(
        kind: Side.outside.rawValue, value: share.outside ?? 0,
        weight: share.outside == nil ? 0 : Double(scores.outside.count), reason: reason),
    ]
  }

  /// The standard error of an area over responses, which are drawn independently; their tokens are not.
  ///
  /// ```
  /// φ_r = P_r (V_r - AUC)/P + N_r (W_r - AUC)/N,   SE² = R/(R - 1) Σ_r φ_r²
  /// ```
  ///
  /// with the means V_r (inside) and W_r (outside) of ``Share`` and R responses: Obuchowski's estimate for clustered
  /// data (Biometrics 53, 1997), which for clusters of one token is that of DeLong, DeLong and Clarke-Pearson (1988) but
  /// for the factors P/(P - 1) and N/(N - 1), here R/(R - 1) for both.
  ///
  /// - Parameters:
  ///   - records: The outcomes of ``outcomes(_:_:reason:)``.
  ///   - area: The area over all of them.
  /// - Returns: Nil for fewer than two responses that count.
  static func standardError(of records: [Outcomes], around area: Double) -> Double? {
    let influences = influences(of: records, around: area)
    guard influences.count > 1 else { return nil }
    let squares = influences.reduce(0.0) { $0 + $1.value * $1.value }
    return (squares * Double(influences.count) / Double(influences.count - 1)).squareRoot()
  }

  /// What each response adds to an area, so that their mean is it: AUC + R φ_r, with φ_r and R as the standard error has them.
  ///
  /// Two detectors' areas over the same responses are compared by the differences of these, which are the clusters'
  /// covariance in Obuchowski's test; for clusters of one token it is DeLong's.
  ///
  /// - Parameter records: The outcomes of ``outcomes(_:_:reason:)``.
  /// - Returns: One number for each response that counts, in order; empty where there is no area.
  public static func contributions(of records: [Outcomes]) -> [(id: RecordID, value: Double)] {
    guard let area = Measured.mean(of: records) else { return [] }
    let influences = influences(of: records, around: area)
    return influences.map { ($0.id, area + Double(influences.count) * $0.value) }
  }

  /// How far each response that counts pulls the area: φ_r; their sum is 0.
  private static func influences(
    of records: [Outcomes], around area: Double
  ) -> [(id: RecordID, value: Double)] {
    func weight(_ side: Side) -> Double {
      records.reduce(0) { sum, record in
        record.outcomes.reduce(sum) { $1.kind == side.rawValue ? $0 + $1.weight : $0 }
      }
    }
    let totals = [Side.inside.rawValue: weight(.inside), Side.outside.rawValue: weight(.outside)]
    return records.filter { $0.outcomes.contains { $0.weight > 0 } }.map { record in
      let influence = record.outcomes.reduce(0.0) { sum, outcome in
        guard let total = totals[outcome.kind], total > 0 else { return sum }
        return sum + outcome.weight * (outcome.value - area) / total
      }
      return (record.id, influence)
    }
  }
}
