// Files on this machine: their kind, their digest, their folders.
// Knows nothing of requests.

import Diagnostics
import Digests
import FoundationEssentials

enum LocalFile {
  struct Facts: Hashable {
    let isFile: Bool
    let isFolder: Bool
    let byteCount: Int
    let modified: Date?
  }

  /// What stands at a path, links followed; nil if nothing does.
  static func facts(_ path: String) -> Facts? {
    let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved) else { return nil }
    let type = attributes[.type] as? FileAttributeType
    return Facts(
      isFile: type == .typeRegular, isFolder: type == .typeDirectory,
      byteCount: attributes[.size] as? Int ?? 0, modified: attributes[.modificationDate] as? Date)
  }

  /// Hashes a file in pieces.
  static func digest(_ path: String) throws(FetchFailure) -> (digest: Digest, byteCount: Int) {
    guard let facts = facts(path) else { throw .noFile(path) }
    guard facts.isFile else { throw .notAFile(path) }
    do {
      return try Digest.sha256(ofFile: path)
    } catch {
      throw .unreadable(path, reason: SystemReason.text(of: error, at: path))
    }
  }

  /// Every plain file under a folder, hidden ones and links to folders apart, in the order of their paths' bytes.
  static func files(under folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var files: [String] = []
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
      guard let facts = facts(path) else { continue }
      if facts.isFile { files.append(path) }
      if facts.isFolder, !isLink { files += self.files(under: path) }
    }
    return files
  }

  static func makeFolder(_ path: String) throws(FetchFailure) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path, reason: SystemReason.text(of: error, at: path))
    }
  }

  /// A name that no other fetch uses.
  static var uniqueName: String { UUID().uuidString.lowercased() }

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
