// What is said of a claim about two numbers, once their difference has an estimate.

/// Whether a claim of the kind "this number is larger than that one" is borne out.
public enum Verdict: String, Hashable, Sendable, CaseIterable {
  /// The difference is in the claimed direction, and more than noise.
  case holds
  /// The difference is in the other direction, and more than noise.
  case doesNotHold = "does not hold"
  /// The sample cannot tell.
  case undecided

  /// The level of every verdict, over all claims that are judged together.
  public static let level = 0.05

  /// Judges a claim.
  ///
  /// The rule is the same for both directions, so that a claim and its opposite can never both hold, and Holm's correction
  /// bounds the chance that noise is taken for a verdict, `holds` and `does not hold` alike. An interval is not asked: that of
  /// a bootstrap may exclude 0 where the exact test, which is right for few records, does not reject.
  ///
  /// - Parameters:
  ///   - difference: The left number minus the right one.
  ///   - p: The two-sided p-value, corrected for the number of claims.
  ///   - isGreater: Whether the left number is claimed to be larger; else it is claimed to be smaller.
  public init(difference: Double, p: Double, isGreater: Bool) {
    guard p <= Self.level, difference != 0, difference.isFinite else {
      self = .undecided
      return
    }
    self = (difference > 0) == isGreater ? .holds : .doesNotHold
  }
}
