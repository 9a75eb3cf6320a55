// Comparisons over records: by hand, and how often their intervals hold what they should.

import Statistics
import Testing

struct PairedComparisonTests {
  private static func record(_ first: Double, _ second: Double, weight: Double = 1) -> PairedRecord {
    PairedRecord(first: .init(sum: first, weight: weight), second: .init(sum: second, weight: weight))
  }

  @Test func rightAndWrongByHand() throws {
    // Ten records: both right on three, only the first on one, only the second on five, none on one.
    let records = [(1.0, 1.0, 3), (1, 0, 1), (0, 1, 5), (0, 0, 1)].flatMap { first, second, count in
      Array(repeating: Self.record(first, second), count: count)
    }
    let comparison = PairedComparison(records)
    let found = try #require(comparison.estimate())
    #expect(comparison.disagreement == Disagreement(onlyFirst: 1, onlySecond: 5))
    #expect(found.difference == 0.4)
    // 2 · (C(6,0) + C(6,1)) / 2^6.
    #expect(found.p == 14.0 / 64)
    #expect(found.low > -0.2 && found.low < 0.2 && found.high > 0.6 && found.high <= 1)
  }

  @Test func weightsMakeARatio() throws {
    let records = [
      PairedRecord(first: .init(sum: 2, weight: 1), second: .init(sum: 6, weight: 3)),
      PairedRecord(first: .init(sum: 1, weight: 2), second: .init(sum: 2, weight: 1)),
    ]
    let found = try #require(PairedComparison(records).estimate())
    #expect(found.difference == 2 - 1)
    let exponential = try #require(PairedComparison(records, isExponential: true).estimate())
    #expect(abs(exponential.difference - (7.38905609893065 - 2.718281828459045)) < 1e-12)
    #expect(PairedComparison(records).disagreement == nil)
  }

  @Test func theSameSeedDrawsTheSame() throws {
    let records = (0..<50).map { Self.record(Double($0 % 7), Double($0 % 5)) }
    let comparison = PairedComparison(records)
    #expect(comparison.estimate(seed: 3) == comparison.estimate(seed: 3))
    #expect(comparison.estimate(seed: 3) != comparison.estimate(seed: 4))
  }

  @Test func equalIsCertain() throws {
    let records = (0..<20).map { Self.record(Double($0), Double($0)) }
    let found = try #require(PairedComparison(records).estimate())
    #expect(found.difference == 0 && found.low == 0 && found.high == 0 && found.p == 1)
    #expect(PairedComparison([Self.record(0, 1)]).estimate() == nil)
    #expect(PairedComparison([Self.record(0, 0, weight: 0), Self.record(0, 0, weight: 0)]).estimate() == nil)
  }

  /// Of 300 samples of 80 records each, 95% of the intervals hold the true difference, give or take what chance allows.
  @Test func intervalsHoldTheTruth() throws {
    var state: UInt64 = 88_172_645_463_325_252
    func uniform() -> Double {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Double(state >> 11) * 0x1p-53
    }
    let truth = 0.65 - 0.5
    var held = 0
    for sample in 0..<300 {
      let records = (0..<80).map { _ -> PairedRecord in
        // The same record is easy or hard for both.
        let shared = uniform()
        return Self.record(shared < 0.5 ? 1 : 0, (uniform() < 0.5 ? shared : uniform()) < 0.65 ? 1 : 0)
      }
      let found = try #require(PairedComparison(records).estimate(seed: UInt64(sample)))
      if found.low <= truth, truth <= found.high { held += 1 }
    }
    // 285 are expected; three standard deviations of that are 11.
    #expect((270...298).contains(held), "\(held) of 300")
  }
}
