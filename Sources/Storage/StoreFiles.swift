// A folder in which whole files appear atomically and damaged ones are set aside.
// Knows the order of the system calls that this takes; knows nothing of what the files hold.

import Glibc
import Synchronization

/// The first thing that could not be read, for those who had to answer without it.
final class ReadFaults: Sendable {
  private let held = Mutex<StorageError?>(nil)

  var first: StorageError? { held.withLock { $0 } }

  func note(_ error: StorageError) { held.withLock { if $0 == nil { $0 = error } } }
}

/// The files of one store.
struct StoreFiles: Sendable {
  let root: String
  let system: any FileSystem
  let isReadOnly: Bool
  /// Where it is noted what cannot be read; nil where nothing rests on it.
  var faults: ReadFaults? = ReadFaults()

  /// The same files, of which nothing is noted: what is only a hint may be missing.
  var unnoted: StoreFiles { StoreFiles(root: root, system: system, isReadOnly: isReadOnly, faults: nil) }

  private func noted(_ error: StorageError) -> StorageError {
    faults?.note(error)
    return error
  }

  private func noting<Value>(_ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
    do throws(StorageError) { return try body() } catch { throw noted(error) }
  }

  /// How old a temporary file must be before nobody can still be writing it: a day, in microseconds.
  static let abandonedAfter: Int64 = 86_400_000_000

  func path(_ name: String) -> String { "\(root)/\(name)" }

  // MARK: Reading

  /// Opens a file for reading; nil if it is not there.
  func open(_ name: String) throws(StorageError) -> OpenFile? {
    do {
      return try retrying { () throws(SystemFailure) in try system.open(path(name), for: .read) }
    } catch {
      // On a network file system, a file that another host just replaced or removed is stale.
      if error.code == ENOENT || error.code == ESTALE { return nil }
      throw noted(StorageError(error))
    }
  }

  /// Opens a file for adding to it; nil if it is not there.
  func openToAppend(_ name: String) throws(StorageError) -> OpenFile? {
    guard try exists(name) else { return nil }
    return try told { () throws(SystemFailure) in try system.open(path(name), for: .append) }
  }

