// Claims judged on numbers worked by hand: every verdict, both directions, records and seeds, and every reason to be undecided.

import Digests
import JSON
import Records
import Reporting
import Statistics
import Testing

@Suite struct Claims {
  /// The claim `a` alone, between cells of ten or twenty records.
  private static func judged(
    _ says: String, _ cells: CellOutcomes, kind: String = "accuracy", lost: Set<String> = []
  ) throws -> JudgedClaim {
    let claims = try report("claims: {a: {holds: \"\(says)\"}}", cells, kind: kind, lost: lost).claims
    return try #require(claims.first)
  }

  private static func pair(_ left: [[Double?]], _ right: [[Double?]]) -> CellOutcomes {
    ["cold/plain": left, "warm/plain": right]
  }

  private static let greater = "cold/plain > warm/plain"
  private static let less = "cold/plain < warm/plain"

  /// Nine records on which only the left one is right are p = 2·2⁻⁹ = 0.00390625 by McNemar's exact test.
  @Test func overRecords() throws {
    let cells = Self.pair([right(9, of: 20)], [right(0, of: 20)])
    let holds = try Self.judged(Self.greater, cells)
    #expect(holds.verdict == .holds && holds.why == nil && !holds.isFailure)
    #expect(holds.sides == [0.45, 0] && holds.kind == "accuracy")
    let evidence = try #require(holds.evidence)
    #expect(evidence.test == .mcNemar && evidence.records == 20 && evidence.seeds == [1, 1] && !evidence.isOfMethods)
    #expect(evidence.estimate.p == 0.00390625 && evidence.adjusted == 0.00390625)
    #expect(evidence.estimate.difference == 0.45 && evidence.estimate.low > 0 && evidence.estimate.high < 1)
    #expect(evidence.disagreement == Disagreement(onlyFirst: 0, onlySecond: 9))
    #expect(holds.json["speaks-of"]?.stringValue == "this training run")
    let against = try Self.judged(Self.less, cells)
    #expect(against.verdict == .doesNotHold && against.isFailure && against.evidence == evidence)
    let turned = try Self.judged("warm/plain < cold/plain", cells)
    #expect(turned.verdict == .holds && turned.evidence?.estimate.difference == -0.45)
  }

  /// Five records apart are p = 2·2⁻⁵ = 0.0625, six 0.03125.
  @Test func theNoiseOfRecords() throws {
    let five = try Self.judged(Self.greater, Self.pair([right(5, of: 20)], [right(0, of: 20)]))
    #expect(five.verdict == .undecided && five.why == "the difference is inside the noise" && five.isFailure)
    #expect(five.evidence?.adjusted == 0.0625)
    let six = try Self.judged(Self.greater, Self.pair([right(6, of: 20)], [right(0, of: 20)]))
    #expect(six.verdict == .holds)
    // As many right, on other records.
    let tie = try Self.judged(Self.greater, Self.pair([[1, 0, 1, 0]], [[0, 1, 0, 1]]))
    #expect(tie.verdict == .undecided && tie.evidence?.adjusted == 1 && tie.evidence?.estimate.difference == 0)
  }

