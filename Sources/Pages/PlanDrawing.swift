// A plan as a drawing: a box for each node, arrows from what is read to what reads it, and a table of all steps.
// Knows nodes and their places.

import Reporting

/// Draws a plan.
struct PlanDrawing {
  let picture: PlanPicture
  /// Unlike that of any other drawing of the page.
  let id: String

  /// More steps are told by the lock alone.
  private static let mostRows = 1000
  private static let margin = 6.0

  /// The figure with its legend and the table of steps.
  var figure: Markup {
    .tag(
      "figure", ["class": "plan"],
      [
        .tag("figcaption", text: caption),
        PageTable.box(label: "The plan as a picture", kind: "scroll picture", drawing), legend,
        .tag("details", [:], [.tag("summary", text: "All steps"), steps]),
      ])
  }

  private var caption: String {
    let count = picture.steps.count
    let drawn =
      picture.grouping.map { "\(count) steps in \(picture.nodes.count) boxes: \($0) stand in one box" }
      ?? "\(count) step\(count == 1 ? "" : "s")"
    return "\(drawn). An arrow leads from what is read to what reads it; what follows from other arrows is left out. "
      + "Times are those of the results in the store, all steps of a box together."
  }

  // MARK: - The drawing

  /// The drawing, and where its box begins if it is too wide for the page: at the first of the steps that read nothing, for
  /// rows are centered and a corner is empty.
  private var drawing: Markup {
    let layout = PlanLayout(nodes: picture.nodes.count, edges: picture.edges)
    let first = layout.boxes.min { ($0.y, $0.x) < ($1.y, $1.x) }?.x ?? 0
    return .tag(
      "div", ["class": "sheet"],
      [.tag("span", ["class": "start", "style": "left:\(Draw.number(first))px"], []), drawing(layout)])
  }

  private func drawing(_ layout: PlanLayout) -> Markup {
    let head = Markup.tag(
      "marker",
      [
        "id": "\(id)-head", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7",
        "orient": "auto", "class": "head",
      ], [.tag("path", ["d": "M0,0.5 8,4 0,7.5 Z"])])
    let arrows = layout.ways.map { way in
      Markup.tag("path", ["class": "arrow", "d": Self.path(way), "marker-end": "url(#\(id)-head)"])
    }
    let boxes = zip(picture.nodes, layout.boxes).map { box($0, $1) }
    let margin = Self.margin
    let content = Markup.tag(
      "g", ["transform": "translate(\(Draw.number(margin)) \(Draw.number(margin)))"], arrows + boxes)
    return Draw.picture(
      id: id, width: layout.width + 2 * margin, height: layout.height + 2 * margin, title: "Plan",
      description: description, kind: "graph", [.tag("defs", [:], [head]), content])
  }

  /// A way that leaves and arrives straight down.
  private static func path(_ way: [(x: Double, y: Double)]) -> String {
    guard let start = way.first else { return "" }
    var text = "M\(Draw.number(start.x)),\(Draw.number(start.y))"
    for (from, to) in zip(way, way.dropFirst()) {
      if from.x == to.x {
        text += " L\(Draw.number(to.x)),\(Draw.number(to.y))"
      } else {
        let middle = (from.y + to.y) / 2
        text += " C" + Draw.points([(x: from.x, y: middle), (x: to.x, y: middle), to])
      }
    }
    return text
  }

  private func box(_ node: PlanPicture.Node, _ box: PlanLayout.Box) -> Markup {
    let lines = Self.lines(of: node.title, 29)
    let isShared = picture.isShared(node)
    var content: [Markup] = [.tag("title", text: "\(node.title): \(facts(node).joined(separator: ", "))")]
    // Several steps look like a pile of cards.
    let depth = node.steps.count > 1 ? 4.0 : 0
    for shift in depth > 0 ? [depth, 0] : [0] {
      content.append(
        .tag(
          "rect",
          [
            "class": "box", "x": Draw.number(box.x + shift), "y": Draw.number(box.y + shift),
            "width": Draw.number(box.width - depth), "height": Draw.number(box.height - depth), "rx": "5",
          ]))
    }
    let left = box.x + 9
    for (index, line) in lines.enumerated() {
      content.append(
        Draw.text("what", line, left, box.y + (lines.count == 1 ? 24 : 17) + 14 * Double(index), anchor: "start"))
    }
    content.append(
      Draw.text("facts", facts(node).joined(separator: " · "), left, box.y + box.height - 11, anchor: "start"))
    let role = PlanRole(kind: node.kind)
    return .tag("g", ["class": "node \(role.rawValue)\(isShared ? " shared" : "")"], content)
  }

