// What stands behind a descriptor, as bytes.

import SystemPackage

extension FileDescriptor {
  /// The bytes from where it is to the end, or so many at most.
  ///
  /// - Throws: `Errno`.
  func bytes(upTo most: Int = .max) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < most {
      let room = min(1 << 16, most - bytes.count)
      let piece = unsafe try [UInt8](unsafeUninitializedCapacity: room) { unsafe $1 = try read(into: .init($0)) }
      if piece.isEmpty { break }
      bytes += piece
    }
    return bytes
  }
}

extension FilePermissions {
  /// Of a new file: everyone may read it, whom it belongs to may write.
  static let usual: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
}
