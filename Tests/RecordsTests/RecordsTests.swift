// Records: who they are, that they read back as written, and what outcomes measure.

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

  @Test func scoresKeepEveryBit() throws {
    let values: [Float] = [-0.1, -1.1754944e-38, -12.345679, 0]
    let scores = Scores(id: id, scores: [Score(logProbabilities: values, byteCount: 9)])
    let back = try RecordFile.records(Scores.self, from: RecordFile.bytes([scores]), file: "f")
    #expect(back[0].scores[0].logProbabilities.map(\.bitPattern) == values.map(\.bitPattern))
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

  @Test func numbersReadBack() throws {
    let number = measured("accuracy", [outcomes([[1], [0]]), outcomes([[1], [1]])])
    #expect(try RecordFile.records(Measured.self, from: RecordFile.bytes([number]), file: "f") == [number])
  }

  @Test func nothingMeasuredIsNoNumber() {
    #expect(measured("accuracy", [[]]).mean == nil)
  }
}
