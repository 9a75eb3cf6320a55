// McNemar's test: of the records on which two models disagree, is one right more often?

/// How often two models were right on the same records.
public struct Disagreement: Hashable, Sendable {
  /// Records on which only the first was right.
  public let onlyFirst: Int
  /// Records on which only the second was right.
  public let onlySecond: Int

  /// On so few records the two must disagree, all in one direction, before chance is excluded at a level of 5%: 2·2⁻⁶ is below
  /// it and 2·2⁻⁵ above.
  static let fewestFound = 6

  /// Makes a count.
  public init(onlyFirst: Int, onlySecond: Int) {
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
  }

  /// Counts records; values are 0 or 1.
  public init(_ pairs: [(first: Double, second: Double)]) {
    self.init(
      onlyFirst: pairs.count { $0.first > $0.second }, onlySecond: pairs.count { $0.first < $0.second })
  }

  /// The exact two-sided p-value.
  ///
  /// Where neither is better it is 5% or less in 0.9% of samples of 20 records, and 2.9% of 80, half of whose verdicts the two have in
  /// common (`CoverageTests`).
  ///
  /// It is twice the smaller tail of a binomial distribution with a half, at most 1.
  ///
  /// Source: McNemar, Psychometrika 12 (1947), in its exact form.
  public var p: Double {
    let trials = onlyFirst + onlySecond
    let smaller = min(onlyFirst, onlySecond)
    if onlyFirst == onlySecond { return 1 }
    // 2^-n is below the smallest number from n = 1075 on, so the terms keep their power of two apart.
    var term = 1.0
    var power = -trials
    var tail = Scaled(term, power)
    for k in 0..<smaller {
      term *= Double(trials - k) / Double(k + 1)
      if term > 0x1p500 {
        term *= 0x1p-500
        power += 500
      }
      tail.add(term, power)
    }
    return min(1, 2 * tail.value)
  }

  /// The interval of 95% of the second's share of right records less the first's.
  ///
  /// Those differences that a score test does not exclude, the shares of records on which only one is right taken as likely as
  /// they can be with the difference. It has a width where the two never disagree, too, as a bootstrap has not.
  ///
  /// Source: Tango, Statistics in Medicine 17 (1998).
  ///
  /// - Parameter records: All records, those on which the two agree among them; at least 1.
  /// - Returns: The ends, each between -1 and 1.
  public func interval(of records: Int) -> (low: Double, high: Double) {
    let estimate = Double(onlySecond - onlyFirst) / Double(records)
    let bounds = [-1.0, 1.0].map { end in
      var (excluded, kept) = (end, estimate)
      // Each step halves what is left, which 60 of them bring below the last digit.
      for _ in 0..<60 {
        let middle = (excluded + kept) / 2
        if squaredScore(of: middle, records) > Self.normalSquared { excluded = middle } else { kept = middle }
      }
      return kept
    }
    return (bounds[0], bounds[1])
  }

  /// The square of the normal distribution's quantile of 97.5%.
  private static let normalSquared = 3.841458820694124

  /// The square of the score statistic of a difference between -1 and 1, which grows with the distance from the one found.
  private func squaredScore(of difference: Double, _ records: Int) -> Double {
    let (first, second, count) = (Double(onlyFirst), Double(onlySecond), Double(records))
    // The likeliest share of records on which only the first is right solves a x² + b x + c = 0.
    let a = 2 * count
    let b = (2 * count - second + first) * difference - first - second
    let c = -first * difference * (1 - difference)
    let share = max(0, ((max(0, b * b - 4 * a * c)).squareRoot() - b) / (2 * a))
    let distance = second - first - count * difference
    let variance = count * (2 * share + difference * (1 - difference))
    if distance == 0 { return 0 }
    return variance > 0 ? distance * distance / variance : .infinity
  }

  /// The smallest difference that the exact test finds four times in five.
  ///
  /// Where only one is right on that share of records, ``fewestFound`` or more of them are among so many four times in five. Where
  /// the two disagree in both directions it takes more.
  ///
  /// - Parameter records: All records. Fewer than ``fewestFound`` find nothing.
  /// - Returns: The share of records, above 1 for what finds nothing.
  static func leastFound(of records: Int) -> Double {
    guard records >= fewestFound else { return Double(fewestFound) / Double(records) }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      let power = Beta.regularized(middle, Double(fewestFound), Double(records - fewestFound + 1))
      if power < 0.8 { low = middle } else { high = middle }
    }
    return high
  }

  /// A number and a power of two.
  private struct Scaled {
    private var number: Double
    private var power: Int

    init(_ number: Double, _ power: Int) {
      self.number = number
      self.power = power
    }

    mutating func add(_ other: Double, _ otherPower: Int) {
      // Powers only grow.
      number = number * Self.two(power - otherPower) + other
      power = otherPower
    }

    var value: Double {
      let half = power / 2
      return number * Self.two(half) * Self.two(power - half)
    }

    private static func two(_ power: Int) -> Double {
      power < -1074 ? 0 : Double(sign: .plus, exponent: power, significand: 1)
    }
  }
}
