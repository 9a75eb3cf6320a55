// What a scalar of YAML means under the core schema of YAML 1.2.
// Knows nothing of where it stands; this is the only place that decides what is a number.

/// A scalar: its text and the way it was written.
public struct Scalar: Hashable, Sendable {
  /// How a scalar was written.
  public enum Style: Hashable, Sendable {
    /// Without quotes; only then can it be anything but text.
    case plain
    /// `'…'`.
    case singleQuoted
    /// `"…"`.
    case doubleQuoted
    /// `|`.
    case literal
    /// `>`.
    case folded
  }

  /// What a scalar means.
  public enum Value: Hashable, Sendable {
    /// `null`, `~` or nothing.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number that fits 64 bits.
    case integer(Int)
    /// Any other number; infinite and not-a-number included.
    case number(Double)
    /// Text.
    case text(String)

    /// What kind of value this is, in words for a message.
    public var kindInWords: String {
      switch self {
      case .null: "null"
      case .bool: "true or false"
      case .integer, .number: "a number"
      case .text: "text"
      }
    }
  }

  /// The text, escapes resolved and lines folded.
  public let text: String
  /// How it was written.
  public let style: Style

  /// Makes a scalar.
  public init(_ text: String, style: Style) {
    self.text = text
    self.style = style
  }

  /// What it means.
  public var value: Value { style == .plain ? Self.value(ofPlain: text) : .text(text) }

  private static func value(ofPlain text: String) -> Value {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".nan", ".NaN", ".NAN": return .number(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
    default: return number(text) ?? .text(text)
    }
  }

  private static func number(_ text: String) -> Value? {
    let bytes = Array(text.utf8)
    if bytes.count > 2, bytes[0] == UInt8(ascii: "0") {
      let digits = bytes.dropFirst(2)
      if bytes[1] == UInt8(ascii: "o"), digits.allSatisfy({ (0x30...0x37).contains($0) }) {
        return whole(text.dropFirst(2), radix: 8)
      }
      if bytes[1] == UInt8(ascii: "x"), digits.allSatisfy(isHexadecimal) { return whole(text.dropFirst(2), radix: 16) }
    }
    guard let shape = NumberShape(bytes) else { return nil }
    if shape == .whole, let integer = Int(text) { return .integer(integer) }
    return Double(text).map { .number($0) }
  }

  /// A number too large for 64 bits keeps its magnitude, so that a range check can name it.
  private static func whole(_ digits: Substring, radix: Int) -> Value {
    if let integer = Int(digits, radix: radix) { return .integer(integer) }
    return .number(digits.utf8.reduce(0.0) { $0 * Double(radix) + Double(hexadecimalValue($1)) })
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
  }

  private static func hexadecimalValue(_ byte: UInt8) -> UInt8 { byte < 0x40 ? byte - 0x30 : (byte | 0x20) - 0x57 }
}

/// Whether bytes spell a number: `[-+]?[0-9]+`, or `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
private enum NumberShape {
  case whole
  case fractional

  init?(_ bytes: [UInt8]) {
    var index = 0
    func digits() -> Int {
      let start = index
      while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
      return index - start
    }
    func take(_ characters: String) -> Bool {
      guard index < bytes.count, characters.utf8.contains(bytes[index]) else { return false }
      index += 1
      return true
    }
    _ = take("+-")
    let before = digits()
    let point = take(".")
    let after = point ? digits() : 0
    guard before + after > 0 else { return nil }
    let exponent = take("eE")
    if exponent {
      _ = take("+-")
      guard digits() > 0 else { return nil }
    }
    guard index == bytes.count else { return nil }
    self = point || exponent ? .fractional : .whole
  }
}
