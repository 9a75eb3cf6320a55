// Writes an exported folder: everything beside its place first, then one rename, so that it appears whole or not at all.
// Knows files and folders, and nothing of what is in them.

import Diagnostics
import Execution
import FoundationEssentials
import Glibc
import LanguageModel
import Storage
import SystemPackage

/// Files that lie in one folder of an export.
struct ExportedPart {
  /// The folder inside the exported one; nil for that itself.
  let folder: String?
  let files: [ExportedFile]
}

/// A folder about to be written.
struct FolderWriter {
  private let path: String

  /// Refuses a place that is taken.
  ///
  /// - Throws: ``PolicyError/notEmpty(_:)``.
  init(_ path: String) throws {
    self.path = path
    guard FileManager.default.fileExists(atPath: path) else { return }
    guard let inside = try? FileManager.default.contentsOfDirectory(atPath: path), inside.isEmpty else {
      throw PolicyError.notEmpty(path)
    }
  }

  /// Writes everything.
  ///
  /// - Throws: ``CommandError``, or what reading weights throws; nothing is left at the place then.
  func write(_ parts: [ExportedPart]) throws {
    let place = URL(fileURLWithPath: path)
    let partial = place.deletingLastPathComponent()
      .appendingPathComponent(".\(place.lastPathComponent)-\(UniqueName.drawn()).partial")
    do {
      for part in parts {
        let folder = part.folder.map { partial.appendingPathComponent($0) } ?? partial
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in part.files { try write(file, to: folder.appendingPathComponent(file.name)) }
      }
      // An empty folder at the place gives way.
      guard unsafe rename(partial.path, place.path) == 0 else {
        let reason = unsafe String(cString: strerror(errno))
        throw CommandError.unwritable(path: path, reason: reason)
      }
    } catch {
      try? FileManager.default.removeItem(at: partial)
      guard error is CocoaError || error is Errno else { throw error }
      throw CommandError.unwritable(path: path, reason: SystemReason.text(of: error, at: path))
    }
  }

  private func write(_ file: ExportedFile, to place: URL) throws {
    let written = try FileDescriptor.open(
      FilePath(place.path), .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .usual)
    defer { try? written.close() }
    try file.write { bytes in
      if Interrupt.cancellation.isCancelled { throw CommandError.cancelled }
      try written.writeAll(bytes)
    }
    guard fsync(written.rawValue) == 0 else { throw Errno(rawValue: errno) }
  }
}

/// Where the user wants something written.
enum OutputPath {
  /// Whether a new file may take its place: what is a link, a pipe or a device is written into.
  static func isReplaceable(_ path: String) -> Bool {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return true }
    return attributes[.type] as? FileAttributeType == .typeRegular
  }
}
