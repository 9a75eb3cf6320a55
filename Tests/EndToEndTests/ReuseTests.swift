// Changing one value computes again what depends on it, and nothing else.

import Foundation
import Testing

@Suite struct Reuse {
  /// Runs an experiment, changes it, runs it again; the labels of what ran the second time.
  private func rerun(
    _ first: SmallExperiment = SmallExperiment(), _ change: (inout SmallExperiment) -> Void
  ) throws -> Events {
    let space = try TestSpace()
    let before = try space.exec(first)
    #expect(before.exitCode == 0, "\(before.errors)")
    var second = first
    change(&second)
    let after = try space.exec(second)
    #expect(after.exitCode == 0, "\(after.errors)")
    return try Events(after.output)
  }

  @Test func theFirstRunComputesEverythingAndTheSecondNothing() throws {
    let space = try TestSpace()
    let first = try space.exec(SmallExperiment())
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(try Events(first.output).finished("generate")?.computed == 6)
    let table = try space.read("results/small/table.json")
    let second = try space.exec(SmallExperiment())
    #expect(try Events(second.output).ran == [])
    #expect(try space.read("results/small/table.json") == table)
  }

  /// Shared steps keep in each experiment's results the place and the name that it gave them.
  @Test func whatRunsBesideChangesNoResult() throws {
    var one = SmallExperiment()
    one.extra = #"  text: {perplexity: {on: numbers/heldout, text: "{question}"}}"#
    var two = SmallExperiment()
    two.temperature = "0.9"
    two.extra = "  greedy: {accuracy: {on: numbers/heldout, max-new-tokens: 8, temperature: 0}}"
    let renamed = two.spec.replacing("  numbers:", with: "  digits:").replacing("numbers/", with: "digits/")
    func results(_ specs: [String]) throws -> [String: [String]] {
      let space = try TestSpace()
      try one.write(to: space)
      try space.write(one.spec, to: "one.yaml")
      try space.write(renamed, to: "two.yaml")
      let outcome = try space.run(["exec"] + specs)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      var found: [String: [String]] = [:]
      for name in specs.map({ $0.replacing(".yaml", with: "") }) {
        found[name] = try ["TABLE.md", "lock.json", "table.csv", "table.json", "table.tex"].map {
          try space.read("results/\(name)/\($0)")
        }
      }
      return found
    }
    let apart = try results(["one.yaml"]).merging(results(["two.yaml"])) { first, _ in first }
    #expect(apart["two"]?[1].contains("digits/heldout") == true)
    #expect(try results(["one.yaml", "two.yaml"]) == apart)
    #expect(try results(["two.yaml", "one.yaml"]) == apart)
  }

  @Test func aCommentOrADescriptionRunsNothing() throws {
    #expect(try rerun { $0.comment = "# another comment" }.ran == [])
    #expect(try rerun { $0.description = "Other words." }.ran == [])
  }

  @Test func theNameOfAnEvalRunsNothing() throws {
    #expect(try rerun { $0.evalName = "accuracy-again" }.ran == [])
  }

  @Test func aTemperatureRunsWhatIsGenerated() throws {
    let events = try rerun { $0.temperature = "0.5" }
    // The table is spared if the verdicts come out the same.
    #expect(events.ran.prefix(2) == ["generate numbers/heldout, T 0.5, seed 1", "verify numbers/heldout"])
    #expect(events.ran.dropFirst(2).allSatisfy { $0 == "table of small" })
    #expect(events.finished("generate")?.computed == 6)
  }

  @Test func aVerifierRunsVerdictsAlone() throws {
    #expect(try rerun { $0.verifier = "contains" }.ran == ["verify numbers/heldout", "table of small"])
  }

  @Test func oneChangedRecordIsComputedAlone() throws {
    // Everything is held out, so that the changed record is certainly among what is generated.
    var first = SmallExperiment()
    first.heldout = 20
    let events = try rerun(first) { $0.records[3] = ("What comes after the number 5?", "6 ") }
    #expect(events.finished("generate")?.computed == 1)
    #expect(events.finished("generate")?.reused == 19)
    #expect(events.finished("verify")?.computed == 1)
    #expect(events.finished("verify")?.reused == 19)
  }

  @Test func moreRecordsComputeTheNewOnesAlone() throws {
    let events = try rerun { $0.heldout = 9 }
    #expect(events.finished("generate")?.computed == 3)
    #expect(events.finished("generate")?.reused == 6)
  }

  @Test func addedDataMovesNoRecord() throws {
    var first = SmallExperiment()
    first.heldout = 20
    let events = try rerun(first) {
      $0.records += [("What comes after 99?", "100")]
      $0.heldout = 21
    }
    #expect(events.finished("generate")?.computed == 1)
  }

  @Test func anInputWithTheSameBytesSparesWhatFollows() throws {
    // Blanks change the file, and not the records.
    let events = try rerun { $0.blanks = " " }
    #expect(events.ran == ["fetch numbers.jsonl", "ingest numbers"])
  }

  @Test func theModelComputesEverythingThatItWrote() throws {
    let events = try rerun { $0.seed = 2 }
    #expect(events.finished("generate")?.computed == 6)
    #expect(!events.ran.contains("split numbers"))
  }

  @Test func cellsShareWhatTheyHaveInCommon() throws {
    var experiment = SmallExperiment()
    experiment.extra = """
      ablations:
        temperature:
          greedy: {}
          warm: {evals: {accuracy: {accuracy: {temperature: 0.7}}}}
      """
    let space = try TestSpace()
    let outcome = try space.exec(experiment)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let ran = try Events(outcome.output).ran
    #expect(ran.filter { $0.hasPrefix("generate") }.count == 2)
    #expect(ran.filter { $0.hasPrefix("render") }.count == 1)
  }

  @Test func aDamagedObjectIsComputedAgainAndTold() throws {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    let lock = try space.read("results/small/lock.json")
    for name in space.files(below: ".runner-store/objects") {
      var bytes = try space.bytes(".runner-store/objects/\(name)")
      bytes[bytes.count / 2] ^= 4
      try space.write(bytes, to: ".runner-store/objects/\(name)")
    }
    var changed = SmallExperiment()
    changed.temperature = "0.5"
    let outcome = try space.exec(changed)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("\"event\":\"damaged\""))
    let again = try space.exec(SmallExperiment())
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try space.read("results/small/lock.json") == lock)
  }
}
