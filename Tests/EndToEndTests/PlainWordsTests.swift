// Mistakes that looked like something else: each is told as what it is, with what to write instead.

import Foundation
import JSON
import Testing

@Suite struct PlainWords {
  private static func faults(_ training: SmallTraining, _ more: [String] = []) throws -> String {
    let space = try TestSpace()
    try training.write(to: space)
    let outcome = try space.run(["validate", "small.yaml"] + more)
    #expect(outcome.exitCode == 65, "\(outcome.output)\(outcome.errors)")
    return outcome.errors
  }

  @Test func thePolicyDoesNotPlayAgainstItself() throws {
    var training = SmallTraining()
    training.evals = ["wins: {win-rate: {on: numbers/heldout, against: policy, by: verifier}}"]
    let faults = try Self.faults(training)
    #expect(faults.contains("the policy would play against itself"), "\(faults)")
    #expect(faults.contains("`untrained: {weights: {same-as: policy}}`"), "\(faults)")
    // What it says to write is right.
    training.models = "  untrained: {weights: {same-as: policy}}"
    training.evals = ["wins: {win-rate: {on: numbers/heldout, against: untrained, by: verifier}}"]
    let space = try TestSpace()
    try training.write(to: space)
    let outcome = try space.run(["validate", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
  }

  @Test(arguments: [
    (
      "[{judgment: {by: verifier, wrong: no}}, {refinement: {by: {model: policy}}}]",
      "Write `refinement: {model: policy}`."
    ),
    ("[{stronger: {by: {model: policy}}}]", "Write `stronger: {model: policy}`."),
  ])
  func modelsThatWriteAreNamedByModel(reviser: String, saying text: String) throws {
    var training = SmallTraining()
    training.reviser = reviser
    let faults = try Self.faults(training)
    #expect(faults.contains(text) && faults.contains("by its key `model`, not under `by`"), "\(faults)")
    #expect(faults.split(separator: "error:").count == 2, "one fault: \(faults)")
  }

  @Test func settingsAreNumbered() throws {
    let both = try Self.faults(
      SmallTraining(), ["--set", "hyperparameters.epochs=many", "--set", "hyperparameters.epoch=2"])
    #expect(both.contains("--set 1:1:24: error:") && both.contains("--set 2:1:17: error:"), "\(both)")
    let one = try Self.faults(SmallTraining(), ["--set", "hyperparameters.epochs=many"])
    #expect(one.contains("--set:1:24: error:"), "\(one)")
  }

  @Test(arguments: [20, 200, 330]) func aTruncatedPlanIsABadFile(missing: Int) throws {
    let space = try TestSpace()
    try SmallTraining().write(to: space)
    #expect(try space.run(["plan", "small.yaml", "-o", "p.plan"]).exitCode == 0)
    let text = try space.read("p.plan")
    #expect(text.utf8.count > 345)
    try space.write(String(text.dropLast(missing)), to: "p.plan")
    let outcome = try space.run(["exec", "p.plan"])
    #expect(outcome.exitCode == 65 && outcome.errors.contains("no plan that this version saved"), "\(outcome.errors)")
  }

  @Test func aStepWithoutItsSpecIsToldInAllCommandsAlike() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining(), ["--smoke"]).exitCode == 0)
    let key = String(try space.run(["store", "ls", "--kind", "train"]).output.prefix(12))
    for command in ["explain", "verify"] {
      let outcome = try space.run([command, key, "small.yaml"])
      #expect(outcome.exitCode == 64 && outcome.errors.contains("no spec that was read has that step"))
      #expect(outcome.errors.contains("`runner show \(key)`"), "\(outcome.errors)")
      #expect(outcome.errors.contains("`runner verify` looks for it with --smoke"), "\(outcome.errors)")
    }
    #expect(try space.run(["verify", key, "small.yaml", "--smoke"]).exitCode == 0)
    #expect(try space.run(["show", key]).exitCode == 0)
  }

  @Test func aPromptThatIsTooLongIsToldByPreview() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.prompt = String(repeating: "Think. ", count: 60) + "{question}"
    try experiment.write(to: space)
    let outcome = try space.run(["preview", "small.yaml", "1"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let told = try #require(
      outcome.output.firstMatch(of: #/warning: the model reads 256 tokens, and this prompt has (\d+)/#))
    #expect((Int(told.output.1) ?? 0) > 420)
    let lines = try space.run(["preview", "small.yaml", "1", "--json"]).output.split(separator: "\n")
    let first = try JSONValue(parsing: Array(try #require(lines.first).utf8))
    #expect(first["context"] == .integer(256) && first["tokens"]?.integerValue ?? 0 > 420)
    try SmallExperiment().write(to: space)
    #expect(try !space.run(["preview", "small.yaml", "1"]).output.contains("warning"))
  }
}

/// What the counts of stages say of data and of candidates.
@Suite struct Counted {
  private static let model =
    "{random: {layers: 1, width: 16, heads: 2, key-value-heads: 1, feed-forward: 32, context: 128, seed: 1}}"

  @Test func nothingAndNoTextAreBothAcceptable() throws {
    let space = try TestSpace()
    try space.write(
      """
      version: 1
      models: {policy: {weights: \(Self.model), turns: raw}}
      datasets: {notes: {source: {jsonl: {from: [{path: notes.jsonl}]}}, prompt: "{question}"}}
      data: notes
      generator: {recorded: {responses: ["{said}"]}}
      reviser: [{judgment: {by: recorded, judgment: "Note: {note}"}}]
      """, to: "notes.yaml")
    try space.write(
      """
      {"question": "a", "said": "1", "note": null}
      {"question": "b", "said": "2", "note": ""}
      {"question": "c", "said": "3", "note": " "}
      {"question": "d", "said": "4", "note": "too low"}

      """, to: "notes.jsonl")
    let outcome = try space.run(["exec", "notes.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let step = ["notes.yaml", "--step", "judgment notes"]
    #expect(try space.run(["export"] + step + ["--jsonl", "rows.jsonl"]).exitCode == 0)
    let rows = try space.read("rows.jsonl").split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    let judgments = rows.sorted { ($0["prompt"]?.stringValue ?? "") < ($1["prompt"]?.stringValue ?? "") }
    #expect(judgments.map { $0["judgment"] } == ["", "", "", "Note: too low"], "\(rows)")
  }

  @Test func duplicatesAreCounted() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    // Greedy samples are all the same.
    training.generator = "[{sample: {samples: 3, distinct: true, temperature: 0, max-new-tokens: 2}}]"
    training.reviser = "[{minimal-revision: {by: verifier}}]"
    let run = try space.exec(training)
    #expect(run.exitCode == 0, "\(run.errors)")
    let counts = try space.run(["show", "small.yaml", "--step", "minimal-revision numbers/train"])
    #expect(counts.exitCode == 0, "\(counts.errors)")
    let key = counts.output.split(separator: " ").first { $0.count == 12 && $0.allSatisfy(\.isHexDigit) }
    let told = try space.run(["store", "cat", String(try #require(key)), "counts"]).output
    let json = try JSONValue(parsing: Array(told.utf8))
    #expect(json["leftovers"]?["duplicate"] == .integer(24), "\(told)")
    let leftovers = json["leftovers"]?.objectValue?.members.reduce(0) { $0 + ($1.value.integerValue ?? 0) } ?? 0
    #expect((json["items"]?.integerValue ?? 0) + leftovers == 36, "\(told)")
  }
}
