// Likelihood traces as charts: how far better and worse responses moved away from the reference, cell by cell.
// Joins what traces stored with the steps at which weights were kept.

import JSON
import Pages
import Planning
import Reporting
import Specification
import Storage

/// Sorts traces into charts.
struct GatheredTraces {
  /// What one seed's trace of a cell found.
  private struct Trace {
    /// The eval, and the part of the data where there are several.
    let title: String
    let cell: String
    let seed: String
    let round: Int
    let step: Step
  }

  private static let sides = [("chosen", "Better responses"), ("rejected", "Worse responses")]

  private let experiment: PlannedExperiment
  private let stored: StoredGraph
  private let logs: [PolicyLog]

  init(_ experiment: PlannedExperiment, _ stored: StoredGraph, _ logs: [PolicyLog]) {
    (self.experiment, self.stored, self.logs) = (experiment, stored, logs)
  }

  /// A family for each trace, better and worse responses at one scale; none without traces.
  ///
  /// - Throws: What reading the store throws.
  var families: [CurveFamily] {
    get throws {
      let traces = self.traces
      return try traces.map(\.title).distinct.compactMap { title in
        try family(title, traces.filter { $0.title == title })
      }
    }
  }

  private func family(_ title: String, _ traces: [Trace]) throws -> CurveFamily? {
    let cells = try traces.map(\.cell).distinct.map { cell in try group(cell, traces.filter { $0.cell == cell }) }
    let panels = CurvePanels(cells, experiment.experiment)
    let charts = Self.sides.flatMap { side in panels.charts(of: side.0, title: side.1, unit: "nats") }
    guard !charts.isEmpty else { return nil }
    return CurveFamily(
      title: title, note: Self.note + (try pairs(traces)), charts: charts, origins: panels.origins(of: title))
  }

  private static let note =
    "ln p under the policy less ln p under the reference, a response's tokens together, so that the reference stands at "
    + "0; the mean over pairs."

  private func pairs(_ traces: [Trace]) throws -> String {
    var counts: Set<Int> = []
    for trace in traces {
      let points = try stored.fields(of: OutputReference(trace.step.id, "trace")) ?? []
      counts.formUnion(points.compactMap { $0["pairs"]?.integerValue })
    }
    return counts.isEmpty ? "" : " Pairs: \(counts.sorted().map { String($0) }.joined(separator: ", "))."
  }

  // MARK: - Traces

  private var traces: [Trace] {
    let inputs = stored.graph.step(experiment.table).inputs
    let sources = Dictionary(inputs.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    return experiment.measurements.compactMap { measurement in
      // Better and worse responses are two outputs of one step.
      guard let source = sources[measurement.input], source.output == "chosen",
        stored.graph.step(source.step).kind == .trace
      else { return nil }
      let place = measurement.coordinates
      let part = place["dataset"].map { ", \($0)" } ?? ""
      return Trace(
        title: String(measurement.eval.dropLast(" chosen".count)) + part, cell: cell(at: place),
        seed: place["seed"] ?? "", round: place["round"].flatMap { Int($0) } ?? 1,
        step: stored.graph.step(source.step))
    }
  }

  private func cell(at place: Named<String>) -> String {
    experiment.experiment.cells.first { cell in
      cell.arms.entries.allSatisfy { arm in place[arm.name] == arm.value }
    }?.name ?? ""
  }

  private func group(_ cell: String, _ traces: [Trace]) throws -> CurveGroup {
    var seeds: [[String: [LoggedNumber]]] = []
    for seed in traces.map(\.seed).distinct {
      var numbers: [String: [LoggedNumber]] = [:]
      for trace in traces.filter({ $0.seed == seed }).sorted(by: { $0.round < $1.round }) {
        try add(trace, to: &numbers)
      }
      seeds.append(numbers)
    }
    let log = logs.first { $0.policy.cell == cell }
    // Where the trace looks at one round only, no other round begins in its charts.
    let breaks = Set(traces.map(\.round)).count > 1 ? log?.breaks ?? [] : []
    return CurveGroup(cells: [cell], steps: [traces.map(\.step.id)], seeds: seeds, breaks: breaks)
  }

  /// Adds the points of a trace; of several at one step the last counts, for they are of the same weights.
  private func add(_ trace: Trace, to numbers: inout [String: [LoggedNumber]]) throws {
    guard let points = try stored.fields(of: OutputReference(trace.step.id, "trace")) else { return }
    let moments = try TraceMoments(stored).all(of: trace.step)
    for (point, moment) in zip(points, moments) {
      guard let moment else { continue }
      let step = moment.step + offset(of: moment.training)
      for (side, _) in Self.sides {
        guard let value = point[side]?.doubleValue else { continue }
        numbers[side, default: []].removeAll { $0.step == step }
        numbers[side, default: []].append(LoggedNumber(step: step, value: value))
      }
    }
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
