// An experiment that runs in a second: a random model of two blocks on a few questions.

import Foundation

/// The parts of a small spec that tests change.
struct SmallExperiment {
  var comment = ""
  var description = "A small experiment."
  var evalName = "accuracy"
  var temperature = "0"
  /// The whole eval; nil: accuracy.
  var eval: String?
  var prompt = "{question}"
  /// A line of the data set.
  var dataset = ""
  var verifier = "number"
  var heldout = 6
  var records = SmallExperiment.questions(20)
  var seed = 1
  var extra = ""
  /// Blanks after each colon of the data file.
  var blanks = ""

  static func questions(_ count: Int) -> [(question: String, answer: String)] {
    (1...count).map { ("What comes after \($0)?", String($0 + 1)) }
  }

  var spec: String {
    """
    \(comment)
    version: 1
    description: \(description)
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: \(seed)}}
        turns: chatml
        system: none
    datasets:
      numbers:
        source: {jsonl: {from: [{path: numbers.jsonl}]}}
        prompt: "\(prompt)"
        answer: {from: "{answer}", verifier: \(verifier)}
        split: {heldout: \(heldout), train: rest}\(dataset.isEmpty ? "" : "\n    \(dataset)")
    evals:
      \(evalName): \(eval ?? accuracy)
    \(extra)
    """
  }

  private var accuracy: String {
    "{accuracy: {on: numbers/heldout, max-new-tokens: 8, temperature: \(temperature)}}"
  }

  var data: String {
    records.map { "{\"question\":\(blanks)\"\($0.question)\",\"answer\":\(blanks)\"\($0.answer)\"}\n" }.joined()
  }

  /// Writes spec and data into a test's folder.
  func write(to space: TestSpace) throws {
    try space.write(spec, to: "small.yaml")
    try space.write(data, to: "numbers.jsonl")
  }
}

extension TestSpace {
  /// Writes the experiment and runs it.
  func exec(_ experiment: SmallExperiment, _ more: [String] = [], environment: [String: String] = [:]) throws
    -> RunOutcome
  {
    try experiment.write(to: self)
    return try run(["exec", "small.yaml", "--json"] + more, environment: environment)
  }
}
