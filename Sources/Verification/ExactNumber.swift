// Decimal numbers as they are written, compared digit by digit.
// Knows no floating point, so that 0.1 is 0.1 and a number of a hundred digits is itself.

/// A decimal number of any length.
public struct ExactNumber: Hashable, Sendable, CustomStringConvertible {
  /// Whether it is below zero; zero is not.
  public let isNegative: Bool
  /// The digits before the point, without leading zeros; `0` if there are none.
  public let whole: String
  /// The digits behind the point, without trailing zeros; empty if there are none.
  public let fraction: String

  /// Makes a number of its digits.
  ///
  /// - Parameters:
  ///   - isNegative: Whether a minus stood before it.
  ///   - whole: Decimal digits before the point.
  ///   - fraction: Decimal digits behind the point.
  ///   - exponent: The power of ten to multiply with, from -999 to 999.
  /// - Returns: nil if there is no digit, something that is no digit, or the exponent is out of range.
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
}
