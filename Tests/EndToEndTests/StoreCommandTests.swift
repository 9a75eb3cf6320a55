// runner store on a store that runner exec filled: what is shown, checked, freed and moved.

import Digests
import Foundation
import JSON
import Storage
import Testing

@Suite struct StoreCommands {
  private func filled() throws -> TestSpace {
    let space = try TestSpace()
    let outcome = try space.exec(SmallExperiment())
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return space
  }

  private func ran(_ outcome: RunOutcome) throws -> [String] {
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try Events(outcome.output).ran
  }

  @Test func statsAndListsSayWhatThereIs() throws {
    let space = try filled()
    let stats = try space.run(["store", "stats"])
    #expect(stats.exitCode == 0, "\(stats.errors)")
    for line in [#/generate +1 /#, #/step results +7 /#, #/generate +6 +1 +1 /#] {
      #expect(stats.output.firstMatch(of: line) != nil, "\(stats.output)")
    }
    let list = try space.run(["store", "ls"])
    #expect(list.output.split(separator: "\n").count == 7 && list.output.contains("generate numbers/heldout, greedy"))
    let one = try space.run(["store", "ls", "--kind", "generate", "--json"])
    #expect(one.output.split(separator: "\n").count == 1 && one.output.contains(#""kind":"generate""#))
    #expect(try space.run(["store", "stats", "--json"]).output.contains(#""generate":{"results":1"#))
  }

  /// What an archive brought may be called anything; no terminal is told to obey it.
  @Test func labelsFromElsewhereAreShownNotObeyed() throws {
    let space = try filled()
    let store = try Store(at: "\(space.path)/.runner-store", mode: .existing)
    var manifest = Manifest()
    manifest.set("kind", .text("verify"))
    let facts = JSONObject([JSONMember("label", .string("\u{1B}[2J\u{9B}31mgone\u{7}"))])
    try store.publish(StepResult(kind: "verify", outputs: [], manifest: manifest, provenance: facts), for: manifest.key)
    let list = try space.run(["store", "ls"]).output
    #expect(list.contains("␛[2J\u{FFFD}31mgone␇"), "\(list)")
    #expect(!list.unicodeScalars.contains("\u{1B}") && !list.unicodeScalars.contains("\u{9B}"))
  }

  @Test func catTakesDigestsTheirBeginningsKeysAndLabels() throws {
    let space = try filled()
    let list = try space.run(["store", "ls", "--kind", "generate", "--json"]).output
    let key = try #require(list.firstMatch(of: #/"key":"([0-9a-f]{64})"/#)).output.1
    let object = try #require(list.firstMatch(of: #/"responses":"([0-9a-f]{64})"/#)).output.1
    let whole = try space.run(["store", "cat", String(object)])
    #expect(whole.exitCode == 0 && whole.output.split(separator: "\n").count == 6, "\(whole.errors)")
    for name in [
      [String(object.prefix(10))], [String(key), "responses"], [String(key.prefix(10)), "responses"],
      ["generate numbers/heldout, greedy", "responses"],
    ] {
      #expect(try space.run(["store", "cat"] + name).output == whole.output, "\(name)")
    }
    let wrong = try space.run(["store", "cat", String(key), "nonsense"])
    #expect(wrong.exitCode == 64 && wrong.errors.contains("has no output `nonsense`"), "\(wrong.errors)")
    let none = try space.run(["store", "cat", "0000000"])
    #expect(none.exitCode == 64 && none.errors.contains("is called `0000000`"), "\(none.errors)")
  }

  @Test func aDamagedObjectIsNamedAndMadeAgain() throws {
    let space = try filled()
    let table = try space.read("results/small/table.json")
    #expect(try space.run(["store", "verify"]).exitCode == 0)
    let object = try #require(space.files(below: ".runner-store/objects").first)
    let path = ".runner-store/objects/\(object)"
    var bytes = try space.bytes(path)
    bytes[bytes.count - 1] ^= 1
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(space.path)/\(path)")
    try space.write(bytes, to: path)
    let found = try space.run(["store", "verify", "--json"])
    #expect(found.exitCode == 74 && found.output.contains("objects/\(object)"), "\(found.output)")
    let told = try space.run(["store", "verify"])
    #expect(told.exitCode == 74 && told.output.contains("is not in the store"), "\(told.output)")
    #expect(told.output.contains("`runner exec`"), "\(told.output)")
    #expect(try space.exec(SmallExperiment()).exitCode == 0)
    #expect(try space.read("results/small/table.json") == table)
    #expect(try space.run(["store", "verify", "--sample", "50%"]).exitCode == 0)
  }

