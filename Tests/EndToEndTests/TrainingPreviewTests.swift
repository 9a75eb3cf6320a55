// What each objective sees of the same three pairs, token by token, with every label and weight worked out by hand.
// The responses stand in the data and the tokenizer has a token a byte, so no model runs.

import Foundation
import Testing

/// Three pairs by recorded scores, a record whose responses are equally good, and one that is too long.
private struct PreviewSpec {
  var objective: String
  var more = ""

  var spec: String {
    """
    version: 1
    models:
      policy:
        weights: {random: {layers: 1, width: 16, heads: 2, key-value-heads: 1, feed-forward: 32, context: 128, seed: 1}}
        turns: chatml
        system: none
    datasets:
      sums:
        source: {jsonl: {from: [{path: sums.jsonl}]}}
        prompt: "{question}"
    data: sums
    generator: {recorded: {responses: ["{a}", "{b}"]}}
    reviser: [{judge: {by: recorded, scores: ["{first}", "{second}"]}}]
    objective: \(objective)
    hyperparameters:
      adapter: {lora: {rank: 2, alpha: 4}}
      optimizer: {adamw: {learning-rate: 1.0e-2}}
      batch: {examples: 2}
      epochs: 2
      max-length: 40
    \(more)
    """
  }

  static let data = """
    {"question":"3+4","a":"7","b":"12","first":1,"second":0}
    {"question":"8+8","a":"16","b":"sixteen","first":0.5,"second":0.5}
    {"question":"6+5","a":"2","b":"11","first":0,"second":1}
    {"question":"count","a":"incomprehensibilities","b":"no","first":1,"second":0}
    {"question":"x?","a":"a\\n\\"","b":"é","first":2,"second":-1}

    """

  func preview(_ arguments: [String] = ["3"]) throws -> RunOutcome {
    try TestSpace.preview(spec, data: Self.data, arguments)
  }
}

