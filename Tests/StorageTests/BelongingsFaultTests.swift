// What stands in a store beside results, and what goes in and out of it as a whole: a checkpoint that replaces another,
// a pin, the catalog, leases, an archive, an import. Every system call of them fails, loses its answer, or is the last
// before a kill or a power cut; the disk fills up at every few bytes.

import Digests
import Glibc
import JSON
import Storage
import Testing

/// A run that writes one of each, and remembers what it was told is written.
struct Belongings {
  static let path = Scenario.path
  static let other = "/disk/other"
  static let archive = "/disk/a.tar"
  static let step = key("a training")
  static let checkpoints = [sample(80, seed: 7), sample(90, seed: 8)]
  static let records = (0..<3).map { (key("\($0)"), sample(40, seed: UInt64($0))) }

  /// What was reported as done before something failed.
  struct Progress {
    var checkpoints = 0
    var isPinned = false
    var isExported = false
    var isImported = false
  }

  /// A disk with a store in which two steps have results that are not new any more.
  let whole: MemoryFileSystem
  let results: [StepResult]
  /// What lasts of a run in which nothing fails, by path.
  private(set) var reference: [String: [UInt8]] = [:]

  init() throws {
    whole = try Scenario.disk()
    let store = try Store(at: Self.path, mode: .create, fileSystem: whole)
    results = try (0..<2).map { option in
      let bytes = sample(60, seed: UInt64(option))
      let step = result(option, [.init("out", try store.write(bytes), byteCount: bytes.count)])
      return try store.publish(step, for: step.manifest.key)
    }
    try store.records(of: manifest(1)).append(Self.records)
    whole.advance(microseconds: 10_000_000)
    let disk = disk()
    var progress = Progress()
    try run(disk, &progress)
    reference = Self.lasting(disk)
  }

  /// The disk, of which so many bytes are free.
  func disk(free: Int? = nil) -> MemoryFileSystem {
    let disk = MemoryFileSystem(copying: whole)
    if let free { disk.capacity = whole.files().reduce(free) { $0 + $1.bytes.count } }
    return disk
  }

  var root: StoreRoot { StoreRoot(name: "all", steps: results.map(\.manifest.key)) }

  func run(_ system: any FileSystem, _ progress: inout Progress) throws {
    let store = try Store(at: Self.path, mode: .existing, fileSystem: system)
    let keeper = LeaseKeeper(run: "run", store: store, processes: Village.process(9))
    defer { keeper.end() }
    _ = try keeper.acquire(Self.step)
    for (number, checkpoint) in Self.checkpoints.enumerated() {
      try store.keepCheckpoint(checkpoint, for: Self.step)
      progress.checkpoints = number + 1
      keeper.beat()
    }
    try store.pin([results[0].manifest.key], as: "paper")
    progress.isPinned = true
    for result in results { _ = try store.outputs(of: result.manifest.key) }
    store.saveCatalog()
    _ = try store.export([root], toFile: Self.archive)
    progress.isExported = true
    let other = try Store(at: Self.other, mode: .create, fileSystem: system)
    _ = try other.importArchive(at: Self.archive)
    progress.isImported = true
  }

  /// Checks that nothing read is wrong and that nothing reported as done is lost.
  func check(_ system: MemoryFileSystem, _ progress: Progress, _ what: String) throws {
    let store = try Store(at: Self.path, mode: .readOnly, fileSystem: system)
    let checkpoint = try store.checkpoint(for: Self.step)
    // Each replaces the one before it; the next may have come before its writer was told.
    let possible: [[UInt8]?] = [nil, Self.checkpoints[0], Self.checkpoints[1]]
    #expect(possible[progress.checkpoints...].prefix(2).contains(checkpoint), "\(what): \(progress)")
    let pins = try store.pins().map(\.keys)
    #expect(pins == [[results[0].manifest.key]] || pins.isEmpty && !progress.isPinned, "\(what)")
    for result in results {
      #expect(try store.outputs(of: result.manifest.key) == result.outputs, "\(what)")
      #expect(try store.read(result.outputs[0].digest).count == 60, "\(what)")
    }
    if try system.status(Self.archive) != nil {
      let fresh = MemoryFileSystem(copying: system)
      fresh.capacity = .max
      let summary = try Store(at: "/fresh", mode: .create, fileSystem: fresh).importArchive(at: Self.archive)
      #expect(summary.steps == 2 && summary.objects == 2 && summary.segments == 1, "\(what)")
    } else {
      #expect(!progress.isExported, "\(what)")
    }
    try checkImported(system, progress, what)
    #expect(store.damages.isEmpty, "\(what): \(store.damages)")
  }

  /// What has come in so far is whole, and results stand with their objects.
  private func checkImported(_ system: MemoryFileSystem, _ progress: Progress, _ what: String) throws {
    let copy = MemoryFileSystem(copying: system)
    copy.capacity = .max
    // Where the power was cut the folder may be there and its format not; what makes it a store then is `create`.
    let store = try Store(at: Self.other, mode: .create, fileSystem: copy)
    #expect(try store.verify().faults.isEmpty, "\(what)")
    let found = try results.filter { try store.result(for: $0.manifest.key) != nil }
    #expect(found.count == results.count || !progress.isImported, "\(what)")
    let values = try store.records(of: manifest(1)).values(for: Self.records.map(\.0))
    for (value, record) in zip(values, Self.records) {
      #expect(value == record.1 || value == nil && !progress.isImported, "\(what)")
    }
  }

