// The numbers of an experiment on a page: the table, each column as points with their intervals, and what stands behind each
// number.

import Records
import Reporting
import Statistics

/// The section of the numbers.
struct ResultSection {
  let numbers: ReportedNumbers
  /// Unlike that of any other section of the page.
  let id: String

  private var grid: TableGrid { numbers.grid }

  /// What the section holds.
  var content: [Markup] {
    let notes = numbers.notes.map { Markup.tag("li", text: $0) }
    return [
      table, .tag("p", ["class": "note"], text: numbers.legend + " " + Self.signs),
      notes.isEmpty ? .text("") : .tag("ul", ["class": "notes"], notes),
      .tag("p", ["class": "note"], text: Self.legend),
      .tag("div", ["class": "charts"], drawings),
      .tag(
        "details", [:],
        [.tag("summary", text: "Every number with its records, seeds and keys"), numbers.behind.markup]),
    ]
  }

  private static let signs = "The best of each column is bold."

  private static let legend =
    "Below, points are means, and lines their intervals of 95%: over seeds where these differ, else over records, as the "
    + "table of all numbers says."

  // MARK: - The table

  private var table: Markup {
    let labels = grid.labels.map { Markup.tag("th", ["scope": "col"], text: $0) }
    let columns = grid.columns.indices.map { index -> Markup in
      let records = Set(grid.rows.compactMap { $0.cells[index]?.number.records })
      let count = records.count == 1 ? records.first.map { "n = \($0)" } : nil
      return .tag(
        "th", ["scope": "col", "class": "n"],
        [.text(grid.columns[index])] + (count.map { [.tag("small", text: $0)] } ?? []))
    }
    let rows = grid.rows.map { row in
      Markup.tag(
        "tr", ["class": row.isBase ? "base" : nil],
        row.labels.enumerated().map { index, label in
          index == 0
            ? .tag("th", ["scope": "row"], text: label) : .tag("th", ["scope": "row", "class": "sub"], text: label)
        } + row.cells.enumerated().map { cell($0.element, row.published[$0.offset], column: $0.offset) })
    }
    let body = Markup.tag(
      "table", ["class": "result"],
      [
        .tag(
          "caption",
          text: "Mean ± error"
            + (hasDifferences ? ", below it the difference from \(grid.reference ?? "what it is compared with")" : "")),
        .tag("thead", [:], [.tag("tr", [:], labels + columns)]), .tag("tbody", [:], rows),
      ])
    return PageTable.box(label: "Table of results", body)
  }

  private var hasDifferences: Bool { grid.rows.contains { $0.cells.contains { $0?.difference != nil } } }

  private func cell(_ cell: TableGrid.Cell?, _ published: String?, column: Int) -> Markup {
    let beside = published.map { [Markup.text(" "), .tag("span", ["class": "published"], text: $0)] } ?? []
    guard let cell else { return .tag("td", ["class": "n"], [.text("–")] + beside) }
    if let divergence = cell.divergence {
      return .tag("td", ["class": "n diverged"], [.text(divergence)] + beside)
    }
    let mean = Markup.tag(cell.isBest ? "strong" : "span", text: cell.mean)
    let error = cell.error.map { [Markup.text(" "), .tag("span", ["class": "error"], text: "± \($0)")] } ?? []
    let records = Set(grid.rows.compactMap { $0.cells[column]?.number.records })
    let count = records.count > 1 ? "n = \(cell.number.records)" : nil
    let difference = cell.difference.map { text in
      Markup.tag("span", ["class": cell.sign.isEmpty ? "found" : "noise"], text: text + cell.sign)
    }
    let hasOwnSign = cell.difference == nil && !cell.sign.isEmpty
    let sign = hasOwnSign ? [Markup.tag("span", ["class": "noise"], text: cell.sign)] : []
    // Both in one line: rows stay low.
    let below = [difference, count.map { Markup.text((difference == nil ? "" : " · ") + $0) }].compactMap { $0 }
    let lower = below.isEmpty ? [] : [Markup.tag("small", [:], below)]
    return .tag("td", ["class": "n"], [mean] + error + sign + beside + lower)
  }

  // MARK: - The drawings

  private var drawings: [Markup] {
    grid.columns.indices.compactMap { column -> Markup? in
      let rows = grid.rows.compactMap { row -> IntervalDrawing.Row? in
        guard let cell = row.cells[column], cell.divergence == nil, let mean = cell.number.mean else { return nil }
        let scale = cell.isShare ? 100.0 : 1
        let ends = cell.number.interval.map { (low: $0.low * scale, high: $0.high * scale) }
        return IntervalDrawing.Row(
          name: row.labels.filter { !$0.isEmpty }.joined(separator: " / "), mean: mean * scale, ends: ends,
          isBase: row.isBase)
      }
      guard rows.count > 1 else { return nil }
      // A column may hold several evals: what one unit fits is told of all or of none.
      let numbers = grid.rows.compactMap { $0.cells[column]?.number }
      let (units, scales) = (Set(numbers.map(\.unit)), Set(numbers.map(\.scale)))
      return IntervalDrawing(
        title: grid.columns[column], unit: units.count == 1 ? units.first.flatMap { $0 } ?? "" : "",
        scale: scales.count == 1 ? scales.first ?? "" : "each row in its own unit", rows: rows,
        id: "\(id)-interval-\(column + 1)"
      ).figure
    }
  }
}
