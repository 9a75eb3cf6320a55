// Errors that are known to the character, and how well a detection ratio tells their tokens: worked by hand, a byte a token.

import Foundation
import JSON
import LanguageModel
import Planning
import Records
import Specification
import Steps
import Testing

/// An eval of error detection as steps have it.
private func spec(
  _ errors: String, response: String = "{text}", more: String = #", judgment: "{errors}""#
) -> SmallSpec {
  SmallSpec(evals: [
    #"detection: {error-detection: {on: data/heldout, response: "\#(response)", errors: \#(errors)\#(more), judged-prompt: "{question} {judgment}"}}"#
  ])
}

private func marker(_ spec: SmallSpec) throws -> Marker {
  let step = try spec.step(.mark)
  guard case .mark(let work) = step.work else { throw NoSuchStep(kind: .mark) }
  return Marker(work, label: step.label, places: step.places)
}

private func marked(_ spec: SmallSpec, _ text: String) throws -> (feedback: FeedbackRecord, errors: ErrorSpans) {
  let record = SourceRecord.identified([try record(text)])[0]
  return try marker(spec).mark(record, of: RenderedPrompt(id: record.id, turns: [Message(.user, "q")]), number: 1)
}

@Suite struct MarkingErrors {
  private static let recorded = "{recorded: {at: [feedback, errors]}}"
  private static let record =
    #"{"text":"Où est 7?","feedback":{"errors":[{"start":7,"end":8,"kind":"Wrong"},{"start":0,"end":2,"kind":"Odd"}]}}"#

