// The ustar format, as far as an archive of a store needs it: plain files with short names, one after another.
// Knows nothing of what the files hold.

/// Headers of ustar.
enum Tar {
  static let blockByteCount = 512
  /// The greatest size that eleven octal digits hold.
  static let greatestByteCount = 1 << 33 - 1

  /// The header of a plain file; nil if the name or the size does not fit.
  ///
  /// Owner, time and rights are the same for every file, so that the same files give the same archive.
  static func header(_ name: String, byteCount: Int) -> [UInt8]? {
    guard !name.isEmpty, name.utf8.count <= 100, (0...greatestByteCount).contains(byteCount) else { return nil }
    var block = [UInt8](repeating: 0, count: blockByteCount)
    put(Array(name.utf8), at: 0)
    put(octal(0o644, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(byteCount, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    put(Array("0".utf8), at: 156)
    put(Array("ustar\0".utf8) + Array("00".utf8), at: 257)
    // The sum is taken with blanks in its own place.
    put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
    put(octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + [0, UInt8(ascii: " ")], at: 148)
    return block

    func put(_ bytes: [UInt8], at offset: Int) { block.replaceSubrange(offset..<(offset + bytes.count), with: bytes) }
  }

  /// Reads a header.
  ///
  /// - Returns: nil for a block of zeros, which ends an archive.
  /// - Throws: Why this is no file that an archive may have.
  static func member(_ block: [UInt8]) throws(Malformed) -> (name: String, byteCount: Int)? {
    guard block.count == blockByteCount else { throw Malformed("it ends in the middle") }
    if block.allSatisfy({ $0 == 0 }) { return nil }
    guard let name = text(block[0..<100]), let byteCount = text(block[124..<136]).flatMap({ Int($0, radix: 8) }) else {
      throw Malformed("a header is not ustar's")
    }
    switch block[156] {
    case UInt8(ascii: "0"), 0: break
    case UInt8(ascii: "1"), UInt8(ascii: "2"): throw Malformed("`\(name)` is a link, which no archive may have")
    default: throw Malformed("`\(name)` is not a plain file")
    }
    if name.hasPrefix("/") { throw Malformed("`\(name)` is an absolute path") }
    if name.split(separator: "/").contains("..") { throw Malformed("`\(name)` leads out of the store") }
    guard header(name, byteCount: byteCount) == block else {
      throw Malformed("the header of `\(name)` is not as `runner store export` writes it")
    }
    return (name, byteCount)
  }

  /// How many zeros fill the last block of a content.
  static func padding(after byteCount: Int) -> Int { (blockByteCount - byteCount % blockByteCount) % blockByteCount }

  private static func octal(_ number: Int, digits: Int) -> [UInt8] {
    let text = String(number, radix: 8)
    return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String? {
    String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
  }
}