@Suite struct TrainingPreviews {
  /// An objective, and by hand: the weight of a token of the better response and of the worse one in a batch of two
  /// pairs and in a batch of one, nil where it is not trained.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let objective: String
    let labels: [String]
    /// Of the batch of two, then of the batch of one.
    let better: [Double]
    let worse: [Double?]
    var spread: [Double]?
    var testDescription: String { name }
  }

  // The three pairs, a token a byte and `<|im_end|>` after each response:
  //   1  "11" over "2"     3 tokens over 2
  //   2  "7" over "12"     2 tokens over 3
  //   3  "a\n\"" over "é"  4 tokens over 3 (é has two bytes)
  // Seed 1 puts pairs 2 and 3 into step 1 and pair 1 into step 2, as the previews say. At h = 0 σ = 1/2, σ′ = 1/4:
  //   sft       -1/N, N the tokens of the better responses of the batch: 2 + 4 = 6, and 3; the worse are not read
  //   smoothed  -(1 - e)/N on the token and -e/N on the mean over the vocabulary, e = 0.1: -0.15 and -0.3
  //   dpo       ∓β σ(0)/n = ∓0.1/2/n: 0.025 with n = 2 pairs, 0.05 with 1
  //   kto       -λ_D β σ′/n and +λ_U β σ′/n, n = 4 responses, and 2; β = 0.1, λ_D = 1, λ_U = 2:
  //             -0.1/4/4 = -0.00625 and +2·0.1/4/4 = 0.0125; -0.0125 and +0.025
  //   apo-zero  ∓β σ′/n = ∓0.2/4/n: 0.025 with n = 2 pairs, 0.05 with 1 (β = 0.2)
  //   apo-down  β(σ′ - σ′)/n = 0 exactly, and +β σ′/n: 0.025 and 0.05 (β = 0.2)
  //   unpaired  ∓β σ′/n, n = 4 responses, and 2: 0.2/4/4 = 0.0125 and 0.025 (β = 0.2)
  static let cases = [
    Case(
      name: "sft", objective: "{sft: {}}", labels: ["chosen", "rejected"], better: [-1.0 / 6, -1.0 / 3],
      worse: [nil, nil]),
    Case(
      name: "sft-smoothed", objective: "{sft: {label-smoothing: 0.1}}", labels: ["chosen", "rejected"],
      better: [-0.15, -0.3], worse: [nil, nil], spread: [-0.1 / 6, -0.1 / 3]),
    Case(
      name: "dpo", objective: "{dpo: {beta: 0.1}}", labels: ["chosen", "rejected"], better: [-0.025, -0.05],
      worse: [0.025, 0.05]),
    Case(
      name: "kto", objective: "{kto: {beta: 0.1, undesirable-weight: 2}}", labels: ["good", "bad"],
      better: [-0.00625, -0.0125], worse: [0.0125, 0.025]),
    Case(
      name: "apo-zero", objective: "{apo-zero: {beta: 0.2}}", labels: ["chosen", "rejected"], better: [-0.025, -0.05],
      worse: [0.025, 0.05]),
    Case(
      name: "apo-down", objective: "{apo-down: {beta: 0.2}}", labels: ["chosen", "rejected"], better: [0, 0],
      worse: [0.025, 0.05]),
    Case(
      name: "apo-zero-unpaired", objective: "{apo-zero-unpaired: {beta: 0.2}}", labels: ["good", "bad"],
      better: [-0.0125, -0.025], worse: [0.0125, 0.025]),
  ]

  @Test(arguments: cases)
  func everyTokenHasTheWeightThatIsWorkedOutByHand(_ expected: Case) throws {
    let outcome = try PreviewSpec(objective: expected.objective).preview(["3", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let examples = try Self.examples(outcome.output)
    #expect(examples.map(\.prompt).map { $0.contains("3+4") } == [false, true, false])
    let texts = examples.map { $0.responses.map { $0.tokens.map(\.text) } }
    #expect(
      texts == [
        [["1", "1", "<|im_end|>"], ["2", "<|im_end|>"]], [["7", "<|im_end|>"], ["1", "2", "<|im_end|>"]],
        [["a", "\n", "\"", "<|im_end|>"], ["\u{FFFD}", "\u{FFFD}", "<|im_end|>"]],
      ])
    #expect(examples.map(\.batch.examples) == [1, 2, 2])
    for example in examples {
      let place = 2 - example.batch.examples
      #expect(example.responses.map(\.label) == expected.labels)
      let weights = [expected.better[place], expected.worse[place]]
      for (response, weight) in zip(example.responses, weights) {
        #expect(response.trained == (weight != nil))
        for token in response.tokens {
          if let weight {
            let found = try #require(token.weight)
            #expect(abs(found - weight) <= 1e-15 && (weight != 0 || found == 0), "\(found) is not \(weight)")
          } else {
            #expect(token.weight == nil)
          }
          let spread = weight == nil ? nil : expected.spread?[place]
          #expect((token.spread == nil) == (spread == nil))
          if let spread, let found = token.spread { #expect(abs(found - spread) <= 1e-15) }
        }
        #expect(response.tokens.map(\.endsTurn) == response.tokens.map { $0.text == "<|im_end|>" })
      }
    }
  }

  @Test(arguments: cases)
  func thePreviewIsTheOneThatWasChecked(_ expected: Case) throws {
    let outcome = try PreviewSpec(objective: expected.objective).preview()
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    try Self.expect(outcome.output, golden: "preview-\(expected.name).txt")
  }

  @Test func storedScoresAreShownAndChangeNoWeight() throws {
    let space = try TestSpace()
    try space.write(PreviewSpec(objective: "{dpo: {beta: 0.1}}").spec, to: "sums.yaml")
    try space.write(PreviewSpec.data, to: "sums.jsonl")
    let before = try Self.examples(try space.run(["preview", "sums.yaml", "3", "--json"]).output)
    #expect(before.flatMap(\.responses).flatMap(\.tokens).allSatisfy { $0.reference == nil })
    let run = try space.run(["exec", "sums.yaml"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let after = try Self.examples(try space.run(["preview", "sums.yaml", "3", "--json"]).output)
    #expect(after.flatMap(\.responses).flatMap(\.tokens).allSatisfy { ($0.reference ?? 1) < 0 })
    #expect(
      before.flatMap(\.responses).flatMap(\.tokens).map(\.weight)
        == after.flatMap(\.responses).flatMap(\.tokens).map(\.weight))
  }

  @Test func examplesThatAModelHasYetToWriteAreNamed() throws {
    var text = PreviewSpec(objective: "{sft: {}}").spec
    text = text.replacingOccurrences(
      of: "generator: {recorded: {responses: [\"{a}\", \"{b}\"]}}",
      with: "generator: {sample: {samples: 1, max-new-tokens: 4}}")
    text = text.split(separator: "\n").filter { !$0.hasPrefix("reviser:") }.joined(separator: "\n")
    let space = try TestSpace()
    try space.write(text, to: "sums.yaml")
    try space.write(PreviewSpec.data, to: "sums.jsonl")
    let before = try space.run(["preview", "sums.yaml", "1"])
    #expect(before.exitCode == 0, "\(before.errors)")
    #expect(before.output.contains("a language model has yet to run:\n  generate sums"), "\(before.output)")
    #expect(before.output.contains("`runner exec sums.yaml --smoke`"))
    #expect(try space.run(["exec", "sums.yaml", "--smoke"]).exitCode == 0)
    let smoke = try space.run(["preview", "sums.yaml", "1", "--smoke"])
    #expect(smoke.exitCode == 0, "\(smoke.errors)")
    #expect(smoke.output.contains("example 1 of 5"), "\(smoke.output)")
    #expect(smoke.output.contains("  response: "))
  }

  @Test func aLastStepThatIsNotTakenIsSaid() throws {
    var text = PreviewSpec(objective: "{sft: {}}").spec
    text = text.replacingOccurrences(of: "epochs: 2", with: "epochs: 0.5")
    let space = try TestSpace()
    try space.write(text, to: "sums.yaml")
    try space.write(PreviewSpec.data, to: "sums.jsonl")
    let outcome = try space.run(["preview", "sums.yaml", "3"])
    #expect(outcome.output.contains("  the training ends before its step 2: a batch of 1 example"), "\(outcome.output)")
  }
}

// MARK: - Reading

extension TrainingPreviews {
  struct Token {
    let text: String
    let weight: Double?
    let spread: Double?
    let reference: Double?
    let endsTurn: Bool
  }

  struct Shown {
    let prompt: String
    let batch: (examples: Int, tokens: Int)
    let responses: [(label: String, trained: Bool, tokens: [Token])]
  }

  private static func examples(_ output: String) throws -> [Shown] {
    try output.split(separator: "\n").compactMap { line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      guard object["example"] != nil else { return nil }
      let batch = try #require(object["batch"] as? [String: Int])
      let responses = try #require(object["responses"] as? [[String: Any]])
      return Shown(
        prompt: try #require(object["prompt"] as? String),
        batch: (batch["examples"] ?? 0, batch["tokens"] ?? 0),
        responses: try responses.map { response in
          let tokens = try #require(response["tokens"] as? [[String: Any]])
          return (
            try #require(response["label"] as? String), try #require(response["trained"] as? Bool),
            tokens.map {
              Token(
                text: $0["text"] as? String ?? "", weight: $0["weight"] as? Double,
                spread: $0["vocabulary-weight"] as? Double, reference: $0["reference"] as? Double,
                endsTurn: $0["end-of-turn"] as? Bool ?? false)
            }
          )
        })
    }
  }

  private static func expect(_ text: String, golden name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/\(name)")
    if (try? String(contentsOf: file, encoding: .utf8)) == text { return }
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
      Issue.record("recorded \(name); check every label and weight, then run without RECORD_GOLDENS")
    } else {
      Issue.record("\(name) is not what the preview is now:\n\(text)")
    }
  }
}
