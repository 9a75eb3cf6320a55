// The interval of 95% of a number of a table.
// Knows how each kind of number varies; nothing of how it is printed.

public import Records
public import Statistics

extension Measured {
  /// Where the mean may lie: of several seeds by their spread, of one by its records; nil where neither says.
  ///
  /// Intervals over seeds speak of other seeds, those over records do not. Seeds that all came to one number do not say how
  /// far others would lie from it: the records of the first are asked in their place.
  public var interval: MeanInterval? {
    guard let mean else { return nil }
    let found: MeanInterval
    if let spread, spread > 0 {
      found = MeanInterval(overSeeds: mean, spread: spread, seeds: seeds.count)
    } else if let standardError {
      found =
        isShareOfVerdicts
        ? MeanInterval(ofShare: mean, records: records) : MeanInterval(overRecords: mean, standardError: standardError)
    } else {
      return nil
    }
    return Self.isShare(kind) ? found.within(0...1) : found
  }
}
