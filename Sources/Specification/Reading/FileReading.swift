// Reading files, as the one thing that specs need of the world.
// Knows nothing of YAML.

import Glibc

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
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw Self.fault(errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .folder
    default: throw .notRegular
    }
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Self.fault(errno) }
    defer { _ = close(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: max(4096, Int(status.st_size) + 1))
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Self.fault(errno) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }

  private static func fault(_ code: Int32) -> FileFault {
    switch code {
    case ENOENT, ENOTDIR, ELOOP: .missing
    case EACCES, EPERM: .forbidden
    default: unsafe .other(String(cString: strerror(code)))
    }
  }

  /// Whether a file is there.
  public func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
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
