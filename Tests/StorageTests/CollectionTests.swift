// Collection: what goes, what stays and why, and that nothing goes which a run counts on.

import Digests
import Foundation
import JSON
import Testing

import Storage

/// A store in memory with steps that were made from each other.
struct Yard {
  let disk = MemoryFileSystem(time: 1_700_000_000_000_000)
  static let day: Int64 = 86_400_000_000
  static let grace = 14 * day

  func store() throws -> Store { try Store(at: "store", mode: .create, fileSystem: disk) }

  /// Stores a step with one output; its inputs are other steps.
  @discardableResult
  func make(_ name: String, from sources: [StepResult] = [], told: Bool = true, kind: String = "generate") throws
    -> StepResult
  {
    let store = try store()
    let digest = try store.write(Array(name.utf8))
    var manifest = Manifest()
    manifest.set("kind", .text(kind))
    manifest.set("version", .integer(1))
    manifest.set("options/name", .text(name))
    for (index, source) in sources.enumerated() { manifest.set("inputs/\(index)", .digest(source.outputs[0].digest)) }
    var facts = JSONObject([JSONMember("label", .string(name))])
    if told {
      facts["sources"] = .object(
        JSONObject(sources.enumerated().map { JSONMember("\($0)", .string($1.manifest.key.hex)) }))
    }
    let result = StepResult(
      kind: kind, outputs: [.init("out", digest, byteCount: name.utf8.count)], manifest: manifest, provenance: facts)
    return try store.publish(result, for: manifest.key)
  }

  func root(_ results: StepResult...) -> StoreRoot { StoreRoot(name: "a spec", steps: results.map(\.manifest.key)) }

  /// What would go, by what it is called.
  func goes(_ roots: [StoreRoot] = [], grace: Int64 = Yard.grace) throws -> [String] {
    try store().collection(keeping: roots, grace: grace, processes: Village()).files.map(\.what)
  }

  func collect(_ roots: [StoreRoot] = [], grace: Int64 = Yard.grace) throws -> [String] {
    let store = try store()
    return try store.collect(store.collection(keeping: roots, grace: grace, processes: Village())).map(\.path)
  }

  func age(days: Int64) { disk.advance(microseconds: days * Self.day) }

  func isWhole(_ result: StepResult) throws -> Bool {
    let store = try store()
    return try store.result(for: result.manifest.key) == result && store.contains(result.outputs[0].digest)
  }
}

/// Processes that live as long as the test says.
struct Village: ProcessTable {
  var current = ProcessIdentity(host: "here", machine: "m1", number: 1, born: 10)
  /// The numbers of those that live on this machine.
  var alive: Set<Int> = [1]

  func isAlive(_ process: ProcessIdentity) -> Bool? {
    process.machine == current.machine ? alive.contains(process.number) : nil
  }

  static func process(_ number: Int, host: String = "here", machine: String = "m1") -> Village {
    Village(current: ProcessIdentity(host: host, machine: machine, number: number, born: 10), alive: [1, number])
  }
}

@Suite struct CollectionTests {
  @Test(arguments: [true, false])
  func whatASpecReachesStays(told: Bool) throws {
    let yard = Yard()
    let data = try yard.make("data", told: told)
    let model = try yard.make("model", from: [data], told: told)
    let table = try yard.make("table", from: [model], told: told)
    let other = try yard.make("other", from: [data], told: told)
    yard.age(days: 15)
    #expect(
      try yard.goes([yard.root(table)])
        == ["the result of other", "an output of other", "an entry of the index"])
    let gone = try yard.collect([yard.root(table)])
    #expect(gone.count == 3)
    for kept in [data, model, table] { #expect(try yard.isWhole(kept)) }
    #expect(try yard.store().result(for: other.manifest.key) == nil)
    #expect(try !yard.store().contains(other.outputs[0].digest))
    #expect(try yard.store().verify().faults.isEmpty)
    #expect(try yard.collect([yard.root(table)]).isEmpty)
  }

