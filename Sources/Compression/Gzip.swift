// The gzip format, read only: one or more members, each with its checksum verified by zlib.

import CZlib

extension Compression {
  /// The content of gzip bytes.
  ///
  /// - Parameters:
  ///   - bytes: One or more gzip members, one after another.
  ///   - maximum: The greatest number of bytes that is accepted.
  /// - Returns: The plain bytes.
  /// - Throws: ``CompressionError`` if the bytes are truncated, corrupt, or hold more than `maximum`.
  public static func gzipDecompressed(
    _ bytes: [UInt8], maximum: Int = .max
  ) throws(CompressionError) -> [UInt8] {
    var content: [UInt8] = []
    var at = 0
    repeat {
      at += try gzipMember(bytes[at...], maximum: maximum, into: &content)
    } while at < bytes.count
    return content
  }

  /// Decodes one member and says how many bytes it had.
  private static func gzipMember(
    _ bytes: ArraySlice<UInt8>, maximum: Int, into content: inout [UInt8]
  ) throws(CompressionError) -> Int {
    var stream = z_stream()
    // 15 window bits, plus 16 for a gzip header and nothing else.
    let started = inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard started == Z_OK else { throw .outOfMemory(.gzip) }
    defer { inflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: 1 << 16)
    var consumed = 0
    while true {
      // zlib counts in 32 bits, so a large input goes in by pieces.
      let piece = bytes.dropFirst(consumed).prefix(1 << 30)
      var produced = 0
      let code = piece.withUnsafeBytes { source in
        output.withUnsafeMutableBytes { target in
          stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
          stream.avail_in = UInt32(source.count)
          stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
          stream.avail_out = UInt32(target.count)
          let code = inflate(&stream, Z_NO_FLUSH)
          consumed += source.count - Int(stream.avail_in)
          produced = target.count - Int(stream.avail_out)
          return code
        }
      }
      guard produced <= maximum - content.count else { throw .tooLarge(.gzip, maximum: maximum) }
      content += output[..<produced]
      switch code {
      case Z_STREAM_END: return consumed
      case Z_OK: continue
      // No progress was possible: all input is used and the member has not ended.
      case Z_BUF_ERROR: throw .truncated(.gzip)
      case Z_MEM_ERROR: throw .outOfMemory(.gzip)
      default:
        throw .corrupt(.gzip, reason: stream.msg.map { String(cString: $0) } ?? "zlib code \(code)")
      }
    }
  }
}
