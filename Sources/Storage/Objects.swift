// Objects: bytes known by their SHA-256, one zstd frame each. Knows nothing of what they mean.

import Compression
import Diagnostics
public import Digests

extension Store {
  static let objectSuffix = ".zst"

  package static func objectName(_ digest: Digest) -> String { name(digest, in: "objects", suffix: objectSuffix) }

  /// Whether the object is there, as far as can be told; its bytes are verified when they are read.
  public func contains(_ object: Digest) -> Bool { (try? holds(object)) ?? false }

  /// Whether the object is there.
  func holds(_ object: Digest) throws(StorageError) -> Bool { try files.exists(Self.objectName(object)) }

  /// The object's uncompressed size in bytes by its frame's header; nil if it is not there or has no such header.
  public func size(of object: Digest) -> Int? {
    guard let file = try? files.open(Self.objectName(object)) else { return nil }
    defer { files.close(file) }
    let header = try? files.read(file, at: 0, count: Compression.zstdHeaderByteCount)
    return header.flatMap { Compression.zstdContentSize(ofPrefix: $0) }
  }

  /// The object's bytes, verified.
  ///
  /// - Throws: ``StorageError/missing(_:)``; ``StorageError/damaged(_:path:reason:)``, after the object has been set
  ///   aside; or a system call's failure.
  public func read(_ object: Digest) throws(StorageError) -> [UInt8] {
    if let content = try readSmall(object) { return content }
    var content: [UInt8] = []
    try decode(object, reserve: { content.reserveCapacity($0) }) { piece throws(StorageError) in
      content += piece
      piece.removeAll(keepingCapacity: true)
    }
    return content
  }

  /// Files up to this size are unpacked as a whole, with no buffers between.
  private static let smallByteCount = 1 << 20

  /// The bytes of an object whose file is small; nil of any other, and of one that is not as it should be, which the way by
  /// pieces tells.
  private func readSmall(_ object: Digest) throws(StorageError) -> [UInt8]? {
    guard let file = try files.open(Self.objectName(object)) else { return nil }
    defer { files.close(file) }
    let byteCount = try files.byteCount(of: file)
    guard byteCount <= Self.smallByteCount else { return nil }
    let frame = try files.read(file, at: 0, count: byteCount)
    guard let content = try? Compression.zstdDecompressed(frame), Digest.sha256(content) == object else { return nil }
    return content
  }

  /// The first bytes of an object, up to `count` of them, without its digest being verified.
  ///
  /// For what may be wrong without harm: a forecast, never a result.
  ///
  /// - Throws: ``StorageError/missing(_:)``; ``StorageError/compression(path:message:)`` if they cannot be unpacked; or a
  ///   system call's failure.
  public func beginning(of object: Digest, count: Int) throws(StorageError) -> [UInt8] {
    let name = Self.objectName(object)
    guard let file = try files.open(name) else { throw .missing(object) }
    defer { files.close(file) }
    var content: [UInt8] = []
    do {
      var decoder = try ZstdDecoder()
      var offset = 0
      while content.count < count, !decoder.isAtFrameEnd {
        var piece = try files.read(file, at: offset, count: Compression.pieceByteCount)[...]
        if piece.isEmpty { break }
        offset += piece.count
        while content.count < count, !decoder.isAtFrameEnd, !(piece.isEmpty && decoder.needsInput) {
          piece = piece.dropFirst(try decoder.decompress(piece, into: &content))
        }
      }
    } catch let error as StorageError {
      throw error
    } catch {
      throw .compression(path: file.path, message: "its beginning cannot be unpacked")
    }
    return Array(content.prefix(count))
  }

  /// Writes an object's bytes to a file outside the store, verified; the file appears whole or not at all.
  ///
  /// - Parameters:
  ///   - object: The object.
  ///   - path: The file to make or replace; its folder must be there.
  /// - Throws: What ``read(_:)`` throws, and a system call's failure at `path`.
  public func copy(_ object: Digest, toFile path: String) throws(StorageError) {
    let outside = StoreFiles(root: Self.outerFolder(of: path), system: files.system, isReadOnly: false)
    try outside.publish(StoreFiles.base(of: path)) { file throws(StorageError) in
      try decode(object) { piece throws(StorageError) in
        try file.write(piece)
        piece.removeAll(keepingCapacity: true)
      }
    }
  }

