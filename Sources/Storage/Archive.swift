// An archive: files of a store in one file, each of which proves itself. Knows the order and the names that they may have.

import Digests

/// A file in an archive.
struct ArchiveMember: Sendable {
  let name: String
  let kind: StoredKind
  /// Where its bytes stand in the archive.
  let range: Range<Int>
}

/// The form of an archive.
enum Archive {
  /// The first member, which says what this is.
  static let markName = "runner-archive"
  static let mark = Array("runner-archive 1\n".utf8)

  /// Visits the members in order.
  ///
  /// - Throws: ``StorageError/badArchive(path:problem:)`` at the first thing that an archive may not have, and what
  ///   `body` throws.
  static func eachMember(
    of file: OpenFile, _ files: StoreFiles, _ body: (ArchiveMember) throws(StorageError) -> Void
  ) throws(StorageError) {
    var offset = 0
    var last: String?
    while true {
      let header = try header(at: offset, file, files)
      guard let (name, byteCount) = header else { break }
      offset += Tar.blockByteCount
      let range = offset..<(offset + byteCount)
      let padding = Tar.padding(after: byteCount)
      guard try files.read(file, at: range.upperBound, count: padding).allSatisfy({ $0 == 0 }) else {
        throw bad(file, "bytes stand between `\(name)` and what follows it")
      }
      offset = range.upperBound + padding
      guard let before = last else {
        guard name == markName, try files.read(file, at: range.lowerBound, count: byteCount) == mark else {
          throw bad(file, "it does not begin as an archive of this version does")
        }
        last = ""
        continue
      }
      try body(ArchiveMember(name: name, kind: try kind(name, after: before, file), range: range))
      last = name
    }
    guard last != nil else { throw bad(file, "it is empty") }
    try checkEnd(offset, file, files)
  }

  static func bad(_ file: OpenFile, _ problem: String) -> StorageError {
    .badArchive(path: file.path, problem: problem)
  }

  private static func header(
    at offset: Int, _ file: OpenFile, _ files: StoreFiles
  ) throws(StorageError) -> (name: String, byteCount: Int)? {
    let block = try files.read(file, at: offset, count: Tar.blockByteCount)
    do throws(Malformed) { return try Tar.member(block) } catch { throw bad(file, error.reason) }
  }

  private static func kind(_ name: String, after last: String, _ file: OpenFile) throws(StorageError) -> StoredKind {
    let kind = StoredKind(path: name)
    switch kind {
    case .object, .step, .recipe, .segment: break
    default: throw bad(file, "`\(name)` is no file that an archive may have")
    }
    if name == last { throw bad(file, "`\(name)` stands in it twice") }
    guard last.utf8.lexicographicallyPrecedes(name.utf8) else { throw bad(file, "`\(name)` is not in its place") }
    return kind
  }

  /// Two blocks of zeros end an archive, and nothing follows.
  private static func checkEnd(_ offset: Int, _ file: OpenFile, _ files: StoreFiles) throws(StorageError) {
    let end = try files.read(file, at: offset, count: 2 * Tar.blockByteCount + 1)
    guard end.allSatisfy({ $0 == 0 }), end.count >= 2 * Tar.blockByteCount else {
      throw bad(file, "it ends in the middle")
    }
    guard end.count == 2 * Tar.blockByteCount else { throw bad(file, "more bytes follow its end") }
  }
}
