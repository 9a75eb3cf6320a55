// runner trace: a number down to its data, a record up to the cells, leaks between parts, and what it refuses.

import Digests
import Foundation
import JSON
import Testing

@Suite struct TraceCommands {
  private static func space(_ change: (inout SmallTraining) -> Void = { _ in }) throws -> TestSpace {
    let space = try TestSpace()
    var training = SmallTraining()
    training.evals.append("preference: {preference: {on: numbers/heldout, score: sum}}")
    change(&training)
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return space
  }

  private static func json(_ space: TestSpace, _ arguments: [String]) throws -> JSONValue {
    let outcome = try space.run(["trace", "small.yaml", "--json"] + arguments)
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    return try JSONValue(parsing: Array(outcome.output.utf8))
  }

  @Test func aNumberLeadsToWhatMadeIt() throws {
    let space = try Self.space()
    let shown = try space.run(["trace", "small.yaml", "--eval", "accuracy"])
    #expect(shown.exitCode == 0, "\(shown.errors)")
    let digest = Digest.sha256(try space.bytes("numbers.jsonl")).hex
    for words in [
      "accuracy: ", "\n  records   4\n", "\n  --eval    also preference\n", "── What was measured",
      "verify numbers/heldout",
      "  outcomes  of 4 records: ", "── The weights that were measured\n\ntrain dpo\n", "  objective   dpo\n",
      "6 optimizer steps on 12 examples\n", "  loss        0.6931 at first, ",
      "  option      objective/beta = 0.5  (small.yaml:", "── What they learned from",
      "  feedback  12 items from 12 of 12 prompts",
      "── The data", "part heldout  4 records, sha256 ", "  file      numbers.jsonl\n", "  sha256    \(digest)\n",
    ] { #expect(shown.output.contains(words), "\(words): \(shown.output)") }
    #expect(!shown.output.contains("\u{1B}"))
    // One record of each outcome, as far as there are, with what was asked and said.
    #expect(shown.output.contains("  user      What comes after "), "\(shown.output)")
  }

  @Test func itsValueAndItsStepsAreThoseOfTheTable() throws {
    let space = try Self.space()
    let table = try JSONValue(parsing: Array(space.read("results/small/table.json").utf8))
    let lock = try JSONValue(parsing: Array(space.lock().utf8))
    let keys = Set((lock["steps"]?.arrayValue ?? []).compactMap { $0["key"]?.stringValue })
    for cell in table["cells"]?.arrayValue ?? [] {
      let isBase = cell["at"]?["base"] != nil
      let eval = try #require(cell["eval"]?.stringValue)
      let traced = try Self.json(space, ["--eval", eval, "--cell", isBase ? "base" : ""])
      #expect(traced["mean"] == cell["mean"] && traced["outcomes"] == cell["counts"], "\(eval)")
      let steps = traced["steps"]?.arrayValue ?? []
      #expect(steps.contains { $0["kind"] == "train" } == !isBase)
      for step in steps {
        #expect(keys.contains(step["key"]?.stringValue ?? ""), "\(step.canonical)")
        #expect(step["time"]?.stringValue?.hasSuffix("Z") == true)
      }
    }
  }

  @Test func aRecordLeadsToWhereItCounts() throws {
    let space = try Self.space()
    let first = try Self.json(space, ["--eval", "accuracy", "--record", "1"])
    let id = try #require(first["record"]?.stringValue)
    #expect(first["fields"]?["question"] != nil && first["counts"]?.arrayValue?.count == 1, "\(first.canonical)")
    let whole = try Self.json(space, ["--record", String(id.prefix(12))])
    // Accuracy and preference, before and after training.
    #expect(whole["counts"]?.arrayValue?.count == 4 && whole["learned"]?.arrayValue == [], "\(whole.canonical)")
    let text = try space.run(["trace", "small.yaml", "--record", id]).output
    for words in [
      "Record \(id)\n", "  split numbers, part heldout: record ", "── The numbers in which it counts", "base  accuracy",
      "── What was made of it", "  rejected  It is 0.", "  score  ln p = ",
    ] { #expect(text.contains(words), "\(words): \(text)") }
    // A record that was learned from is measured nowhere.
    let ids = try (1...16).map { try Self.json(space, ["--record", String($0)]) }
    let learned = ids.filter { $0["learned"]?.arrayValue?.count == 1 }
    #expect(learned.count == 12 && learned.allSatisfy { $0["counts"]?.arrayValue == [] })
  }

  @Test func cellsSeedsAndRounds() throws {
    let space = try Self.space { training in
      training.extra = """
        seeds: {values: [1, 2], vary: [training]}
        ablations:
          objective: {DPO: {}, SFT: {objective: {sft: {}}}}
        table: {rows: objective, value: preference}
        """
    }
    let shown = try space.run(["trace", "small.yaml", "--cell", "SFT", "--seed", "2"])
    #expect(shown.exitCode == 0, "\(shown.errors)")
    #expect(shown.output.hasPrefix("SFT, preference: "), "\(shown.output)")
    for words in ["  seeds     seed 1: ", "  followed  seed 2", "train sft, seed 2"] {
      #expect(shown.output.contains(words), "\(words): \(shown.output)")
    }
    #expect(!shown.output.contains("train sft, seed 1\n") && !shown.output.contains("train dpo"))
    let several = try space.run(["trace", "small.yaml"])
    #expect(several.exitCode == 64 && several.errors.contains("--cell SFT --eval preference"), "\(several.errors)")
  }

  @Test(arguments: [
    (["--eval", "acuracy"], 64, "Did you mean `accuracy`?"), (["--cell", "bas"], 64, "Did you mean `base`?"),
    (["--seed", "7"], 64, "there is no seed `7`"), (["--record", "17"], 64, "no record is called `17`; there are 16"),
    (["--record", "zzzz"], 64, "no record is called `zzzz`"), (["--leaks", "--cell", "base"], 64, "leave --cell"),
    (["--set", "evals.accuracy.accuracy.max-new-tokens=3"], 74, "Run `runner exec small.yaml --set "),
  ])
  func whatItRefuses(arguments: [String], exit: Int32, saying text: String) throws {
    let space = try Self.space()
    let outcome = try space.run(["trace", "small.yaml"] + arguments)
    #expect(outcome.exitCode == exit && outcome.errors.contains(text), "\(outcome.exitCode) \(outcome.errors)")
  }

  @Test func promptsThatAreTrainedOnAndMeasured() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.extra = ""
    let more = """
        more:
          source: {jsonl: {from: [{path: more.jsonl}]}}
          prompt: "Please: {question}"
          answer: {from: "{answer}", verifier: number}
          split: {train: rest}
      data: more/train
      """
    let spec = training.spec.replacing("data: numbers/train", with: more, maxReplacements: 1)
    try training.write(to: space)
    try space.write(spec, to: "small.yaml")
    // Whatever the four are that are held out: all sixteen stand here, in capitals and with other punctuation.
    let lines = SmallExperiment.questions(16).map {
      "{\"question\": \"\($0.question.uppercased().dropLast()) …\", \"answer\": \"\($0.answer)\"}\n"
    }
    try space.write(lines.joined(), to: "more.jsonl")
    let shown = try space.run(["trace", "small.yaml", "--leaks", "--examples", "1"])
    #expect(shown.exitCode == 0)
    #expect(
      shown.errors.contains(
        "warning: small.yaml: of the records that are measured, 4 have a prompt that is trained or chosen on"),
      "\(shown.errors)")
    #expect(shown.output.contains("numbers/heldout and more/train: one is trained on, the other is measured"))
    #expect(shown.output.contains("  equal         4 of the first, 4 of the second"), "\(shown.output)")
    let outcome = try space.run(["trace", "small.yaml", "--leaks", "--json"])
    let lines2 = try outcome.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(lines2.first?["pairs"]?.arrayValue?.first?["leak"] == .bool(true), "\(outcome.output)")
    #expect(lines2.last?["code"] == "trace.leak" && outcome.exitCode == 0)
    let clean = try Self.space().run(["trace", "small.yaml", "--leaks"])
    #expect(clean.errors.isEmpty && clean.output.contains("numbers/heldout"), "\(clean.errors)\(clean.output)")
  }
}
