// The area under the ROC curve: worked by hand, against scikit-learn's, and where there is none.
// The reference values come from Tests/References/areas.py.

import Foundation
import JSON
import Records
import Testing

@Suite struct AreasUnderCurves {
  private static func scores(_ inside: [Double], _ outside: [Double]) -> ClassifiedScores {
    ClassifiedScores(inside: inside, outside: outside)
  }

  private func measured(_ responses: [ClassifiedScores], without others: Int = 0) -> Measured {
    let fields = (0..<responses.count + others).map { JSONObject([JSONMember("i", .integer(Int64($0)))]) }
    let area = AreaUnderCurve(over: responses)
    let outcomes =
      zip(area.shares, responses).map { AreaUnderCurve.outcomes($0, $1, reason: "") }
      + (0..<others).map { _ in [Outcome(kind: "no-errors", value: 0, weight: 0)] }
    let records = zip(SourceRecord.identified(fields), outcomes).map { Outcomes(id: $0.id, outcomes: $1) }
    return Measured(eval: "e", kind: "error-detection", coordinates: [], inputs: ["outcomes/0"], seeds: [records])
  }

  /// Inside 3 and 1, outside 2 and 1: 3 > 2, 3 > 1, 1 < 2 and 1 = 1 are 2.5 of 4 wins.
  @Test func winsAndTiesAreCounted() {
    #expect(AreaUnderCurve(of: Self.scores([3, 1], [2, 1])).value == 0.625)
  }

  static let small: [([Double], [Double], Double)] = [
    ([2.0, 3.0], [0.0, 1.0], 1.0), ([0.0], [1.0, 2.0], 0.0), ([1.0, 1.0], [1.0], 0.5), ([0.0], [-0.0], 0.5),
    ([-1.0, 5.0], [0.0], 0.5), ([-2.5, 1.0, 1.0], [1.0, -3.0], 2.0 / 3),
  ]

  @Test(arguments: small)
  func smallCases(inside: [Double], outside: [Double], area: Double) {
    #expect(AreaUnderCurve(of: Self.scores(inside, outside)).value == area)
    // Turned around, every win is a loss.
    #expect(AreaUnderCurve(of: Self.scores(outside, inside)).value.map { abs($0 - (1 - area)) < 1e-15 } == true)
  }

  @Test(arguments: [([1.0, 2.0], [Double]()), ([], [1.0, 2.0]), ([], [])])
  func oneClassAloneHasNoArea(inside: [Double], outside: [Double]) {
    let scores = Self.scores(inside, outside)
    #expect(AreaUnderCurve(of: scores).value == nil)
    let number = measured([scores, scores])
    #expect(number.mean == nil && number.standardError == nil)
    #expect(number.counts == [.init(kind: "inside", count: 2), .init(kind: "outside", count: 2)])
  }

  // Of the case above, the first response has 3 inside and 2 outside, the second 1 and 1:
  // 3 is above both outside: 1; of 3 and 1 one is above 2: 1/2; 1 ties with one of two: 1/4; 3 is above 1, 1 ties: 3/4.
  // The influences are (1 - 5/8)/2 + (1/2 - 5/8)/2 = 1/8 and (1/4 - 5/8)/2 + (3/4 - 5/8)/2 = -1/8, and so
  // SE² = 2/1 · (1/64 + 1/64) = 1/16.
  @Test func responsesShareTheArea() throws {
    let responses = [Self.scores([3], [2]), Self.scores([1], [1])]
    let area = AreaUnderCurve(over: responses)
    #expect(area.shares.map(\.inside) == [1, 0.25] && area.shares.map(\.outside) == [0.5, 0.75])
    let number = measured(responses)
    #expect(number.mean == 0.625 && number.standardError == 0.25 && number.records == 2)
  }

