// A paper's numbers beside ours: in each form of the table, unknown ones as such, and none moved to another cell.

import JSON
import Records
import Reporting
import Specification
import Testing

@Suite struct PublishedBeside {
  private static let file = """
    version: 1
    source: A paper, Table 2
    rows:
      cold: {plain: 47.10, long: null}
      warm: {plain: 12}
    """

  private static func report(_ file: String = file) throws -> ResultReport {
    try ReportingTests.report(
      "published: {file: paper.yaml}", ["cold/plain": [right(9, of: 20)], "warm/long": [right(1, of: 20)]],
      files: ["paper.yaml": file])
  }

  @Test func inEveryForm() throws {
    let report = try Self.report()
    #expect(report.text.hasPrefix("heat            plain       long\n"), "\(report.text)")
    for line in ["cold  45 ± 11 [47.10]      – [?]", "warm  – [12]     5.0 ± 5.0"] {
      let words = line.split(separator: " ")
      #expect(
        report.text.split(separator: "\n").contains { $0.split(separator: " ") == words }, "\(line) in \(report.text)")
    }
    #expect(report.text.contains("In brackets: A paper, Table 2; [?] is not known."), "\(report.text)")
    let cells = try #require(report.json["cells"]?.arrayValue)
    #expect(cells.map { $0["published"]?.doubleValue } == [0.471, nil])
    let published = try #require(report.json["published"])
    #expect(published["source"]?.stringValue == "A paper, Table 2")
    #expect(published["cells"]?.arrayValue?.map { $0["value"] } == [.number(0.471), .null, .number(0.12)])
    #expect(published["cells"]?.arrayValue?.first?["written"]?.stringValue == "47.10")
  }

  @Test func inFilesOfResults() throws {
    let report = try Self.report()
    let read = try StoredTable(json: JSONValue(parsing: Array(report.json.pretty.utf8)))
    let published = try #require(read.published)
    #expect(published.source == "A paper, Table 2")
    #expect(published["cold", "plain"] == .number(written: "47.10", value: 0.471))
    #expect(published["cold", "long"] == .unknown && published["warm", "long"] == nil)
    #expect(published.json == report.json["published"])
  }

  @Test func asLinesOfNumbers() throws {
    let report = try Self.report()
    let numbers = try StoredTable(json: report.json).numbers.map(\.measured)
    let layout = TableLayout(numbers, rows: ["heat"], columns: ["style"], value: "accuracy", relativeTo: nil)
    let published = try #require(StoredTable(json: report.json).published)
    let csv = TableText.csv(numbers, published: PublishedCells(published, in: layout).byNumber(in: layout))
    let lines = csv.split(separator: "\n")
    #expect(lines[0].hasSuffix(",records,seeds,published") && lines[1].hasSuffix(",20,1,0.471"), "\(csv)")
    #expect(lines[2].hasSuffix(",20,1,"), "\(csv)")
    #expect(TableText.csv(numbers).split(separator: "\n")[0].hasSuffix(",records,seeds"))
    let text = TableText(layout, published: published)
    #expect(text.latex.contains("cold & 45 $\\pm$ 11 [47.10] & -- [?] \\\\"), "\(text.latex)")
    #expect(text.markdown.contains("| cold | 45 ± 11 [47.10] |     – [?] |"), "\(text.markdown)")
  }

  /// In a table without the columns of the paper its numbers have no place, and that is said.
  @Test func whatHasNoPlaceIsTold() throws {
    let report = try Self.report()
    let stored = try StoredTable(json: report.json)
    let layout = TableLayout(stored.numbers.map(\.measured), table: nil)
    let text = TableText(layout, published: stored.published)
    #expect(
      text.legend.hasSuffix(
        "Published for cells that this table does not have: cold/plain, cold/long, warm/plain."), "\(text.legend)")
    #expect(!text.markdown.contains("["))
  }
}
