// What judgments, refinements, instructions in hindsight and noise make of small records, each worked by hand.

import JSON
import Planning
import Records
import Specification
import Steps
import Testing

@Suite struct VerifiersJudgments {
  private func judged(
    _ texts: [String], right: Template? = nil, fields: String = #"{"note":"look again"}"#
  ) throws -> FeedbackRecord {
    let wrong = try Template("{response} is not {answer}, {note}: {reason}")
    let stage = ReviseWork.Stage.judgment(try SmallSpec().verifier(), wrong: wrong, right: right)
    return try Reviser(stage, label: "judgment").revise(
      candidates(texts), of: asking("3"), number: 7, with: .init(fields: try record(fields)))
  }

  @Test func whatIsNotRightHasTheSpecsWords() throws {
    let judged = try judged(["none", "3", "4", ""])
    #expect(
      judged.items == [
        .judged(said("none"), judgment: "none is not 3, look again: expected 3, the response names no number"),
        .judged(said("3"), judgment: nil),
        .judged(said("4"), judgment: #"4 is not 3, look again: expected 3, the response says 4 ("4")"#),
        .judged(said(""), judgment: " is not 3, look again: expected 3, the response is empty"),
      ])
    #expect(judged.leftovers.isEmpty && judged.turns == [Message(.user, "q a")])
  }

  @Test func whatIsRightMayHaveWordsToo() throws {
    let judged = try judged(["so 3", "4"], right: try Template("{response}: well done"))
    #expect(judged.items[0] == .judged(said("so 3"), judgment: "so 3: well done"))
    #expect(judged.items.count == 2 && judged.items[1] != .judged(said("4"), judgment: nil))
  }

  @Test func aFieldIsMissedOnlyWhereItIsRead() throws {
    #expect(try judged(["3"], fields: "{}").items == [.judged(said("3"), judgment: nil)])
    #expect(
      told { _ = try judged(["3", "4"], fields: "{}") }
        == "step.missing-field | judgment: record 7 has no field `note`")
  }
}

@Suite struct RecordedJudgments {
  private func judged(_ texts: [String], _ fields: String) throws -> FeedbackRecord {
    try Reviser(.judgmentRecorded(try Template("{note}")), label: "judgment").revise(
      candidates(texts), of: asking("3"), number: 2, with: .init(fields: try record(fields)))
  }

  @Test(arguments: ["{}", #"{"note":null}"#, #"{"note":""}"#, #"{"note":" \n"}"#])
  func nothingSaidMeansAcceptable(fields: String) throws {
    let record = try judged(["4"], fields)
    #expect(record.items == [.judged(said("4"), judgment: nil)])
    #expect(record.leftovers.isEmpty)
  }

  @Test func theDatasWordsStandAsTheyAre() throws {
    #expect(
      try judged(["3"], #"{"note":" Too high,\n by ONE. "}"#).items
        == [.judged(said("3"), judgment: " Too high,\n by ONE. ")])
    #expect(try judged([], #"{"note":"Bad."}"#).items.isEmpty)
    #expect(
      told { _ = try judged(["3", "4"], #"{"note":"Bad."}"#) }
        == "step.judgment-count | judgment: record 2 has one judgment and 2 responses")
  }
}

@Suite struct ModelsJudgments {
  private func judged(
    _ texts: [String], _ replies: [Response], acceptable: String = "perfect"
  ) throws -> FeedbackRecord {
    try Reviser(.judgmentReplies(acceptable: acceptable), label: "judgment").revise(
      candidates(texts), of: asking("3"), number: 1, with: .init(replies: replies))
  }

  /// However it is capitalized, with or without a period, and whatever white space is around it.
  @Test(arguments: ["perfect", "Perfect.", " \nPERFECT.\t", "perfect ", "pErFeCt"])
  func theWordMeansAcceptable(reply: String) throws {
    for acceptable in ["perfect", "Perfect."] {
      let record = try judged(["4"], [said(reply)], acceptable: acceptable)
      #expect(record.items == [.judged(said("4"), judgment: nil)])
      #expect(record.leftovers.isEmpty)
    }
  }

  @Test(arguments: [
    "perfect!", "It is perfect.", "perfect, almost", "\"perfect\"", "imperfect", "not perfect", "perfect..", ".",
  ])
  func whatSaysMoreIsAJudgment(reply: String) throws {
    #expect(try judged(["3"], [said(reply)]).items == [.judged(said("3"), judgment: reply)])
  }

  @Test func theWordsStayAndWhiteSpaceAroundThemGoes() throws {
    #expect(
      try judged(["4"], [said("\n Too high,\n  by ONE. ", tokens: 9)]).items
        == [.judged(said("4"), judgment: "Too high,\n  by ONE.")])
  }

  /// What was cut off might have gone on: "perfect" may have become "perfect, if not for the number".
  @Test func repliesThatSayNothingAreTold() throws {
    let replies = [said("perfect", .length), said(" \n"), said("no room", .error), said("Bad.")]
    let record = try judged(["v", "w", "x", "y"], replies)
    #expect(record.items == [.judged(said("y"), judgment: "Bad.")])
    #expect(record.kinds == ["unparsed", "unparsed", "error"])
    #expect(record.leftovers[2].reason == "no room")
  }
}

@Suite struct Refinements {
  private let judged = FeedbackRecord(
    id: id("a"), turns: [Message(.user, "q a")],
    items: [
      .judged(said("4"), judgment: "too high"), .judged(said("3"), judgment: nil), .judged(said("5"), judgment: "no"),
      .judged(said("6"), judgment: "no"), .judged(said("7"), judgment: "no"), .judged(said("8"), judgment: "no"),
    ], leftovers: [Leftover("unparsed", "before")])

  private func refined(keep: KeptPairs) throws -> FeedbackRecord {
    let replies = [
      said(" So 3.\n", tokens: 5), said("9"), said("5 "), said("3", .length), said("no room", .error), said("It is 2."),
    ]
    return try Reviser(.refinement(try SmallSpec().verifier(), keep: keep), label: "refine").revise(
      judged, of: asking("3"), number: 1, with: .init(replies: replies))
  }

  @Test func whatIsBadIsWrittenAnew() throws {
    let all = try refined(keep: .all)
    #expect(
      all.items == [
        .pair(chosen: said("So 3."), rejected: said("4")), .pair(chosen: said("It is 2."), rejected: said("8")),
      ])
    // Before; acceptable; the same as before; cut off; not made.
    #expect(all.kinds == ["unparsed", "already-right", "already-right", "unparsed", "error"])
    let right = try refined(keep: .verdictRight)
    #expect(right.items == [.pair(chosen: said("So 3."), rejected: said("4"))])
    #expect(right.kinds == ["unparsed", "already-right", "already-right", "unparsed", "error", "not-right"])
  }
}

@Suite struct Hindsights {
  private let right = [Message(.user, "Be right. q")]
  private let wrong = [Message(.user, "Be wrong. q")]

