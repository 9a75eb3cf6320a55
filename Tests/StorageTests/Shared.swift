// What the store's tests share: places to keep a store, sample results, and a file system that fails on request.

import Diagnostics
import Digests
import Foundation
import JSON
import Storage
import Synchronization

/// Where a store under test is.
enum Place: CaseIterable, Sendable {
  case memory, disk

  /// Runs a test in an empty folder of this place.
  func with(_ body: (_ system: any FileSystem, _ folder: String) throws -> Void) throws {
    switch self {
    case .memory: try body(MemoryFileSystem(time: 1_700_000_000_000_000), "")
    case .disk:
      let folder = FileManager.default.temporaryDirectory.appending(path: "storage-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try body(DiskFileSystem(), folder.path)
    }
  }
}

extension FileSystem {
  /// Makes a file with these bytes.
  func make(_ path: String, _ bytes: [UInt8]) throws {
    if try status(path) != nil { try remove(path) }
    let file = try open(path, for: .createNew)
    var start = 0
    while start < bytes.count { start += try bytes[start...].withUnsafeBytes { try write(file, $0) } }
    try synchronize(file)
    try close(file)
  }

  /// The bytes of a file.
  func bytes(_ path: String) throws -> [UInt8] {
    let file = try open(path, for: .read)
    defer { try? close(file) }
    var bytes = [UInt8](repeating: 0, count: try byteCount(of: file))
    let count = try bytes.withUnsafeMutableBytes { try read(file, into: $0, at: 0) }
    return Array(bytes[..<count])
  }

  /// All files under a folder, sorted, as paths relative to it.
  func tree(_ folder: String) throws -> [String] {
    var found: [String] = []
    for name in try list(folder).sorted() {
      if try status("\(folder)/\(name)")?.isFolder == true {
        found += try tree("\(folder)/\(name)").map { "\(name)/\($0)" }
      } else {
        found.append(name)
      }
    }
    return found
  }
}

/// Bytes that compress somewhat, the same at every call.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 60) + 97
  }
}

func key(_ text: String) -> Digest { .sha256(text) }

/// A step's manifest with one option.
func manifest(_ option: Int) -> Manifest {
  var manifest = Manifest()
  manifest.set("kind", .text("generate"))
  manifest.set("options/temperature", .integer(option))
  return manifest
}

func result(_ option: Int, _ outputs: [StepResult.Output], kind: String = "generate") -> StepResult {
  StepResult(
    kind: kind, outputs: outputs, manifest: manifest(option),
    provenance: JSONObject([JSONMember("host", .string("a")), JSONMember("seconds", .number(1.5))]))
}

/// The number that fails calls while nothing of the process is left to react.
let killed: Int32 = 9999

/// A file system that counts calls and fails some of them.
final class FaultyFileSystem: FileSystem {
  /// What goes wrong.
  enum Fault: Hashable, Sendable {
    /// Nothing.
    case none
    /// The call of that number fails and has no effect.
    case fail(at: Int, code: Int32)
    /// The call of that number takes effect and yet fails, as when an answer is lost.
    case failAfter(at: Int, code: Int32)
    /// From the call of that number on nothing happens any more.
    case kill(at: Int)
    /// Every call but `close` is interrupted once before it succeeds, and reads and writes move few bytes.
    case harass
  }

  let base: any FileSystem
  private let fault: Fault
  private let state = Mutex((count: 0, isInterrupted: false, calls: [SystemCall: Int](), wasHit: false))

  init(_ base: any FileSystem, _ fault: Fault = .none) {
    self.base = base
    self.fault = fault
  }

  /// How many calls were made.
  var count: Int { state.withLock { $0.count } }
  /// How many calls of each kind were made.
  var calls: [SystemCall: Int] { state.withLock { $0.calls } }
  /// How often the disk was waited for.
  var flushes: Int { calls[.fsync, default: 0] + calls[.syncfs, default: 0] }
  /// Whether the fault has happened.
  var wasHit: Bool { state.withLock { $0.wasHit } }

