// How numbers look in tables: enough digits to compare, no more than were measured.
// Pure text; no locale.

import Records

/// Writes numbers without a locale.
public enum NumberFormat: Sendable {
  /// A number with a fixed number of decimals, rounded half away from zero on its decimal value.
  public static func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 9e15 else { return String(value) }
    let digits = String(Int64(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if decimals == 0 { return sign + padded }
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// A number with its sign always written.
  public static func signed(_ value: Double, decimals: Int) -> String {
    let text = fixed(value, decimals: decimals)
    return text.hasPrefix("-") ? text : "+" + text
  }
}

/// How a measured number is written in a table.
struct CellText {
  let mean: String
  let spread: String?
  let difference: String?

  init(_ number: Measured, reference: Measured?) {
    let scale = number.isShare ? 100.0 : 1
    let decimals = number.isShare ? 1 : 3
    mean = number.mean.map { NumberFormat.fixed($0 * scale, decimals: decimals) } ?? "–"
    let error = number.spread ?? number.standardError
    spread = error.map { NumberFormat.fixed($0 * scale, decimals: decimals) }
    if let reference, reference != number, let mean = number.mean, let other = reference.mean {
      difference = NumberFormat.signed((mean - other) * scale, decimals: decimals)
    } else {
      difference = nil
    }
  }

  /// `43.7 ± 2.9 (+1.2)`.
  var text: String {
    mean + (spread.map { " ± \($0)" } ?? "") + (difference.map { " (\($0))" } ?? "")
  }
}

extension Measured {
  /// Whether it is a share of records, shown in percent.
  var isShare: Bool { ["accuracy", "choice", "preference", "win-rate"].contains(kind) }
}
