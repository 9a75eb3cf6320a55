// Every bit of every file flipped, every file cut at every length and deleted: the store never gives a wrong value.

import Diagnostics
import Digests
import JSON
import Storage
import Testing

/// A store with one of each kind of file, and what a reader must get from it.
struct Specimen {
  static let path = "/store"
  let system: MemoryFileSystem
  let bytes = sample(120)
  let result: StepResult
  let records = (0..<3).map { (key("\($0)"), sample(30, seed: UInt64($0))) }
  /// Another recipe's results of the same records.
  let others = (0..<3).map { (key("\($0)"), sample(30, seed: UInt64($0 + 10))) }
  /// Where two trainings stand.
  let checkpoints = (0..<2).map { (key("training \($0)"), sample(40, seed: UInt64($0 + 20))) }
  let events: [JSONValue] = [.members(["started": .integer(1)]), .members(["done": .integer(2)])]

  init() throws {
    system = MemoryFileSystem(time: 1_700_000_000_000_000)
    let store = try Store(at: Self.path, mode: .create, fileSystem: system)
    let digest = try store.write(bytes)
    result = StorageTests.result(1, [.init("out", digest, byteCount: bytes.count, recordCount: 3)])
    try store.publish(result, for: result.manifest.key)
    try store.records(of: manifest(1)).append(Array(records[..<2]))
    try store.records(of: manifest(1)).append(Array(records[2...]))
    try store.records(of: manifest(2)).append(others)
    for (step, checkpoint) in checkpoints { try store.keepCheckpoint(checkpoint, for: step) }
    for event in events { try store.journal(run: "run").append(event) }
  }

  /// What was still there of all that was stored, or a wrong value.
  struct Found: Hashable {
    var misses = 0
    var wrong: [String] = []
  }

  /// Reads everything from a store that may be damaged.
  func read(_ store: Store) throws -> Found {
    var found = Found()
    func judge<Value: Equatable>(_ what: String, _ value: Value?, _ expected: Value) {
      if let value { if value != expected { found.wrong.append(what) } } else { found.misses += 1 }
    }
    do throws(StorageError) {
      judge("object", try store.read(.sha256(bytes)), bytes)
    } catch {
      guard error.isMiss else { throw error }
      found.misses += 1
    }
    judge("result", try store.result(for: result.manifest.key), result)
    for (recipe, records) in [(manifest(1), records), (manifest(2), others)] {
      for (value, record) in zip(try store.records(of: recipe).values(for: records.map(\.0)), records) {
        judge("record", value, record.1)
      }
    }
    for (step, checkpoint) in checkpoints { judge("checkpoint", try store.checkpoint(for: step), checkpoint) }
    var left = events[...]
    for event in try store.journal(run: "run").events().events {
      // Whole events in order; one that was lost is left out.
      guard let place = left.firstIndex(of: event) else {
        found.wrong.append("event")
        continue
      }
      left = left[(place + 1)...]
    }
    for listed in store.results(ofKind: "generate") where listed != result { found.wrong.append("listed result") }
    return found
  }

  /// Stores everything that was lost once more and reads it all.
  func repair(_ store: Store) throws -> Found {
    try store.write(bytes)
    try store.publish(result, for: result.manifest.key)
    for (recipe, records) in [(manifest(1), records), (manifest(2), others)] {
      let segments = store.records(of: recipe)
      let held = try segments.values(for: records.map(\.0))
      try segments.append(zip(records, held).filter { $0.1 == nil }.map(\.0))
    }
    for (step, checkpoint) in checkpoints where try store.checkpoint(for: step) == nil {
      try store.keepCheckpoint(checkpoint, for: step)
    }
    return try read(store)
  }

  /// Reads and repairs a copy in which one file is damaged; nil removes the file.
  func check(_ path: String, _ damaged: [UInt8]?, _ what: String) throws -> Found {
    let copy = MemoryFileSystem(copying: system)
    if let damaged { copy.overwrite(path, damaged) } else { try copy.remove(path) }
    let reader = try Store(at: Self.path, mode: .readOnly, fileSystem: copy)
    let before = copy.files().map(\.path)
    let seen = try read(reader)
    #expect(seen.wrong.isEmpty, "\(path) \(what): wrong \(seen.wrong)")
    #expect(copy.files().map(\.path) == before, "\(path) \(what): a reader changed the store")
    let store = try Store(at: Self.path, mode: .create, fileSystem: copy)
    let found = try read(store)
    #expect(found.wrong.isEmpty, "\(path) \(what): wrong \(found.wrong)")
    let repaired = try repair(store)
    #expect(repaired == Found(), "\(path) \(what): not repaired, \(repaired)")
    return found
  }
}

