// Whole pages: the same content is the same bytes, markup is well-formed, and hostile text stays text.

import Digests
import Pages
import Records
import Reporting
import Specification
import Testing

@Suite struct ReportPages {
  private static let hostile = "<script>alert('x')</script></style><img src=http://x/>\u{0}\"&"

  /// A number of a cell.
  private func measured(_ cell: String?, right: [Int]) -> Measured {
    Measured(
      eval: "accuracy", kind: "accuracy", coordinates: [cell.map { .init("arm", $0) } ?? .init("base", "base")],
      inputs: [],
      seeds: right.map { right in
        (0..<10).map { index in
          Outcomes(
            id: RecordID(content: .sha256("\(index)"), occurrence: 0),
            outcomes: [Outcome(kind: index < right ? "right" : "wrong", value: index < right ? 1 : 0)])
        }
      })
  }

  private func numbers(_ text: String) -> ReportedNumbers {
    let layout = TableLayout(
      [measured(nil, right: [4]), measured(text, right: [6, 8]), measured("b", right: [5, 5])], rows: [], columns: [],
      value: nil, relativeTo: .base)
    let marks = TableMarks(layout, numbers: [:]) { _ in nil }
    return ReportedNumbers(
      grid: TableGrid(layout, marks: marks), legend: TableText(layout, marks: marks).legend, notes: [text],
      behind: PageTable(head: ["a", text], rows: [[text, "1"]]))
  }

  /// An experiment with something in every part, all texts of which are the same.
  private func experiment(_ text: String) -> ReportedExperiment {
    var experiment = ReportedExperiment(name: text, description: text)
    experiment.facts = [PageFact(text, text, isCode: true)]
    experiment.missing = [text]
    experiment.numbers = numbers(text)
    let curve = Curve(name: text, seeds: [[LoggedNumber(step: 1, value: 0.5), LoggedNumber(step: 2, value: 0.25)]])
    experiment.curves = [
      CurveFamily(title: text, note: text, charts: [CurveChart(title: text, unit: text, curves: [curve], breaks: [1])])
    ]
    let tables = ReportedTables(note: text, tables: [PageTable(head: [text], rows: [[text]], caption: text)])
    (experiment.stages, experiment.pairs, experiment.cost, experiment.data) = (tables, tables, tables, tables)
    experiment.examples = [
      ExampleSet(
        title: text, note: text,
        examples: [
          ShownExample(
            id: text, prompt: [ShownText(text, text)],
            items: [.pair(rejected: "old \(text)", chosen: "new \(text)"), .texts([ShownText(text, text)])])
        ])
    ]
    let answer = ShownAnswers.Answer(cell: text, response: text, kind: text, outcome: text)
    experiment.answers = [
      AnswerSet(title: text, note: text, records: [ShownAnswers(id: text, prompt: [], answers: [answer])])
    ]
    experiment.detections = [
      DetectionSet(
        title: text, note: text, lambda: 1.5,
        responses: [
          ShownJudgment(
            id: text, prompt: [], judgment: text,
            tokens: [JudgedToken(text: text, plain: -2, judged: -0.5, isInappropriate: true)])
        ])
    ]
    experiment.plan = PlanPicture([
      PlanStep(label: text, kind: text, inputs: [], cells: 2, seconds: 1.5, key: text),
      PlanStep(label: "table", kind: "aggregate", inputs: [0], cells: 0, seconds: nil, key: nil),
    ])
    return experiment
  }

  private func page(_ experiments: [ReportedExperiment]) -> String { ReportPage(experiments, program: "runner 1").html }

  @Test func theSameContentIsTheSameBytes() {
    #expect(page([experiment("a")]) == page([experiment("a")]))
  }

  @Test(arguments: [1, 2])
  func hostileTextStaysText(count: Int) {
    let html = page(Array(repeating: experiment(Self.hostile), count: count))
    #expect(faults(in: html) == [])
    #expect(!html.contains("<script") && !html.contains("<img"))
    #expect(html.ranges(of: "</style>").count == 1)
    #expect(html.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F })
  }

  @Test func everyPartHasItsSectionAndItsName() {
    let html = page([experiment("a")])
    let sections = ["results", "curves", "stages", "pairs", "answers", "examples", "detection", "plan", "cost", "data"]
    for section in sections {
      #expect(html.contains("<section id=\"\(section)\" aria-labelledby=\"\(section)-heading\">"), "\(section)")
      #expect(html.contains("<a href=\"#\(section)\">"), "\(section)")
    }
    for element in ["<del>old</del>", "<ins>new</ins>", "<u class=\"t h3\""] {
      #expect(html.contains(element), "\(element)")
    }
    // Every drawing that says something has its text, and no two things have one name.
    #expect(html.ranges(of: "role=\"img\"").count == html.ranges(of: "<desc id=").count)
    let names = html.matches(of: #/ id="([^"]+)"/#).map { String($0.output.1) }
    #expect(Set(names).count == names.count)
  }

  @Test func aPageAsksForNothing() {
    let html = page([experiment("a")])
    #expect(html.contains("default-src &#39;none&#39;"))
    #expect(!html.contains("src=") && !html.contains("url(http") && !html.contains("@import"))
    let links = html.matches(of: #/ href="([^"]+)"/#).map { String($0.output.1) }
    #expect(links.allSatisfy { $0.hasPrefix("#") || $0 == "data:," })
  }

  @Test func whatIsEmptyHasNoSection() {
    let html = page([ReportedExperiment(name: "bare", description: nil)])
    #expect(faults(in: html) == [])
    #expect(!html.contains("<section"))
  }
}
