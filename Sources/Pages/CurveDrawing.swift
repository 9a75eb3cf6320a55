// Curves as drawings, each with axes, a legend, its text and its numbers.
// Knows points; whose they are is said in their names.

import Reporting

/// Draws the charts of a family, all at one scale.
struct CurveDrawing {
  let family: CurveFamily
  /// Unlike that of any other family of the page.
  let id: String

  private static let width = 460.0
  private static let height = 262.0
  private static let plot = (left: 58.0, right: 448.0, top: 12.0, bottom: 220.0)
  /// Where there are more, points have no signs.
  private static let mostMarked = 12
  /// More points than a line of this width can show.
  private static let mostPoints = 400
  private static let mostRows = 40

  /// The charts, one figure each.
  var figures: [Markup] {
    guard let range = family.range else { return [] }
    let vertical = AxisTicks(from: range.lowerBound, to: range.upperBound, atMost: 6)
    return family.charts.enumerated().map { figure($0.element, vertical, id: "\(id)-\($0.offset + 1)") }
  }

  private func figure(_ chart: CurveChart, _ vertical: AxisTicks, id: String) -> Markup {
    let numbers = Markup.tag("details", [:], [.tag("summary", text: "Numbers of this chart"), table(of: chart)])
    return .tag(
      "figure", ["class": "chart"],
      [
        .tag("figcaption", text: chart.title + (chart.unit.isEmpty ? "" : " (\(chart.unit))")),
        drawing(chart, vertical, id: id), legend(chart), numbers,
      ])
  }

  // MARK: - The drawing

  private func drawing(_ chart: CurveChart, _ vertical: AxisTicks, id: String) -> Markup {
    let steps = chart.curves.flatMap(\.points).map(\.step)
    let horizontal = AxisTicks(
      from: Double(steps.min() ?? 1), to: Double(steps.max() ?? 1), atMost: 8, isWhole: true)
    let plot = Self.plot
    let x = Scale(
      low: Double(steps.min() ?? 1), high: max(Double(steps.max() ?? 1), 1 + Double(steps.min() ?? 1)),
      start: plot.left + 8, end: plot.right - 8)
    let y = Scale(low: vertical.low, high: vertical.high, start: plot.bottom, end: plot.top)
    var content = axes(chart, vertical, horizontal, x, y)
    content += chart.curves.map { self.curve($0, x, y) }
    return Draw.picture(
      id: id, width: Self.width, height: Self.height, title: chart.title, description: description(of: chart),
      kind: "curves", content)
  }

  private func axes(
    _ chart: CurveChart, _ vertical: AxisTicks, _ horizontal: AxisTicks, _ x: Scale, _ y: Scale
  ) -> [Markup] {
    let plot = Self.plot
    var content: [Markup] = []
    for value in vertical.values {
      let place = y.place(value)
      content.append(Draw.line(value == 0 ? "zero" : "grid", plot.left, place, plot.right, place))
      content.append(Draw.text("tick", vertical.label(value), plot.left - 6, place + 4, anchor: "end"))
    }
    for value in horizontal.values where value >= x.low && value <= x.high {
      let place = x.place(value)
      content.append(Draw.line("mark", place, plot.bottom, place, plot.bottom + 4))
      content.append(Draw.text("tick", horizontal.label(value), place, plot.bottom + 17))
    }
    for step in chart.breaks {
      let place = x.place(Double(step) + 0.5)
      content.append(Draw.line("round", place, plot.top, place, plot.bottom))
    }
    content.append(Draw.line("axis", plot.left, plot.bottom, plot.right, plot.bottom))
    content.append(Draw.line("axis", plot.left, plot.top, plot.left, plot.bottom))
    content.append(Draw.text("name", "optimizer step", (plot.left + plot.right) / 2, plot.bottom + 35))
    return content
  }

  private func curve(_ curve: Curve, _ x: Scale, _ y: Scale) -> Markup {
    let points = curve.thinned(to: Self.mostPoints).points
    var content: [Markup] = []
    if points.contains(where: { $0.low < $0.high }) {
      let upper = points.map { (x: x.place(Double($0.step)), y: y.place($0.high)) }
      let lower = points.reversed().map { (x: x.place(Double($0.step)), y: y.place($0.low)) }
      content.append(.tag("polygon", ["class": "band", "points": Draw.points(upper + lower)]))
    }
    let middle = points.map { (x: x.place(Double($0.step)), y: y.place($0.mean)) }
    content.append(.tag("polyline", ["class": "line", "points": Draw.points(middle)]))
    if points.count <= Self.mostMarked { content += middle.map { Draw.marker(curve.look, $0.x, $0.y) } }
    return .tag("g", ["class": "c\(curve.look % 6)"], content)
  }

  private func legend(_ chart: CurveChart) -> Markup {
    let items = chart.curves.map { curve -> Markup in
      let swatch = Markup.tag(
        "svg", ["class": "swatch", "viewBox": "0 0 34 12", "width": "34", "height": "12", "aria-hidden": "true"],
        [
          .tag(
            "g", ["class": "c\(curve.look % 6)"],
            [
              .tag("polyline", ["class": "line", "points": "1,6 33,6"]), Draw.marker(curve.look, 17, 6),
            ])
        ])
      return .tag("li", [:], [swatch, .text(" \(curve.name.isEmpty ? "the only cell" : curve.name)")])
    }
    return .tag("ul", ["class": "legend"], items)
  }

  // MARK: - Its text and its numbers

  private func description(of chart: CurveChart) -> String {
    let ends = chart.curves.compactMap { curve -> String? in
      guard let first = curve.points.first, let last = curve.points.last else { return nil }
      let name = curve.name.isEmpty ? "" : "\(curve.name): "
      return "\(name)\(Self.text(first.mean)) at step \(first.step), \(Self.text(last.mean)) at step \(last.step)"
        + (last.seeds > 1 ? " (\(Self.text(last.low)) to \(Self.text(last.high)) over \(last.seeds) seeds)" : "")
    }
    return "\(chart.title)\(chart.unit.isEmpty ? "" : " in \(chart.unit)") against the optimizer step. "
      + ends.joined(separator: "; ") + "."
  }

  private func table(of chart: CurveChart) -> Markup {
    let all = Set(chart.curves.flatMap { $0.points.map(\.step) }).sorted()
    let steps =
      all.count <= Self.mostRows ? all : (0..<Self.mostRows).map { all[$0 * (all.count - 1) / (Self.mostRows - 1)] }
    let head = ["step"] + chart.curves.map { $0.name.isEmpty ? family.title : $0.name }
    let rows = steps.map { step in
      [String(step)]
        + chart.curves.map { curve in curve.points.first { $0.step == step }.map { Self.text($0) } ?? "–" }
    }
    let note = all.count > steps.count ? "\(steps.count) of \(all.count) steps, evenly chosen. " : ""
    return PageTable(
      head: head, rows: rows, numbers: Set(head.indices), caption: "\(note)Mean over seeds [least to largest]."
    ).markup
  }

  private static func text(_ value: Double) -> String {
    NumberFormat.fixed(value, decimals: value.magnitude < 10 ? 4 : 2)
  }

  private static func text(_ point: CurvePoint) -> String {
    text(point.mean) + (point.seeds > 1 ? " [\(text(point.low)) to \(text(point.high))]" : "")
  }
}