  /// Stores bytes, if they are not there already.
  ///
  /// - Returns: Their digest.
  /// - Throws: ``StorageError`` if they cannot be written.
  @discardableResult
  public func write(_ bytes: [UInt8]) throws(StorageError) -> Digest {
    try write(all: [bytes])[0]
  }

  /// Stores the bytes of several objects, those that are not there already, at the cost of few flushes.
  ///
  /// - Returns: Their digests, in order.
  /// - Throws: ``StorageError`` if they cannot be written; some of them may be stored then.
  @discardableResult
  public func write(all contents: [[UInt8]]) throws(StorageError) -> [Digest] {
    let digests = contents.map { Digest.sha256($0) }
    var news: [(name: String, content: Int)] = []
    for (index, digest) in digests.enumerated() where digests.firstIndex(of: digest) == index {
      if try !isKept(digest) { news.append((Self.objectName(digest), index)) }
    }
    try files.publish(news.map(\.name)) { index, file throws(StorageError) in
      let frame: [UInt8]
      do throws(CompressionError) { frame = try Compression.zstdCompressed(contents[news[index].content]) } catch {
        throw Self.failure(error, news[index].name)
      }
      try file.write(frame)
    }
    return digests
  }

  /// Stores a file's bytes without holding them all in memory.
  ///
  /// - Parameters:
  ///   - path: The file, outside the store.
  ///   - expected: What its digest must be.
  /// - Returns: Its digest and its size in bytes.
  /// - Throws: ``StorageError/mismatch(path:expected:actual:)``, before anything is stored; or another ``StorageError``.
  @discardableResult
  public func writeFile(
    at path: String, expecting expected: Digest? = nil
  ) throws(StorageError) -> (digest: Digest, byteCount: Int) {
    let source = try told { () throws(SystemFailure) in try files.system.open(path, for: .read) }
    defer { files.close(source) }
    var hasher = DigestHasher()
    let byteCount = try eachPiece(of: source) { piece, _ throws(StorageError) in hasher.update(piece) }
    let digest = hasher.finalize()
    if let expected, expected != digest { throw .mismatch(path: path, expected: expected, actual: digest) }
    if try isKept(digest) { return (digest, byteCount) }
    try files.publish(Self.objectName(digest)) { file throws(StorageError) in
      try compress(source, byteCount: byteCount, digest: digest, into: &file)
    }
    return (digest, byteCount)
  }

  private func compress(
    _ source: OpenFile, byteCount: Int, digest: Digest, into file: inout TemporaryFile
  ) throws(StorageError) {
    var encoder: ZstdEncoder
    do { encoder = try ZstdEncoder(contentSize: byteCount) } catch { throw Self.failure(error, source.path) }
    var hasher = DigestHasher()
    var frame: [UInt8] = []
    var count = 0
    try eachPiece(of: source) { piece, isLast throws(StorageError) in
      hasher.update(piece)
      count += piece.count
      guard isLast == (count == byteCount) else { throw .changed(path: source.path) }
      do throws(CompressionError) {
        try encoder.compress(piece[...], isLast: isLast, into: &frame)
      } catch {
        throw Self.failure(error, source.path)
      }
      try file.write(frame)
      frame.removeAll(keepingCapacity: true)
    }
    guard hasher.finalize() == digest else { throw .changed(path: source.path) }
  }

  /// Reads a file from its start, in pieces of the size that the encoder is always given.
  ///
  /// - Returns: How many bytes there were.
  @discardableResult
  private func eachPiece(
    of file: OpenFile, _ body: ([UInt8], _ isLast: Bool) throws(StorageError) -> Void
  ) throws(StorageError) -> Int {
    var count = 0
    var piece = try files.read(file, at: 0, count: Compression.pieceByteCount)
    while true {
      count += piece.count
      let next = try files.read(file, at: count, count: Compression.pieceByteCount)
      try body(piece, next.isEmpty)
      if next.isEmpty { return count }
      piece = next
    }
  }

