// A model that learned instructions in hindsight is told something else in an eval, on each of two data sets by itself.
// A small random model; what is looked at is what it was asked, and that the table has every number with its counts.

import Foundation
import JSON
import Testing

@Suite struct Steering {
  private static let told = #"variables: {instruction: "Answer wrongly."}"#
  private static let spec = """
    version: 1
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 512, seed: 1}}
        turns: chatml
        system: none
    datasets:
      numbers:
        source: {jsonl: {from: [{path: numbers.jsonl}]}}
        prompt: "{instruction} {question}"
        answer: {from: "{answer}", verifier: number}
        split: {heldout: 4, train: rest}
      counting:
        source: {task: {object-counting: {objects: [2, 4], records: 13, seed: 7}}}
        prompt: "{instruction} {question}"
        answer: {from: "{answer}", verifier: number}
        split: {heldout: 5, train: rest}
    data: {mixture: {numbers: 1, counting: 1}}
    variables: {instruction: "Answer rightly."}
    generator: {recorded: {responses: ["It is 0.", "It is {answer}."]}}
    reviser: [{hindsight: {by: verifier, bind: instruction, right: "Answer rightly.", wrong: "Answer wrongly."}}]
    objective: {hir: {form: code}}
    hyperparameters:
      adapter: {lora: {rank: 2, alpha: 4}}
      optimizer: {adamw: {learning-rate: 1.0e-2}}
      batch: {examples: 4}
      epochs: 1
    evals:
      accuracy: {accuracy: {on: heldout, by: dataset, max-new-tokens: 4, temperature: 0}}
      told to be wrong:
        accuracy: {on: heldout, by: dataset, max-new-tokens: 4, temperature: 0, \(told)}
    """

  private func space() throws -> TestSpace {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.records = SmallExperiment.questions(12)
    try space.write(experiment.data, to: "numbers.jsonl")
    return space
  }

  private func exec(_ spec: String, in space: TestSpace) throws -> Events {
    try space.write(spec, to: "steering.yaml")
    let outcome = try space.run(["exec", "steering.yaml", "--json"])
    try #require(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    return try Events(outcome.output)
  }

  /// The prompts of all steps with a label that begins so, each as its lines.
  private func prompts(_ label: String, _ space: TestSpace) throws -> [[String]] {
    let lock = try JSONValue(parsing: space.bytes("results/steering/lock.json"))
    let steps = (lock["steps"]?.arrayValue ?? []).filter { $0["label"]?.stringValue?.hasPrefix(label) == true }
    return try steps.compactMap { $0["outputs"]?["prompts"]?.stringValue }.map { digest in
      try space.run(["store", "cat", digest]).output.split(separator: "\n").map(String.init)
    }
  }

  @Test func theTableHasBothInstructionsAndBothDataSets() throws {
    let space = try space()
    _ = try exec(Self.spec, in: space)
    let table = try JSONValue(parsing: space.bytes("results/steering/table.json"))
    let cells = table["cells"]?.arrayValue ?? []
    let places = Set(
      cells.map { cell in
        [cell["eval"], cell["at"]?["dataset"], cell["at"]?["base"]].map { $0?.stringValue ?? "" }
      })
    let expected: [[String]] = ["accuracy", "told to be wrong"].flatMap { eval in
      ["numbers", "counting"].flatMap { [[eval, $0, "base"], [eval, $0, ""]] }
    }
    #expect(cells.count == 8 && places == Set(expected), "\(table.canonical)")
    for cell in cells {
      let records = cell["at"]?["dataset"]?.stringValue == "numbers" ? 4 : 5
      let kinds = cell["counts"]?.objectValue?.members ?? []
      #expect(cell["records"]?.integerValue == records, "\(cell.canonical)")
      #expect(kinds.reduce(0) { $0 + ($1.value.integerValue ?? 0) } == records, "\(cell.canonical)")
      #expect(Set(kinds.map(\.name)).isSubset(of: ["right", "wrong", "unparsed"]), "\(cell.canonical)")
      let mean = try #require(cell["mean"]?.doubleValue, "\(cell.canonical)")
      let right = cell["counts"]?["right"]?.integerValue ?? 0
      #expect(abs(mean - Double(right) / Double(records)) < 1e-12, "\(cell.canonical)")
    }
    // No two numbers are of the same step: other questions were asked, or another model.
    let steps = cells.compactMap { $0["steps"]?.arrayValue?.first?["key"]?.stringValue }
    #expect(Set(steps).count == 8)
    let markdown = unpadded(try space.read("results/steering/TABLE.md"))
    #expect(markdown.contains("| dataset | accuracy | told to be wrong |"), "\(markdown)")
    for row in ["| numbers, base |", "| counting, base |", "| numbers |", "| counting |"] {
      #expect(markdown.split(separator: "\n").count { $0.hasPrefix(row) } == 1, "\(row): \(markdown)")
    }
    #expect(try exec(Self.spec, in: space).ran == [])
  }

  @Test func theEvalsInstructionStandsInItsPromptsAlone() throws {
    let space = try space()
    _ = try exec(Self.spec, in: space)
    for (dataset, records) in [("numbers", 4), ("counting", 5)] {
      let heldout = try prompts("render \(dataset)/heldout", space)
      #expect(heldout.count == 2 && heldout.allSatisfy { $0.count == records }, "\(heldout)")
      for instruction in ["Answer rightly. ", "Answer wrongly. "] {
        #expect(heldout.count { $0.allSatisfy { $0.contains(instruction) } } == 1, "\(heldout)")
      }
    }
    // Another instruction in the eval is other questions, and no other training.
    let other = Self.spec.replacing(Self.told, with: #"variables: {instruction: "Say nothing."}"#)
    let ran = try exec(other, in: space).ran
    #expect(ran.contains { $0.hasPrefix("render numbers/heldout") }, "\(ran)")
    #expect(ran.contains { $0.hasPrefix("render counting/heldout") }, "\(ran)")
    #expect(!ran.contains { $0.hasPrefix("train") || $0.hasPrefix("hindsight") }, "\(ran)")
    #expect(try exec(Self.spec, in: space).ran == [])
  }
}
