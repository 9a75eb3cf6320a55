// What a table says beside its numbers, on a run that chooses and fails: in every form, from the store and from files.

import Foundation
import JSON
import Testing

@Suite struct TableNoteRuns {
  /// Two ways to make pairs, two objectives and two seeds; the weights that are kept are the best on validation records.
  private static var training: SmallTraining {
    var training = SmallTraining()
    training.split = "{heldout: 3, validation: 3, train: 10}"
    training.evals = [
      "accuracy: {accuracy: {on: numbers/heldout, max-new-tokens: 4}}",
      #"perplexity: {perplexity: {on: numbers/heldout, text: "{question} {answer}"}}"#,
      #"dev: {perplexity: {on: numbers/validation, text: "{question} {answer}"}}"#,
      "drift: {drift: {on: numbers/heldout, max-new-tokens: 4}}",
    ]
    training.hyperparameters = ["keep: {best: {eval: dev, every: {epochs: 1}}}"]
    training.extra = """
      seeds: {values: [1, 2], vary: [training]}
      ablations:
        pairs:
          revision: {reviser: [{minimal-revision: {by: verifier}}]}
          judge: {reviser: [{judge: {by: verifier}}]}
        objective:
          SFT: {objective: {sft: {}}}
          DPO: {objective: {dpo: {beta: 0.5}}}
          wild: {hyperparameters: {optimizer: {adamw: {learning-rate: 1.0e+30}}}, objective: {sft: {}}}
      """
    return training
  }

