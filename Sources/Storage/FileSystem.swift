// The system calls that a store makes, one function each, so that a test can fail, stop or count every one of them.
// Knows nothing of stores; what a failure means is decided by the callers.

import Glibc

/// What a file is opened for.
public enum FileAccess: Hashable, Sendable {
  /// Reading an existing file.
  case read
  /// Writing a file that must not exist yet.
  case createNew
  /// Adding to the end of a file, which is made if it does not exist.
  case append
  /// Flushing a folder.
  case folder
}

/// What the system says of a file.
public struct FileStatus: Hashable, Sendable {
  /// Whether it is a folder.
  public let isFolder: Bool
  /// Its size in bytes.
  public let byteCount: Int
  /// How many names it has.
  public let linkCount: Int
  /// When it was last changed, in microseconds since 1970.
  public let modified: Int64

  /// Makes a status.
  public init(isFolder: Bool, byteCount: Int, linkCount: Int, modified: Int64) {
    self.isFolder = isFolder
    self.byteCount = byteCount
    self.linkCount = linkCount
    self.modified = modified
  }
}

/// One system call.
public enum SystemCall: String, Hashable, Sendable, CaseIterable {
  /// Opening a file or a folder.
  case open
  /// Reading bytes.
  case read
  /// Writing bytes.
  case write
  /// Bringing a file or a folder to the disk.
  case fsync
  /// Bringing everything of a file system to the disk.
  case syncfs
  /// Closing.
  case close
  /// Asking for a file's status.
  case stat
  /// Giving a file another name.
  case rename
  /// Giving a file a second name, if that is free.
  case link
  /// Removing a name.
  case unlink
  /// Making a folder.
  case mkdir
  /// Removing an empty folder.
  case rmdir
  /// Listing a folder.
  case list
  /// Setting a file's time to now.
  case touch
}

/// A system call that failed.
public struct SystemFailure: Error, Hashable, Sendable {
  /// The call.
  public let call: SystemCall
  /// The file that it was about.
  public let path: String
  /// The system's `errno`.
  public let code: Int32

  /// Makes a failure.
  public init(_ call: SystemCall, _ path: String, code: Int32) {
    self.call = call
    self.path = path
    self.code = code
  }
}

extension SystemFailure {
  /// Whether the file system has no such call.
  public var isUnsupported: Bool { [EOPNOTSUPP, ENOSYS, EINVAL].contains(code) }
}

/// A file that is open.
public struct OpenFile: Hashable, Sendable {
  /// The system's number for it.
  public let number: Int32
  /// The path it was opened by, for messages.
  public let path: String

  /// Makes an open file.
  public init(number: Int32, path: String) {
    self.number = number
    self.path = path
  }
}

/// The system calls of a store.
///
/// Each does what POSIX says, once: short counts and `EINTR` are the caller's matter.
public protocol FileSystem: Sendable {
  /// Opens a file.
  func open(_ path: String, for access: FileAccess) throws(SystemFailure) -> OpenFile
  /// Reads up to the buffer's size at an offset; 0 at the end.
  func read(_ file: OpenFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemFailure) -> Int
  /// Writes some of the bytes after those written before and says how many.
  func write(_ file: OpenFile, _ bytes: UnsafeRawBufferPointer) throws(SystemFailure) -> Int
  /// Brings a file's content, or a folder's names, to the disk.
  func synchronize(_ file: OpenFile) throws(SystemFailure)
  /// Brings everything on the file system of an open file or folder to the disk; fails with `EOPNOTSUPP`, or another of
  /// ``SystemFailure/isUnsupported``, where nobody could tell that it is there.
  func synchronizeAll(around file: OpenFile) throws(SystemFailure)
  /// Closes a file.
  func close(_ file: OpenFile) throws(SystemFailure)
  /// The size of an open file.
  func byteCount(of file: OpenFile) throws(SystemFailure) -> Int
  /// The status of a path; nil if nothing is there.
  func status(_ path: String) throws(SystemFailure) -> FileStatus?
  /// Renames, replacing what has the new name.
  func rename(_ path: String, to target: String) throws(SystemFailure)
  /// Gives a file a second name; fails with `EEXIST` if that is taken.
  func link(_ path: String, to target: String) throws(SystemFailure)
  /// Removes a name.
  func remove(_ path: String) throws(SystemFailure)
  /// Makes a folder; fails with `EEXIST` if something is there.
  func makeFolder(_ path: String) throws(SystemFailure)
  /// Removes an empty folder; fails with `ENOTEMPTY` if something is in it.
  func removeFolder(_ path: String) throws(SystemFailure)
  /// The names in a folder in any order, without `.` and `..`.
  func list(_ path: String) throws(SystemFailure) -> [String]
  /// Sets a file's time of modification to now.
  func touch(_ path: String) throws(SystemFailure)
  /// Microseconds since 1970; used for ages and names, never in results.
  func now() -> Int64
}
