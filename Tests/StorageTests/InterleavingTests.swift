// Two processes at once, step by step: what the second does in one go happens between any two system calls of the first.

import Digests
import Storage
import Synchronization
import Testing

/// A file system in which something else happens before the call of a number.
final class InterleavedFileSystem: FileSystem {
  private let base: any FileSystem
  private let at: Int
  private let meanwhile: @Sendable () throws -> Void
  private let state = Mutex((count: 0, failure: (any Error)?.none))

  init(_ base: any FileSystem, at: Int, _ meanwhile: @escaping @Sendable () throws -> Void) {
    self.base = base
    self.at = at
    self.meanwhile = meanwhile
  }

  /// How many calls were made.
  var count: Int { state.withLock { $0.count } }

  /// What went wrong meanwhile.
  func check() throws { if let failure = state.withLock({ $0.failure }) { throw failure } }

  private func tick() {
    let number = state.withLock { state in
      state.count += 1
      return state.count - 1
    }
    guard number == at else { return }
    do { try meanwhile() } catch { state.withLock { $0.failure = error } }
  }

  func open(_ path: String, for access: FileAccess) throws(SystemFailure) -> OpenFile {
    tick()
    return try base.open(path, for: access)
  }
  func read(_ file: OpenFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemFailure) -> Int {
    tick()
    return try base.read(file, into: buffer, at: offset)
  }
  func write(_ file: OpenFile, _ bytes: UnsafeRawBufferPointer) throws(SystemFailure) -> Int {
    tick()
    return try base.write(file, bytes)
  }
  func synchronize(_ file: OpenFile) throws(SystemFailure) {
    tick()
    try base.synchronize(file)
  }
  func synchronizeAll(around file: OpenFile) throws(SystemFailure) {
    tick()
    try base.synchronizeAll(around: file)
  }
  func close(_ file: OpenFile) throws(SystemFailure) {
    tick()
    try base.close(file)
  }
  func byteCount(of file: OpenFile) throws(SystemFailure) -> Int {
    tick()
    return try base.byteCount(of: file)
  }
  func status(_ path: String) throws(SystemFailure) -> FileStatus? {
    tick()
    return try base.status(path)
  }
  func rename(_ path: String, to target: String) throws(SystemFailure) {
    tick()
    try base.rename(path, to: target)
  }
  func link(_ path: String, to target: String) throws(SystemFailure) {
    tick()
    try base.link(path, to: target)
  }
  func remove(_ path: String) throws(SystemFailure) {
    tick()
    try base.remove(path)
  }
  func makeFolder(_ path: String) throws(SystemFailure) {
    tick()
    try base.makeFolder(path)
  }
  func removeFolder(_ path: String) throws(SystemFailure) {
    tick()
    try base.removeFolder(path)
  }
  func list(_ path: String) throws(SystemFailure) -> [String] {
    tick()
    return try base.list(path)
  }
  func touch(_ path: String) throws(SystemFailure) {
    tick()
    try base.touch(path)
  }
  func now() -> Int64 { base.now() }
}

@Suite struct Interleavings {
  /// What a run does with a result that it needs: it counts on it, or makes it again.
  private static func need(_ result: StepResult, _ text: String, in yard: Yard, isLeased: Bool) throws {
    let store = try yard.store()
    let run = isLeased ? LeaseKeeper(run: "run", store: store, processes: Village()) : nil
    defer { run?.end() }
    let key = result.manifest.key
    if try store.result(for: key) != nil, try store.use(step: key, objects: result.outputs.map(\.digest)) { return }
    try store.write(Array(text.utf8))
    try store.publish(result, for: key)
  }

  @Test(arguments: [true, false])
  func aRunThatNeedsAResultAmidACollectionHasIt(isLeased: Bool) throws {
    func prepared() throws -> (Yard, StepResult) {
      let yard = Yard()
      for name in ["a", "b", "c"] { try yard.make(name) }
      let needed = try yard.make("needed")
      yard.age(days: 20)
      return (yard, needed)
    }
    func collect(_ system: any FileSystem) throws {
      let store = try Store(at: "store", mode: .existing, fileSystem: system)
      let plan = try store.collection(keeping: [], grace: Yard.grace, processes: Village())
      _ = try store.collect(plan)
    }
    let (yard, _) = try prepared()
    let counting = InterleavedFileSystem(yard.disk, at: -1) {}
    try collect(counting)
    var kept = 0
    for at in 0..<counting.count {
      let (yard, needed) = try prepared()
      let system = InterleavedFileSystem(yard.disk, at: at) {
        try Self.need(needed, "needed", in: yard, isLeased: isLeased)
      }
      try collect(system)
      try system.check()
      #expect(try yard.isWhole(needed), "call \(at)")
      #expect(try yard.store().verify().faults.isEmpty, "call \(at)")
      kept += try yard.store().allResults().count
    }
    print("collection: a run needed a result before each of \(counting.count) calls; \(kept) results in the end")
  }

  @Test func aDeadLeaseHasOneHeir() throws {
    let step = key("step")
    func prepared() throws -> Yard {
      let yard = Yard()
      _ = try LeaseKeeper(run: "dead", store: yard.store(), processes: Village.process(9)).acquire(step)
      return yard
    }
    let alive = Village(alive: [1])
    func first(_ system: any FileSystem) throws -> LeaseKeeper {
      LeaseKeeper(run: "first", store: try Store(at: "store", mode: .existing, fileSystem: system), processes: alive)
    }
    let counting = InterleavedFileSystem(try prepared().disk, at: -1) {}
    #expect(try first(counting).acquire(step) == nil)
    var heirs: [String: Int] = [:]
    for at in 0..<counting.count {
      let yard = try prepared()
      let second = LeaseKeeper(run: "second", store: try yard.store(), processes: alive)
      let won = Mutex(false)
      let system = InterleavedFileSystem(yard.disk, at: at) {
        let holder = try second.acquire(step)
        won.withLock { $0 = holder == nil }
      }
      let holder = try first(system).acquire(step)
      try system.check()
      let isSecond = won.withLock { $0 }
      #expect((holder == nil) != isSecond, "call \(at)")
      #expect(try yard.store().computing(step, processes: alive)?.run == (isSecond ? "second" : "first"), "call \(at)")
      #expect(!yard.disk.files().contains { $0.path.hasSuffix(".tmp") }, "call \(at)")
      heirs[isSecond ? "second" : "first", default: 0] += 1
    }
    print("leases: a second run before each of \(counting.count) calls; heirs: \(heirs.sorted { $0.key < $1.key })")
    #expect(heirs.count == 2)
  }
}
