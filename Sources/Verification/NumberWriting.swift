// Writes a number the way another number was written: digits or words, separators, sign, capitals.
// Knows nothing of what stands around it.

enum NumberWriting {
  typealias Scalar = Unicode.Scalar

  /// The number in the manner of `written`, and in digits if that was in words.
  ///
  /// - Parameters:
  ///   - value: What is to be written.
  ///   - written: How another number stands in a text: `$`, sign and separators among it.
  ///   - inWords: Whether that one is in words.
  /// - Returns: One or two forms, the likelier first.
  static func forms(of value: ExactNumber, like written: [Scalar], inWords: Bool) -> [[Scalar]] {
    let digits = digits(value, like: written)
    guard inWords, let words = words(for: value) else { return [digits] }
    return [cased(words, like: written), digits]
  }

  /// `1,234` after `5,678`; `+3` after `+4`; a minus as the other's minus looks; `-$3` after `-$4`.
  private static func digits(_ value: ExactNumber, like written: [Scalar]) -> [Scalar] {
    var sign = value.isNegative ? "-" : ""
    if let first = written.first {
      if first == "\u{2212}", value.isNegative { sign = "\u{2212}" }
      if first == "+", !value.isNegative { sign = "+" }
    }
    let dollar = written.contains("$") ? "$" : ""
    let whole = written.contains(",") ? grouped(value.whole) : value.whole
    return Texts.scalars(sign + dollar + whole + (value.fraction.isEmpty ? "" : "." + value.fraction))
  }

  private static func grouped(_ digits: String) -> String {
    var groups: [Substring] = []
    var rest = digits[...]
    while !rest.isEmpty {
      groups.insert(rest.suffix(3), at: 0)
      rest = rest.dropLast(3)
    }
    return groups.joined(separator: ",")
  }

  /// Capitals as in the other: all, the first, or none.
  private static func cased(_ words: String, like written: [Scalar]) -> [Scalar] {
    let letters = written.filter(Texts.isLetter)
    if letters.count > 1, letters.allSatisfy(\.properties.isUppercase) { return Texts.scalars(words.uppercased()) }
    guard letters.first?.properties.isUppercase ?? false else { return Texts.scalars(words) }
    return Texts.scalars(words.prefix(1).uppercased() + words.dropFirst())
  }

  private static let units = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
  ]
  private static let tens = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
  ]
  private static let scales = [(1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand")]

  /// Whole numbers below 10¹² in words, such as `one thousand two hundred and five`; nil for others.
  static func words(for value: ExactNumber) -> String? {
    guard value.fraction.isEmpty, value.whole.utf8.count <= 12, var rest = Int(value.whole) else { return nil }
    if rest == 0 { return units[0] }
    var parts: [String] = value.isNegative ? ["minus"] : []
    for (scale, name) in scales where rest >= scale {
      parts += [belowThousand(rest / scale), name]
      rest %= scale
    }
    if rest > 0 { parts.append(belowThousand(rest)) }
    return parts.joined(separator: " ")
  }

  private static func belowThousand(_ value: Int) -> String {
    let rest = value % 100
    let low = rest < 20 ? units[rest] : tens[rest / 10] + (rest % 10 == 0 ? "" : "-" + units[rest % 10])
    guard value >= 100 else { return low }
    return units[value / 100] + " hundred" + (rest == 0 ? "" : " and " + low)
  }
}
