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

extension JSONObject {
  /// The bytes of ``JSONValue/pretty`` for this object with a list under one more name.
  ///
  /// - Parameters:
  ///   - name: A name that the object does not have.
  ///   - elements: The list's elements, made as they are written: held all together, thousands would take far more memory than
  ///     their text.
  /// - Returns: The bytes.
  public func prettyBytes(with name: String, listing elements: some Sequence<JSONValue>) -> [UInt8] {
    var writer = JSONWriter(sorted: true, indented: true)
    let members = JSONObject(members + [JSONMember(name, .null)]).sorted
    writer.writeList("{", "}", members, depth: 0) { writer, member in
      guard member.name.utf8.elementsEqual(name.utf8) else { return writer.write(member, depth: 1) }
      writer.write(name: name)
      writer.writeList("[", "]", elements, depth: 1) { writer, element in writer.write(element, depth: 2) }
    }
    writer.bytes.append(UInt8(ascii: "\n"))
    return writer.bytes
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

  private mutating func newLine(_ depth: Int) {
    guard indented else { return }
    bytes.append(UInt8(ascii: "\n"))
    for _ in 0..<depth {
      bytes.append(UInt8(ascii: " "))
      bytes.append(UInt8(ascii: " "))
    }
  }

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
