// runner export --jsonl: the records of every kind of step as rows, and the way back through a spec.

import Foundation
import JSON
import Testing

@Suite struct StepExport {
  private static func rows(_ space: TestSpace, _ arguments: [String]) throws -> [JSONValue] {
    let file = "rows.jsonl"
    let outcome = try space.run(["export"] + arguments + ["--jsonl", file])
    #expect(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
    let rows = try space.read(file).split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(outcome.output.hasPrefix("exported \(rows.count) "), "\(outcome.output)")
    return rows
  }

  private static func names(_ rows: [JSONValue]) -> Set<[String]> { Set(rows.map { $0.objectValue?.names ?? [] }) }

  private static func step(_ label: String) -> [String] { ["small.yaml", "--step", label] }

  @Test func everyKindHasItsColumns() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.evals.append("preference: {preference: {on: numbers/heldout, score: sum}}")
    #expect(try space.exec(training).exitCode == 0)
    let known = ["messages", "prompt", "record"]
    let recorded = try Self.rows(space, Self.step("recorded numbers/train"))
    #expect(Self.names(recorded) == [(known + ["finish", "response", "sample", "tokens"]).sorted()])
    #expect(recorded.count == 24 && recorded[0]["prompt"]?.stringValue?.hasPrefix("What comes after") == true)
    #expect(recorded.prefix(2).map { $0["sample"] } == [.integer(0), .integer(1)])
    let pairs = try Self.rows(space, Self.step("judge numbers/train"))
    #expect(Self.names(pairs) == [(known + ["chosen", "kind", "rejected"]).sorted()] && pairs.count == 12)
    #expect(pairs.allSatisfy { $0["rejected"] == "It is 0." && $0["kind"] == "pair" })
    let outcomes = try Self.rows(space, Self.step("verify numbers/heldout, after dpo"))
    let told = ["finish", "outcome", "reason", "response", "sample", "tokens", "value", "weight"]
    #expect(Self.names(outcomes) == [(known + told).sorted()] && outcomes.count == 4)
    let scores = try Self.rows(space, Self.step("score examples of numbers/heldout, after dpo"))
    let sums = scores.compactMap { $0["sum"]?.doubleValue }
    #expect(scores.allSatisfy { $0["prompt"]?.stringValue?.hasPrefix("What comes after") == true })
    #expect(scores.count == 8 && sums.count == 8 && sums.allSatisfy { $0 < 0 }, "\(scores)")
    let prompts = try Self.rows(space, Self.step("render numbers/heldout"))
    #expect(Self.names(prompts) == [(known + ["answers"]).sorted()] && prompts.count == 4)
    let data = try Self.rows(space, Self.step("split numbers") + ["--output", "heldout"])
    #expect(data.count == 4 && data.allSatisfy { $0["question"] != nil && $0["record"] == nil })
    // Without a spec, by the store alone.
    let key = try space.run(["store", "ls", "--kind", "verify"]).output.prefix(12)
    #expect(try Self.rows(space, [String(key)]).count == 4)
  }

  @Test func judgmentsAndRankingsHaveTheirsToo() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.reviser = #"[{judgment: {by: verifier, wrong: "It is wrong: {reason}"}}]"#
    training.objective =
      "{cut: {form: paper-v4, lambda: 1.1, alpha: 1, gamma: 0.5, judged-prompt: \"{question} {judgment}\"}}"
    #expect(try space.exec(training).exitCode == 0)
    let judged = try Self.rows(space, Self.step("judgment numbers/train"))
    #expect(judged.count == 24 && judged.count { $0["judgment"] == "" } == 12, "\(judged)")
    training = SmallTraining()
    training.generator = #"[{recorded: {responses: ["It is 0.", "It is {answer}.", "{answer}"]}}]"#
    training.reviser = #"[{rescore: {by: recorded, scores: ["0", "2", "1"]}}]"#
    training.objective = "{rrhf: {}}"
    let run = try space.exec(training)
    #expect(run.exitCode == 0, "\(run.errors)")
    let ranked = try Self.rows(space, Self.step("rescore numbers/train"))
    #expect(
      ranked.count == 12 && ranked.allSatisfy { $0["scores"]?.arrayValue?.map(\.doubleValue) == [2, 1, 0] })
    #expect(ranked[0]["responses"]?.arrayValue?.count == 3)
  }

  /// What a model generated is read again as data, and comes to the same responses and the same outcomes.
  @Test func generationsComeBack() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.temperature = "1"
    #expect(try space.exec(experiment).exitCode == 0)
    let list = try space.run(["show", "small.yaml"]).output.split(separator: "\n")
    let label = try #require(list.first { $0.contains("generate ") }?.firstMatch(of: #/generate .*?(?=  )/#)?.output)
    let rows = try Self.rows(space, Self.step(String(label)))
    #expect(rows.count > 4 && Set(rows.map { $0["prompt"] }).count > 1)
    try space.write(
      """
      version: 1
      models:
        policy:
          weights: {random: {layers: 1, width: 16, heads: 2, key-value-heads: 1, feed-forward: 32, context: 128, seed: 1}}
          turns: raw
      datasets:
        numbers: {source: {jsonl: {from: [{path: rows.jsonl}]}}, prompt: "{prompt}"}
      data: numbers
      generator: {recorded: {responses: ["{response}"]}}
      reviser: [{rescore: {by: recorded, scores: ["{sample}"]}}]
      """, to: "back.yaml")
    let outcome = try space.run(["exec", "back.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let back = try Self.rows(space, ["back.yaml", "--step", "recorded numbers"])
    // The order is that of the split.
    func said(_ rows: [JSONValue]) -> Set<[JSONValue?]> { Set(rows.map { [$0["prompt"], $0["response"]] }) }
    #expect(back.count == rows.count && said(back) == said(rows))
  }

  @Test(arguments: [
    (["small.yaml", "--step", "fetch numbers.jsonl"], 64, "fetch numbers.jsonl holds no records"),
    (["small.yaml", "--step", "train dpo", "--output", "weights"], 64, "its output `weights` holds no records"),
    (["small.yaml", "--step", "train dpo", "--output", "wieghts"], 64, "has no output `wieghts`"),
    (["small.yaml"], 64, "Name the step of the spec with --step"),
    (["small.yaml", "--step", "train dppo"], 64, "Did you mean `train dpo`?"),
    (["0123abcd"], 64, "no step result in the store is called `0123abcd`"),
    (["0123abcd", "--cell", "b"], 64, "go with a spec"),
    (["small.yaml", "--step", "train dpo", "--seed", "2"], 64, "--seed does not go with --jsonl"),
    (["small.yaml", "--step", "train dpo", "--set", "hyperparameters.epochs=3"], 74, "no result of it"),
  ])
  func whatItRefuses(arguments: [String], code: Int32, saying text: String) throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining()).exitCode == 0)
    let outcome = try space.run(["export"] + arguments + ["--jsonl", "x.jsonl"])
    #expect(outcome.exitCode == code && outcome.errors.contains(text), "\(outcome.exitCode) \(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/x.jsonl"))
  }
}
