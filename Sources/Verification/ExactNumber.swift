// Decimal numbers as they are written, compared digit by digit.
// Knows no floating point, so that 0.1 is 0.1 and a number of a hundred digits is itself.

/// A decimal number of any length.
public struct ExactNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Whether it is below zero; zero is not.
  public let isNegative: Bool
  /// The digits before the point, without leading zeros; `0` if there are none.
  public let whole: String
  /// The digits behind the point, without trailing zeros; empty if there are none.
  public let fraction: String

  /// Makes a number of its digits; nil if there is no digit, something that is no digit, or the exponent is out of range.
  ///
  /// - Parameters:
  ///   - isNegative: Whether a minus stood before it.
  ///   - whole: Decimal digits before the point.
  ///   - fraction: Decimal digits behind the point.
  ///   - exponent: The power of ten to multiply with, from -999 to 999.
  public init?(isNegative: Bool = false, whole: String, fraction: String = "", exponent: Int = 0) {
    var whole = Array(whole.utf8)
    var fraction = Array(fraction.utf8)
    let zero = UInt8(ascii: "0")
    guard !(whole.isEmpty && fraction.isEmpty), (-999...999).contains(exponent),
      (whole + fraction).allSatisfy({ (zero...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    if exponent > 0 {
      fraction += Array(repeating: zero, count: max(0, exponent - fraction.count))
      whole += fraction.prefix(exponent)
      fraction.removeFirst(exponent)
    } else if exponent < 0 {
      whole = Array(repeating: zero, count: max(0, -exponent - whole.count)) + whole
      fraction = whole.suffix(-exponent) + fraction
      whole.removeLast(-exponent)
    }
    let significant = Array(whole.drop { $0 == zero })
    while fraction.last == zero { fraction.removeLast() }
    self.whole = significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self)
    self.fraction = String(decoding: fraction, as: UTF8.self)
    self.isNegative = isNegative && !(significant.isEmpty && fraction.isEmpty)
  }

  /// A whole number.
  public init(_ value: Int) {
    isNegative = value < 0
    whole = String(value.magnitude)
    fraction = ""
  }

  /// The number in plain digits, such as `-1234.5`.
  public var description: String {
    (isNegative ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
  }

  /// The number that a double prints as, such as 0.1; nil for infinities and not-a-number.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    let parts = value.magnitude.description.split { $0 == "e" }
    let digits = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    self.init(
      isNegative: value < 0, whole: String(digits[0]), fraction: digits.count > 1 ? String(digits[1]) : "",
      exponent: exponent)
  }

  /// The nearest double; infinite beyond the largest.
  public var double: Double { Double(description) ?? 0 }

  /// Orders by value.
  public static func < (left: ExactNumber, right: ExactNumber) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    let places = max(left.fraction.utf8.count, right.fraction.utf8.count)
    let (small, large) = left.isNegative ? (right, left) : (left, right)
    return isLess(small.units(places), large.units(places))
  }

  /// Whether the two numbers are at most so far apart.
  public func isWithin(_ tolerance: ExactNumber, of other: ExactNumber) -> Bool {
    if self == other { return !tolerance.isNegative }
    let places = [fraction, other.fraction, tolerance.fraction].map(\.utf8.count).max() ?? 0
    let (left, right) = (units(places), other.units(places))
    let apart = isNegative == other.isNegative ? Self.difference(left, right) : Self.sum(left, right)
    return !tolerance.isNegative && !Self.isLess(tolerance.units(places), apart)
  }

  /// The magnitude in units of the last place, digits from the lowest up.
  private func units(_ places: Int) -> [UInt8] {
    let digits = Array((whole + fraction).utf8.map { $0 - UInt8(ascii: "0") }.reversed())
    return Array(repeating: 0, count: places - fraction.utf8.count) + digits
  }

  private static func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var carry: UInt8 = 0
    var digits: [UInt8] = []
    for place in 0...max(left.count, right.count) {
      let value = carry + (place < left.count ? left[place] : 0) + (place < right.count ? right[place] : 0)
      digits.append(value % 10)
      carry = value / 10
    }
    return digits
  }

  private static func difference(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    if isLess(left, right) { return difference(right, left) }
    var borrow = 0
    return left.indices.map { place in
      let value = Int(left[place]) - borrow - (place < right.count ? Int(right[place]) : 0)
      borrow = value < 0 ? 1 : 0
      return UInt8(value + 10 * borrow)
    }
  }

  private static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    for place in (0..<max(left.count, right.count)).reversed() {
      let (a, b) = (place < left.count ? left[place] : 0, place < right.count ? right[place] : 0)
      if a != b { return a < b }
    }
    return false
  }
}