@Suite struct DamageTests {
  @Test func noFlippedBitGivesAWrongValue() throws {
    let specimen = try Specimen()
    #expect(try specimen.read(Store(at: Specimen.path, mode: .readOnly, fileSystem: specimen.system)) == .init())
    var (flips, missed) = (0, 0)
    for (path, bytes) in specimen.system.files() {
      for position in bytes.indices {
        for bit in 0..<8 {
          var damaged = bytes
          damaged[position] ^= 1 << bit
          flips += 1
          if try specimen.check(path, damaged, "byte \(position) bit \(bit)").misses > 0 { missed += 1 }
        }
      }
    }
    print("bit flips: \(flips) in \(specimen.system.files().count) files; \(missed) noticed as misses, 0 wrong values")
    #expect(missed > flips / 2)
  }

  @Test func noTruncationGivesAWrongValue() throws {
    let specimen = try Specimen()
    var cuts = 0
    for (path, bytes) in specimen.system.files() {
      for count in bytes.indices {
        _ = try specimen.check(path, Array(bytes[..<count]), "cut to \(count) bytes")
        cuts += 1
      }
      for more in [[0], [10], Array(bytes.suffix(20))] {
        _ = try specimen.check(path, bytes + more, "\(more.count) bytes more")
      }
    }
    print("truncations: \(cuts)")
    #expect(cuts > 1000)
  }

  @Test func deletedAndExchangedFilesAreMisses() throws {
    let specimen = try Specimen()
    let files = specimen.system.files()
    for (path, _) in files {
      _ = try specimen.check(path, nil, "deleted")
      // The bytes of every other file, which are whole, but stand in the wrong place.
      for (other, bytes) in files where other != path && !path.hasSuffix("/manifest") {
        // A segment of the same recipe is right wherever it stands; one of another recipe says that it is.
        _ = try specimen.check(path, bytes, "replaced by \(other)")
      }
    }
  }

  @Test func aDamagedBlockCostsOnlyItsRecords() throws {
    let system = MemoryFileSystem()
    let store = try Store(at: "/store", mode: .create, fileSystem: system)
    let values = (0..<8).map { sample(200_000, seed: UInt64($0)) }
    let keys = (0..<8).map { key("\($0)") }
    try store.records(of: key("r")).append(Array(zip(keys, values)))
    let path = "/store/records/\(key("r").hex)/00000001.zst"
    var bytes = try system.bytes(path)
    // In the middle of the file, which has eight blocks of about the same size.
    bytes[bytes.count / 2] ^= 1
    system.overwrite(path, bytes)
    let found = try store.records(of: key("r")).values(for: keys)
    #expect(found.count { $0 == nil } == 1)
    for (value, expected) in zip(found, values) where value != nil { #expect(value == expected) }
    #expect(store.damages.map(\.path) == ["records/\(key("r").hex)/00000001.zst"])
    // What was whole stands again under the same number, so it is never computed again.
    let again = try Store(at: "/store", mode: .readOnly, fileSystem: system)
    #expect(try again.records(of: key("r")).values(for: keys) == found)
    #expect(again.damages.isEmpty)
  }

  @Test func damageIsTold() throws {
    let specimen = try Specimen()
    let object = try #require(specimen.system.files().first { $0.path.contains("/objects/") }?.path)
    specimen.system.overwrite(object, [1, 2, 3])
    let heard = Heard()
    let store = try Store(at: Specimen.path, mode: .existing, fileSystem: specimen.system) { heard.add($0) }
    let digest = Digest.sha256(specimen.bytes)
    do throws(StorageError) {
      _ = try store.read(digest)
      Issue.record("a damaged object was read")
    } catch {
      #expect(error.isMiss)
      #expect(
        error.text().hasPrefix(
          "error: object \(digest.hex) (\(object.dropFirst("/store/".count))) is damaged: it is no zstd frame with"))
    }
    #expect(heard.damages == store.damages && store.damages.count == 1)
    let told = try #require(store.damages.first?.diagnosis)
    #expect(told.severity == .warning && told.notes.first?.hasPrefix("It was set aside as quarantine/objects+") == true)
    #expect(!store.contains(digest))
  }
}
