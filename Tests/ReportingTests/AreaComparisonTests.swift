// Areas under curves compared over the same responses: by hand, against plain loops over all tokens, and by simulation.
// The reference values come from Tests/References/areas.py.

import Digests
import Foundation
import JSON
import Records
import Reporting
import Statistics
import Testing

@Suite struct AreaComparisons {
  private static func numbers(_ value: JSONValue?) -> [Double] { (value?.arrayValue ?? []).compactMap(\.doubleValue) }

  private static func scores(_ value: JSONValue?) -> [ClassifiedScores] {
    (value?.arrayValue ?? []).map { ClassifiedScores(inside: numbers($0["inside"]), outside: numbers($0["outside"])) }
  }

  private static func outcomes(_ responses: [ClassifiedScores]) -> [Outcomes] {
    let records = SourceRecord.identified(
      responses.indices.map { JSONObject([JSONMember("i", .integer(Int64($0)))]) })
    return zip(records, zip(AreaUnderCurve(over: responses).shares, responses)).map { record, one in
      Outcomes(id: record.id, outcomes: AreaUnderCurve.outcomes(one.0, one.1, reason: ""))
    }
  }

  /// Two tables of one area each, of so many seeds.
  private static func row(_ first: [[Outcomes]], _ second: [[Outcomes]]) throws -> TableComparison.Row {
    var stored: [Digest: [Outcomes]] = [:]
    func table(_ name: String, _ seeds: [[Outcomes]]) throws -> StoredTable {
      let number = Measured(eval: "e", kind: "error-detection", coordinates: [], inputs: [], seeds: seeds)
      let steps = seeds.enumerated().map { index, outcomes in
        let digest = Digest.sha256("\(name) \(index)")
        stored[digest] = outcomes
        return #"{"key":"\#(digest.hex)","outcomes":"\#(digest.hex)"}"#
      }
      let values = number.seeds.map { "\($0)" }.joined(separator: ",")
      let spread = number.spread.map { #","spread":\#($0)"# } ?? ""
      let text = """
        {"cells":[{"at":{},"eval":"e","kind":"error-detection","mean":\(number.mean ?? 0),"records":\(number.records),\
        "seeds":[\(values)]\(spread),"steps":[\(steps.joined(separator: ","))]}]}
        """
      return try StoredTable(json: JSONValue(parsing: Array(text.utf8)))
    }
    let (one, other) = (try table("first", first), try table("second", second))
    return try #require(TableComparison(one, other) { stored[$0] }.rows.first)
  }

  /// Inside 3 | 1 and outside 2 | 1 are an area of 5/8, the influences 1/8 and -1/8 (`AreasUnderCurves`).
  ///
  /// The other detector scores inside 3 | 3 and outside 2 | 1: an area of 1 without influences. What the two responses add is
  /// 5/8 ± 2/8 and 1: differences 1/8 and 5/8, with a mean of 3/8 and t = (3/8)/(1/4) = 3/2 with one degree of freedom,
  /// p = 1 - 2/π·arctan 3/2.
  @Test func byHand() throws {
    let first = [ClassifiedScores(inside: [3], outside: [2]), ClassifiedScores(inside: [1], outside: [1])]
    let second = [ClassifiedScores(inside: [3], outside: [2]), ClassifiedScores(inside: [3], outside: [1])]
    let (one, other) = (Self.outcomes(first), Self.outcomes(second))
    #expect(AreaUnderCurve.contributions(of: one).map(\.value) == [0.875, 0.375])
    #expect(AreaUnderCurve.contributions(of: other).map(\.value) == [1, 1])
    let row = try Self.row([one], [other])
    #expect(row.basis == .records(2) && row.disagreement == nil && row.estimate?.difference == 0.375)
    #expect(abs(try #require(row.estimate?.p) - (1 - 2 / .pi * atan(1.5))) < 1e-12)
  }

  /// Responses without a token that counts change nothing but how many records there are.
  @Test func recordsThatDoNotCount() throws {
    let first = [ClassifiedScores(inside: [3, 2], outside: [2]), ClassifiedScores(inside: [1], outside: [1, 0])]
    let second = [ClassifiedScores(inside: [3, 2], outside: [4]), ClassifiedScores(inside: [1], outside: [0, 3])]
    let row = try Self.row([Self.outcomes(first)], [Self.outcomes(second)])
    let silent = ClassifiedScores(inside: [], outside: [])
    let more = try Self.row([Self.outcomes(first + [silent])], [Self.outcomes(second + [silent])])
    #expect(row.basis == .records(2) && more.basis == .records(3))
    #expect(row.estimate == more.estimate && row.estimate != nil)
    // Where only one side could be scored the areas are not of the same tokens.
    let oneSided = try Self.row([Self.outcomes(first + [silent])], [Self.outcomes(second + [second[0]])])
    #expect(oneSided.untested == .otherRecordsCount)
  }

  /// Where nothing pulls either area there is no test, however far apart they are.
  @Test func areasWithoutSpread() throws {
    let right = [ClassifiedScores(inside: [1], outside: [0]), ClassifiedScores(inside: [1], outside: [0])]
    let wrong = [ClassifiedScores(inside: [0], outside: [1]), ClassifiedScores(inside: [0], outside: [1])]
    #expect(try Self.row([Self.outcomes(wrong)], [Self.outcomes(right)]).untested == .noSpread(records: 2))
  }

  /// One seed beside three is compared over records, with what these add on average.
  @Test func severalSeedsBesideOne() throws {
    let first = [ClassifiedScores(inside: [3], outside: [2]), ClassifiedScores(inside: [1], outside: [1])]
    let second = [ClassifiedScores(inside: [3], outside: [2]), ClassifiedScores(inside: [3], outside: [1])]
    let (one, other) = (Self.outcomes(first), Self.outcomes(second))
    let row = try Self.row([one], [one, other, other])
    #expect(row.basis == .records(2))
    #expect(abs(try #require(row.estimate?.difference) - 0.25) < 1e-15)
  }

  @Test func theSameAsPlainLoops() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/area-pairs.json")
    let cases = try JSONValue(parsing: Array(Data(contentsOf: file))).arrayValue ?? []
    #expect(cases.count == 36)
    for (index, reference) in cases.enumerated() {
      let (first, second) = (Self.scores(reference["first"]), Self.scores(reference["second"]))
      let row = try Self.row([Self.outcomes(first)], [Self.outcomes(second)])
      let estimate = try #require(row.estimate)
      let difference = try #require(reference["difference"]?.doubleValue)
      #expect(abs(estimate.difference - difference) < 1e-14, "case \(index)")
      let p = try #require(reference["p"]?.doubleValue)
      #expect(abs(estimate.p - p) < 1e-9, "case \(index)")
      #expect(estimate.low >= -1 && estimate.high <= 1)
      // Resampling whole responses says the same within the noise of 4,000 draws and of a first-order formula.
      let error = try #require(reference["error"]?.doubleValue)
      if let resampled = reference["resampled"]?.doubleValue { #expect(abs(resampled - error) < 0.1 * error) }
    }
  }

  /// Responses whose scores lie high or low together, scored by two detectors that see much of the same: the interval holds the
  /// true difference in 94% of 300 samples of 40 responses, and the test finds one where there is none in 4%.
  @Test func intervalsHoldTheTruth() throws {
    var noise = SeededNoise(state: 11)
    /// The share of responses whose tokens score alike.
    let cluster = 0.5
    let tables = 300
    var (held, found) = (0, 0)
    for _ in 0..<tables {
      var (first, second, third): ([ClassifiedScores], [ClassifiedScores], [ClassifiedScores]) = ([], [], [])
      for _ in 0..<40 {
        let own = cluster * noise.normal()
        let inside = (0..<2).map { _ in own + noise.normal() }
        let outside = (0..<4).map { _ in own + noise.normal() }
        func seen(_ shift: Double) -> ClassifiedScores {
          ClassifiedScores(
            inside: inside.map { $0 + shift + 0.5 * noise.normal() },
            outside: outside.map { $0 + 0.5 * noise.normal() })
        }
        first.append(seen(0.5))
        second.append(seen(1))
        third.append(seen(0.5))
      }
      let (one, other, again) = (Self.outcomes(first), Self.outcomes(second), Self.outcomes(third))
      // Of many responses an area is P(inside > outside) for tokens of two responses.
      let width = (2 * (1 + 0.25 + cluster * cluster)).squareRoot()
      let truth = Self.normal(1 / width) - Self.normal(0.5 / width)
      let estimate = try #require(Self.row([one], [other]).estimate)
      if estimate.low <= truth, truth <= estimate.high { held += 1 }
      if try #require(Self.row([one], [again]).estimate).p < 0.05 { found += 1 }
    }
    let deviation = (Double(tables) * 0.95 * 0.05).squareRoot()
    #expect(Double(held) > 0.94 * Double(tables) - 3 * deviation, "\(held)")
    #expect(abs(Double(found) - 0.05 * Double(tables)) < 3 * deviation, "\(found)")
  }

  private static func normal(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// Random numbers that are the same in every run (SplitMix64).
  private struct SeededNoise {
    var state: UInt64

    mutating func uniform() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((word ^ (word >> 31)) >> 11) * 0x1p-53
    }

    mutating func normal() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }
  }
}
