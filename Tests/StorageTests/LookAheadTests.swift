// Looking at a store beforehand saves time; whatever was seen then, what is answered is what the store holds.

import Digests
import Foundation
import Storage
import Testing

@Suite struct LookAheadTests {
  /// A store whose catalog is full, opened and looked at to the end.
  static func looked(_ system: any FileSystem, _ path: String, mode: Store.Mode = .existing) throws -> Store {
    let store = try #require(Store(intactAt: path, mode: mode, fileSystem: system))
    store.lookAhead()
    for _ in 0..<5000 where !store.hasLookedAhead { usleep(1000) }
    #expect(store.hasLookedAhead)
    return store
  }

  static func prepared(_ system: any FileSystem, _ folder: String) throws -> (path: String, results: [StepResult]) {
    let (path, results) = try CatalogTests.prepared(system, folder)
    try CatalogTests.fill(system, path, results)
    return (path, results)
  }

  @Test(arguments: Place.allCases)
  func itTellsWhatTheResultsSay(place: Place) throws {
    try place.with { system, folder in
      let (path, results) = try Self.prepared(system, folder)
      let store = try Self.looked(system, path, mode: .readOnly)
      for result in results {
        #expect(try store.outputs(of: result.manifest.key) == result.outputs)
        for output in result.outputs {
          #expect(store.contains(output.digest, fileByteCount: output.fileByteCount, isUse: false))
        }
      }
      #expect(try store.outputs(of: key("no step")) == nil)
      #expect(!store.contains(key("no object"), fileByteCount: nil, isUse: false))
    }
  }

  /// What was lost, damaged or replaced before the look is seen as it is without one.
  @Test(arguments: Place.allCases)
  func whatIsNotAsItWasIsSeen(place: Place) throws {
    try place.with { system, folder in
      let (path, results) = try Self.prepared(system, folder)
      let (gone, damaged, whole) = (results[0], results[1], results[2])
      try system.remove(CatalogTests.file(gone, path))
      try system.make(CatalogTests.file(damaged, path), Array("no result".utf8))
      let lost = whole.outputs[0].digest
      try system.remove("\(path)/objects/\(lost.hex.prefix(2))/\(lost.hex.dropFirst(2)).zst")
      let short = results[3].outputs[0].digest
      try system.make("\(path)/objects/\(short.hex.prefix(2))/\(short.hex.dropFirst(2)).zst", [1, 2])
      let store = try Self.looked(system, path)
      #expect(try store.outputs(of: gone.manifest.key) == nil)
      #expect(try store.outputs(of: damaged.manifest.key) == nil)
      #expect(store.foundDamaged(damaged.manifest.key))
      #expect(!store.contains(lost, fileByteCount: whole.outputs[0].fileByteCount, isUse: true))
      #expect(!store.contains(short, fileByteCount: results[3].outputs[0].fileByteCount, isUse: true))
      #expect(store.damages.count == 2)
      #expect(try store.outputs(of: whole.manifest.key) == whole.outputs)
    }
  }

  /// A result that is made anew, or goes, after the look is seen once that has ended.
  @Test(arguments: Place.allCases)
  func anEndedLookCountsForNothing(place: Place) throws {
    try place.with { system, folder in
      let (path, results) = try Self.prepared(system, folder)
      let store = try Self.looked(system, path)
      store.endLookAhead()
      let object = results[1].outputs[0].digest
      try system.remove(CatalogTests.file(results[0], path))
      try system.remove("\(path)/objects/\(object.hex.prefix(2))/\(object.hex.dropFirst(2)).zst")
      #expect(try store.outputs(of: results[0].manifest.key) == nil)
      #expect(!store.contains(object, fileByteCount: results[1].outputs[0].fileByteCount, isUse: false))
      #expect(try store.outputs(of: results[1].manifest.key) == results[1].outputs)
    }
  }

  @Test func aLookCountsForSeconds() throws {
    try Place.memory.with { system, folder in
      let memory = try #require(system as? MemoryFileSystem)
      let (path, results) = try Self.prepared(system, folder)
      let store = try Self.looked(system, path)
      try system.remove(CatalogTests.file(results[0], path))
      memory.advance(microseconds: 5_000_001)
      #expect(try store.outputs(of: results[0].manifest.key) == nil)
    }
  }

  /// What is counted on gets the present time, as with a look of its own; what has gone since is absent.
  @Test func whatIsOldIsRenewed() throws {
    try Place.memory.with { system, folder in
      let memory = try #require(system as? MemoryFileSystem)
      let (path, results) = try Self.prepared(system, folder)
      memory.advance(microseconds: 2 * 86_400_000_000)
      let store = try Self.looked(system, path)
      let (used, gone) = (results[0], results[1])
      try system.remove(CatalogTests.file(gone, path))
      #expect(try store.outputs(of: used.manifest.key, isUse: true) == used.outputs)
      #expect(try system.status(CatalogTests.file(used, path))?.modified == system.now())
      #expect(try store.outputs(of: gone.manifest.key, isUse: true) == nil)
      let object = used.outputs[0].digest
      #expect(store.contains(object, fileByteCount: used.outputs[0].fileByteCount, isUse: true))
      let file = "\(path)/objects/\(object.hex.prefix(2))/\(object.hex.dropFirst(2)).zst"
      #expect(try system.status(file)?.modified == system.now())
    }
  }

  @Test(arguments: Place.allCases)
  func onlyAWholeStoreIsOpenedBeforehand(place: Place) throws {
    try place.with { system, folder in
      #expect(Store(intactAt: "\(folder)/none", mode: .create, fileSystem: system) == nil)
      let (path, _) = try Self.prepared(system, folder)
      try system.make("\(path)/format", Array("runner-store 2\n".utf8))
      let before = try system.tree(path)
      #expect(Store(intactAt: path, mode: .create, fileSystem: system) == nil)
      #expect(try system.tree(path) == before)
    }
  }
}
