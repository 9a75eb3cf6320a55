// What drawings have in common: coordinates, scales, elements of SVG, and the text that stands for a drawing.
// Knows nothing of what is drawn.

import Reporting

/// From numbers to places in a drawing.
struct Scale {
  /// The number at the beginning.
  let low: Double
  /// The number at the end.
  let high: Double
  /// Where the beginning stands.
  let start: Double
  /// Where the end stands.
  let end: Double

  /// Where a number stands.
  func place(_ value: Double) -> Double {
    high > low ? start + (value - low) / (high - low) * (end - start) : (start + end) / 2
  }
}

/// Elements of SVG.
enum Draw {
  /// A coordinate with one decimal: finer than a screen shows.
  static func number(_ value: Double) -> String { NumberFormat.fixed(value, decimals: 1) }

  static func line(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> Markup {
    .tag("line", ["class": kind, "x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2)])
  }

  /// Text; `anchor` is `start`, `middle` or `end`.
  static func text(_ kind: String, _ text: String, _ x: Double, _ y: Double, anchor: String = "middle") -> Markup {
    .tag("text", ["class": kind, "x": number(x), "y": number(y), "text-anchor": anchor], text: text)
  }

  static func points(_ points: [(x: Double, y: Double)]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  /// A sign around a place: curves are told apart by shape, not by color alone.
  static func marker(_ index: Int, _ x: Double, _ y: Double) -> Markup {
    let r = 3.4
    let corners: [(Double, Double)]
    switch index % 5 {
    case 0: return .tag("circle", ["class": "m", "cx": number(x), "cy": number(y), "r": number(r)])
    case 1: corners = [(-r, -r), (r, -r), (r, r), (-r, r)]
    case 2: corners = [(0, -r - 1), (r + 0.6, r), (-r - 0.6, r)]
    case 3: corners = [(0, -r - 1.2), (r + 1.2, 0), (0, r + 1.2), (-r - 1.2, 0)]
    default: corners = [(0, r + 1), (r + 0.6, -r), (-r - 0.6, -r)]
    }
    return .tag("polygon", ["class": "m", "points": points(corners.map { (x + $0.0, y + $0.1) })])
  }

  /// A drawing with its name and what it says, for those who do not see it.
  ///
  /// - Parameters:
  ///   - id: Unlike that of any other drawing of the page.
  ///   - width: In the drawing's own units.
  ///   - height: In the same units.
  ///   - title: Its name.
  ///   - description: What it shows, in sentences.
  ///   - kind: The class, which says how large it may become.
  ///   - content: What is drawn.
  /// - Returns: The element.
  static func picture(
    id: String, width: Double, height: Double, title: String, description: String, kind: String, _ content: [Markup]
  ) -> Markup {
    .tag(
      "svg",
      [
        "class": kind, "role": "img", "aria-labelledby": "\(id)-title \(id)-text",
        "viewBox": "0 0 \(number(width)) \(number(height))", "width": number(width), "height": number(height),
        "xmlns": "http://www.w3.org/2000/svg",
      ],
      [.tag("title", ["id": "\(id)-title"], text: title), .tag("desc", ["id": "\(id)-text"], text: description)]
        + content)
  }
}