  private func relabeled(_ stage: ReviseWork.Stage, _ record: FeedbackRecord) throws -> FeedbackRecord {
    var material = Steps.Reviser.Material()
    material.hindsight = (right: right, wrong: wrong)
    return try Reviser(stage, label: "hindsight").revise(record, of: asking("3"), number: 1, with: material)
  }

  @Test func theVerdictSaysWhichInstructionFits() throws {
    let record = try relabeled(.hindsight(try SmallSpec().verifier()), candidates(["4", "so 3", "none"]))
    #expect(
      record.items == [
        .relabeled(said("4"), turns: wrong, contrast: right, answers: ["3"]),
        .relabeled(said("so 3"), turns: right, contrast: wrong),
        .relabeled(said("none"), turns: wrong, contrast: right, answers: ["3"]),
      ])
    #expect(record.leftovers.isEmpty)
  }

  /// Whatever the number is: what nothing is said against is right.
  @Test func aJudgmentSaysWhichInstructionFits() throws {
    let judged = FeedbackRecord(
      id: id("a"), turns: [],
      items: [.judged(said("4"), judgment: nil), .judged(said("3"), judgment: "bad"), .response(said("5"))])
    let record = try relabeled(.hindsightJudged, judged)
    #expect(
      record.items == [
        .relabeled(said("4"), turns: right, contrast: wrong),
        .relabeled(said("3"), turns: wrong, contrast: right, answers: ["3"]),
      ])
    #expect(record.kinds == ["no-judgment"])
  }
}

@Suite struct JudgmentsInContext {
  private let judged = FeedbackRecord(
    id: id("a"), turns: [Message(.user, "q a")],
    items: [.judged(said("3"), judgment: nil), .judged(said("4"), judgment: "bad"), .response(said("5"))])

  private func inContext(_ stage: ReviseWork.Stage) throws -> FeedbackRecord {
    var material = Steps.Reviser.Material()
    material.contexts = ["first", "second", "third"].map { [Message(.user, $0)] }
    return try Reviser(stage, label: "context").revise(judged, of: asking("3"), number: 1, with: material)
  }

