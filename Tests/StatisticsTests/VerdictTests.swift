// When a claim holds, when it does not, and when nobody can tell: the rule by hand.

import Statistics
import Testing

@Suite struct Verdicts {
  @Test(arguments: [
    (0.2, 0.01, true, Verdict.holds), (-0.2, 0.01, true, .doesNotHold), (-0.2, 0.01, false, .holds),
    (0.2, 0.01, false, .doesNotHold),
    // The level itself is enough, and nothing above it.
    (0.2, 0.05, true, .holds), (0.2, 0.0500001, true, .undecided), (-0.2, 0.0500001, true, .undecided),
    (0.2, 1, true, .undecided),
    // Without a difference there is no direction, whatever a degenerate test says.
    (0, 0, true, .undecided), (0, 1, false, .undecided), (.nan, 0.01, true, .undecided),
    (0.2, .nan, true, .undecided), (.infinity, 0, true, .undecided),
  ])
  func rule(_ difference: Double, _ p: Double, _ isGreater: Bool, _ expected: Verdict) {
    #expect(Verdict(difference: difference, p: p, isGreater: isGreater) == expected)
  }

  /// Of a claim and its opposite at most one holds, and one holds exactly where the other does not.
  @Test func aClaimAndItsOpposite() {
    for difference in [-1.0, -0.01, 0, 0.01, 1] {
      for p in [0, 0.04, 0.05, 0.06, 1.0] {
        let claim = Verdict(difference: difference, p: p, isGreater: true)
        let opposite = Verdict(difference: difference, p: p, isGreater: false)
        #expect((claim == .holds) == (opposite == .doesNotHold) && (opposite == .holds) == (claim == .doesNotHold))
        #expect((claim == .undecided) == (opposite == .undecided))
      }
    }
  }

  /// With two degrees of freedom Student's t has closed quantiles: t = a·√(2 / (1 − a²)) for a probability a of lying within ±t.
  ///
  /// For 95% that is 0.95·√(2/0.0975) = 4.302653, for 60% 0.6·√(2/0.64) = 1.060660; the seeds 0.1, 0.2 and 0.7, 0.8 have a
  /// standard error of √(0.005/2 + 0.005/2) = 0.0707107 and t = 0.6/0.0707107 = 8.485281, p = 1 − t/√(t² + 2) = 0.013606.
  @Test func whatSeedsCouldHaveShown() throws {
    let found = try #require(Estimate.welch([0.1, 0.2], [0.7, 0.8]))
    #expect(abs(found.p - 0.0136054) < 2e-6, "\(found.p)")
    #expect(abs(found.detectable - (4.302653 + 1.060660) * 0.0707107) < 1e-6, "\(found.detectable)")
    // What is found four times in five lies beyond what an interval just excludes.
    #expect(found.detectable > (found.high - found.low) / 2)
  }

  /// The exact test finds nothing below six records on which only one is right, however little the records vary.
  @Test func whatAFewRecordsCouldHaveShown() throws {
    func detectable(_ records: Int, right: Int) throws -> Double {
      let pairs = (0..<records).map { index in
        PairedRecord(first: .init(sum: 0, weight: 1), second: .init(sum: index < right ? 1 : 0, weight: 1))
      }
      return try #require(PairedComparison(pairs).estimate()).detectable
    }
    // Six or more of 12 disagree in four samples of five where 58% do.
    for right in [0, 12] { #expect(abs(try detectable(12, right: right) - 0.5779388568649758) < 1e-9) }
    // More than there is: four records can show nothing at all.
    #expect(try detectable(4, right: 4) == 1.5)
    // 30 of 100 have a standard error of 0.046057, and 99 degrees of freedom quantiles of 1.984217 and 0.845267.
    #expect(abs(try detectable(100, right: 30) - 0.046057 * 2.829484) < 1e-5)
  }

  @Test func spread() throws {
    #expect(try #require(Estimate.welch([0.1, 0.2], [0.7, 0.8])).hasSpread)
    #expect(try !#require(Estimate.welch([0.5, 0.5], [0, 0])).hasSpread)
    #expect(try #require(Estimate.welch([0.5, 0.5], [0, 0.1])).hasSpread)
    #expect(try !#require(Estimate.paired([0.25, 0.25, 0.25])).hasSpread)
    // 0.3 − 0.2 and 0.5 − 0.4 differ in their last digits only.
    #expect(try !#require(Estimate.paired([0.3 - 0.2, 0.5 - 0.4, 0.1])).hasSpread)
  }
}
