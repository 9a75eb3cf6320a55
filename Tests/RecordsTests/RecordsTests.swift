// Records: who they are, that they read back as written, and what outcomes measure.

import Digests
import Foundation
import JSON
import Records
import Testing

@Suite struct Identity {
  @Test func equalRecordsAreTwo() throws {
    let record = try #require(try JSONValue(parsing: "{\"a\":1}").objectValue)
    let other = try #require(try JSONValue(parsing: "{\"a\":2}").objectValue)
    let named = SourceRecord.identified([record, other, record])
    #expect(Set(named.map(\.id)).count == 3)
    #expect(named[2].id.description == named[0].id.description + ".1")
  }

  @Test func theOrderOfFieldsDoesNotMatter() throws {
    let one = try #require(try JSONValue(parsing: "{\"a\":1,\"b\":2}").objectValue)
    let two = try #require(try JSONValue(parsing: "{\"b\":2,\"a\":1}").objectValue)
    #expect(SourceRecord.identified([one])[0].id == SourceRecord.identified([two])[0].id)
  }
}

@Suite struct RoundTrips {
  private let id: RecordID = SourceRecord.identified([JSONObject([JSONMember("q", "x")])])[0].id

  @Test func prompts() throws {
    let prompt = RenderedPrompt(
      id: id, turns: [Message(.system, "s"), Message(.user, "line\nline")], answers: ["3", "three"],
      options: ["x", "y"], labels: ["(A)", "(B)"], texts: ["text": "t"])
    let bytes = RecordFile.bytes([prompt])
    #expect(try RecordFile.records(RenderedPrompt.self, from: bytes, file: "f") == [prompt])
  }

  @Test func whatADivergedModelGivesReadsBack() throws {
    let responses = Responses(
      id: id, responses: [Response(divergedAt: 3), Response(text: "x", finish: .stop, tokens: 2)])
    #expect(try RecordFile.records(Responses.self, from: RecordFile.bytes([responses]), file: "f") == [responses])
    #expect(responses.responses[0].finish == .error && responses.responses[0].text == "the model diverged at step 3")
    let scores = Scores(id: id, scores: [Score(divergedAt: 4, byteCount: 9)])
    #expect(try RecordFile.records(Scores.self, from: RecordFile.bytes([scores]), file: "f") == [scores])
    #expect(scores.divergedAt == 4)
    let outcomes = Outcomes(id: id, outcomes: [Outcome(divergedAt: 5, weight: 0), Outcome(kind: "right", value: 1)])
    #expect(try RecordFile.records(Outcomes.self, from: RecordFile.bytes([outcomes]), file: "f") == [outcomes])
    #expect(outcomes.outcomes[0].kind == "diverged" && outcomes.outcomes[0].value == 0)
  }

  @Test func scoresKeepEveryBit() throws {
    let values: [Float] = [-0.1, -1.1754944e-38, -12.345679, 0]
    let scores = Scores(id: id, scores: [Score(logProbabilities: values, byteCount: 9)])
    let back = try RecordFile.records(Scores.self, from: RecordFile.bytes([scores]), file: "f")
    #expect(back[0].scores[0].logProbabilities.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test func feedbackOfEveryKind() throws {
    let (one, two) = (Response(text: "1\n", finish: .stop, tokens: 3), Response(text: "", finish: .length, tokens: 0))
    let (turns, other) = ([Message(.system, "s"), Message(.user, "é")], [Message(.user, "o")])
    let record = FeedbackRecord(
      id: id, turns: turns,
      items: [
        .response(one), .judged(two, judgment: "too \"short\""), .judged(one, judgment: nil),
        .judged(one, judgment: ""),
        .pair(chosen: one, rejected: two), .ranking([one, two, one], scores: [2.5, 1, -0.125]),
        .ranking([two], scores: []),
        .relabeled(one, turns: turns, contrast: other),
      ], leftovers: [Leftover("already-right"), Leftover("error", "no room")])
    let empty = FeedbackRecord(id: id, turns: [], items: [])
    let bytes = RecordFile.bytes([record, empty])
    #expect(try RecordFile.records(FeedbackRecord.self, from: bytes, file: "f") == [record, empty])
    #expect(record.items.map(\.responses.count) == [1, 1, 1, 1, 2, 3, 1, 1])
  }

