// What a table says of the feedback that trainings learned from: each stage of each part of the data, prompts that stand in it more
// than once, and how much the two responses of a pair differ.

import Foundation
import Testing

@Suite struct LearnedStages {
  /// Every stage of both parts, each with what it left over itself, then what both became together.
  @Test func theStagesOfAMixtureAddUp() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.split = "{heldout: 4, other: 5, train: rest}"
    training.reviser = #"[{minimal-revision: {by: recorded, revisions: ["{answer}"]}}, {flip: {rate: 0.5}}]"#
    training.generator = #"[{recorded: {responses: ["It is 0."]}}]"#
    training.hyperparameters = ["examples: 10"]
    training.objective = "{dpo: {beta: 1}}"
    try training.write(to: space)
    let mixture = "data={mixture: {numbers/train: 1, numbers/other: 1}}"
    let outcome = try space.run(["exec", "small.yaml", "--set", mixture])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let table = try space.read("results/small/TABLE.md")
    #expect(
      table.contains(
        """
        Minimal-revision numbers/train: 7 items from 7 of 7 prompts. Flip numbers/train: 7 items from 7 of 7 prompts. \
        Minimal-revision numbers/other: 5 items from 5 of 5 prompts. Flip numbers/other: 5 items from 5 of 5 prompts. \
        Examples of numbers/train and numbers/other: 10 items from 10 of 12 prompts; left over: 2 surplus.
        """), "\(table)")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(space.read("results/small/table.json").utf8)) as? [String: Any])
    let examples = try #require((json["examples"] as? [[String: Any]])?.first, "\(json.keys)")
    #expect((examples["stages"] as? [[String: Any]])?.map { $0["records"] as? Int } == [7, 7, 5, 5])
  }

  /// Twelve records of one prompt are not twelve prompts.
  @Test func promptsThatRepeatAreTold() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.prompt = "Count."
    try training.write(to: space)
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let told = "Examples of numbers/train: 12 items from 12 of 12 records of 1 different prompt."
    #expect(try space.read("results/small/TABLE.md").contains(told))
  }

  /// To this model a token is a byte; words and bytes of one pair share different parts.
  @Test(arguments: [("words", 0.5), ("model", 6.0 / 8)])
  func pairsDifferByWordsOrByTokens(tokens: String, share: Double) throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.objective, training.adapter) = ("", "none")
    training.generator = #"[{recorded: {responses: ["It is 1."]}}]"#
    training.reviser = #"[{minimal-revision: {by: recorded, revisions: ["It is 2."]}}]"#
    training.evals = ["overlap: {pair-statistics: {tokens: \(tokens)}}"]
    try space.write(training.spec, to: "small.yaml")
    try training.write(to: space)
    let arguments = ["small.yaml", "--set", "hyperparameters=none"]
    let outcome = try space.run(["exec"] + arguments)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(space.read("results/small/table.json").utf8)) as? [String: Any])
    let cell = (json["cells"] as? [[String: Any]])?.first { $0["eval"] as? String == "overlap Jaccard" }
    let found = try #require(cell?["mean"] as? Double, "\(json)")
    #expect(abs(found - share) < 1e-12, "\(found)")
    // Single records are found again, and the data that is not asked for changes nothing.
    let more = try space.run(["exec"] + arguments + ["--set", "datasets.numbers.split.heldout=2", "--json"])
    let step = try #require(try Events(more.output).finished("pair-statistics numbers/train"), "\(more.output)")
    #expect(step.reused == 12 && step.computed == 2)
  }
}
