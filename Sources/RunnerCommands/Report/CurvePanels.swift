// Numbers along trainings, dealt to charts: few cells a chart, the same charts for every quantity.
// Knows cells and their arms; nothing of what the numbers are.

import Digests
import Pages
import Planning
import Reporting
import Specification

/// Cells whose numbers are the same, with those of all their seeds.
struct CurveGroup {
  /// The cells' names.
  var cells: [String]
  /// The steps that the numbers come from, the same for all of these cells.
  let steps: [[StepID]]
  /// The numbers of each seed, by what they are of.
  let seeds: [[String: [LoggedNumber]]]
  /// The last steps of rounds but of the last one.
  let breaks: [Int]
}

/// The charts of an experiment's cells.
struct CurvePanels {
  /// Cells that stand in one chart, each with its name there.
  private struct Panel {
    let title: String
    let lines: [(name: String, group: CurveGroup)]
  }

  /// The most lines of a chart.
  private static let mostLines = 6

  private let groups: [CurveGroup]
  private let experiment: ResolvedExperiment

  /// Takes cells in their order; those that come from the same steps are one line.
  init(_ cells: [CurveGroup], _ experiment: ResolvedExperiment) {
    self.experiment = experiment
    var groups: [CurveGroup] = []
    for cell in cells {
      if let known = groups.firstIndex(where: { $0.steps == cell.steps }) {
        groups[known].cells += cell.cells
      } else {
        groups.append(cell)
      }
    }
    self.groups = groups
  }

  /// What there are numbers of.
  var tags: Set<String> { Set(groups.flatMap(\.seeds).flatMap(\.keys)) }

  /// Each line with the steps that it comes from, for telling whether another experiment's are the same.
  ///
  /// - Parameter quantity: What the numbers are of.
  /// - Returns: One for each cell: cells may come from the same steps in one experiment and not in the other.
  func origins(of quantity: String) -> [String] {
    groups.flatMap { group in
      let steps = group.steps.map { $0.map(\.digest.hex).joined(separator: ",") }.joined(separator: ";")
      return group.cells.map { "\(quantity)\n\($0)\n\(steps)" }
    }
  }

  /// The charts of one quantity, those without numbers left out.
  ///
  /// - Parameters:
  ///   - tag: What the numbers are of.
  ///   - title: What charts are called.
  ///   - unit: What the numbers are counted in.
  /// - Returns: A chart for each panel.
  func charts(of tag: String, title: String, unit: String) -> [CurveChart] {
    panels.compactMap { panel in
      let curves = panel.lines.enumerated().compactMap { look, line -> Curve? in
        let curve = Curve(name: line.name, look: look, seeds: line.group.seeds.map { $0[tag] ?? [] })
        return curve.points.isEmpty ? nil : curve
      }
      guard !curves.isEmpty else { return nil }
      let title = panel.title.isEmpty ? title : "\(title), \(panel.title)"
      let breaks = Set(panel.lines.flatMap(\.group.breaks)).sorted()
      return CurveChart(title: title, unit: unit, curves: curves, breaks: breaks)
    }
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

  /// Whether charts have room for their lines, and show several beside one another.
  private static func fit(_ panels: [Panel]) -> Bool {
    panels.count > 1 && panels.allSatisfy { $0.lines.count <= mostLines } && panels.contains { $0.lines.count > 1 }
  }

  private func panels(by axis: AblationAxis) -> [Panel] {
    axis.arms.compactMap { arm in
      let own = groups.compactMap { group -> (String, CurveGroup)? in
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