  @Test(arguments: [
    (#"{"id":"a","items":[],"leftovers":[]}"#, "turns"), (#"{"id":"a","turns":[],"leftovers":[]}"#, "items"),
    (#"{"id":"a","turns":[],"items":[]}"#, "leftovers"),
    (#"{"id":"a","turns":[],"items":[{}],"leftovers":[]}"#, "response"),
    (
      #"{"id":"a","turns":[],"items":[{"chosen":{"finish":"stop","text":"","tokens":0}}],"leftovers":[]}"#, "rejected"
    ),
    (#"{"id":"a","turns":[],"items":[{"ranking":[],"scores":["x"]}],"leftovers":[]}"#, "scores"),
    (#"{"id":"a","turns":[],"items":[{"response":{"finish":"so","text":"","tokens":0}}],"leftovers":[]}"#, "finish"),
    (#"{"id":"a","turns":[],"items":[],"leftovers":[{"kind":"error"}]}"#, "reason"),
  ])
  func brokenFeedbackIsNamed(line: String, member: String) {
    let error = #expect(throws: RecordFileError.self) {
      try RecordFile.records(FeedbackRecord.self, from: Array(line.utf8), file: "feedback")
    }
    #expect(error?.reason == "`\(member)` is missing or of another kind")
  }

  @Test func countsOfFeedback() throws {
    let one = Response(text: "1", finish: .stop, tokens: 1)
    let records = [
      FeedbackRecord(
        id: id, turns: [Message(.user, "a")], items: [.response(one)],
        leftovers: [Leftover("too-long", "x"), Leftover("error")]),
      FeedbackRecord(
        id: id, turns: [Message(.user, "b")], items: [.pair(chosen: one, rejected: one)],
        leftovers: [Leftover("too-long", "y")]),
    ]
    let counts = FeedbackCounts(records)
    #expect(
      counts.json.canonical
        == #"{"items":2,"leftovers":{"error":1,"too-long":2},"records":2,"records-with-items":2}"#)
    #expect(counts.sentence == "2 items from 2 of 2 prompts; left over: 1 error, 2 too-long")
    #expect(counts["too-long"] == 2 && counts["surplus"] == 0)
    let cut = FeedbackCounts(Array(records.prefix(1)), cut: 1)
    #expect(cut.sentence == "1 item from 1 of 1 prompts, 1 of them cut; left over: 1 error, 1 too-long")
    for counts in [counts, cut, FeedbackCounts([])] { #expect(try FeedbackCounts(json: counts.json) == counts) }
    // A prompt that stands in the data twice is counted once.
    let twice = FeedbackCounts(records + records.prefix(1))
    #expect(
      twice.sentence == "3 items from 3 of 3 records of 2 different prompts; left over: 2 error, 3 too-long")
    // What came in from two parts had left something over before.
    #expect(
      twice.sentence(after: [cut, FeedbackCounts(Array(records.suffix(1)))])
        == "3 items from 3 of 3 records of 2 different prompts; left over: 1 error, 1 too-long")
    #expect(try FeedbackCounts(json: twice.json) == twice && twice.json["distinct-prompts"]?.integerValue == 2)
    #expect(FeedbackCounts([]).json.canonical == #"{"items":0,"leftovers":{},"records":0,"records-with-items":0}"#)
  }

  @Test func aBadLineIsNamed() {
    let bytes = Array("{\"id\":\"a\",\"responses\":[]}\n{\"id\":\"b\"}\n".utf8)
    let error = #expect(throws: RecordFileError.self) {
      try RecordFile.records(Responses.self, from: bytes, file: "responses")
    }
    #expect(error?.line == 2)
    #expect(error?.reason == "`responses` is missing or of another kind")
  }
}

@Suite struct Measuring {
  private func outcomes(_ values: [[Double]], weight: Double = 1) -> [Outcomes] {
    let fields = values.indices.map { JSONObject([JSONMember("i", .integer(Int64($0)))]) }
    return zip(SourceRecord.identified(fields), values).map { record, values in
      Outcomes(
        id: record.id, outcomes: values.map { Outcome(kind: $0 > 0 ? "right" : "wrong", value: $0, weight: weight) })
    }
  }

  private func measured(_ kind: String, _ seeds: [[Outcomes]]) -> Measured {
    Measured(eval: "e", kind: kind, coordinates: [], inputs: ["outcomes/0"], seeds: seeds)
  }

  @Test func aShareWithItsStandardError() throws {
    // 3 of 4 right: mean 0.75; sample deviation sqrt(4 * 0.75 * 0.25 / 3) = 0.5; standard error 0.5 / 2 = 0.25.
    let number = measured("accuracy", [outcomes([[1], [1], [0], [1]])])
    #expect(number.mean == 0.75)
    #expect(number.standardError == 0.25)
    #expect(number.spread == nil)
    #expect(number.counts == [.init(kind: "right", count: 3), .init(kind: "wrong", count: 1)])
  }

  @Test func samplesOfARecordAreAveragedFirst() {
    // Records 1/2 and 1: mean 0.75, whatever the number of samples.
    #expect(measured("accuracy", [outcomes([[1, 0], [1, 1]])]).mean == 0.75)
  }

  @Test func theSpreadIsOverSeeds() {
    // Seeds 0.5 and 1: mean 0.75, sample deviation sqrt(2 * 0.25^2) = 0.35355339059327379.
    let number = measured("accuracy", [outcomes([[1], [0]]), outcomes([[1], [1]])])
    #expect(number.mean == 0.75)
    #expect(abs((number.spread ?? 0) - 0.35355339059327379) < 1e-15)
    #expect(number.records == 2)
  }

  @Test func perplexityIsTheExponentialOfTheTokenMean() throws {
    // Mean negative log-probability 2 over 3 + 3 tokens: e^2 = 7.38905609893065.
    let number = measured("perplexity", [outcomes([[1.5], [2.5]], weight: 3)])
    #expect(abs(try #require(number.mean) - 7.38905609893065) < 1e-13)
  }

  /// Two records of 3 tokens, at 1.5 and 2.5: each pulls the mean of 2 by a quarter, SE = e^2 · √(2 · 2/16) = e^2 / 2.
  @Test func perplexityHasAnErrorOverRecords() throws {
    let records = outcomes([[1.5], [2.5]], weight: 3)
    let number = measured("perplexity", [records])
    #expect(abs(try #require(number.standardError) - 3.694528049465325) < 1e-13)
    #expect(measured("perplexity", [outcomes([[1.5]], weight: 3)]).standardError == nil)
    // Stored numbers have none, and records give it back.
    #expect(number.stored.standardError == nil && number.stored.mean == number.mean)
    #expect(number.stored.restored(over: records) == number)
    let share = measured("accuracy", [outcomes([[1], [0]])])
    #expect(share.stored == share && share.restored(over: records) == share)
  }

  /// What a record pulls is the derivative of the perplexity by how often the record counts.
  @Test func perplexitiesErrorByFiniteDifferences() throws {
    let (values, weights) = ([0.3, 2.1, 1.4, 0.9, 3.2], [7.0, 2, 11, 5, 3])
    let records = zip(values, weights).enumerated().map { index, one in
      Outcomes(
        id: RecordID(content: .sha256("\(index)"), occurrence: 0),
        outcomes: [Outcome(kind: "scored", value: one.0, weight: one.1)])
    }
    func perplexity(counting index: Int, _ share: Double) -> Double {
      let shares = values.indices.map { $0 == index ? share : 1 }
      let sum = values.indices.reduce(0) { $0 + shares[$1] * weights[$1] * values[$1] }
      return exp(sum / values.indices.reduce(0) { $0 + shares[$1] * weights[$1] })
    }
    let squares = values.indices.reduce(0.0) { sum, index in
      let pull = (perplexity(counting: index, 1 + 1e-5) - perplexity(counting: index, 1 - 1e-5)) / 2e-5
      return sum + pull * pull
    }
    let error = try #require(measured("perplexity", [records]).standardError)
    #expect(abs(error - (squares * 5 / 4).squareRoot()) < 1e-8)
  }

  @Test func numbersReadBack() throws {
    let number = measured("accuracy", [outcomes([[1], [0]]), outcomes([[1], [1]])])
    #expect(try RecordFile.records(Measured.self, from: RecordFile.bytes([number]), file: "f") == [number])
  }

  @Test func nothingMeasuredIsNoNumber() {
    #expect(measured("accuracy", [[]]).mean == nil)
  }
}
