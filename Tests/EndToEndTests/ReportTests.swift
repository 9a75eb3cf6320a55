// `runner report` on a small model's experiments: every section with the numbers of the store, the same bytes each
// time.

import Foundation
import JSON
import Testing

@Suite struct ReportCommands {
  /// Two objectives, two seeds of training, pairs by minimal revision.
  private static var training: SmallTraining {
    var training = SmallTraining()
    training.objective = ""
    training.reviser = "[{minimal-revision: {by: verifier}}]"
    training.extra = """
      description: Small & <b>quick</b>.
      seeds: {values: [1, 2], vary: [training]}
      ablations:
        objective:
          DPO: {objective: {dpo: {beta: 0.5}}}
          APO-zero: {objective: {apo-zero: {beta: 0.5}}}
      """
    return training
  }

  private func reported(_ space: TestSpace, _ arguments: [String]) throws -> RunOutcome {
    let outcome = try space.run(["report"] + arguments)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return outcome
  }

  @Test func everySectionTellsTheStoresNumbers() throws {
    let space = try TestSpace()
    let outcome = try space.exec(Self.training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let before = space.files(below: ".runner-store")
    #expect(try reported(space, ["small.yaml"]).output.hasPrefix("small.html: "))
    #expect(space.files(below: ".runner-store") == before)
    let page = try ReportPage("small.html", in: space)
    #expect(page.faults == [])
    #expect(page.sections == ["results", "curves", "stages", "pairs", "answers", "examples", "plan", "cost", "data"])
    #expect(page.html.contains("Small &amp; &lt;b&gt;quick&lt;/b&gt;."))

    let table = try JSONValue(parsing: space.bytes("results/small/table.json"))["cells"]?.arrayValue ?? []
    let results = try page.section("results")
    for cell in table {
      for step in cell["steps"]?.arrayValue ?? [] {
        let key = try #require(step["key"]?.stringValue)
        #expect(results.contains(String(key.prefix(12))))
      }
    }
    #expect(table.count == 3 && results.contains("DPO") && results.contains("APO-zero") && results.contains("base"))

    let curves = try page.section("curves")
    for seed in [1, 2] {
      let log = try space.log(of: "train dpo, seed \(seed)")
      #expect(log.count == 6)
    }
    let losses = try [1, 2].map { try #require(try space.log(of: "train dpo, seed \($0)").last?["loss"] as? Double) }
    let mean = String(format: "%.4f", (losses[0] + losses[1]) / 2)
    #expect(curves.contains("DPO: 0.6931 at step 1, \(mean) at step 6"), "\(curves)")
    let titles = [
      "Loss", "Margin", "Log-ratio of chosen responses", "Log-ratio of rejected responses", "Gradient norm",
    ]
    for title in titles {
      #expect(curves.contains(title), "\(title)")
    }

    #expect(try page.section("stages").contains("minimal-revision numbers/train"))
    #expect(try page.section("pairs").contains("examples of numbers/train"))
    #expect(try page.section("answers").contains("What comes after"))
    #expect(page.html.contains("<del>0</del>") && page.html.contains("<ins>"))
    #expect(try page.section("plan").contains("train dpo, seed 2"))
    #expect(try page.section("cost").contains("APO-zero"))
    #expect(try page.section("data").contains("16 records"))
  }

  @Test func theSameStoreGivesTheSameBytes() throws {
    let space = try TestSpace()
    #expect(try space.exec(Self.training).exitCode == 0)
    _ = try reported(space, ["small.yaml"])
    _ = try reported(space, ["small.yaml", "-o", "again.html", "--json"])
    #expect(try space.read("small.html") == space.read("again.html"))
    _ = try reported(space, ["results/small", "small.yaml"])
    let both = try ReportPage("report.html", in: space)
    #expect(both.faults == [])
    #expect(both.sections.filter { $0.hasPrefix("e2-") }.count == 9 && both.sections.contains("e1-results"))
  }

  @Test func hostileRecordsStayText() throws {
    let space = try TestSpace()
    var training = Self.training
    training.generator = #"[{recorded: {responses: ["</style><script>0</script>\u001b[31m", "It is {answer}."]}}]"#
    training.reviser = "[{judge: {by: verifier}}]"
    #expect(try space.exec(training).exitCode == 0)
    _ = try reported(space, ["small.yaml"])
    let page = try ReportPage("small.html", in: space)
    #expect(page.faults == [])
    #expect(!page.html.contains("<script") && page.html.ranges(of: "</style>").count == 1)
    #expect(!page.html.contains("\u{1B}"))
    #expect(try page.section("examples").contains("</style><script>0</script>␛[31m"))
  }

  @Test func tokensOfJudgedResponsesAreColored() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.objective = #"{cut: {form: paper-v4, judged-prompt: "{question} {judgment}"}}"#
    training.reviser = #"[{judgment: {by: verifier, wrong: "This is wrong: {reason}.", right: null}}]"#
    #expect(try space.exec(training).exitCode == 0)
    _ = try reported(space, ["small.yaml", "--examples", "1"])
    let page = try ReportPage("small.html", in: space)
    #expect(page.faults == [])
    let detection = try page.section("detection")
    #expect(detection.contains("What CUT learns from: examples of numbers/train") && detection.contains("λ = "))
    // A byte a token: the response's eight letters.
    #expect(page.html.matches(of: #/<(span|u) class="t [a-z0-9]+" title="ln ratio /#).count == "It is 0.".utf8.count)
    let same = try reported(space, ["small.yaml", "--examples", "1", "-o", "again.html"])
    #expect(same.exitCode == 0)
    #expect(try space.read("again.html") == page.html)
    _ = try reported(space, ["small.yaml", "--examples", "0"])
    #expect(try !ReportPage("small.html", in: space).sections.contains("detection"))
  }

  /// Twelve pairs in batches of four are three steps an epoch: half epochs end at step 2, 3 and 5, and the last at 6.
  @Test func likelihoodTracesAreCurves() throws {
    let space = try TestSpace()
    var training = Self.training
    training.evals.append("moves: {likelihood-trace: {every: {epochs: 0.5}}}")
    #expect(try space.exec(training).exitCode == 0)
    _ = try reported(space, ["small.yaml"])
    let page = try ReportPage("small.html", in: space)
    #expect(page.faults == [] && page.sections.prefix(3) == ["results", "curves", "traces"], "\(page.sections)")
    let text = try page.section("traces")
    let label = "likelihood-trace on examples of numbers/train, after dpo, seed"
    let seeds = try [1, 2].map { seed in
      try space.output("trace", of: "\(label) \(seed)")
    }
    let points = try seeds.map { digest in
      try space.run(["store", "cat", digest]).output.split(separator: "\n").map {
        try JSONValue(parsing: Array($0.utf8))
      }
    }
    #expect(points.allSatisfy { $0.count == 4 })
    for (side, title) in [("chosen", "Better responses"), ("rejected", "Worse responses")] {
      let ends = try [0, 3].map { index in
        try points.map { try #require($0[index][side]?.doubleValue) }.reduce(0, +) / 2
      }.map { String(format: "%.4f", $0) }
      #expect(
        text.contains("DPO: \(ends[0]) at step 2, \(ends[1]) at step 6"), "\(ends) in \(text)")
      #expect(text.contains("\(title) in nats against the optimizer step."), "\(text)")
    }
    for step in [2, 3, 5, 6] { #expect(text.contains(" \(step) "), "\(step) in \(text)") }
    #expect(text.contains("over 2 seeds") && text.contains("Pairs: 12."), "\(text)")
  }

  /// A trace ends with the weights that were kept; of rounds one begins where the last ended.
  @Test func tracesOfKeptWeightsAndRounds() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.evals.append("moves: {likelihood-trace: {every: {steps: 1}}}")
    training.hyperparameters = ["examples: 12", "keep: {best: {eval: accuracy, every: {steps: 2}}}"]
    training.split = "{heldout: 4, train: 12}"
    training.evals[0] = "accuracy: {accuracy: {on: numbers/train, max-new-tokens: 4, temperature: 0}}"
    #expect(try space.exec(training).exitCode == 0)
    _ = try reported(space, ["small.yaml"])
    let text = try ReportPage("small.html", in: space).section("traces")
    #expect(text.contains(" at step 1, ") && text.contains("Pairs: 12."), "\(text)")
    let choice = try space.run(
      ["store", "cat", try space.output("choice", of: "choose the best by accuracy, after dpo")])
    let chosen = try #require(try JSONValue(parsing: Array(choice.output.utf8))["chosen"]?.integerValue)
    let kept = [2, 4, 6][chosen]
    let shown = try space.run([
      "show", "small.yaml", "--step", "likelihood-trace on examples of numbers/train, after dpo",
    ])
    let steps = shown.output.split(separator: "\n").compactMap { line in
      line.split(separator: " ").first.flatMap { Int($0) }
    }
    #expect(steps == [1, 2, 3, 4, 5, kept], "\(shown.errors)\(shown.output)")
  }

  @Test func whatCannotBeReportedIsToldWithWhatToDo() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let absent = try space.run(["report", "small.yaml"])
    #expect(absent.exitCode == 74)
    #expect(absent.errors.contains("the results of small.yaml, as it is now, are not in the store .runner-store"))
    #expect(absent.errors.contains("→ Run `runner exec small.yaml` first."))
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    for (arguments, code, words) in [
      (["small.yaml", "-o", "nowhere/page.html"], Int32(74), "nowhere/page.html cannot be written"),
      (["small.yaml", "--relative-to", "bse"], 64, "there is no row or cell `bse`"),
      (["small.yaml", "--examples", "101"], 64, "--examples must be between"),
      (["other.yaml"], 74, "other.yaml"),
      (["results/other"], 74, "results/other is no folder of results: it has no table.json"), ([], 64, "Missing"),
    ] {
      let outcome = try space.run(["report"] + arguments)
      #expect(outcome.exitCode == code, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
    }
  }

