// runner show: every kind of stored output in a form made for reading.

import Foundation
import Testing

@Suite struct ShowCommands {
  @Test func everyKindOfOutput() throws {
    let space = try TestSpace()
    let training = SmallTraining()
    #expect(try space.exec(training).exitCode == 0)
    func shown(_ arguments: [String]) throws -> String {
      let outcome = try space.run(["show"] + arguments)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(!outcome.output.contains("\u{1B}"))
      return outcome.output
    }
    let split = try shown(["split numbers", "--first", "2"])
    #expect(
      split.contains("── heldout, ") && split.contains("── train, ") && split.contains("Record 2 of 12, "), "\(split)")
    #expect(split.contains("  question  What comes after "), "\(split)")
    let prompts = try shown(["render numbers/heldout", "--record", "3"])
    #expect(prompts.contains("Record 3 of 4, ") && !prompts.contains("Record 1 of 4"), "\(prompts)")
    #expect(prompts.contains("  user    What comes after ") && prompts.contains("Other outputs: identities"))
    let pairs = try shown(["examples of numbers/train"])
    #expect(pairs.contains("  chosen    It is ") && pairs.contains("  rejected  It is 0."), "\(pairs)")
    #expect(try shown(["examples of numbers/train", "counts"]).contains("  items  "))
    let log = try shown(["train dpo"])
    #expect(log.contains("step    loss  margin  chosen-log-ratio"), "\(log)")
    #expect(log.contains("   1  0.6931  0.0000"), "\(log)")
    #expect(log.contains("  end          finished"), "\(log)")
    let weights = try shown(["train dpo", "weights"])
    #expect(
      weights.contains("  rank: 2") && weights.contains("block.*.attentionQuery.a       2  2 × 32  F32 "), "\(weights)")
    #expect(try shown(["verify numbers/heldout"]).contains("  outcome  "))
    #expect(try shown(["score examples of numbers/train by the reference"]).contains("  score  ln p = -"))
    #expect(try shown(["fetch numbers.jsonl"]).contains("  answer    2"))
  }

  /// Two cells whose steps have one label each: only the spec's cell tells them apart.
  @Test func bySpecAndCell() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.evals.append("moves: {likelihood-trace: {every: {epochs: 1}}}")
    training.extra =
      "ablations: {rate: {slow: {}, fast: {hyperparameters: {optimizer: {adamw: {learning-rate: 0.5}}}}}}"
    #expect(try space.exec(training).exitCode == 0)
    func run(_ arguments: String...) throws -> RunOutcome { try space.run(["show"] + arguments) }
    let ambiguous = try run("train dpo")
    #expect(
      ambiguous.exitCode == 64 && ambiguous.errors.contains("`runner show SPEC --step` looks among a spec's own steps.")
    )
    let both = try run("small.yaml", "--step", "train dpo")
    #expect(both.exitCode == 64 && both.errors.contains("`train dpo` is 2 steps"), "\(both.errors)")
    let logs = try ["slow", "fast"].map { cell -> String in
      let outcome = try run("small.yaml", "--cell", cell, "--step", "train dpo")
      #expect(outcome.exitCode == 0 && outcome.output.hasPrefix("train dpo  "), "\(outcome.errors)")
      let named = try run("small.yaml", "--step", "train dpo for small: \(cell)")
      #expect(named.output == outcome.output, "\(named.errors)")
      return outcome.output
    }
    #expect(logs[0] != logs[1] && logs[0].contains("  0.01") && logs[1].contains("  0.5"), "\(logs)")
    let weights = try run("small.yaml", "weights", "--cell", "fast", "--step", "train dpo")
    #expect(weights.output.contains("  rank: 2"), "\(weights.errors)")
    // A trace is a table of its moments, which only the spec can tell.
    let trace = "likelihood-trace on examples of numbers/train, after dpo"
    let moments = try run("small.yaml", "--cell", "slow", "--step", trace).output
    #expect(moments.contains("  step  chosen  rejected  margin  pairs\n     3  "), "\(moments)")
    #expect(moments.contains("\nOther outputs: chosen, rejected") && moments.contains("in nats."), "\(moments)")
    let list = try run("small.yaml", "--cell", "slow").output
    #expect(list.contains("  train dpo ") && list.contains("log, summary, weights"), "\(list)")
    #expect(list.split(separator: "\n").count { $0.contains("  train dpo ") } == 1, "\(list)")
    let key = try #require(list.split(separator: "\n").first { $0.contains("  train dpo ") }?.prefix(12))
    #expect(try run("small.yaml", "--step", String(key)).output == logs[0])
    #expect(try run(String(key)).output == logs[0])
    // A step that is not stored as the spec is now.
    let other = try run("small.yaml", "--cell", "slow", "--step", "train dpo", "--set", "hyperparameters.epochs=3")
    #expect(
      other.exitCode == 74
        && other.errors.contains("→ Run `runner exec small.yaml --set hyperparameters.epochs=3` first."),
      "\(other.errors)")
    #expect(
      try run("small.yaml", "--set", "hyperparameters.epochs=3").output.contains(
        "not stored    train dpo for small: slow\n"))
  }

  @Test(arguments: [
    (["small.yaml", "--cell", "fats"], "there is no cell `fats`"),
    (["small.yaml", "--step", "train dop"], "Did you mean `train dpo`?"),
    (["small.yaml", "weights"], "Name the step of the spec with --step"),
    (["train dpo", "--cell", "a"], "--step, --cell, --set and --smoke go with a spec"),
  ])
  func whatItRefusesOfSpecs(arguments: [String], saying text: String) throws {
    let space = try TestSpace()
    try SmallTraining().write(to: space)
    let outcome = try space.run(["show"] + arguments)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(text), "\(outcome.exitCode) \(outcome.errors)")
  }

  @Test(arguments: [
    (["train"], "no step result in the store is called `train`"),
    (["train dpo", "nothing"], "has no output `nothing`"),
    (["render numbers/heldout", "--record", "5"], "no record is called `5`; there are 4"),
  ])
  func whatItRefuses(arguments: [String], saying text: String) throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining()).exitCode == 0)
    let outcome = try space.run(["show"] + arguments)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(text), "\(outcome.exitCode) \(outcome.errors)")
  }
}
