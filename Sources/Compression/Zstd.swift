// The zstd format: one frame out, one or more frames in, whole or in pieces.
// The parameters are fixed and one thread compresses, so the same bytes give the same frame with the same library.

import CZstd

/// Compresses one zstd frame whose content comes in pieces.
///
/// Level 3, with the content's size and a checksum in the frame.
///
/// Sendable although it holds a pointer: the struct cannot be copied, so its owner is the context's only user.
public struct ZstdEncoder: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer
  private var output: [UInt8]
  private var missing: Int

  /// Starts a frame.
  ///
  /// - Parameter contentSize: How many bytes will be given in all.
  /// - Throws: ``CompressionError`` if the library gets no memory.
  public init(contentSize: Int) throws(CompressionError) {
    guard let context = ZSTD_createCCtx() else { throw .outOfMemory(.zstd) }
    do throws(CompressionError) {
      try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3))
      try check(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1))
      try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
      try check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(contentSize)))
    } catch {
      ZSTD_freeCCtx(context)
      throw error
    }
    self.context = context
    output = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())
    missing = contentSize
  }

  deinit {
    ZSTD_freeCCtx(context)
  }

  /// Adds content and appends what of the frame is ready.
  ///
  /// - Parameters:
  ///   - content: The next bytes.
  ///   - isLast: Whether the content ends here; the frame is complete then.
  ///   - frame: Receives compressed bytes.
  /// - Throws: ``CompressionError`` if the content is not as long as was announced, or memory is short.
  public mutating func compress(
    _ content: ArraySlice<UInt8>, isLast: Bool, into frame: inout [UInt8]
  ) throws(CompressionError) {
    // zstd itself forgives a wrong size when all content comes at once.
    missing -= content.count
    guard missing >= 0, !isLast || missing == 0 else {
      throw .corrupt(.zstd, reason: "the content is not as long as was announced")
    }
    var consumed = 0
    while true {
      var produced = 0
      let code = content.withUnsafeBytes { source in
        output.withUnsafeMutableBytes { target in
          var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: consumed)
          var space = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
          let code = ZSTD_compressStream2(context, &space, &input, isLast ? ZSTD_e_end : ZSTD_e_continue)
          (consumed, produced) = (input.pos, space.pos)
          return code
        }
      }
      try check(code)
      frame += output[..<produced]
      if isLast ? code == 0 : consumed == content.count { return }
    }
  }
}

/// Decompresses zstd frames that come in pieces.
///
/// Sendable although it holds a pointer: the struct cannot be copied, so its owner is the context's only user.
public struct ZstdDecoder: ~Copyable, @unchecked Sendable {
  private let context: OpaquePointer
  private var output: [UInt8]
  /// Whether everything given so far ended with a complete frame.
  public private(set) var isAtFrameEnd = false
  /// Whether nothing more comes out before more bytes are given.
  public private(set) var needsInput = true

  /// Starts with no bytes.
  ///
  /// - Throws: ``CompressionError`` if the library gets no memory.
  public init() throws(CompressionError) {
    guard let context = ZSTD_createDCtx() else { throw .outOfMemory(.zstd) }
    self.context = context
    output = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
  }

  deinit {
    ZSTD_freeDCtx(context)
  }

  /// Decodes some bytes, at most to the end of a frame.
  ///
  /// - Parameters:
  ///   - bytes: The next compressed bytes; may be empty while ``needsInput`` is false.
  ///   - content: Receives at most about 128 KiB, so that the caller can bound what it accepts.
  /// - Returns: How many of `bytes` were used; the rest is to be given again.
  /// - Throws: ``CompressionError`` if the bytes are corrupt.
  public mutating func decompress(
    _ bytes: ArraySlice<UInt8>, into content: inout [UInt8]
  ) throws(CompressionError) -> Int {
    var consumed = 0
    var produced = 0
    let code = bytes.withUnsafeBytes { source in
      output.withUnsafeMutableBytes { target in
        var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var space = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let code = ZSTD_decompressStream(context, &space, &input)
        (consumed, produced) = (input.pos, space.pos)
        return code
      }
    }
    try check(code)
    isAtFrameEnd = code == 0
    needsInput = consumed == bytes.count && produced < output.count
    content += output[..<produced]
    return consumed
  }
}

extension Compression {
  /// The version of the zstd library that this process runs with.
  public static var libraryVersion: String { String(cString: ZSTD_versionString()) }

