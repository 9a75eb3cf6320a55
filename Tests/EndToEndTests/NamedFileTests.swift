// Files that several parts of a spec name: one file of one digest, wherever it may lie; several of unknown digests.

import Digests
import Foundation
import Testing

@Suite struct NamedFiles {
  private static func spec(_ first: String, _ second: String) -> String {
    func dataset(_ source: String) -> String {
      #"{source: {jsonl: \#(source)}, prompt: "{question}", answer: {from: "{answer}", verifier: number}}"#
    }
    return """
      version: 1
      models: {policy: {weights: {random: {layers: 1, width: 16, heads: 2, feed-forward: 32}}, turns: raw}}
      datasets:
        first: \(dataset(first))
        second: \(dataset(second))
      evals:
        one: {accuracy: {on: first, max-new-tokens: 2}}
        two: {accuracy: {on: second, max-new-tokens: 2}}
      """
  }

  /// Whichever is named first, and in whichever file.
  @Test func aFileIsLookedForWhereverItIsNamed() throws {
    let experiment = SmallExperiment()
    let digest = Digest.sha256(experiment.data)
    let (gone, there) = (
      "{sha256: \(digest), from: [{path: gone.jsonl}]}", "{sha256: \(digest), from: [{path: two.jsonl}]}"
    )
    for (first, second) in [(gone, there), (there, gone)] {
      let space = try TestSpace()
      try space.write(experiment.data, to: "two.jsonl")
      try space.write(Self.spec(first, second), to: "both.yaml")
      let outcome = try space.run(["exec", "both.yaml"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      try space.write(Self.spec(first, first), to: "a.yaml")
      try space.write(Self.spec(second, second), to: "b.yaml")
      let two = try space.run(["exec", "a.yaml", "b.yaml", "--store", "other"])
      #expect(two.exitCode == 0, "\(two.errors)")
    }
  }

  /// Each is a step of its own, blocked at its own place, and what reads from one names that one.
  @Test func filesOfUnknownDigestsAreToldApart() throws {
    let space = try TestSpace()
    for name in ["one.jsonl", "two.jsonl"] { try space.write(SmallExperiment().data, to: name) }
    let unknown = ["one", "two"].map { "{sha256: unknown, from: [{path: \($0).jsonl}]}" }
    try space.write(Self.spec(unknown[0], unknown[1]), to: "small.yaml")
    let plan = try space.run(["plan", "small.yaml"])
    #expect(plan.output.contains("2 cannot run"), "\(plan.output)")
    #expect(plan.output.contains("ingest second"), "\(plan.output)")
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 65, "\(outcome.errors)")
    for line in [4, 5] { #expect(outcome.errors.contains("small.yaml:\(line):"), "\(outcome.errors)") }
    #expect(try space.run(["pin", "small.yaml"]).exitCode == 0)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
  }
}
