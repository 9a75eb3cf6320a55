// What the stages that put responses in order make of small records, each worked by hand.

import JSON
import Planning
import Records
import Specification
import Steps
import Testing

@Suite struct Orders {
  @Test func theDatasOrderIsTheRanking() throws {
    func ranked(_ texts: [String]) throws -> FeedbackRecord {
      try Reviser(.ranked, label: "ranked").revise(
        candidates(texts, leftovers: [Leftover("error", "before")]), of: asking("3"), number: 1)
    }
    let three = try ranked(["b", "a", "c"])
    #expect(three.items == [.ranking([said("b"), said("a"), said("c")], scores: [])])
    #expect(three.leftovers == [Leftover("error", "before")])
    // One response is in no order.
    let (one, none) = (try ranked(["b"]), try ranked([]))
    #expect(one.items.isEmpty && one.kinds == ["error", "no-contrast"])
    #expect(none.items.isEmpty && none.kinds == ["error"])
  }
}

@Suite struct Rescoring {
  private let abc = FeedbackRecord(
    id: id("a"), turns: [Message(.user, "q a")],
    items: [.ranking([said("4"), said("3"), said("none")], scores: [])])

  @Test func rightOnesStandBeforeTheOthers() throws {
    func rescored(_ record: FeedbackRecord) throws -> FeedbackRecord {
      try Reviser(.rescore(try SmallSpec().verifier()), label: "rescore").revise(record, of: asking("3"), number: 1)
    }
    let four = try rescored(candidates(["4", "3", "none", "so 3"]))
    #expect(four.items == [.ranking([said("3"), said("so 3"), said("4"), said("none")], scores: [1, 1, 0, 0])])
    #expect(four.leftovers.isEmpty)
    #expect(try rescored(candidates(["4", "5"])).items == [.ranking([said("4"), said("5")], scores: [0, 0])])
    // What has an order already gets another.
    #expect(try rescored(abc).items == [.ranking([said("3"), said("4"), said("none")], scores: [1, 0, 0])])
  }

  @Test func theNumbersOfRepliesAreTheScores() throws {
    let replies = [
      said("Score: 7/10"), said("I cannot say"), said("a solid nine, I", .length), said("8, maybe 9"),
      said("no room", .error), said("72", .length), said("7"),
    ]
    let record = try Reviser(.rescoreReplies, label: "rescore").revise(
      candidates(["t", "u", "v", "w", "x", "y", "z"]), of: asking("3"), number: 1, with: .init(replies: replies))
    // Equal ones stay as they come.
    #expect(record.items == [.ranking(["v", "w", "t", "z"].map { said($0) }, scores: [9, 8, 7, 7])])
    // No number; not made; cut off within its number.
    #expect(record.kinds == ["unparsed", "error", "unparsed"])
    #expect(record.leftovers[1].reason == "no room")
  }

  @Test func oneReplyWithANumberMakesNoOrder() throws {
    let record = try Reviser(.rescoreReplies, label: "rescore").revise(
      candidates(["x", "y"]), of: asking("3"), number: 1, with: .init(replies: [said("Hm."), said("-2.5")]))
    #expect(record.items.isEmpty && record.kinds == ["unparsed", "no-contrast"])
  }

  private func recorded(_ scores: [String], _ texts: [String], fields: String = "{}") throws -> FeedbackRecord {
    let stage = ReviseWork.Stage.rescoreRecorded(try scores.map { try Template($0) })
    return try Reviser(stage, label: "rescore").revise(
      candidates(texts), of: asking("3"), number: 4, with: .init(fields: try record(fields)))
  }

  @Test func theDatasNumbersAreTheScores() throws {
    let record = try recorded(["{a}", "{b}", "2e-1"], ["x", "y", "z"], fields: #"{"a":-1,"b":"0.25"}"#)
    #expect(record.items == [.ranking(["y", "z", "x"].map { said($0) }, scores: [0.25, 0.2, -1])])
    #expect(
      told { _ = try recorded(["1", "2", "3"], ["x", "y"]) }
        == "step.score-count | rescore: record 4 has 2 responses and 3 scores")
    #expect(
      told { _ = try recorded(["1", "good"], ["x", "y"]) }
        == "step.not-a-number | rescore: the score \"good\" of record 4 is not a number")
  }

  /// Objectives compute with scores.
  @Test func scoresBeyondAllBoundsAreNone() throws {
    let record = try recorded(["1", "1e31", "-1e31", "1e30"], ["w", "x", "y", "z"])
    #expect(record.items == [.ranking([said("z"), said("w")], scores: [1e30, 1])])
    #expect(record.kinds == ["unparsed", "unparsed"])
  }
}

@Suite struct RewardedResponses {
  private func revised(
    _ stage: ReviseWork.Stage, _ record: FeedbackRecord, _ rewards: [Double?]
  ) throws -> FeedbackRecord {
    var material = Steps.Reviser.Material()
    material.rewards = rewards
    return try Reviser(stage, label: "rewards").revise(record, of: asking("3"), number: 1, with: material)
  }

  @Test func theBestAndTheWorstAreAPair() throws {
    func judged(_ texts: [String], _ rewards: [Double?]) throws -> FeedbackRecord {
      try revised(.judgeRewards, candidates(texts), rewards)
    }
    let four = try judged(["w", "x", "y", "z"], [0.25, -1.5, 3, 3])
    #expect(four.items == [.pair(chosen: said("y"), rejected: said("x"))])
    #expect(four.kinds == ["unpaired", "unpaired"])
    // The smallest difference decides, in any size.
    #expect(try judged(["x", "y"], [0.3, 0.1 + 0.2]).items.map(\.texts) == [["y", "x"]])
    #expect(try judged(["x", "y"], [1e-300, -1e-300]).items.map(\.texts) == [["x", "y"]])
    #expect(try judged(["x", "y"], [-2e9, -1e9]).items.map(\.texts) == [["y", "x"]])
  }

  @Test(arguments: [[1.5, 1.5], [0.0, -0.0], [-2.0, -2.0, -2.0], [7.0]])
  func equalScoresMakeNoPair(rewards: [Double]) throws {
    let texts = Array(["x", "y", "z"].prefix(rewards.count))
    let record = try revised(.judgeRewards, candidates(texts), rewards)
    #expect(record.items.isEmpty)
    #expect(record.kinds == rewards.map { _ in "no-contrast" })
  }

  /// There is no score of a model whose training diverged.
  @Test func aDivergedModelScoresNothing() throws {
    #expect(try revised(.judgeRewards, candidates(["x", "y"]), [nil, nil]).kinds == ["error", "error"])
    #expect(try revised(.judgeRewards, candidates(["x", "y"]), [nil, 2]).kinds == ["error", "no-contrast"])
    #expect(try revised(.rescoreRewards, candidates(["x", "y"]), [nil, nil]).kinds == ["error", "error"])
  }

  @Test func theHighestScoreStandsFirst() throws {
    let record = try revised(.rescoreRewards, candidates(["w", "x", "y", "z"]), [0.5, -2, nil, 0.5])
    #expect(record.items == [.ranking(["w", "z", "x"].map { said($0) }, scores: [0.5, 0.5, -2])])
    #expect(record.kinds == ["error"])
    // Each response of a ranking has a score of its own.
    let ranked = FeedbackRecord(
      id: id("a"), turns: [], items: [.ranking(["w", "x", "y"].map { said($0) }, scores: [3, 2, 1])])
    #expect(
      try revised(.rescoreRewards, ranked, [1, 2, 4]).items
        == [.ranking(["y", "x", "w"].map { said($0) }, scores: [4, 2, 1])])
  }
}
