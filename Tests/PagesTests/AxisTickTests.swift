// Marks of axes, worked by hand.

import Pages
import Testing

@Suite struct AxisMarks {
  /// A range, how many marks there may be, and the marks as they are written.
  struct Case: CustomTestStringConvertible {
    let low: Double
    let high: Double
    let most: Int
    var isWhole = false
    let labels: [String]

    var testDescription: String { "\(low) to \(high)" }
  }

  @Test(arguments: [
    // A tenth would give eleven marks, two tenths give six.
    Case(low: 0, high: 1, most: 6, labels: ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    // Halves would be eight from -1.5 to 2; ones are five.
    Case(low: -1.45, high: 1.52, most: 6, labels: ["-2", "-1", "0", "1", "2"]),
    Case(low: 1, high: 3, most: 8, isWhole: true, labels: ["1", "2", "3"]),
    // Twenties would be ten from 0 to 180.
    Case(low: 1, high: 180, most: 8, isWhole: true, labels: ["0", "50", "100", "150", "200"]),
    // One number has half of itself around it: 0.34655 to 1.03965.
    Case(low: 0.6931, high: 0.6931, most: 6, labels: ["0.2", "0.4", "0.6", "0.8", "1.0", "1.2"]),
    Case(low: 0, high: 0, most: 5, labels: ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
    Case(low: 1, high: 1, most: 8, isWhole: true, labels: ["1", "2"]),
    Case(low: 0, high: 0.00003, most: 4, labels: ["0.0", "1e-05", "2e-05", "3e-05"]),
    Case(low: 0, high: 2_500_000, most: 4, labels: ["0.0", "1000000.0", "2000000.0", "3000000.0"]),
    Case(low: 62.7, high: 64.8, most: 6, labels: ["62.5", "63.0", "63.5", "64.0", "64.5", "65.0"]),
  ])
  func marksStandAtRoundNumbers(_ one: Case) {
    let ticks = AxisTicks(from: one.low, to: one.high, atMost: one.most, isWhole: one.isWhole)
    #expect(ticks.values.map { ticks.label($0) } == one.labels)
  }

  @Test func marksAreAroundEveryRangeAndAsFewAsAllowed() {
    var number: UInt64 = 7
    func next() -> Double {
      number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(number >> 11) / Double(UInt64(1) << 53)
    }
    for _ in 0..<2000 {
      let size = [1e-6, 1e-3, 1, 1e4, 1e9][Int(next() * 5)]
      let low = (next() - 0.5) * size
      let high = low + next() * size
      let ticks = AxisTicks(from: low, to: high, atMost: 6)
      let room = (high - low) * 1e-6
      #expect((2...6).contains(ticks.values.count), "\(low) to \(high)")
      #expect(
        (ticks.values.first ?? .nan) <= low + room && (ticks.values.last ?? .nan) >= high - room, "\(low) to \(high)")
      #expect(zip(ticks.values, ticks.values.dropFirst()).allSatisfy { $0 < $1 })
      #expect(Set(ticks.values.map { ticks.label($0) }).count == ticks.values.count, "\(low) to \(high)")
    }
  }
}
