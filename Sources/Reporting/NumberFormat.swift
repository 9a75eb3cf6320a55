// How numbers look in tables: enough digits to compare, no more than were measured.
// Pure text; no locale.

import Records
import Specification
import Statistics

/// Writes numbers without a locale.
public enum NumberFormat: Sendable {
  /// A number with a fixed number of decimals, rounded half away from zero on its shortest decimal value.
  ///
  /// - Parameters:
  ///   - value: The number.
  ///   - decimals: How many digits stand after the point; below 0, so many before it are zeros.
  ///   - shift: How many places the point moves to the right first: 2 for percent. Nothing is lost by it.
  /// - Returns: Digits and a point; `nan`, `inf` or `-inf`; for numbers from 1e15 on, the shortest that tells them apart.
  public static func fixed(_ value: Double, decimals: Int, shift: Int = 0) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    guard value.magnitude < 1e15 else { return String(value) }
    if decimals < 0 {
      // The zeros are no digits that were measured, and stand only behind one that was.
      let kept = rounded(value.magnitude, places: decimals + shift)
      return kept == "0" ? kept : (value < 0 ? "-" : "") + kept + String(repeating: "0", count: -decimals)
    }
    let digits = rounded(value.magnitude, places: decimals + shift)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && digits.contains { $0 != "0" } ? "-" : ""
    if decimals == 0 { return sign + padded }
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// The digits of a number times ten to a power, rounded to a whole number; no leading zero unless it is the only digit.
  private static func rounded(_ magnitude: Double, places: Int) -> String {
    // `1.005` or `1.5e-07`: the shortest text that gives the same number, which a product with 100 would not keep.
    let parts = String(magnitude).split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    var digits = (mantissa[0] + fraction).utf8.map { Int($0) - 48 }
    let power = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - fraction.utf8.count + places
    if power >= 0 {
      digits += Array(repeating: 0, count: power)
    } else {
      let kept = digits.count + power
      let isUp = kept >= 0 && digits[kept] >= 5
      digits = [0] + digits.prefix(max(0, kept))
      var place = digits.count - 1
      if isUp {
        while digits[place] == 9 {
          digits[place] = 0
          place -= 1
        }
        digits[place] += 1
      }
    }
    let shown = digits.drop { $0 == 0 }
    return shown.isEmpty ? "0" : shown.map(String.init).joined()
  }

  /// A time in the unit that shows it in few digits: `0.35 s`, `12.3 s`, `4.1 min`, `2.0 h`.
  public static func duration(seconds: Double) -> String {
    switch seconds {
    case ..<1: "\(fixed(seconds, decimals: 2)) s"
    case ..<100: "\(fixed(seconds, decimals: 1)) s"
    case ..<5400: "\(fixed(seconds / 60, decimals: 1)) min"
    default: "\(fixed(seconds / 3600, decimals: 1)) h"
    }
  }

  /// A number with its sign always written.
  public static func signed(_ value: Double, decimals: Int, shift: Int = 0) -> String {
    let text = fixed(value, decimals: decimals, shift: shift)
    return text.hasPrefix("-") ? text : "+" + text
  }

  /// So many decimals that an error shows two digits.
  ///
  /// - Parameters:
  ///   - error: An error, or half the width of an interval.
  ///   - shift: How many places the point moves to the right first: 2 for percent.
  /// - Returns: At most 4, and below 0 for an error of hundreds; nil without an error.
  public static func decimals(ofError error: Double?, shift: Int = 0) -> Int? {
    guard let error, error.isFinite, error > 0 else { return nil }
    var decimals = 0
    var scaled = error * (shift == 2 ? 100 : 1)
    while scaled < 9.95, decimals < 4 {
      scaled *= 10
      decimals += 1
    }
    while scaled >= 99.5 {
      scaled /= 10
      decimals -= 1
    }
    return decimals
  }

  /// A p-value: three decimals, and below them that it is less.
  public static func probability(_ p: Double) -> String { p < 0.001 ? "< 0.001" : fixed(p, decimals: 3) }
}

/// How a measured number is written in a table.
struct CellText {
  let mean: String
  let spread: String?
  let difference: String?
  private let divergence: String?

  /// Writes a number with so many decimals that its error has two digits, and a difference with as many as its interval says;
  /// a number without an error has the decimals of what it stands beside, or of its kind.
  ///
  /// - Parameters:
  ///   - number: The number.
  ///   - reference: What its difference is from; nil: none is shown.
  ///   - estimate: What that difference is worth; nil where it was not tested.
  init(_ number: Measured, reference: Measured? = nil, estimate: Estimate? = nil) {
    let shift = number.isShare ? 2 : 0
    let own = Self.decimals(of: number)
    let beside = reference.flatMap(Self.decimals)
    // A number without an error is no better known than the one that it stands beside.
    let decimals = own ?? (number.isShare ? 1 : beside ?? 3)
    mean = number.mean.map { NumberFormat.fixed($0, decimals: decimals, shift: shift) } ?? "–"
    divergence = number.divergence
    let error = number.spread ?? number.standardError
    spread = error.map { NumberFormat.fixed($0, decimals: decimals, shift: shift) }
    if let reference, reference != number, reference.divergence == nil,
      let mean = number.mean, let other = reference.mean
    {
      // Shares are nearly equally well known: their differences have the decimals of the share itself.
      let tested = number.isShare ? nil : NumberFormat.decimals(ofError: estimate?.halfWidth)
      difference = NumberFormat.signed(
        mean - other, decimals: tested ?? own ?? (error == nil ? beside : nil) ?? decimals, shift: shift)
    } else {
      difference = nil
    }
  }

  /// The decimals that a number's error leaves; nil without one.
  ///
  /// Seeds that came to one number say nothing of others: then it is the error over records, if that is known.
  private static func decimals(of number: Measured) -> Int? {
    // A share's spread of zero has a decimal as shares have.
    if number.isShare { return NumberFormat.decimals(ofError: number.spread ?? number.standardError, shift: 2) }
    return NumberFormat.decimals(ofError: number.spread) ?? NumberFormat.decimals(ofError: number.standardError)
  }

  /// `43.7 ± 2.9 (+1.2)`, or `diverged at step 7` where a number would hide that a training came to nothing.
  var text: String { text(sign: "") }

  /// The same with what is said of its difference, or of the number itself where none is shown.
  func text(sign: String) -> String {
    divergence ?? mean + (spread.map { " ± \($0)" } ?? "") + (difference.map { " (\($0)\(sign))" } ?? sign)
  }
}

extension Measured {
  /// What is shown in place of a number to which a training that diverged belongs: the first such seed's step.
  package var divergence: String? {
    let steps = divergedAt.compactMap { $0 }
    guard let first = steps.first else { return nil }
    let share = steps.count < divergedAt.count ? " (\(steps.count) of \(divergedAt.count) seeds)" : ""
    return "diverged at step \(first)\(share)"
  }

  /// Whether it is a share of records, shown in percent.
  var isShare: Bool { Self.isShare(kind) }

  /// Whether numbers of a kind of eval are shares of records.
  static func isShare(_ kind: String) -> Bool { Eval.isShare(kind) }
}
