// The check of a whole store: every kind of file, each damaged in turn, is named with what to do.

import Digests
import Glibc
import JSON
import Storage
import Testing

@Suite struct StoreVerificationTests {
  /// A store with a file of every kind.
  private func filled() throws -> Yard {
    let yard = Yard()
    let store = try yard.store()
    let data = try yard.make("data")
    try yard.make("model", from: [data])
    var recipe = Manifest()
    recipe.set("kind", .text("generate"))
    try store.records(of: recipe).append([(key("a"), sample(600_000)), (key("b"), [2])])
    try store.journal(run: "r").append(.members(["event": "begun"]))
    try store.journal(run: "r").append(.members(["event": "ended"]))
    try store.keepCheckpoint([1, 2, 3], for: key("begun"))
    try store.pin([data.manifest.key], as: "paper")
    yard.disk.advance(microseconds: 10_000_000)
    _ = try store.outputs(of: data.manifest.key)
    store.saveCatalog()
    store.note(memo([data]), on: key("question"))
    return yard
  }

  @Test func aWholeStoreIsWhole() throws {
    let report = try filled().store().verify()
    #expect(report.faults.isEmpty && report.passedOver == 0)
    let counts = report.checked.map { "\($0.files) \($0.what)" }
    #expect(
      counts == [
        "1 checkpoints", "1 memos", "1 catalogs", "2 objects", "1 pins", "1 segments of records", "1 recipes",
        "1 journals", "2 step results",
      ], "\(counts)")
  }

  /// One bit in the middle, and the last byte cut off.
  @Test(arguments: ["flip", "cut"])
  func everyDamagedFileIsNamedWithWhatToDo(how: String) throws {
    let whole = try filled()
    let kinds = [
      "objects/", "steps/", "records/", "runs/", "checkpoints/", "pins/", "index/results", "index/memos",
    ]
    let files = whole.disk.files().map(\.path).filter { path in kinds.contains { path.hasPrefix("/store/\($0)") } }
    #expect(files.count == 11)
    for path in files {
      let yard = try filled()
      var bytes = try yard.disk.bytes(path)
      if how == "flip" { bytes[bytes.count / 2] ^= 1 } else { bytes.removeLast() }
      // What lacks the end of a journal's last line was killed while it wrote it: no damage.
      if how == "cut", path.hasSuffix(".jsonl") { continue }
      yard.disk.overwrite(path, bytes)
      let faults = try yard.store().verify().faults
      let name = String(path.dropFirst("/store/".count))
      let named = try #require(faults.first { $0.path == name }, "\(path): \(faults)")
      #expect(!named.problem.isEmpty && !named.remedy.isEmpty)
      let isMoved = !name.hasPrefix("pins/")
      #expect((named.quarantine != nil) == isMoved, "\(path)")
      // What was set aside is not found again; a result whose object is gone says so until it is made again.
      let later = try yard.store().verify().faults
      #expect(!later.contains { $0.path == name && isMoved }, "\(path)")
      if name.hasPrefix("objects/") { #expect(later.map(\.problem).allSatisfy { $0.contains("is not in the store") }) }
    }
  }

  /// A result by the index, a segment by those that came later; each until there is nothing to miss any more.
  @Test func whatWasDeletedIsNamedAsFarAsAnythingTells() throws {
    let yard = try filled()
    var recipe = Manifest()
    recipe.set("kind", .text("generate"))
    for name in ["c", "d"] { try yard.store().records(of: recipe).append([(key(name), [3])]) }
    let names = ["/00000001.zst", ".step"]
    let gone = try names.map { name in try #require(yard.disk.files().map(\.path).first { $0.hasSuffix(name) }) }
    for path in gone { try yard.disk.remove(path) }
    let faults = try yard.store().verify().faults
    #expect(faults.map(\.path) == gone.map { String($0.dropFirst("/store/".count)) }, "\(faults)")
    #expect(faults.allSatisfy { $0.problem.hasPrefix("it is gone, though") && $0.quarantine == nil })
    // Nobody can bring the records back, so that they are missed once; a result can be made again.
    #expect(try yard.store().verify().faults.map(\.path) == faults.suffix(1).map(\.path))
    #expect(try yard.store().records(of: recipe).values(for: ["a", "c", "d"].map(key)) == [nil, [3], [3]])
  }

  /// A folder in the place of a file is no less a fault: nothing that needs the file can run.
  @Test func aFolderInTheFilesPlaceIsNamed() throws {
    for name in ["objects/", "steps/", "records/", "/journal.jsonl", "checkpoints/", "pins/"] {
      let yard = try filled()
      let path = try #require(yard.disk.files().map(\.path).first { $0.contains(name) }, "\(name)")
      try yard.disk.remove(path)
      try yard.disk.makeFolder(path)
      let faults = try yard.store().verify().faults
      let named = faults.filter { $0.problem.contains("is a folder") }.map { "/store/\($0.path)" }
      #expect(named == [path], "\(faults)")
    }
  }

  /// What cannot be read is named, and everything behind it is checked.
  @Test func pipesAndLoopsAreNamedAndTheRestIsChecked() throws {
    try Place.disk.with { system, folder in
      let store = try Store(at: folder, mode: .create)
      for name in ["a", "b", "c"] {
        let digest = try store.write(Array(name.utf8))
        var manifest = Manifest()
        manifest.set("kind", .text("generate"))
        manifest.set("name", .text(name))
        let result = StepResult(
          kind: "generate", outputs: [.init("out", digest, byteCount: 1)], manifest: manifest, provenance: JSONObject())
        try store.publish(result, for: manifest.key)
      }
      try store.journal(run: "r").append(.members(["event": "begun"]))
      let names = try system.tree(folder)
      let objects = names.filter { $0.hasPrefix("objects/") }
      let index = try #require(names.first { $0.hasPrefix("index/kinds/") })
      let loops = [index, try #require(names.last { $0.hasPrefix("steps/") })]
      let pipes = [objects[0], "runs/r/journal.jsonl"]
      for name in loops + pipes { try system.remove("\(folder)/\(name)") }
      for name in pipes { #expect(mkfifo("\(folder)/\(name)", 0o600) == 0) }
      for name in loops { #expect(symlink("\(folder)/\(name)", "\(folder)/\(name)") == 0) }
      try system.make("\(folder)/\(objects[2])", [1, 2, 3])
      let faults = try Store(at: folder, mode: .existing).verify().faults
      #expect(Set(faults.map(\.path)).isSuperset(of: loops + pipes + [objects[2]]), "\(faults)")
      for fault in faults where (loops + pipes).contains(fault.path) {
        #expect(fault.problem.hasPrefix("could not ") && fault.remedy.hasPrefix("Move it elsewhere"), "\(fault)")
      }
    }
  }

  /// A file from outside is fetched when something reads it, which may be never.
  @Test func aFileThatIsGoneIsMissedOnce() throws {
    let yard = Yard()
    let file = try yard.make("file", kind: "fetch")
    let object = try #require(yard.disk.files().first { $0.path.contains("/objects/") }).path
    try yard.disk.remove(object)
    let fault = try #require(yard.store().verify().faults.first)
    #expect(fault.path.hasPrefix("steps/") && fault.problem.contains("is not in the store") && fault.quarantine != nil)
    #expect(try yard.store().verify().faults.isEmpty)
    #expect(try yard.make("file", kind: "fetch") == file)
    #expect(try yard.isWhole(file))
  }

  @Test func aDamagedSegmentLeavesNoGap() throws {
    let yard = try filled()
    var recipe = Manifest()
    recipe.set("kind", .text("generate"))
    try yard.store().records(of: recipe).append([(key("c"), [3])])
    let first = try #require(yard.disk.files().first { $0.path.hasSuffix("/00000001.zst") })
    yard.disk.overwrite(first.path, Array("nothing".utf8))
    #expect(try yard.store().records(of: recipe).lookup(["a", "c"].map(key)) == [false, true])
    #expect(try yard.store().verify().faults.isEmpty)
    let later = try yard.store().records(of: recipe)
    try later.append([(key("a"), [1])])
    #expect(try later.values(for: ["a", "c"].map(key)) == [[1], [3]])
  }

  /// The whole lines of a journal stay; what was there is set aside, unless its run is at work.
  @Test(arguments: [false, true]) func ofADamagedJournalWholeLinesStay(isAtWork: Bool) throws {
    let yard = try filled()
    let store = try yard.store()
    let file = try #require(yard.disk.files().first { $0.path.hasSuffix(".jsonl") })
    var bytes = file.bytes
    bytes[50] ^= 1
    yard.disk.overwrite(file.path, bytes)
    let keeper = isAtWork ? LeaseKeeper(run: "r", store: store) : nil
    let fault = try #require(store.verify().faults.first)
    #expect(fault.problem == "1 of its lines is not what was written" && (fault.quarantine == nil) == isAtWork)
    #expect(try store.journal(run: "r").events().events == [.members(["event": "ended"])])
    #expect(try store.verify().faults.isEmpty == !isAtWork)
    keeper?.end()
  }

  /// What a power cut may leave of a file that was not flushed, and a file that lost all its bytes.
  @Test(arguments: [[], [UInt8](repeating: 0, count: 200)])
  func aJournalWithoutALineIsNamedOnce(bytes: [UInt8]) throws {
    let yard = try filled()
    let file = try #require(yard.disk.files().first { $0.path.hasSuffix(".jsonl") })
    yard.disk.overwrite(file.path, bytes)
    let fault = try #require(yard.store().verify().faults.first)
    #expect(fault.path == "runs/r/journal.jsonl" && fault.quarantine != nil)
    #expect(try yard.store().verify().faults.isEmpty)
    #expect(try yard.store().journal(run: "r").events().events.isEmpty)
  }

  @Test func aDamagedBlockCostsItsOwnRecords() throws {
    let yard = try filled()
    let file = try #require(yard.disk.files().first { $0.path.contains("/records/") && $0.path.hasSuffix(".zst") })
    var bytes = file.bytes
    bytes[200] ^= 1
    yard.disk.overwrite(file.path, bytes)
    #expect(try yard.store().verify().faults.count == 1)
    var recipe = Manifest()
    recipe.set("kind", .text("generate"))
    #expect(try yard.store().records(of: recipe).values(for: [key("a"), key("b")]) == [nil, [2]])
  }

  /// Sizes that no file has, with the right digests: whoever adds them up must not be given them.
  @Test(arguments: [
    #""bytes":9223372036854775807"#, #""bytes":281474976710656"#, #""bytes":1,"records":9223372036854775807"#,
  ])
  func impossibleSizesAreDamage(sizes: String) throws {
    let yard = try filled()
    let file = try #require(yard.disk.files().first { $0.path.hasSuffix(".step") })
    let lines = file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let facts = String(decoding: lines[2], as: UTF8.self).replacing(#/"bytes":[0-9]+/#, with: sizes)
    let checked = Array(facts.utf8) + lines[3...].flatMap { [UInt8(ascii: "\n")] + $0 }
    yard.disk.overwrite(file.path, Array("runner-step 1\n\(Digest.sha256(checked).hex)\n".utf8) + checked)
    let store = try yard.store()
    #expect(try store.statistics().steps["generate"]?.results == 1)
    #expect(store.damages.map(\.path) == [String(file.path.dropFirst("/store/".count))])
    #expect(store.damages.first?.reason == .malformed("its outputs are not a step result's"))
  }

  /// Each of two files in the place of the other: what a digest alone does not tell, the file must say.
  @Test(arguments: ["objects/", "steps/", "checkpoints/", "records/"])
  func aFileInAnothersPlaceIsNamed(folder: String) throws {
    let yard = try filled()
    let store = try yard.store()
    try store.keepCheckpoint([4, 5, 6], for: key("another"))
    try store.records(of: key("another recipe")).append([(key("a"), [9])])
    let files = yard.disk.files().filter { $0.path.hasPrefix("/store/\(folder)") && !$0.path.hasSuffix("/manifest") }
    #expect(files.count == 2)
    for (file, other) in [(files[0], files[1]), (files[1], files[0])] { yard.disk.overwrite(file.path, other.bytes) }
    let named = try yard.store().verify().faults.filter { $0.quarantine != nil }.map(\.path)
    #expect(named == files.map { String($0.path.dropFirst("/store/".count)) })
  }

  @Test func aSampleIsTheSameEveryTimeAndAboutAsLargeAsAsked() throws {
    let yard = Yard()
    let store = try yard.store()
    for number in 0..<400 { try store.write(Array("object \(number)".utf8)) }
    let first = try store.verify(ObjectSample(share: 0.25, seed: 1))
    #expect(try store.verify(ObjectSample(share: 0.25, seed: 1)) == first)
    // Three standard deviations are 26.
    #expect((74...126).contains(400 - first.passedOver))
    #expect(try store.verify(ObjectSample(share: 0.25, seed: 2)) != first)
    #expect(try store.verify(ObjectSample(share: 1)).passedOver == 0)
  }

  @Test func numbersAddUp() throws {
    let yard = try filled()
    let statistics = try yard.store().statistics()
    #expect(statistics.files["objects"]?.files == 2 && statistics.files["step results"]?.files == 2)
    #expect(statistics.steps["generate"]?.results == 2 && statistics.steps["generate"]?.byteCount == 9)
    #expect(statistics.records["generate"]?.records == 2 && statistics.records["generate"]?.segments.files == 1)
    let bytes = yard.disk.files().reduce(0) { $0 + $1.bytes.count }
    #expect(statistics.files.values.reduce(0) { $0 + $1.byteCount } == bytes)
  }

  @Test func digestsAreFoundByTheirBeginnings() throws {
    let yard = Yard()
    let data = try yard.make("data")
    let store = try yard.store()
    let object = data.outputs[0].digest
    #expect(try store.objects(beginning: String(object.hex.prefix(4))) == [object])
    #expect(try store.steps(beginning: data.manifest.key.hex) == [data.manifest.key])
    #expect(try store.objects(beginning: "a").isEmpty)
    #expect(try store.allResults().map(\.result) == [data])
  }
}
