// What each stage makes of a record's candidates, and that all of them are accounted for.

import JSON
import Planning
import Records
import Specification
import Steps
import Testing

@Suite struct MinimalRevisions {
  @Test func theRightNumberTakesThePlace() throws {
    let reviser = Reviser(.minimalRevision(try SmallSpec().verifier(), keep: .all), label: "revise")
    let revised = try reviser.revise(
      candidates(["I see 4 cats", "There are 3.", "none", "I see 4 cats"]), of: asking("3"), number: 1)
    #expect(
      revised.items.map(\.texts) == [
        ["I see 3 cats", "I see 4 cats"], ["3", "none"], ["I see 3 cats", "I see 4 cats"],
      ])
    #expect(revised.items[0].responses[0] == said("I see 3 cats", .stop, tokens: 0))
    #expect(revised.kinds == ["already-right"])
    #expect(revised.turns == [Message(.user, "q a")])
  }

  @Test func aRevisedResponseIsComplete() throws {
    let reviser = Reviser(.minimalRevision(try SmallSpec().verifier(), keep: .verdictRight), label: "revise")
    let cut = FeedbackRecord(id: id("a"), turns: [], items: [.response(said("so 4", .length, tokens: 8))])
    #expect(
      try reviser.revise(cut, of: asking("3"), number: 1).items
        == [.pair(chosen: said("so 3"), rejected: said("so 4", .length, tokens: 8))])
  }

  @Test func aVerifierWithoutAPlaceForItsAnswerRevisesNothing() throws {
    let verifier = try SmallSpec(answer: #"{from: "{answer}", verifier: contains}"#).verifier()
    let revised = try Reviser(.minimalRevision(verifier, keep: .all), label: "revise")
      .revise(candidates(["4", "3"]), of: asking("3"), number: 1)
    #expect(revised.items.isEmpty)
    #expect(revised.kinds == ["not-right", "already-right"])
  }

  @Test func anAnswerThatCannotBeUsedIsTold() throws {
    let reviser = Reviser(.minimalRevision(try SmallSpec().verifier(), keep: .all), label: "revise data")
    #expect(
      told { _ = try reviser.revise(candidates(["4"]), of: asking("many"), number: 7) }
        == "step.unusable-answer | revise data: the verifier cannot use the answer of record 7: "
        + "the accepted answer \"many\" holds no number")
  }
}

@Suite struct Judges {
  private func judged(_ texts: [String]) throws -> FeedbackRecord {
    try Reviser(.judge(try SmallSpec().verifier()), label: "judge").revise(
      candidates(texts), of: asking("3"), number: 1)
  }

  @Test func theFirstRightOverTheFirstWrong() throws {
    let record = try judged(["4", "3", "so 3", "5"])
    #expect(record.items.map(\.texts) == [["3", "4"]])
    #expect(record.kinds == ["unpaired", "unpaired"])
    // What names no number counts as wrong.
    #expect(try judged(["3", "none"]).items.map(\.texts) == [["3", "none"]])
  }

  @Test(arguments: [["3", "3"], ["4", "5", "none"], ["3"]])
  func withoutContrastThereIsNoPair(texts: [String]) throws {
    let record = try judged(texts)
    #expect(record.items.isEmpty)
    #expect(record.kinds == texts.map { _ in "no-contrast" })
  }

  private func recorded(_ fields: String, _ texts: [String]) throws -> FeedbackRecord {
    let stage = ReviseWork.Stage.judgeRecorded([try Template("{a}"), try Template("{b}"), try Template("{c}")])
    return try Reviser(stage, label: "judge").revise(
      candidates(texts), of: asking("3"), number: 4, with: .init(fields: try record(fields)))
  }

