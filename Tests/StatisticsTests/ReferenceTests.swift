// Tests of significance against SciPy and statsmodels on a thousand cases (Tests/References/significance.py).

import Foundation
import JSON
import Statistics
import Testing

struct ReferenceTests {
  private static let file = Result { () throws -> JSONValue in
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    return try JSONValue(parsing: [UInt8](try Data(contentsOf: folder.appending(path: "Golden/significance.json"))))
  }

  private static func cases(_ name: String) throws -> [JSONValue] {
    let cases = try #require(try file.get()["cases"]?[name]?.arrayValue)
    #expect(cases.count == 200)
    return cases
  }

  private static func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.arrayValue).map { try #require($0.doubleValue) }
  }

  private static func isClose(_ found: Double?, _ expected: JSONValue?, within tolerance: Double = 1e-9) -> Bool {
    guard let found, let expected = expected?.doubleValue else { return false }
    return abs(found - expected) <= tolerance * max(abs(expected), 1e-3)
  }

  @Test func welch() throws {
    for one in try Self.cases("welch") {
      let found = Estimate.welch(try Self.numbers(one["first"]), try Self.numbers(one["second"]))
      #expect(Self.isClose(found?.p, one["p"]) && Self.isClose(found?.low, one["low"]), "\(one.canonical)")
      #expect(Self.isClose(found?.high, one["high"]), "\(one.canonical)")
    }
  }

  @Test func paired() throws {
    for one in try Self.cases("paired") {
      let found = Estimate.paired(try Self.numbers(one["differences"]))
      #expect(Self.isClose(found?.p, one["p"]) && Self.isClose(found?.low, one["low"]), "\(one.canonical)")
      #expect(Self.isClose(found?.high, one["high"]), "\(one.canonical)")
    }
  }

  @Test func mcNemar() throws {
    for one in try Self.cases("mcnemar") {
      let counts = try ["first", "second"].map { try #require(one[$0]?.integerValue) }
      let found = Disagreement(onlyFirst: counts[0], onlySecond: counts[1]).p
      let expected = try #require(one["p"]?.doubleValue)
      // Small p-values are compared in relation to themselves; statsmodels gives 0 below the smallest number.
      #expect(abs(found - expected) <= 1e-9 * expected + 1e-300, "\(one.canonical): \(found)")
    }
  }

  @Test func tango() throws {
    for one in try Self.cases("tango") {
      let counts = try ["first", "second", "records"].map { try #require(one[$0]?.integerValue) }
      let found = Disagreement(onlyFirst: counts[0], onlySecond: counts[1]).interval(of: counts[2])
      let expected = try ["low", "high"].map { try #require(one[$0]?.doubleValue) }
      // The reference searches for the likeliest shares, to some eight digits.
      #expect(abs(found.low - expected[0]) < 1e-8 && abs(found.high - expected[1]) < 1e-8, "\(one.canonical): \(found)")
    }
  }

  /// Records that never disagree: what the exact test finds four times in five if all disagreements have one direction.
  @Test func detectableOfVerdicts() throws {
    for one in try Self.cases("one_sided") {
      let records = try #require(one["records"]?.integerValue)
      let side = PairedRecord.Weighted(sum: 1, weight: 1)
      let same = Array(repeating: PairedRecord(first: side, second: side), count: records)
      let found = try #require(PairedComparison(same).estimate()).detectable
      #expect(Self.isClose(found, one["share"]), "\(one.canonical): \(found)")
    }
  }

  @Test func holm() throws {
    for one in try Self.cases("holm") {
      let found = Holm.adjusted(try Self.numbers(one["values"]))
      let expected = try Self.numbers(one["adjusted"])
      #expect(found.count == expected.count)
      for (left, right) in zip(found, expected) { #expect(abs(left - right) <= 1e-12, "\(one.canonical)") }
    }
  }

  /// Samples of unit variance: what they find four times in five, beside the exact power of the t test.
  ///
  /// Quantiles in the place of a noncentral t are 5% below it for three numbers, and nothing from ten on.
  @Test func detectable() throws {
    for one in try Self.cases("detectable") {
      let count = try #require(one["count"]?.integerValue)
      let exact = try #require(one["effect"]?.doubleValue)
      // One value above and one below zero, the rest zero: a variance of 1.
      let reach = (Double(count - 1) / 2).squareRoot()
      let found = try #require(Estimate.paired([reach, -reach] + Array(repeating: 0, count: count - 2))).detectable
      #expect(found <= exact * 1.0005 && found >= exact * (count < 10 ? 0.94 : 0.998), "\(one.canonical): \(found)")
    }
  }

  @Test func criticalValues() throws {
    for one in try Self.cases("critical") {
      let degrees = try #require(one["degrees"]?.doubleValue)
      let found = StudentT(degrees: degrees).critical(try #require(one["level"]?.doubleValue))
      #expect(Self.isClose(found, one["t"], within: 1e-8), "\(one.canonical): \(found)")
    }
  }
}