  private func call<Value>(
    _ call: SystemCall, _ path: String, _ body: () throws(SystemFailure) -> Value
  ) throws(SystemFailure) -> Value {
    let (number, interrupts) = state.withLock { state in
      state.count += 1
      state.calls[call, default: 0] += 1
      state.isInterrupted.toggle()
      return (state.count - 1, state.isInterrupted)
    }
    func hit() { state.withLock { $0.wasHit = true } }
    switch fault {
    case .fail(number, let code):
      hit()
      throw SystemFailure(call, path, code: code)
    case .failAfter(number, let code):
      hit()
      _ = try body()
      throw SystemFailure(call, path, code: code)
    case .kill(let at) where number >= at:
      hit()
      throw SystemFailure(call, path, code: killed)
    case .harass where call != .close && interrupts:
      hit()
      throw SystemFailure(call, path, code: EINTR)
    case .harass:
      state.withLock { $0.isInterrupted = false }
      return try body()
    default: return try body()
    }
  }

  private func few(_ count: Int) -> Int { fault == .harass ? min(count, 7) : count }

  func open(_ path: String, for access: FileAccess) throws(SystemFailure) -> OpenFile {
    try call(.open, path) { () throws(SystemFailure) in try base.open(path, for: access) }
  }
  func read(_ file: OpenFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemFailure) -> Int {
    try call(.read, file.path) { () throws(SystemFailure) in
      try base.read(file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<few(buffer.count)]), at: offset)
    }
  }
  func write(_ file: OpenFile, _ bytes: UnsafeRawBufferPointer) throws(SystemFailure) -> Int {
    try call(.write, file.path) { () throws(SystemFailure) in
      try base.write(file, UnsafeRawBufferPointer(rebasing: bytes[..<few(bytes.count)]))
    }
  }
  func synchronize(_ file: OpenFile) throws(SystemFailure) {
    try call(.fsync, file.path) { () throws(SystemFailure) in try base.synchronize(file) }
  }
  func synchronizeAll(around file: OpenFile) throws(SystemFailure) {
    try call(.syncfs, file.path) { () throws(SystemFailure) in try base.synchronizeAll(around: file) }
  }
  func close(_ file: OpenFile) throws(SystemFailure) {
    try call(.close, file.path) { () throws(SystemFailure) in try base.close(file) }
  }
  func byteCount(of file: OpenFile) throws(SystemFailure) -> Int {
    try call(.stat, file.path) { () throws(SystemFailure) in try base.byteCount(of: file) }
  }
  func status(_ path: String) throws(SystemFailure) -> FileStatus? {
    try call(.stat, path) { () throws(SystemFailure) in try base.status(path) }
  }
  func rename(_ path: String, to target: String) throws(SystemFailure) {
    try call(.rename, path) { () throws(SystemFailure) in try base.rename(path, to: target) }
  }
  func link(_ path: String, to target: String) throws(SystemFailure) {
    try call(.link, path) { () throws(SystemFailure) in try base.link(path, to: target) }
  }
  func remove(_ path: String) throws(SystemFailure) {
    try call(.unlink, path) { () throws(SystemFailure) in try base.remove(path) }
  }
  func makeFolder(_ path: String) throws(SystemFailure) {
    try call(.mkdir, path) { () throws(SystemFailure) in try base.makeFolder(path) }
  }
  func removeFolder(_ path: String) throws(SystemFailure) {
    try call(.rmdir, path) { () throws(SystemFailure) in try base.removeFolder(path) }
  }
  func list(_ path: String) throws(SystemFailure) -> [String] {
    try call(.list, path) { () throws(SystemFailure) in try base.list(path) }
  }
  func touch(_ path: String) throws(SystemFailure) {
    try call(.touch, path) { () throws(SystemFailure) in try base.touch(path) }
  }
  func now() -> Int64 { base.now() }
}
