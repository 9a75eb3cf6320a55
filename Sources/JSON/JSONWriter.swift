// From a value to text. The canonical form sorts names by bytes and writes no space, so equal values have equal bytes.

extension JSONValue {
  /// The one canonical text: names sorted by their UTF-8 bytes, no space, shortest numbers that read back the same.
  public var canonical: String { text(sorted: true, indented: false) }

  /// The bytes of ``canonical``.
  public var canonicalBytes: [UInt8] { Array(canonical.utf8) }

  /// Text for people: two spaces a level, names in sorted order so that the bytes depend on the value alone.
  public var pretty: String { text(sorted: true, indented: true) + "\n" }

  /// Text for people that keeps the order of the members.
  public var prettyInOrder: String { text(sorted: false, indented: true) + "\n" }

  private func text(sorted: Bool, indented: Bool) -> String {
    var writer = JSONWriter(sorted: sorted, indented: indented)
    writer.write(self, depth: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
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
      writeList("{", "}", members, depth: depth) { writer, member in
        writer.write(member.name)
        writer.bytes += (writer.indented ? ": " : ":").utf8
        writer.write(member.value, depth: depth + 1)
      }
    }
  }

  /// Swift prints the shortest digits that read back as the same number, on every platform.
  static func text(of number: Double) -> String {
    if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) + ".0" }
    return number.description
  }

  private mutating func writeList<Element>(
    _ open: String, _ close: String, _ elements: [Element], depth: Int, each: (inout JSONWriter, Element) -> Void
  ) {
    bytes += open.utf8
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes += ",".utf8 }
      newLine(depth + 1)
      each(&self, element)
    }
    if !elements.isEmpty { newLine(depth) }
    bytes += close.utf8
  }

  private mutating func newLine(_ depth: Int) {
    guard indented else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }

  mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    // Most texts can be copied as they are.
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      bytes.append(contentsOf: text.utf8)
    } else {
      writeEscaped(text)
    }
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