  @Test func everyAxisSaysWhatItCounts() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.evals = SmallTraining.allEvals
    training.reviser = "[{minimal-revision: {by: verifier}}]"
    training.extra = """
      ablations:
        objective: {DPO: {}, APO-zero: {objective: {apo-zero: {beta: 0.5}}}}
      """
    #expect(try space.exec(training).exitCode == 0)
    _ = try reported(space, ["small.yaml"])
    let page = try ReportPage("small.html", in: space)
    #expect(page.faults == [])
    let results = try page.section("results")
    for (eval, scale) in [
      ("accuracy (%)", "percent of records"), ("drift (nats)", "nats"), ("drift tokens (tokens)", "tokens"),
      ("perplexity", "perplexity per token"), ("trace chosen (nats)", "nats"),
      ("pairs Levenshtein (characters)", "characters"), ("pairs Jaccard", "Jaccard's index, 0 to 1"),
    ] {
      #expect(results.contains(eval) && results.contains(scale), "\(eval), \(scale): \(results)")
    }
    let drawings = page.html.matches(of: #/<svg[^>]*interval-\d+-title.*?<\/svg>/#.dotMatchesNewlines()).map {
      String($0.output)
    }
    #expect(drawings.count > 6)
    for drawing in drawings { #expect(drawing.contains(#"class="name""#), "\(drawing)") }
    // The text alternative.
    #expect(page.html.contains("drift in nats, a point with its interval of 95% for each row of the table"))
  }

  @Test func aFolderOfResultsIsShownWithoutItsStore() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallExperiment()).exitCode == 0)
    _ = try reported(space, ["results/small", "--store", "empty"])
    let page = try ReportPage("small.html", in: space)
    #expect(page.faults == [])
    #expect(page.sections.first == "results")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/empty"))
  }
}
