// From bytes to a value, strictly after RFC 8259, saying where a document is wrong.
// Foundation's reader gives neither places nor duplicate names, and it merges 1 and 1.0; experiments need all three.

/// Why bytes are not JSON, and where.
public struct JSONError: Error, Hashable, Sendable {
  /// What is wrong, as facts.
  public enum Fault: Hashable, Sendable {
    /// A byte that cannot stand there.
    case unexpected(UInt8)
    /// The document stops in the middle of a value.
    case truncated
    /// More text after the value.
    case trailing
    /// The bytes are not UTF-8.
    case invalidUTF8
    /// `\ud800` without its partner, which is no Unicode text.
    case loneSurrogate
    /// Two members of one object have this name.
    case duplicateName(String)
    /// A number that no finite double can hold, or not a number at all.
    case invalidNumber(String)
    /// Lists and objects inside each other beyond the limit.
    case tooDeep(limit: Int)
  }

  /// What is wrong.
  public let fault: Fault
  /// Byte offset from the start, counted from 0.
  public let offset: Int
  /// Line, counted from 1.
  public let line: Int
  /// Column in characters' bytes, counted from 1.
  public let column: Int

  /// The fault in words, without the place.
  public var reason: String {
    switch fault {
    case .unexpected(let byte): "unexpected \(Self.show(byte))"
    case .truncated: "the text ends in the middle of a value"
    case .trailing: "more text after the end of the value"
    case .invalidUTF8: "the bytes are not UTF-8"
    case .loneSurrogate: "half of a surrogate pair (\\ud800 to \\udfff) without the other half"
    case .duplicateName(let name): "two members are named \"\(name)\""
    case .invalidNumber(let text): "\(text) is not a number that can be held"
    case .tooDeep(let limit): "more than \(limit) lists or mappings inside each other"
    }
  }

  private static func show(_ byte: UInt8) -> String {
    (0x21...0x7E).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
  }
}

extension JSONValue {
  /// Reads one JSON document.
  ///
  /// - Parameter bytes: UTF-8 text, without a byte-order mark.
  /// - Throws: ``JSONError`` with the place of the first fault.
  public init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
    var parser = JSONParser(bytes: Array(bytes))
    self = try parser.document()
  }

  /// Reads one JSON document from text.
  ///
  /// - Throws: ``JSONError`` with the place of the first fault.
  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

struct JSONParser {
  static let depthLimit = 256
  let bytes: [UInt8]
  var at = 0
  var depth = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func document() throws(JSONError) -> JSONValue {
    skipSpace()
    let value = try value()
    skipSpace()
    guard at == bytes.count else { throw error(.trailing) }
    return value
  }

  private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

  func error(_ fault: JSONError.Fault, at offset: Int? = nil) -> JSONError {
    let offset = offset ?? at
    var line = 1
    var column = 1
    for byte in bytes[..<min(offset, bytes.count)] {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    return JSONError(fault: fault, offset: offset, line: line, column: column)
  }

  private func here() -> JSONError {
    if let current { error(.unexpected(current)) } else { error(.truncated) }
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    switch current {
    case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in .object(try parser.object()) }
    case UInt8(ascii: "["): return try nested { parser throws(JSONError) in .array(try parser.array()) }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return try number()
    default: throw here()
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    depth += 1
    guard depth <= Self.depthLimit else { throw error(.tooDeep(limit: Self.depthLimit)) }
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func word(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for byte in text.utf8 {
      guard current == byte else { throw here() }
      at += 1
    }
    return value
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    at += 1
    skipSpace()
    if current == UInt8(ascii: "]") {
      at += 1
      return elements
    }
    while true {
      skipSpace()
      elements.append(try value())
      skipSpace()
      let byte = current
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") else { throw here() }
      at += 1
      if byte == UInt8(ascii: "]") { return elements }
    }
  }

  private mutating func object() throws(JSONError) -> JSONObject {
    var members: [JSONMember] = []
    var names: Set<[UInt8]> = []
    at += 1
    skipSpace()
    if current == UInt8(ascii: "}") {
      at += 1
      return JSONObject()
    }
    while true {
      skipSpace()
      let start = at
      guard current == UInt8(ascii: "\"") else { throw here() }
      let name = try string()
      guard names.insert(Array(name.utf8)).inserted else { throw error(.duplicateName(name), at: start) }
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw here() }
      at += 1
      skipSpace()
      members.append(JSONMember(name, try value()))
      skipSpace()
      let byte = current
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") else { throw here() }
      at += 1
      if byte == UInt8(ascii: "}") { return JSONObject(members) }
    }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = at
    var whole = true
    if current == UInt8(ascii: "-") { at += 1 }
    let leadingZero = current == UInt8(ascii: "0")
    let digits = try skipDigits()
    if leadingZero, digits > 1 { throw error(.invalidNumber(text(start)), at: start) }
    if current == UInt8(ascii: ".") {
      whole = false
      at += 1
      _ = try skipDigits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      whole = false
      at += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { at += 1 }
      _ = try skipDigits()
    }
    let text = text(start)
    if whole, let integer = Int64(text) { return .integer(integer) }
    guard let double = Double(text), double.isFinite else { throw error(.invalidNumber(text), at: start) }
    return .number(double)
  }

  private func text(_ start: Int) -> String { String(decoding: bytes[start..<at], as: UTF8.self) }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private mutating func skipDigits() throws(JSONError) -> Int {
    let start = at
    while let byte = current, Self.isDigit(byte) { at += 1 }
    guard at > start else { throw here() }
    return at - start
  }

  private mutating func string() throws(JSONError) -> String {
    let start = at
    at += 1
    var run = at
    var text: [UInt8] = []
    while true {
      guard let byte = current else { throw error(.truncated) }
      switch byte {
      case UInt8(ascii: "\""):
        text += bytes[run..<at]
        at += 1
        guard let string = String(validating: text, as: UTF8.self) else { throw error(.invalidUTF8, at: start) }
        return string
      case UInt8(ascii: "\\"):
        text += bytes[run..<at]
        at += 1
        text += try escape()
        run = at
      case 0..<0x20: throw here()
      default: at += 1
      }
    }
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    guard let byte = current else { throw error(.truncated) }
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw error(.unexpected(byte), at: at - 1)
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> [UInt8] {
    let start = at - 2
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code) {
      guard current == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") else {
        throw error(.loneSurrogate, at: start)
      }
      at += 2
      let low = try hexadecimal()
      guard (0xDC00..<0xE000).contains(low) else { throw error(.loneSurrogate, at: start) }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = UnicodeScalar(code) else { throw error(.loneSurrogate, at: start) }
    return Array(String(Character(scalar)).utf8)
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(UnicodeScalar(byte)).hexDigitValue else { throw here() }
      code = code << 4 | UInt32(digit)
      at += 1
    }
    return code
  }
}
