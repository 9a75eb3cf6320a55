// A file system in memory, with a limited disk and a power switch: the second implementation that every store test runs on.
// Knows nothing of stores. What was not flushed is lost when the power goes, as the worst disk would do it.

import Glibc
import Synchronization

/// Files in memory, for stores that live as long as the process.
public final class MemoryFileSystem: FileSystem {
  private let state: Mutex<State>

  /// An empty file system.
  ///
  /// - Parameters:
  ///   - capacity: How many bytes all files together may have.
  ///   - time: What ``now()`` says at first, in microseconds since 1970.
  public init(capacity: Int = .max, time: Int64 = 0) {
    state = Mutex(State(capacity: capacity, time: time))
  }

  /// A file system with the same files, none of them open.
  public init(copying other: MemoryFileSystem) {
    var copy = other.state.withLock { $0 }
    copy.openFiles = [:]
    state = Mutex(copy)
  }

  /// How many bytes all files together may have; may be changed at any time.
  public var capacity: Int {
    get { state.withLock { $0.capacity } }
    set { state.withLock { $0.capacity = newValue } }
  }

  /// How often something was flushed, one thing or all.
  public var flushes: Int { state.withLock { $0.flushes } }

  /// Lets time pass.
  public func advance(microseconds: Int64) {
    state.withLock { $0.time += microseconds }
  }

  /// Loses everything that was not flushed: contents become empty, names disappear or come back.
  ///
  /// Open files are closed.
  public func losePower() {
    state.withLock { $0.losePower() }
  }

  /// All files with their bytes, sorted by path.
  public func files() -> [(path: String, bytes: [UInt8])] {
    state.withLock { $0.files(in: 0, under: "") }
  }

  /// Replaces a file's bytes, as a failing disk or another program would.
  ///
  /// - Returns: Whether the file is there.
  @discardableResult
  public func overwrite(_ path: String, _ bytes: [UInt8]) -> Bool {
    state.withLock { state in
      guard let node = try? state.find(path, .open), !state.nodes[node].isFolder else { return false }
      state.nodes[node].bytes = bytes
      state.nodes[node].flushedBytes = bytes
      return true
    }
  }

  /// Opens a file.
  public func open(_ path: String, for access: FileAccess) throws(SystemFailure) -> OpenFile {
    try locked { state throws(SystemFailure) in try state.open(path, for: access) }
  }

  /// Reads at an offset.
  public func read(
    _ file: OpenFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemFailure) -> Int {
    let bytes = try locked { state throws(SystemFailure) in
      let node = state.nodes[try state.node(of: file, .read)]
      if node.isFolder { throw SystemFailure(.read, file.path, code: EISDIR) }
      return Array(node.bytes.dropFirst(offset).prefix(buffer.count))
    }
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  /// Appends, as far as the disk has room.
  public func write(_ file: OpenFile, _ bytes: UnsafeRawBufferPointer) throws(SystemFailure) -> Int {
    let copy = Array(bytes)
    return try locked { state throws(SystemFailure) in
      let node = try state.node(of: file, .write)
      let room = min(copy.count, max(0, state.capacity - state.used))
      guard room > 0 || copy.isEmpty else { throw SystemFailure(.write, file.path, code: ENOSPC) }
      state.nodes[node].bytes += copy[..<room]
      state.nodes[node].modified = state.time
      return room
    }
  }

  /// Makes a content or a folder's names survive ``losePower()``.
  public func synchronize(_ file: OpenFile) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      state.flush(try state.node(of: file, .fsync))
      state.flushes += 1
    }
  }

  /// Makes everything survive ``losePower()``.
  public func synchronizeAll(around file: OpenFile) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      _ = try state.node(of: file, .syncfs)
      for node in state.nodes.indices { state.flush(node) }
      state.flushes += 1
    }
  }

  /// Closes.
  public func close(_ file: OpenFile) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      _ = try state.node(of: file, .close)
      state.openFiles[file.number] = nil
    }
  }

  /// The size of an open file.
  public func byteCount(of file: OpenFile) throws(SystemFailure) -> Int {
    try locked { state throws(SystemFailure) in state.nodes[try state.node(of: file, .stat)].bytes.count }
  }

  /// The status of a path.
  public func status(_ path: String) throws(SystemFailure) -> FileStatus? {
    try locked { state throws(SystemFailure) in
      do throws(SystemFailure) {
        let number = try state.find(path, .stat)
        let node = state.nodes[number]
        return FileStatus(
          isFolder: node.isFolder, byteCount: node.bytes.count, linkCount: state.linkCount(of: number),
          modified: node.modified)
      } catch {
        guard error.code == ENOENT else { throw error }
        return nil
      }
    }
  }

  /// Renames.
  public func rename(_ path: String, to target: String) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      let node = try state.find(path, .rename)
      let (folder, name) = try state.place(target, .rename)
      let (oldFolder, oldName) = try state.place(path, .rename)
      state.nodes[oldFolder].names[oldName] = nil
      state.nodes[folder].names[name] = node
    }
  }

  /// Links.
  public func link(_ path: String, to target: String) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      let node = try state.find(path, .link)
      let (folder, name) = try state.place(target, .link)
      guard state.nodes[folder].names[name] == nil else { throw SystemFailure(.link, target, code: EEXIST) }
      state.nodes[folder].names[name] = node
    }
  }

  /// Unlinks.
  public func remove(_ path: String) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      _ = try state.find(path, .unlink)
      let (folder, name) = try state.place(path, .unlink)
      state.nodes[folder].names[name] = nil
    }
  }

  /// Makes a folder.
  public func makeFolder(_ path: String) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      let (folder, name) = try state.place(path, .mkdir)
      guard state.nodes[folder].names[name] == nil else { throw SystemFailure(.mkdir, path, code: EEXIST) }
      state.nodes[folder].names[name] = state.add(isFolder: true)
    }
  }

  /// Removes an empty folder.
  public func removeFolder(_ path: String) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in
      let node = try state.find(path, .rmdir)
      guard state.nodes[node].isFolder else { throw SystemFailure(.rmdir, path, code: ENOTDIR) }
      guard state.nodes[node].names.isEmpty else { throw SystemFailure(.rmdir, path, code: ENOTEMPTY) }
      let (folder, name) = try state.place(path, .rmdir)
      state.nodes[folder].names[name] = nil
    }
  }

  /// Lists a folder.
  public func list(_ path: String) throws(SystemFailure) -> [String] {
    try locked { state throws(SystemFailure) in
      let node = try state.find(path, .list)
      guard state.nodes[node].isFolder else { throw SystemFailure(.list, path, code: ENOTDIR) }
      return state.nodes[node].names.keys.sorted()
    }
  }

  /// Sets the time of modification.
  public func touch(_ path: String) throws(SystemFailure) {
    try locked { state throws(SystemFailure) in state.nodes[try state.find(path, .touch)].modified = state.time }
  }

  /// The time of this file system, which only ``advance(microseconds:)`` moves.
  public func now() -> Int64 { state.withLock { $0.time } }

  private func locked<Value: Sendable>(
    _ body: (inout State) throws(SystemFailure) -> Value
  ) throws(SystemFailure) -> Value {
    try state.withLock { state in
      Result { () throws(SystemFailure) in try body(&state) }
    }.get()
  }
}

