// runner table: one experiment as its spec asks, several beside each other, every form, and what it refuses.

import Foundation
import JSON
import Testing

@Suite struct TableCommands {
  private static func space() throws -> TestSpace {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.extra = """
        text: {perplexity: {on: numbers/heldout, text: "{question}"}}
      ablations:
        prompt: {short: {}, long: {datasets: {numbers: {prompt: "{question} Answer with a number."}}}}
        heat: {cold: {}, warm: {evals: {accuracy: {accuracy: {temperature: 0.9}}}}}
      table: {rows: prompt, columns: heat, value: accuracy}
      """
    try experiment.write(to: space)
    try space.write(experiment.spec, to: "one.yaml")
    try space.write(experiment.spec.replacing("temperature: 0.9", with: "temperature: 0.8"), to: "two.yaml")
    let outcome = try space.run(["exec", "one.yaml", "two.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return space
  }

  @Test func oneExperimentAndSeveral() throws {
    let space = try Self.space()
    let own = try space.run(["table", "one.yaml"])
    #expect(own.exitCode == 0, "\(own.errors)")
    #expect(own.output.hasPrefix("prompt  "), "\(own.output)")
    #expect(own.output.contains("cold") && own.output.contains("warm") && !own.output.contains("\u{1B}"))
    let both = try space.run(
      [
        "table", "one.yaml", "results/two", "--eval", "accuracy", "--rows", "experiment,prompt", "--columns", "heat",
        "--relative-to", "one/short",
      ])
    #expect(both.exitCode == 0, "\(both.errors)")
    #expect(both.output.contains("one         long"), "\(both.output)")
    // What both have in common is known to be the same, not merely equal.
    #expect(both.output.contains(" =)"), "\(both.output)")
    let markdown = try space.run(["table", "one.yaml", "--format", "markdown"]).output
    #expect(markdown.contains(#/^\| prompt \| +cold \| +warm \|\n\| -+ \| -+: \| -+: \|\n/#), "\(markdown)")
    #expect(try space.run(["table", "one.yaml", "--format", "latex"]).output.contains("\n\\begin{tabular}{lrr}\n"))
    let csv = try space.run(["table", "one.yaml", "--format", "csv"]).output
    #expect(csv.hasPrefix("prompt,heat,eval,mean,") && csv.split(separator: "\n").count == 5, "\(csv)")
    let json = try JSONValue(
      parsing: Array(
        try space.run(
          [
            "table", "one.yaml", "two.yaml", "--relative-to", "one/short", "--rows", "experiment,prompt", "--columns",
            "heat", "--eval", "accuracy", "--format", "json",
          ]
        ).output.utf8))
    #expect(json["rows"]?.arrayValue?.count == 4, "\(json.canonical)")
    let cells = json["rows"]?.arrayValue?.flatMap { $0["cells"]?.arrayValue ?? [] } ?? []
    #expect(cells.count { $0["difference"] != nil } == 6 && cells.allSatisfy { $0["best"] != nil })
  }

  /// Numbers of an earlier form of a spec are not shown as those of the spec.
  @Test func aFolderOfResultsCountsOnlyForTheSpecAsItIs() throws {
    let space = try Self.space()
    let stored = try space.run(["table", "one.yaml", "--format", "csv"])
    let written = try space.run(["table", "one.yaml", "--format", "csv", "--store", "nowhere"])
    #expect(written.exitCode == 0 && written.errors.isEmpty && written.output == stored.output, "\(written.errors)")
    let spec = try space.read("one.yaml")
    try space.write(spec.replacing("temperature: 0.9", with: "temperature: 0.7"), to: "one.yaml")
    let part = try space.run(["table", "one.yaml"])
    let lacking = "because their steps have not run: short/warm, accuracy; long/warm, accuracy."
    #expect(part.exitCode == 0 && part.output.contains(lacking), "\(part.output)\(part.errors)")
    let stale = try space.run(["table", "one.yaml", "--store", "nowhere"])
    #expect(stale.exitCode == 74 && stale.output.isEmpty, "\(stale.output)")
    #expect(stale.errors.contains("the results in results/one are of another form of one.yaml"), "\(stale.errors)")
    let compared = try space.run(["diff", "one.yaml", "two.yaml"])
    let words = [
      "The results in results/one are of another form of one.yaml, so they are not compared.",
      "The first has not, because steps failed, wait or have not run: accuracy of short/warm",
    ]
    #expect(words.allSatisfy { compared.output.contains($0) }, "\(compared.output)")
    // A comment or a description makes no other results.
    try space.write("# \(spec.split(separator: "\n")[0])\n" + spec, to: "one.yaml")
    #expect(try space.run(["table", "one.yaml", "--store", "nowhere"]).exitCode == 0)
    // Without its lock nobody knows what a table is of.
    try FileManager.default.removeItem(atPath: "\(space.path)/results/one/lock.json")
    #expect(try space.run(["table", "one.yaml", "--store", "nowhere"]).exitCode == 74)
    try space.write("{}", to: "results/one/lock.json")
    let damaged = try space.run(["table", "one.yaml", "--store", "nowhere"])
    #expect(damaged.exitCode == 74 && damaged.errors.contains("`steps` is missing"), "\(damaged.errors)")
  }

  /// One cell that fails hides no other, and is named.
  @Test func anExperimentThatLacksACell() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.extra = "ablations:\n  size:\n    enough: {}\n    short: {hyperparameters: {examples: 1000}}\n"
    try training.write(to: space)
    #expect(try space.run(["table", "small.yaml"]).exitCode == 74)
    #expect(try space.run(["exec", "small.yaml", "--keep-going"]).exitCode == 1)
    let table = try space.run(["table", "small.yaml"])
    #expect(table.exitCode == 0 && table.output.contains("\nenough "), "\(table.output)\(table.errors)")
    let words = #/1 of 3 numbers is not there, because `examples .+` failed \(1000 .+\): short, accuracy\. `runner/#
    #expect(table.output.contains(words) && !table.output.contains("have not run"), "\(table.output)")
    // The row of what failed stands, empty, in every form.
    #expect(table.output.contains(#/\nshort +–/#), "\(table.output)")
    let csv = try space.run(["table", "small.yaml", "--format", "csv"]).output
    #expect(csv.contains(",short,accuracy,,,,0,0\n"), "\(csv)")
    // Other commands show what is there, too, and say what is not.
    let diff = try space.run(["diff", "small.yaml", "small.yaml"])
    #expect(diff.exitCode == 0 && diff.output.contains("enough"), "\(diff.output)")
    #expect(diff.output.contains("The first has not, because steps failed, wait or have not run: "), "\(diff.output)")
    // A run that did not come to its table came to a part of it.
    let run = try space.run(["diff", "last", "small.yaml"])
    #expect(run.output.contains("of its numbers those that it came to"), "\(run.output)\(run.errors)")
    #expect(run.output.contains(#/\nenough +accuracy +[0-9]/#), "\(run.output)")
    let cells = try space.run(["diff", "small.yaml", "--cells", "enough", "short"])
    let lacks = "The second has not, because steps failed, wait or have not run: accuracy"
    #expect(cells.exitCode == 0 && cells.output.contains(lacks), "\(cells.output)\(cells.errors)")
    let report = try space.run(["report", "small.yaml", "-o", "page.html"])
    #expect(report.exitCode == 0, "\(report.errors)")
    let page = try space.read("page.html")
    #expect(page.contains("1 of 3 numbers is not there, because") && page.contains(">short<"), "\(report.output)")
    let records = try space.run(["export", "small.yaml", "--records", "records.jsonl"])
    #expect(records.exitCode == 0 && records.errors.contains("its records are left out"), "\(records.errors)")
    #expect(try space.read("records.jsonl").contains("\"cell\":\"enough\""))
    let short = try space.run(["export", "small.yaml", "--records", "none.jsonl", "--cell", "short"])
    #expect(short.exitCode == 74 && short.errors.contains("are not stored"), "\(short.errors)")
  }

  /// A number of one seed has that seed, and the model before training has none.
  @Test func theOnlySeedIsNamed() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.extra = "seeds: {values: [4], vary: [training]}"
    #expect(try space.exec(training).exitCode == 0)
    #expect(try space.run(["export", "small.yaml", "--records", "records.jsonl"]).exitCode == 0)
    let lines = try space.read("records.jsonl").split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(lines.contains { $0["cell"]?.stringValue == "base" } && lines.contains { $0["seed"]?.stringValue == "4" })
    for line in lines {
      #expect((line["cell"]?.stringValue == "base") == (line["seed"] == .null), "\(line.canonical)")
    }
    let table = try space.run(["table", "small.yaml", "--rows", "seed"])
    #expect(table.output.contains(#/\n4 /#) && table.output.contains(#/\nbase/#), "\(table.output)\(table.errors)")
  }

