// What cannot be read is not what is not there: whoever has to answer all the same says so when asked.

import Digests
import Foundation
import Storage
import Testing

@Suite struct UnreadableTests {
  /// Everything that a plan asks of a store.
  private static func answers(_ store: Store, _ results: [StepResult]) -> [String] {
    results.map { result in
      let made = (try? store.outputs(of: result.manifest.key)) ?? nil
      let held = result.outputs.map { store.contains($0.digest, fileByteCount: nil, isUse: false) }
      return "\(made.map { $0.map(\.digest.hex) } ?? []) \(held)"
    } + store.results(ofKind: "generate").map(\.manifest.key.hex).sorted()
      + store.unlistedResults().map(\.manifest.key.hex) + store.publishedKeys(ofKind: "generate").map(\.hex).sorted()
  }

  /// Each call fails once, as where a file is another user's, or a disk has a bad sector.
  @Test(arguments: [EACCES, EIO]) func noWrongAnswerGoesUnnoticed(code: Int32) throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let (path, results) = try CatalogTests.prepared(disk, "")
    func asked(_ system: FaultyFileSystem) throws -> (answers: [String], store: Store) {
      let store = try Store(at: path, mode: .readOnly, fileSystem: system)
      return (Self.answers(store, results), store)
    }
    let quiet = FaultyFileSystem(disk)
    let (whole, store) = try asked(quiet)
    try store.checkReadable()
    var noticed = 0
    for number in 0..<quiet.count {
      // What cannot even be opened says so by itself.
      guard let (answers, store) = try? asked(FaultyFileSystem(disk, .fail(at: number, code: code))) else { continue }
      if answers == whole { continue }
      noticed += 1
      #expect(throws: StorageError.self, "call \(number): \(answers)") { try store.checkReadable() }
    }
    #expect(noticed > 60)
  }

  /// What is only a hint may be missing.
  @Test func hintsMayBeUnreadable() throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let (path, results) = try CatalogTests.prepared(disk, "")
    try CatalogTests.fill(disk, path, results)
    try disk.remove("\(path)/index/results")
    try disk.makeFolder("\(path)/index/results")
    let store = try Store(at: path, mode: .readOnly, fileSystem: disk)
    #expect(try store.outputs(of: results[0].manifest.key)?.count == 2 && store.memo(on: .sha256("a")) == nil)
    try store.checkReadable()
  }

  /// A checkpoint of a training: its parts' places, the first one's header, and whatever stands behind.
  private static func checkpoint(_ step: UInt64, format: String, parts: Int = 2) -> [UInt8] {
    let header = Array(#"{"__metadata__":{"format":"\#(format)","log":"[]","step":"\#(step)"}}"#.utf8)
    let part = little(UInt64(header.count)) + header + [1, 2, 3, 4]
    let places = (0..<parts).flatMap { little(UInt64($0) + step) + little(UInt64(part.count)) }
    return little(UInt64(parts)) + places + Array(repeatElement(part, count: parts).joined())
  }

  private static func little(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  /// A training cannot go on from what cannot be read, nor begin anew: the plan must not say that it will.
  @Test func aCheckpointThatCannotBeReadIsNoted() throws {
    let key = Digest.sha256("training")
    for place in Place.allCases {
      try place.with { disk, folder in
        let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: disk)
        try store.keepCheckpoint(Self.checkpoint(25, format: "a 2"), for: key)
        #expect(store.stepsKept(for: key, format: "a 2") == 25)
        try store.checkReadable()
        try disk.remove("\(folder)/store/checkpoints/\(key.hex)")
        try disk.makeFolder("\(folder)/store/checkpoints/\(key.hex)")
        #expect(store.stepsKept(for: key, format: "a 2") == nil)
        #expect(throws: StorageError.self) { try store.checkReadable() }
      }
    }
  }

  @Test func stepsAreKeptWhereTheCheckpointIsOfUse() throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let store = try Store(at: "/store", mode: .create, fileSystem: disk)
    let key = Digest.sha256("training")
    func kept() -> Int? { store.stepsKept(for: key, format: "a 2") }
    #expect(kept() == nil)
    for parts in [1, 2, 5] {
      try store.keepCheckpoint(Self.checkpoint(25, format: "a 2", parts: parts), for: key)
      #expect(kept() == 25)
    }
    let path = "/store/checkpoints/\(key.hex)"
    let whole = try disk.bytes(path)
    for count in [0, 7, 16, 100, whole.count - 32, whole.count - 1] {
      try disk.make(path, Array(whole[..<count]))
      #expect(kept() == nil, "\(count) bytes")
    }
    // That of another training, of another version, and sizes beyond all sizes.
    try store.keepCheckpoint(Self.checkpoint(25, format: "a 2"), for: .sha256("other"))
    try disk.make(path, try disk.bytes("/store/checkpoints/\(Digest.sha256("other").hex)"))
    #expect(kept() == nil)
    try store.keepCheckpoint(Self.checkpoint(25, format: "a 1"), for: key)
    #expect(kept() == nil)
    try store.keepCheckpoint(Self.checkpoint(0, format: "a 2"), for: key)
    #expect(kept() == nil)
    for bytes in [Self.little(.max), Self.little(1) + Self.little(5) + Self.little((.max >> 1) - 30), Self.little(3)] {
      try store.keepCheckpoint(bytes, for: key)
      #expect(kept() == nil)
    }
  }
}
