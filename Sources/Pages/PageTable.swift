// A plain table of a page: a head, rows of text, and a box of its own to scroll in where it is wider than the page.
// Knows nothing of what it says.

/// A table of texts.
package struct PageTable: Sendable {
  /// The names of the columns.
  package let head: [String]
  /// The cells, row by row; the first of a row names it.
  package let rows: [[String]]
  /// The columns that hold numbers, which stand under one another.
  package let numbers: Set<Int>
  /// What stands above it.
  package let caption: String?
  /// What each row is of, the same wherever it is told; empty where no row is told twice.
  private let origins: [String]

  /// Makes a table.
  package init(
    head: [String], rows: [[String]], numbers: Set<Int> = [], caption: String? = nil, origins: [String] = []
  ) {
    (self.head, self.rows, self.numbers, self.caption) = (head, rows, numbers, caption)
    self.origins = origins
  }

  /// What a row is of; empty for one that is like no other.
  func origin(ofRow row: Int) -> String { row < origins.count ? origins[row] : "" }

  /// The table with some of its rows only.
  func with(rows kept: [Int]) -> PageTable {
    PageTable(
      head: head, rows: kept.map { rows[$0] }, numbers: numbers, caption: caption,
      origins: kept.map { origin(ofRow: $0) })
  }

  /// The table in its box.
  var markup: Markup {
    let captions = caption.map { [Markup.tag("caption", text: $0)] } ?? []
    let cells = head.enumerated().map { index, text in
      Markup.tag("th", ["scope": "col", "class": numbers.contains(index) ? "n" : nil], text: text)
    }
    let body = rows.map { row in
      Markup.tag(
        "tr", [:],
        row.enumerated().map { index, text in
          let kind = numbers.contains(index) ? "n" : nil
          return index == 0
            ? .tag("th", ["scope": "row", "class": kind], text: text) : .tag("td", ["class": kind], text: text)
        })
    }
    return Self.box(
      label: caption ?? "table",
      .tag("table", [:], captions + [.tag("thead", [:], [.tag("tr", [:], cells)]), .tag("tbody", [:], body)]))
  }

  /// A box that can be scrolled by keyboard, too.
  static func box(label: String, kind: String = "scroll", _ content: Markup) -> Markup {
    .tag("div", ["class": kind, "role": "region", "aria-label": label, "tabindex": "0"], [content])
  }
}
