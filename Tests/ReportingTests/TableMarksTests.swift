// What a table says of its cells: the best, differences inside the noise, digits by the error.

import Digests
import JSON
import Records
import Reporting
import Specification
import Testing

@Suite struct TableMarkings {
  private static func number(_ label: String, _ values: [Double], outcomes: String) throws -> StoredTable.Number {
    let mean = values.reduce(0, +) / Double(values.count)
    let step = #"{"key":"\#(Digest.sha256(label).hex)","outcomes":"\#(Digest.sha256(outcomes).hex)"}"#
    let cell = """
      {"at":{"arm":"\(label)"},"eval":"accuracy","kind":"accuracy","mean":\(mean),"records":\(values.count),\
      "seeds":[\(mean)],"standard-error":0.01234,"steps":[\(step)]}
      """
    return try #require(StoredTable(json: JSONValue(parsing: Array(#"{"cells":[\#(cell)]}"#.utf8))).numbers.first)
  }

  private static func outcomes(_ values: [Double]) -> [Outcomes] {
    values.enumerated().map { index, value in
      Outcomes(
        id: RecordID(content: .sha256("\(index)"), occurrence: 0),
        outcomes: [Outcome(kind: value == 1 ? "right" : "wrong", value: value)])
    }
  }

  private static let half: [Double] = [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
  private static let nearly: [Double] = [1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
  private static let all = [Double](repeating: 1, count: 12)
  private static let none = [Double](repeating: 0, count: 12)

  /// The table of all arms, compared with one of them.
  private static func marked(relativeTo row: String) throws -> TableText {
    let values = [("none", none), ("half", half), ("nearly", nearly), ("all", all), ("again", none), ("gone", half)]
    let numbers = try values.map { try number($0.0, $0.1, outcomes: $0.0 == "again" ? "none" : $0.0) }
    let layout = TableLayout(numbers.map(\.measured), rows: [], columns: [], value: nil, relativeTo: .cell(row))
    let stored = Dictionary(
      uniqueKeysWithValues: values.filter { $0.0 != "gone" }.map { (Digest.sha256($0.0), outcomes($0.1)) })
    let behind = Dictionary(uniqueKeysWithValues: numbers.map { ($0.measured, $0) })
    return TableText(layout, marks: TableMarks(layout, numbers: behind) { stored[$0] })
  }

  /// All of three comparisons stand out.
  ///
  /// McNemar's p for 6, 7 and 12 records on which only one is right is 2·2⁻⁶, 2·2⁻⁷ and 2·2⁻¹²; Holm's over these three
  /// 2⁻⁵, 2⁻⁵ and 3·2⁻¹¹. An error of 1.234 points has two digits with one decimal.
  @Test func differencesThatStandOut() throws {
    let text = try Self.marked(relativeTo: "none")
    #expect(
      text.aligned == """
        arm                 accuracy
        ──────  ────────────────────
        none               0.0 ± 1.2
        half      50.0 ± 1.2 (+50.0)
        nearly    58.3 ± 1.2 (+58.3)
        all     100.0 ± 1.2 (+100.0)
        again     0.0 ± 1.2 (+0.0 =)
        gone    50.0 ± 1.2 (+50.0 ?)
        """)
    #expect(
      text.legend.hasSuffix(
        "Differences from none tested over records: it speaks of these runs, at 5% after Holm's correction over 3 comparisons; "
          + "= is the same outcomes; ? could not be tested, for the outcomes are not in this store."))
  }

  private static func cell(_ at: String, kind: String = "accuracy", seeds: [Double], spread: Double? = nil) -> String {
    let steps = seeds.map {
      #"{"key":"\#(Digest.sha256("\(at)\($0)").hex)","outcomes":"\#(Digest.sha256("\($0)").hex)"}"#
    }
    let mean = seeds.reduce(0, +) / Double(seeds.count)
    return """
      {"at":{\(at)},"eval":"\(kind)","kind":"\(kind)","mean":\(mean),"records":100,"seeds":\(seeds),\
      \(spread.map { #""spread":\#($0),"# } ?? "")"steps":[\(steps.joined(separator: ","))]}
      """
  }