  @Test func onlyWhatHasAJudgmentIsReadWithIt() throws {
    let prompt = try inContext(.judgedPrompt)
    #expect(
      prompt.items == [
        .judged(said("3"), judgment: nil),
        .judged(said("4"), judgment: "bad", context: .prompt([Message(.user, "second")])),
      ])
    #expect(prompt.kinds == ["no-judgment"])
    let question = [Message(.user, "q a"), Message(.assistant, "4"), Message(.user, "second")]
    #expect(
      try inContext(.judgmentPrompt).items == [
        .judged(said("3"), judgment: nil), .judged(said("4"), judgment: "bad", context: .question(question)),
      ])
  }
}

@Suite struct LabelNoise {
  private func flipped(_ record: FeedbackRecord, rate: Double, seed: Int = 1) throws -> FeedbackRecord {
    try Reviser(.flip(rate: rate, seed: seed), label: "flip").revise(record, of: asking("3"), number: 1)
  }

  private func feedback(_ items: [FeedbackItem]) -> FeedbackRecord {
    FeedbackRecord(id: id("a"), turns: [Message(.user, "q")], items: items, leftovers: [Leftover("error", "before")])
  }

  /// At one, these become those, with what was left over before; at zero they stay the same bytes.
  private func check(_ before: [FeedbackItem], become after: [FeedbackItem]) throws {
    #expect(try flipped(feedback(before), rate: 1) == feedback(after))
    let untouched = try flipped(feedback(before), rate: 0)
    #expect(untouched.json.canonicalBytes == feedback(before).json.canonicalBytes)
  }

  @Test func ofPairsBothResponsesAreExchanged() throws {
    try check(
      [.pair(chosen: said("a"), rejected: said("b")), .pair(chosen: said("c"), rejected: said("d"))],
      become: [.pair(chosen: said("b"), rejected: said("a")), .pair(chosen: said("d"), rejected: said("c"))])
  }

  /// The scores belong to the places: the worst response gets the best one's.
  @Test func ofRankingsTheWholeOrderIsTurnedAround() throws {
    let (abc, cba) = (["a", "b", "c"].map { said($0) }, ["c", "b", "a"].map { said($0) })
    try check([.ranking(abc, scores: [3, 2, 1])], become: [.ranking(cba, scores: [3, 2, 1])])
    try check([.ranking(abc, scores: [])], become: [.ranking(cba, scores: [])])
  }

  /// Nobody wrote what would be wrong with an acceptable response.
  @Test func ofJudgmentsTheVerdictIsTurnedAround() throws {
    try check(
      [.judged(said("a"), judgment: nil), .judged(said("b"), judgment: "bad")],
      become: [.judged(said("a"), judgment: ""), .judged(said("b"), judgment: nil)])
  }

  @Test func ofCandidatesTheOrderIsTurnedAround() throws {
    try check(
      [.response(said("a")), .response(said("b")), .response(said("c"))],
      become: [.response(said("c")), .response(said("b")), .response(said("a"))])
    try check([], become: [])
  }

  /// The numbers of those of 400 records that are turned around.
  private func drawn(_ rate: Double, seed: Int = 1, of make: (String) -> FeedbackRecord) throws -> Set<Int> {
    var numbers: Set<Int> = []
    for number in 0..<400 {
      let before = make("r\(number)")
      let after = try flipped(before, rate: rate, seed: seed)
      let whole = try flipped(before, rate: 1, seed: seed)
      // A record is turned around as a whole or is the same bytes.
      if after.json.canonicalBytes == before.json.canonicalBytes { continue }
      #expect(after.json.canonicalBytes == whole.json.canonicalBytes)
      numbers.insert(number)
    }
    return numbers
  }

  @Test func seedAndRecordDecideWhichRecords() throws {
    let half = try drawn(0.5) { pairs([("3", "4"), ("3", "5")], name: $0) }
    // Two hundred, and four standard deviations of ten to either side.
    #expect((160...240).contains(half.count), "\(half.count)")
    let again = try drawn(0.5) { pairs([("3", "4"), ("3", "5")], name: $0) }
    // What stands in a record is no part of the draw.
    let others = try drawn(0.5) { candidates(["x", "y", "z"], name: $0) }
    #expect(again == half && others == half)
    let other = try drawn(0.5, seed: 2) { pairs([("3", "4")], name: $0) }
    #expect((160...240).contains(other.count) && other != half, "\(other.count)")
  }

  /// A new rate does not redraw the noise: a higher one takes further records.
  @Test func aHigherRateTakesFurtherRecords() throws {
    let rates: [Double] = [0, 0.1, 0.5, 0.9, 1]
    let draws = try rates.map { rate in try drawn(rate) { pairs([("3", "4")], name: $0) } }
    for (fewer, more) in zip(draws, draws.dropFirst()) { #expect(fewer.isStrictSubset(of: more)) }
    #expect(draws[0].isEmpty && draws[4].count == 400)
    #expect((16...64).contains(draws[1].count) && (336...384).contains(draws[3].count))
  }
}
