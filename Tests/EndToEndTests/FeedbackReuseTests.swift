// What a verifier or a model made of a record is kept: one changed record, or more of them, computes those alone, and the
// bytes are those of a run that kept nothing.

import Foundation
import Testing

/// A reviser, the last of its steps, and the steps that keep single records with how many results each has.
struct RevisedCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let reviser: String
  var objective = "{dpo: {beta: 0.1}}"
  let last: String
  let kept: [(label: String, each: Int)]
}

@Suite struct FeedbackReuse {
  private static let model = "by: {model: policy}, max-new-tokens: 4, temperature: 1, stop: [a, e, i, o, u]"
  private static let replies = (label: "generate replies about numbers", each: 2)

  static let cases = [
    RevisedCase(
      testDescription: "minimal revision by verifier",
      reviser: "[{minimal-revision: {by: verifier}}, {select: {verdict: right}}]", last: "pair-statistics numbers",
      kept: [("minimal-revision numbers", 1), ("select numbers", 1), ("pair-statistics numbers", 1)]),
    RevisedCase(
      testDescription: "judge by verifier", reviser: "[{judge: {by: verifier}}]", last: "judge numbers",
      kept: [("judge numbers", 1)]),
    RevisedCase(
      testDescription: "judgment by verifier",
      reviser: #"[{judgment: {by: verifier, wrong: "{reason}", right: "yes"}}]"#,
      objective: "{sft: {}}", last: "judgment numbers", kept: [("judgment numbers", 1)]),
    RevisedCase(
      testDescription: "minimal revision by model", reviser: "[{minimal-revision: {\(model), keep: verdict-right}}]",
      last: "minimal-revision numbers", kept: [replies, ("minimal-revision numbers", 1)]),
    RevisedCase(
      testDescription: "judge by model", reviser: "[{judge: {\(model)}}]", last: "judge numbers", kept: [replies]),
    RevisedCase(
      testDescription: "judgment by model", reviser: "[{judgment: {\(model)}}]", objective: "{sft: {}}",
      last: "judgment numbers", kept: [replies]),
  ]

  @Test(arguments: cases)
  func oneChangedRecordIsComputedAlone(one: RevisedCase) throws {
    let space = try TestSpace()
    var questions = SmallExperiment.questions(12)
    try check(try exec(one, questions, in: space), one, computed: 12, reused: 0)
    questions[5] = ("What comes after the number 5?", "6 ")
    try check(try exec(one, questions, in: space), one, computed: 1, reused: 11)
    try sameBytes(one, questions, space)
  }

  @Test(arguments: cases)
  func moreRecordsComputeTheNewOnesAlone(one: RevisedCase) throws {
    let space = try TestSpace()
    try check(try exec(one, SmallExperiment.questions(8), in: space), one, computed: 8, reused: 0)
    try check(try exec(one, SmallExperiment.questions(14), in: space), one, computed: 6, reused: 8)
    try sameBytes(one, SmallExperiment.questions(14), space)
  }

  /// What the stage reads is stored, its own result is not: the plan counts what is kept of it.
  @Test func thePlanCountsKeptFeedback() throws {
    let (space, one) = (try TestSpace(), Self.cases[0])
    _ = try exec(one, SmallExperiment.questions(8), in: space)
    _ = try exec(one, SmallExperiment.questions(14), in: space, until: "recorded numbers")
    let plan = try space.run(["plan", "small.yaml"])
    let line = try #require(plan.output.split(separator: "\n").first { $0.contains("minimal-revision numbers") })
    #expect(line.hasPrefix("partly cached") && line.contains("8 of 14 records"), "\(plan.output)")
    try check(try exec(one, SmallExperiment.questions(14), in: space), one, computed: 6, reused: 8)
  }

  /// Places of errors that are planted are drawn record by record.
  @Test func plantedErrorsAreKept() throws {
    let one = RevisedCase(
      testDescription: "errors", reviser: "[{judge: {by: verifier}}]", last: "errors of numbers",
      kept: [("errors of numbers", 1)])
    let space = try TestSpace()
    try check(try exec(one, SmallExperiment.questions(8), in: space), one, computed: 8, reused: 0)
    try check(try exec(one, SmallExperiment.questions(14), in: space), one, computed: 6, reused: 8)
    try sameBytes(one, SmallExperiment.questions(14), space)
  }

  // MARK: - Running

  /// Runs a reviser up to its last step on two responses to each question.
  private func exec(
    _ one: RevisedCase, _ questions: [(question: String, answer: String)], in space: TestSpace, until: String? = nil
  ) throws -> Events {
    try space.write(
      """
      version: 1
      models:
        policy:
          weights: {random: {layers: 1, width: 16, heads: 2, feed-forward: 32, context: 1024}}
          turns: chatml
          system: none
      datasets:
        numbers:
          source: {jsonl: {from: [{path: numbers.jsonl}]}}
          prompt: "{question}"
          answer: {from: "{answer}", verifier: number}
      data: numbers
      generator: {recorded: {responses: ["It is 0.", "It is {answer}."]}}
      reviser: \(one.reviser)
      objective: \(one.objective)
      hyperparameters:
        adapter: {lora: {rank: 2, alpha: 4}}
        optimizer: {adamw: {learning-rate: 1.0e-2}}
        batch: {examples: 2}
        epochs: 1
      evals:
        pairs: {pair-statistics: {}}
        detection:
          error-detection:
            on: numbers
            response: "{question} {answer} are some words of a response"
            errors: {planted: {words: 2}}
            judgment: "Not {errors}"
            judged-prompt: "{question} {judgment}"
      """, to: "small.yaml")
    try space.write(
      questions.map { "{\"question\":\"\($0.question)\",\"answer\":\"\($0.answer)\"}\n" }.joined(), to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml", "--json", "--until", until ?? one.last])
    try #require(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    return try Events(outcome.output)
  }

  private func check(_ events: Events, _ one: RevisedCase, computed: Int, reused: Int) throws {
    for (label, each) in one.kept {
      let step = try #require(events.finished(label), "\(label) in \(events.ran)")
      #expect(step.computed == computed * each && step.reused == reused * each, "\(step)")
    }
  }

  /// Every object of a run in a folder of its own stands in the store.
  private func sameBytes(
    _ one: RevisedCase, _ questions: [(question: String, answer: String)], _ space: TestSpace
  ) throws {
    let fresh = try TestSpace()
    _ = try exec(one, questions, in: fresh)
    let (own, kept) = (fresh.files(below: ".runner-store/objects"), space.files(below: ".runner-store/objects"))
    let missing = Set(own).subtracting(kept)
    #expect(!own.isEmpty && missing.isEmpty, "\(missing)")
  }
}
