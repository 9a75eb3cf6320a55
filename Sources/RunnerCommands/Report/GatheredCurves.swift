// The logs of an experiment's trainings as charts: a family for each quantity, a chart for few cells, a line for each.

import Pages
import Planning
import Reporting
import Specification

/// Sorts logged numbers into charts.
struct GatheredCurves {
  /// Cells whose trainings are the same, with the logs of all their seeds.
  private struct Group {
    var cells: [String]
    let trainings: [[StepID]]
    /// The numbers of each seed, by what they are of.
    let seeds: [[String: [LoggedNumber]]]
    let breaks: [Int]
  }

  /// Cells that stand in one chart, each with its name there.
  private struct Panel {
    let title: String
    let lines: [(name: String, group: Group)]
  }

  /// A quantity and what a page calls it.
  private struct Quantity {
    let tag: String
    let title: String
    let unit: String
    var note = ""
  }

  /// The most lines of a chart.
  private static let mostLines = 6
  private static let known = [
    Quantity(
      tag: "loss", title: "Loss", unit: "",
      note: "Each objective's own; losses of different objectives cannot be compared."),
    Quantity(
      tag: "margin", title: "Margin", unit: "nats",
      note: "The chosen log-ratio less the rejected one: how much further better responses rose above the reference."),
    Quantity(
      tag: "chosen-log-ratio", title: "Log-ratio of chosen responses", unit: "nats",
      note:
        "ln p under the policy less ln p under the reference, a response's tokens together; the mean "
        + "of the step's examples."
    ),
    Quantity(tag: "rejected-log-ratio", title: "Log-ratio of rejected responses", unit: "nats"),
    Quantity(tag: "accuracy", title: "Pairs with a margin above 0", unit: "share"),
    Quantity(tag: "gradient-norm", title: "Gradient norm", unit: "", note: "Before clipping."),
  ]

  private let groups: [Group]
  private let experiment: ResolvedExperiment

  init(_ logs: [PolicyLog], _ experiment: ResolvedExperiment) {
    self.experiment = experiment
    var groups: [Group] = []
    for cell in logs.map(\.policy.cell).distinct {
      let own = logs.filter { $0.policy.cell == cell }
      let trainings = own.map(\.trainings)
      // Cells that differ only in what they measure train the same policies.
      if let known = groups.firstIndex(where: { $0.trainings == trainings }) {
        groups[known].cells.append(cell)
      } else {
        groups.append(
          Group(
            cells: [cell], trainings: trainings, seeds: own.map(Self.numbers), breaks: own.first?.breaks ?? []))
      }
    }
    self.groups = groups
  }

  private static func numbers(of log: PolicyLog) -> [String: [LoggedNumber]] {
    var numbers: [String: [LoggedNumber]] = [:]
    for line in log.lines {
      for number in line.numbers {
        numbers[number.tag, default: []].append(LoggedNumber(step: line.step, value: number.value))
      }
    }
    return numbers
  }

  /// The charts, quantity by quantity; none without logs.
  var families: [CurveFamily] {
    let panels = self.panels
    return quantities.compactMap { quantity in
      let charts = panels.compactMap { chart(of: quantity, $0) }
      guard !charts.isEmpty else { return nil }
      return CurveFamily(title: quantity.title, note: quantity.note, charts: charts)
    }
  }

  /// What the logs hold: what every reader looks for first, then the objectives' own numbers.
  private var quantities: [Quantity] {
    let tags = Set(groups.flatMap(\.seeds).flatMap(\.keys))
    let further = tags.filter { $0.hasPrefix("metrics/") }.sorted().map { tag in
      Quantity(tag: tag, title: "The objective's \(tag.dropFirst("metrics/".count))", unit: "")
    }
    return Self.known.filter { tags.contains($0.tag) } + further
  }

  private func chart(of quantity: Quantity, _ panel: Panel) -> CurveChart? {
    let curves = panel.lines.enumerated().compactMap { look, line -> Curve? in
      let curve = Curve(name: line.name, look: look, seeds: line.group.seeds.map { $0[quantity.tag] ?? [] })
      return curve.points.isEmpty ? nil : curve
    }
    guard !curves.isEmpty else { return nil }
    let title = panel.title.isEmpty ? quantity.title : "\(quantity.title), \(panel.title)"
    let breaks = Set(panel.lines.flatMap(\.group.breaks)).sorted()
    return CurveChart(title: title, unit: quantity.unit, curves: curves, breaks: breaks)
  }

  // MARK: - Panels

  /// All cells in one chart if they are few; else a chart for each arm of an axis; else so many as fit.
  private var panels: [Panel] {
    guard groups.count > Self.mostLines else {
      return [Panel(title: "", lines: groups.map { (Self.name($0.cells), $0) })]
    }
    if let split = experiment.axes.lazy.map({ self.panels(by: $0) }).first(where: Self.fit) { return split }
    return stride(from: 0, to: groups.count, by: Self.mostLines).map { start in
      let own = groups[start..<min(groups.count, start + Self.mostLines)]
      return Panel(title: "cells \(start + 1) to \(start + own.count)", lines: own.map { (Self.name($0.cells), $0) })
    }
  }

  private static func fit(_ panels: [Panel]) -> Bool {
    panels.count > 1 && panels.allSatisfy { $0.lines.count <= mostLines }
  }

  private func panels(by axis: AblationAxis) -> [Panel] {
    axis.arms.compactMap { arm in
      let own = groups.compactMap { group -> (String, Group)? in
        let cells = group.cells.filter { arms(of: $0)[axis.name] == arm }
        guard !cells.isEmpty else { return nil }
        let names = cells.map { cell in
          arms(of: cell).entries.filter { $0.name != axis.name }.map(\.value).joined(separator: "/")
        }
        return (Self.name(names), group)
      }
      return own.isEmpty ? nil : Panel(title: arm, lines: own.map { (name: $0.0, group: $0.1) })
    }
  }

  private func arms(of cell: String) -> Named<String> {
    experiment.cells.first { $0.name == cell }?.arms ?? Named()
  }

  private static func name(_ cells: [String]) -> String {
    cells.count > 3 ? "\(cells[0]) and \(cells.count - 1) more" : cells.joined(separator: ", ")
  }
}
