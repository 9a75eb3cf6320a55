// `choice` as a user runs it, on the real weights, against lm-evaluation-harness's sums on the same items.

import Foundation
import JSON
import Testing

@Suite struct ChoiceReferences {
  /// The items that lm-evaluation-harness joins as it does by itself, one blank between context and option, and those whose
  /// context brings its own white space.
  private static func items() throws -> [JSONValue] {
    let path = "\(TestSpace.repository)/Tests/LanguageModelTests/Fixtures/choice_values.json"
    let fixture = try JSONValue(parsing: Array(Data(contentsOf: URL(fileURLWithPath: path))))
    return (fixture["items"]?.arrayValue ?? []).filter { item in
      item["delimiter"]?.stringValue == " " || item["context"]?.stringValue?.last?.isWhitespace == true
    }
  }

  @Test func theSumsAreTheHarnesss() throws {
    let items = try Self.items()
    #expect(items.count >= 18)
    let space = try TestSpace()
    let examples = items.map { item -> JSONValue in
      let options = (item["options"]?.arrayValue ?? []).compactMap(\.stringValue)
      let best = item["acc"]?.integerValue ?? 0
      let scores = options.enumerated().map { JSONMember($1, .integer($0 == best ? 1 : 0)) }
      return .members(["input": item["context"] ?? .null, "target_scores": .object(JSONObject(scores))])
    }
    try space.write(JSONValue.members(["name": "items", "examples": .array(examples)]).canonicalBytes, to: "task.json")
    try space.write(
      """
      version: 1
      models:
        policy: {weights: {gguf: {from: [{path: "\(try TestSpace.modelPath())"}]}}, turns: raw, system: none}
      datasets:
        items:
          source: {bigbench: {from: [{path: task.json}]}}
          prompt: "{input}"
          answer: {verifier: choice}
      evals:
        sums: {choice: {on: items}}
      """, to: "choice.yaml")
    let run = try space.run(["exec", "choice.yaml"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let lock = try JSONValue(parsing: space.bytes("results/choice/lock.json"))
    let scores = try #require(
      lock["steps"]?.arrayValue?.first { $0["kind"]?.stringValue == "score" }?["outputs"]?["scores"]?.stringValue)
    let lines = try space.run(["store", "cat", scores]).output.split(separator: "\n")
    let found = try lines.map { line in
      (try JSONValue(parsing: Array(line.utf8))["scores"]?.arrayValue ?? []).map { score in
        (score["log-probabilities"]?.arrayValue ?? []).compactMap(\.doubleValue).reduce(0, +)
      }.sorted()
    }
    #expect(found.count == items.count)
    for item in items {
      // The file's names stand in the order of their bytes, and records in that of the split.
      let expected = (item["sums"]?.arrayValue ?? []).compactMap(\.doubleValue).sorted()
      let isThere = found.contains { sums in
        sums.count == expected.count && zip(sums, expected).allSatisfy { abs($0 - $1) < 1e-3 }
      }
      #expect(isThere, "\(item["context"]?.stringValue ?? ""): \(expected)")
    }
    // The likeliest option is the harness's for every item.
    let table = try JSONValue(parsing: space.bytes("results/choice/table.json"))
    #expect(table["cells"]?.arrayValue?.first?["mean"]?.doubleValue == 1)
  }
}
