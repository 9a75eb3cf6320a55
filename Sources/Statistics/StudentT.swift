// Student's t distribution, and the tests that rest on it.

/// Student's t distribution.
public struct StudentT: Hashable, Sendable {
  /// The degrees of freedom, above 0; not necessarily whole.
  public let degrees: Double

  /// Makes the distribution.
  public init(degrees: Double) { self.degrees = degrees }

  /// P(|T| ≥ |t|), between 0 and 1.
  public func twoSided(_ t: Double) -> Double {
    Beta.regularized(degrees / (degrees + t * t), degrees / 2, 0.5)
  }

  /// The t with P(|T| ≥ t) = `level`.
  ///
  /// - Parameter level: Between 0 and 1, both excluded: 0.05 for an interval of 95%.
  /// - Returns: A number above 0.
  public func critical(_ level: Double) -> Double {
    var high = 1.0
    while twoSided(high) > level { high *= 2 }
    var low = 0.0
    // Until the numbers between are used up.
    while true {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { return high }
      if twoSided(middle) > level { low = middle } else { high = middle }
    }
  }
}

/// A difference with its interval and the probability of one as large if there were none.
public struct Estimate: Hashable, Sendable {
  /// The difference.
  public let difference: Double
  /// The ends of the interval of 95%.
  public let low: Double
  /// The ends of the interval of 95%.
  public let high: Double
  /// The two-sided p-value.
  public let p: Double
  /// The smallest difference that a sample like this one finds four times in five, at a level of 5%.
  public let detectable: Double

  /// Half the width of the interval.
  public var halfWidth: Double { (high - low) / 2 }

  /// Makes an estimate.
  public init(difference: Double, low: Double, high: Double, p: Double, detectable: Double) {
    self.difference = difference
    self.low = low
    self.high = high
    self.p = p
    self.detectable = detectable
  }

  /// The estimate of a t statistic.
  ///
  /// What is found four times in five is taken to lie the quantiles of 97.5% and 80% away from 0, in standard errors: with few
  /// degrees of freedom, as of seeds, a normal distribution's would promise down to half of it. The exact power, of a noncentral
  /// t, asks for 5% more with two degrees of freedom, and for nothing more from ten on.
  init(difference: Double, standardError: Double, degrees: Double) {
    let distribution = StudentT(degrees: degrees)
    let critical = distribution.critical(0.05)
    let reach = critical * standardError
    // Without any spread a difference is certain, and none is none.
    let p = standardError > 0 ? distribution.twoSided(difference / standardError) : difference == 0 ? 1 : 0
    self.init(
      difference: difference, low: difference - reach, high: difference + reach, p: p,
      detectable: (critical + distribution.critical(0.4)) * standardError)
  }

  /// The same with as much of the interval as a difference can be in: what is cut off held no true difference.
  ///
  /// - Parameter possible: The least and the largest difference that there can be.
  /// - Returns: The estimate with the rest of its interval.
  public func within(_ possible: ClosedRange<Double>) -> Estimate {
    func moved(_ end: Double) -> Double { min(max(end, possible.lowerBound), possible.upperBound) }
    return Estimate(difference: difference, low: moved(low), high: moved(high), p: p, detectable: detectable)
  }

  /// Whether what was measured varies at all, by more than the last digits of the numbers.
  ///
  /// Where it does not, a t test has nothing to hold the difference against, and its p-value of 0 says nothing.
  public var hasSpread: Bool { detectable > 1e-9 * difference.magnitude }

  /// Welch's test of two samples' means: `second` minus `first`.
  ///
  /// Of normal numbers that spread alike its interval holds the true difference in 97.6% of pairs of samples of two each, 96.5% of three and
  /// 95.6% of five; where the second spreads three times as much, in 94.8% of three (`CoverageTests`).
  ///
  /// - Parameters:
  ///   - first: At least two numbers.
  ///   - second: At least two numbers.
  /// - Returns: The estimate; nil for fewer numbers.
  public static func welch(_ first: [Double], _ second: [Double]) -> Estimate? {
    guard first.count > 1, second.count > 1 else { return nil }
    let (one, other) = (Sample(first), Sample(second))
    let (a, b) = (one.variance / Double(first.count), other.variance / Double(second.count))
    let error = (a + b).squareRoot()
    // Welch and Satterthwaite's degrees of freedom; where nothing varies any will do.
    let weight = a * a / Double(first.count - 1) + b * b / Double(second.count - 1)
    let degrees = weight > 0 ? (a + b) * (a + b) / weight : Double(first.count + second.count - 2)
    return Estimate(difference: other.mean - one.mean, standardError: error, degrees: degrees)
  }

  /// The t test of paired differences' mean against 0.
  ///
  /// Of normal differences whose mean is 0 it finds one, at a level of 5%, in 5.0% of samples (`CoverageTests`).
  ///
  /// - Parameter differences: At least two numbers.
  /// - Returns: The estimate; nil for fewer numbers.
  public static func paired(_ differences: [Double]) -> Estimate? {
    guard differences.count > 1 else { return nil }
    let sample = Sample(differences)
    return Estimate(
      difference: sample.mean, standardError: (sample.variance / Double(differences.count)).squareRoot(),
      degrees: Double(differences.count - 1))
  }
}

/// A sample's mean and variance.
struct Sample {
  let mean: Double
  /// The sum of squared deviations over n − 1; 0 for one number.
  let variance: Double

  init(_ values: [Double]) {
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    variance = values.count > 1 ? squares / Double(values.count - 1) : 0
  }
}