  @Test func collectionFreesWhatNothingNeedsAndNoMore() throws {
    let space = try filled()
    var changed = SmallExperiment()
    changed.temperature = "0.5"
    _ = try space.exec(changed)
    let before = space.files(below: ".runner-store").filter { !$0.hasPrefix("runs/") }
    let young = try space.run(["store", "gc", "--keep", "small.yaml"])
    #expect(young.exitCode == 0 && young.output.contains("Freed 0 files"), "\(young.output) \(young.errors)")
    let dry = try space.run(["store", "gc", "--keep", "small.yaml", "--grace", "0", "--dry-run"])
    #expect(dry.output.contains("Would free") && dry.output.contains("the result of generate numbers/heldout, greedy"))
    #expect(dry.output.contains("small.yaml") && dry.output.contains("journals of what runs did"), "\(dry.output)")
    #expect(space.files(below: ".runner-store").filter { !$0.hasPrefix("runs/") } == before)
    let freed = try space.run(["store", "gc", "--keep", "small.yaml", "--grace", "0", "--json"])
    #expect(freed.exitCode == 0 && freed.output.contains(#""dry-run":false"#), "\(freed.errors)")
    let left = space.files(below: ".runner-store/steps").count
    #expect(try space.run(["store", "verify"]).exitCode == 0)
    #expect(try ran(space.exec(changed)) == [])
    // The lock of the results keeps as much as the spec does.
    _ = try space.run(["store", "gc", "--grace", "0"])
    #expect(try ran(space.exec(changed)) == [])
    let events = try ran(space.exec(SmallExperiment()))
    // The table goes only if the verdicts of the two temperatures differ.
    #expect(events.prefix(2) == ["generate numbers/heldout, greedy", "verify numbers/heldout"], "\(events)")
    #expect(events.count == before.count { $0.hasPrefix("steps/") } - left)
  }

  /// What stands behind a step that has to run is spared if that comes out as before, so it is not freed.
  @Test(arguments: ["split", "generate", "render"])
  func collectionKeepsWhatStandsBehindAStepThatHasToRun(kind: String) throws {
    let space = try filled()
    let list = try space.run(["store", "ls", "--kind", kind, "--json"]).output
    let key = try #require(list.firstMatch(of: #/"key":"([0-9a-f]{64})"/#)).output.1
    let before = space.files(below: ".runner-store/steps")
    let file = "\(key.prefix(2))/\(key.dropFirst(2)).step"
    try FileManager.default.removeItem(atPath: "\(space.path)/.runner-store/steps/\(file)")
    try space.write("", to: "none/notes.txt")
    let freed = try space.run(["store", "gc", "--keep", "small.yaml", "--results", "none", "--grace", "0"])
    #expect(freed.exitCode == 0, "\(freed.errors)")
    #expect(space.files(below: ".runner-store/steps") == before.filter { $0 != file })
    #expect(try ran(space.exec(SmallExperiment())).map { String($0.prefix(kind.count)) } == [kind])
  }

  @Test func collectionAsksWhatToKeep() throws {
    let space = try filled()
    // A folder that was mistyped keeps nothing, and must not pass for one without results.
    let mistyped = try space.run(["store", "gc", "--results", "none"])
    #expect(mistyped.exitCode == 74 && mistyped.errors.contains("none"), "\(mistyped.errors)")
    try space.write("", to: "none/notes.txt")
    let outcome = try space.run(["store", "gc", "--results", "none"])
    #expect(outcome.exitCode == 64 && outcome.errors.contains("nothing says what to keep"), "\(outcome.errors)")
    let wrong = try space.run(["store", "gc", "--keep", "missing.yaml", "--grace", "0"])
    #expect(wrong.exitCode != 0)
    try space.write("{}", to: "results/small/lock.json")
    let lock = try space.run(["store", "gc", "--grace", "0"])
    #expect(lock.exitCode == 74 && lock.errors.contains("lock.json"), "\(lock.errors)")
    #expect(space.files(below: ".runner-store/steps").count == 7)
    let pinned = try space.run(["store", "pin", "paper", "table of small"])
    #expect(pinned.exitCode == 0, "\(pinned.errors)")
    #expect(try space.run(["store", "gc", "--results", "none", "--grace", "0"]).exitCode == 0)
    #expect(space.files(below: ".runner-store/steps").count == 7)
  }

  @Test func anArchiveSparesAnotherMachineEverything() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining()).exitCode == 0)
    let exported = try space.run(["store", "export", "small.yaml", "-o", "small.tar"])
    #expect(exported.exitCode == 0 && exported.errors.isEmpty, "\(exported.errors)")
    let other = try TestSpace()
    try other.write(try space.bytes("small.tar"), to: "small.tar")
    let imported = try other.run(["store", "import", "small.tar"])
    #expect(imported.exitCode == 0, "\(imported.errors)")
    let outcome = try other.exec(SmallTraining())
    #expect(try ran(outcome) == [])
    #expect(try other.read("results/small/table.json") == space.read("results/small/table.json"))
    #expect(try other.read("results/small/lock.json") == space.read("results/small/lock.json"))
    #expect(try other.run(["store", "verify"]).exitCode == 0)
    var bytes = try space.bytes("small.tar")
    bytes[bytes.count / 2] ^= 1
    try other.write(bytes, to: "bad.tar")
    let refused = try other.run(["store", "import", "bad.tar", "--store", "fresh"])
    #expect(refused.exitCode == 74 && refused.errors.contains("bad.tar"), "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(other.path)/fresh"))
  }

  @Test func anArchiveOfHalfAnExperimentSaysSo() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    _ = try space.exec(SmallExperiment())
    var changed = SmallExperiment()
    changed.temperature = "0.5"
    try changed.write(to: space)
    let exported = try space.run(["store", "export", "small.yaml", "-o", "small.tar"])
    #expect(exported.exitCode == 0 && exported.errors.contains("steps are not stored"), "\(exported.errors)")
  }
}
