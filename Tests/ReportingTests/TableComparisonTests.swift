// Tables number by number: what each comparison rests on.

import Digests
import JSON
import Records
import Reporting
import Statistics
import Testing

@Suite struct TableComparisons {
  private static func table(_ cells: [String]) throws -> StoredTable {
    try StoredTable(json: JSONValue(parsing: Array(#"{"cells":[\#(cells.joined(separator: ","))]}"#.utf8)))
  }

  private static func cell(
    _ at: String, eval: String = "accuracy", kind: String = "accuracy", seeds: [Double], outcomes: [String]
  ) -> String {
    let steps = outcomes.map {
      #"{"key":"\#(Digest.sha256("key \($0)").hex)","outcomes":"\#(Digest.sha256($0).hex)"}"#
    }
    let mean = seeds.reduce(0, +) / Double(seeds.count)
    return """
      {"at":{\(at)},"eval":"\(eval)","kind":"\(kind)","mean":\(mean),"records":4,"seeds":\(seeds),\
      "steps":[\(steps.joined(separator: ","))]}
      """
  }

  private static func outcomes(_ values: [Double]) -> [Outcomes] {
    values.enumerated().map { index, value in
      Outcomes(
        id: RecordID(content: .sha256("\(index)"), occurrence: 0),
        outcomes: [Outcome(kind: value == 1 ? "right" : "wrong", value: value)])
    }
  }

  @Test func whatAComparisonRestsOn() throws {
    let first = try Self.table([
      Self.cell(#""a":"x""#, seeds: [0.5], outcomes: ["p"]),
      Self.cell(#""a":"y""#, seeds: [0.2, 0.3], outcomes: ["q", "r"]),
      Self.cell(#""a":"z""#, seeds: [0.5], outcomes: ["s"]), Self.cell(#""a":"w""#, seeds: [0.5], outcomes: ["gone"]),
      Self.cell(#""a":"only""#, seeds: [0.5], outcomes: ["p"]),
    ])
    let second = try Self.table([
      Self.cell(#""a":"y""#, seeds: [0.7, 0.8], outcomes: ["t", "u"]),
      Self.cell(#""a":"x""#, seeds: [1], outcomes: ["v"]),
      Self.cell(#""a":"z""#, seeds: [0.5], outcomes: ["s"]),
      Self.cell(#""a":"w""#, seeds: [0.6], outcomes: ["gone too"]),
    ])
    let stored = [
      Digest.sha256("p"): Self.outcomes([1, 0, 1, 0]), .sha256("v"): Self.outcomes([1, 1, 1, 1, 0]),
    ]
    let comparison = TableComparison(first, second) { stored[$0] }
    #expect(comparison.rows.map(\.basis) == [.records(4), .seeds(2, 2), .same, .numbers])
    #expect(comparison.onlyFirst.map(\.cell) == ["only"] && comparison.onlySecond.isEmpty)
    let records = comparison.rows[0]
    #expect(records.estimate?.difference == 0.5 && records.disagreement?.onlySecond == 2 && records.estimate?.p == 0.5)
    let seeds = comparison.rows[1]
    #expect(abs((seeds.estimate?.difference ?? 0) - 0.5) < 1e-12)
    // Two comparisons were made, so the smaller p-value counts twice.
    #expect(seeds.adjusted == (seeds.estimate?.p).map { 2 * $0 } && records.adjusted == 0.5)
    #expect(!records.isFound)
  }

  @Test func placesInWords() throws {
    let numbers = try Self.table([
      Self.cell(#""pairs":"judge","objective":"DPO","round":"2""#, seeds: [1], outcomes: []),
      Self.cell(#""base":"base""#, seeds: [1], outcomes: []), Self.cell("", seeds: [1], outcomes: []),
    ]).numbers
    #expect(numbers.map(\.cell) == ["judge/DPO, round 2", "base", ""])
  }
}