  /// Whether the object is there and whole; a damaged one is set aside, so that it can be written anew.
  ///
  /// Reading is several times faster than compressing, so this costs less than it saves.
  func isKept(_ object: Digest) throws(StorageError) -> Bool {
    guard !files.isReadOnly else { throw .readOnlyStore(path: path) }
    let name = Self.objectName(object)
    guard try files.exists(name) else { return false }
    do throws(StorageError) {
      try decode(object) { piece throws(StorageError) in piece.removeAll(keepingCapacity: true) }
    } catch {
      if error.isMiss { return false }
      throw error
    }
    // The age of the file tells collection that it is in use; a file that collection has just taken is written anew.
    return renew(name)
  }

  /// Decodes an object piece by piece; what `body` has got is verified only when this returns.
  ///
  /// - Parameters:
  ///   - object: The object.
  ///   - reserve: Told how many bytes to expect, as far as that can be believed.
  ///   - body: Takes the bytes that have come since and empties the array.
  /// - Throws: ``StorageError`` if the object is missing, damaged or unreadable, and what `body` throws.
  func decode(
    _ object: Digest, reserve: (Int) -> Void = { _ in }, _ body: (inout [UInt8]) throws(StorageError) -> Void
  ) throws(StorageError) {
    let name = Self.objectName(object)
    guard let file = try files.open(name) else { throw .missing(object) }
    defer { files.close(file) }
    let reason: DamageReason?
    do throws(ObjectFailure) {
      let actual = try decode(file, reserve: reserve, body)
      reason = actual == object ? nil : .wrongDigest(actual)
    } catch {
      switch error {
      case .damage(let damage): reason = damage
      case .other(let error): throw error
      }
    }
    guard let reason else { return }
    report(name, reason)
    throw .damaged(object, path: name, reason: reason)
  }

  package enum ObjectFailure: Error {
    case damage(DamageReason)
    case other(StorageError)
  }

  /// Decodes the frame that is a part of a file, or a whole file.
  ///
  /// - Returns: The digest of the content.
  package func decode(
    _ file: OpenFile, part: Range<Int> = 0..<Int.max, reserve: (Int) -> Void = { _ in },
    _ body: (inout [UInt8]) throws(StorageError) -> Void
  ) throws(ObjectFailure) -> Digest {
    do {
      var offset = part.lowerBound
      func next() throws(StorageError) -> ArraySlice<UInt8> {
        let piece = try files.read(file, at: offset, count: min(Compression.pieceByteCount, part.upperBound - offset))
        offset += piece.count
        return piece[...]
      }
      var input = try next()
      guard let declared = Compression.zstdContentSize(ofPrefix: Array(input.prefix(Compression.zstdHeaderByteCount)))
      else { throw ObjectFailure.damage(.undecodable("it is no zstd frame with a content size")) }
      // The declared size is believed only as far as the file could plausibly unpack to it.
      reserve(min(declared, max(1 << 20, 64 * (try files.byteCount(of: file)))))
      var decoder = try ZstdDecoder()
      var hasher = DigestHasher()
      var content: [UInt8] = []
      while true {
        let used = try decoder.decompress(input, into: &content)
        input = input.dropFirst(used)
        content.withUnsafeBytes { hasher.update(buffer: $0) }
        try body(&content)
        if decoder.isAtFrameEnd { break }
        guard input.isEmpty, decoder.needsInput else { continue }
        input = try next()
        if input.isEmpty { throw ObjectFailure.damage(.undecodable("it ends in the middle")) }
      }
      guard input.isEmpty, try next().isEmpty else {
        throw ObjectFailure.damage(.undecodable("more bytes follow the frame"))
      }
      return hasher.finalize()
    } catch let error as ObjectFailure {
      throw error
    } catch let error as StorageError {
      throw .other(error)
    } catch CompressionError.outOfMemory {
      throw .other(.compression(path: file.path, message: "there is not enough memory"))
    } catch {
      throw .damage(.undecodable("it is not valid zstd data"))
    }
  }

  static func failure(_ error: CompressionError, _ path: String) -> StorageError {
    .compression(path: path, message: error.diagnoses.map(\.message).joined(separator: "; "))
  }

  static func outerFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
