// Every system call of every publication fails, loses its answer, or is the last before a kill or a power cut;
// the disk fills up at every byte. Afterwards the store is readable, and doing it again gives the same bytes.

import Diagnostics
import Digests
import Glibc
import JSON
import Storage
import Synchronization
import Testing

/// A run that stores one of each kind of thing, and remembers what it was told is stored.
struct Scenario {
  static let path = "/disk/store"
  let objects = [sample(50), sample(300, seed: 2)]
  /// Objects that are stored together.
  let group = (5..<8).map { sample(60, seed: $0) }
  let records = (0..<4).map { (key("\($0)"), sample(40, seed: UInt64($0))) }

  var step: StepResult {
    result(1, (objects + group).enumerated().map { .init("\($0)", .sha256($1), byteCount: $1.count) })
  }

  /// What was reported as stored before something failed.
  struct Progress {
    var objects = 0
    var isPublished = false
    var records = 0
  }

  static func disk(capacity: Int = .max) throws -> MemoryFileSystem {
    let system = MemoryFileSystem(capacity: capacity, time: 1_700_000_000_000_000)
    try system.makeFolder("/disk")
    try system.make("/disk/source", sample(300, seed: 2))
    // The folder that the user made, and the file in it, are there whatever happens.
    for folder in ["/", "/disk"] { try system.synchronize(system.open(folder, for: .folder)) }
    return system
  }

  func run(_ system: any FileSystem, _ progress: inout Progress) throws {
    let store = try Store(at: Self.path, mode: .create, fileSystem: system)
    try store.write(objects[0])
    progress.objects = 1
    try store.writeFile(at: "/disk/source", expecting: .sha256(objects[1]))
    progress.objects = 2
    try store.write(all: group)
    progress.objects = 2 + group.count
    let segments = store.records(of: manifest(1))
    for start in [0, 2] {
      try segments.append(Array(records[start..<(start + 2)]))
      progress.records = start + 2
    }
    try store.publish(step, for: step.manifest.key)
    progress.isPublished = true
    try store.journal(run: "run").append(.string("done"))
  }

  /// Checks that nothing read is wrong and that nothing reported as stored is lost.
  func check(_ system: MemoryFileSystem, _ progress: Progress, _ what: String) throws {
    let store = try Store(at: Self.path, mode: .readOnlyIfPresent, fileSystem: system)
    for (index, bytes) in (objects + group).enumerated() {
      do throws(StorageError) {
        #expect(try store.read(.sha256(bytes)) == bytes, "\(what)")
      } catch {
        #expect(error == .missing(.sha256(bytes)) && index >= progress.objects, "\(what): \(error)")
      }
    }
    let found = try store.result(for: step.manifest.key)
    #expect(found == step || (found == nil && !progress.isPublished), "\(what)")
    for (index, value) in try store.records(of: manifest(1)).values(for: records.map(\.0)).enumerated() {
      #expect(value == records[index].1 || (value == nil && index >= progress.records), "\(what): record \(index)")
    }
    #expect(store.damages.isEmpty, "\(what): \(store.damages)")
  }

  /// Does the whole run again and compares the files with those of a run in which nothing failed.
  func redo(_ system: MemoryFileSystem, _ what: String) throws {
    var progress = Progress()
    try run(system, &progress)
    try check(system, progress, what)
    #expect(Self.lasting(system) == Self.reference, "\(what)")
  }

  /// The lasting files of a run in which nothing fails; none if that run fails, which no other run then equals.
  static let reference: [String: [UInt8]] = {
    var progress = Progress()
    guard let system = try? disk(), (try? Scenario().run(system, &progress)) != nil else { return [:] }
    return lasting(system)
  }()

  /// Objects and step results by path; segments may differ in number, journals in length.
  static func lasting(_ system: MemoryFileSystem) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for (path, bytes) in system.files() where !path.contains("/.") {
      let isLasting = path.contains("/objects/") || path.contains("/steps/") || path.hasSuffix("/format")
      if isLasting || path.hasSuffix("/manifest") { files[path] = bytes }
    }
    return files
  }

  static func temporaries(_ system: MemoryFileSystem) -> [String] {
    system.files().map(\.path).filter { $0.hasSuffix(".tmp") }
  }
}

@Suite struct FaultTests {
  /// How many system calls the run makes, of which each is made to fail.
  private func callCount() throws -> (count: Int, calls: [SystemCall: Int]) {
    let system = FaultyFileSystem(try Scenario.disk())
    var progress = Scenario.Progress()
    try Scenario().run(system, &progress)
    return (system.count, system.calls)
  }

