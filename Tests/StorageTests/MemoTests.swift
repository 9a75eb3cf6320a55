// Memos: what is read is what was written or nothing, and what they rest on is asked of the store as it is.

import Digests
import Foundation
import Storage
import Testing

/// A memo that counts on some results.
func memo(_ results: [StepResult], answer: String = "all of it is stored\n") -> Memo {
  Memo(
    texts: [
      .init(path: "a.yaml", digest: .sha256("a"), isSpec: true), .init(path: "b", digest: .sha256("b"), isSpec: false),
    ],
    sights: [.init(path: "c", isThere: false), .init(path: "b", isThere: true)], left: [],
    found: results.map { .init(label: "généré", key: $0.manifest.key) }
      + [.init(label: "fetch", key: .sha256("key"), object: .sha256("object"))],
    outputs: ResultsDigest.digest(of: results.map { ($0.manifest.key, $0.outputs) }), stepCount: results.count + 1,
    answer: answer)
}

@Suite struct MemoTests {
  @Test func whatIsReadIsWhatWasWritten() throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let (path, results) = try CatalogTests.prepared(disk, "")
    let store = try Store(at: path, mode: .existing, fileSystem: disk)
    let question = Digest.sha256("question")
    #expect(store.memo(on: question) == nil)
    store.note(memo(results), on: question)
    #expect(store.memo(on: question) == memo(results))
    store.note(memo(results, answer: "later"), on: question)
    #expect(store.memo(on: question)?.answer == "later" && store.memo(on: .sha256("other")) == nil)
    // Who may only read notes nothing and is told nothing.
    let reader = try Store(at: path, mode: .readOnly, fileSystem: disk)
    reader.note(memo(results), on: question)
    #expect(reader.memo(on: question)?.answer == "later")
  }

  @Test func filesAreToldApart() throws {
    let folder = NSTemporaryDirectory() + "runner-memo-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/file"
    #expect(FileIdentity(path: path) == nil)
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
    let first = try #require(FileIdentity(path: path))
    #expect(FileIdentity(path: path) == first)
    var noted = memo([])
    noted.left = [.init(path: path, identity: first)]
    #expect(Memo(bytes: noted.bytes) == noted)
    // The same size and time, by another file.
    try Data([1, 2, 4]).write(to: URL(fileURLWithPath: "\(folder)/other"))
    let date = try #require(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(folder)/other")
    #expect(rename("\(folder)/other", path) == 0)
    #expect(FileIdentity(path: path) != first)
  }

  @Test func everyFlippedBitAndEveryLostByteShows() throws {
    let whole = memo([result(0, [StepResult.Output("a", .sha256("a"), byteCount: 1)])]).bytes
    #expect(Memo(bytes: whole) != nil && Memo(bytes: []) == nil && Memo(bytes: whole + [0]) == nil)
    for byte in whole.indices {
      for bit in 0..<8 {
        var flipped = whole
        flipped[byte] ^= 1 << UInt8(bit)
        #expect(Memo(bytes: flipped) == nil, "bit \(bit) of byte \(byte)")
      }
      #expect(Memo(bytes: Array(whole[..<byte])) == nil, "\(byte) bytes")
    }
  }

  /// Whatever stands between the line and the check, reading it asks for no more than there is.
  @Test func lengthsAreNotTrusted() throws {
    let head = Memo.header.count
    let whole = memo([]).bytes
    for place in head..<(whole.count - 8) {
      var content = Array(whole[head..<(whole.count - 8)])
      content[place - head] = 0xFF
      let read = Memo(bytes: Memo.header + content + Digest.sha256(content).bytes.prefix(8))
      if let read { #expect(read.bytes.count <= whole.count) }
    }
  }

  @Test func thoseNotedLongestAgoMakeRoom() throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let store = try Store(at: "/store", mode: .create, fileSystem: disk)
    for number in 0..<40 {
      disk.advance(microseconds: 1_000_000)
      store.note(memo([], answer: "\(number)"), on: .sha256("\(number)"))
    }
    let kept = (0..<40).filter { store.memo(on: .sha256("\($0)")) != nil }
    #expect(kept == Array(8..<40))
  }

  @Test func whatStandsIsAskedOfTheStoreAsItIs() throws {
    let whole = MemoryFileSystem(time: 1_700_000_000_000_000)
    let (path, results) = try CatalogTests.prepared(whole, "")
    try CatalogTests.fill(whole, path, results)
    let keys = results.map(\.manifest.key)
    let expected = ResultsDigest.digest(of: results.map { ($0.manifest.key, $0.outputs) })
    func standing(
      isUse: Bool = false, _ change: (MemoryFileSystem) throws -> Void = { _ in }
    ) throws -> Digest? {
      let disk = MemoryFileSystem(copying: whole)
      try change(disk)
      return try Store(at: path, mode: .existing, fileSystem: disk).digest(ofStanding: keys, isUse: isUse)
    }
    #expect(try standing() == expected && standing(isUse: true) == expected)
    #expect(ResultsDigest.digest(of: results.dropLast().map { ($0.manifest.key, $0.outputs) }) != expected)
    let reordered = results.map { (step: $0.manifest.key, outputs: Array($0.outputs.reversed())) }
    #expect(ResultsDigest.digest(of: reordered) == expected)
    let step = CatalogTests.file(results[7], path)
    let object = results[7].outputs[0].digest.hex
    let content = "\(path)/objects/\(object.prefix(2))/\(object.dropFirst(2)).zst"
    #expect(try standing { try $0.remove(step) } == nil)
    #expect(try standing { try $0.remove(content) } == nil)
    #expect(try standing { try $0.make(content, Array(try $0.bytes(content).dropLast())) } == nil)
    #expect(try standing { try $0.make(step, try $0.bytes(step)) } == nil, "written anew")
    #expect(try standing { try $0.remove("\(path)/index/results") } == nil)
    // Whoever counts on results that are old renews their times, one by one.
    #expect(try standing { $0.advance(microseconds: 2 * 86_400_000_000) } == expected)
    #expect(try standing(isUse: true) { $0.advance(microseconds: 2 * 86_400_000_000) } == nil)
    #expect(try Store(at: path, mode: .existing, fileSystem: whole).digest(ofStanding: [], isUse: true) != nil)
  }

  @Test func collectionTakesThoseThatNobodyAskedForLong() throws {
    let yard = Yard()
    let store = try yard.store()
    store.note(memo([]), on: .sha256("old"))
    yard.age(days: 15)
    store.note(memo([]), on: .sha256("new"))
    #expect(try yard.goes() == ["an answer to a question that was not asked for long"])
    _ = try yard.collect()
    #expect(store.memo(on: .sha256("old")) == nil && store.memo(on: .sha256("new")) != nil)
  }
}
