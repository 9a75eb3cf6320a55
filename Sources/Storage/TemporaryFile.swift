// A file that is being written beside the place where it will appear. Knows nothing of that place.

import Glibc

/// A temporary file, open for writing.
struct TemporaryFile: Sendable {
  let file: OpenFile
  let system: any FileSystem
  /// Whether its folder was made for it, so that the folder's name is not on the disk either.
  let isInNewFolder: Bool
  private var isOpen = true

  init(file: OpenFile, system: any FileSystem, isInNewFolder: Bool = false) {
    self.file = file
    self.system = system
    self.isInNewFolder = isInNewFolder
  }

  var path: String { file.path }

  /// Writes all bytes.
  func write(_ bytes: some Collection<UInt8>) throws(StorageError) {
    if let done = bytes.withContiguousStorageIfAvailable({ buffer in
      Result { () throws(StorageError) in try writeAll(UnsafeRawBufferPointer(buffer)) }
    }) {
      return try done.get()
    }
    try write(Array(bytes))
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
    var start = 0
    while start < bytes.count {
      // One call takes less than 2 GiB on Linux; asking for less keeps short counts rare.
      let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + 1 << 30)])
      let count = try told { () throws(SystemFailure) in try system.write(file, rest) }
      guard count > 0 else { throw StorageError(SystemFailure(.write, path, code: EIO)) }
      start += count
    }
  }

  /// Brings the content to the disk and closes the file.
  mutating func finish(isDurable: Bool = true) throws(StorageError) {
    if isDurable { try told { () throws(SystemFailure) in try system.synchronize(file) } }
    isOpen = false
    do throws(SystemFailure) {
      try system.close(file)
    } catch {
      // Linux has closed the file when a signal interrupts `close`, and the content was flushed before.
      if error.code != EINTR { throw StorageError(error) }
    }
  }

  /// Closes and deletes the file as far as possible; what remains is swept later.
  mutating func abandon() {
    if isOpen { _ = try? system.close(file) }
    isOpen = false
    _ = try? retrying { () throws(SystemFailure) in try system.remove(path) }
  }
}