  @Test func whatIsYoungStaysWithWhatItWasMadeFrom() throws {
    let yard = Yard()
    let data = try yard.make("data")
    let old = try yard.make("old")
    yard.age(days: 10)
    let young = try yard.make("young", from: [data])
    yard.age(days: 13)
    _ = try yard.collect()
    #expect(try yard.isWhole(data) && yard.isWhole(young))
    #expect(try !yard.isWhole(old))
    yard.age(days: 2)
    _ = try yard.collect()
    #expect(try yard.store().allResults().isEmpty)
    #expect(yard.disk.files().filter { $0.path.contains("/objects/") }.isEmpty)
  }

  @Test func aPinKeepsUntilItIsReplaced() throws {
    let yard = Yard()
    let data = try yard.make("data")
    let model = try yard.make("model", from: [data])
    try yard.store().pin([model.manifest.key], as: "paper")
    yard.age(days: 100)
    _ = try yard.collect()
    #expect(try yard.isWhole(data) && yard.isWhole(model))
    try yard.store().pin([], as: "paper")
    _ = try yard.collect()
    #expect(try yard.store().allResults().isEmpty)
    #expect(throws: StorageError.invalidName("../x", role: "pin")) { try yard.store().pin([], as: "../x") }
    yard.disk.overwrite("store/pins/paper", Array("nonsense".utf8))
    #expect(throws: StorageError.damagedPin(path: "store/pins/paper")) { try yard.collect() }
  }

  @Test func anObjectThatARunWritesAgainStays() throws {
    let yard = Yard()
    let store = try yard.store()
    let digest = try store.write([1, 2, 3])
    yard.age(days: 20)
    let plan = try store.collection(keeping: [], grace: Yard.grace, processes: Village())
    #expect(plan.files.map(\.what) == ["an object that no result names"])
    // A run finds it after collection has looked and before it removes.
    #expect(try store.write([1, 2, 3]) == digest)
    #expect(try store.collect(plan).isEmpty)
    #expect(try store.read(digest) == [1, 2, 3])
    #expect(!yard.disk.files().contains { $0.path.contains(".tmp") })
  }

  @Test func aResultThatARunCountsOnStays() throws {
    let yard = Yard()
    let store = try yard.store()
    let data = try yard.make("data")
    yard.age(days: 20)
    let plan = try store.collection(keeping: [], grace: Yard.grace, processes: Village())
    #expect(try store.use(step: data.manifest.key, objects: data.outputs.map(\.digest)))
    #expect(try store.collect(plan).map(\.what) == [])
    #expect(try yard.isWhole(data))
    yard.age(days: 20)
    _ = try yard.collect()
    #expect(try !store.use(step: data.manifest.key, objects: []))
    #expect(try !store.use(step: nil, objects: data.outputs.map(\.digest)))
  }

  @Test func whatARunAtWorkUsedStaysWhateverTheGracePeriod() throws {
    let yard = Yard()
    let store = try yard.store()
    let old = try yard.make("old")
    let counted = try yard.make("counted")
    yard.age(days: 20)
    let run = LeaseKeeper(run: "r", store: store, processes: Village.process(1))
    #expect(try store.use(step: counted.manifest.key, objects: counted.outputs.map(\.digest)))
    let written = try store.write([9])
    yard.age(days: 3)
    run.beat()
    _ = try yard.collect(grace: 0)
    #expect(try yard.isWhole(counted) && store.contains(written))
    #expect(try !yard.isWhole(old))
    run.end()
    yard.disk.advance(microseconds: 1)
    _ = try yard.collect(grace: 0)
    #expect(try !yard.isWhole(counted) && !store.contains(written))
  }

