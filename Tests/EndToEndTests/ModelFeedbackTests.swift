// What models say of responses, from the spec to the table of stages: their scores, their numbers, their judgments; and
// how many acceptable responses stay. A small random model makes no sense; what is looked at is that it adds up.

import Foundation
import JSON
import Testing

@Suite struct ModelFeedback {
  private static let other = "  other: {weights: {same-as: policy}, turns: chatml, system: none}"
  private static let cut = #"{cut: {form: code, judged-prompt: "{question} Judgment: {judgment}"}}"#

  /// What a stage gave, record by record.
  private func feedback(_ label: String, _ space: TestSpace, in experiment: String = "small") throws -> [JSONValue] {
    let digest = try space.lockOutput("feedback", of: label, in: experiment)
    let text = try space.run(["store", "cat", digest]).output
    return try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
  }

  /// What the table says of the examples that a stage led to; a reward model's training has others.
  private func examples(
    after label: String, _ space: TestSpace, of experiment: String = "small"
  ) throws -> JSONValue {
    let table = try JSONValue(parsing: space.bytes("results/\(experiment)/table.json"))
    let found = (table["examples"]?.arrayValue ?? []).first { one in
      (one["stages"]?.arrayValue ?? []).contains { $0["label"]?.stringValue == label }
    }
    return try #require(found, "\(table.canonical)")
  }

  private func leftOver(_ stage: JSONValue) -> Int {
    (stage["leftovers"]?.objectValue?.members ?? []).reduce(0) { $0 + ($1.value.integerValue ?? 0) }
  }

  // MARK: - Reward models

  /// A reward model to which "It is …" is better than "No idea."; writes the data, too.
  private func rewardModel(in space: TestSpace) throws {
    var reward = SmallTraining()
    (reward.reviser, reward.objective) = ("[{ranked: {by: recorded}}]", "bradley-terry")
    (reward.rate, reward.epochs) = ("1.0e-2", "8")
    reward.generator = #"[{recorded: {responses: ["It is {answer}.", "No idea."]}}]"#
    reward.evals = ["agreement: {preference: {on: numbers/heldout}}"]
    let outcome = try space.exec(reward)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
  }

  private func judged(_ responses: String, in space: TestSpace) throws -> RunOutcome {
    var user = SmallTraining()
    user.models = "  reward: {weights: {experiment: {spec: small.yaml}}}"
    user.generator = "[{recorded: {responses: [\(responses)]}}]"
    user.reviser = "[{judge: {by: {reward-model: reward}}}]"
    try space.write(user.spec, to: "user.yaml")
    return try space.run(["exec", "user.yaml", "--json"])
  }

  @Test func aRewardModelChooses() throws {
    let space = try TestSpace()
    try rewardModel(in: space)
    let outcome = try judged(#""No idea.", "It is {answer}.", "It is {answer}.""#, in: space)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    let records = try feedback("judge numbers/train", space, in: "user")
    #expect(records.count == 12)
    for record in records {
      let items = record["items"]?.arrayValue ?? []
      #expect(items.count == 1, "\(record.canonical)")
      #expect(items.first?["chosen"]?["text"]?.stringValue?.hasPrefix("It is ") == true, "\(record.canonical)")
      #expect(items.first?["rejected"]?["text"]?.stringValue == "No idea.", "\(record.canonical)")
      // The second of two equal responses is neither the first of the best nor the worst.
      let kinds = record["leftovers"]?.arrayValue?.map { $0["kind"]?.stringValue }
      #expect(kinds == ["unpaired"], "\(record.canonical)")
    }
    let stages = try examples(after: "judge numbers/train", space, of: "user")["stages"]?.arrayValue ?? []
    #expect(stages.map { $0["label"]?.stringValue } == ["take numbers/train", "judge numbers/train"])
    #expect(stages.map { $0["items"]?.integerValue } == [36, 12])
    #expect(stages.map(leftOver) == [0, 12])
    #expect(try Events(space.run(["exec", "user.yaml", "--json"]).output).ran == [])
  }

  /// Equal responses have equal scores, and none is better than another.
  @Test func equalScoresMakeNoPair() throws {
    let space = try TestSpace()
    try rewardModel(in: space)
    let outcome = try judged(#""No idea.", "No idea.""#, in: space)
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    let told = outcome.errors + outcome.output
    #expect(told.contains("there are no examples") && told.contains("24 no-contrast"), "\(told)")
  }

  // MARK: - Numbers of replies

  /// Long replies at a high temperature are noise, in which there are numbers.
  private static let noise = #"prompt: "Rate: {response}", max-new-tokens: 96, temperature: 3"#

  @Test func aModelsNumbersAreTheOrder() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.models = Self.other
    training.generator = #"[{recorded: {responses: ["It is 0.", "It is {answer}.", "No idea.", "Who knows?"]}}]"#
    training.reviser = "[{rescore: {by: {model: other}, \(Self.noise)}}]"
    training.objective = "{rrhf: {}}"
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    let records = try feedback("rescore numbers/train", space)
    var (rankings, left) = (0, 0)
    for record in records {
      let items = record["items"]?.arrayValue ?? []
      let scores = items.first?["scores"]?.arrayValue?.compactMap(\.doubleValue) ?? []
      let ranked = items.first?["ranking"]?.arrayValue ?? []
      let leftovers = record["leftovers"]?.arrayValue ?? []
      // All four responses of a record, each with a score or with a reason why it has none.
      #expect(ranked.count == scores.count && ranked.count + leftovers.count == 4, "\(record.canonical)")
      #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 }, "\(record.canonical)")
      let kinds = Set(leftovers.compactMap { $0["kind"]?.stringValue })
      #expect(kinds.isSubset(of: ["unparsed", "no-contrast", "error"]), "\(record.canonical)")
      (rankings, left) = (rankings + items.count, left + leftovers.count)
    }
    #expect(records.count == 12 && rankings > 0)
    let stages = try examples(after: "rescore numbers/train", space)["stages"]?.arrayValue ?? []
    #expect(stages.map { $0["label"]?.stringValue } == ["rescore numbers/train"])
    #expect(stages.map { $0["items"]?.integerValue } == [rankings] && stages.map(leftOver) == [left])
    #expect(try Events(space.exec(training).output).ran == [])
  }

  /// Short replies say no number.
  private func unparsed(_ reviser: String) throws -> String {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.models, training.objective) = (Self.other, "{rrhf: {}}")
    training.reviser = reviser
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    return outcome.errors + outcome.output
  }

