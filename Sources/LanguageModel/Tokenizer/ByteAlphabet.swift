// The 256 printable characters that byte-level vocabularies write bytes with, and the way back.
// Knows GPT-2's fixed table and nothing else.

/// GPT-2's alphabet of bytes.
enum ByteAlphabet {
  /// The scalar that stands for each byte.
  static let scalars: [UInt32] = {
    var scalars = [UInt32](repeating: 0, count: 256)
    var extra: UInt32 = 256
    for byte in 0..<256 {
      let printable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
      scalars[byte] = printable ? UInt32(byte) : extra
      if !printable { extra += 1 }
    }
    return scalars
  }()

  /// The byte for each scalar below 0x144, or -1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The UTF-8 of the character for `byte`; all of them have one or two bytes.
  static func utf8(of byte: UInt8) -> [UInt8] {
    let scalar = scalars[Int(byte)]
    return scalar < 0x80 ? [UInt8(scalar)] : [UInt8(0xC0 | scalar >> 6), UInt8(0x80 | scalar & 0x3F)]
  }

  /// Appends the bytes that a token's text stands for; a text with a foreign character stands for its own UTF-8.
  static func appendBytes(of text: UnsafeRawBufferPointer, to target: inout [UInt8]) {
    let start = target.count
    var at = 0
    while at < text.count {
      let first = UInt32(text[at])
      let two = first & 0xE0 == 0xC0 && at + 1 < text.count
      let scalar = two ? (first & 0x1F) << 6 | UInt32(text[at + 1]) & 0x3F : first
      let byte: Int16 = (first < 0x80 || two) && scalar < 0x144 ? bytes[Int(scalar)] : -1
      guard byte >= 0 else {
        target.removeSubrange(start...)
        target.append(contentsOf: text)
        return
      }
      target.append(UInt8(byte))
      at += two ? 2 : 1
    }
  }
}
