// How often intervals hold what they are said to hold, by simulation: the numbers that their documentation states.

import Foundation
import Statistics
import Testing

@Suite struct Coverage {
  /// Random numbers that are the same in every run (SplitMix64).
  struct Noise {
    var state: UInt64

    mutating func uniform() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((word ^ (word >> 31)) >> 11) * 0x1p-53
    }

    mutating func normal() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }

    mutating func normals(_ count: Int, mean: Double = 0, deviation: Double = 1) -> [Double] {
      (0..<count).map { _ in mean + deviation * normal() }
    }

    /// How many of so many records are right.
    mutating func right(of count: Int, _ share: Double) -> Int { (0..<count).count { _ in uniform() < share } }
  }

  /// How many of the simulated tables have an interval that holds the truth.
  private static func held(_ tables: Int, seed: UInt64, _ holds: (inout Noise) -> Bool) -> Int {
    var noise = Noise(state: seed)
    return (0..<tables).count { _ in holds(&noise) }
  }

  /// Whether a count is what a stated share makes likely: within three standard deviations of a binomial distribution.
  private static func isLikely(_ count: Int, of tables: Int, _ stated: Double) -> Bool {
    let deviation = (Double(tables) * stated * (1 - stated)).squareRoot()
    return (Double(count) - Double(tables) * stated).magnitude <= 3 * deviation
  }

  private static func mean(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / Double(values.count - 1)).squareRoot())
  }

  private static func holds(_ interval: MeanInterval, _ truth: Double) -> Bool {
    interval.low <= truth && truth <= interval.high
  }

  /// Shares of records over seeds are spread nearly as normal numbers are, but near 0 and 1, which legends say of shares of
  /// fewer than five records of a kind: there seeds often come to one number.
  @Test(arguments: [(300, 0.5, 2, 0.95), (300, 0.05, 3, 0.95), (20, 0.95, 2, 0.83), (300, 0.01, 2, 0.89)])
  func studentsOfShares(records: Int, share: Double, seeds: Int, stated: Double) {
    let tables = 4000
    let held = Self.held(tables, seed: 2) { noise in
      let shares = (0..<seeds).map { _ in Double(noise.right(of: records, share)) / Double(records) }
      let (mean, deviation) = Self.mean(shares)
      return Self.holds(MeanInterval(overSeeds: mean, spread: deviation, seeds: seeds), share)
    }
    #expect((Double(held) / Double(tables) - stated).magnitude < 0.02, "\(held)")
  }

  @Test(arguments: [2, 3, 5])
  func studentsOverSeeds(seeds: Int) {
    let held = Self.held(10_000, seed: 1) { noise in
      let (mean, deviation) = Self.mean(noise.normals(seeds, mean: 0.6, deviation: 0.05))
      return Self.holds(MeanInterval(overSeeds: mean, spread: deviation, seeds: seeds), 0.6)
    }
    #expect(Self.isLikely(held, of: 10_000, 0.95), "\(held)")
  }

  /// What stands behind ± alone is no interval of 95%: of three seeds it is one of 58%, of the error over records one of 68%.
  @Test(arguments: [(3, 0.577), (5, 0.626)])
  func oneSpreadOverSeeds(seeds: Int, stated: Double) {
    let held = Self.held(10_000, seed: 2) { noise in
      let (mean, deviation) = Self.mean(noise.normals(seeds))
      return mean.magnitude <= deviation / Double(seeds).squareRoot()
    }
    #expect(Self.isLikely(held, of: 10_000, stated), "\(held)")
  }

  @Test(arguments: [(200, 0.949), (20, 0.935)])
  func normalOverRecords(records: Int, stated: Double) {
    let held = Self.held(10_000, seed: 3) { noise in
      let (mean, deviation) = Self.mean(noise.normals(records, mean: 1))
      let error = deviation / Double(records).squareRoot()
      return Self.holds(MeanInterval(overRecords: mean, standardError: error), 1)
    }
    #expect(Self.isLikely(held, of: 10_000, stated), "\(held)")
  }

  @Test(arguments: [(200, 0.5, 0.944, 0.944), (200, 0.02, 0.933, 0.908), (20, 0.1, 0.957, 0.876)])
  func sharesOfRecords(records: Int, share: Double, wilson: Double, normal: Double) {
    var holdNormal = 0
    let held = Self.held(10_000, seed: 4) { noise in
      let found = Double(noise.right(of: records, share)) / Double(records)
      let error = (found * (1 - found) / Double(records - 1)).squareRoot()
      if Self.holds(MeanInterval(overRecords: found, standardError: error), share) { holdNormal += 1 }
      return Self.holds(MeanInterval(ofShare: found, records: records), share)
    }
    #expect(Self.isLikely(held, of: 10_000, wilson), "Wilson: \(held)")
    #expect(Self.isLikely(holdNormal, of: 10_000, normal), "normal: \(holdNormal)")
  }

  /// The second method's seeds spread as much as the first's, or three times as much.
  @Test(arguments: [(2, 1.0, 0.976), (3, 1, 0.965), (5, 1, 0.956), (3, 3, 0.948)])
  func welchOverSeeds(seeds: Int, ratio: Double, stated: Double) throws {
    let held = Self.held(2000, seed: 5) { noise in
      let (first, second) = (noise.normals(seeds), noise.normals(seeds, mean: 0.5, deviation: ratio))
      guard let found = Estimate.welch(first, second) else { return false }
      return found.low <= 0.5 && 0.5 <= found.high
    }
    #expect(Self.isLikely(held, of: 2000, stated), "\(held)")
  }

  /// Differences of records that are normal, or exponential: skewed as perplexities and lengths are.
  @Test(arguments: [
    (2, 0.52, 0.46), (3, 0.76, 0.69), (5, 0.84, 0.78), (10, 0.900, 0.860), (20, 0.925, 0.902), (40, 0.936, 0.926),
    (80, 0.948, 0.935),
  ])
  func bootstrapOverRecords(records: Int, normal: Double, skewed: Double) {
    for (stated, isSkewed) in [(normal, false), (skewed, true)] {
      let held = Self.held(400, seed: 6) { noise in
        let differences = (0..<records).map { _ in isSkewed ? -log(1 - noise.uniform()) : 1 + noise.normal() }
        return Self.bootstrapHolds(differences.map { (0, $0) }, 1, seed: noise.state)
      }
      #expect(Self.isLikely(held, of: 400, stated), "\(isSkewed ? "skewed" : "normal"): \(held)")
    }
  }

  /// Verdicts on the same records, of which shares are right by the first alone and by the second alone: often, hardly ever, and in
  /// one direction only.
  @Test(arguments: [
    (10, 0.1, 0.3), (10, 0, 0.02), (20, 0.1, 0.3), (20, 0.05, 0.05), (40, 0, 0.025), (40, 0, 0.011), (80, 0.05, 0.2),
    (100, 0, 0.01), (1000, 0.02, 0.05), (1000, 0, 0.001),
  ])
  func intervalsOverVerdicts(records: Int, first: Double, second: Double) {
    let held = Self.held(2000, seed: 7) { noise in
      var (onlyFirst, onlySecond) = (0, 0)
      for _ in 0..<records {
        let place = noise.uniform()
        if place < first { onlyFirst += 1 } else if place < first + second { onlySecond += 1 }
      }
      let interval = Disagreement(onlyFirst: onlyFirst, onlySecond: onlySecond).interval(of: records)
      return interval.low <= second - first && second - first <= interval.high
    }
    // 94%, less three standard deviations of what chance makes of 2,000 tables.
    #expect(Double(held) / 2000 > 0.94 - 0.016, "\(held)")
  }

  /// Where there is no difference, tests find one in 5% of tables at most: McNemar's in fewer, for it is exact.
  @Test(arguments: [(20, 0.009), (80, 0.029)])
  func mcNemarFindsNothing(records: Int, stated: Double) {
    let found = Self.held(10_000, seed: 8) { noise in
      Disagreement(Self.verdicts(records, &noise, 0.5)).p <= Verdict.level
    }
    #expect(Self.isLikely(found, of: 10_000, stated), "\(found)")
    #expect(stated < Verdict.level)
  }

  @Test(arguments: [10, 80])
  func thePairedTestFindsNothing(records: Int) {
    let found = Self.held(2000, seed: 9) { noise in
      (Estimate.paired(noise.normals(records))?.p ?? 1) <= Verdict.level
    }
    #expect(Self.isLikely(found, of: 2000, Verdict.level), "\(found)")
  }

  /// The caution is said of what covers noticeably less, and of no more, and says what the simulation above finds.
  @Test func theCautionIsSaidWhereItIsTrue() {
    #expect(PairedComparison.caution(records: 40) == nil)
    let head =
      "An interval over fewer than 40 records that are not right or wrong is a bootstrap's of so few, which covers"
    for records in [10, 39] { #expect(PairedComparison.caution(records: records) == "\(head) 86 to 94%, not 95%.") }
    #expect(
      PairedComparison.caution(records: 7) == "\(head) less than 95%: of 10 or more 86 to 94%, of 5 to 9 78 to 90%.")
    #expect(
      PairedComparison.caution(records: 2)
        == "\(head) less than 95%: of 10 or more 86 to 94%, of 5 to 9 78 to 90%, of 3 or 4 69 to 80%, of 2 46 to 52%.")
  }

  /// The first one is right on half of the records, the second on a share of them.
  private static func verdicts(
    _ records: Int, _ noise: inout Noise, _ share: Double
  ) -> [(first: Double, second: Double)] {
    (0..<records).map { _ in
      let shared = noise.uniform()
      let own = noise.uniform() < 0.5 ? shared : noise.uniform()
      return (shared < 0.5 ? 1 : 0, own < share ? 1 : 0)
    }
  }

  private static func bootstrapHolds(
    _ values: [(first: Double, second: Double)], _ truth: Double, seed: UInt64
  ) -> Bool {
    let records = values.map {
      PairedRecord(first: .init(sum: $0.first, weight: 1), second: .init(sum: $0.second, weight: 1))
    }
    guard let found = PairedComparison(records).estimate(seed: seed) else { return false }
    return found.low <= truth && truth <= found.high
  }
}