  private func space() throws -> TestSpace {
    let space = try TestSpace()
    let outcome = try space.exec(Self.training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return space
  }

  private static let kept =
    "Kept: of the weights at epoch 1.0 and the end those of the lowest dev on numbers/validation: "
  private static let diverged =
    "The training of 2 of 2 seeds diverged at step 2: its loss exploded or was no number. Nothing is compared with it."

  @Test func everyFormSaysWhatWasChosenAndWhatFailed() throws {
    let space = try space()
    let files = try (text: space.read("results/small/TABLE.md"), latex: space.read("results/small/table.tex"))
    for text in [files.text, files.latex] {
      #expect(text.contains(Self.kept), "\(text)")
      #expect(text.contains("revision/SFT, seed 1 ") && text.contains("judge/DPO, seed 2 "), "\(text)")
      #expect(text.contains(Self.diverged), "\(text)")
      // Every pair of ten records is learned from, by whatever objective.
      #expect(text.contains("Examples of each training: 10 in every cell. "), "\(text)")
      #expect(text.contains(" Tokens in its loss, over all epochs: "), "\(text)")
    }
    #expect(unpadded(files.text).contains("| judge | wild ᵃ | diverged at step 2 |"), "\(files.text)")
    #expect(files.latex.contains("judge & wild\\tnote{a} & diverged at step 2 &"), "\(files.latex)")
    #expect(files.latex.contains("\\item[a] \(Self.diverged)"), "\(files.latex)")
    // What is shown of the store and of the files is what was written.
    for name in ["small.yaml", "results/small"] {
      let markdown = try space.run(["table", name, "--format", "markdown"])
      #expect(markdown.exitCode == 0, "\(markdown.errors)")
      #expect(files.text.contains(markdown.output.dropLast()), "\(name): \(markdown.output)")
      #expect(try space.run(["table", name, "--format", "latex"]).output == files.latex)
    }
    let json = try JSONValue(parsing: Array(try space.run(["table", "small.yaml", "--format", "json"]).output.utf8))
    #expect(json["notes"]?.arrayValue?.first?["mark"]?.stringValue == "a", "\(json.canonical)")
    let rows = try #require(json["rows"]?.arrayValue)
    let marked = rows.filter { row in
      row["cells"]?.arrayValue?.contains { $0["notes"]?.arrayValue == [.string("a")] } ?? false
    }
    #expect(marked.map { $0["labels"]?.arrayValue?.last } == [.string("wild"), .string("wild")])
    let stored = try JSONValue(parsing: space.bytes("results/small/table.json"))
    #expect(stored["keeps"]?.arrayValue?.first?["trainings"]?.arrayValue?.count == 12)
    #expect(stored["trainings"]?.arrayValue?.count == 12)
  }

  /// Every number is compared with that of the cell, wherever it stands, but for the cell's own.
  @Test func numbersAreComparedWithACell() throws {
    let space = try space()
    let layout = ["--rows", "objective", "--columns", "pairs", "--eval", "perplexity"]
    let outcome = try space.run(
      ["table", "results/small", "--relative-to", "judge/DPO", "--format", "json"] + layout)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let json = try JSONValue(parsing: Array(outcome.output.utf8))
    let rows = try #require(json["rows"]?.arrayValue)
    func mean(_ row: String, _ column: Int) throws -> Double {
      let found = try #require(rows.first { $0["labels"]?.arrayValue == [.string(row)] && $0["base"] == .bool(false) })
      return try #require(found["cells"]?.arrayValue?[column]["mean"]?.doubleValue)
    }
    let reference = try mean("DPO", 1)
    let cells = rows.flatMap { $0["cells"]?.arrayValue ?? [] }
    let differences = cells.filter { $0["difference"] != nil }
    #expect(differences.count == cells.count - 1, "\(json.canonical)")
    // The base has one seed, and the reference two.
    for cell in differences where cell["seeds"]?.arrayValue?.count == 2 {
      guard let estimate = cell["difference"]?["estimate"]?.doubleValue, let mean = cell["mean"]?.doubleValue
      else { continue }
      #expect(abs(estimate - (mean - reference)) < 1e-9 * abs(mean))
    }
    #expect(differences.contains { $0["difference"]?["tested"] == .bool(true) })
    let unknown = try space.run(["table", "results/small", "--relative-to", "judge/DPP"] + layout)
    #expect(unknown.exitCode == 64, "\(unknown.output)")
    #expect(unknown.errors.contains("there is no row or cell `judge/DPP`"), "\(unknown.errors)")
    #expect(unknown.errors.contains("Did you mean `judge/DPO`?"), "\(unknown.errors)")
  }

  @Test func aTableOverExperimentsShowsOneOfSeveralNumbers() throws {
    let space = try space()
    let table = """
      version: 1
      experiments: {one: {spec: small.yaml}}
      rows:
        pairs by verdict: {experiment: one, cell: judge/DPO}
        gone: {experiment: one, cell: judge/wild}
        gone again: {experiment: one, cell: judge/wild}
      columns: {length: {eval: drift tokens}, far: {eval: drift}}
      relative-to: pairs by verdict
      """
    try space.write(table, to: "both.yaml")
    let run = try space.run(["exec", "both.yaml"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let markdown = unpadded(try space.read("results/both/TABLE.md"))
    #expect(markdown.contains("| | length | far |"), "\(markdown)")
    #expect(markdown.contains("| gone ᵃ | diverged at step 2 |"), "\(markdown)")
    #expect(markdown.contains("| gone again ᵃ | diverged at step 2 |"), "\(markdown)")
    #expect(markdown.contains("ᵃ \(Self.diverged)") && markdown.contains("one: \(Self.kept)"), "\(markdown)")
    #expect(markdown.contains("one: Examples of each training: 10 in every cell."), "\(markdown)")
    let latex = try space.run(["table", "both.yaml", "--format", "latex"]).output
    #expect(try space.read("results/both/table.tex") == latex)
    try space.write(table.replacing("drift tokens", with: "trace"), to: "wrong.yaml")
    let wrong = try space.run(["validate", "wrong.yaml"])
    #expect(wrong.exitCode == 65 && wrong.errors.contains("There is no eval of `one` `trace`"), "\(wrong.errors)")
  }
}
