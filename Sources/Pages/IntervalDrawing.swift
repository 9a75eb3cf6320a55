// The numbers of one eval as points with their intervals, a row each, so that what overlaps is seen at once.
// Knows rows of a table; nothing of what was measured.

import Reporting

/// Draws the numbers of a column.
struct IntervalDrawing {
  /// A number with its interval.
  struct Row {
    let name: String
    let mean: Double
    /// The ends of its interval of 95%; nil for a number without.
    let ends: (low: Double, high: Double)?
    let isBase: Bool
  }

  let title: String
  /// `%`, `nats` or another unit; empty for plain numbers.
  let unit: String
  /// What the axis says the numbers are.
  let scale: String
  let rows: [Row]
  /// Unlike that of any other drawing of the page.
  let id: String

  private static let width = 460.0
  private static let rowHeight = 22.0
  private static let plot = (left: 176.0, right: 448.0, top: 8.0)
  /// How many letters of a name have room beside the plot, in a wide font, too.
  private static let mostLetters = 22

  /// The figure.
  var figure: Markup {
    .tag("figure", ["class": "chart"], [.tag("figcaption", text: title + (unit.isEmpty ? "" : " (\(unit))")), drawing])
  }

  private var drawing: Markup {
    let lows = rows.map { $0.ends?.low ?? $0.mean }
    let highs = rows.map { $0.ends?.high ?? $0.mean }
    let ticks = AxisTicks(from: min(0, lows.min() ?? 0), to: max(0, highs.max() ?? 0), atMost: 6)
    let plot = Self.plot
    let bottom = plot.top + Self.rowHeight * Double(rows.count)
    let x = Scale(low: ticks.low, high: ticks.high, start: plot.left, end: plot.right)
    var content: [Markup] = []
    for value in ticks.values {
      let place = x.place(value)
      content.append(Draw.line(value == 0 ? "zero" : "grid", place, plot.top, place, bottom))
      content.append(Draw.text("tick", ticks.label(value), place, bottom + 16))
    }
    for (index, row) in rows.enumerated() {
      let y = plot.top + Self.rowHeight * (Double(index) + 0.5)
      content += self.row(row, y, x)
    }
    content.append(Draw.line("axis", plot.left, bottom, plot.right, bottom))
    content.append(Draw.text("name", scale, (plot.left + plot.right) / 2, bottom + 34))
    return Draw.picture(
      id: id, width: Self.width, height: bottom + 42, title: title, description: description, kind: "curves", content)
  }

  private func row(_ row: Row, _ y: Double, _ x: Scale) -> [Markup] {
    var content = [
      Draw.text("label", PageText.short(row.name, Self.mostLetters), Self.plot.left - 8, y + 4, anchor: "end")
    ]
    var own: [Markup] = []
    if let (low, high) = row.ends, low < high {
      own.append(Draw.line("whisker", x.place(low), y, x.place(high), y))
    }
    own.append(Draw.marker(row.isBase ? 3 : 0, x.place(row.mean), y))
    content.append(.tag("g", ["class": row.isBase ? "base" : "c0"], own))
    return content
  }

  private func fixed(_ number: Double) -> String { NumberFormat.fixed(number, decimals: unit == "%" ? 1 : 3) }

  private var description: String {
    let numbers = rows.map { row in
      "\(row.name) \(fixed(row.mean))"
        + (row.ends.map { " (\(fixed($0.low)) to \(fixed($0.high)))" } ?? "")
    }
    let counted = unit.isEmpty ? "" : unit == "%" ? " in percent" : " in \(unit)"
    return "\(title)\(counted), a point with its interval of 95% for each row of the table: "
      + numbers.joined(separator: "; ") + "."
  }
}