  @Test func theDataSayWhere() throws {
    let found = try marked(spec(Self.recorded, more: #", error: "“{wrong}”: {kind}.""#), Self.record)
    #expect(found.errors.spans == [7..<8, 0..<2])
    #expect(
      found.feedback.items
        == [.judged(said("Où est 7?"), judgment: "“7”: Wrong. “Où”: Odd.")])
    #expect(found.feedback.turns == [Message(.user, "q")] && found.feedback.leftovers == [])
  }

  /// Unless the spec says otherwise, a judgment names what is wrong and nothing else.
  @Test func whatIsSaidUnlessToldOtherwise() throws {
    let found = try marked(spec(Self.recorded, more: ""), Self.record)
    #expect(found.feedback.items == [.judged(said("Où est 7?"), judgment: "“7” is wrong. “Où” is wrong.")])
  }

  @Test func otherNamesAndATopLevelList() throws {
    let found = try marked(
      spec("{recorded: {at: spans, start: from, end: to}}"), #"{"text":"abc","spans":[{"from":1,"to":3}]}"#)
    #expect(found.errors.spans == [1..<3])
  }

  @Test(arguments: [
    #"{"text":"abc","feedback":{"errors":[]}}"#, #"{"text":"abc","feedback":{"errors":null}}"#,
    #"{"text":"abc","feedback":{}}"#, #"{"text":"abc","feedback":null}"#,
  ])
  func noErrorsAreALeftover(record: String) throws {
    let found = try marked(spec(Self.recorded), record)
    #expect(found.feedback.items.isEmpty && found.feedback.kinds == ["no-errors"] && found.errors.spans.isEmpty)
  }

  @Test func anEmptyJudgmentIsALeftover() throws {
    let found = try marked(
      spec(Self.recorded, more: #", error: " ""#), #"{"text":"abc","feedback":{"errors":[{"start":0,"end":1}]}}"#)
    #expect(found.feedback.kinds == ["no-judgment"] && found.errors.spans.isEmpty)
  }

  @Test(arguments: [
    ("7", "are a number, not a list"), ("[3]", "hold a number at place 1, not a mapping"),
    (#"[{"start":0}]"#, "lack a whole number `start` or `end` at place 1"),
    (#"[{"start":0,"end":1},{"start":"0","end":1}]"#, "lack a whole number `start` or `end` at place 2"),
    (#"[{"start":1,"end":4}]"#, "reach from 1 to 4 at place 1, and the response has 3 characters"),
    (#"[{"start":2,"end":2}]"#, "reach from 2 to 2 at place 1, and the response has 3 characters"),
    (#"[{"start":-1,"end":2}]"#, "reach from -1 to 2 at place 1, and the response has 3 characters"),
  ])
  func errorsThatAreNoneAreTold(errors: String, reason: String) throws {
    let message = told { _ = try marked(spec(Self.recorded), #"{"text":"abc","feedback":{"errors":\#(errors)}}"#) }
    #expect(message?.hasPrefix("step.bad-errors | errors of data/heldout: the errors of record 1 \(reason)") == true)
    #expect(message?.contains("| line ") == true)
  }

  @Test func whatATemplateNamesAndNobodyGivesIsTold() {
    let record = #"{"text":"abc","feedback":{"errors":[{"start":0,"end":1}]}}"#
    for more in [#", error: "{why}""#, #", judgment: "{why} {errors}""#] {
      let message = told { _ = try marked(spec(Self.recorded, more: more), record) }
      #expect(message?.contains("record 1 has no field `why`") == true, "\(message ?? "")")
    }
  }

  @Test func plantedErrorsAreThoseOfTheRecordAlone() throws {
    let planted = spec("{planted: {words: 2, seed: 3}}", more: #", error: "“{wrong}” for “{right}”""#)
    let record = #"{"text":"The cat saw a red dog in 1895."}"#
    let found = try marked(planted, record)
    guard case .judged(let response, .some(let judgment), nil)? = found.feedback.items.first else {
      Issue.record("\(found.feedback)")
      return
    }
    #expect(found.errors.spans.count == 2 && response.text != "The cat saw a red dog in 1895.")
    let scalars = Array(response.text.unicodeScalars)
    for span in found.errors.spans {
      #expect(judgment.contains("“\(String(String.UnicodeScalarView(scalars[span])))” for “"))
    }
    #expect(try marked(planted, record).feedback == found.feedback)
    let other = try marked(spec("{planted: {words: 2, seed: 4}}"), record)
    #expect(other.feedback.items[0].responses != found.feedback.items[0].responses)
  }

  @Test func tooFewWordsAreALeftover() throws {
    let found = try marked(spec("planted"), #"{"text":"Yes."}"#)
    #expect(found.feedback.leftovers == [Leftover("too-few-words", "fewer than 1 words can be replaced")])
  }
}

@Suite struct DetectingErrors {
  private static let feedback = FeedbackRecord(
    id: id("a"), turns: [Message(.user, "q")],
    items: [.judged(said("ab cd"), judgment: "no", context: .prompt([Message(.user, "q no")]))])

  private func detect(
    _ feedback: [FeedbackRecord], _ spans: [[Range<Int>]], _ scores: [Scores]
  ) throws -> (pooled: [Outcomes], within: [Outcomes]) {
    let errors = zip(feedback, spans).map { ErrorSpans(id: $0.id, spans: $1) }
    return try DetectStep.outcomes(feedback, errors, scores, SmallSpec().encoder(), label: "detect")
  }

  private static let fiveOfSix: Double = 5.0 / 6
  private static let plain: [Float] = [-1, -1, -1, -1, -1, -1]
  private static let judged: [Float] = [-2, -1, -1, -0.5, -1, 0]

  // The tokens are `a`, `b`, a blank, `c`, `d` and the end of turn, which counts nowhere. Their ratios are -1, 0, 0, ½
  // and 0; `cd` is wrong: ½ wins thrice, 0 once and ties twice, so 5 of 6.
  @Test func tokensInsideAreHeldAgainstTheOthers() throws {
    let found = try detect([Self.feedback], [[3..<5]], [scores([Self.plain, Self.judged])])
    let reason = "2 of 5 tokens inside of errors"
    let inside = Outcome(kind: "inside", value: Self.fiveOfSix, weight: 2, reason: reason)
    let outside = Outcome(kind: "outside", value: Self.fiveOfSix, weight: 3, reason: reason)
    #expect(found.pooled == [Outcomes(id: id("a"), outcomes: [inside, outside])])
    let own = Outcome(kind: "measured", value: Self.fiveOfSix, reason: reason)
    #expect(found.within == [Outcomes(id: id("a"), outcomes: [own])])
  }

  /// A blank is in an error if the error says so; spans may overlap.
  @Test func blanksAndOverlaps() throws {
    let found = try detect([Self.feedback], [[2..<4, 3..<5]], [scores([Self.plain, Self.judged])])
    // 0, ½ and 0 inside, -1 and 0 outside: 1½ + 2 + 1½ of 6.
    #expect(found.pooled[0].outcomes.map(\.weight) == [3, 2])
    #expect(found.pooled[0].outcomes.map(\.value) == [Self.fiveOfSix, Self.fiveOfSix])
  }

  /// Behind an empty prompt the first token has no probability: `a` is left out, of the judged ones, too.
  @Test func aTokenWithoutProbabilityIsLeftOut() throws {
    let found = try detect(
      [Self.feedback], [[3..<5]], [scores([Array(Self.plain.dropFirst()), Self.judged])])
    // ½ and 0 inside, 0 and 0 outside: 2 + 1 of 4.
    #expect(found.pooled[0].outcomes.map(\.weight) == [2, 2])
    #expect(found.pooled[0].outcomes.map(\.value) == [0.75, 0.75])
  }

  /// é has two bytes, and so two tokens here: both are inside.
  @Test func charactersOfSeveralTokens() throws {
    let record = FeedbackRecord(
      id: id("a"), turns: [], items: [.judged(said("é7"), judgment: "no", context: .prompt([]))])
    let found = try detect([record], [[0..<1]], [scores([[-1, -1, -1, -1], [-1, -2, -1.5, -1]])])
    // 0 and -1 inside, -½ outside: one of two.
    #expect(found.pooled[0].outcomes.map(\.value) == [0.5, 0.5])
    #expect(found.pooled[0].outcomes.map(\.weight) == [2, 1])
  }

  @Test func whatSaysNothingHasNoWeight() throws {
    let left = FeedbackRecord(id: id("b"), turns: [], items: [], leftovers: [Leftover("no-errors")])
    let other = FeedbackRecord(id: id("c"), turns: [], items: Self.feedback.items)
    let third = FeedbackRecord(id: id("d"), turns: [], items: Self.feedback.items)
    let found = try detect(
      [Self.feedback, left, other, third], [[3..<5], [], [3..<5], [3..<5]],
      [
        scores([Self.plain, Self.judged]), Scores(id: id("b"), scores: []),
        Scores(id: id("c"), scores: [score(Self.plain), Score(failure: "too long", byteCount: 5)]),
        Scores(id: id("d"), scores: [Score(divergedAt: 3, byteCount: 5), Score(divergedAt: 3, byteCount: 5)]),
      ])
    #expect(
      found.pooled.map { $0.outcomes.map(\.kind) } == [["inside", "outside"], ["no-errors"], ["error"], ["diverged"]])
    #expect(found.within.map { $0.outcomes.map(\.kind) } == [["measured"], ["no-errors"], ["error"], ["diverged"]])
    #expect(found.pooled.dropFirst().allSatisfy { $0.outcomes.allSatisfy { $0.weight == 0 } })
    #expect(found.pooled[2].outcomes[0].reason == "too long")
  }

  /// All tokens wrong: they are held against other responses' tokens, and within the response there is nothing to compare.
  @Test func aResponseThatIsAllWrong() throws {
    let other = FeedbackRecord(id: id("b"), turns: [], items: Self.feedback.items)
    let found = try detect(
      [Self.feedback, other], [[0..<5], [3..<5]],
      [scores([Self.plain, Self.judged]), scores([Self.plain, Self.judged], name: "b")])
    #expect(found.pooled[0].outcomes.map(\.weight) == [5, 0])
    let reason = "5 of 5 tokens inside of errors"
    #expect(found.within[0].outcomes == [Outcome(kind: "one-sided", value: 0, weight: 0, reason: reason)])
    let alone = try detect([Self.feedback], [[0..<5]], [scores([Self.plain, Self.judged])])
    #expect(alone.pooled[0].outcomes.map(\.weight) == [0, 0])
  }

  @Test func scoresOfOthersAreTold() {
    let message = "step.records-differ | detect: record 1 is not the same in both inputs"
    for wrong in [
      scores([Self.plain]), scores([Self.plain, Self.judged], name: "b"), scores([Self.plain + [-1], Self.judged]),
    ] {
      #expect(told { _ = try detect([Self.feedback], [[3..<5]], [wrong]) } == message)
    }
  }

  @Test func bothContextsAreScored() {
    let acceptable = FeedbackItem.judged(said("x"), judgment: nil)
    let record = FeedbackRecord(
      id: id("a"), turns: [Message(.user, "q")], items: Self.feedback.items + [acceptable])
    let texts = ScoredResponse.inBothContexts(of: record)
    #expect(texts.map { $0.turns[0].text } == ["q", "q no"] && texts.allSatisfy { $0.response == said("ab cd") })
  }
}

@Suite struct TextsOfTokens {
  @Test func everyTokenHasItsBytes() throws {
    let text = try #require(try SmallSpec().encoder().text(of: said("é7")))
    #expect(text.tokens == 4 && text.ranges == [0..<1, 1..<2, 2..<3])
    let cut = try #require(try SmallSpec().encoder().text(of: said("é7", .length)))
    #expect(cut.tokens == 3 && cut.ranges == text.ranges)
    let empty = try #require(try SmallSpec().encoder().text(of: said("")))
    #expect(empty.tokens == 1 && empty.ranges == [])
  }

  /// On a real vocabulary the pieces follow one another and are the text.
  @Test func piecesAreTheText() throws {
    let path = try #require(
      ProcessInfo.processInfo.environment["RUNNER_TEST_MODEL"], "RUNNER_TEST_MODEL must name the GGUF file")
    let encoder = try SmallSpec().encoder(ModelFiles.at(path).tokenizer())
    for response in ["In 1895, the album sold.", "naïve — “quoted” 🙂\n\n", " x", "1937–1938"] {
      let text = try #require(encoder.text(of: said(response)))
      #expect(text.tokens == text.ranges.count + 1)
      #expect(text.ranges.first?.lowerBound == 0 && text.ranges.last?.upperBound == response.utf8.count)
      #expect(zip(text.ranges, text.ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
    let words = try #require(encoder.text(of: said("In 1895, the album sold.")))
    // Each digit is a token by itself; a word has the blank before it.
    #expect(words.ranges.contains(4..<5) && words.ranges.contains(12..<18), "\(words.ranges)")
  }

  /// The blank that human-assistant keeps for a response's front is none of its text.
  @Test func theFormatsBlankIsNoText() throws {
    let text = try #require(try SmallSpec(turns: "human-assistant").encoder().text(of: said("ab")))
    #expect(text.ranges == [0..<0, 0..<1, 1..<2] && text.tokens == 3)
  }
}
