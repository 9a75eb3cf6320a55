// Every method of the papers as an experiment: feedback of each kind, every objective, rounds, reward models.
// A small random model; what it learns is not looked at, but what it is given and that all of it runs.

import Foundation
import JSON
import Testing

@Suite struct Methods {
  /// A method: its reviser and objective.
  struct Method: Sendable, CustomTestStringConvertible {
    let name: String
    let reviser: String
    let objective: String
    var testDescription: String { name }

    var training: SmallTraining {
      var training = SmallTraining()
      (training.reviser, training.objective) = (reviser, objective)
      return training
    }
  }

  private static let judgment = #"{judgment: {by: verifier, wrong: "It is wrong: {reason}"}}"#
  private static let prompt = #"judged-prompt: "{question} Judgment: {judgment}""#

  static let all = [
    Method(
      name: "cut", reviser: "[\(judgment), {select: {acceptable-per-rejected: 0.5}}]",
      objective: "{cut: {form: paper-v4, lambda: 1.1, alpha: 1, gamma: 0.5, \(prompt)}}"),
    Method(
      name: "cut", reviser: "[\(judgment)]", objective: "{cut: {form: code, lambda: 1.1, alpha: 1, \(prompt)}}"),
    Method(
      name: "forward-prediction", reviser: "[\(judgment)]",
      objective: #"{forward-prediction: {judgment-prompt: "What of it?"}}"#),
    Method(name: "rrhf", reviser: "[{rescore: {by: verifier}}]", objective: "{rrhf: {}}"),
    Method(name: "pro", reviser: "[{ranked: {by: recorded}}]", objective: "{pro: {sft-weight: 0.05}}"),
    Method(
      name: "clha", reviser: "[{flip: {rate: 0.5}}, {rescore: {by: verifier}}]",
      objective: "{clha: {margin: 3, gap: 0.5, sft-weight: 0.05, gate: 0}}"),
    Method(name: "bradley-terry", reviser: "[{ranked: {by: recorded}}]", objective: "bradley-terry"),
  ]

  /// What hangs on workers and instructions is tested below; here: it runs, once, and the model moves.
  @Test(arguments: all)
  func runsAndIsCached(method: Method) throws {
    let space = try TestSpace()
    let first = try space.exec(method.training)
    #expect(first.exitCode == 0, "\(first.errors)\(first.output)")
    let log = try space.log(of: "train \(method.name)")
    let losses = log.compactMap { $0["loss"] as? Double }
    #expect(losses.count == log.count && log.count >= 4 && losses.allSatisfy(\.isFinite), "\(losses)")
    #expect(log.allSatisfy { ($0["gradient-norm"] as? Double ?? 0) > 0 }, "\(log)")
    #expect(log.allSatisfy { ($0["metrics"] as? [String: Double])?.isEmpty == false }, "\(log)")
    #expect(try Events(try space.exec(method.training).output).ran == [])
    let preview = try space.run(["preview", "small.yaml"])
    let needsNoModel = method.name == "forward-prediction"
    #expect(preview.exitCode == 0, "\(preview.errors)")
    #expect(preview.output.contains("depends on what the model says") != needsNoModel, "\(preview.output)")
  }

  @Test(arguments: all)
  func theSameBitsHoweverItRuns(method: Method) throws {
    let expected = try TestSpace.lock(method.training)
    #expect(try TestSpace.lock(method.training, ["--workers", "3"]) == expected)
    var full = method.training
    full.adapter = "full"
    #expect(try TestSpace.lock(full) == TestSpace.lock(full, ["--workers", "2", "--jobs", "2"]))
  }

  @Test func cutsExamplesStandInTheirContexts() throws {
    let space = try TestSpace()
    let training = Self.all[0].training
    #expect(try space.exec(training).exitCode == 0)
    let counts = try JSONValue(
      parsing: Array(space.run(["store", "cat", space.output("counts", of: "examples of numbers/train")]).output.utf8))
    // Twelve wrong responses, and half as many right ones.
    #expect(counts["items"]?.integerValue == 18 && counts["leftovers"]?["surplus"]?.integerValue == 6, "\(counts)")
    let preview = try space.run(["preview", "small.yaml", "12"])
    #expect(preview.output.contains("Judgment: It is wrong: "), "\(preview.output)")
    #expect(preview.output.contains("also read behind the judged prompt: "))
  }

  /// HIR reads the prompt rendered twice, and its loss on parts of responses differs from that on whole ones.
  private static func hindsight(_ options: String) -> SmallTraining {
    var training = SmallTraining()
    training.prompt = "{instruction} {question}"
    training.extra = #"variables: {instruction: "Answer rightly."}"#
    training.reviser =
      #"[{hindsight: {by: verifier, bind: instruction, right: "Answer rightly.", wrong: "Answer wrongly."}}]"#
    training.objective = "{hir: {\(options)}}"
    return training
  }

  @Test(arguments: ["code", "paper"])
  func hindsightInEveryForm(form: String) throws {
    var losses: [[Double]] = []
    let spans = ["", ", spans: {draw: each-epoch, minimum: 3}", ", spans: {draw: once, minimum: 3}"]
    for options in spans {
      let space = try TestSpace()
      let training = Self.hindsight("form: \(form), label-smoothing: 0.2, contrast: 1, entropy: 0.001\(options)")
      let outcome = try space.exec(training)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      losses.append(try space.log(of: "train hir").compactMap { $0["loss"] as? Double })
      #expect(try space.lock() == TestSpace.lock(training, ["--workers", "2"]))
    }
    #expect(losses.allSatisfy { $0.count == 12 && $0.allSatisfy(\.isFinite) }, "\(losses)")
    #expect(Set(losses).count == 3)
    // Parts that are drawn once are the same in the first epoch as those drawn in each.
    #expect(losses[1].prefix(6) == losses[2].prefix(6) && losses[1] != losses[2])
  }

  /// Behind an empty prompt the first token cannot be learned, and behind the judged one it could: it is left out of both.
  @Test func anEmptyPromptIsNoTrap() throws {
    let space = try TestSpace()
    var training = Self.all[1].training
    training.prompt = ""
    training.objective = Self.all[1].objective.replacing("{question} ", with: "")
    let outcome = try space.exec(
      training, ["--set", "models.policy.turns=raw", "--set", "evals=none"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
  }

  @Test func recordedJudgmentsOfWhichNoneMeansAcceptable() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.generator = #"[{recorded: {responses: ["It is {answer}."]}}]"#
    training.reviser = #"[{judgment: {by: recorded, judgment: "{judgment}"}}]"#
    training.objective = Self.all[1].objective
    try training.write(to: space)
    let lines = (1...16).map { number in
      let judgment = number.isMultiple(of: 2) ? "null" : "\"Too low.\""
      return #"{"question": "What is \#(number)?", "answer": "\#(number)", "judgment": \#(judgment)}"#
    }
    try space.write(lines.joined(separator: "\n"), to: "numbers.jsonl")
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    try space.write(lines.joined(separator: "\n").replacing("judgment", with: "verdict"), to: "numbers.jsonl")
    let mistyped = try space.run(["exec", "small.yaml"])
    #expect(mistyped.exitCode == 1 && mistyped.errors.contains("`judgment`"), "\(mistyped.errors)")
  }

  @Test func oneJudgmentCannotBeAboutTwoResponses() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.reviser = #"[{judgment: {by: recorded, judgment: "{question}"}}]"#
    training.objective = Self.all[1].objective
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    #expect((outcome.errors + outcome.output).contains("has one judgment and 2 responses"), "\(outcome.errors)")
  }
}

@Suite struct RewardModels {
  private static func model() -> SmallTraining {
    var training = SmallTraining()
    (training.reviser, training.objective) = ("[{ranked: {by: recorded}}]", "bradley-terry")
    (training.rate, training.epochs) = ("1.0e-2", "8")
    training.generator = #"[{recorded: {responses: ["It is {answer}.", "No idea."]}}]"#
    training.evals = [
      "agreement: {preference: {on: numbers/heldout}}",
      "length-only: {preference: {on: numbers/heldout, score: length}}",
    ]
    return training
  }

