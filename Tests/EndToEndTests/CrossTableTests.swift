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

  @Test func claimsAndPublishedNumbersStandInIt() throws {
    let space = try space(
      """
      published: {file: paper.yaml}
      claims:
        hotter: {holds: "greedy/counting | up < T = 1/counting | up"}
      """)
    try space.write(
      "version: 1\nsource: A paper\nrows: {greedy: {counting | up: 47.1}, \"T = 1\": {counting | up: null}}\n",
      to: "paper.yaml")
    let run = try space.run(["exec", "both.yaml"])
    #expect(run.exitCode == 2, "\(run.errors)")
    #expect(
      run.errors.contains("both.yaml:13:1: error: the claim `hotter` of both is undecided: greedy/counting | up < "),
      "\(run.errors)")
    let markdown = try space.read("results/both/TABLE.md")
    #expect(
      markdown.contains(" [47.1] |") && markdown.contains(" [?] |") && markdown.contains("## Claims"), "\(markdown)")
    #expect(
      markdown.contains("| hotter | greedy/counting \\| up < T = 1/counting \\| up | **undecided**: "), "\(markdown)")
    let table = try JSONValue(parsing: space.bytes("results/both/table.json"))
    #expect(table["claims"]?.arrayValue?.first?["verdict"]?.stringValue == "undecided")
    #expect(table["cells"]?.arrayValue?.map { $0["published"] } == [.number(0.471), .null])
    #expect(try space.read("results/both/table.csv").contains(",published\n"))
    // Both by the spec and by the file that was written.
    for name in ["both.yaml", "results/both"] {
      let shown = try space.run(["table", name])
      #expect(shown.exitCode == 0 && shown.output.contains("hotter: greedy"), "\(shown.errors)\(shown.output)")
      #expect(shown.output.contains(" counting | up\n") && shown.output.contains("[47.1]\n"), "\(shown.output)")
    }
  }

  @Test(arguments: [
    ("greedy: {counting: 1}", "paper.yaml:3:17: error: There is no column of the table `counting`"),
    ("greed: {counting | up: 1}", "paper.yaml:3:8: error: There is no row of the table `greed`"),
  ])
  func publishedNamesMustBeTheTables(rows: String, told: String) throws {
    let space = try space("published: {file: paper.yaml}")
    try space.write("version: 1\nsource: A paper\nrows: {\(rows)}\n", to: "paper.yaml")
    let run = try space.run(["validate", "both.yaml"])
    #expect(run.exitCode == 65 && run.errors.contains(told) && run.errors.contains("→"), "\(run.errors)")
  }
}