  /// Does everything again, when the lease of the dead is past; nothing stands in the way, nor is anything left over.
  func redo(_ system: MemoryFileSystem, _ what: String) throws {
    let store = try Store(at: Self.path, mode: .existing, fileSystem: system)
    let next = LeaseKeeper(run: "next", store: store, processes: Village())
    _ = try next.acquire(Self.step)
    system.advance(microseconds: 60_000_001)
    #expect(try next.acquire(Self.step) == nil, "\(what): the lease is not free")
    next.end()
    var progress = Progress()
    try run(system, &progress)
    try check(system, progress, what)
    #expect(Self.lasting(system) == reference, "\(what)")
  }

  /// What is written whole, by path.
  private static func lasting(_ system: MemoryFileSystem) -> [String: [UInt8]] {
    let kinds = ["/checkpoints/", "/pins/", "/objects/", "/steps/", "/a.tar", "/format", "/manifest"]
    let files = system.files().filter { file in !file.path.contains("/.") && kinds.contains { file.path.contains($0) } }
    return Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.bytes) })
  }
}

@Suite struct BelongingsFaults {
  private func callCount(_ belongings: Belongings) throws -> (count: Int, calls: [SystemCall: Int]) {
    let system = FaultyFileSystem(belongings.disk())
    var progress = Belongings.Progress()
    try belongings.run(system, &progress)
    #expect(progress.isImported)
    return (system.count, system.calls)
  }

  @Test func everySystemCallMayFail() throws {
    let belongings = try Belongings()
    let (count, calls) = try callCount(belongings)
    var (cases, thrown) = (0, 0)
    for code in [EIO, ENOSPC] {
      for at in 0..<count {
        for fault in [FaultyFileSystem.Fault.fail(at: at, code: code), .failAfter(at: at, code: code)] {
          let disk = belongings.disk()
          var progress = Belongings.Progress()
          do {
            try belongings.run(FaultyFileSystem(disk, fault), &progress)
          } catch let error as StorageError {
            thrown += 1
            #expect(!error.diagnoses.isEmpty, "\(fault): \(error)")
          }
          try belongings.check(disk, progress, "\(fault)")
          try belongings.redo(disk, "\(fault)")
          cases += 1
        }
      }
    }
    let kinds = SystemCall.allCases.compactMap { call in calls[call].map { "\($0) \(call.rawValue)" } }
    print(
      "faults beside results: \(count) injection points (\(kinds.joined(separator: ", "))), \(cases) cases, "
        + "\(thrown) named errors")
    // What is a hint, or only sought, may fail in silence.
    #expect(count > 100 && thrown > cases / 3)
  }

  @Test func theProcessMayBeKilledAtEverySystemCall() throws {
    let belongings = try Belongings()
    let (count, _) = try callCount(belongings)
    var cases = 0
    for at in 0..<count {
      for losesPower in [false, true] {
        let what = "killed at call \(at)\(losesPower ? ", power lost" : "")"
        let disk = belongings.disk()
        var progress = Belongings.Progress()
        do {
          try belongings.run(FaultyFileSystem(disk, .kill(at: at)), &progress)
        } catch let error as StorageError {
          // The one error that no process ever sees.
          guard case .system(_, _, killed) = error else { throw error }
        }
        if losesPower { disk.losePower() }
        try belongings.check(disk, progress, what)
        try belongings.redo(disk, what)
        cases += 1
      }
    }
    print("kills beside results: \(count) system calls, \(cases) cases")
  }

  @Test func theDiskMayFillUp() throws {
    let belongings = try Belongings()
    let used = belongings.whole.files().reduce(0) { $0 + $1.bytes.count }
    let full = belongings.disk()
    var progress = Belongings.Progress()
    try belongings.run(full, &progress)
    let most = full.files().reduce(0) { $0 + $1.bytes.count } - used
    var (sizes, refused) = (0, 0)
    // Archives are padded: a step of some bytes meets every write.
    for free in stride(from: 0, to: most, by: 13) {
      let disk = belongings.disk(free: free)
      var progress = Belongings.Progress()
      do {
        try belongings.run(disk, &progress)
      } catch let error as StorageError {
        guard case .full = error else { throw error }
        refused += 1
      }
      sizes += 1
      #expect(Scenario.temporaries(disk).isEmpty, "\(free) bytes")
      try belongings.check(disk, progress, "disk with \(free) bytes free")
      disk.capacity = .max
      try belongings.redo(disk, "disk with \(free) bytes free")
    }
    print("full disks beside results: \(sizes) sizes, \(refused) named errors")
    // The last bytes are those of the catalog, which may fail in silence, and of leases, which go again.
    #expect(refused > sizes * 9 / 10)
  }
}
