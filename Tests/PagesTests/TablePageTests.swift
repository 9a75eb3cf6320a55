// A page about a table over several experiments: claims, published numbers, and what experiments have in common once.

import JSON
import Pages
import Records
import Reporting
import Specification
import Testing

@Suite struct TablePages {
  private static let hostile = "<script>alert('x')</script></style>\u{0}\"&"

  /// A claim as a table file has it; without a difference it was not tested.
  private func claim(_ name: String, _ verdict: String, why: String? = nil, difference: Double? = nil) throws
    -> JudgedClaim
  {
    var object = JSONObject([
      JSONMember("name", .string(name)), JSONMember("holds", .string("a > \(name)")),
      JSONMember("required", .bool(true)), JSONMember("verdict", .string(verdict)),
      JSONMember("kind", .string("accuracy")), JSONMember("left", .number(0.75)), JSONMember("right", .null),
    ])
    if let why { object["why"] = .string(why) }
    if let difference {
      object["test"] = .string("mcnemar")
      for (name, value) in [("difference", difference), ("p", 0.01), ("p-holm", 0.03), ("detectable", 0.2)] {
        object[name] = .number(value)
      }
      object["interval"] = .array([.number(0.125), .number(0.5)])
      object["records"] = .integer(40)
      object["seeds"] = .array([.integer(1), .integer(1)])
    }
    return try JudgedClaim(json: .object(object))
  }

  private func page(_ experiments: [ReportedExperiment], tables: [ReportedExperiment] = []) -> String {
    ReportPage(experiments, tables: tables, program: "runner 1").html
  }

  private func experiment(_ name: String, origin: String) -> ReportedExperiment {
    var experiment = ReportedExperiment(name: name, description: nil)
    let curve = Curve(name: name, seeds: [[LoggedNumber(step: 1, value: 1), LoggedNumber(step: 2, value: 3)]])
    let charts = [CurveChart(title: "Loss of \(name)", unit: "nats", curves: [curve])]
    let origins = origin.isEmpty ? [] : [origin]
    experiment.curves = [CurveFamily(title: "Loss", note: "", charts: charts, origins: origins)]
    experiment.traces = [CurveFamily(title: "likelihood", note: "", charts: charts, origins: origins)]
    experiment.examples = [
      ExampleSet(
        title: "Pairs", note: "of \(name)", examples: [ShownExample(id: name, prompt: [], items: [])], origin: origin)
    ]
    let rows = [["own \(name)", "1"], ["common", "2"]]
    experiment.data = ReportedTables(
      note: "n", tables: [PageTable(head: ["what", "n"], rows: rows, origins: ["", origin])])
    return experiment
  }

