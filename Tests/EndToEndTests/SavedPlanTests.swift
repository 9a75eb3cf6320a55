// runner plan -o and runner exec FILE: a plan is run as it was shown, or refused; and runner explain.

import Foundation
import Testing

@Suite struct SavedPlans {
  private func planned(_ experiment: SmallExperiment = SmallExperiment(), in space: TestSpace) throws {
    try experiment.write(to: space)
    let outcome = try space.run(["plan", "small.yaml", "-o", "p.plan"])
    #expect(outcome.exitCode == 0 && outcome.output.contains("7 steps"), "\(outcome.errors)")
  }

  private func refused(_ space: TestSpace, _ more: [String] = []) throws -> String {
    let outcome = try space.run(["exec", "p.plan"] + more)
    #expect(outcome.exitCode == 64, "\(outcome.output) \(outcome.errors)")
    return outcome.errors
  }

  @Test func aSavedPlanRunsAndHitsSinceAreUsed() throws {
    let space = try TestSpace()
    try planned(in: space)
    let first = try space.run(["exec", "p.plan", "--json"])
    #expect(try first.exitCode == 0 && Events(first.output).ran.count == 7, "\(first.errors)")
    #expect(FileManager.default.fileExists(atPath: "\(space.path)/results/small/table.json"))
    let again = try space.run(["exec", "p.plan", "--json"])
    #expect(try again.exitCode == 0 && Events(again.output).ran.isEmpty, "\(again.errors)")
  }

  @Test func aChangedSpecOrDataIsRefused() throws {
    let space = try TestSpace()
    try planned(in: space)
    var changed = SmallExperiment()
    changed.temperature = "0.5"
    try changed.write(to: space)
    #expect(try refused(space).contains("small.yaml has changed since the plan was saved"))
    var data = SmallExperiment()
    data.records = SmallExperiment.questions(21)
    try data.write(to: space)
    #expect(try refused(space).contains("the specs mean other steps"))
    #expect(space.files(below: ".runner-store/steps").isEmpty)
  }

