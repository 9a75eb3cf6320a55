// Likelihood traces as charts: how far better and worse responses moved away from the reference, cell by cell.
// Knows nothing of how they are stored.

import Pages
import Planning
import Reporting
import Specification

/// Sorts traces into charts.
struct GatheredTraces {
  /// What one seed's trace of a cell found.
  private struct Trace {
    /// The eval, and the part of the data where there are several.
    let title: String
    let cell: String
    let seed: String
    let round: Int
    let step: StepID
    let points: [StoredTraces.Point]
  }

  private static let sides = [("chosen", "Better responses"), ("rejected", "Worse responses")]

  private let experiment: PlannedExperiment
  private let traces: [Trace]
  private let logs: [PolicyLog]

  /// - Throws: What reading the store throws.
  init(_ experiment: PlannedExperiment, _ stored: StoredGraph, _ logs: [PolicyLog]) throws {
    (self.experiment, self.logs) = (experiment, logs)
    let all = StoredTraces(experiment, stored)
    traces = try all.traces.map { trace in
      let place = trace.place
      let part = place["dataset"].map { ", \($0)" } ?? ""
      return Trace(
        title: trace.eval + part, cell: Self.cell(at: place, of: experiment), seed: place["seed"] ?? "",
        round: place["round"].flatMap { Int($0) } ?? 1, step: trace.step.id, points: try all.points(of: trace))
    }
  }

  /// A family for each trace, better and worse responses at one scale; none without traces.
  var families: [CurveFamily] {
    traces.map(\.title).distinct.compactMap { title in family(title, traces.filter { $0.title == title }) }
  }

  private func family(_ title: String, _ traces: [Trace]) -> CurveFamily? {
    let cells = traces.map(\.cell).distinct.map { cell in group(cell, traces.filter { $0.cell == cell }) }
    let panels = CurvePanels(cells, experiment.experiment)
    let charts = Self.sides.flatMap { side in panels.charts(of: side.0, title: side.1, unit: "nats") }
    guard !charts.isEmpty else { return nil }
    return CurveFamily(
      title: title, note: Self.note + Self.pairs(traces), charts: charts, origins: panels.origins(of: title))
  }

  private static let note =
    "ln p under the policy less ln p under the reference, a response's tokens together, so that the reference stands at "
    + "0; the mean over pairs."

  private static func pairs(_ traces: [Trace]) -> String {
    let counts = Set(traces.flatMap { $0.points.map(\.pairs) })
    return counts.isEmpty ? "" : " Pairs: \(counts.sorted().map { String($0) }.joined(separator: ", "))."
  }

  private static func cell(at place: Named<String>, of experiment: PlannedExperiment) -> String {
    experiment.experiment.cells.first { cell in
      cell.arms.entries.allSatisfy { arm in place[arm.name] == arm.value }
    }?.name ?? ""
  }

  private func group(_ cell: String, _ traces: [Trace]) -> CurveGroup {
    let seeds = traces.map(\.seed).distinct.map { seed in
      numbers(of: traces.filter { $0.seed == seed }.sorted { $0.round < $1.round })
    }
    let log = logs.first { $0.policy.cell == cell }
    // Where the trace looks at one round only, no other round begins in its charts.
    let breaks = Set(traces.map(\.round)).count > 1 ? log?.breaks ?? [] : []
    return CurveGroup(cells: [cell], steps: [traces.map(\.step)], seeds: seeds, breaks: breaks)
  }

  /// The points of one seed's traces by side; of several at one step the last counts, for they are of the same weights.
  private func numbers(of traces: [Trace]) -> [String: [LoggedNumber]] {
    var numbers: [String: [LoggedNumber]] = [:]
    for point in traces.flatMap(\.points) {
      let step = point.moment.step + offset(of: point.moment.training)
      for (side, value) in point.means {
        numbers[side, default: []].removeAll { $0.step == step }
        numbers[side, default: []].append(LoggedNumber(step: step, value: value))
      }
    }
    return numbers
  }

  /// How many optimizer steps the rounds before a training took.
  private func offset(of training: StepID) -> Int {
    for log in logs {
      guard let round = log.trainings.firstIndex(of: training) else { continue }
      return log.breaks.indices.contains(round - 1) ? log.breaks[round - 1] : 0
    }
    return 0
  }
}
