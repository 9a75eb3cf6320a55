// Likelihood traces as comma-separated values: how better and worse responses moved, one line a moment of a training.
// A file of its own, since a table has a trace's end alone.

public import Records

/// What one trace of one training found.
public struct ReportedTrace: Sendable {
  /// A moment at which weights were kept.
  public struct Point: Hashable, Sendable {
    /// The optimizer step, counted from 1.
    public let step: Int
    /// The pairs.
    public let pairs: Int
    /// The mean log-ratio of better responses to the reference, over pairs, in nats; nil where the training had diverged.
    public let chosen: Double?
    /// The mean log-ratio of worse ones.
    public let rejected: Double?

    /// Takes what was found at a moment.
    public init(step: Int, pairs: Int, chosen: Double?, rejected: Double?) {
      (self.step, self.pairs, self.chosen, self.rejected) = (step, pairs, chosen, rejected)
    }
  }

  /// The eval's name.
  public let eval: String
  /// The cell's arms, the seed, and what else tells it from others.
  public let place: [Measured.Coordinate]
  /// Its moments, in order.
  public let points: [Point]

  /// Takes a trace.
  public init(eval: String, place: [Measured.Coordinate], points: [Point]) {
    (self.eval, self.place, self.points) = (eval, place, points)
  }

  /// The lines of `traces.csv`, the header first; nil without traces.
  package static func csv(_ traces: [ReportedTrace]) -> String? {
    guard !traces.isEmpty else { return nil }
    let axes = traces.flatMap { $0.place.map(\.axis) }.distinct
    let header = CSV.line(axes + ["eval", "step", "chosen", "rejected", "margin", "pair-count"])
    return header + traces.flatMap { trace in trace.points.map { CSV.line(trace.cells(of: $0, axes)) } }.joined()
  }

  private func cells(of point: Point, _ axes: [String]) -> [String] {
    let place = axes.map { axis in self.place.first { $0.axis == axis }?.value ?? "" }
    let margin = point.chosen.flatMap { chosen in point.rejected.map { chosen - $0 } }
    let numbers = [point.chosen, point.rejected, margin].map { $0.map(\.description) ?? "" }
    return place + [eval, String(point.step)] + numbers + [String(point.pairs)]
  }
}
