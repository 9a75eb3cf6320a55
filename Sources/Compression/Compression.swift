// Bytes to fewer bytes and back: one zstd frame, and what data files come in (zstd, gzip, or plain).
// Knows nothing of files; trusts no declared size, so memory grows only with what has really been decoded.

/// Compression and decompression of bytes in memory.
public enum Compression: Sendable {
  /// A compressed form that data files come in.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// RFC 1952, one or more members.
    case gzip
    /// RFC 8878, one or more frames.
    case zstd
  }

  /// How many bytes are enough for ``zstdContentSize(ofPrefix:)``.
  public static let zstdHeaderByteCount = 18

  /// The format that bytes claim to have by their first four bytes; nil for plain bytes.
  public static func format(of bytes: [UInt8]) -> Format? {
    if bytes.starts(with: [0x1F, 0x8B]) { return .gzip }
    if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .zstd }
    let skippable = bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    return skippable ? .zstd : nil
  }

  /// The plain bytes of a data file, which may be gzip, zstd, or plain already.
  ///
  /// - Parameters:
  ///   - bytes: The file's bytes; what they are is told by their first bytes, not by a name.
  ///   - maximum: The greatest number of plain bytes that is accepted.
  /// - Returns: The plain bytes.
  /// - Throws: ``CompressionError`` if compressed bytes are truncated, corrupt, or too large when unpacked.
  public static func decompressed(
    detecting bytes: [UInt8], maximum: Int = .max
  ) throws(CompressionError) -> [UInt8] {
    switch format(of: bytes) {
    case .gzip: return try gzipDecompressed(bytes, maximum: maximum)
    case .zstd: return try zstdDecompressed(bytes, maximum: maximum, frames: .many)
    case nil:
      guard bytes.count <= maximum else { throw .tooLarge(nil, maximum: maximum) }
      return bytes
    }
  }
}