  @Test func claimsHaveTheirVerdictsAndNumbers() throws {
    var table = ReportedExperiment(name: "paper", description: "About it.")
    table.claims = [
      try claim("one", "holds", difference: 0.25), try claim("two", "does not hold", difference: -0.25),
      try claim("three", "undecided", why: "`b` has no number"),
    ]
    let html = page([experiment("x", origin: "")], tables: [table])
    #expect(faults(in: html) == [])
    #expect(html.contains("<title>paper · runner report</title>") && html.contains("<h1>paper</h1>"))
    for part in [
      "<section id=\"claims\" aria-labelledby=\"claims-heading\">",
      "Of 3 claims 1 holds, 1 does not hold, 1 is undecided",
      "<td><strong class=\"holds\">holds</strong></td><td class=\"says\">a &gt; one</td><td class=\"n\">+25.0</td><td class=\"n\">+12.5 to +50.0</td>"
        + "<td class=\"n\">0.030</td>",
      "<strong class=\"fails\">does not hold</strong></td><td class=\"says\">a &gt; two</td><td class=\"n\">-25.0</td>",
      "<strong class=\"open\">undecided</strong><span class=\"why\">`b` has no number</span>",
      "<h2>x</h2>", "<section id=\"e1-curves\"", "<h3 id=\"e1-curves-heading\">Learning curves</h3>",
    ] { #expect(html.contains(part), "\(part) in \(html)") }
  }

  /// 47.10 as printed stands beside ours, also where we have no number.
  @Test func publishedNumbersStandInBrackets() {
    let measured = ["a", "b"].map { row in
      Measured(
        eval: "accuracy", kind: "accuracy",
        coordinates: [.init("row", row), .init("column", row == "a" ? "x" : "y")], inputs: [], seeds: [])
    }
    let layout = TableLayout(measured, rows: ["row"], columns: ["column"], value: nil, relativeTo: nil)
    let published = PublishedNumbers(
      source: "A <paper>",
      rows: Named([
        .init("a", Named([.init("x", .number(written: "47.10", value: 0.471)), .init("y", .unknown)]))
      ]))
    let marks = TableMarks(layout, numbers: [:]) { _ in nil }
    var table = ReportedExperiment(name: "t", description: nil)
    table.numbers = ReportedNumbers(
      grid: TableGrid(layout, marks: marks, published: published),
      legend: TableText(layout, marks: marks, published: published).legend, notes: [],
      behind: PageTable(head: [], rows: []))
    let html = page([], tables: [table])
    #expect(faults(in: html) == [])
    #expect(html.contains(" <span class=\"published\">[47.10]</span>"))
    #expect(html.contains("<td class=\"n\">– <span class=\"published\">[?]</span></td>"), "\(html)")
    #expect(html.contains("In brackets: A &lt;paper&gt;; [?] is not known."))
  }

  @Test func whatExperimentsShareStandsWithTheFirst() {
    let html = page([experiment("x", origin: "same"), experiment("y", origin: "same")])
    #expect(faults(in: html) == [])
    for section in ["curves", "traces", "examples", "data"] {
      #expect(html.contains("<section id=\"e1-\(section)\"") && html.contains("<section id=\"e2-\(section)\""))
      #expect(
        html.contains("The same as of <a href=\"#e1-\(section)\">x</a>, and shown there: "), "\(section) in \(html)")
    }
    #expect(html.contains("Loss of x") && !html.contains("Loss of y") && !html.contains("of y</p>"))
    #expect(html.contains("own x") && html.contains("own y") && html.ranges(of: ">common<").count == 1)
    // Without an origin nothing is the same, whatever it says.
    let apart = page([experiment("x", origin: ""), experiment("y", origin: "")])
    #expect(apart.contains("Loss of y") && !apart.contains("The same as of"))
  }

  /// Two lines of an earlier experiment's three stand there; two of which only one does are drawn again.
  @Test func chartsAreRepeatedUnlessEveryLineIsThere() {
    func drawn(_ name: String, _ lines: [String]) -> ReportedExperiment {
      var experiment = ReportedExperiment(name: name, description: nil)
      let curves = lines.map { Curve(name: "\(name) \($0)", seeds: [[LoggedNumber(step: 1, value: 1)]]) }
      let chart = CurveChart(title: "Loss", unit: "", curves: curves)
      experiment.curves = [CurveFamily(title: "Loss", note: "", charts: [chart], origins: lines)]
      return experiment
    }
    let html = page([
      drawn("x", ["1", "2", "3"]), drawn("y", ["1", "3"]), drawn("z", ["3", "4"]), drawn("w", ["4", "1"]),
    ])
    #expect(!html.contains("> y 1<") && html.contains("> z 3<") && html.contains("> w 4<"), "\(html)")
    #expect(html.ranges(of: "The same as of ").count == 1)
  }

  @Test func severalTablesHaveTheirHeadings() {
    let tables = ["t", "u"].map { ReportedExperiment(name: $0, description: "of \($0)") }
    let html = page([experiment("x", origin: "")], tables: tables)
    #expect(faults(in: html) == [])
    #expect(html.contains("<h1>2 tables over 1 experiment</h1>") && html.contains("<h2>t</h2>"))
  }

  @Test func hostileTextStaysText() throws {
    var table = ReportedExperiment(name: Self.hostile, description: Self.hostile)
    table.claims = [try claim(Self.hostile, "undecided", why: Self.hostile)]
    let html = page(
      [experiment(Self.hostile, origin: Self.hostile), experiment(Self.hostile, origin: Self.hostile)], tables: [table])
    #expect(faults(in: html) == [])
    #expect(!html.contains("<script") && html.ranges(of: "</style>").count == 1)
    #expect(html.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F })
    let names = html.matches(of: #/ id="([^"]+)"/#).map { String($0.output.1) }
    #expect(Set(names).count == names.count)
  }
}