  /// Two claims of p = 0.03125 are 0.0625 each by Holm: what one alone would show, two do not.
  @Test func claimsAreCorrectedForTheirNumber() throws {
    let cells: CellOutcomes = [
      "cold/plain": [right(6, of: 20)], "warm/plain": [right(0, of: 20)], "cold/long": [right(9, of: 20)],
    ]
    func verdicts(_ claims: String) throws -> [Verdict] {
      try report("claims: {\(claims)}", cells).claims.map(\.verdict)
    }
    #expect(try verdicts("a: {holds: \"cold/plain > warm/plain\"}") == [.holds])
    #expect(
      try verdicts("a: {holds: \"cold/plain > warm/plain\"}, b: {holds: \"warm/plain < cold/plain\"}")
        == [.undecided, .undecided])
    // 2⁻⁸ comes first and counts twice, so that 2⁻⁵ stands as it is.
    #expect(
      try verdicts("a: {holds: \"cold/plain > warm/plain\"}, b: {holds: \"cold/long > warm/plain\"}") == [
        .holds, .holds,
      ])
    // What cannot be tested makes nothing stricter.
    #expect(
      try verdicts("a: {holds: \"cold/plain > warm/plain\"}, b: {holds: \"warm/long > warm/plain\"}")
        == [.holds, .undecided])
  }

  /// Seeds of 7, 8 and of 1, 2 right of ten: t = 8.485 with 2 degrees of freedom, p = 0.0136.
  @Test func overSeeds() throws {
    let cells = Self.pair([right(7, of: 10), right(8, of: 10)], [right(1, of: 10), right(2, of: 10)])
    let holds = try Self.judged(Self.greater, cells)
    let evidence = try #require(holds.evidence)
    #expect(holds.verdict == .holds && evidence.test == .welch && evidence.isOfMethods && evidence.seeds == [2, 2])
    #expect(abs(evidence.estimate.p - 0.0136054) < 2e-6 && abs(evidence.estimate.difference - 0.6) < 1e-12)
    #expect(holds.json["speaks-of"]?.stringValue == "methods" && evidence.disagreement == nil)
    #expect(try Self.judged(Self.less, cells).verdict == .doesNotHold)
    let wide = Self.pair([right(2, of: 10), right(9, of: 10)], [right(1, of: 10), right(5, of: 10)])
    #expect(try Self.judged(Self.greater, wide).verdict == .undecided)
  }

  /// Seeds that all come to one number say nothing of others, so records decide: five apart do not.
  @Test func seedsWithoutSpread() throws {
    let five = right(5, of: 10)
    let claim = try Self.judged(Self.greater, Self.pair([five, five], [right(0, of: 10), right(0, of: 10)]))
    #expect(claim.verdict == .undecided && claim.evidence?.adjusted == 0.0625)
    #expect(claim.json["speaks-of"]?.stringValue == "these training runs")
  }

  /// Several seeds beside an arm of one seed.
  @Test func severalSeedsBesideOne() throws {
    let claim = try Self.judged(Self.greater, Self.pair([right(9, of: 20), right(8, of: 20)], [right(0, of: 20)]))
    #expect(claim.verdict == .holds && claim.evidence?.test == .mcNemar && claim.evidence?.seeds == [2, 1])
    #expect(claim.json["speaks-of"]?.stringValue == "these training runs")
  }

  /// 0.5 and 1.5 more on each of two records: a mean of 1 with a standard error of 0.5, t = 2 with one degree of freedom,
  /// p = 1 − 2/π·arctan 2 = 0.2952.
  @Test func recordsThatAreNotRightOrWrong() throws {
    let claim = try Self.judged(Self.greater, Self.pair([[2.5, 5.5]], [[2, 4]]), kind: "reward")
    let evidence = try #require(claim.evidence)
    #expect(claim.verdict == .undecided && evidence.test == .paired && evidence.disagreement == nil)
    #expect(abs(evidence.estimate.p - 0.2951672) < 1e-6, "\(evidence.estimate.p)")
  }

  @Test func reasonsToBeUndecided() throws {
    func why(_ cells: CellOutcomes, kind: String = "accuracy", lost: Set<String> = []) throws -> String {
      let claim = try Self.judged(Self.greater, cells, kind: kind, lost: lost)
      #expect(claim.verdict == .undecided && claim.evidence == nil && claim.isFailure)
      return try #require(claim.why)
    }
    let (five, none) = (right(5, of: 10), right(0, of: 10))
    #expect(try why(["cold/plain": [five]]) == "`warm/plain` has no number")
    #expect(try why([:]) == "`cold/plain` has no number")
    #expect(try why(Self.pair([five], [five])) == "both come to the same outcomes on every record")
    #expect(try why(Self.pair([five, [nil]], [none, none])) == "`cold/plain` diverged at step 7 (1 of 2 seeds)")
    let notStored = "their outcomes are not in this store"
    #expect(try why(Self.pair([five], [none]), lost: ["warm/plain"]) == notStored)
    #expect(try why(Self.pair([[1]], [[0]])) == "one record is too few")
    #expect(try why(Self.pair([right(5, of: 9)], [[1]])) == "the records are not the same: 1 common of 9 and 1")
    #expect(
      try why(Self.pair([[2, 3, 4]], [[1.75, 2.75, 3.75]]), kind: "reward")
        == "nothing varies over 3 records, so nothing says how far chance would reach")
    #expect(
      try why(Self.pair([[0.7, 0.1], [0.2, 0.4]], [[0.5, 0.4]]), kind: "perplexity")
        == "perplexities of several seeds are compared over seeds only, which takes two on each side that differ")
  }

  /// Seeds beside the model before training, which has one number, speak of methods; so does what a file says of them.
  @Test func seedsBesideTheModelBeforeTraining() throws {
    let text = """
      {"difference":0.3,"detectable":0.1,"holds":"CLAIR > base","interval":[0.2,0.4],"kind":"accuracy","left":0.7,\
      "name":"a","p":0.01,"p-holm":0.02,"records":100,"required":true,"right":0.4,"seeds":[3,1],"speaks-of":"methods",\
      "test":"one-sample","verdict":"holds"}
      """
    let json = try JSONValue(parsing: Array(text.utf8))
    let claim = try JudgedClaim(json: json)
    #expect(claim.evidence?.test == .oneSample && claim.evidence?.isOfMethods == true && claim.json == json)
    let lines = ClaimText([claim]).lines.joined(separator: "\n")
    let told = "t test over seeds, against the model before training, 3 seeds of 100 records: methods"
    #expect(lines.contains(told), "\(lines)")
  }

  /// Nothing has to be measured to know that a cell is not above itself.
  @Test func aCellBesideItself() throws {
    let claim = try Self.judged("cold/plain > cold/plain", ["cold/plain": [right(5, of: 10)]])
    #expect(claim.verdict == .doesNotHold && claim.why == "both are the same computation" && claim.evidence == nil)
  }

  @Test func whatIsNotRequiredFailsNothing() throws {
    let cells = Self.pair([right(9, of: 20)], [right(0, of: 20)])
    let table = """
      claims: {a: {holds: "\(Self.less)", required: false}, b: {holds: "\(Self.greater)"}, \
      c: {holds: "cold/long > warm/long", required: false}}
      """
    let claims = try report(table, cells).claims
    #expect(claims.map(\.verdict) == [.doesNotHold, .holds, .undecided] && !claims.contains(where: \.isFailure))
  }

  @Test func inEveryForm() throws {
    let table = """
      claims: {wins: {holds: "\(Self.greater)"}, loses: {holds: "\(Self.less)", required: false}, \
      open: {holds: "cold/long > warm/plain"}}
      """
    let report = try report(table, Self.pair([right(9, of: 20)], [right(0, of: 20)]))
    #expect(
      report.text.contains(
        """
        Claims:
          wins: cold/plain > warm/plain: holds
            45.0 against 0.0: +45.0, 95% from +21.6 to +65.8, p = 0.008, could show ± 36.6
            McNemar's exact test and Tango's interval, 20 records: this training run; 9 only the left one right, 0 only the \
        right one
          loses (not required): cold/plain < warm/plain: does not hold
        """), "\(report.text)")
    #expect(report.text.contains("  open: cold/long > warm/plain: undecided: `cold/long` has no number\n"))
    #expect(report.text.contains("P-values are Holm's over 2 claims that could be tested;"), "\(report.text)")
    let text = ClaimText(report.claims)
    #expect(
      text.markdown.hasPrefix("## Claims\n\n| claim                ")
        && text.markdown.hasSuffix("of each claim alone.\n\n"),
      "\(text.markdown)")
    let rows = cells(ofMarkdown: text.markdown)
    #expect(rows[0] == ["claim", "says", "verdict", "difference", "95%", "p", "could show", "rests on"])
    #expect(
      rows[2].dropLast() == [
        "wins", "cold/plain > warm/plain", "**holds**", "+45.0", "+21.6 to +65.8", "0.008", "± 36.6",
      ])
    #expect(text.latex.contains("\\begin{tabular}{lllrrrrl}\n\\toprule\nclaim & says &"))
    #expect(text.latex.contains("wins & cold/plain $>$ warm/plain & holds & +45.0 &"), "\(text.latex)")
    #expect(text.latex.contains("45.0 & +21.6 to +65.8 & 0.008 & $\\pm$ 36.6 &"), "\(text.latex)")
    #expect(ClaimText([]).markdown.isEmpty && ClaimText([]).latex.isEmpty && ClaimText([]).lines.isEmpty)
  }

  /// A file of results is read as it was written; one without claims, as earlier versions wrote them, too.
  @Test func inFilesOfResults() throws {
    let cells = Self.pair([right(9, of: 20)], [right(0, of: 20)])
    let table = "claims: {a: {holds: \"\(Self.greater)\"}, b: {holds: \"\(Self.less)\"}, c: {holds: \"base > base\"}}"
    let report = try report(table, cells)
    let read = try StoredTable(json: JSONValue(parsing: Array(report.json.pretty.utf8)))
    #expect(read.claims == report.claims && read.claims.count == 3 && read.published == nil)
    var old = try #require(report.json.objectValue)
    old["claims"] = nil
    #expect(try StoredTable(json: .object(old)).claims.isEmpty)
    #expect(throws: WireFault.self) {
      try StoredTable(json: .members(["cells": .array([]), "claims": .array([.members(["name": .string("x")])])]))
    }
  }
}
