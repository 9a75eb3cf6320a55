// A table over several experiments, from its spec to its files.

import Foundation
import JSON
import Testing

@Suite struct CrossTables {
  private static let table = """
    version: 1
    description: Two experiments.
    experiments:
      cold: {spec: experiments/cold.yaml}
      hot: {spec: experiments/hot.yaml}
    rows:
      greedy: {experiment: cold}
      "T = 1": {experiment: hot, cell: base}
    columns:
      counting | up: {eval: accuracy}
    relative-to: greedy
    """

  private func space(_ extra: String = "") throws -> TestSpace {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    try space.write(experiment.spec.replacing("numbers.jsonl", with: "../numbers.jsonl"), to: "experiments/cold.yaml")
    experiment.temperature = "1"
    try space.write(experiment.spec.replacing("numbers.jsonl", with: "../numbers.jsonl"), to: "experiments/hot.yaml")
    try space.write(experiment.data, to: "numbers.jsonl")
    try space.write(Self.table + "\n" + extra, to: "both.yaml")
    return space
  }

  @Test func runsItsExperimentsAndWritesItsCells() throws {
    let space = try space()
    let valid = try space.run(["validate", "both.yaml"])
    #expect(valid.output == "both.yaml: valid, a table of 2 rows and 1 column over 2 experiments\n", "\(valid.errors)")
    let plan = try space.run(["plan", "both.yaml"])
    #expect(plan.exitCode == 0 && plan.output.contains("table of cold") && plan.output.contains("table of hot"))
    let run = try space.run(["exec", "both.yaml"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("Written to results/both/"), "\(run.output)")
    let table = try JSONValue(parsing: space.bytes("results/both/table.json"))
    let cells = try #require(table["cells"]?.arrayValue)
    #expect(cells.map { $0["row"]?.stringValue } == ["greedy", "T = 1"])
    for (cell, name) in zip(cells, ["cold", "hot"]) {
      let own = try JSONValue(parsing: space.bytes("results/\(name)/table.json"))["cells"]?.arrayValue?.first
      #expect(cell["experiment"]?.stringValue == name && cell["mean"] == own?["mean"] && cell["steps"] == own?["steps"])
      #expect(cell["column"]?.stringValue == "counting | up" && cell["steps"]?.arrayValue?.count == 1)
    }
    let markdown = try space.read("results/both/TABLE.md")
    #expect(markdown.contains("| counting \\| up |") && markdown.contains("| greedy |"), "\(markdown)")
    let before = try space.files(below: "results").map { try space.bytes("results/\($0)") }
    let again = try space.run(["exec", "both.yaml", "experiments/cold.yaml"])
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try space.files(below: "results").map { try space.bytes("results/\($0)") } == before)
  }

  @Test(arguments: [
    "claims: {x: {holds: \"greedy/counting | up > T = 1/counting | up\"}}", "published: {file: n.json}",
  ])
  func whatNobodyReadsYetIsRefused(part: String) throws {
    let space = try space(part)
    let run = try space.run(["exec", "both.yaml"])
    #expect(
      run.exitCode == 65 && run.errors.contains("both.yaml:12:1: error: `\(part.prefix { $0 != ":" })`"),
      "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/results"))
  }
}