  @Test func repliesWithoutANumberAreCounted() throws {
    let told = try unparsed("[{rescore: {by: {model: other}, max-new-tokens: 4}}]")
    #expect(told.contains("there are no examples") && told.contains("24 unparsed"), "\(told)")
  }

  /// Replies and numbers in the data are of candidates as they came; of a ranking nobody would know whose they are.
  @Test(arguments: ["{model: other}", "recorded, scores: [\"1\", \"0\"]"])
  func aRankingIsNotRescoredByPosition(by assessor: String) throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.models, training.objective) = (Self.other, "{rrhf: {}}")
    training.reviser = "[{ranked: {by: recorded}}, {rescore: {by: \(assessor)}}]"
    try training.write(to: space)
    let outcome = try space.run(["validate", "small.yaml"])
    #expect(outcome.exitCode == 65, "\(outcome.output)")
    #expect(outcome.errors.contains("`rescore` cannot read rankings; it reads responses"), "\(outcome.errors)")
  }

  // MARK: - Judgments

  @Test func aModelsJudgmentsAddUp() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.models, training.objective) = (Self.other, Self.cut)
    // A reply that ends at some letter is one; those that are cut off are left over.
    let decoding = "max-new-tokens: 16, temperature: 1, stop: [a, e, i, o, u, r, s, t]"
    training.reviser = "[{judgment: {by: {model: other}, \(decoding)}}]"
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    let stages = try examples(after: "judgment numbers/train", space)["judged"]?.arrayValue ?? []
    #expect(
      stages.map { $0["label"]?.stringValue } == ["judgment numbers/train", "examples of numbers/train"], "\(stages)")
    for stage in stages {
      let items = stage["items"]?.integerValue ?? 0
      let (acceptable, judged) = (stage["acceptable"]?.integerValue ?? 0, stage["judged"]?.integerValue ?? 0)
      #expect(acceptable + judged == items && items + leftOver(stage) == 24, "\(stage.canonical)")
    }
    let items = try feedback("judgment numbers/train", space).flatMap { $0["items"]?.arrayValue ?? [] }
    let judgments = items.compactMap { $0["judgment"]?.stringValue }
    #expect(stages.first?["judged"]?.integerValue == judgments.count && !judgments.isEmpty, "\(items)")
    // White space around a reply is no part of the judgment.
    #expect(judgments.allSatisfy { $0.trimmingCharacters(in: .whitespacesAndNewlines) == $0 }, "\(judgments)")
    let table = unpadded(try space.read("results/small/TABLE.md"))
    #expect(table.contains("| judgment numbers/train | \(items.count) | "), "\(table)")
    #expect(try Events(space.exec(training).output).ran == [])
  }

  /// Twelve responses are wrong and twelve acceptable; the acceptable ones of the lowest digests stay.
  @Test(arguments: [(0.0, 0), (0.25, 3), (0.3, 3), (1.0, 12), (2.5, 12)])
  func acceptableResponsesStayByTheirRecords(ratio: Double, stay: Int) throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.objective = Self.cut
    training.reviser =
      #"[{judgment: {by: verifier, wrong: "No: {reason}"}}, {select: {acceptable-per-rejected: \#(ratio)}}]"#
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
    let before = try feedback("judgment numbers/train", space)
    let after = try feedback("balance numbers/train", space)
    let lowest = before.compactMap { $0["id"]?.stringValue }.sorted().prefix(stay)
    for (old, new) in zip(before, after) {
      // The first response, "It is 0.", is wrong in every record, and the second is right.
      let keepsBoth = lowest.contains(old["id"]?.stringValue ?? "")
      let items = old["items"]?.arrayValue ?? []
      #expect(items.count == 2 && new["id"] == old["id"])
      #expect(new["items"]?.arrayValue == Array(items.prefix(keepsBoth ? 2 : 1)), "\(new.canonical)")
      let kinds = (new["leftovers"]?.arrayValue ?? []).compactMap { $0["kind"]?.stringValue }
      #expect(kinds == (keepsBoth ? [] : ["surplus"]), "\(new.canonical)")
    }
    let judged = try examples(after: "balance numbers/train", space)["judged"]?.arrayValue ?? []
    let balance = try #require(judged.dropFirst().first)
    #expect(balance["label"]?.stringValue == "balance numbers/train")
    #expect(balance["acceptable"]?.integerValue == stay && balance["judged"]?.integerValue == 12)
    #expect(leftOver(balance) == 12 - stay, "\(balance.canonical)")
  }
}
