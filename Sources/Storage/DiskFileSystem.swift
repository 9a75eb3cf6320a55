// The system calls of the real file system. Knows nothing of what the files mean.

import CFlush
import Glibc

/// The file system of this machine.
public struct DiskFileSystem: FileSystem {
  /// Makes the one file system there is.
  public init() {}

  /// Opens a file; never inherited by child processes.
  public func open(_ path: String, for access: FileAccess) throws(SystemFailure) -> OpenFile {
    let flags =
      switch access {
      // A pipe in a file's place is refused when it is read, and not waited for.
      case .read: O_RDONLY | O_NONBLOCK
      case .createNew: O_WRONLY | O_CREAT | O_EXCL
      case .append: O_RDWR | O_CREAT | O_APPEND
      case .folder: O_RDONLY | O_DIRECTORY
      }
    // Published files are never written again, so nobody gets the right to.
    let mode: mode_t = access == .append ? 0o666 : 0o444
    var number = Glibc.open(path, flags | O_CLOEXEC, mode)
    if number < 0, errno == EWOULDBLOCK {
      // A file server's lease on the file, which is over in a moment.
      number = Glibc.open(path, flags & ~O_NONBLOCK | O_CLOEXEC, mode)
    }
    guard number >= 0 else { throw SystemFailure(.open, path, code: errno) }
    return OpenFile(number: number, path: path)
  }

  /// Reads at an offset.
  public func read(
    _ file: OpenFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemFailure) -> Int {
    let count = pread(file.number, buffer.baseAddress, buffer.count, offset)
    guard count >= 0 else { throw SystemFailure(.read, file.path, code: errno) }
    return count
  }

  /// Writes after what was written before.
  public func write(_ file: OpenFile, _ bytes: UnsafeRawBufferPointer) throws(SystemFailure) -> Int {
    let count = Glibc.write(file.number, bytes.baseAddress, bytes.count)
    guard count >= 0 else { throw SystemFailure(.write, file.path, code: errno) }
    return count
  }

  /// Flushes to the disk.
  public func synchronize(_ file: OpenFile) throws(SystemFailure) {
    try check(fsync(file.number), .fsync, file.path)
  }

  /// Flushes the whole file system to the disk.
  public func synchronizeAll(around file: OpenFile) throws(SystemFailure) {
    try check(flush_file_system(file.number), .syncfs, file.path)
  }

  /// Closes.
  public func close(_ file: OpenFile) throws(SystemFailure) {
    try check(Glibc.close(file.number), .close, file.path)
  }

  /// The size of an open file.
  public func byteCount(of file: OpenFile) throws(SystemFailure) -> Int {
    var status = stat()
    try check(fstat(file.number, &status), .stat, file.path)
    return Int(status.st_size)
  }

  /// The status of a path, following links.
  public func status(_ path: String) throws(SystemFailure) -> FileStatus? {
    var status = stat()
    // A path given as it is would be copied first.
    guard path.withCString({ stat($0, &status) }) == 0 else {
      if errno == ENOENT { return nil }
      throw SystemFailure(.stat, path, code: errno)
    }
    return FileStatus(
      isFolder: status.st_mode & S_IFMT == S_IFDIR, byteCount: Int(status.st_size), linkCount: Int(status.st_nlink),
      modified: Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000)
  }

  /// Renames.
  public func rename(_ path: String, to target: String) throws(SystemFailure) {
    try check(Glibc.rename(path, target), .rename, path)
  }

  /// Links.
  public func link(_ path: String, to target: String) throws(SystemFailure) {
    try check(Glibc.link(path, target), .link, target)
  }

  /// Unlinks.
  public func remove(_ path: String) throws(SystemFailure) {
    try check(unlink(path), .unlink, path)
  }

  /// Makes a folder that the user's umask rules.
  public func makeFolder(_ path: String) throws(SystemFailure) {
    try check(mkdir(path, 0o777), .mkdir, path)
  }

  /// Removes an empty folder.
  public func removeFolder(_ path: String) throws(SystemFailure) {
    try check(rmdir(path), .rmdir, path)
  }

  /// Lists a folder.
  public func list(_ path: String) throws(SystemFailure) -> [String] {
    guard let folder = opendir(path) else { throw SystemFailure(.list, path, code: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        guard errno == 0 else { throw SystemFailure(.list, path, code: errno) }
        return names
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Sets the time of modification.
  public func touch(_ path: String) throws(SystemFailure) {
    try check(utimensat(AT_FDCWD, path, nil, 0), .touch, path)
  }

  /// The wall clock.
  public func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }

  private func check(_ result: Int32, _ call: SystemCall, _ path: String) throws(SystemFailure) {
    guard result == 0 else { throw SystemFailure(call, path, code: errno) }
  }
}