  /// The bytes at an offset, fewer if the file ends there.
  func read(_ file: OpenFile, at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      // What is allocated is bounded by what has been read, whatever count a damaged file asks for; most files that are
      // read whole are small.
      let least = bytes.isEmpty && count == .max ? 1 << 15 : 1 << 20
      let piece = try readPiece(
        file, at: offset + bytes.count, count: min(count - bytes.count, max(least, bytes.count)))
      if piece.isEmpty { break }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
    }
    return bytes
  }

  /// What one call reads.
  private func readPiece(_ file: OpenFile, at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
    do {
      return try retrying { () throws(SystemFailure) in
        var failure: SystemFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
          do throws(SystemFailure) {
            done = try system.read(file, into: UnsafeMutableRawBufferPointer(buffer), at: offset)
          } catch {
            failure = error
          }
        }
        if let failure { throw failure }
        return bytes
      }
    } catch {
      throw noted(StorageError(error))
    }
  }

  /// The whole file; nil if it is not there.
  func read(_ name: String) throws(StorageError) -> [UInt8]? {
    guard let file = try open(name) else { return nil }
    defer { close(file) }
    return try read(file, at: 0, count: .max)
  }

  /// The size of an open file in bytes.
  func byteCount(of file: OpenFile) throws(StorageError) -> Int {
    try told { () throws(SystemFailure) in try system.byteCount(of: file) }
  }

  /// Closes a file that was read; a failure cannot lose anything.
  func close(_ file: OpenFile) {
    _ = try? system.close(file)
  }

  /// Whether a file is there.
  func exists(_ name: String) throws(StorageError) -> Bool {
    try status(name) != nil
  }

  /// What the system says of a file; nil if it is not there.
  func status(_ name: String) throws(StorageError) -> FileStatus? { try status(at: path(name)) }

  /// What the system says of a file that is known by its path, root included; nil if it is not there.
  func status(at path: String) throws(StorageError) -> FileStatus? {
    try noting { () throws(StorageError) in
      try told { () throws(SystemFailure) in try system.status(path) }
    }
  }

  /// The names in a folder in the order of their bytes, without temporary files; empty if it is not there.
  func list(_ name: String) throws(StorageError) -> [String] {
    try listAll(name).filter { !$0.hasPrefix(".") }
  }

  /// The names in a folder in the order of their bytes, those of temporary files too; empty if it is not there.
  func listAll(_ name: String) throws(StorageError) -> [String] {
    do {
      return try retrying { () throws(SystemFailure) in try system.list(path(name)) }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      if error.code == ENOENT { return [] }
      throw noted(StorageError(error))
    }
  }

  // MARK: Publishing

  /// Writes a file that appears whole, or not at all, under its name, replacing what is there.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - isDurable: Whether it is on the disk afterwards; otherwise it outlives the process, but maybe not the machine.
  ///   - produce: Writes the content.
  /// - Throws: ``StorageError`` if the file cannot be written, and what `produce` throws.
  func publish(
    _ name: String, isDurable: Bool = true, _ produce: (inout TemporaryFile) throws(StorageError) -> Void
  ) throws(StorageError) {
    try withTemporary(for: name, isDurable: isDurable, produce) { temporary throws(SystemFailure) in
      try retrying { () throws(SystemFailure) in try system.rename(temporary, to: path(name)) }
      return true
    }
  }

  /// Writes a file that appears whole under the first free name.
  ///
  /// - Parameters:
  ///   - first: The name to try first.
  ///   - next: The next name to try, in the same folder, when one is taken; nil gives up.
  ///   - isDurable: As for ``publish(_:isDurable:_:)``.
  ///   - produce: Writes the content.
  /// - Returns: The name, or nil if `next` gave up.
  /// - Throws: ``StorageError`` if the file cannot be written, and what `produce` and `next` throw.
  func publishFirst(
    _ first: String, next: () throws(StorageError) -> String? = { () throws(StorageError) in nil },
    isDurable: Bool = true, _ produce: (inout TemporaryFile) throws(StorageError) -> Void
  ) throws(StorageError) -> String? {
    var name: String? = first
    var refused: StorageError?
    let isPublished = try withTemporary(for: first, isDurable: isDurable, produce) { temporary throws(SystemFailure) in
      while let candidate = name {
        if try link(temporary, to: path(candidate)) { return true }
        do throws(StorageError) { name = try next() } catch {
          refused = error
          return false
        }
      }
      return false
    }
    if let refused { throw refused }
    return isPublished ? name : nil
  }

  /// Gives the temporary file its name if that is free; removes the temporary name either way when it is done with.
  func link(_ temporary: String, to target: String) throws(SystemFailure) -> Bool {
    do {
      try retrying { () throws(SystemFailure) in try system.link(temporary, to: target) }
    } catch {
      switch error.code {
      case EEXIST:
        // A network file system may repeat a request that had succeeded; then the file has two names.
        guard try retrying({ () throws(SystemFailure) in try system.status(temporary) })?.linkCount == 2 else {
          return false
        }
      case EPERM, EOPNOTSUPP, ENOSYS, EMLINK:
        // Without links, two writers may both see a free name; the later then replaces the earlier's whole file.
        guard try retrying({ () throws(SystemFailure) in try system.status(target) }) == nil else { return false }
        try retrying { () throws(SystemFailure) in try system.rename(temporary, to: target) }
        return true
      default: throw error
      }
    }
    _ = try? retrying { () throws(SystemFailure) in try system.remove(temporary) }
    return true
  }

  @discardableResult
  private func withTemporary(
    for name: String, isDurable: Bool = true, _ produce: (inout TemporaryFile) throws(StorageError) -> Void,
    place: (String) throws(SystemFailure) -> Bool
  ) throws(StorageError) -> Bool {
    let folder = Self.folder(of: name)
    var file = try createTemporary(for: name)
    var isPublished = false
    do throws(StorageError) {
      try produce(&file)
      try file.finish(isDurable: isDurable)
      isPublished = try told { () throws(SystemFailure) in try place(file.path) }
    } catch {
      file.abandon()
      throw error
    }
    guard isPublished else {
      file.abandon()
      return false
    }
    if isDurable { try file.isInNewFolder ? flush(Self.foldersAround(name).map(path)) : synchronizeFolder(folder) }
    return true
  }

  /// Opens a file beside the one that it will become; a folder that is made for it is not brought to the disk, unless it is
  /// the store itself.
  func createTemporary(for name: String) throws(StorageError) -> TemporaryFile {
    guard !isReadOnly else { throw .readOnlyStore(path: root) }
    let (folder, base) = (Self.folder(of: name), Self.base(of: name))
    // A name is taken with a chance of 2^-64; more than a few times in a row means that the file system is wrong.
    var attempts = 0
    var isInNewFolder = false
    while true {
      let temporary = path("\(folder.isEmpty ? "" : folder + "/").\(base).\(Self.unique()).tmp")
      do {
        let file = try retrying { () throws(SystemFailure) in try system.open(temporary, for: .createNew) }
        return TemporaryFile(file: file, system: system, isInNewFolder: isInNewFolder)
      } catch {
        attempts += 1
        guard attempts < 8 else { throw StorageError(error) }
        switch error.code {
        case EEXIST: continue
        case ENOENT:
          try makeFolder(folder, isDurable: folder.isEmpty)
          isInNewFolder = !folder.isEmpty
        default: throw StorageError(error)
        }
      }
    }
  }

  /// Makes a folder of the store and those around it.
  ///
  /// - Parameters:
  ///   - name: The folder; empty for the store itself.
  ///   - isDurable: Whether the new names are brought to the disk.
  /// - Throws: ``StorageError`` if it cannot be made.
  func makeFolder(_ name: String, isDurable: Bool = true) throws(StorageError) {
    do {
      try retrying { () throws(SystemFailure) in try system.makeFolder(path(name)) }
    } catch {
      if error.code == EEXIST { return }
      guard error.code == ENOENT else { throw StorageError(error) }
      var denied: SystemFailure?
      if name.isEmpty {
        denied = try makeParents()
      } else {
        try makeFolder(Self.folder(of: name), isDurable: isDurable)
      }
      do {
        try retrying { () throws(SystemFailure) in try system.makeFolder(path(name)) }
      } catch {
        // What kept a folder around it from being made is the cause.
        guard error.code == EEXIST else { throw StorageError(error.code == ENOENT ? denied ?? error : error) }
      }
    }
    guard isDurable else { return }
    if name.isEmpty { try synchronizeOuterFolder() } else { try synchronizeFolder(Self.folder(of: name)) }
  }

  /// Brings the store's own name to the disk, as far as the folder around it lets us.
  private func synchronizeOuterFolder() throws(StorageError) {
    let outside = StoreFiles(root: Store.outerFolder(of: root), system: system, isReadOnly: false)
    do throws(StorageError) { try outside.synchronizeFolder("") } catch {
      guard case .system(.open, _, _) = error else { throw error }
    }
  }

  /// Makes the folders around the store.
  ///
  /// - Returns: Why one could not be made, which matters only if it is not there.
  private func makeParents() throws(StorageError) -> SystemFailure? {
    var denied: SystemFailure?
    for (index, character) in zip(root.indices, root) where character == "/" && index != root.startIndex {
      do throws(SystemFailure) {
        try retrying { () throws(SystemFailure) in try system.makeFolder(String(root[..<index])) }
      } catch {
        // Folders above one's own may be unwritable and there; if one is missing, the last call says so.
        guard [EEXIST, EACCES, EPERM, EROFS].contains(error.code) else { throw StorageError(error) }
        if error.code != EEXIST, denied == nil { denied = error }
      }
    }
    return denied
  }

  /// Brings the names in a folder to the disk.
  func synchronizeFolder(_ name: String) throws(StorageError) {
    let folder = try told { () throws(SystemFailure) in try system.open(path(name), for: .folder) }
    defer { close(folder) }
    try synchronize(folder)
  }

  func synchronize(_ file: OpenFile) throws(StorageError) {
    do {
      try retrying { () throws(SystemFailure) in try system.synchronize(file) }
    } catch {
      // Some file systems cannot flush a folder and need not.
      guard error.code == EINVAL else { throw StorageError(error) }
    }
  }

  // MARK: Names

  static func folder(of name: String) -> String {
    name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
  }

  static func base(of name: String) -> String {
    name.lastIndex(of: "/").map { String(name[name.index(after: $0)...]) } ?? name
  }

  /// A name that no other process has; it stands in no result.
  static func unique() -> String { UniqueName.drawn() }
}

/// Does a system call again while a signal interrupts it.
func retrying<Value>(_ call: () throws(SystemFailure) -> Value) throws(SystemFailure) -> Value {
  while true {
    do throws(SystemFailure) {
      return try call()
    } catch {
      guard error.code == EINTR else { throw error }
    }
  }
}

/// Tells a failed system call as the store's error.
@discardableResult
func told<Value>(_ call: () throws(SystemFailure) -> Value) throws(StorageError) -> Value {
  do throws(SystemFailure) {
    return try retrying(call)
  } catch {
    throw StorageError(error)
  }
}