  /// Processes of two hosts, or of two containers, may have one number and begin in one second.
  @Test func aRunIsSparedThoughItsTwinEnds() throws {
    let yard = Yard()
    let store = try yard.store()
    let counted = try yard.make("counted")
    yard.age(days: 20)
    var generator = Sequential()
    let runs = ["m1", "m2"].map { machine in
      let name = UniqueName.ofRun(at: "2026-01-31T23:59:59Z", process: 1, with: &generator)
      return LeaseKeeper(run: name, store: store, processes: Village.process(1, machine: machine))
    }
    #expect(
      yard.disk.files().map(\.path).filter { $0.contains("leases/") }
        == (1...2).map { "/store/leases/run-20260131T235959Z-1-000000000000000\($0)" })
    #expect(try store.use(step: counted.manifest.key, objects: counted.outputs.map(\.digest)))
    runs[0].end()
    yard.disk.advance(microseconds: 1)
    _ = try yard.collect(grace: 0)
    #expect(try yard.isWhole(counted))
    runs[1].end()
    _ = try yard.collect(grace: 0)
    #expect(try !yard.isWhole(counted))
    #expect(UniqueName.drawn() != UniqueName.drawn())
  }

  /// One, two, three.
  private struct Sequential: RandomNumberGenerator {
    var last: UInt64 = 0

    mutating func next() -> UInt64 {
      last += 1
      return last
    }
  }

  @Test func recordsGoWithTheirRecipe() throws {
    let yard = Yard()
    let store = try yard.store()
    func recipe(_ name: String) -> Manifest {
      var recipe = Manifest()
      recipe.set("kind", .text("generate"))
      recipe.set("version", .integer(1))
      recipe.set("record/name", .text(name))
      return recipe
    }
    let kept = try yard.make("kept")
    for name in ["kept", "gone", "begun"] { try store.records(of: recipe(name)).append([(key(name), [1])]) }
    yard.age(days: 20)
    var begun = Manifest()
    begun.set("kind", .text("generate"))
    begun.set("version", .integer(1))
    begun.set("options/name", .text("begun"))
    let root = StoreRoot(name: "a spec", steps: [kept.manifest.key], unfinished: [begun])
    let gone = try yard.collect([root])
    #expect(
      gone.sorted()
        == [
          "store/records/\(recipe("gone").key.hex)/00000001.zst", "store/records/\(recipe("gone").key.hex)/manifest",
        ].map { $0.replacing("store/", with: "") })
    #expect(try yard.disk.status("store/records/\(recipe("gone").key.hex)") == nil)
    for name in ["kept", "begun"] { #expect(try store.records(of: recipe(name)).values(for: [key(name)]) == [[1]]) }
  }

  @Test func whatDeadProcessesLeftGoes() throws {
    let yard = Yard()
    let store = try yard.store()
    let done = try yard.make("done")
    try store.keepCheckpoint([1], for: done.manifest.key)
    try store.keepCheckpoint([2], for: key("begun"))
    try store.keepCheckpoint([3], for: key("forgotten"))
    try yard.disk.make("store/objects/.left.0123.tmp", [1])
    let object = done.outputs[0].digest
    yard.age(days: 20)
    let file = "store/objects/\(object.hex.prefix(2))/\(object.hex.dropFirst(2)).zst"
    #expect(yard.disk.overwrite(file, [0]))
    #expect(throws: StorageError.self) { try store.read(object) }
    yard.age(days: 1)
    let root = StoreRoot(name: "a spec", steps: [done.manifest.key, key("begun")])
    let what = try yard.goes([root])
    #expect(
      what == [
        "a checkpoint", "a checkpoint", "a file that a process left when it died",
        "a damaged file that was set aside",
      ], "\(what)")
    _ = try yard.collect([root])
    #expect(try store.checkpoint(for: key("begun")) == [2])
  }

  @Test func aTrainingWhoseKeyIsNotKnownYetKeepsItsCheckpoint() throws {
    let yard = Yard()
    let store = try yard.store()
    try store.keepCheckpoint([1], for: key("begun"))
    yard.age(days: 20)
    _ = try yard.collect([StoreRoot(name: "a spec", steps: [], awaitsTraining: true)])
    #expect(try store.checkpoint(for: key("begun")) == [1])
    _ = try yard.collect([StoreRoot(name: "a spec", steps: [])])
    #expect(try store.checkpoint(for: key("begun")) == nil)
  }

  private static func path(_ result: StepResult) -> String {
    let hex = result.manifest.key.hex
    return "/store/steps/\(hex.prefix(2))/\(hex.dropFirst(2)).step"
  }

  /// What a pinned result was made from only the results behind it say.
  @Test(arguments: [0, 1, 2], ["flip", "delete"])
  func aLostResultOfAPinnedChainStopsCollection(at place: Int, how: String) throws {
    let yard = Yard()
    let first = try yard.make("first")
    let second = try yard.make("second", from: [first])
    let third = try yard.make("third", from: [second])
    try yard.store().pin([third.manifest.key], as: "paper")
    yard.age(days: 40)
    let lost = Self.path([first, second, third][place])
    if how == "flip" {
      var bytes = try yard.disk.bytes(lost)
      bytes[bytes.count / 2] ^= 1
      yard.disk.overwrite(lost, bytes)
    } else {
      try yard.disk.remove(lost)
    }
    let before = yard.disk.files().filter { $0.path.hasSuffix(".zst") }.count
    #expect(throws: StorageError.lostResult(path: String(lost.dropFirst()), root: "the pin `paper`")) {
      try yard.collect()
    }
    #expect(yard.disk.files().filter { $0.path.hasSuffix(".zst") }.count == before)
    // Made again, it says what it was made from; whoever names every step needs nobody to say it.
    try yard.make("first")
    try yard.make("second", from: [first])
    try yard.make("third", from: [second])
    yard.age(days: 40)
    _ = try yard.collect()
    #expect(try [first, second, third].allSatisfy(yard.isWhole))
  }

  @Test func aLostResultWithinTheGracePeriodStopsCollection() throws {
    let yard = Yard()
    let first = try yard.make("first")
    let second = try yard.make("second", from: [first])
    yard.disk.advance(microseconds: 1_000_000)
    try yard.disk.remove(Self.path(second))
    #expect(throws: StorageError.lostResult(path: String(Self.path(second).dropFirst()), root: "the grace period")) {
      try yard.collect()
    }
    // A spec names its steps, so that nothing hangs on what the lost one says.
    _ = try yard.collect([yard.root(first, second)])
    #expect(try yard.isWhole(first))
  }

  @Test func collectionMayDieAtEverySystemCall() throws {
    func prepared() throws -> (Yard, StepResult) {
      let yard = Yard()
      let kept = try yard.make("kept")
      for name in ["a", "b", "c"] { try yard.make(name, from: [kept]) }
      yard.age(days: 20)
      return (yard, kept)
    }
    let (yard, kept) = try prepared()
    let counting = FaultyFileSystem(yard.disk)
    func collect(_ system: any FileSystem) throws {
      let store = try Store(at: "store", mode: .existing, fileSystem: system)
      _ = try store.collect(store.collection(keeping: [yard.root(kept)], grace: Yard.grace, processes: Village()))
    }
    try collect(counting)
    for at in 0..<counting.count {
      for fault in [FaultyFileSystem.Fault.kill(at: at), .fail(at: at, code: EIO)] {
        let (yard, kept) = try prepared()
        #expect(throws: (any Error).self) {
          try collect(FaultyFileSystem(yard.disk, fault))
          // Some failures are nobody's: a folder that cannot be removed, a handle that cannot be closed.
          throw Passed()
        }
        #expect(try yard.isWhole(kept))
        // Whatever stands is whole: no result without its object.
        #expect(try yard.store().verify().faults.isEmpty, "\(fault)")
        _ = try yard.collect([yard.root(kept)])
        #expect(try yard.store().allResults().map(\.key) == [kept.manifest.key])
      }
    }
    print("collection: killed and failed at each of \(counting.count) system calls")
  }

  private struct Passed: Error {}
}