  @Test func everySystemCallMayFail() throws {
    let (count, calls) = try callCount()
    var (cases, thrown) = (0, 0)
    for code in [EIO, ENOSPC, EACCES] {
      for at in 0..<count {
        for fault in [FaultyFileSystem.Fault.fail(at: at, code: code), .failAfter(at: at, code: code)] {
          let what = "\(fault)"
          let disk = try Scenario.disk()
          let faulty = FaultyFileSystem(disk, fault)
          var progress = Scenario.Progress()
          do {
            try Scenario().run(faulty, &progress)
          } catch let error as StorageError {
            thrown += 1
            #expect(!error.isMiss && error.diagnoses.allSatisfy { $0.remedy?.isEmpty == false }, "\(what): \(error)")
          }
          #expect(faulty.wasHit, "\(what)")
          // What failed cleans up behind itself; only a name whose removal failed, or whose making failed after it
          // had taken effect, can stay until it is swept.
          #expect(Scenario.temporaries(disk).count <= 1, "\(what): \(Scenario.temporaries(disk))")
          try Scenario().check(disk, progress, what)
          try Scenario().redo(disk, what)
          cases += 1
        }
      }
    }
    let kinds = SystemCall.allCases.compactMap { call in calls[call].map { "\($0) \(call.rawValue)" } }
    print(
      "faults: \(count) injection points (\(kinds.joined(separator: ", "))), \(cases) cases, \(thrown) named errors")
    #expect(count > 50 && thrown > cases / 2)
  }

  @Test func theProcessMayBeKilledAtEverySystemCall() throws {
    let (count, _) = try callCount()
    var cases = 0
    for at in 0..<count {
      for losesPower in [false, true] {
        let what = "killed at call \(at)\(losesPower ? ", power lost" : "")"
        let disk = try Scenario.disk()
        var progress = Scenario.Progress()
        do {
          try Scenario().run(FaultyFileSystem(disk, .kill(at: at)), &progress)
        } catch let error as StorageError {
          // The one error that no process ever sees.
          guard case .system(_, _, killed) = error else { throw error }
        }
        if losesPower { disk.losePower() }
        // Before anything was published, a power cut may leave an empty or absent folder.
        if try disk.status(Scenario.path) != nil { try Scenario().check(disk, progress, what) }
        try Scenario().redo(disk, what)
        try sweep(disk, what)
        cases += 1
      }
    }
    print("kills: \(count) system calls, \(cases) cases")
  }

  /// What a killed process left is swept when it is old, not before.
  private func sweep(_ disk: MemoryFileSystem, _ what: String) throws {
    let store = try Store(at: Scenario.path, mode: .existing, fileSystem: disk)
    let left = Scenario.temporaries(disk)
    #expect(left.count <= Scenario().group.count, "\(what): \(left)")
    #expect(try store.removeAbandonedFiles() == 0, "\(what)")
    disk.advance(microseconds: 86_400_000_001)
    #expect(try store.removeAbandonedFiles() == left.count, "\(what)")
    #expect(Scenario.temporaries(disk).isEmpty, "\(what)")
  }

  @Test func theDiskMayFillUpAtEveryByte() throws {
    let full = try Scenario.disk()
    var progress = Scenario.Progress()
    try Scenario().run(full, &progress)
    let used = full.files().reduce(0) { $0 + $1.bytes.count }
    let free = try Scenario.disk().files().reduce(0) { $0 + $1.bytes.count }
    var refused = 0
    for capacity in free..<used {
      let disk = try Scenario.disk(capacity: capacity)
      var progress = Scenario.Progress()
      do {
        try Scenario().run(disk, &progress)
      } catch let error as StorageError {
        guard case .full = error else { throw error }
        refused += 1
      }
      #expect(Scenario.temporaries(disk).isEmpty)
      try Scenario().check(disk, progress, "disk of \(capacity) bytes")
      disk.capacity = .max
      try Scenario().redo(disk, "disk of \(capacity) bytes")
    }
    print("full disks: \(used - free) sizes, \(refused) named errors")
    #expect(refused == used - free)
  }

  @Test func interruptionsAndShortCountsChangeNothing() throws {
    let disk = try Scenario.disk()
    var progress = Scenario.Progress()
    let system = FaultyFileSystem(disk, .harass)
    try Scenario().run(system, &progress)
    #expect(progress.isPublished && system.wasHit)
    try Scenario().redo(disk, "harassed")
    let store = try Store(at: Scenario.path, mode: .readOnly, fileSystem: FaultyFileSystem(disk, .harass))
    #expect(try store.read(.sha256(sample(300, seed: 2))) == sample(300, seed: 2))
  }

  @Test func aFileSystemWithoutLinksWillDo() throws {
    let disk = try Scenario.disk()
    var progress = Scenario.Progress()
    try Scenario().run(LinklessFileSystem(disk), &progress)
    try Scenario().redo(disk, "without links")
    let segments = disk.files().map(\.path).filter { $0.contains("/records/") && $0.hasSuffix(".zst") }
    #expect(segments.map { $0.suffix(12) } == ["00000001.zst", "00000002.zst", "00000003.zst", "00000004.zst"])
  }

  @Test func aFileSystemThatCannotFlushEverythingIsFlushedFileByFile() throws {
    let disk = try Scenario.disk()
    var progress = Scenario.Progress()
    try Scenario().run(LinklessFileSystem(disk), &progress)
    disk.losePower()
    try Scenario().check(disk, progress, "without syncfs")
    try Scenario().redo(disk, "without syncfs")
  }

