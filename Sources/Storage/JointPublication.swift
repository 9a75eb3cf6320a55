// Several files that come into being together, with as many flushes as one.
// Knows nothing of what the files hold.

import Glibc

extension StoreFiles {
  /// Writes several files, each of which appears whole, or not at all, under its name; they are on the disk afterwards.
  ///
  /// Two flushes serve any number of files: one of everything that was written, one of the names. One file alone is cheaper
  /// by itself, for whoever flushes everything waits for everybody.
  ///
  /// - Parameters:
  ///   - names: The names, each once.
  ///   - produce: Writes the content of the file of a name, given by its index.
  /// - Throws: ``StorageError`` if a file cannot be written, and what `produce` throws; some of the files may be there then.
  func publish(
    _ names: [String], _ produce: (Int, inout TemporaryFile) throws(StorageError) -> Void
  ) throws(StorageError) {
    guard names.count > 1 else {
      for name in names { try publish(name) { file throws(StorageError) in try produce(0, &file) } }
      return
    }
    var drafts: [TemporaryFile] = []
    do throws(StorageError) {
      for (index, name) in names.enumerated() {
        drafts.append(try createTemporary(for: name))
        try produce(index, &drafts[index])
        try drafts[index].finish(isDurable: false)
      }
      try flush(drafts.map(\.path))
      for (name, draft) in zip(names, drafts) {
        try told { () throws(SystemFailure) in try system.rename(draft.path, to: path(name)) }
      }
      try flush(Set(names.flatMap(Self.foldersAround)).sorted().map(path))
    } catch {
      for index in drafts.indices { drafts[index].abandon() }
      throw error
    }
  }

  /// Brings files and folders to the disk, by one flush of their file system where it has that.
  func flush(_ paths: [String]) throws(StorageError) {
    for (number, path) in paths.enumerated() {
      let file = try told { () throws(SystemFailure) in try system.open(path, for: .read) }
      defer { close(file) }
      do {
        if number == 0 { return try retrying { () throws(SystemFailure) in try system.synchronizeAll(around: file) } }
      } catch {
        guard error.isUnsupported else { throw StorageError(error) }
      }
      try synchronize(file)
    }
  }

  /// The folders that a file stands in, the store itself last.
  static func foldersAround(_ name: String) -> [String] {
    let folder = folder(of: name)
    return folder.isEmpty ? [""] : [folder] + foldersAround(folder)
  }
}
