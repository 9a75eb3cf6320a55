// The likelihood traces of an experiment as they are stored: what each found at which optimizer step.
// Joins what traces stored with the steps at which weights were kept.

import JSON
import Planning
import Records
import Reporting
import Specification

/// Traces in the order of the experiment's measurements.
struct StoredTraces {
  /// One seed's trace of a cell.
  struct Trace {
    /// The eval.
    let eval: String
    /// Cell, seed and what else tells it from others.
    let place: Named<String>
    let step: Step
  }

  /// What a trace found of some weights.
  struct Point {
    let moment: TraceMoments.Moment
    let pairs: Int
    /// Means over pairs by side, `chosen` and `rejected`; none of a training that had diverged.
    let means: [String: Double]
  }

  private let stored: StoredGraph
  let traces: [Trace]

  init(_ experiment: PlannedExperiment, _ stored: StoredGraph) {
    self.stored = stored
    let inputs = stored.graph.step(experiment.table).inputs
    let sources = Dictionary(inputs.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    traces = experiment.measurements.compactMap { measurement in
      // Better and worse responses are two outputs of one step.
      guard let source = sources[measurement.input].flatMap({ Self.taken($0, in: stored.graph) }),
        source.output == "chosen", stored.graph.step(source.step).kind == .trace
      else { return nil }
      return Trace(
        eval: String(measurement.eval.dropLast(" chosen".count)), place: measurement.coordinates,
        step: stored.graph.step(source.step))
    }
  }

  /// What an output really is where it was taken from several candidates; nil if that was not decided.
  private static func taken(_ output: OutputReference, in graph: StepGraph) -> OutputReference? {
    let step = graph.step(output.step)
    guard step.kind == .select else { return output }
    let input = step.chosen.map(SelectWork.input(ofCandidate:))
    return step.inputs.first { $0.name == input }.flatMap { taken($0.source, in: graph) }
  }

  /// The points of a trace, in order; of several at one step of a training the last, for they are of the same weights.
  ///
  /// - Throws: What reading the store throws.
  func points(of trace: Trace) throws -> [Point] {
    guard let found = try stored.fields(of: OutputReference(trace.step.id, "trace")) else { return [] }
    let moments = try TraceMoments(stored).all(of: trace.step)
    var points: [Point] = []
    for (fields, moment) in zip(found, moments) {
      guard let moment else { continue }
      var means: [String: Double] = [:]
      for side in ["chosen", "rejected"] { means[side] = fields[side]?.doubleValue }
      points.removeAll { $0.moment == moment }
      points.append(Point(moment: moment, pairs: fields["pairs"]?.integerValue ?? 0, means: means))
    }
    return points
  }

  /// The traces as results have them.
  ///
  /// - Throws: What reading the store throws.
  var reported: [ReportedTrace] {
    get throws {
      try traces.map { trace in
        ReportedTrace(
          eval: trace.eval, place: trace.place.entries.map { Measured.Coordinate($0.name, $0.value) },
          points: try points(of: trace).map { point in
            ReportedTrace.Point(
              step: point.moment.step, pairs: point.pairs, chosen: point.means["chosen"],
              rejected: point.means["rejected"])
          })
      }
    }
  }
}
