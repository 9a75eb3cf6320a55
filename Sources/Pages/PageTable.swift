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

  /// Makes a table.
  package init(head: [String], rows: [[String]], numbers: Set<Int> = [], caption: String? = nil) {
    (self.head, self.rows, self.numbers, self.caption) = (head, rows, numbers, caption)
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
