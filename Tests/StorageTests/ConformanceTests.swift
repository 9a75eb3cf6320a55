// What every store must do, wherever its files are: run on a disk and in memory.

import Compression
import Digests
import JSON
import Storage
import Testing

@Suite struct Conformance {
  @Test(arguments: Place.allCases, [0, 1, 1000, 1 << 20, 1 << 20 + 1, 2_500_000])
  func objectsComeBack(place: Place, count: Int) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let bytes = sample(count)
      let digest = Digest.sha256(bytes)
      #expect(!store.contains(digest) && store.size(of: digest) == nil)
      #expect(throws: StorageError.missing(digest)) { try store.read(digest) }
      #expect(try store.write(bytes) == digest)
      #expect(store.contains(digest) && store.size(of: digest) == count)
      #expect(try store.read(digest) == bytes)
      let files = try system.tree("\(folder)/store")
      #expect(files == ["format", "objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2)).zst"])
      #expect(try store.write(bytes) == digest)
      #expect(try Store(at: "\(folder)/store", mode: .readOnly, fileSystem: system).read(digest) == bytes)
      #expect(store.damages.isEmpty)
    }
  }

  @Test(arguments: Place.allCases, [0, 5, 1 << 20, 2_500_000])
  func filesAreStoredAndCopiedInPieces(place: Place, count: Int) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let bytes = sample(count)
      let digest = Digest.sha256(bytes)
      try system.make("\(folder)/source", bytes)
      let wrong = key("something else")
      #expect(throws: StorageError.mismatch(path: "\(folder)/source", expected: wrong, actual: digest)) {
        try store.writeFile(at: "\(folder)/source", expecting: wrong)
      }
      #expect(!store.contains(digest))
      let stored = try store.writeFile(at: "\(folder)/source", expecting: digest)
      #expect(stored.digest == digest && stored.byteCount == count)
      #expect(try store.read(digest) == bytes)
      let name = "\(folder)/store/objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2)).zst"
      #expect(try system.bytes(name) == Compression.zstdCompressed(bytes))
      #expect(try store.writeFile(at: "\(folder)/source").digest == digest)
      try store.copy(digest, toFile: "\(folder)/copy")
      #expect(try system.bytes("\(folder)/copy") == bytes)
      #expect(throws: StorageError.missing(wrong)) { try store.copy(wrong, toFile: "\(folder)/none") }
      #expect(try system.tree(folder).filter { !$0.hasPrefix("store/") } == ["copy", "source"])
      #expect(throws: StorageError.self) { try store.writeFile(at: "\(folder)/absent") }
    }
  }

  @Test(arguments: Place.allCases)
  func theFirstResultOfAStepStands(place: Place) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/a/b/store", mode: .create, fileSystem: system)
      let one = try store.write([1])
      let two = try store.write([2])
      let first = result(1, [.init("z", one, byteCount: 1, recordCount: 3), .init("a", two, byteCount: 1)])
      let second = result(1, [.init("a", one, byteCount: 1)])
      #expect(try store.result(for: first.manifest.key) == nil)
      #expect(try store.publish(first, for: first.manifest.key) == first)
      #expect(try store.publish(second, for: first.manifest.key) == first)
      let other = try Store(at: "\(folder)/a/b/store", mode: .existing, fileSystem: system)
      #expect(try other.result(for: first.manifest.key) == first)
      #expect(first.outputs.map(\.name) == ["a", "z"])
      #expect(try other.result(for: manifest(2).key) == nil)
    }
  }

  @Test(arguments: Place.allCases)
  func aResultWithoutItsObjectsIsReplaced(place: Place) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let one = try store.write([1])
      let two = try store.write([2])
      let old = result(1, [.init("a", one, byteCount: 1)])
      let new = result(1, [.init("a", two, byteCount: 1)])
      try store.publish(old, for: old.manifest.key)
      try system.remove("\(folder)/store/objects/\(one.hex.prefix(2))/\(one.hex.dropFirst(2)).zst")
      #expect(try store.publish(new, for: new.manifest.key) == new)
      #expect(try store.result(for: new.manifest.key) == new)
      #expect(throws: StorageError.missing(one)) { try store.publish(old, for: old.manifest.key) }
    }
  }

  @Test(arguments: Place.allCases)
  func resultsThatTheFormatCannotHoldAreRefused(place: Place) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let one = try store.write([1])
      let output = StepResult.Output("a", one, byteCount: 1)
      for kind in ["", "-a", "1a", "a b", "é", "a/b", "..", String(repeating: "a", count: 65)] {
        let bad = result(1, [output], kind: kind)
        #expect(throws: StorageError.invalidName(kind, role: "step's kind")) {
          try store.publish(bad, for: bad.manifest.key)
        }
      }
      #expect(throws: StorageError.wrongKey(key("x"), manifest: manifest(1).key)) {
        try store.publish(result(1, [output]), for: key("x"))
      }
      #expect(throws: StorageError.self) { try store.publish(result(1, [output, output]), for: manifest(1).key) }
      // The same text to Swift, but other bytes: two names.
      let composed = result(1, [.init("\u{E9}", one, byteCount: 1), .init("e\u{301}", one, byteCount: 1)])
      try store.publish(composed, for: composed.manifest.key)
      let names = try store.result(for: composed.manifest.key)?.outputs.map { Array($0.name.utf8) }
      #expect(names == [[0x65, 0xCC, 0x81], [0xC3, 0xA9]])
    }
  }

  @Test(arguments: Place.allCases)
  func resultsAreListedByKindNewestFirst(place: Place) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let one = try store.write([1])
      for option in 0..<5 {
        let made = result(option, [.init("a", one, byteCount: 1)], kind: option == 3 ? "pairStatistics" : "generate")
        try store.publish(made, for: made.manifest.key)
        (system as? MemoryFileSystem)?.advance(microseconds: 10)
      }
      #expect(store.results(ofKind: "generate").map(\.manifest) == [4, 2, 1, 0].map(manifest))
      #expect(store.results(ofKind: "generate", newest: 2).map(\.manifest) == [4, 2].map(manifest))
      #expect(store.results(ofKind: "pairStatistics").map(\.manifest) == [manifest(3)])
      #expect(store.results(ofKind: "other").isEmpty && store.results(ofKind: "../..").isEmpty)
      // The index is a hint that may vanish; it is made again from the results.
      try system.rename("\(folder)/store/index/kinds", to: "\(folder)/elsewhere")
      let found = store.results(ofKind: "generate").map { $0.manifest["options/temperature"] }
      #expect(Set(found) == [.integer(4), .integer(2), .integer(1), .integer(0)] && found.count == 4)
    }
  }

  @Test(arguments: Place.allCases)
  func recordsAreFoundInBulk(place: Place) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let records = store.records(of: manifest(1))
      #expect(try records.lookup([key("0"), key("1")]) == [false, false])
      #expect(try records.values(for: []) == [])
      // Values of all sizes, some in blocks of their own, one empty.
      let values = (0..<40).map { sample([0, 5, 900, 300_000][$0 % 4], seed: UInt64($0)) }
      for start in stride(from: 0, to: 40, by: 10) {
        try records.append((start..<(start + 10)).map { (key("\($0)"), values[$0]) })
      }
      try records.append([])
      let asked = [39, 0, 41, 17, 17, 20].map { key("\($0)") }
      let again = try Store(at: "\(folder)/store", mode: .readOnly, fileSystem: system).records(of: manifest(1).key)
      #expect(try again.lookup(asked) == [true, true, false, true, true, true])
      #expect(try again.values(for: asked) == [values[39], values[0], nil, values[17], values[17], values[20]])
      #expect(try records.values(for: (0..<40).map { key("\($0)") }) == values)
      let name = "records/\(manifest(1).key.hex)"
      let files = try system.tree("\(folder)/store").filter { $0.hasPrefix("records") }
      #expect(files == (1...4).map { "\(name)/0000000\($0).zst" } + ["\(name)/manifest"])
      #expect(try system.bytes("\(folder)/store/\(name)/manifest") == manifest(1).bytes)
      #expect(try store.records(of: key("another recipe")).lookup(asked).allSatisfy { !$0 })
    }
  }

  @Test(arguments: Place.allCases)
  func theFirstValueOfARecordStands(place: Place) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let records = store.records(of: key("r"))
      try records.append([(key("a"), [1]), (key("a"), [2]), (key("b"), [3])])
      try records.append([(key("a"), [4]), (key("c"), [5])])
      try records.append([(key("b"), [6]), (key("c"), [7])])
      let asked = ["a", "b", "c"].map(key)
      #expect(try records.values(for: asked) == [[1], [3], [5]])
      // A compacted segment stands for its range, beside the files that it replaces and without them.
      let path = "\(folder)/store/records/\(key("r").hex)"
      let compact = try Store(at: "\(folder)/other", mode: .create, fileSystem: system).records(of: key("r"))
      try compact.append([(key("a"), [1]), (key("b"), [3]), (key("c"), [5])])
      try system.rename("\(folder)/other/records/\(key("r").hex)/00000001.zst", to: "\(path)/00000001-00000002.zst")
      #expect(try records.values(for: asked) == [[1], [3], [5]])
      try system.remove("\(path)/00000001.zst")
      try system.remove("\(path)/00000002.zst")
      #expect(try records.values(for: asked) == [[1], [3], [5]])
      try records.append([(key("d"), [8])])
      #expect(try system.list(path).sorted() == ["00000001-00000002.zst", "00000003.zst", "00000004.zst"])
      // Names that are no segment's are not read.
      try system.make("\(path)/notes.txt", [1])
      try system.make("\(path)/1.zst", [1])
      #expect(try records.values(for: asked + [key("d")]) == [[1], [3], [5], [8]] && store.damages.isEmpty)
    }
  }

  @Test(arguments: Place.allCases)
  func journalsKeepWholeLines(place: Place) throws {
    try place.with { system, folder in
      let store = try Store(at: "\(folder)/store", mode: .create, fileSystem: system)
      let journal = try store.journal(run: "2026-01-02_a.b")
      #expect(try journal.events().events == [] && store.runs() == [])
      let events = (0..<3).map { JSONValue.members(["step": .integer($0), "text": .string("line\nend }")]) }
      try journal.append(events[0])
      let path = "\(folder)/store/runs/2026-01-02_a.b/journal.jsonl"
      let whole = try system.bytes(path)
      try journal.append(events[1])
      // A kill leaves a torn line; what comes next is whole.
      try system.make(path, try system.bytes(path).dropLast(9))
      try journal.append(events[2])
      let read = try journal.events()
      #expect(read.events == [events[0], events[2]] && read.damagedLines == 1)
      #expect(try system.bytes(path).starts(with: whole))
      #expect(try store.runs() == ["2026-01-02_a.b"])
      for bad in ["", ".", "..", "a/b", "-a", "a b", "é", String(repeating: "a", count: 129)] {
        #expect(throws: StorageError.invalidName(bad, role: "run")) { try store.journal(run: bad) }
      }
    }
  }

  @Test(arguments: Place.allCases)
  func onlyStoresAreOpened(place: Place) throws {
    try place.with { system, folder in
      let path = "\(folder)/store"
      func open(_ mode: Store.Mode) throws -> Store { try Store(at: path, mode: mode, fileSystem: system) }
      for mode in [Store.Mode.existing, .readOnly] {
        #expect(throws: StorageError.noStore(path: path)) { try open(mode) }
      }
      let nothing = try open(.readOnlyIfPresent)
      #expect(!nothing.contains(key("a")))
      #expect(try nothing.result(for: key("a")) == nil && nothing.records(of: key("a")).lookup([key("b")]) == [false])
      #expect(try system.status(path) == nil)

      // A folder with other files is left alone.
      try system.makeFolder(path)
      try system.make("\(path)/thesis.tex", [1])
      for mode in [Store.Mode.create, .existing, .readOnly, .readOnlyIfPresent] {
        #expect(throws: StorageError.notAStore(path: path, contains: "thesis.tex")) { try open(mode) }
      }
      #expect(try system.tree(path) == ["thesis.tex"])
      try system.remove("\(path)/thesis.tex")

      // Another process's unfinished beginning is no other file.
      try system.make("\(path)/.format.0123.tmp", [1])
      _ = try open(.create)
      #expect(try system.bytes("\(path)/format") == Array("runner-store 1\n\(formatDigest)\n".utf8))
    }
  }

  // What `printf 'runner-store 1\n' | sha256sum` prints.
  private let formatDigest = "b1189f3a64494c774c6d9d164955cb2ec5953f520608167e2234983f23291489"

  @Test(arguments: Place.allCases)
  func newerFormatsAreRefused(place: Place) throws {
    try place.with { system, folder in
      let path = "\(folder)/store"
      let digest = try Store(at: path, mode: .create, fileSystem: system).write([1, 2])
      let newer = "runner-store 2\n\(Digest.sha256("runner-store 2\n").hex)\nmore that is not known yet\n"
      try system.make("\(path)/format", Array(newer.utf8))
      let before = try system.tree(path)
      for mode in [Store.Mode.create, .existing, .readOnly, .readOnlyIfPresent] {
        #expect(throws: StorageError.newerFormat(path: path, version: 2, supported: 1)) {
          try Store(at: path, mode: mode, fileSystem: system)
        }
      }
      #expect(try system.tree(path) == before)
      // A lost or damaged format file costs nothing.
      for damage in [nil, Array("runner-store x\nxyz\n".utf8), [], [0xFF]] {
        try system.remove("\(path)/format")
        if let damage { try system.make("\(path)/format", damage) }
        #expect(try Store(at: path, mode: .readOnly, fileSystem: system).read(digest) == [1, 2])
        #expect(try Store(at: path, mode: .existing, fileSystem: system).read(digest) == [1, 2])
        let text = try system.bytes("\(path)/format")
        #expect(text == Array("runner-store 1\n\(formatDigest)\n".utf8))
      }
    }
  }

  @Test(arguments: Place.allCases)
  func aStoreOpenedForReadingIsNotChanged(place: Place) throws {
    try place.with { system, folder in
      let path = "\(folder)/store"
      let writer = try Store(at: path, mode: .create, fileSystem: system)
      let digest = try writer.write(sample(100))
      let object = "\(path)/objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2)).zst"
      try system.make(object, [1, 2, 3])
      let before = try system.tree(path)
      let reader = try Store(at: path, mode: .readOnly, fileSystem: system)
      #expect(throws: StorageError.self) { try reader.read(digest) }
      #expect(reader.damages.count == 1 && reader.damages.first?.quarantine == nil)
      let refusal = StorageError.readOnlyStore(path: path)
      #expect(throws: refusal) { try reader.write([1]) }
      #expect(throws: refusal) { try reader.records(of: key("r")).append([(key("a"), [1])]) }
      #expect(throws: refusal) { try reader.journal(run: "a").append(.null) }
      _ = reader.results(ofKind: "generate")
      _ = reader.scratchFolder
      #expect(try system.tree(path) == before)
    }
  }

  @Test(arguments: Place.allCases)
  func writingRepairsADamagedObject(place: Place) throws {
    try place.with { system, folder in
      let path = "\(folder)/store"
      let store = try Store(at: path, mode: .create, fileSystem: system)
      let digest = try store.write(sample(100))
      let object = "objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2)).zst"
      try system.make("\(path)/\(object)", try Compression.zstdCompressed([1]))
      #expect(try store.write(sample(100)) == digest)
      #expect(try store.read(digest) == sample(100))
      let damage = try #require(store.damages.first)
      #expect(damage.path == object && damage.reason == .wrongDigest(.sha256([1])))
      let quarantine = try #require(damage.quarantine)
      #expect(quarantine.hasPrefix("quarantine/\(object.replacing("/", with: "+"))."))
      #expect(try system.bytes("\(path)/\(quarantine)") == Compression.zstdCompressed([1]))
    }
  }
}
