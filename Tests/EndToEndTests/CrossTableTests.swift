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
    #expect(markdown.contains(" counting \\| up |\n") && markdown.contains("| greedy |"), "\(markdown)")
    let before = try space.files(below: "results").map { try space.bytes("results/\($0)") }
    let again = try space.run(["exec", "both.yaml", "experiments/cold.yaml"])
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try space.files(below: "results").map { try space.bytes("results/\($0)") } == before)
  }

  /// What one of its experiments has is shown, and what the other lacks is told, with what to do.
  @Test func halfOfItIsReported() throws {
    let space = try space()
    let none = try space.run(["report", "both.yaml", "-o", "page.html"])
    #expect(none.exitCode == 74 && none.errors.contains("Run `runner exec both.yaml"), "\(none.errors)")
    #expect(try space.run(["exec", "experiments/hot.yaml"]).exitCode == 0)
    let half = try space.run(["report", "both.yaml", "-o", "page.html"])
    #expect(half.exitCode == 0, "\(half.errors)")
    let page = try space.read("page.html")
    #expect(page.contains("No number of experiments/cold.yaml is stored"), "the page does not say what it lacks")
    #expect(page.contains("Not filled: greedy/counting | up (no number).") && page.contains("T = 1"))
    // Commands that follow steps want one experiment, and say which there are.
    for command in [["trace"], ["export", "--records", "records.jsonl"]] {
      let refused = try space.run(command + ["both.yaml"])
      #expect(refused.exitCode == 64, "\(refused)")
      #expect(
        refused.errors.contains("Name the spec of one of them: experiments/cold.yaml, experiments/hot.yaml."),
        "\(refused.errors)")
    }
  }

  /// Specs of two such tables are compared by what they lay out, and by what their experiments mean.
  @Test func itsSpecIsComparedWithAnother() throws {
    let space = try space(#"claims: {hotter: {holds: "greedy/counting | up < T = 1/counting | up"}}"#)
    let same = try space.run(["diff", "both.yaml", "both.yaml"])
    #expect(same.exitCode == 0 && same.output.contains("The specs mean the same."), "\(same)")
    let claims = #"claims: {hotter: {holds: "greedy/counting | up > T = 1/counting | up"}}"#
    let other = Self.table.replacing("hot, cell: base", with: "cold, cell: base")
      .replacing("relative-to: greedy", with: claims).replacing("experiments/hot.yaml", with: "experiments/hotter.yaml")
    try space.write(other, to: "other.yaml")
    let hot = try space.read("experiments/hot.yaml")
    try space.write(hot.replacing("temperature: 1", with: "temperature: 1.5"), to: "experiments/hotter.yaml")
    let diff = try space.run(["diff", "both.yaml", "other.yaml"])
    for line in [
      "Of the tables themselves: 3 settings differ.",
      "rows.T = 1: hot, base → cold, base  (both.yaml:8:3 → other.yaml:8:3)",
      "relative-to: greedy → not set  (both.yaml:11:1)",
      "claims.hotter: greedy/counting | up < T = 1/counting | up → greedy/counting | up > T = 1/counting | up",
      "Of the experiment `hot`:", "evals.accuracy.accuracy.temperature: 1 → 1.5",
    ] { #expect(diff.output.contains(line), "\(line)\n\(diff.output)\(diff.errors)") }
    let json = try JSONValue(parsing: Array(space.run(["diff", "both.yaml", "other.yaml", "--json"]).output.utf8))
    #expect(json["specs"]?["settings"]?.arrayValue?.count == 3, "\(json.canonical)")
    #expect(json["specs"]?["experiments"]?.arrayValue?.count == 1, "\(json.canonical)")
    let half = try space.run(["diff", "both.yaml", "experiments/hot.yaml"])
    #expect(half.output.contains("one is of a table over several experiments, the other is of none"), "\(half)")
    // Such results have no steps of their own.
    #expect(try space.run(["exec", "both.yaml"]).exitCode == 2)
    let reproduced = try space.run(["reproduce", "results/both"])
    #expect(
      reproduced.exitCode == 64 && reproduced.errors.contains("Name the folder of each of its experiments"),
      "\(reproduced)")
    // Each experiment's lock names the program and its libraries.
    let lock = try JSONValue(parsing: space.bytes("results/hot/lock.json"))
    let program = lock["program"]?.stringValue ?? ""
    #expect(program.contains(#/^runner [0-9.]+, libyaml [0-9.]+, zstd [0-9.]+$/#), "\(program)")
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
      run.errors.contains("both.yaml:14:3: error: the claim `hotter` of both is undecided: greedy/counting | up < "),
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
    #expect(
      try space.read("results/both/claims.csv").contains("\nhotter,greedy/counting | up < T = 1/counting | up,true,"))
    // Both by the spec and by the file that was written.
    for name in ["both.yaml", "results/both"] {
      let shown = try space.run(["table", name])
      #expect(shown.exitCode == 0 && shown.output.contains("hotter: greedy"), "\(shown.errors)\(shown.output)")
      #expect(shown.output.contains(" counting | up\n") && shown.output.contains("[47.1]\n"), "\(shown.output)")
    }
  }

  /// Both experiments fetch and split the same data, and `hot` differs in the temperature alone.
  @Test func aPageHasTheTableAndEachExperimentOnce() throws {
    let space = try space(
      """
      published: {file: paper.yaml}
      claims:
        hotter: {holds: "greedy/counting | up < T = 1/counting | up", required: false}
      """)
    try space.write("version: 1\nsource: A <paper>\nrows: {greedy: {counting | up: 47.1}}\n", to: "paper.yaml")
    let early = try space.run(["report", "both.yaml"])
    #expect(early.exitCode == 74 && early.errors.contains("Run `runner exec both.yaml` first."), "\(early.errors)")
    #expect(try space.run(["exec", "both.yaml"]).exitCode == 0)
    let outcome = try space.run(["report", "both.yaml"])
    #expect(outcome.exitCode == 0 && outcome.output.hasPrefix("both.html: "), "\(outcome.errors)")
    let page = try ReportPage("both.html", in: space)
    #expect(page.faults == [])
    #expect(
      page.sections.prefix(2) == ["results", "claims"] && page.html.contains("<h1>both</h1>"), "\(page.sections)")
    for section in ["e1-results", "e1-plan", "e1-data", "e2-results", "e2-plan", "e2-cost", "e2-data"] {
      #expect(page.sections.contains(section), "\(section) of \(page.sections)")
    }
    let results = try page.section("results")
    #expect(results.contains("[47.1]") && results.contains("In brackets: A <paper>"), "\(results)")
    #expect(results.contains("greedy/counting | up cold") && results.contains("T = 1/counting | up hot"), "\(results)")
    let claims = try page.section("claims")
    #expect(claims.contains("hotter (not required) undecided"), "\(claims)")
    #expect(try page.section("e1-data").contains("numbers.jsonl") && !page.section("e2-data").contains("sha256"))
    #expect(try page.section("e2-data").contains("The same as of cold , and shown there: "))
    let cost = try page.section("e2-cost")
    #expect(cost.contains("seconds are also steps of cold"), "\(cost)")
    // Named beside its table, an experiment is told of once.
    let again = try space.run(["report", "experiments/hot.yaml", "both.yaml", "-o", "again.html"])
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try ReportPage("again.html", in: space).sections.filter { $0.hasSuffix("-results") }.count == 2)
    let other = try space.run(["report", "both.yaml", "--relative-to", "T = 1", "-o", "other.html"])
    #expect(other.exitCode == 0, "\(other.errors)")
    let unknown = try space.run(["report", "both.yaml", "--relative-to", "base"])
    #expect(unknown.exitCode == 64 && unknown.errors.contains("there is no row or cell `base`"), "\(unknown.errors)")
  }

  @Test func aFolderOfItsResultsIsReportedIfItsSpecIsFound() throws {
    let space = try space()
    #expect(try space.run(["exec", "both.yaml"]).exitCode == 0)
    let lost = try space.run(["report", "results/both"])
    #expect(lost.exitCode == 74, "\(lost.errors)")
    #expect(lost.errors.contains("its spec, which says which ones, is not experiments/both.yaml"), "\(lost.errors)")
    try space.write(Self.table.replacing("experiments/", with: ""), to: "experiments/both.yaml")
    let found = try space.run(["report", "results/both/", "-o", "folder.html"])
    #expect(found.exitCode == 0, "\(found.errors)")
    #expect(try space.run(["report", "experiments/both.yaml", "-o", "spec.html"]).exitCode == 0)
    #expect(try space.read("folder.html") == space.read("spec.html"))
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