  /// Seeds beside the model before training, which they do not vary, are a sample against one number.
  ///
  /// 0.64 and 0.37 against 0.44 are t = 0.48 with one degree of freedom, p = 1 − 2/π·arctan t = 0.71, whatever their many
  /// records say; 0.70, 0.71 and 0.72 are t = 46.8 with two, p = 1 − t/√(2 + t²) = 0.00046.
  @Test func seedsAgainstTheModelBeforeTraining() throws {
    let cells = [
      Self.cell(#""base":"base""#, seeds: [0.44]), Self.cell(#""arm":"torn""#, seeds: [0.64, 0.37]),
      Self.cell(#""arm":"sure""#, seeds: [0.70, 0.71, 0.72]),
    ]
    let text = #"{"cells":[\#(cells.joined(separator: ","))]}"#
    let numbers = try StoredTable(json: JSONValue(parsing: Array(text.utf8))).numbers
    let layout = TableLayout(numbers.map(\.measured), rows: [], columns: [], value: nil, relativeTo: .base)
    let behind = Dictionary(uniqueKeysWithValues: numbers.map { ($0.measured, $0) })
    let shown = TableText(layout, marks: TableMarks(layout, numbers: behind) { _ in nil })
    #expect(shown.aligned.contains("(+6.5 ≈)") && shown.aligned.contains("(+27.0)"), "\(shown.aligned)")
    #expect(shown.legend.contains("Differences from base tested over seeds"), "\(shown.legend)")
  }

  /// Seeds that came to one number say nothing of how well it is known: it stands as its neighbours do, and a difference as its
  /// interval does.
  ///
  /// 355, 367 and 376 have a mean of 366 and a spread of 10.54; beside 351.36, t's interval is ± 4.303 · 10.54 / √3 = 26.2.
  @Test func numbersWithoutASpreadBesideOthers() throws {
    let kind = "perplexity"
    let cells = [
      Self.cell(#""base":"base""#, kind: kind, seeds: [351.36]),
      Self.cell(#""arm":"a""#, kind: kind, seeds: [355, 367, 376], spread: 10.54),
      Self.cell(#""arm":"b""#, kind: kind, seeds: [351.36, 351.36, 351.36], spread: 0),
    ]
    func shown(_ reference: Table.RelativeTo) throws -> String {
      let json = #"{"cells":[\#(cells.joined(separator: ","))]}"#
      let numbers = try StoredTable(json: JSONValue(parsing: Array(json.utf8))).numbers
      let layout = TableLayout(numbers.map(\.measured), rows: [], columns: [], value: nil, relativeTo: reference)
      let behind = Dictionary(uniqueKeysWithValues: numbers.map { ($0.measured, $0) })
      return TableText(layout, marks: TableMarks(layout, numbers: behind) { _ in nil }).aligned
    }
    let beside = try shown(.cell("a"))
    #expect(beside.contains("366 ± 11") && beside.contains(#/b .* 351 ± 0 \(-15[ )]/#), "\(beside)")
    let overBase = try shown(.base)
    #expect(overBase.contains(#/a .* 366 ± 11 \(\+15 ≈\)/#), "\(overBase)")
  }

  /// What cannot be compared with the best of its column is marked, with the reason below.
  ///
  /// Nothing is said of a table behind which nobody knows any numbers.
  @Test func whatCannotBeComparedWithTheBest() throws {
    let numbers = try [
      Self.number("half", Self.half, outcomes: "half"), Self.number("all", Self.all, outcomes: "all"),
      Self.number("gone", Self.nearly, outcomes: "gone"),
    ]
    let layout = TableLayout(numbers.map(\.measured), rows: [], columns: [], value: nil, relativeTo: nil)
    let stored = [Digest.sha256("half"): Self.outcomes(Self.half), .sha256("all"): Self.outcomes(Self.all)]
    let behind = Dictionary(uniqueKeysWithValues: numbers.map { ($0.measured, $0) })
    let text = TableText(layout, marks: TableMarks(layout, numbers: behind) { stored[$0] })
    #expect(text.aligned.contains(#/\ngone +58\.3 ± 1\.2 \?$/#) && !text.aligned.contains("≈"), "\(text.aligned)")
    #expect(
      text.legend.hasSuffix("over 1 comparison; ? could not be tested, for the outcomes are not in this store."),
      "\(text.legend)")
    #expect(!TableText(layout).aligned.contains("?"))
  }

  /// A table that asks for no comparison says what cannot be told from its best.
  ///
  /// 0.70, 0.71 and 0.72 beside 0.69, 0.70 and 0.73 differ by 0.3 points; beside 0.40, 0.41 and 0.42 by 30, p < 0.001.
  @Test func whatSeedsCannotTellFromTheBest() throws {
    func text(_ cells: [String]) throws -> TableText {
      let json = #"{"cells":[\#(cells.joined(separator: ","))]}"#
      let numbers = try StoredTable(json: JSONValue(parsing: Array(json.utf8))).numbers
      let layout = TableLayout(numbers.map(\.measured), rows: [], columns: [], value: nil, relativeTo: nil)
      let behind = Dictionary(uniqueKeysWithValues: numbers.map { ($0.measured, $0) })
      return TableText(layout, marks: TableMarks(layout, numbers: behind) { _ in nil })
    }
    let three = try text([
      Self.cell(#""arm":"best""#, seeds: [0.70, 0.71, 0.72]), Self.cell(#""arm":"near""#, seeds: [0.69, 0.70, 0.73]),
      Self.cell(#""arm":"far""#, seeds: [0.40, 0.41, 0.42]), Self.cell(#""arm":"two""#, seeds: [0.70, 0.71]),
    ])
    let rows = three.aligned.split(separator: "\n").map(String.init)
    #expect(rows.filter { $0.hasSuffix(" ≈") }.map { $0.prefix(4) } == ["near", "two "], "\(rows)")
    #expect(three.legend.contains("over 3 comparisons; ≈ is not told from it."), "\(three.legend)")
    let two = try text([
      Self.cell(#""arm":"best""#, seeds: [0.70, 0.72]), Self.cell(#""arm":"near""#, seeds: [0.69, 0.72]),
      Self.cell(#""arm":"far""#, seeds: [0.40, 0.41]),
    ])
    let few = two.aligned.split(separator: "\n").map(String.init)
    #expect(few.filter { $0.hasSuffix(" ≈") }.map { $0.prefix(4) } == ["near"], "\(few)")
  }

  /// 6 records apart are p = 2⁻⁵ alone, and four times that where four comparisons are made; one record apart is p = 1.
  @Test func differencesInsideTheNoise() throws {
    let text = try Self.marked(relativeTo: "half").aligned
    for cell in ["0.0 ± 1.2 (-50.0 ≈)", "58.3 ± 1.2 (+8.3 ≈)", "100.0 ± 1.2 (+50.0 ≈)", "50.0 ± 1.2 (+0.0 ?)"] {
      #expect(text.contains(cell), "\(text)")
    }
  }

  @Test func theBestStandsOutInEveryForm() throws {
    let text = try Self.marked(relativeTo: "half")
    #expect(text.markdown.contains("| all    | **100.0 ± 1.2 (+50.0 ≈)** |") && !text.markdown.contains("**58.3"))
    #expect(text.latex.contains("\\textbf{100.0 $\\pm$ 1.2 (+50.0 $\\approx$)}"), "\(text.latex)")
    #expect(text.aligned(colored: true).contains("\u{1B}[1m100.0 ± 1.2 (+50.0 ≈)\u{1B}[0m"))
    #expect(!text.aligned.contains("\u{1B}"))
  }

  /// Numbers of other records are no better or worse.
  @Test func everyDataSetHasItsBest() {
    let numbers = [("a", 1), ("a", 2), ("b", 6), ("b", 5)].enumerated().map { index, one in
      measured(["arm": "\(index)", "dataset": one.0], right: [one.1], of: 10)
    }
    let text = TableText(TableLayout(numbers, table: nil)).markdown
    #expect(text.contains("**20 ± 13**") && text.contains("**60 ± 16**"), "\(text)")
    #expect(!text.contains("**10") && !text.contains("**50"), "\(text)")
  }

  @Test func errorsOfHundredsLeaveZeros() throws {
    let number = try Self.number("x", [1404.2, 1404.2], outcomes: "x").measured
    var json = try #require(number.json.objectValue)
    (json["standard-error"], json["kind"]) = (.number(166), .string("pair-statistics"))
    let wide = try Measured(json: .object(json))
    #expect(TableText(TableLayout([wide], table: nil)).aligned.hasSuffix("1400 ± 170"))
  }

  @Test func amongEqualsNoneIsBest() throws {
    let numbers = try ["x", "y"].map { try Self.number($0, Self.half, outcomes: $0).measured }
    #expect(!TableText(TableLayout(numbers, table: nil)).markdown.contains("**"))
  }

  /// A sign is a minus in LaTeX; a hyphen within a word stays one.
  @Test func minusSignsInLaTeX() throws {
    let latex = try Self.marked(relativeTo: "half").latex
    #expect(latex.contains("none & 0.0 $\\pm$ 1.2 ($-$50.0 $\\approx$) \\\\"), "\(latex)")
    let named = try Self.number("APO-2", Self.half, outcomes: "x").measured
    #expect(TableText(TableLayout([named], table: nil)).latex.contains("APO-2 & "))
  }
}