extension MemoryFileSystem {
  /// A file or a folder.
  private struct Node: Sendable {
    var isFolder: Bool
    var bytes: [UInt8] = []
    var flushedBytes: [UInt8] = []
    var names: [String: Int] = [:]
    var flushedNames: [String: Int] = [:]
    var modified: Int64
  }

  /// All nodes by number; number 0 is the root folder.
  private struct State: Sendable {
    var capacity: Int
    var time: Int64
    var nodes: [Node]
    var openFiles: [Int32: Int] = [:]
    var nextFile: Int32 = 3
    var flushes = 0

    init(capacity: Int, time: Int64) {
      self.capacity = capacity
      self.time = time
      nodes = [Node(isFolder: true, modified: time)]
    }

    var used: Int { files(in: 0, under: "").reduce(0) { $0 + $1.bytes.count } }

    mutating func add(isFolder: Bool) -> Int {
      nodes.append(Node(isFolder: isFolder, modified: time))
      return nodes.count - 1
    }

    func find(_ path: String, _ call: SystemCall) throws(SystemFailure) -> Int {
      var node = 0
      for part in path.split(separator: "/") where part != "." {
        guard nodes[node].isFolder else { throw SystemFailure(call, path, code: ENOTDIR) }
        guard let next = nodes[node].names[String(part)] else { throw SystemFailure(call, path, code: ENOENT) }
        node = next
      }
      return node
    }

    func place(_ path: String, _ call: SystemCall) throws(SystemFailure) -> (folder: Int, name: String) {
      let parts = path.split(separator: "/")
      guard let name = parts.last else { throw SystemFailure(call, path, code: EEXIST) }
      let folder = try find(parts.dropLast().joined(separator: "/"), call)
      guard nodes[folder].isFolder else { throw SystemFailure(call, path, code: ENOTDIR) }
      return (folder, String(name))
    }

    mutating func open(_ path: String, for access: FileAccess) throws(SystemFailure) -> OpenFile {
      var node: Int
      switch access {
      case .read, .folder:
        node = try find(path, .open)
        if access == .folder, !nodes[node].isFolder { throw SystemFailure(.open, path, code: ENOTDIR) }
      case .createNew, .append:
        let (folder, name) = try place(path, .open)
        if let existing = nodes[folder].names[name] {
          if access == .createNew { throw SystemFailure(.open, path, code: EEXIST) }
          node = existing
        } else {
          node = add(isFolder: false)
          nodes[folder].names[name] = node
        }
      }
      nextFile += 1
      openFiles[nextFile] = node
      return OpenFile(number: nextFile, path: path)
    }

    func node(of file: OpenFile, _ call: SystemCall) throws(SystemFailure) -> Int {
      guard let node = openFiles[file.number] else { throw SystemFailure(call, file.path, code: EBADF) }
      return node
    }

    func linkCount(of node: Int) -> Int {
      nodes.reduce(0) { $0 + $1.names.values.count { $0 == node } }
    }

    func files(in folder: Int, under path: String) -> [(path: String, bytes: [UInt8])] {
      var found: [(path: String, bytes: [UInt8])] = []
      for (name, node) in nodes[folder].names.sorted(by: { $0.key < $1.key }) {
        let path = "\(path)/\(name)"
        if nodes[node].isFolder {
          found += files(in: node, under: path)
        } else {
          found.append((path, nodes[node].bytes))
        }
      }
      return found
    }

    mutating func flush(_ node: Int) {
      nodes[node].flushedBytes = nodes[node].bytes
      nodes[node].flushedNames = nodes[node].names
    }

    mutating func losePower() {
      openFiles = [:]
      for index in nodes.indices {
        nodes[index].bytes = nodes[index].flushedBytes
        nodes[index].names = nodes[index].flushedNames
      }
    }
  }
}
