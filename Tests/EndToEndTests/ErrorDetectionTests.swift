// Detection of errors as an eval, from data to table, with a small random model: what runs, what is counted, the same bits.

import Foundation
import JSON
import Testing

@Suite struct ErrorDetections {
  private static let judgedPrompt = #"judged-prompt: "{question} Judgment: {judgment}""#
  private static let planted =
    #"planted: {error-detection: {on: numbers/heldout, response: "There are {answer} of them here.", errors: planted, \#(judgedPrompt)}}"#
  private static let recorded =
    #"recorded: {error-detection: {on: numbers/heldout, response: "{text}", errors: {recorded: {at: [feedback, errors]}}, error: "“{wrong}” is {kind}.", \#(judgedPrompt)}}"#

  /// Six records, of which one has no error, and one is too long for the model.
  private static func write(to space: TestSpace, evals: [String] = [planted, recorded]) throws {
    try space.write(
      """
      version: 1
      models:
        policy:
          weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
          turns: chatml
          system: none
      datasets:
        numbers:
          source: {jsonl: {from: [{path: numbers.jsonl}]}}
          prompt: "{question}"
          split: {heldout: 6}
      evals:
      \(evals.map { "  \($0)\n" }.joined())
      """, to: "small.yaml")
    let lines = (1...6).map { number -> String in
      let text = number == 6 ? String(repeating: "much ", count: 60) : "It is 7 here and 8 there."
      let errors = number == 1 ? "" : #"{"start":6,"end":7,"kind":"odd"}"#
      return
        #"{"question":"What comes after \#(number)?","answer":"\#(number + 1)","text":"\#(text)","feedback":{"errors":[\#(errors)]}}"#
    }
    try space.write(lines.joined(separator: "\n"), to: "numbers.jsonl")
  }

  private static func cells(_ space: TestSpace) throws -> [String: JSONValue] {
    let cells = try JSONValue(parsing: space.bytes("results/small/table.json"))["cells"]?.arrayValue ?? []
    return Dictionary(uniqueKeysWithValues: cells.compactMap { cell in (cell["eval"]?.stringValue).map { ($0, cell) } })
  }

  @Test func everyRecordIsCountedAndTheAreaHasAnError() throws {
    let space = try TestSpace()
    try Self.write(to: space)
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let cells = try Self.cells(space)
    for name in ["planted", "recorded"] {
      let area = try #require(cells[name]?["mean"]?.doubleValue, "\(cells)")
      #expect(area > 0 && area < 1 && (cells[name]?["standard-error"]?.doubleValue ?? 0) > 0, "\(cells)")
      #expect(cells["\(name) within"]?["mean"]?.doubleValue != nil)
    }
    #expect(cells["planted"]?["counts"]?.canonical == #"{"inside":6,"outside":6}"#)
    #expect(cells["recorded"]?["counts"]?.canonical == #"{"error":1,"inside":4,"no-errors":1,"outside":4}"#)
    #expect(cells["recorded within"]?["counts"]?.canonical == #"{"error":1,"measured":4,"no-errors":1}"#)
    #expect(try Events(try space.run(["exec", "small.yaml", "--json"]).output).ran == [])
  }

  @Test func theSameBitsHoweverItRuns() throws {
    var locks: Set<String> = []
    for arguments in [["--workers", "1"], ["--workers", "3", "--batch", "2"], ["--jobs", "3"]] {
      let space = try TestSpace()
      try Self.write(to: space)
      #expect(try space.run(["exec", "small.yaml"] + arguments).exitCode == 0)
      locks.insert(try space.lock())
    }
    #expect(locks.count == 1)
  }

  /// The judgment is in the judged prompt alone, and every token of it can be seen there.
  @Test func anotherJudgmentChangesTheScoresAndNotTheErrors() throws {
    let space = try TestSpace()
    try Self.write(to: space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    try Self.write(to: space, evals: [Self.planted.replacing("Judgment:", with: "Feedback:"), Self.recorded])
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(
      try Events(outcome.output).ran.map { String($0.prefix { $0 != "," }) } == [
        "judgments of errors in prompts of numbers/heldout", "errors in context of numbers/heldout",
        "score errors of numbers/heldout", "detect errors of numbers/heldout", "table of small",
      ])
  }

  @Test func badErrorsAreToldWithTheirLine() throws {
    let space = try TestSpace()
    try Self.write(to: space)
    let data = try space.read("numbers.jsonl").replacing(#""end":7"#, with: #""end":70"#)
    try space.write(data, to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    let message = "reach from 6 to 70 at place 1, and the response has 25 characters"
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:") && outcome.errors.contains("→"), "\(outcome.errors)")
  }

  @Test func aFieldThatNoRecordHasIsTold() throws {
    let space = try TestSpace()
    try Self.write(to: space, evals: [Self.recorded.replacing("at: [feedback,", with: "at: [remarks,")])
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1 && outcome.errors.contains("has no field `remarks`"), "\(outcome.errors)")
  }
}
