// Where the marks of an axis stand: at multiples of 1, 2 or 5 times a power of ten.
// Pure arithmetic without a C library: the same numbers give the same marks everywhere.

import Reporting

/// The marks of an axis.
package struct AxisTicks: Sendable {
  /// Their places, ascending; the first is at most the least number shown, the last at least the largest.
  package let values: [Double]
  private let decimals: Int

  /// Places marks around a range.
  ///
  /// - Parameters:
  ///   - low: The least number that is shown.
  ///   - high: The largest; where it is no larger than the least, the axis has room around it.
  ///   - count: How many marks there may be, at least 2.
  ///   - isWhole: Whether only whole numbers have a meaning, as of optimizer steps.
  package init(from low: Double, to high: Double, atMost count: Int, isWhole: Bool = false) {
    var (low, high) = (low, high)
    if !(high > low) {
      let room = low == 0 || isWhole ? 1 : low.magnitude / 2
      (low, high) = (isWhole ? low : low - room, low + room)
    }
    var step = Step(power: Self.power(atMost: (high - low) / Double(count)))
    if isWhole, step.power < 0 { step = Step(power: 0) }
    while step.marks(low, high).count > count { step.grow() }
    let marks = step.marks(low, high)
    values = marks.map { step.value($0) }
    decimals = max(0, -step.power)
  }

  /// The first mark.
  var low: Double { values[0] }
  /// The last mark.
  var high: Double { values[values.count - 1] }

  /// What stands at a mark: all of an axis have as many decimals.
  package func label(_ value: Double) -> String {
    if decimals > 4 || max(low.magnitude, high.magnitude) >= 1e6 { return String(value) }
    return NumberFormat.fixed(value, decimals: decimals)
  }

  /// The largest power of ten that is no larger than a number; of what is no positive number, 0.
  private static func power(atMost number: Double) -> Int {
    guard number > 0, number.isFinite else { return 0 }
    var power = 0
    while power < 300, Step(power: power + 1).size <= number { power += 1 }
    while power > -300, Step(power: power).size > number { power -= 1 }
    return power
  }

  /// The way from a mark to the next.
  private struct Step {
    var digit = 1
    var power: Int

    mutating func grow() {
      switch digit {
      case 1: digit = 2
      case 2: digit = 5
      default: (digit, power) = (1, power + 1)
      }
    }

    var size: Double { value(1) }

    /// A multiple of the step, rounded once: tens are multiplied before they divide.
    func value(_ multiple: Int) -> Double {
      let tens = (0..<power.magnitude).reduce(1.0) { product, _ in product * 10 }
      let whole = Double(multiple * digit)
      return power < 0 ? whole / tens : whole * tens
    }

    /// The multiples around a range.
    func marks(_ low: Double, _ high: Double) -> ClosedRange<Int> {
      // What a division misses by rounding is no reason for one more mark.
      let (first, last) = ((low / size + 1e-9).rounded(.down), (high / size - 1e-9).rounded(.up))
      // A range far from zero beside its width has no finer marks than numbers can tell apart.
      guard first.magnitude < 1e15, last.magnitude < 1e15 else { return 0...Int(Int32.max) }
      return Int(first)...Int(last)
    }
  }
}
