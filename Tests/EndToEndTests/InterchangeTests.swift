// runner export --pairs, --judgments, --records: the forms of TRL, CUT and pandas, and the way back through a spec.

import Foundation
import JSON
import Testing

@Suite struct Interchange {
  private static func lines(_ space: TestSpace, _ name: String) throws -> [JSONValue] {
    try space.read(name).split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
  }

  /// A spec that reads an exported file and trains on it.
  private static func reading(_ source: String, prompt: String, generator: String, reviser: String, _ objective: String)
    -> String
  {
    """
    version: 1
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
        turns: chatml
        system: none
    datasets:
      numbers: {source: \(source), prompt: \(prompt)}
    data: numbers
    generator: [{recorded: {\(generator)}}]
    reviser: [\(reviser)]
    objective: \(objective)
    hyperparameters:
      adapter: {lora: {rank: 2, alpha: 4}}
      optimizer: {adamw: {learning-rate: 1.0e-2}}
      batch: {examples: 4}
      epochs: 1
    evals:
      text: {perplexity: {on: numbers, text: "{\(source.contains("json:") ? "instruction" : "prompt")}"}}
    """
  }

  @Test func whatTheStartLearnedFromIsNotAmongThem() throws {
    let space = try TestSpace()
    var first = SmallTraining()
    (first.objective, first.prompt) = ("{sft: {}}", "{question} Say it in words.")
    try first.write(to: space, as: "first.yaml")
    var second = SmallTraining()
    second.weights = "{experiment: {spec: first.yaml}}"
    #expect(try space.exec(second).exitCode == 0)
    let told = try space.run(["export", "small.yaml", "--pairs", "pairs.jsonl"])
    #expect(told.output == "exported 12 pairs into pairs.jsonl\n", "\(told.errors)")
  }

  @Test(arguments: [true, false])
  func pairsComeBack(plain: Bool) throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining()).exitCode == 0)
    let form = plain ? ["--plain"] : []
    let told = try space.run(["export", "small.yaml", "--pairs", "pairs.jsonl"] + form)
    #expect(told.exitCode == 0 && told.output == "exported 12 pairs into pairs.jsonl\n", "\(told.errors)")
    let pairs = try Self.lines(space, "pairs.jsonl")
    let first = try #require(pairs.first?.objectValue)
    #expect(first.names == ["chosen", "prompt", "rejected"])
    if plain {
      #expect(first["rejected"] == "It is 0." && first["prompt"]?.stringValue?.hasPrefix("What comes") == true)
    } else {
      let message: JSONValue = .members(["content": "It is 0.", "role": "assistant"])
      #expect(first["rejected"] == .array([message]), "\(pairs[0].canonical)")
      #expect(first["prompt"]?.arrayValue?.first?["role"] == "user")
    }
    let spec = Self.reading(
      "{jsonl: {from: [{path: pairs.jsonl}]}}",
      prompt: plain ? #""{prompt}""# : "{conversation: {field: prompt, format: messages, up-to: end}}",
      generator: #"responses: ["{chosen}", "{rejected}"]"# + (plain ? "" : ", take: last-assistant"),
      reviser: #"{judge: {by: recorded, scores: ["1", "0"]}}"#, "{dpo: {beta: 0.5}}")
    // Lists of messages are no text.
    try space.write(plain ? spec : spec.replacing(#""{prompt}"}}"#, with: #""some text"}}"#), to: "back.yaml")
    let outcome = try space.run(["exec", "back.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try space.run(["export", "back.yaml", "--pairs", "again.jsonl"] + form).exitCode == 0)
    #expect(try Set(Self.lines(space, "again.jsonl")) == Set(pairs))
    #expect(try Self.lines(space, "again.jsonl").count == pairs.count)
  }

  @Test func judgmentsComeBack() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.reviser = #"[{judgment: {by: verifier, wrong: "It is wrong: {reason}"}}]"#
    let cut = "{cut: {form: paper-v4, lambda: 1.1, alpha: 1, gamma: 0.5, judged-prompt: \"{question} {judgment}\"}}"
    training.objective = cut
    let run = try space.exec(training)
    #expect(run.exitCode == 0, "\(run.errors)")
    let told = try space.run(["export", "small.yaml", "--judgments", "cut.json", "--json"])
    #expect(told.exitCode == 0 && told.output.contains(#""count":24"#), "\(told.errors)\(told.output)")
    let list = try #require(try JSONValue(parsing: Array(space.read("cut.json").utf8)).arrayValue)
    #expect(Set(list.flatMap { $0.objectValue?.names ?? [] }) == ["id", "input", "instruction", "judgment", "output"])
    #expect(list.count { $0["judgment"] == "" } == 12 && list.count { $0["output"] == "It is 0." } == 12)
    let spec = Self.reading(
      "{json: {from: [{path: cut.json}]}}", prompt: #""Answer this. {instruction}""#,
      generator: #"responses: ["{output}"]"#,
      reviser: #"{judgment: {by: recorded, judgment: "{judgment}"}}"#,
      cut.replacing("{question}", with: "{instruction}"))
    try space.write(spec, to: "back.yaml")
    let outcome = try space.run(["exec", "back.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try space.run(["export", "back.yaml", "--judgments", "again.json"]).exitCode == 0)
    let again = try #require(try JSONValue(parsing: Array(space.read("again.json").utf8)).arrayValue)
    // The words that the second spec puts before an instruction are none of it.
    #expect(again.count == list.count && Set(again) == Set(list))
  }

  @Test func recordsForDataFrames() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.evals.append("preference: {preference: {on: numbers/heldout, score: sum}}")
    training.extra = "ablations: {cell: {one: {}, two: {seeds: {values: [2]}}}}"
    #expect(try space.exec(training).exitCode == 0)
    #expect(try space.run(["export", "small.yaml", "--records", "all.jsonl"]).exitCode == 0)
    let rows = try Self.lines(space, "all.jsonl")
    // Two evals of four records, of the model before training and of two cells.
    #expect(rows.count == 24 && Set(rows.compactMap { $0["cell"]?.stringValue }) == ["base", "one", "two"])
    #expect(Set(rows.map { ($0.objectValue?.names ?? []).filter { !$0.hasPrefix("at.") } }).count == 1)
    let said = try #require(rows.first { $0["eval"] == "accuracy" })
    #expect(said["prompt"]?.stringValue?.hasPrefix("What comes after") == true && said["response"]?.stringValue != nil)
    let some = try space.run(
      ["export", "small.yaml", "--records", "some.jsonl", "--cell", "two", "--eval", "preference"])
    #expect(some.exitCode == 0, "\(some.errors)")
    #expect(try Self.lines(space, "some.jsonl").count == 4)
  }

  @Test(arguments: [
    (["--pairs", "x", "--into", "y"], "one of --into"), (["--judgments", "x"], "there are no judgments"),
    (["--records", "x", "--eval", "acuracy"], "Did you mean `accuracy`?"),
    (["--plain", "--into", "x"], "goes with --pairs"),
    (["--pairs", "x", "--seed", "5"], "there is no seed `5`"),
    (["--pairs", "x", "--cell", "b"], "there is no cell `b`"),
  ])
  func whatItRefuses(arguments: [String], saying text: String) throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining()).exitCode == 0)
    let outcome = try space.run(["export", "small.yaml"] + arguments)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(text), "\(outcome.exitCode) \(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/x"))
  }
}

