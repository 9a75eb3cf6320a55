// Intervals for one number: where the mean may lie that a sample of seeds or of records estimates.

/// An interval of 95% for a mean.
///
/// How often each kind holds the true mean is measured by simulation (`CoverageTests`).
public struct MeanInterval: Hashable, Sendable {
  /// Its lower end.
  public let low: Double
  /// Its upper end.
  public let high: Double

  /// Student's interval over seeds: of normal means it holds the true one in 95.0% of samples of 2, 3 and 5 seeds alike.
  ///
  /// Of shares of 300 records too, but near 0 and 1 less: of 1% of 300 records in 89% of samples of 2 seeds, of 95% of 20 in 83%.
  ///
  /// - Parameters:
  ///   - mean: The mean of the seeds.
  ///   - spread: Their sample standard deviation, at least 0.
  ///   - seeds: How many there are, at least 2.
  public init(overSeeds mean: Double, spread: Double, seeds: Int) {
    self.init(around: mean, reach: Self.timesSpread(seeds: seeds) * spread)
  }

  /// The normal interval over the records of one seed, ± 1.96 standard errors.
  ///
  /// It speaks of other records, not of other seeds. Of normal values it holds the true mean in 94.9% of samples of 200 records
  /// and 93.5% of samples of 20; of shares near 0 or 1 in far fewer, for which there is ``init(ofShare:records:)``.
  ///
  /// - Parameters:
  ///   - mean: The mean over records.
  ///   - standardError: Its standard error, at least 0.
  public init(overRecords mean: Double, standardError: Double) {
    self.init(around: mean, reach: Self.normal * standardError)
  }

  /// Wilson's interval for the share of records that are right.
  ///
  /// It holds a share of 50% in 94.4% of samples of 200 records, one of 2% in 93.3% (the normal interval: 90.8%), and of 20
  /// records, where the share is 10%, in 95.7% (the normal one: 87.6%). Source: Wilson, JASA 22 (1927).
  ///
  /// - Parameters:
  ///   - share: The share, 0...1.
  ///   - records: How many records there are, at least 1.
  public init(ofShare share: Double, records: Int) {
    let count = Double(records)
    let square = Self.normal * Self.normal
    let middle = (share + square / (2 * count)) / (1 + square / count)
    let variance = share * (1 - share) / count + square / (4 * count * count)
    let reach = Self.normal / (1 + square / count) * variance.squareRoot()
    // An end at 0 or 1 is that, not nearly that.
    self.init(low: share == 0 ? 0 : middle - reach, high: share == 1 ? 1 : middle + reach)
  }

  /// How far the interval over seeds reaches to either side.
  ///
  /// - Parameter seeds: How many seeds there are, at least 2.
  /// - Returns: So many times their standard deviation: 9.0 of two seeds, 2.5 of three.
  public static func timesSpread(seeds: Int) -> Double {
    StudentT(degrees: Double(seeds - 1)).critical(0.05) / Double(seeds).squareRoot()
  }

  /// As much of it as a mean can be in: what is cut off held no true mean.
  ///
  /// - Parameter possible: The least and the largest mean that there can be.
  /// - Returns: The rest; an end of `possible` alone where nothing is left.
  public func within(_ possible: ClosedRange<Double>) -> MeanInterval {
    func moved(_ end: Double) -> Double { min(max(end, possible.lowerBound), possible.upperBound) }
    return MeanInterval(low: moved(low), high: moved(high))
  }

  /// The 97.5th percentile of the normal distribution.
  private static let normal = 1.9599639845400545

  private init(around mean: Double, reach: Double) { self.init(low: mean - reach, high: mean + reach) }

  private init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }
}
