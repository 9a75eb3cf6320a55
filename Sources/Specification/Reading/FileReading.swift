// Reading files, as the one thing that specs need of the world.
// Knows nothing of YAML.

import FoundationEssentials

/// Why a file cannot be read.
public enum FileFault: Error, Hashable, Sendable {
  /// Nothing of that name is there.
  case missing
  /// It is a folder.
  case folder
  /// It is a device or a pipe, which has no end.
  case notRegular
  /// The user may not read it.
  case forbidden
  /// Anything else, in the system's words.
  case other(String)

  var inWords: String {
    switch self {
    case .missing: "there is no such file"
    case .folder: "it is a folder"
    case .notRegular: "it is no regular file"
    case .forbidden: "permission is denied"
    case .other(let words): words
    }
  }

  var remedy: String {
    switch self {
    case .missing: "Check the path; it is relative to the file or folder that names it."
    case .folder: "Name a file in it."
    case .notRegular: "Name a file."
    case .forbidden: "Give yourself the right to read it."
    case .other: "Check the disk and the path."
    }
  }
}

/// Where the text of files comes from.
public protocol FileReading: Sendable {
  /// The bytes of a file.
  ///
  /// - Parameter path: Absolute, or relative to the working folder.
  /// - Returns: The bytes.
  /// - Throws: Why it cannot be read.
  func bytes(of path: String) throws(FileFault) -> [UInt8]

  /// Whether a file is there.
  func exists(_ path: String) -> Bool
}

/// Files on disk.
public struct DiskFiles: FileReading {
  /// Files on disk.
  public init() {}

  /// The bytes of a file.
  ///
  /// - Parameter path: Absolute, or relative to the working folder.
  /// - Returns: The bytes.
  /// - Throws: Why it cannot be read.
  public func bytes(of path: String) throws(FileFault) -> [UInt8] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw .missing }
    guard !isFolder else { throw .folder }
    let resolved = URL(filePath: path).resolvingSymlinksInPath().path
    let type = try? FileManager.default.attributesOfItem(atPath: resolved)[.type] as? FileAttributeType
    guard type == nil || type == .typeRegular else { throw .notRegular }
    do {
      return Array(try Data(contentsOf: URL(filePath: path)))
    } catch let error as CocoaError where error.code == .fileReadNoPermission {
      throw .forbidden
    } catch {
      throw .other("\(error)")
    }
  }

  /// Whether a file is there.
  public func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

/// Files held in memory: for tests, and for specs that come from elsewhere.
public struct MemoryFiles: FileReading {
  private let files: [String: [UInt8]]

  /// Files by path.
  ///
  /// - Parameter files: The text of each.
  public init(_ files: [String: String]) { self.files = files.mapValues { Array($0.utf8) } }

  /// Files by path.
  ///
  /// - Parameter files: The bytes of each.
  public init(bytes files: [String: [UInt8]]) { self.files = files }

  /// The bytes of a file.
  ///
  /// - Parameter path: As it was given.
  /// - Returns: The bytes.
  /// - Throws: `.missing` if there is none.
  public func bytes(of path: String) throws(FileFault) -> [UInt8] {
    guard let bytes = files[path] else { throw .missing }
    return bytes
  }

  /// Whether a file is there.
  public func exists(_ path: String) -> Bool { files[path] != nil }
}