  /// A table that names the axis `seed` shows each seed's number with its own error, and compares them over records.
  @Test func seedsAsRows() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.temperature = "1"
    experiment.extra = """
      seeds: {values: [3, 7], vary: [generation]}
      ablations: {heat: {cold: {}, warm: {evals: {accuracy: {accuracy: {temperature: 0.9}}}}}}
      """
    try experiment.write(to: space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    let means = try space.run(["table", "small.yaml"]).output
    #expect(!means.contains("seed  ") && means.contains("2 seeds"), "\(means)")
    let asked = try space.run(["table", "small.yaml", "--rows", "heat,seed"])
    #expect(asked.output.contains(#/cold +3 /#) && asked.output.contains(#/warm +7 /#), "\(asked)")
    experiment.extra += "\ntable: {rows: heat, columns: seed, value: accuracy}\n"
    try experiment.write(to: space)
    let run = try space.run(["exec", "small.yaml"])
    #expect(run.exitCode == 0 && run.output.contains(#/heat +3 +7/#), "\(run.output)\(run.errors)")
    let csv = try space.read("results/small/table.csv").split(separator: "\n")
    #expect(csv.count == 5 && csv[0].hasPrefix("heat,seed,eval,mean"), "\(csv)")
    // The file keeps means with their seeds, and names these, so that it lays out alike without a store.
    let stored = try space.run(["table", "small.yaml"])
    let written = try space.run(["table", "small.yaml", "--store", "nowhere"])
    #expect(stored.output.contains(#/heat +3 +7/#) && written.output.contains(#/heat +3 +7/#), "\(written.output)")
    let json = try JSONValue(parsing: space.bytes("results/small/table.json"))
    let cells = try #require(json["cells"]?.arrayValue)
    #expect(cells.count == 2 && cells[0]["seed-names"]?.arrayValue?.compactMap(\.stringValue) == ["3", "7"])
    #expect(try space.run(["report", "small.yaml", "-o", "page.html"]).exitCode == 0)
    #expect(try space.read("page.html").contains(">seed"), "the page has no axis")
  }

  @Test(arguments: [
    (["one.yaml", "--eval", "acuracy"], 64, "Did you mean `accuracy`?"),
    (["one.yaml", "--rows", "hat"], 64, "there is no axis `hat`"),
    (["one.yaml", "--rows", "heat", "--columns", "seed,heat"], 64, "`heat` is named twice"),
    (["one.yaml", "--relative-to", "base"], 64, "there is no row or cell `base`"),
    (["results/one", "--columns", "heat"], 64, "name it with --eval"),
    (["nowhere"], 74, "there is no such file"),
    (["never.yaml"], 74, "no table of never.yaml is stored: it was never run here, or never to its end"),
  ])
  func whatItRefuses(arguments: [String], exit: Int32, saying text: String) throws {
    let space = try Self.space()
    try space.write(try space.read("one.yaml").replacing("seed: 1", with: "seed: 2"), to: "never.yaml")
    let outcome = try space.run(["table"] + arguments)
    #expect(outcome.exitCode == exit && outcome.errors.contains(text), "\(outcome.exitCode) \(outcome.errors)")
  }
}
