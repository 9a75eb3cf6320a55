// Tables number by number: what each comparison rests on.

import Digests
import JSON
import Records
import Reporting
import Statistics
import Testing

@Suite struct TableComparisons {
  private static func table(_ cells: [String], axes: [String] = []) throws -> StoredTable {
    let text = #"{"axes":\#(axes),"cells":[\#(cells.joined(separator: ","))]}"#
    return try StoredTable(json: JSONValue(parsing: Array(text.utf8)))
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
      Digest.sha256("p"): Self.outcomes([1, 0, 1, 0]), .sha256("v"): Self.outcomes([1, 1, 1, 1]),
    ]
    let comparison = TableComparison(first, second) { stored[$0] }
    #expect(
      comparison.rows.map(\.basis) == [
        .records(4), .seeds(2, 2), .same, .numbers(.outcomesNotStored([.first, .second])),
      ])
    #expect(comparison.onlyFirst.map(\.cell) == ["only"] && comparison.onlySecond.isEmpty)
    let records = comparison.rows[0]
    #expect(records.estimate?.difference == 0.5 && records.disagreement?.onlySecond == 2 && records.estimate?.p == 0.5)
    let seeds = comparison.rows[1]
    #expect(abs((seeds.estimate?.difference ?? 0) - 0.5) < 1e-12)
    // Two comparisons were made, so the smaller p-value counts twice.
    #expect(seeds.adjusted == (seeds.estimate?.p).map { 2 * $0 } && records.adjusted == 0.5)
    #expect(!records.isFound)
  }

  /// Of other records not even those are compared that both sides measured: the numbers are of all.
  @Test func recordsThatBothHaveAreNotEnough() throws {
    let first = try Self.table([Self.cell("", seeds: [0.5], outcomes: ["p"])])
    let second = try Self.table([Self.cell("", seeds: [1], outcomes: ["v"])])
    let stored = [
      Digest.sha256("p"): Self.outcomes([1, 0, 1, 0]), .sha256("v"): Self.outcomes([1, 1, 1, 1, 0]),
    ]
    let row = TableComparison(first, second) { stored[$0] }.rows.first
    #expect(row?.untested == .otherRecords(common: 4, first: 4, second: 5))
  }

  /// Two seeds reach far: 12.7 standard errors, which for shares is more than there is.
  ///
  /// Other numbers have no such end.
  @Test(arguments: ["accuracy", "perplexity"]) func differencesOfSharesEndAtAll(kind: String) throws {
    let first = try Self.table([Self.cell("", kind: kind, seeds: [0.1, 0.9], outcomes: ["q", "r"])])
    let second = try Self.table([Self.cell("", kind: kind, seeds: [0.2, 0.9], outcomes: ["t", "u"])])
    let estimate = try #require(TableComparison(first, second) { _ in nil }.rows.first?.estimate)
    #expect(abs(estimate.difference - 0.05) < 1e-12)
    #expect((estimate.low == -1 && estimate.high == 1) == (kind == "accuracy"))
    #expect(estimate.low <= -1 && estimate.high >= 1 && estimate.p > 0.9)
  }

  /// The mean of seeds' perplexities is none over their records together.
  @Test func perplexitiesOfSeveralSeedsAreNotComparedOverRecords() throws {
    let first = try Self.table([Self.cell("", kind: "perplexity", seeds: [2], outcomes: ["p"])])
    let several = Self.cell("", kind: "perplexity", seeds: [3, 4], outcomes: ["q", "r"])
      .replacing(#""records":4"#, with: #""records":4,"spread":0.7"#)
    let second = try Self.table([several])
    let records = Self.outcomes([1, 0, 1, 0])
    let row = TableComparison(first, second) { _ in records }.rows.first
    #expect(row?.untested == .onlyOverSeeds)
  }

  /// Means of other questions differ for the questions, too.
  @Test func seedsOfOtherRecordsAreNotTested() throws {
    let first = try Self.table([Self.cell("", seeds: [0.2, 0.3], outcomes: ["q", "r"])])
    let second = try Self.table([Self.cell("", seeds: [0.7, 0.8], outcomes: ["t", "u"])])
    let records = Self.outcomes([1, 0, 1, 0])
    func reason(_ stored: [Digest: [Outcomes]]) -> UntestedReason? {
      TableComparison(first, second) { stored[$0] }.rows.first?.untested
    }
    #expect(reason([:]) == nil && reason([.sha256("q"): records, .sha256("t"): records]) == nil)
    #expect(
      reason([.sha256("q"): records, .sha256("t"): Self.outcomes([1, 0, 1])])
        == .otherRecords(common: 3, first: 4, second: 3))
  }

  @Test func placesInWords() throws {
    let numbers = try Self.table([
      Self.cell(#""pairs":"judge","objective":"DPO","round":"2""#, seeds: [1], outcomes: []),
      Self.cell(#""base":"base""#, seeds: [1], outcomes: []), Self.cell("", seeds: [1], outcomes: []),
    ]).numbers
    #expect(numbers.map(\.cell) == ["judge/DPO, round 2", "base", ""])
  }

  private static func read(_ json: String) throws -> StoredTable {
    try table([#"{"at":{},"eval":"accuracy","kind":"accuracy","records":4,\#(json)}"#])
  }

  private static func steps(_ name: String) -> String {
    let (key, outcomes) = (Digest.sha256("key \(name)").hex, Digest.sha256(name).hex)
    return #""steps":[{"key":"\#(key)","outcomes":"\#(outcomes)"}]"#
  }

  /// A seed whose training came to nothing counts 0 in the mean, which is no number to compare.
  @Test func aTrainingThatDivergedIsNoNumber() throws {
    let wild = try Self.read(#""mean":0,"seeds":[0,0],"diverged-at":[7,null],"# + Self.steps("p"))
    let sane = try Self.read(#""mean":0.5,"seeds":[0.4,0.6],"# + Self.steps("q"))
    let words = "diverged at step 7 (1 of 2 seeds)"
    let row = try #require(TableComparison(wild, sane) { _ in Self.outcomes([1, 0]) }.rows.first)
    #expect(row.untested == .diverged(first: words, second: nil) && row.estimate == nil && row.adjusted == nil)
    #expect(row.first.divergence == words && row.second.divergence == nil)
    let back = try #require(TableComparison(sane, wild) { _ in Self.outcomes([1, 0]) }.rows.first)
    #expect(back.untested == .diverged(first: nil, second: words))
  }

  @Test func everyReasonIsItsOwn() throws {
    let one = try Self.read(#""mean":0.5,"seeds":[0.5],"# + Self.steps("p"))
    let other = try Self.read(#""mean":0.75,"seeds":[0.75],"# + Self.steps("q"))
    let (known, gone) = (Digest.sha256("p"), Digest.sha256("q"))
    func reason(_ first: StoredTable, _ second: StoredTable, _ stored: [Digest: [Outcomes]]) -> UntestedReason? {
      TableComparison(first, second) { stored[$0] }.rows.first?.untested
    }
    let records = Self.outcomes([1, 0, 1])
    let others = records.map {
      Outcomes(id: RecordID(content: .sha256("x\($0.id)"), occurrence: 0), outcomes: $0.outcomes)
    }
    #expect(reason(one, other, [known: records]) == .outcomesNotStored([.second]))
    #expect(reason(one, other, [:]) == .outcomesNotStored([.first, .second]))
    #expect(reason(one, other, [known: records, gone: others]) == .otherRecords(common: 0, first: 3, second: 3))
    #expect(
      reason(one, other, [known: records, gone: [records[0]] + others]) == .otherRecords(common: 1, first: 3, second: 4)
    )
    #expect(reason(one, try Self.read(#""mean":null,"seeds":[],"# + Self.steps("q")), [:]) == .notMeasured([.second]))
    let scores = records.map { Outcomes(id: $0.id, outcomes: [Outcome(kind: "scored", value: 0.25)]) }
    let more = records.map { Outcomes(id: $0.id, outcomes: [Outcome(kind: "scored", value: 0.5)]) }
    #expect(reason(one, other, [known: scores, gone: more]) == .noSpread(records: 3))
    let weightless = records.map { Outcomes(id: $0.id, outcomes: [Outcome(kind: "scored", value: 0, weight: 0)]) }
    #expect(reason(one, other, [known: weightless, gone: more]) == .noWeight)
    let kinds = try [
      Self.table([Self.cell("", seeds: [0.5], outcomes: ["p"])]),
      Self.table([Self.cell("", kind: "choice", seeds: [0.5], outcomes: ["q"])]),
    ]
    #expect(reason(kinds[0], kinds[1], [known: records, gone: records]) == .otherKinds("accuracy", "choice"))
  }

  @Test func aTableOfCommaSeparatedValues() throws {
    let text = """
      pairs,objective,eval,mean,spread,standard-error,records,seeds,diverged-at
      "a, \""b\""\",SFT,accuracy,0.5,,0.1,4,1,
      judge,DPO,accuracy,,,,4,2,7\u{20}

      """
    let table = try StoredTable(csv: text)
    #expect(table.numbers[0].place.map(\.axis) == ["pairs", "objective"])
    #expect(table.numbers.map(\.cell) == [#"a, "b"/SFT"#, "judge/DPO"])
    #expect(table.numbers.map(\.mean) == [0.5, nil] && table.numbers[0].error == 0.1)
    #expect(table.numbers[1].divergence == "diverged at step 7 (1 of 2 seeds)")
    #expect(throws: (any Error).self) { _ = try StoredTable(csv: "a,b\n1,2\n") }
    let named = try Self.table([
      Self.cell(#""pairs":"a, \"b\"","objective":"SFT""#, seeds: [0.25], outcomes: ["p"])
    ])
    let row = try #require(TableComparison(table, named) { _ in nil }.rows.first)
    #expect(row.untested == .outcomesNotNamed([.first]) && row.isShare)
  }

  @Test func coordinatesAndRowsInOneOrder() throws {
    let sorted = try Self.table(
      [
        Self.cell(#""objective":"DPO","pairs":"judge""#, seeds: [1], outcomes: ["p"]),
        Self.cell(#""objective":"SFT","pairs":"judge""#, seeds: [1], outcomes: ["q"]),
      ], axes: ["pairs", "objective"])
    #expect(sorted.numbers.map(\.cell) == ["judge/DPO", "judge/SFT"])
    let spec = try Self.table([
      Self.cell(#""pairs":"judge","objective":"SFT""#, seeds: [1], outcomes: ["q"]),
      Self.cell(#""pairs":"judge","objective":"DPO""#, seeds: [1], outcomes: ["p"]),
    ])
    let rows = TableComparison(sorted, spec, inOrderOfSecond: true) { _ in nil }.rows
    #expect(rows.map(\.first.cell) == ["judge/SFT", "judge/DPO"])
    #expect(TableComparison(sorted, spec) { _ in nil }.rows.map(\.first.cell) == ["judge/DPO", "judge/SFT"])
  }
}
