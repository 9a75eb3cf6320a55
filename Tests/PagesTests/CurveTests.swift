// Means and bands over seeds, worked by hand.

import Pages
import Testing

@Suite struct Curves {
  private func logged(_ values: [Double]) -> [LoggedNumber] {
    values.enumerated().map { LoggedNumber(step: $0 + 1, value: $1) }
  }

  /// (2 + 4 + 3) / 3 = 3 between 2 and 4; of the second step two seeds: (4 + 8) / 2 = 6 between 4 and 8.
  @Test func theBandReachesFromTheLeastSeedToTheLargest() {
    let curve = Curve(name: "a", seeds: [logged([2, 4]), logged([4, 8]), logged([3])])
    #expect(
      curve.points == [
        CurvePoint(step: 1, mean: 3, low: 2, high: 4, seeds: 3),
        CurvePoint(step: 2, mean: 6, low: 4, high: 8, seeds: 2),
      ])
  }

  @Test func whatIsNotFiniteIsNotDrawn() {
    let curve = Curve(name: "a", seeds: [logged([1, .nan, .infinity, 4])])
    #expect(curve.points.map(\.step) == [1, 4])
    #expect(CurveChart(title: "t", unit: "", curves: [curve]).range == 1...4)
    #expect(CurveChart(title: "t", unit: "", curves: []).range == nil)
  }
}
