// From a value to text. The canonical form sorts names by bytes and writes no space, so equal values have equal bytes.

extension JSONValue {
  /// The one canonical text: names sorted by their UTF-8 bytes, no space, shortest numbers that read back the same.
  public var canonical: String { text(sorted: true, indented: false) }

  /// The bytes of ``canonical``.
  public var canonicalBytes: [UInt8] { bytes(sorted: true, indented: false) }

  /// Text for people: two spaces a level, names in sorted order so that the bytes depend on the value alone.
  public var pretty: String { text(sorted: true, indented: true) + "\n" }

  /// Text for people that keeps the order of the members.
  public var prettyInOrder: String { text(sorted: false, indented: true) + "\n" }

  private func text(sorted: Bool, indented: Bool) -> String {
    String(decoding: bytes(sorted: sorted, indented: indented), as: UTF8.self)
  }

  private func bytes(sorted: Bool, indented: Bool) -> [UInt8] {
    var writer = JSONWriter(sorted: sorted, indented: indented)
    writer.write(self, depth: 0)
    return writer.bytes
  }
}

/// The text of ``JSONValue/pretty`` written member by member, for objects of thousands of entries: as values they would take
/// far more memory and time than their text.
public struct JSONPrettyText: Sendable {
  private var writer = JSONWriter(sorted: true, indented: true)
  private var depth = 0
  private var isFirst = true

  /// The bytes of an object.
  ///
  /// - Parameter body: Writes its members, in the order of their names' bytes.
  /// - Returns: The bytes, with a line end.
  public static func object(_ body: (inout JSONPrettyText) -> Void) -> [UInt8] {
    var text = JSONPrettyText()
    text.enclose("{", "}", body)
    text.writer.bytes.append(UInt8(ascii: "\n"))
    return text.writer.bytes
  }

  private mutating func enclose(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONPrettyText) -> Void)
  {
    writer.bytes.append(UInt8(ascii: open))
    depth += 1
    isFirst = true
    body(&self)
    depth -= 1
    if !isFirst { writer.newLine(depth) }
    isFirst = false
    writer.bytes.append(UInt8(ascii: close))
  }

  private mutating func begin() {
    if !isFirst { writer.bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    writer.newLine(depth)
  }

  /// Writes a member that is a text.
  public mutating func member(_ name: String, _ value: String) {
    begin()
    writer.write(name: name)
    writer.write(value)
  }

  /// Writes a member that is a whole number.
  public mutating func member(_ name: String, _ value: Int) {
    begin()
    writer.write(name: name)
    writer.write(.integer(Int64(value)), depth: depth)
  }

  /// Writes a member that is an object, member by member.
  public mutating func object(_ name: String, _ body: (inout JSONPrettyText) -> Void) {
    begin()
    writer.write(name: name)
    enclose("{", "}", body)
  }

  /// Writes a member that is a list; `body` writes its elements with ``element(_:)``.
  public mutating func list(_ name: String, _ body: (inout JSONPrettyText) -> Void) {
    begin()
    writer.write(name: name)
    enclose("[", "]", body)
  }

  /// Writes an element of a list that is an object, member by member.
  public mutating func element(_ body: (inout JSONPrettyText) -> Void) {
    begin()
    enclose("{", "}", body)
  }
}

struct JSONWriter {
  let sorted: Bool
  let indented: Bool
  var bytes: [UInt8] = []

  init(sorted: Bool, indented: Bool) {
    self.sorted = sorted
    self.indented = indented
  }

  mutating func write(_ value: JSONValue, depth: Int) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .integer(let number): bytes += String(number).utf8
    case .number(let number): bytes += Self.text(of: number).utf8
    case .string(let text): write(text)
    case .array(let elements):
      writeList("[", "]", elements, depth: depth) { writer, element in writer.write(element, depth: depth + 1) }
    case .object(let object):
      let members = sorted ? object.sorted : object.members
      writeList("{", "}", members, depth: depth) { writer, member in writer.write(member, depth: depth + 1) }
    }
  }

  fileprivate mutating func write(_ member: JSONMember, depth: Int) {
    write(name: member.name)
    write(member.value, depth: depth)
  }

  fileprivate mutating func write(name: String) {
    write(name)
    bytes.append(UInt8(ascii: ":"))
    if indented { bytes.append(UInt8(ascii: " ")) }
  }

  /// Swift prints the shortest digits that read back as the same number, on every platform.
  static func text(of number: Double) -> String {
    if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) + ".0" }
    return number.description
  }

  fileprivate mutating func writeList<Elements: Sequence>(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ elements: Elements, depth: Int,
    each: (inout JSONWriter, Elements.Element) -> Void
  ) {
    bytes.append(UInt8(ascii: open))
    var isEmpty = true
    for element in elements {
      if !isEmpty { bytes.append(UInt8(ascii: ",")) }
      isEmpty = false
      newLine(depth + 1)
      each(&self, element)
    }
    if !isEmpty { newLine(depth) }
    bytes.append(UInt8(ascii: close))
  }

  fileprivate mutating func newLine(_ depth: Int) {
    guard indented else { return }
    if 2 * depth < Self.deepestLine.count {
      bytes.append(contentsOf: Self.deepestLine[...(2 * depth)])
      return
    }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }

  /// The beginning of a line at a great depth, and with fewer bytes at a lesser one.
  private static let deepestLine = [UInt8(ascii: "\n")] + [UInt8](repeating: UInt8(ascii: " "), count: 32)

  mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    // Most texts can be copied as they are.
    let isCopied = unsafe text.utf8.withContiguousStorageIfAvailable { piece in
      guard unsafe piece.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) else {
        return false
      }
      unsafe bytes.append(contentsOf: piece)
      return true
    }
    if isCopied != true { writeEscaped(text) }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func writeEscaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes += "\\u00".utf8
        bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
  }
}