  private func facts(_ node: PlanPicture.Node) -> [String] {
    let count = node.steps.count
    let cells = picture.cells(of: node)
    return (count > 1 ? ["×\(count)"] : []) + (cells.isEmpty ? [] : [cells])
      + [picture.seconds(of: node).map { NumberFormat.duration(seconds: $0) } ?? "no time"]
  }

  /// A title in one line or two, cut if it is longer.
  static func lines(of title: String, _ most: Int) -> [String] {
    guard title.count > most else { return [title] }
    var words = title.split(separator: " ").map(String.init)
    var first = ""
    while let word = words.first, (first.isEmpty ? word.count : first.count + 1 + word.count) <= most {
      first += (first.isEmpty ? "" : " ") + word
      words.removeFirst()
    }
    if first.isEmpty { return [PageText.short(title, most)] }
    return words.isEmpty ? [first] : [first, PageText.short(words.joined(separator: " "), most)]
  }

  // MARK: - In words

  private var description: String {
    let nodes = picture.nodes.map { "\($0.title) (\(facts($0).joined(separator: ", ")))" }
    let edges = picture.edges.map { "\(picture.nodes[$0.to].title) reads \(picture.nodes[$0.from].title)" }
    return nodes.joined(separator: "; ") + ". " + edges.joined(separator: "; ") + "."
  }

  private var legend: Markup {
    let roles = PlanRole.allCases.filter { role in picture.nodes.contains { PlanRole(kind: $0.kind) == role } }
    func swatch(_ kind: String) -> Markup {
      .tag(
        "svg", ["class": "swatch", "viewBox": "0 0 26 14", "width": "26", "height": "14", "aria-hidden": "true"],
        [
          .tag(
            "g", ["class": "node \(kind)"],
            [.tag("rect", ["class": "box", "x": "1", "y": "1", "width": "24", "height": "12", "rx": "3"])])
        ])
    }
    var items = roles.map { Markup.tag("li", [:], [swatch($0.rawValue), .text(" \($0.words)")]) }
    if picture.nodes.contains(where: picture.isShared) {
      items.append(.tag("li", [:], [swatch("plain shared"), .text(" filled: computed once for several cells")]))
    }
    return .tag("ul", ["class": "legend"], items)
  }

  private var steps: Markup {
    let shown = picture.steps.prefix(Self.mostRows)
    let note =
      shown.count < picture.steps.count
      ? "The first \(shown.count) of \(picture.steps.count) steps; lock.json names all of them." : nil
    let rows = shown.map { step in
      [
        step.label, step.kind, step.key ?? "not stored", step.cells > 0 ? String(step.cells) : "all",
        step.seconds.map { NumberFormat.fixed($0, decimals: 2) } ?? "–",
      ]
    }
    return PageTable(
      head: ["step", "kind", "key", "cells", "seconds"], rows: rows, numbers: [3, 4], caption: note
    ).markup
  }
}

/// What a kind of step is for; it gives a box its color.
enum PlanRole: String, CaseIterable {
  case data, model, judging, feedback, training, table

  /// The role of a kind.
  init(kind: String) {
    switch kind {
    case "fetch", "ingest", "split", "take", "render", "recorded": self = .data
    case "generate", "score": self = .model
    case "ask", "revise", "fit", "partner", "mark": self = .feedback
    case "train", "adapt", "choose", "select": self = .training
    case "aggregate": self = .table
    default: self = .judging
    }
  }

  /// The role in words.
  var words: String {
    switch self {
    case .data: "data and prompts"
    case .model: "a model writes or scores"
    case .judging: "what came is measured"
    case .feedback: "feedback and examples"
    case .training: "training"
    case .table: "the table"
    }
  }
}