  @Test func aPlanWhoseResultsAreGoneIsRefused() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallExperiment()).exitCode == 0)
    try planned(in: space)
    #expect(try space.run(["exec", "p.plan"]).exitCode == 0)
    let steps = space.files(below: ".runner-store/steps")
    for step in steps { try FileManager.default.removeItem(atPath: "\(space.path)/.runner-store/steps/\(step)") }
    let told = try refused(space)
    #expect(
      told.contains("stored results that are gone") && told.contains("generate numbers/heldout, greedy"), "\(told)")
    #expect(space.files(below: ".runner-store/steps").isEmpty)
  }

  /// The plan said that four of six records are there; without them it would run as nobody was shown.
  @Test func aPlanWhoseRecordsAreGoneIsRefused() throws {
    let space = try TestSpace()
    var fewer = SmallExperiment()
    fewer.heldout = 4
    #expect(try space.exec(fewer).exitCode == 0)
    try SmallExperiment().write(to: space)
    // Splits and prompts are stored, so that the plan knows the records.
    let all = try space.run(["exec", "small.yaml", "--until", "render numbers/heldout"])
    #expect(all.exitCode == 0, "\(all.errors)")
    let saved = try space.run(["plan", "small.yaml", "-o", "p.plan"])
    #expect(saved.output.contains("4 of 6 records"), "\(saved.output)")
    try FileManager.default.moveItem(
      atPath: "\(space.path)/.runner-store/records", toPath: "\(space.path)/away")
    let told = try refused(space)
    #expect(told.contains("some are gone") && told.contains("generate numbers/heldout, greedy: 0 of 4"), "\(told)")
    try FileManager.default.moveItem(
      atPath: "\(space.path)/away", toPath: "\(space.path)/.runner-store/records")
    let run = try space.run(["exec", "p.plan", "--json"])
    #expect(try run.exitCode == 0 && Events(run.output).finished("generate")?.reused == 4, "\(run.errors)")
    #expect(try space.run(["exec", "p.plan"]).exitCode == 0)
  }

  /// A link is followed, and a device is not replaced by a file.
  @Test func whatIsNoFileIsWrittenInto() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try FileManager.default.createSymbolicLink(atPath: "\(space.path)/link", withDestinationPath: "target.json")
    #expect(try space.run(["plan", "small.yaml", "-o", "link"]).exitCode == 0)
    #expect(try space.read("target.json").hasPrefix("{"))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(space.path)/link") == "target.json")
    let full = try space.run(["plan", "small.yaml", "-o", "/dev/full"])
    #expect(full.exitCode == 74, "\(full.errors)")
    let kind = try FileManager.default.attributesOfItem(atPath: "/dev/full")[.type] as? FileAttributeType
    #expect(kind == .typeCharacterSpecial)
  }

  @Test func aPlanTakesNoOptionsThatWouldChangeIt() throws {
    let space = try TestSpace()
    try planned(in: space)
    #expect(try refused(space, ["--smoke"]).contains("--smoke cannot be given with a saved plan"))
    #expect(try refused(space, ["--set", "a.b=c"]).contains("--set cannot be given with a saved plan"))
    let text = try space.read("p.plan")
    try space.write(String(text.dropLast(20)), to: "p.plan")
    let broken = try space.run(["exec", "p.plan"])
    #expect(broken.exitCode == 65 && broken.errors.contains("p.plan is no plan that this version saved"))
    try space.write(text.replacing(#/"program":"./#, with: "\"program\":\"0"), to: "p.plan")
    let other = try space.read("p.plan")
    if other != text { #expect(try refused(space).contains("another build of runner")) }
  }

  /// Steps that nobody computed have no keys, and may have one label: what plans call them tells them apart.
  @Test func stepsOfOneLabelHaveNamesThoughTheyHaveNoKeys() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.temperature = "0.5"
    experiment.extra = "seeds: {values: [1, 2], vary: [generation]}"
    try experiment.write(to: space)
    let many = try space.run(["explain", "verify numbers/heldout", "small.yaml"])
    #expect(many.exitCode == 64 && many.errors.contains("is 2 steps"), "\(many.errors)")
    let names = many.errors.matches(of: #/([0-9a-f]{16})  verify numbers/heldout/#).map { String($0.output.1) }
    #expect(Set(names).count == 2, "\(many.errors)")
    for name in names {
      let one = try space.run(["explain", name, "small.yaml"])
      #expect(one.exitCode == 0 && one.output.contains("verify numbers/heldout"), "\(one.errors)")
    }
  }

  @Test func explainShowsStateKeyManifestAndTheNearestResult() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallExperiment()).exitCode == 0)
    let stored = try space.run(["explain", "generate numbers/heldout, greedy", "small.yaml"])
    #expect(stored.exitCode == 0, "\(stored.errors)")
    for line in ["state     cached", "nearest   nothing like it is stored", "reads     prompts = prompts of render"] {
      #expect(stored.output.contains(line), "\(stored.output)")
    }
    var changed = SmallExperiment()
    changed.temperature = "0.5"
    try changed.write(to: space)
    let open = try space.run(["explain", "generate numbers/heldout, T 0.5, seed 1", "small.yaml"])
    for line in [
      "state     will run", "because   temperature: 0.0 → 0.5  (small.yaml:16:",
      "made of   options/max-new-tokens = 8  (small.yaml:16:", "generate numbers/heldout, greedy",
      "differs   temperature: 0.0 → 0.5  (small.yaml:16:",
    ] { #expect(open.output.contains(line), "\(open.output)") }
    let behind = try space.run(["explain", "verify numbers/heldout", "small.yaml"])
    #expect(behind.output.contains("key       not known before its inputs are computed"), "\(behind.output)")
    let json = try space.run(["explain", "verify numbers/heldout", "small.yaml", "--json"])
    #expect(json.exitCode == 0 && json.output.contains(#""key":null"#), "\(json.output)")
    let unknown = try space.run(["explain", "generate nonsense", "small.yaml"])
    #expect(unknown.exitCode == 64, "\(unknown.errors)")
  }
}