  @Test func learnsWhichResponseIsBetterAndScoresOthers() throws {
    let space = try TestSpace()
    let outcome = try space.exec(Self.model())
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let log = try space.log(of: "train bradley-terry")
    let first = try #require(log.first?["loss"] as? Double)
    let last = try #require(log.last?["loss"] as? Double)
    #expect(last < 0.1 && first > 0.3, "\(first) \(last)")
    let cells = try JSONValue(parsing: space.bytes("results/small/table.json"))["cells"]?.arrayValue ?? []
    let agreement = try #require(
      cells.first { $0["eval"]?.stringValue == "agreement" && $0["at"]?["base"] == nil }?["mean"]?.doubleValue)
    #expect(agreement == 1, "\(cells)")
    let report = try space.read("results/small/TABLE.md")
    #expect(report.contains("agreement: +"), "\(report)")
    #expect(report.contains("over the same 4 records: "), "\(report)")
    // Nobody has a reward head before it is trained; length needs none.
    #expect(cells.filter { $0["at"]?["base"] != nil }.map { $0["eval"]?.stringValue } == ["length-only"], "\(cells)")

    var user = SmallTraining()
    user.models = "  reward: {weights: {experiment: {spec: small.yaml}}}"
    user.generator = #"[{recorded: {responses: ["No idea.", "It is {answer}."]}}]"#
    (user.reviser, user.objective) = ("[{rescore: {by: {reward-model: reward}}}]", "{rrhf: {}}")
    user.evals = ["reward: {reward: {model: reward, on: numbers/heldout, max-new-tokens: 4}}"]
    try space.write(user.spec, to: "user.yaml")
    let run = try space.run(["exec", "user.yaml", "--json"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try Events(run.output).ran.allSatisfy { !$0.hasPrefix("train bradley-terry") })
    let table = try space.read("results/user/TABLE.md")
    #expect(table.contains("reward"), "\(table)")
    let examples = try space.run([
      "store", "cat", space.lockOutput("feedback", of: "rescore numbers/train", in: "user"),
    ])
    // The reward model turns the order of the data around.
    #expect(
      examples.output.split(separator: "\n").allSatisfy {
        $0.contains("\"ranking\":[{\"finish\":\"stop\",\"text\":\"It is")
      }, "\(examples.output)")
  }