// runner export --tensorboard: the runs that it makes, and what it refuses. That TensorBoard reads them shows `make interop`.
@Suite struct CurveExport {
  private static func files(below folder: String, of space: TestSpace) throws -> [String] {
    let all = try FileManager.default.subpathsOfDirectory(atPath: "\(space.path)/\(folder)")
    return all.filter { $0.contains("tfevents") }.sorted()
  }

  @Test func everyCellAndSeedIsARun() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.extra = SmallTraining.grid + "\nseeds: {values: [1, 2], vary: [training]}"
    #expect(try space.exec(training).exitCode == 0)
    let told = try space.run(["export", "small.yaml", "--tensorboard", "curves"])
    #expect(told.exitCode == 0 && told.output == "exported 20 training runs into curves\n", "\(told.errors)")
    let files = try Self.files(below: "curves", of: space)
    #expect(files.count == 20)
    #expect(files.first?.hasPrefix("judge/APO-down/seed-1/events.out.tfevents.") == true, "\(files)")
    let choice = ["--cell", "judge/DPO", "--seed", "2"]
    let one = try space.run(["export", "small.yaml", "--tensorboard", "one", "--json"] + choice)
    #expect(one.output.contains(#""count":1"#), "\(one.errors)")
    let name = try #require(try Self.files(below: "one", of: space).first)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(space.path)/one/\(name)"))
    // The length of the first record, and how TensorBoard knows the kind of file.
    #expect(bytes.prefix(8) == Data([24, 0, 0, 0, 0, 0, 0, 0]) && bytes.range(of: Data("brain.Event:2".utf8)) != nil)
    for tag in ["loss", "margin", "chosen-log-ratio", "gradient-norm", "learning-rate"] {
      #expect(bytes.range(of: Data(tag.utf8)) != nil, "\(tag)")
    }
  }

  @Test func whatCannotBeWrittenIsTold() throws {
    let space = try TestSpace()
    try SmallTraining().write(to: space)
    let early = try space.run(["export", "small.yaml", "--tensorboard", "curves"])
    #expect(early.exitCode == 74 && early.errors.contains("train dpo"), "\(early.exitCode) \(early.errors)")
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    let unknown = try space.run(["export", "small.yaml", "--seed", "7", "--tensorboard", "curves"])
    #expect(unknown.exitCode == 64 && unknown.errors.contains("7"), "\(unknown.exitCode) \(unknown.errors)")
    #expect(try space.run(["export", "small.yaml", "--tensorboard", "curves"]).exitCode == 0)
    let taken = try space.run(["export", "small.yaml", "--tensorboard", "curves"])
    #expect(taken.exitCode != 0 && taken.errors.contains("curves"), "\(taken.exitCode) \(taken.errors)")
    let two = try space.run(["export", "small.yaml", "--tensorboard", "a", "--records", "b"])
    #expect(two.exitCode == 64, "\(two.errors)")
  }
}
