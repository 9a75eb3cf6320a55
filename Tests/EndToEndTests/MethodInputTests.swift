// What methods are given and cannot use: each is a message that says what and what to do, or an outcome that is counted.

import Foundation
import JSON
import Testing

@Suite struct MethodInputs {
  private static let judgedPrompt = #"judged-prompt: "{question} {judgment}""#

  private func run(
    _ reviser: String, _ objective: String, data: [String]? = nil, arguments: [String] = [],
    _ change: (inout SmallTraining) -> Void = { _ in }
  ) throws -> (outcome: RunOutcome, space: TestSpace) {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.reviser, training.objective) = (reviser, objective)
    change(&training)
    try training.write(to: space)
    if let data { try space.write(data.joined(separator: "\n"), to: "numbers.jsonl") }
    return (try space.run(["exec", "small.yaml"] + arguments), space)
  }

  private func refused(
    _ reviser: String, _ objective: String, data: [String]? = nil, arguments: [String] = [], exit: Int32 = 1,
    saying texts: [String], _ change: (inout SmallTraining) -> Void = { _ in }
  ) throws {
    let (outcome, _) = try run(reviser, objective, data: data, arguments: arguments, change)
    #expect(outcome.exitCode == exit, "\(outcome.errors)\(outcome.output)")
    for text in texts + ["→"] { #expect(outcome.errors.contains(text), "\(text) is not in:\n\(outcome.errors)") }
  }

  /// Every kind of feedback, before an objective that reads another: refused at the spec's line before anything runs.
  @Test(arguments: [
    ("[{judgment: {by: verifier, wrong: No.}}]", "{dpo: {beta: 1}}", "`dpo` cannot read judgments; it reads pairs"),
    ("[{ranked: {by: recorded}}]", "{kto: {beta: 1}}", "`kto` cannot read rankings"),
    (
      "[{judge: {by: verifier}}]", "{cut: {form: code, \(judgedPrompt)}}", "`cut` cannot read pairs; it reads judgments"
    ),
    ("[{judge: {by: verifier}}]", "{clha: {}}", "`clha` cannot read pairs; it reads rankings"),
    ("[{judge: {by: verifier}}]", "{hir: {form: code}}", "`hir` cannot read pairs; it reads relabeled"),
    ("[{judgment: {by: verifier, wrong: No.}}]", "bradley-terry", "`bradley-terry` cannot read judgments"),
    ("", "{forward-prediction: {judgment-prompt: So?}}", "`forward-prediction` cannot read responses"),
  ])
  func feedbackThatTheObjectiveCannotRead(reviser: String, objective: String, message: String) throws {
    try refused(reviser, objective, exit: 65, saying: [message, "small.yaml:"])
  }

  /// Equally good candidates make no pair.
  @Test func anEmptySetOfPairs() throws {
    for objective in ["{dpo: {beta: 1}}", "{kto: {beta: 1}}", "bradley-terry"] {
      try refused(
        "[{judge: {by: verifier}}]", objective,
        saying: ["there are no examples, so nothing can be learned or compared", "24 no-contrast"]
      ) { $0.generator = #"[{recorded: {responses: ["No idea.", "Who knows?"]}}]"# }
    }
    // The same pairs for an eval, without a training.
    try refused(
      "[{judge: {by: verifier}}]", "", arguments: ["--set", "hyperparameters=none"],
      saying: ["there are no pairs of a better and a worse response"]
    ) {
      $0.generator = #"[{recorded: {responses: ["No idea.", "Who knows?"]}}]"#
      $0.evals = ["overlap: {pair-statistics: {}}"]
    }
  }

  /// `{answer}` of lettered options is the letter, whatever a field of that name says: what the verifier accepts.
  @Test func aRecordedAnswerIsTheRightOptionsLetter() throws {
    let space = try TestSpace()
    let examples = (1...8).map {
      #"{"input":"Who has ball \#($0)?","answer":"nobody","target_scores":{"Ann \#($0)":0,"Bob \#($0)":1}}"#
    }
    try space.write(#"{"examples":[\#(examples.joined(separator: ","))]}"#, to: "task.json")
    var training = SmallTraining()
    (training.generator, training.reviser, training.objective) = (
      #"[{recorded: {responses: ["{answer}"]}}]"#, "[{select: {verdict: right}}]", "{sft: {}}"
    )
    training.prompt = "{input} {options}"
    let spec = training.spec
      .replacing("jsonl: {from: [{path: numbers.jsonl}]}", with: "bigbench: {from: [{path: task.json}]}")
      .replacing(
        #"answer: {from: "{answer}", verifier: number}"#, with: #"options: {letters: "(A)"}, answer: {verifier: exact}"#
      )
    try space.write(spec.replacing("}, answer:", with: "}\n    answer:"), to: "small.yaml")
    let outcome = try space.run(["preview", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("4 examples: 4 items from 4 of 4 prompts"), "\(outcome.output)")
    #expect(!outcome.output.contains("nobody"), "\(outcome.output)")
  }

  @Test func rewardsThatAreAllEqual() throws {
    let equal = #"[{rescore: {by: recorded, scores: ["1", "1"]}}]"#
    for objective in ["bradley-terry", "{clha: {gap: 0, sft-weight: 0}}"] {
      try refused(
        equal, objective, saying: ["can learn from none of the 12 examples", "rankings whose rewards are all equal"])
    }
    // The others still learn the first of the best: that is told and no refusal, and no number is lost to a division by zero.
    for (name, objective) in [
      ("rrhf", "{rrhf: {}}"), ("pro", "{pro: {sft-weight: 0.05}}"), ("clha", "{clha: {gap: 0, gate: 0}}"),
    ] {
      let (outcome, space) = try run(equal, objective)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(
        outcome.errors.contains("train \(name): of 12 of 12 rankings only the first response is learned"),
        "\(outcome.errors)")
      #expect(try space.log(of: "train \(name)").allSatisfy { ($0["loss"] as? Double)?.isFinite == true })
    }
  }

  /// Where some are equal and others not, the training says how many teach it nothing.
  @Test func rewardsOfWhichSomeAreEqual() throws {
    let data = (1...16).map { #"{"question":"What is \#($0)?","answer":"\#($0)","x":\#($0 % 2),"y":0}"# }
    let (outcome, _) = try run(#"[{rescore: {by: recorded, scores: ["{x}", "{y}"]}}]"#, "bradley-terry", data: data)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let match = outcome.errors.firstMatch(of: /train bradley-terry: (\d+) of 12 examples teach `bradley-terry` nothing/)
    let unread = try #require(match.flatMap { Int($0.output.1) }, "\(outcome.errors)")
    #expect((1...8).contains(unread))
  }

  @Test func responsesThatAreTooLong() throws {
    let long = String(repeating: "very ", count: 20)
    let data = (1...16).map { number in
      let text = (number % 4 == 0 ? long : "") + "It is 0."
      return #"{"question":"What is \#(number)?","answer":"\#(number)","note":"No.","text":"\#(text)"}"#
    }
    let objective = "{cut: {form: code, \(Self.judgedPrompt)}}"
    let reviser = #"[{judgment: {by: recorded, judgment: "{note}"}}]"#
    let (outcome, space) = try run(reviser, objective, data: data) {
      $0.generator = #"[{recorded: {responses: ["{text}"]}}]"#
      $0.hyperparameters = ["max-length: 100"]
    }
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let table = try space.read("results/small/TABLE.md")
    let stages = try Self.stages(table)
    let last = try #require(stages.last)
    let left = try #require(last["left over"]?.firstMatch(of: /^(\d+) too-long$/), "\(table)")
    let tooLong = Int(left.output.1) ?? 0
    #expect(tooLong > 0 && last["responses"] == "\(12 - tooLong)" && last["Align-N"] == last["Misalign"], "\(table)")
    // Where nothing fits, nothing is learned, and it is said why.
    try refused(reviser, objective, data: data, saying: ["there are no examples", "12 too-long"]) {
      $0.generator = #"[{recorded: {responses: ["{text}"]}}]"#
      $0.hyperparameters = ["max-length: 8"]
    }
  }

  @Test func recordsWithoutJudgments() throws {
    let reviser = #"[{judgment: {by: recorded, judgment: "{note}"}}]"#
    let objective = "{cut: {form: code, \(Self.judgedPrompt)}}"
    func records(_ note: (Int) -> String) -> [String] {
      (1...16).map { #"{"question":"What is \#($0)?","answer":"\#($0)"\#(note($0))}"# }
    }
    func single(_ training: inout SmallTraining) {
      training.generator = #"[{recorded: {responses: ["It is {answer}."]}}]"#
    }
    // No record has the field: a mistyped name, not data in which all is well.
    try refused(reviser, objective, data: records { _ in "" }, saying: ["has no field `note`", "small.yaml:"], single)
    // Absent, null and blank are acceptable, and counted so.
    let mixed = records { [",\"note\":null", "", ",\"note\":\" \"", ",\"note\":\"No.\""][$0 % 4] }
    let (outcome, space) = try run(reviser, objective, data: mixed, single)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let first = try #require(try Self.stages(space.read("results/small/TABLE.md")).first)
    let acceptable = Int(first["Align-P"] ?? "") ?? 0
    let judged = Int(first["Align-N"] ?? "") ?? 0
    #expect(acceptable + judged == 12 && acceptable > judged && judged > 0 && first["left over"] == "–", "\(first)")
    // Nothing but acceptable responses, and those left out of the loss.
    try refused(
      reviser, "{cut: {form: code, without: [align-p], \(Self.judgedPrompt)}}",
      data: records { $0 == 1 ? ",\"note\":null" : ",\"note\":\"\"" },
      saying: ["`cut` can learn from none of the 12 examples"], single)
  }

  @Test func moreRecordsThanDistinctPrompts() throws {
    let space = try TestSpace()
    try space.write(
      SmallTraining().spec.replacing(
        "{jsonl: {from: [{path: numbers.jsonl}]}}",
        with: "{task: {object-counting: {objects: [1, 2], records: 4001, seed: 3}}}"), to: "small.yaml")
    // Found before anything runs.
    for command in ["validate", "plan", "exec"] {
      let outcome = try space.run([command, "small.yaml"])
      #expect(outcome.exitCode == 65 && outcome.output.isEmpty, "\(command): \(outcome.errors)")
      #expect(
        outcome.errors.contains("4000 distinct prompts under these options, 4001 records were asked for"),
        "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("small.yaml:"), "\(outcome.errors)")
      #expect(outcome.errors.contains("→ Ask for at most 4000 records"), "\(outcome.errors)")
    }
    #expect(space.files(below: ".runner-store/steps").isEmpty)
  }

  /// Every line of the table of stages adds up to what came in.
  @Test func everyStageAddsUp() throws {
    let (outcome, space) = try run(
      #"[{judgment: {by: verifier, wrong: "No: {reason}"}}, {select: {acceptable-per-rejected: 0.5}}]"#,
      "{cut: {form: code, \(Self.judgedPrompt)}}")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let stages = try Self.stages(space.read("results/small/TABLE.md"))
    #expect(
      stages.map { $0["stage"] } == [
        "judgment numbers/train", "balance numbers/train", "examples of numbers/train",
      ])
    #expect(stages.map { $0["Align-P"] } == ["12", "6", "6"] && stages.map { $0["Align-N"] } == ["12", "12", "12"])
    for stage in stages {
      let left = (stage["left over"] ?? "").split(separator: ", ").compactMap { Int($0.prefix { $0.isNumber }) }
      #expect((Int(stage["responses"] ?? "") ?? 0) + left.reduce(0, +) == 24, "\(stage)")
    }
    let json = try JSONValue(parsing: space.bytes("results/small/table.json"))["examples"]?.arrayValue?.first?["judged"]
    #expect(json?.arrayValue?.map { $0["judged"]?.integerValue } == [12, 12, 12])
  }

  /// The lines of the table of stages, by the names of its columns.
  private static func stages(_ text: String) throws -> [[String: String]] {
    let lines = text.split(separator: "\n").map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let head = try #require(lines.firstIndex { $0.first == "stage" }, "\(text)")
    return lines[(head + 2)...].prefix { $0.count == lines[head].count }.map {
      Dictionary(uniqueKeysWithValues: zip(lines[head], $0))
    }
  }
}