  @Test func numbersInTheDataDecide() throws {
    let record = try recorded(#"{"a":0.5,"b":"-2","c":1e1}"#, ["x", "y", "z"])
    #expect(record.items.map(\.texts) == [["z", "y"]])
    #expect(record.kinds == ["unpaired"])
    // The first of the best and of the worst.
    #expect(try recorded(#"{"a":1,"b":7,"c":7}"#, ["x", "y", "z"]).items.map(\.texts) == [["y", "x"]])
    #expect(
      try recorded(#"{"a":1,"b":1,"c":1.0}"#, ["x", "y", "z"]).kinds == Array(repeating: "no-contrast", count: 3))
  }

  @Test func scoresThatAreNoneAreTold() {
    #expect(
      told { _ = try recorded(#"{"a":1,"b":"good","c":2}"#, ["x", "y", "z"]) }
        == "step.not-a-number | judge: the score \"good\" of record 4 is not a number")
    #expect(told { _ = try recorded(#"{"a":1,"b":"nan","c":2}"#, ["x", "y", "z"]) }?.contains("not-a-number") ?? false)
    #expect(
      told { _ = try recorded(#"{"a":1,"c":2}"#, ["x", "y", "z"]) }
        == "step.missing-field | judge: record 4 has no field `b`")
    #expect(
      told { _ = try recorded(#"{"a":1,"b":1,"c":2}"#, ["x", "y"]) }
        == "step.score-count | judge: record 4 has 2 responses and 3 scores")
  }

  @Test func theNumbersOfRepliesDecide() throws {
    let replies = [
      said("Score: 7/10"), said("I cannot say"), said("a solid nine, I", .length), said("8, maybe 9"),
      said("too long", .error), said("72", .length),
    ]
    let record = try Reviser(.judgeReplies, label: "judge").revise(
      candidates(["v", "w", "x", "y", "z", "a"]), of: asking("3"), number: 1, with: .init(replies: replies))
    #expect(record.items.map(\.texts) == [["x", "v"]])
    // "72" was cut off: it may have become 72.5 or 725.
    #expect(record.kinds.sorted() == ["error", "unpaired", "unparsed", "unparsed"])
  }
}

@Suite struct ModelRevisions {
  private func revised(_ texts: [String], _ replies: [Response], keep: KeptPairs = .all) throws -> FeedbackRecord {
    try Reviser(.revision(try SmallSpec().verifier(), keep: keep), label: "revise").revise(
      candidates(texts), of: asking("3"), number: 1, with: .init(replies: replies))
  }

  @Test func aReplyIsTheBetterResponse() throws {
    let replies = [
      said("\n So 3. ", tokens: 9), said("4"), said("so 3", .length), said(" \n"), said("no room", .error), said("5"),
    ]
    let all = try revised(["4", " 4\n", "x", "y", "z", "4"], replies)
    #expect(
      all.items == [
        .pair(chosen: said("So 3."), rejected: said("4")), .pair(chosen: said("5"), rejected: said("4")),
      ])
    #expect(all.kinds == ["already-right", "unparsed", "unparsed", "error"])
    let right = try revised(["4", " 4\n", "x", "y", "z", "4"], replies, keep: .verdictRight)
    #expect(right.items == [.pair(chosen: said("So 3."), rejected: said("4"))])
    #expect(right.kinds == ["already-right", "unparsed", "unparsed", "error", "not-right"])
  }

  @Test func revisionsInTheDataAreTheBetterResponses() throws {
    func revised(_ texts: [String], _ revisions: [String], keep: KeptPairs = .all) throws -> FeedbackRecord {
      try Reviser(.revisionRecorded(try SmallSpec().verifier(), keep: keep), label: "revise").revise(
        candidates(texts), of: asking("3"), number: 2, with: .init(replies: revisions.map { said($0) }))
    }
    let all = try revised(["4", "5", "3", "x"], ["3", "6", "3", " "])
    #expect(all.items.map(\.texts) == [["3", "4"], ["6", "5"]])
    #expect(all.kinds == ["already-right", "unparsed"])
    #expect(try revised(["4", "5"], ["3", "6"], keep: .verdictRight).kinds == ["not-right"])
    #expect(
      told { _ = try revised(["4", "5"], ["3"]) }
        == "step.revision-count | revise: record 2 has 2 responses and 1 revisions")
  }

  @Test func refinementsInTheDataAreTheBetterResponses() throws {
    let record = FeedbackRecord(
      id: id("a"), turns: [Message(.user, "q a")],
      items: [.judged(said("4"), judgment: "too high"), .judged(said("3"), judgment: nil)])
    func refined(_ texts: [String], keep: KeptPairs = .all) throws -> FeedbackRecord {
      try Reviser(.refinementRecorded(try SmallSpec().verifier(), keep: keep), label: "refine").revise(
        record, of: asking("3"), number: 2, with: .init(replies: texts.map { said($0) }))
    }
    let all = try refined(["It is 5.", "3"])
    #expect(all.items.map(\.texts) == [["It is 5.", "4"]] && all.kinds == ["already-right"])
    #expect(try refined(["It is 5.", "3"], keep: .verdictRight).kinds == ["not-right", "already-right"])
    #expect(
      told { _ = try refined(["5"]) } == "step.revision-count | refine: record 2 has 2 responses and 1 revisions")
  }

  @Test func aStrongerModelsResponseIsTheBetterOne() throws {
    func paired(_ texts: [String], _ stronger: [Response], _ keep: KeptPairs) throws -> FeedbackRecord {
      try Reviser(.stronger(try SmallSpec().verifier(), keep: keep), label: "stronger").revise(
        candidates(texts), of: asking("3"), number: 1, with: .init(stronger: stronger))
    }
    // One response of the stronger model stands against every candidate.
    let one = try paired(["4", "3", "5"], [said("3", tokens: 2)], .all)
    #expect(one.items.map(\.texts) == [["3", "4"], ["3", "5"]])
    #expect(one.items[0].responses[0].tokens == 2)
    #expect(one.kinds == ["no-contrast"])
    // As many as candidates stand one against one.
    let two = try paired(["4", "5"], [said("3"), said("6")], .verdictRight)
    #expect(two.items.map(\.texts) == [["3", "4"]])
    #expect(two.kinds == ["not-right"])
    #expect(try paired(["4"], [], .all).kinds == ["error"])
    #expect(try paired(["4"], [said("full", .error)], .all).kinds == ["error"])
  }
}

extension ModelRevisions {
  @Test func theAcceptedAnswerStandsAgainstEveryCandidate() throws {
    let record = try Reviser(.strongerAnswer(try SmallSpec().verifier()), label: "stronger").revise(
      candidates(["4", "3", "so it is 3", "none"]), of: asking("3"), number: 1)
    #expect(record.items.map(\.texts) == [["3", "4"], ["3", "so it is 3"], ["3", "none"]])
    #expect(record.kinds == ["no-contrast"])
  }
}

@Suite struct Selections {
  @Test func theVerdictOfTheBetterResponseDecides() throws {
    let verifier = try SmallSpec().verifier()
    func selected(_ record: FeedbackRecord, _ verdict: Selection.Verdict) throws -> FeedbackRecord {
      try Reviser(.select(verifier, verdict), label: "select").revise(record, of: asking("3"), number: 1)
    }
    let before = [Leftover("unparsed", "why")]
    let right = try selected(candidates(["3", "4", "none"], leftovers: before), .right)
    #expect(right.items.map(\.texts) == [["3"]])
    #expect(right.kinds == ["unparsed", "not-selected", "not-selected"])
    #expect(right.leftovers[0] == before[0])
    #expect(try selected(candidates(["3", "4", "none"]), .wrong).items.map(\.texts) == [["4"], ["none"]])
    #expect(try selected(pairs([("3", "4"), ("5", "3")]), .right).items.map(\.texts) == [["3", "4"]])
  }
}

@Suite struct Accounts {
  @Test func failedResponsesAreSetApart() throws {
    let stages = [[[said("4"), said("no room", .error)]], [[said("3", .length)]]]
    let record = Candidates.records([asking("3")], stages)[0]
    #expect(record.items == [.response(said("4")), .response(said("3", .length))])
    #expect(record.leftovers == [Leftover("error", "no room")])
    #expect(try Reviser(.plain, label: "plain").revise(record, of: asking("3"), number: 1) == record)
  }

  @Test func everyResponseIsAnItemOrALeftover() throws {
    let verifier = try SmallSpec().verifier()
    let texts = ["3", "4", "so 3", "none", "", "3.0"]
    let finishes: [Response.Finish] = [.stop, .length, .error]
    let stages: [(ReviseWork.Stage, responsesAnItem: Int)] = [
      (.plain, 1), (.minimalRevision(verifier, keep: .all), 1), (.judge(verifier), 2),
      (.revision(verifier, keep: .verdictRight), 1), (.revision(nil, keep: .all), 1), (.judgeReplies, 2),
      (.stronger(verifier, keep: .verdictRight), 1), (.stronger(nil, keep: .all), 1), (.select(verifier, .right), 1),
      (.select(verifier, .wrong), 1), (.strongerAnswer(verifier), 1),
    ]
    for count in 0..<60 {
      // A walk through texts, ends and numbers of responses.
      let all = (0..<(count % 7)).map { said(texts[(count * 5 + $0 * 7) % 6], finishes[(count / 3 + $0) % 3]) }
      let replies = all.map { said(texts[(count + $0.text.count) % 6], finishes[count % 3]) }
      let record = Candidates.records(
        [asking("3")], [[Array(all.prefix(count % 4))], [Array(all.dropFirst(count % 4))]])[0]
      for (stage, responsesAnItem) in stages {
        let revised = try Reviser(stage, label: "s").revise(
          record, of: asking("3"), number: 1, with: .init(replies: replies, stronger: Array(replies.prefix(2))))
        #expect(revised.items.count * responsesAnItem + revised.leftovers.count == all.count, "\(stage) of \(all)")
        #expect(revised.items.allSatisfy { item in item.responses.allSatisfy { $0.finish != .error } })
      }
    }
  }
}
