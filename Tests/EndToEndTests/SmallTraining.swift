// An experiment that trains, in a second: a random model of two blocks, responses that the data give, pairs by verdict.

import Foundation
import Testing

/// The parts of a small training spec that tests change.
struct SmallTraining {
  var seed = 1
  var objective = "{dpo: {beta: 0.5}}"
  var adapter = "{lora: {rank: 2, alpha: 4}}"
  var rate = "1.0e-2"
  var schedule = "constant"
  var batch = 4
  var epochs = "2"
  /// Further hyperparameters.
  var hyperparameters: [String] = []
  var split = "{heldout: 4, train: rest}"
  var weights: String?
  /// Further models, a line each.
  var models = ""
  var prompt = "{question}"
  var generator = #"[{recorded: {responses: ["It is 0.", "It is {answer}."]}}]"#
  var reviser = "[{judge: {by: verifier}}]"
  var evals = ["accuracy: {accuracy: {on: numbers/heldout, max-new-tokens: 4, temperature: 0}}"]
  var extra = ""

  /// Pairs in two ways and five objectives.
  static let grid = """
    ablations:
      pairs:
        revision: {reviser: [{minimal-revision: {by: verifier}}]}
        judge: {reviser: [{judge: {by: verifier}}]}
      objective:
        SFT: {objective: {sft: {}}}
        DPO: {objective: {dpo: {beta: 0.5}}}
        KTO: {objective: {kto: {beta: 0.5}}}
        APO-zero: {objective: {apo-zero: {beta: 0.5}}}
        APO-down: {objective: {apo-down: {beta: 0.5}}}
    """

  /// Every eval that looks at a trained model.
  static let allEvals = [
    "accuracy: {accuracy: {on: numbers/heldout, max-new-tokens: 4, temperature: 0}}",
    "preference: {preference: {on: numbers/heldout, score: sum}}",
    #"perplexity: {perplexity: {on: numbers/heldout, text: "{question} {answer}"}}"#,
    "drift: {drift: {on: numbers/heldout, max-new-tokens: 4}}",
    "trace: {likelihood-trace: {every: {epochs: 1}}}",
    "pairs: {pair-statistics: {}}",
  ]

  /// KTO with partners chosen so.
  static func kto(_ partner: String) -> SmallTraining {
    var training = SmallTraining()
    training.objective = "{kto: {beta: 0.5, partner: \(partner)}}"
    return training
  }

  var spec: String {
    let weights =
      self.weights
      ?? "{random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: \(seed)}}"
    return """
      version: 1
      models:
        policy: {weights: \(weights), turns: chatml, system: none}
      \(models)
      datasets:
        numbers:
          source: {jsonl: {from: [{path: numbers.jsonl}]}}
          prompt: "\(prompt)"
          answer: {from: "{answer}", verifier: number}
          split: \(split)
      data: numbers/train
      generator: \(generator)
      \(reviser.isEmpty ? "" : "reviser: \(reviser)")
      \(objective.isEmpty ? "" : "objective: \(objective)")
      hyperparameters:
        adapter: \(adapter)
        optimizer: {adamw: {learning-rate: \(rate)}}
        schedule: \(schedule)
        batch: {examples: \(batch)}
        epochs: \(epochs)
      \(hyperparameters.map { "  \($0)\n" }.joined())
      evals:
      \(evals.map { "  \($0)\n" }.joined())
      \(extra)
      """
  }

  /// Twelve records to train on, four held out: three steps an epoch.
  func write(to space: TestSpace, as name: String = "small.yaml") throws {
    try space.write(spec, to: name)
    var experiment = SmallExperiment()
    experiment.records = SmallExperiment.questions(16)
    try space.write(experiment.data, to: "numbers.jsonl")
  }
}

extension TestSpace {
  /// Writes a training and runs it.
  func exec(_ training: SmallTraining, _ more: [String] = []) throws -> RunOutcome {
    try training.write(to: self)
    return try run(["exec", "small.yaml", "--json"] + more)
  }

  /// The lock after an uninterrupted run in a folder of its own.
  static func lock(_ training: SmallTraining, _ more: [String] = []) throws -> String {
    let space = try TestSpace()
    let outcome = try space.exec(training, more)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try space.lock()
  }

  func lock() throws -> String { try read("results/small/lock.json") }

  /// The digest of a step's output, by the lock.
  func output(_ name: String, of label: String) throws -> String { try lockOutput(name, of: label, in: "small") }

  /// The digest of a step's output, by the lock of an experiment.
  func lockOutput(_ name: String, of label: String, in experiment: String) throws -> String {
    let text = try read("results/\(experiment)/lock.json")
    let lock = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let steps = try #require(lock["steps"] as? [[String: Any]])
    let step = try #require(steps.first { $0["label"] as? String == label }, "no step \(label)")
    return try #require((step["outputs"] as? [String: String])?[name], "no output \(name) of \(label)")
  }

  /// The lines of a training's log.
  func log(of label: String) throws -> [[String: Any]] {
    let text = try run(["store", "cat", try output("log", of: label)]).output
    return try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// The checkpoints that stand in the store.
  func checkpoints() -> [String] { files(below: ".runner-store/checkpoints").filter { !$0.hasSuffix(".tmp") } }
}