  /// How many frames bytes may hold.
  public enum Frames: Sendable {
    /// Exactly one, with its content size, and nothing after it.
    case one
    /// One or more, and skippable frames between them.
    case many
  }

  /// One zstd frame of the bytes.
  ///
  /// - Throws: ``CompressionError`` if memory is short.
  public static func zstdCompressed(_ bytes: [UInt8]) throws(CompressionError) -> [UInt8] {
    var encoder = try ZstdEncoder(contentSize: bytes.count)
    var frame: [UInt8] = []
    // The pieces are those of a streaming caller, so that both give the same frame.
    var start = 0
    repeat {
      let end = min(start + pieceByteCount, bytes.count)
      try encoder.compress(bytes[start..<end], isLast: end == bytes.count, into: &frame)
      start = end
    } while start < bytes.count
    return frame
  }

  /// How many bytes of content a streaming caller of ``ZstdEncoder`` gives at a time.
  public static let pieceByteCount = 1 << 20

  /// The content size that the first frame declares.
  ///
  /// - Parameter bytes: The first ``zstdHeaderByteCount`` bytes of a frame, or more.
  /// - Returns: nil if it is no zstd frame or does not say.
  public static func zstdContentSize(ofPrefix bytes: [UInt8]) -> Int? {
    guard bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else { return nil }
    let size = bytes.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    // ZSTD_CONTENTSIZE_UNKNOWN and _ERROR are the two greatest values, which no Int can hold.
    return Int(exactly: size)
  }

  /// The content of zstd bytes.
  ///
  /// - Parameters:
  ///   - bytes: The compressed bytes.
  ///   - maximum: The greatest number of bytes that is accepted.
  ///   - frames: Whether more than one frame may stand there.
  /// - Returns: The plain bytes.
  /// - Throws: ``CompressionError`` if the bytes are truncated, corrupt, or hold more than `maximum`.
  public static func zstdDecompressed(
    _ bytes: [UInt8], maximum: Int = .max, frames: Frames = .one
  ) throws(CompressionError) -> [UInt8] {
    let declared = zstdContentSize(ofPrefix: bytes)
    if frames == .one {
      guard let declared else {
        throw bytes.count < zstdHeaderByteCount
          ? .truncated(.zstd) : .corrupt(.zstd, reason: "no frame that declares its size")
      }
      guard declared <= maximum else { throw .tooLarge(.zstd, maximum: maximum) }
    }
    // A declared size is only a hint: what is reserved before anything is decoded is bounded by what was given.
    let believed = max(1 << 20, bytes.count.multipliedReportingOverflow(by: 64).partialValue)
    if frames == .one, let declared, declared <= believed, let content = unpackedAtOnce(bytes, declared) {
      return content
    }
    var content: [UInt8] = []
    content.reserveCapacity(min(declared ?? 0, believed))
    var decoder = try ZstdDecoder()
    var at = 0
    while true {
      at += try decoder.decompress(bytes[at...], into: &content)
      guard content.count <= maximum else { throw .tooLarge(.zstd, maximum: maximum) }
      if decoder.isAtFrameEnd, frames == .one || at == bytes.count { break }
      if decoder.needsInput, at == bytes.count { break }
    }
    guard decoder.isAtFrameEnd else { throw .truncated(.zstd) }
    guard at == bytes.count else { throw .corrupt(.zstd, reason: "more bytes after the frame") }
    return content
  }

  /// The content of bytes that are one whole frame, unpacked into its place without a copy; nil if anything is wrong, which the
  /// way by pieces tells.
  private static func unpackedAtOnce(_ bytes: [UInt8], _ declared: Int) -> [UInt8]? {
    bytes.withUnsafeBytes { source in
      guard ZSTD_findFrameCompressedSize(source.baseAddress, source.count) == source.count else { return nil }
      var code = 0
      let content = [UInt8](unsafeUninitializedCapacity: declared) { target, count in
        code = ZSTD_decompress(target.baseAddress, declared, source.baseAddress, source.count)
        count = ZSTD_isError(code) == 0 ? code : 0
      }
      return ZSTD_isError(code) == 0 && content.count == declared ? content : nil
    }
  }
}

/// Turns zstd's code into an error.
private func check(_ code: Int) throws(CompressionError) {
  guard ZSTD_isError(code) != 0 else { return }
  if ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation { throw .outOfMemory(.zstd) }
  throw .corrupt(.zstd, reason: String(cString: ZSTD_getErrorName(code)))
}
