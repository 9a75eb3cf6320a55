// runner diff: specs by meaning, plans that part, numbers with what they can show, records side by side, runs.

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
    #expect(
      text.contains("\nSpecs\n1 setting differs.\n  evals.text.perplexity.text: {question} → {question} It"), "\(text)")
    #expect(text.contains("  (one.yaml:17:50 → two.yaml:17:50)\n"), "\(text)")
    #expect(text.contains("accuracy") && text.contains("the same outcomes"), "\(text)")
    #expect(text.contains("6 records of these runs"), "\(text)")
    // Compared with itself nothing parts.
    let same = try space.run(["diff", "one.yaml", "results/one"]).output
    #expect(same.contains(" step results in common (100%)") && !same.contains("They part at"), "\(same)")
    #expect(same.components(separatedBy: "the same outcomes").count == 3, "\(same)")
    #expect(same.contains("Specs are not compared: results/one holds none."), "\(same)")
  }

  @Test func recordsOnWhichTheyDiffer() throws {
    let space = try Self.space()
    let text = try space.run(["diff", "one.yaml", "two.yaml", "--records", "1"]).output
    #expect(text.contains("text: 6 records differ") && text.contains("scored "), "\(text)")
    #expect(text.contains("asked   What comes after ") || text.contains("What comes after"), "\(text)")
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
    #expect(text.contains("undecided: the outcomes of both are not in this store"), "\(text)")
    let missing = try space.run(["diff", "results/one", "results/three"])
    #expect(missing.exitCode == 74 && missing.errors.contains("there is no such file"), "\(missing.errors)")
    try space.write(#"{"cells": [{"eval": "a"}]}"#, to: "bad.json")
    let bad = try space.run(["diff", "results/one", "bad.json"])
    #expect(bad.exitCode == 74 && bad.errors.contains("it is no table of results: `at` is missing"), "\(bad.errors)")
    try space.write(Self.experiment("{answer}").spec, to: "fresh.yaml")
    let never = try space.run(["diff", "one.yaml", "fresh.yaml"])
    #expect(
      never.exitCode == 0
        && never.output.contains("The second has not, because steps failed, wait or have not run: text."),
      "\(never.output)")
    let nowhere = try space.run(["diff", "one.yaml", "fresh.yaml", "--store", "nowhere"]).output
    #expect(nowhere.contains("No numbers: fresh.yaml was never run to its end here."), "\(nowhere)")
  }

  // MARK: - Specs

  @Test func specsThatSayTheSameOtherwise() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let spec = SmallExperiment().spec
    let other = spec.replacing("temperature: 0}", with: "temperature: 0.0, samples: 1}")
      .replacing("A small experiment.", with: "The same.").replacing("verifier: number", with: "verifier: {number: {}}")
    #expect(other != spec)
    try space.write("# A comment.\n" + other, to: "other.yaml")
    let text = try space.run(["diff", "small.yaml", "other.yaml"]).output
    #expect(text.contains("\nSpecs\nThe specs mean the same.\n") && !text.contains("They part at"), "\(text)")
    #expect(text.contains("(100%), 0 only of the first, 0 only of the second."), "\(text)")
  }

  /// Two grids: an arm that only one has, and a setting of one cell.
  private static func grid(_ temperature: String, _ arms: String = "") -> SmallExperiment {
    var experiment = SmallExperiment()
    experiment.extra = """
      ablations:
        zeta: {plain: {}, other: {datasets: {numbers: {prompt: "Say: {question}"}}}}
        alpha: {greedy: {}, warm: {evals: {accuracy: {accuracy: {temperature: \(temperature)}}}}\(arms)}
      """
    return experiment
  }

  @Test func cellsAreNamedInTheOrderOfTheSpecWhateverTheSide() throws {
    let space = try TestSpace()
    try Self.grid("0.5").write(to: space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    try space.write(Self.grid("0.7", ", hot: {evals: {accuracy: {accuracy: {temperature: 2}}}}").spec, to: "two.yaml")
    let cells = ["plain/greedy", "plain/warm", "other/greedy", "other/warm"]
    for sides in [
      ["small.yaml", "results/small"], ["results/small", "small.yaml"], ["results/small", "results/small"],
    ] {
      let json = try JSONValue(parsing: Array(try space.run(["diff"] + sides + ["--json"]).output.utf8))
      #expect(json["numbers"]?.arrayValue?.map { $0["cell"]?.stringValue } == cells, "\(sides): \(json.canonical)")
    }
    let text = try space.run(["diff", "small.yaml", "two.yaml"]).output
    #expect(text.contains("ablations.alpha: only the second has hot"), "\(text)")
    #expect(text.contains("only the second has 2 cells: plain/hot; other/hot"), "\(text)")
    #expect(text.contains("evals.accuracy.accuracy.temperature: 0.5 → 0.7"), "\(text)")
    #expect(text.contains("    in plain/warm; other/warm\n"), "\(text)")
    // One line for both cells that part alike.
    #expect(text.contains("for plain/warm; other/warm\n    temperature: 0.5 → 0.7"), "\(text)")
  }

  /// What a cell does is held beside what the same cell of the other spec did, though another cell of it did nearly the same, and
  /// though both specs do it somewhere; a cell that only one has, beside what is nearest.
  @Test func cellsPartFromThemselves() throws {
    func arms(_ temperatures: [(String, String)]) -> SmallExperiment {
      var experiment = SmallExperiment()
      let arms = temperatures.map { "\($0.0): {evals: {accuracy: {accuracy: {temperature: \($0.1)}}}}" }
      experiment.extra = "ablations: {alpha: {\(arms.joined(separator: ", "))}}"
      return experiment
    }
    let space = try TestSpace()
    try arms([("one", "0.1"), ("two", "0.2"), ("three", "0.4")]).write(to: space)
    let other = arms([("one", "0.1"), ("two", "0.4"), ("three", "0.8"), ("four", "0.15")])
    try space.write(other.spec, to: "two.yaml")
    let text = try space.run(["diff", "small.yaml", "two.yaml"]).output
    #expect(text.contains("for three\n    temperature: 0.4 → 0.8"), "\(text)")
    #expect(text.contains("for four\n    the first has no such cell; from its"), "\(text)")
    #expect(text.contains(" for two:\n    temperature: 0.2 → 0.15"), "\(text)")
    let json = try JSONValue(parsing: Array(try space.run(["diff", "small.yaml", "two.yaml", "--json"]).output.utf8))
    let partings = try #require(json["plans"]?["partings"]?.arrayValue)
    let named = partings.map { ($0["cells"]?.canonical ?? "", $0["counterpart"]?["cells"]?.canonical ?? "") }
    #expect(named.map(\.0) == [#"["three"]"#, #"["four"]"#], "\(json.canonical)")
    #expect(named.map(\.1) == [#"["three"]"#, #"["two"]"#], "\(json.canonical)")
    let back = try space.run(["diff", "two.yaml", "small.yaml"]).output
    #expect(back.contains("for two\n    temperature: 0.4 → 0.2"), "\(back)")
    #expect(back.contains("Only the first goes on with:\n") && back.contains("for four"), "\(back)")
  }

  @Test func twoCellsOfOneExperiment() throws {
    let space = try TestSpace()
    try Self.grid("2").write(to: space)
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    let named = ["--cells", "plain/greedy", "other/warm"]
    let text = try space.run(["diff", "small.yaml"] + named + ["--records", "1"]).output
    #expect(text.contains("first   plain/greedy of small.yaml\nsecond  other/warm of small.yaml\n"), "\(text)")
    #expect(text.contains("accuracy") && text.contains("of these runs") || text.contains("same outcomes"), "\(text)")
    // One spec is no other than itself: it is the cells that differ.
    #expect(!text.contains("Specs") && !text.contains("Plans"), "\(text)")
    let output = try space.run(["diff", "small.yaml", "results/small"] + named + ["--json"]).output
    let rows = try JSONValue(parsing: Array(output.utf8))
    #expect(rows["numbers"]?.arrayValue?.count == 1, "\(rows.canonical)")
    #expect(rows["only-first"]?.arrayValue?.isEmpty == true, "\(rows.canonical)")
    let wrong = try space.run(["diff", "small.yaml", "--cells", "plain/greedy", "other/warn"])
    #expect(wrong.exitCode == 64 && wrong.errors.contains("other/warm"), "\(wrong.errors)")
    #expect(try space.run(["diff", "small.yaml", "--cells", "plain/greedy"]).exitCode == 64)
    #expect(try space.run(["diff", "small.yaml"]).errors.contains("or two cells of it with --cells"))
  }

  // MARK: - What cannot be tested

  @Test func aTrainingThatDivergedHasNoNumber() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    try training.write(to: space, as: "sane.yaml")
    training.rate = "1.0e+30"
    try training.write(to: space, as: "wild.yaml")
    #expect(try space.run(["exec", "sane.yaml", "wild.yaml"]).exitCode == 0)
    let outcome = try space.run(["diff", "wild.yaml", "sane.yaml"])
    #expect(outcome.exitCode == 0 && outcome.output.contains("undecided: the first diverged"), "\(outcome)")
    #expect(outcome.output.contains("diverged at step 2"), "\(outcome.output)")
    #expect(
      outcome.output.contains("hyperparameters.optimizer.adamw.learning-rate: 1e+30 → 0.01"), "\(outcome.output)")
    let json = try JSONValue(parsing: Array(try space.run(["diff", "sane.yaml", "wild.yaml", "--json"]).output.utf8))
    let trained = try #require(json["numbers"]?.arrayValue?.first { $0["second-diverged"] != nil }, "\(json.canonical)")
    #expect(trained["second"] == .null && trained["second-diverged"] == "diverged at step 2")
    #expect(trained["undecided"] == "the second diverged" && trained["difference"] == nil)
    let markdown = try space.run(["diff", "wild.yaml", "sane.yaml", "--md"]).output
    #expect(
      markdown.contains("| diverged at step 2 |") && markdown.contains("undecided: the first diverged"), "\(markdown)")
  }

  @Test func recordsThatAreNotTheSame() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    var other = SmallExperiment()
    other.records = (50...70).map { ("What comes after \($0)?", String($0 + 1)) }
    other.heldout = 5
    try space.write(other.data, to: "others.jsonl")
    try space.write(other.spec.replacing("numbers.jsonl", with: "others.jsonl"), to: "other.yaml")
    #expect(try space.run(["exec", "small.yaml", "other.yaml"]).exitCode == 0)
    let text = try space.run(["diff", "small.yaml", "other.yaml"]).output
    #expect(text.contains("undecided: the records are not the same: 0 common of 6 and 5"), "\(text)")
    #expect(text.contains("datasets.numbers.split.heldout: 6 → 5"), "\(text)")
    let csv = try space.run(["diff", "results/small/table.csv", "other.yaml"]).output
    #expect(csv.contains("undecided: the first names no outcomes, as a table.csv does not"), "\(csv)")
  }

  // MARK: - Markdown

  @Test func markdownLinesUp() throws {
    let space = try Self.space()
    let text = try space.run(["diff", "one.yaml", "two.yaml", "--md", "--records", "1"]).output
    #expect(text.contains("## Specs\n\n1 setting differs.\n\n| setting "), "\(text)")
    #expect(text.contains("| `evals.text.perplexity.text` | `{question}` one.yaml:17:50"), "\(text)")
    #expect(text.contains("## Numbers\n\n| cell | eval ") && text.contains("<details><summary>record "), "\(text)")
    // All lines of a table are of one length.
    for table in text.components(separatedBy: "\n\n") where table.hasPrefix("|") {
      let lengths = Set(table.split(separator: "\n").map(\.count))
      #expect(lengths.count == 1, "\(table)")
    }
    #expect(try space.run(["diff", "one.yaml", "two.yaml", "--md", "--json"]).exitCode == 64)
  }

  // MARK: - Runs

  private static func runs(_ space: TestSpace) throws -> [String] {
    try space.run(["runs", "--json"]).output.split(separator: "\n").compactMap {
      try JSONValue(parsing: Array($0.utf8))["run"]?.stringValue
    }
  }

  @Test func runsAreComparedAsTheirSpecsStoodThen() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    #expect(try space.exec(experiment).exitCode == 0)
    experiment.temperature = "0.5"
    #expect(try space.exec(experiment, ["--set", "evals.accuracy.accuracy.max-new-tokens=6"]).exitCode == 0)
    // What the file says now is neither.
    experiment.temperature = "1.5"
    try experiment.write(to: space)
    let names = try Self.runs(space)
    try #require(names.count == 2)
    let outcome = try space.run(["diff", names[1], "last"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let text = outcome.output
    for words in [
      "first   run \(names[1])\nsecond  run \(names[0])\n", "\nRuns\n",
      "only the second computed: generate numbers/heldout",
      "evals.accuracy.accuracy.temperature: 0 → 0.5  (small.yaml:16:", "max-new-tokens: 8 → 6  (small.yaml:16:",
      " → --set:1:", "\nNumbers\ncell ", "all   accuracy",
    ] { #expect(text.contains(words), "\(words): \(text)") }
    #expect(!text.contains("→ 1.5"), "\(text)")
    #expect(text.contains(#/\n--set +– +evals\.accuracy\.accuracy\.max-new-tokens=6\n/#), "\(text)")
    let json = try JSONValue(parsing: Array(try space.run(["diff", names[1], "small.yaml", "--json"]).output.utf8))
    let paths = json["specs"]?["settings"]?.arrayValue?.compactMap { $0["path"]?.stringValue }
    #expect(paths == ["evals.accuracy.accuracy.temperature"], "\(json.canonical)")
    #expect(json["runs"]?.arrayValue?.first?["holds-specs"] == .bool(true) && json["runs"]?.arrayValue?.last == .null)
    // A run of a smoke test plans other steps, and has no table that is told.
    #expect(try space.run(["exec", "small.yaml", "--smoke"]).exitCode == 0)
    let smoke = try space.run(["diff", "last", names[1]])
    #expect(smoke.exitCode == 0 && smoke.output.contains("--smoke  yes"), "\(smoke)")
  }

  @Test func namesThatMeanNothing() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallExperiment()).exitCode == 0)
    let unknown = try space.run(["diff", "small.yaml", "nowhere"])
    #expect(
      unknown.exitCode == 64 && unknown.errors.contains("`nowhere` is no spec, no folder of results"), "\(unknown)")
    #expect(unknown.errors.contains("as `runner runs` lists them"), "\(unknown.errors)")
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    let several = try space.run(["diff", "small.yaml", "2"])
    #expect(several.exitCode == 64 && several.errors.contains("`2` may be any of 2 runs"), "\(several.errors)")
    let none = try space.run(["diff", "small.yaml", "last", "--store", "nothing"])
    #expect(none.exitCode == 64, "\(none.errors)")
  }
}
