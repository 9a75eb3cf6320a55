// What CUT compares token by token: the same token behind the plain and behind the judged prompt. The first step of a
// training, whose adapter is still nothing, is held against log-probabilities that another command gives.

import Foundation
import Testing

@Suite struct JudgedTokens {
  private static let response = "The sum of these is 12, I think."
  private static let (factor, weight, exponent) = (1.1, 0.5, 0.5)

  private func space() throws -> TestSpace {
    let objective = """
      {cut: {form: paper-v4, lambda: \(Self.factor), alpha: \(Self.weight), gamma: \(Self.exponent), \
      judged-prompt: "{question} ({judgment})"}}
      """
    let space = try TestSpace()
    let eval = #"evals: {text: {perplexity: {on: sums, text: "{a}"}}}"#
    try space.write(MethodPreview.judged(objective).spec + "\n\(eval)\n", to: "sums.yaml")
    try space.write(
      MethodPreview.data.replacing(#""a":"12""#, with: #""a":"\#(Self.response)""#), to: "sums.jsonl")
    return space
  }

  /// The log-probabilities of a response and its end of turn behind a prompt.
  private func scores(_ user: String, _ response: String, _ space: TestSpace) throws -> [Double] {
    let text = "<|im_start|>user\n\(user)<|im_end|>\n<|im_start|>assistant\n\(response)<|im_end|>"
    let outcome = try space.run(["model", "score", "sums.yaml", text, "--special"])
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    let all = try #require(json?["log-probabilities"] as? [Any], "\(outcome.errors)")
    // A byte is a token.
    return try all.suffix(response.utf8.count + 1).map { try #require($0 as? Double) }
  }

  @Test func aTokenIsComparedWithItselfBehindTheOtherPrompt() throws {
    let space = try space()
    #expect(try space.run(["exec", "sums.yaml"]).exitCode == 0)
    let log = try space.run(["store", "cat", "train cut", "log"]).output
    let first = try JSONSerialization.jsonObject(with: Data(log.split(separator: "\n")[0].utf8)) as? [String: Any]
    let metrics = try #require(first?["metrics"] as? [String: Double], "\(log)")

    let good = try scores("3+4", "7", space)
    let plain = try scores("6+5", Self.response, space)
    let judged = try scores("6+5 (No.)", Self.response, space)
    let count = Double(plain.count)
    let isInappropriate = zip(plain, judged).map { $1 > $0 + log1p(Self.factor - 1) }
    let flagged = isInappropriate.count { $0 }
    // A part of the response, so that flags, weights or log-probabilities one token further on give other numbers.
    #expect(flagged > 2 && flagged < plain.count - 2)
    var terms: [Double] = []
    for (place, flag) in isInappropriate.enumerated() {
      let unlikely = Self.weight * exp(Self.exponent * judged[place]) * log1p(-exp(plain[place]))
      terms.append(flag ? unlikely : plain[place])
    }
    // Two examples.
    let expected = [
      "align-p": -good.reduce(0, +) / Double(good.count) / 2, "align-n": -judged.reduce(0, +) / count / 2,
      "misalign": -terms.reduce(0, +) / count / 2, "inappropriate": Double(flagged) / count,
    ]
    for (name, value) in expected {
      let found = try #require(metrics[name])
      #expect(abs(found - value) < 1e-6 * abs(value), "\(name): \(found), not \(value)")
    }
  }
}