  @Test func howOftenTheModelBeatsAnother() throws {
    let space = try TestSpace()
    try Self.model().write(to: space)
    var user = SmallTraining()
    user.models = """
        reward: {weights: {experiment: {spec: small.yaml}}}
        start: {weights: {same-as: policy}, turns: chatml, system: none}
      """
    let on = "on: numbers/heldout, against: start, max-new-tokens: 4"
    user.evals = [
      "verified: {win-rate: {\(on), by: verifier}}", "rewarded: {win-rate: {\(on), by: {reward-model: reward}}}",
      "judged: {win-rate: {\(on), by: {model: start}}}",
    ]
    try space.write(user.spec, to: "user.yaml")
    let run = try space.run(["exec", "user.yaml", "--json"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let cells = try JSONValue(parsing: space.bytes("results/user/table.json"))["cells"]?.arrayValue ?? []
    func cell(_ eval: String, base: Bool) throws -> JSONValue {
      try #require(cells.first { $0["eval"]?.stringValue == eval && ($0["at"]?["base"] != nil) == base }, "\(cells)")
    }
    // Against itself a model neither wins nor loses.
    for eval in ["verified", "rewarded"] { #expect(try cell(eval, base: true)["mean"]?.doubleValue == 0.5, "\(cells)") }
    let outcomes = try ["verified", "rewarded", "judged"].map { eval in
      (try cell(eval, base: false)["counts"]?.objectValue?.members ?? []).map { $0.value.integerValue ?? 0 }.reduce(
        0, +)
    }
    #expect(outcomes == [4, 4, 4], "\(cells)")
    #expect(try Events(space.run(["exec", "user.yaml", "--json"]).output).ran == [])
  }

  @Test func whatIsNoRewardModelIsRefused() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.reviser, training.objective) = ("[{rescore: {by: {reward-model: policy}}}]", "{rrhf: {}}")
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    #expect((outcome.errors + outcome.output).contains("is no reward model"), "\(outcome.errors)")
  }
}

@Suite struct RoundsOfTraining {
  private static func training(_ rounds: String, adapter: String = "{lora: {rank: 2, alpha: 4}}") -> SmallTraining {
    var training = SmallTraining()
    training.generator = "{sample: {samples: 2, temperature: 1, max-new-tokens: 4}}"
    training.reviser = #"[{judgment: {by: verifier, wrong: "It is wrong: {reason}"}}]"#
    training.objective =
      #"{cut: {form: paper-v4, lambda: 1.1, alpha: 1, gamma: 0.5, judged-prompt: "{question} {judgment}"}}"#
    training.adapter = adapter
    training.extra = "rounds: {\(rounds)}"
    return training
  }

