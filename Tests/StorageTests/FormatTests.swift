// The format file: a greater number is obeyed whatever follows it, and what cannot be read is told.

import Digests
import Storage
import Synchronization
import Testing

@Suite struct Formats {
  /// A store with something in it, and a format file of these bytes.
  private func specimen(_ format: String) throws -> Specimen {
    let specimen = try Specimen()
    try specimen.system.make("\(Specimen.path)/format", Array(format.utf8))
    return specimen
  }

  @Test(arguments: [
    "runner-store 99\n", "runner-store 99", "runner-store 2\nnot a digest\n", "runner-store 2\r\n",
    "runner-store 3 with more\n", "runner-store 99999999999999999999999\n",
  ])
  func aGreaterNumberIsRefusedAndNothingChanges(format: String) throws {
    let specimen = try specimen(format)
    let before = try specimen.system.tree(Specimen.path)
    for mode in [Store.Mode.create, .existing, .readOnly, .readOnlyIfPresent] {
      do {
        _ = try Store(at: Specimen.path, mode: mode, fileSystem: specimen.system)
        Issue.record("opened for \(mode)")
      } catch StorageError.newerFormat(_, let version, let supported) {
        #expect(version > supported)
      }
    }
    #expect(try specimen.system.tree(Specimen.path) == before)
    #expect(try specimen.system.bytes("\(Specimen.path)/format") == Array(format.utf8))
  }

  @Test(arguments: ["hello", "runner-store 1\n", "runner-store 0\n", "runner-store \n", ""])
  func whatCannotBeReadIsToldAndKept(format: String) throws {
    let specimen = try specimen(format)
    let told = Mutex<[Damage]>([])
    let store = try Store(at: Specimen.path, mode: .create, fileSystem: specimen.system) { damage in
      told.withLock { $0.append(damage) }
    }
    let damage = try #require(told.withLock { $0 }.first)
    #expect(damage.path == "format")
    let kept = try #require(damage.quarantine)
    #expect(try specimen.system.bytes("\(Specimen.path)/\(kept)") == Array(format.utf8))
    #expect(try specimen.read(store).misses == 0)
  }

  @Test func whatCannotBeMovedIsToldOnce() throws {
    let specimen = try specimen("hello")
    let step = specimen.result.manifest.key
    let path = "\(Specimen.path)/steps/\(step.hex.prefix(2))/\(step.hex.dropFirst(2)).step"
    try specimen.system.make(path, [1, 2, 3])
    let told = Mutex<[Damage]>([])
    let store = try Store(at: Specimen.path, mode: .readOnly, fileSystem: specimen.system) { damage in
      told.withLock { $0.append(damage) }
    }
    #expect(!store.foundDamaged(step))
    for _ in 0..<3 { #expect(try store.result(for: step) == nil) }
    #expect(
      told.withLock { $0.map(\.path) } == ["format", "steps/\(step.hex.prefix(2))/\(step.hex.dropFirst(2)).step"])
    #expect(store.foundDamaged(step))
    #expect(store.foundDamaged(kind: "generate"))
    #expect(!store.foundDamaged(kind: "verify"))
  }
}
