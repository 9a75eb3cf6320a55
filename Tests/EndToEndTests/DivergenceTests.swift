// A training that diverges is a result: the run succeeds, the table says at which step, and nothing is computed again.

import Foundation
import JSON
import Testing

@Suite struct Divergences {
  /// The same training at two learning rates.
  private static func grid(_ adapter: String) -> SmallTraining {
    var training = SmallTraining()
    training.adapter = adapter
    training.evals = SmallTraining.allEvals
    training.extra = """
      ablations:
        rate:
          sane: {}
          wild: {hyperparameters: {optimizer: {adamw: {learning-rate: 1.0e+30}}}}
      """
    return training
  }

  @Test(arguments: ["full", "{lora: {rank: 2, alpha: 4}}"])
  func aCellThatDivergedSaysSoInTheTable(adapter: String) throws {
    let training = Self.grid(adapter)
    let space = try TestSpace()
    let first = try space.exec(training)
    #expect(first.exitCode == 0, "\(first.errors)")
    let table = try space.read("results/small/TABLE.md")
    let lines = table.split(separator: "\n").filter { $0.hasPrefix("|") }
    let wild = try #require(lines.first { $0.contains("| wild") }, "\(table)")
    // Accuracy, preference, perplexity, drift and its tokens, both traces; pair statistics know no model.
    #expect(wild.matches(of: #/diverged at step 2/#).count == 7, "\(table)")
    #expect(lines.allSatisfy { !$0.contains("diverged at") || $0 == wild })
    #expect(table.contains("diverged,") || table.contains("diverged."), "\(table)")
    let json = try space.read("results/small/table.json")
    #expect(json.contains("\"diverged-at\""))
    let traced = try space.run(["trace", "small.yaml", "--cell", "wild", "--eval", "accuracy"])
    #expect(traced.output.hasPrefix("wild, accuracy: diverged at step 2\n"), "\(traced.output)\(traced.errors)")
    let number = try JSONValue(
      parsing: Array(
        try space.run(["trace", "small.yaml", "--cell", "wild", "--eval", "accuracy", "--json"]).output.utf8))
    #expect(number["mean"] == .null && number["diverged"]?.stringValue == "diverged at step 2", "\(number)")
    #expect(try space.run(["export", "small.yaml", "--records", "records.jsonl"]).exitCode == 0)
    let diverged = try space.read("records.jsonl").split(separator: "\n").filter { $0.contains("\"diverged\"") }
    #expect(!diverged.isEmpty)
    for line in diverged { #expect(line.contains("\"value\":null,\"weight\":0"), "\(line)") }
    let summary = try space.run(["store", "cat", try space.output("summary", of: "train dpo")]).output
    #expect(summary.contains("\"end\":"), "\(summary)")
    #expect(try Events(try space.exec(training).output).ran == [])
    #expect(try space.read("results/small/TABLE.md") == table)
  }

  @Test func theSummaryAndTheLogSayWhereItEnded() throws {
    var training = SmallTraining()
    training.rate = "1.0e+30"
    let space = try TestSpace()
    #expect(try space.exec(training).exitCode == 0)
    let summary = try space.run(["store", "cat", try space.output("summary", of: "train dpo")]).output
    #expect(summary.contains("\"diverged-at\":2") && summary.contains("\"end\":\"diverged\""), "\(summary)")
    #expect(summary.contains("\"steps\":1"), "\(summary)")
    #expect(try space.log(of: "train dpo").count == 1)
  }

  @Test func whatIsTrainedOverADivergedModelDivergedToo() throws {
    var first = SmallTraining()
    (first.rate, first.objective) = ("1.0e+30", "{sft: {}}")
    let space = try TestSpace()
    try first.write(to: space, as: "first.yaml")
    var second = SmallTraining()
    second.weights = "{experiment: {spec: first.yaml}}"
    let outcome = try space.exec(second)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let table = try space.read("results/small/TABLE.md")
    #expect(table.contains("diverged at step 2"), "\(table)")
    let summary = try space.run(["store", "cat", try space.output("summary", of: "train dpo")]).output
    #expect(summary.contains("\"steps\":0") && summary.contains("its reference"), "\(summary)")
  }

  /// Weights that are kept right after the step that blew up, before any step could say so.
  @Test(arguments: ["{steps: 1}", "{epochs: 1}"])
  func weightsKeptAfterTheStepThatBlewUp(every: String) throws {
    var training = SmallTraining()
    (training.rate, training.batch, training.hyperparameters) = ("1.0e+30", 12, ["examples: 12"])
    training.evals = ["trace: {likelihood-trace: {every: \(every)}}"]
    let space = try TestSpace()
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try space.read("results/small/TABLE.md").contains("diverged at step 2"))
  }

  @Test func theBestIsAmongTheWeightsBeforeIt() throws {
    var training = SmallTraining()
    training.rate = "1.0e+30"
    training.schedule = "{constant: {warmup: {steps: 2}}}"
    training.split = "{dev: 4, train: rest}"
    training.evals = ["accuracy: {accuracy: {on: numbers/dev, max-new-tokens: 4, temperature: 0}}"]
    training.hyperparameters = ["examples: 12", "keep: {best: {eval: accuracy, every: {steps: 1}}}"]
    let space = try TestSpace()
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    // The first step has rate 0, so its weights are those of the start.
    let choice = try space.run(
      ["store", "cat", try space.output("choice", of: "choose the best by accuracy, after dpo")]
    ).output
    #expect(choice.hasPrefix("{\"chosen\":0,"), "\(choice)")
    #expect(choice.contains("null"), "\(choice)")
    #expect(try !space.read("results/small/TABLE.md").contains("diverged at step"))
  }
}
