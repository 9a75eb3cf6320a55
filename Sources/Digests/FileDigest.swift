// The digest of a file, read in pieces.

import SystemPackage

extension Digest {
  private static let pieceByteCount = 1 << 20

  /// The digest of a file's bytes.
  ///
  /// - Parameter path: A file that ends; of a pipe or a device, everything is waited for.
  /// - Returns: The digest, and how many bytes there were.
  /// - Throws: `Errno`, if the file cannot be opened or read.
  public static func sha256(ofFile path: String) throws -> (digest: Digest, byteCount: Int) {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    return try file.closeAfter {
      var hasher = DigestHasher()
      var count = 0
      let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 16)
      defer { unsafe piece.deallocate() }
      while true {
        let read = unsafe try file.read(into: piece)
        if read == 0 { return (hasher.finalize(), count) }
        unsafe hasher.update(buffer: UnsafeRawBufferPointer(rebasing: piece[..<read]))
        count += read
      }
    }
  }
}
