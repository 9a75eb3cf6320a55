// runner diff: plans that part, numbers with what they can show, records side by side.

import Foundation
import JSON
import Testing

@Suite struct Diffs {
  private static func experiment(_ text: String) -> SmallExperiment {
    var experiment = SmallExperiment()
    experiment.extra = "  text: {perplexity: {on: numbers/heldout, text: \"\(text)\"}}"
    return experiment
  }

  /// Two experiments that differ in what perplexity scores, both run.
  private static func space() throws -> TestSpace {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write(experiment("{question}").spec, to: "one.yaml")
    try space.write(experiment("{question} It is {answer}.").spec, to: "two.yaml")
    let outcome = try space.run(["exec", "one.yaml", "two.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return space
  }

  @Test func plansAndNumbersOfTwoSpecs() throws {
    let space = try Self.space()
    let outcome = try space.run(["diff", "one.yaml", "two.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let text = outcome.output
    #expect(text.contains("steps in common ("), "\(text)")
    #expect(text.contains("They part at:\n  render numbers/heldout"), "\(text)")
    #expect(text.contains("It is {answer}.") && text.contains("(two.yaml:"), "\(text)")
    #expect(text.contains("accuracy") && text.contains("the same outcomes"), "\(text)")
    #expect(text.contains("6 records of these runs"), "\(text)")
    // Compared with itself nothing parts.
    let same = try space.run(["diff", "one.yaml", "results/one"]).output
    #expect(!same.contains("Plans:") && same.components(separatedBy: "the same outcomes").count == 3, "\(same)")
  }

  @Test func recordsOnWhichTheyDiffer() throws {
    let space = try Self.space()
    let text = try space.run(["diff", "one.yaml", "two.yaml", "--records", "1"]).output
    #expect(text.contains("text: 6 records differ") && text.contains("scored "), "\(text)")
    let json = try JSONValue(
      parsing: Array(try space.run(["diff", "one.yaml", "two.yaml", "--records", "2", "--json"]).output.utf8))
    let numbers = try #require(json["numbers"]?.arrayValue)
    let differing = numbers.compactMap { $0["differing"]?.arrayValue?.count }
    #expect(differing == [2], "\(json.canonical)")
    #expect((json["plans"]?["shared"]?.integerValue ?? 0) > 3)
    let interval = numbers.compactMap { $0["interval"]?.arrayValue?.compactMap(\.doubleValue) }
    #expect(interval.count == 1 && interval[0].count == 2 && interval[0][0] <= interval[0][1])
  }

  /// Without the store there are only the numbers, and that is said; what no table is, too.
  @Test func tablesWithoutAStore() throws {
    let space = try Self.space()
    let text = try space.run(["diff", "results/one", "results/two/table.json", "--store", "nowhere"]).output
    #expect(text.contains("not compared: outcomes are not stored"), "\(text)")
    let missing = try space.run(["diff", "results/one", "results/three"])
    #expect(missing.exitCode == 74 && missing.errors.contains("there is no such file"), "\(missing.errors)")
    try space.write(#"{"cells": [{"eval": "a"}]}"#, to: "bad.json")
    let bad = try space.run(["diff", "results/one", "bad.json"])
    #expect(bad.exitCode == 74 && bad.errors.contains("it is no table of results: `at` is missing"), "\(bad.errors)")
    try space.write(Self.experiment("{answer}").spec, to: "fresh.yaml")
    let never = try space.run(["diff", "one.yaml", "fresh.yaml"])
    #expect(
      never.exitCode == 0 && never.output.contains("No numbers: fresh.yaml was never run here."), "\(never.output)")
  }
}
