// A store that an earlier version wrote: every later one finds everything in it, by its format and by its keys.
// `RECORD_GOLDENS=1` writes the store of a folder that has none yet, and the test fails; what is there is never written.

import Digests
import Foundation
import Storage
import Testing

@Suite struct EarlierStores {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  /// A copy of what is checked in.
  private func space(_ name: String) throws -> TestSpace {
    let space = try TestSpace()
    for file in ["small.yaml", "numbers.jsonl", "lock.json", "store"] {
      let source = "\(Self.folder)/\(name)/\(file)"
      guard FileManager.default.fileExists(atPath: source) else { continue }
      try FileManager.default.copyItem(atPath: source, toPath: "\(space.path)/\(file)")
    }
    return space
  }

  private func record(_ name: String) throws {
    let space = try space(name)
    let outcome = try space.run(["exec", "small.yaml", "--store", "store"])
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    let target = "\(Self.folder)/\(name)"
    try FileManager.default.copyItem(atPath: "\(space.path)/results/small/lock.json", toPath: "\(target)/lock.json")
    for file in space.files(below: "store") where !file.hasPrefix("runs/") {
      let folder = URL(fileURLWithPath: "\(target)/store/\(file)").deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: "\(space.path)/store/\(file)", toPath: "\(target)/store/\(file)")
    }
    Issue.record("recorded \(target); look at it, then run again without RECORD_GOLDENS")
  }

  @Test(arguments: ["store-1"])
  func everythingInItIsFound(name: String) throws {
    guard FileManager.default.fileExists(atPath: "\(Self.folder)/\(name)/store/format") else {
      #expect(ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1", "there is no store in \(name)")
      return try record(name)
    }
    let space = try space(name)
    #expect(try space.run(["store", "verify", "--store", "store"]).exitCode == 0)
    let plan = try space.run(["plan", "small.yaml", "--store", "store"])
    #expect(plan.output.firstMatch(of: /([0-9]+) steps: \1 stored or not needed, 0 to run\./) != nil, "\(plan.output)")
    let outcome = try space.run(["exec", "small.yaml", "--store", "store", "--json"])
    #expect(try outcome.exitCode == 0 && Events(outcome.output).ran.isEmpty, "\(outcome.output)")
    // That version did not name the program.
    let lock = try space.read("results/small/lock.json").replacing(#/  "program": "[^"]*",\n/#, with: "")
    #expect(try lock == space.read("lock.json"))
  }

  /// An earlier version's log says less: what it said is what is compared.
  @Test func itsTrainingsAreHeldAgainstWhatTheySaid() throws {
    let space = try space("store-1")
    let plan = try space.run(["plan", "small.yaml", "--store", "store"]).output
    let label = try #require(plan.firstMatch(of: #/cached\s+(train \S+)/#)?.output.1, "\(plan)")
    let outcome = try space.run(["verify", String(label), "small.yaml", "--store", "store"])
    #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errors)")
  }

  /// Writing out what is the default is no change: neither is a new option that has one.
  @Test(arguments: ["evals.accuracy.accuracy.samples=1", "hyperparameters.schedule=constant"])
  func aDefaultThatIsWrittenOutChangesNoKey(setting: String) throws {
    let plan = try space("store-1").run(["plan", "small.yaml", "--store", "store", "--set", setting])
    #expect(plan.output.contains("stored or not needed, 0 to run."), "\(plan.output) \(plan.errors)")
  }

  /// Single records are found, too: with another sample of each, those that are there are not computed.
  @Test(arguments: ["store-1"])
  func itsRecordsAreFound(name: String) throws {
    let space = try space(name)
    let more = "evals.accuracy.accuracy.samples=2"
    let outcome = try space.run(["exec", "small.yaml", "--store", "store", "--json", "--set", more])
    #expect(outcome.exitCode == 0, "\(outcome.output)")
    let generated = try Events(outcome.output).steps.filter { $0.event == "finished" && $0.step.hasPrefix("generate") }
    #expect(!generated.isEmpty && generated.allSatisfy { $0.reused == 4 && $0.computed == 4 }, "\(generated)")
  }
}

@Suite struct RaisedVersions {
  /// A reviser whose version was raised, without a word of what was before, and that gives the same bytes runs again, and nothing that reads from it.
  @Test func aReviserThatGivesTheSameBytesRunsAlone() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining()).exitCode == 0)
    let lock = try space.lock()
    let store = try Store(at: "\(space.path)/.runner-store", mode: .existing)
    let now = try #require(store.results(ofKind: "revise").first)
    var before = Manifest()
    for leaf in now.manifest.leaves { before.set(leaf.name, leaf.value) }
    // No alias knows of it.
    before.set("version", .integer(1))
    try store.publish(
      StepResult(kind: now.kind, outputs: now.outputs, manifest: before, provenance: now.provenance), for: before.key)
    let hex = now.manifest.key.hex
    try FileManager.default.removeItem(
      atPath: "\(space.path)/.runner-store/steps/\(hex.prefix(2))/\(hex.dropFirst(2)).step")
    let plan = try space.run(["plan", "small.yaml"])
    #expect(plan.output.contains("at least 1, at most"), "\(plan.output)")
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(try outcome.exitCode == 0 && Events(outcome.output).ran == ["judge numbers/train"], "\(outcome.output)")
    #expect(try space.lock() == lock)
  }
}
