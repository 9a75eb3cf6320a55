// Many small segments become few, and no record is lost by it: not when a process is killed between any two system
// calls, and not beside readers and writers.

import Digests
import Storage
import Synchronization
import Testing

@Suite struct CompactionTests {
  static let path = "/disk/store"
  /// One less than become one: the next is the one too many.
  static let before = 15

  static func record(_ number: Int) -> (Digest, [UInt8]) { (key("\(number)"), sample(40, seed: UInt64(number))) }

  static func segments(_ system: any FileSystem, _ path: String = Self.path) throws -> RecordSegments {
    try Store(at: path, mode: .create, fileSystem: system).records(of: manifest(1))
  }

  static func prepared() throws -> MemoryFileSystem {
    let disk = try Scenario.disk()
    for number in 0..<before { try segments(disk).append([record(number)]) }
    return disk
  }

  static func names(_ system: any FileSystem, _ path: String = Self.path) throws -> [String] {
    try system.list("\(path)/records/\(manifest(1).key.hex)").filter { $0.hasSuffix(".zst") && !$0.hasPrefix(".") }
      .sorted()
  }

  /// Checks that the first records have their values.
  static func check(_ system: any FileSystem, _ count: Int, _ what: String) throws {
    let records = (0..<count).map(record)
    let segments = try segments(system)
    #expect(try segments.values(for: records.map(\.0)) == records.map(\.1), "\(what)")
    #expect(try segments.lookup(records.map(\.0)).allSatisfy { $0 }, "\(what)")
  }

  @Test(arguments: Place.allCases)
  func manySegmentsBecomeFew(place: Place) throws {
    try place.with { system, folder in
      let path = "\(folder)/store"
      var most = 0
      for number in 0..<100 {
        // Values under keys that have one are never seen, compacted or not.
        let again = number > 0 ? [(Self.record(number - 1).0, [UInt8(1)])] : []
        try Self.segments(system, path).append([Self.record(number)] + again)
        most = max(most, try Self.names(system, path).count)
      }
      #expect(most < 32)
      #expect(try Self.names(system, path).contains { $0.hasPrefix("00000001-") })
      let records = (0..<100).map(Self.record)
      let fresh = try Self.segments(system, path)
      #expect(try fresh.values(for: records.map(\.0) + [key("none")]) == records.map(\.1) + [nil])
      // More keys than any segment has, and each twice.
      let keys = records.map(\.0) + (0..<300).map { key("none \($0)") } + records.map(\.0)
      let found = try fresh.lookup(keys)
      #expect(found.prefix(100).allSatisfy { $0 } && found.suffix(100).allSatisfy { $0 })
      #expect(!found[100..<400].contains(true))
      #expect(try Store(at: path, mode: .existing, fileSystem: system).damages.isEmpty)
    }
  }

  @Test func killedAtAnySystemCallItLosesNothing() throws {
    let counting = FaultyFileSystem(try Self.prepared())
    try Self.segments(counting).append([Self.record(Self.before)])
    #expect(try Self.names(counting) == ["00000001-00000016.zst"])
    var cases = 0
    for at in 0..<counting.count {
      for losesPower in [false, true] {
        let what = "killed at call \(at)\(losesPower ? ", power lost" : "")"
        let disk = try Self.prepared()
        try? Self.segments(FaultyFileSystem(disk, .kill(at: at))).append([Self.record(Self.before)])
        if losesPower { disk.losePower() }
        try Self.check(disk, Self.before, what)
        // The next writer finishes the work.
        try Self.segments(disk).append([Self.record(Self.before)])
        try Self.check(disk, Self.before + 1, what)
        #expect(try Self.names(disk).count < 16, "\(what)")
        cases += 1
      }
    }
    print("compaction: killed at each of \(counting.count) system calls, \(cases) cases")
  }

  @Test func anySystemCallMayFailInIt() throws {
    let counting = FaultyFileSystem(try Self.prepared())
    try Self.segments(counting).append([Self.record(Self.before)])
    for at in 0..<counting.count {
      let disk = try Self.prepared()
      try? Self.segments(FaultyFileSystem(disk, .fail(at: at, code: 5))).append([Self.record(Self.before)])
      try Self.check(disk, Self.before, "call \(at) failed")
    }
  }

  /// Another process writes, compacts or reads before any call of one that compacts.
  @Test(arguments: [1, 2, 20])
  func whatOthersWriteMeanwhileStays(count: Int) throws {
    let counting = InterleavedFileSystem(try Self.prepared(), at: -1) {}
    try Self.segments(counting).append([Self.record(Self.before)])
    for at in 0..<counting.count {
      let disk = try Self.prepared()
      let system = InterleavedFileSystem(disk, at: at) {
        for number in 0..<count { try Self.segments(disk).append([Self.record(Self.before + 1 + number)]) }
        try Self.check(disk, Self.before, "read meanwhile at call \(at)")
      }
      try Self.segments(system).append([Self.record(Self.before)])
      try system.check()
      try Self.check(disk, Self.before + 1 + count, "\(count) written before call \(at)")
    }
    print("compaction: \(count) segments written by another before each of \(counting.count) calls")
  }

  /// Another process compacts before any call of one that reads.
  @Test func aReaderFindsEverythingAmidACompaction() throws {
    let counting = InterleavedFileSystem(try Self.prepared(), at: -1) {}
    try Self.check(counting, Self.before, "alone")
    for at in 0..<counting.count {
      let disk = try Self.prepared()
      let system = InterleavedFileSystem(disk, at: at) { try Self.segments(disk).append([Self.record(Self.before)]) }
      try Self.check(system, Self.before, "compacted before call \(at)")
      try system.check()
    }
  }
}