  /// A response without errors still has tokens that a detector should not flag; one that says nothing changes nothing.
  @Test func responsesOfOneClassCountAndOthersDoNot() throws {
    let responses = [Self.scores([3], [2]), Self.scores([1], [1]), Self.scores([], [9])]
    let number = measured(responses)
    // 9 is above both: 2.5 of 6 wins.
    #expect(abs(try #require(number.mean) - 2.5 / 6) < 1e-15)
    let more = measured(responses, without: 4)
    #expect(more.mean == number.mean && more.standardError == number.standardError && more.records == 7)
    #expect(more.counts.contains(.init(kind: "no-errors", count: 4)))
  }

  @Test func oneResponseHasNoStandardError() {
    #expect(measured([Self.scores([3, 1], [2, 1])]).standardError == nil)
  }

  @Test func noOrderChangesABit() {
    let responses = (0..<9).map { number -> ClassifiedScores in
      let values = (0..<7).map { Double(($0 * $0 * 31 + number * 17) % 23) / 7 }
      return Self.scores(Array(values.prefix(number % 4)), Array(values.dropFirst(number % 4)))
    }
    let turned = responses.reversed().map { Self.scores($0.inside.reversed(), $0.outside.reversed()) }
    let (one, other) = (AreaUnderCurve(over: responses), AreaUnderCurve(over: Array(turned)))
    #expect(one.value == other.value && one.shares == other.shares.reversed())
  }

  @Test func theSameAsScikitLearn() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/areas.json")
    let cases = try JSONValue(parsing: Array(Data(contentsOf: file))).arrayValue ?? []
    #expect(cases.count == 48)
    for (index, reference) in cases.enumerated() {
      let responses = (reference["responses"]?.arrayValue ?? []).map { response in
        Self.scores(Self.numbers(response["inside"]), Self.numbers(response["outside"]))
      }
      let area = try #require(reference["area"]?.doubleValue)
      #expect(abs(try #require(AreaUnderCurve(over: responses).value) - area) < 1e-14, "case \(index)")
      let number = measured(responses)
      #expect(abs(try #require(number.mean) - area) < 1e-14, "case \(index)")
      let error = try #require(reference["error"]?.doubleValue)
      #expect(abs(try #require(number.standardError) - error) < 1e-13, "case \(index)")
      // Resampling whole responses says the same within the noise of 4,000 draws and of a first-order formula.
      if let resampled = reference["resampled"]?.doubleValue { #expect(abs(resampled - error) < 0.1 * error) }
      for (response, own) in zip(responses, reference["own"]?.arrayValue ?? []) {
        let found = AreaUnderCurve(of: response).value
        #expect((found == nil) == (own.doubleValue == nil))
        if let found, let own = own.doubleValue { #expect(abs(found - own) < 1e-14, "case \(index)") }
      }
    }
  }

  private static func numbers(_ value: JSONValue?) -> [Double] { (value?.arrayValue ?? []).compactMap(\.doubleValue) }
}

@Suite struct PlacesOfErrors {
  private let id = SourceRecord.identified([JSONObject([JSONMember("a", .integer(1))])])[0].id

  @Test func readBack() throws {
    for spans in [[], [0..<1], [3..<9, 1..<4]] {
      let errors = ErrorSpans(id: id, spans: spans)
      #expect(try RecordFile.records(ErrorSpans.self, from: RecordFile.bytes([errors]), file: "errors") == [errors])
    }
    #expect(ErrorSpans(id: id, spans: [3..<9]).json["spans"]?.canonical == "[[3,9]]")
  }

  @Test(arguments: ["[[3,3]]", "[[4,3]]", "[[-1,3]]", "[[1]]", "[[1,2,3]]", "[1,2]", "7"])
  func whatIsNoPlaceIsRefused(spans: String) throws {
    let line = Array("{\"id\":\"\(id)\",\"spans\":\(spans)}\n".utf8)
    let error = #expect(throws: RecordFileError.self) {
      try RecordFile.records(ErrorSpans.self, from: line, file: "errors")
    }
    #expect(error?.reason.contains("`spans`") == true)
  }
}