  @Test(arguments: [
    "weights: merge, optimizer: fresh", "weights: continue, optimizer: continue, replay: all",
    "weights: fresh, optimizer: fresh, replay: {last: 1}",
  ])
  func aLongerExperimentHasTheSameRounds(options: String) throws {
    for adapter in ["{lora: {rank: 2, alpha: 4}}", "full"] {
      let space = try TestSpace()
      let short = try space.exec(Self.training("count: 2, records: 4, evaluate: each, \(options)", adapter: adapter))
      #expect(short.exitCode == 0, "\(short.errors)\(short.output)")
      let two = try Events(short.output).ran
      #expect(two.count { $0.hasPrefix("train cut") } == 2, "\(two)")
      #expect(two.count { $0.hasPrefix("generate numbers/train") } == 2, "\(two)")
      let long = try space.exec(Self.training("count: 3, records: 4, evaluate: each, \(options)", adapter: adapter))
      #expect(long.exitCode == 0, "\(long.errors)")
      let third = try Events(long.output).ran
      #expect(third.filter { $0.hasPrefix("train cut") } == ["train cut, round 3"], "\(third)")
      let table = unpadded(try space.read("results/small/TABLE.md"))
      for round in ["1", "2", "3"] { #expect(table.contains("| \(round) |"), "\(table)") }
      #expect(
        try space.lock()
          == TestSpace.lock(
            Self.training("count: 3, records: 4, evaluate: each, \(options)", adapter: adapter), ["--workers", "2"]))
    }
  }

  @Test func roundsDifferByWhatTheyStartFrom() throws {
    let weights = [
      "merge, optimizer: fresh", "continue, optimizer: fresh", "continue, optimizer: continue",
      "fresh, optimizer: fresh",
    ]
    let results = try weights.map { weights in
      let space = try TestSpace()
      let outcome = try space.exec(Self.training("count: 2, records: 4, weights: \(weights)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return try space.output("weights", of: "train cut, round 2")
    }
    #expect(Set(results).count == 4)
  }

  @Test func moreRecordsThanThereAre() throws {
    let space = try TestSpace()
    let outcome = try space.exec(Self.training("count: 4, records: 4, weights: merge"))
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    let told = outcome.errors + outcome.output
    #expect(told.contains("the round takes the records 13 to 16, and there are 12"), "\(told)")
  }
}