  @Test func recordsThatWereNotWaitedForMayBeLostWithThePowerAndAreNeverWrong() throws {
    let disk = try Scenario.disk()
    let records = Scenario().records
    let store = try Store(at: Scenario.path, mode: .create, fileSystem: disk)
    try store.records(of: manifest(1)).append(records, isDurable: false)
    // The worst that can be: the names are on the disk, and nothing of what stands under them.
    for folder in try ["records"] + disk.list("\(Scenario.path)/records").map({ "records/\($0)" }) {
      try disk.synchronize(disk.open("\(Scenario.path)/\(folder)", for: .folder))
    }
    try disk.synchronize(disk.open(Scenario.path, for: .folder))
    disk.losePower()
    #expect(disk.files().map(\.path).contains { $0.hasSuffix("00000001.zst") })
    let again = try Store(at: Scenario.path, mode: .create, fileSystem: disk)
    #expect(try again.records(of: manifest(1)).values(for: records.map(\.0)).allSatisfy { $0 == nil })
    #expect(again.damages.count == 1)
    try again.records(of: manifest(1)).append(records)
    disk.losePower()
    let last = try Store(at: Scenario.path, mode: .readOnly, fileSystem: disk)
    #expect(try last.records(of: manifest(1)).values(for: records.map(\.0)) == records.map(\.1))
    #expect(try last.verify().faults.isEmpty)
  }

  /// In a store that has all its folders, and in a new one, where every file makes its own.
  @Test(arguments: [1, 2, 50], [0, 2000])
  func aStepCostsFourFlushesHoweverManyOutputsItHas(count: Int, before earlier: Int) throws {
    let system = FaultyFileSystem(try Scenario.disk())
    let store = try Store(at: Scenario.path, mode: .create, fileSystem: system)
    for option in 0..<earlier { try store.write(Array("\(option)".utf8)) }
    let steps = (0..<earlier).map { result($0, [.init("a", .sha256("\($0)"), byteCount: "\($0)".utf8.count)]) }
    for step in steps { try store.publish(step, for: step.manifest.key) }
    let before = system.flushes
    let outputs = (0..<count).map { sample(99, seed: UInt64(9000 + $0)) }
    // What a step computes record by record is kept on the way.
    try store.records(of: manifest(5000)).append([(key("a"), [1])], isDurable: false)
    let named = try store.write(all: outputs).enumerated().map { index, digest in
      StepResult.Output("\(index)", digest, byteCount: 99)
    }
    let step = result(5000, named)
    try store.publish(step, for: step.manifest.key)
    #expect(system.flushes - before == 4)
    try Self.losePower(system, then: step, Scenario.path)
  }

  /// What a step published outlives the machine.
  private static func losePower(_ system: FaultyFileSystem, then step: StepResult, _ path: String) throws {
    guard let disk = system.base as? MemoryFileSystem else { fatalError("the scenario's disk is in memory") }
    disk.losePower()
    let store = try Store(at: path, mode: .readOnly, fileSystem: disk)
    #expect(try store.result(for: step.manifest.key) == step)
    for output in step.outputs { #expect(try Digest.sha256(store.read(output.digest)) == output.digest) }
  }
}

/// What a store's file system is on some network shares: everything but hard links and a flush of everything.
struct LinklessFileSystem: FileSystem {
  let base: MemoryFileSystem

  init(_ base: MemoryFileSystem) { self.base = base }

  func link(_ path: String, to target: String) throws(SystemFailure) {
    throw SystemFailure(.link, target, code: EPERM)
  }
  func open(_ path: String, for access: FileAccess) throws(SystemFailure) -> OpenFile {
    try base.open(path, for: access)
  }
  func read(_ file: OpenFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemFailure) -> Int {
    try base.read(file, into: buffer, at: offset)
  }
  func write(_ file: OpenFile, _ bytes: UnsafeRawBufferPointer) throws(SystemFailure) -> Int {
    try base.write(file, bytes)
  }
  func synchronize(_ file: OpenFile) throws(SystemFailure) { try base.synchronize(file) }
  func synchronizeAll(around file: OpenFile) throws(SystemFailure) {
    throw SystemFailure(.syncfs, file.path, code: ENOSYS)
  }
  func close(_ file: OpenFile) throws(SystemFailure) { try base.close(file) }
  func byteCount(of file: OpenFile) throws(SystemFailure) -> Int { try base.byteCount(of: file) }
  func status(_ path: String) throws(SystemFailure) -> FileStatus? { try base.status(path) }
  func rename(_ path: String, to target: String) throws(SystemFailure) { try base.rename(path, to: target) }
  func remove(_ path: String) throws(SystemFailure) { try base.remove(path) }
  func makeFolder(_ path: String) throws(SystemFailure) { try base.makeFolder(path) }
  func removeFolder(_ path: String) throws(SystemFailure) { try base.removeFolder(path) }
  func list(_ path: String) throws(SystemFailure) -> [String] { try base.list(path) }
  func touch(_ path: String) throws(SystemFailure) { try base.touch(path) }
  func now() -> Int64 { base.now() }
}
