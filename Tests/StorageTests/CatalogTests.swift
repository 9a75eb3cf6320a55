// The catalog of step results saves reading; whatever stands in it, what is answered is what the results say.

import Digests
import Foundation
import Storage
import Testing

@Suite struct CatalogTests {
  static let count = 20

  /// A store in which steps have results that are not new any more.
  static func prepared(_ system: any FileSystem, _ folder: String) throws -> (path: String, results: [StepResult]) {
    let path = "\(folder)/store"
    let store = try Store(at: path, mode: .create, fileSystem: system)
    var results: [StepResult] = []
    for option in 0..<count {
      let bytes = Array("\(option)".utf8)
      let outputs = [
        StepResult.Output("a", try store.write(bytes), byteCount: bytes.count, recordCount: option % 2 == 0 ? nil : 3),
        StepResult.Output("b/1", try store.write([1]), byteCount: 1),
      ]
      results.append(try store.publish(result(option, outputs), for: manifest(option).key))
    }
    try age(system, path, results)
    return (path, results)
  }

  /// Lets results be older than what a file system's clock may hide.
  static func age(_ system: any FileSystem, _ path: String, _ results: [StepResult]) throws {
    if let memory = system as? MemoryFileSystem { return memory.advance(microseconds: 10_000_000) }
    for result in results {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -10)], ofItemAtPath: file(result, path))
    }
  }

  static func file(_ result: StepResult, _ path: String) -> String {
    "\(path)/steps/\(result.manifest.key.hex.prefix(2))/\(result.manifest.key.hex.dropFirst(2)).step"
  }

  /// Checks that every step's outputs are told as they are; nil for a step without a result.
  static func check(
    _ system: any FileSystem, _ path: String, _ expected: [StepResult], _ what: String = ""
  ) throws {
    let store = try Store(at: path, mode: .readOnly, fileSystem: system)
    for result in expected {
      let told = try store.outputs(of: result.manifest.key)
      #expect(told == result.outputs, "\(what)")
      #expect(told?.map(\.fileByteCount) == result.outputs.map(\.fileByteCount), "\(what)")
    }
    #expect(try store.outputs(of: key("no step")) == nil)
  }

  static func fill(_ system: any FileSystem, _ path: String, _ results: [StepResult]) throws {
    let store = try Store(at: path, mode: .existing, fileSystem: system)
    for result in results { _ = try store.outputs(of: result.manifest.key) }
    store.saveCatalog()
  }

  @Test(arguments: Place.allCases)
  func itTellsWhatTheResultsSay(place: Place) throws {
    try place.with { system, folder in
      let (path, results) = try Self.prepared(system, folder)
      try Self.check(system, path, results, "without catalog")
      #expect(try system.status("\(path)/index/results") == nil)
      try Self.fill(system, path, Array(results.prefix(5)))
      try Self.fill(system, path, results)
      #expect(try system.bytes("\(path)/index/results").starts(with: Array("runner-results 2\n".utf8)))
      try Self.check(system, path, results, "with catalog")
      // What was known already is not written again.
      let before = try system.bytes("\(path)/index/results")
      try Self.fill(system, path, results)
      #expect(try system.bytes("\(path)/index/results") == before)
      // A store whose catalog is lost is as good.
      try system.remove("\(path)/index/results")
      try Self.check(system, path, results, "without it again")
    }
  }

  @Test func withItNoResultIsRead() throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let (path, results) = try Self.prepared(disk, "")
    try Self.fill(disk, path, results)
    let counting = FaultyFileSystem(disk)
    let store = try Store(at: path, mode: .readOnly, fileSystem: counting)
    let opened = counting.calls[.open] ?? 0
    for result in results { _ = try store.outputs(of: result.manifest.key) }
    #expect((counting.calls[.open] ?? 0) - opened == 1)
  }

  @Test(arguments: Place.allCases)
  func whatIsGoneOrReplacedIsNotTold(place: Place) throws {
    try place.with { system, folder in
      var (path, results) = try Self.prepared(system, folder)
      try Self.fill(system, path, results)
      let gone = results.removeLast()
      try system.remove(Self.file(gone, path))
      // Another result of the same size, published when the first was gone.
      let store = try Store(at: path, mode: .existing, fileSystem: system)
      try system.remove(Self.file(results[3], path))
      let other = [StepResult.Output("a", try store.write([7]), byteCount: 1, recordCount: 3), results[3].outputs[1]]
      results[3] = try store.publish(result(3, other), for: manifest(3).key)
      try Self.check(system, path, results)
      #expect(try store.outputs(of: gone.manifest.key) == nil)
      // Damage of a result is found although the catalog knew it.
      var bytes = try system.bytes(Self.file(results[5], path))
      bytes[bytes.count / 2] ^= 1
      try system.make(Self.file(results[5], path), bytes)
      let fresh = try Store(at: path, mode: .existing, fileSystem: system)
      #expect(try fresh.outputs(of: results[5].manifest.key) == nil && fresh.damages.count == 1)
    }
  }

  @Test func whateverStandsInItNothingWrongIsTold() throws {
    let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
    let (path, results) = try Self.prepared(disk, "")
    try Self.fill(disk, path, results)
    let whole = try disk.bytes("\(path)/index/results")
    var cases = 0
    func check(_ bytes: [UInt8], _ what: String) throws {
      let copy = MemoryFileSystem(copying: disk)
      try copy.make("\(path)/index/results", bytes)
      try Self.check(copy, path, results, what)
      cases += 1
    }
    for byte in whole.indices {
      var flipped = whole
      flipped[byte] ^= 1 << UInt8(byte % 8)
      try check(flipped, "bit \(byte % 8) of byte \(byte)")
      if byte % 7 == 0 { try check(Array(whole[..<byte]), "\(byte) bytes") }
    }
    try check(whole + whole, "twice")
    try check(Array(repeating: 0, count: 4096), "zeros")
    print("catalog: \(cases) damaged ones, none told anything wrong")
    // One of the first form is no damage, and is made anew.
    try disk.make("\(path)/index/results", Array("runner-results 1\nwhatever stood in it".utf8))
    #expect(try Store(at: path, mode: .existing, fileSystem: disk).verify().faults.isEmpty)
    try Self.fill(disk, path, results)
    #expect(try disk.bytes("\(path)/index/results").count == whole.count)
    // One that is not whole is made anew.
    try disk.make("\(path)/index/results", Array(whole.dropLast(3)))
    try Self.fill(disk, path, results)
    #expect(try disk.bytes("\(path)/index/results").count == whole.count)
    try Self.check(disk, path, results)
  }
}
