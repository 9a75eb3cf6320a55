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
