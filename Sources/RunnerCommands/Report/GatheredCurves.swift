// The logs of an experiment's trainings as charts: a family for each quantity, a chart for few cells, a line for each.

import Pages
import Planning
import Reporting
import Specification

/// Sorts logged numbers into charts.
struct GatheredCurves {
  /// A quantity and what a page calls it.
  private struct Quantity {
    let tag: String
    let title: String
    let unit: String
    var note = ""
  }

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

  private let panels: CurvePanels

  init(_ logs: [PolicyLog], _ experiment: ResolvedExperiment) {
    panels = CurvePanels(
      logs.map(\.policy.cell).distinct.map { cell in
        let own = logs.filter { $0.policy.cell == cell }
        // Cells that differ only in what they measure train the same policies.
        return CurveGroup(
          cells: [cell], steps: own.map(\.trainings), seeds: own.map(Self.numbers), breaks: own.first?.breaks ?? [])
      }, experiment)
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
    quantities.compactMap { quantity in
      let charts = panels.charts(of: quantity.tag, title: quantity.title, unit: quantity.unit)
      guard !charts.isEmpty else { return nil }
      return CurveFamily(
        title: quantity.title, note: quantity.note, charts: charts,
        origins: panels.origins(of: quantity.tag))
    }
  }

  /// What the logs hold: what every reader looks for first, then the objectives' own numbers.
  private var quantities: [Quantity] {
    let tags = panels.tags
    let further = tags.filter { $0.hasPrefix("metrics/") }.sorted().map { tag in
      Quantity(tag: tag, title: "The objective's \(tag.dropFirst("metrics/".count))", unit: "")
    }
    return Self.known.filter { tags.contains($0.tag) } + further
  }
}
