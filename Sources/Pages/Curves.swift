// Numbers along a training, of several seeds each, as curves: the mean over the seeds, and the band between the least
// and the largest of them. Knows nothing of how a curve is drawn.

/// A number of one optimizer step.
package struct LoggedNumber: Hashable, Sendable {
  /// The step, counted from 1.
  package let step: Int
  /// The number.
  package let value: Double

  /// Takes a number.
  package init(step: Int, value: Double) { (self.step, self.value) = (step, value) }
}

/// What the seeds of a cell said at one optimizer step.
package struct CurvePoint: Hashable, Sendable {
  /// The step, counted from 1.
  package let step: Int
  /// The mean over the seeds that came so far.
  package let mean: Double
  /// The least of them.
  package let low: Double
  /// The largest of them.
  package let high: Double
  /// How many there are.
  package let seeds: Int

  /// Makes a point.
  package init(step: Int, mean: Double, low: Double, high: Double, seeds: Int) {
    (self.step, self.mean, self.low, self.high, self.seeds) = (step, mean, low, high, seeds)
  }
}

/// One line of a chart.
package struct Curve: Sendable {
  /// What it is of: a cell, or an arm.
  package let name: String
  /// Its color and its sign, counted from 0: a cell looks the same in every chart, whatever else stands there.
  package let look: Int
  /// Its points, step by step.
  package let points: [CurvePoint]

  /// Takes what each seed said; a seed whose training ended early says nothing from there on.
  ///
  /// - Parameters:
  ///   - name: What the curve is of.
  ///   - look: Its color and its sign.
  ///   - seeds: The numbers of each seed; what is not finite cannot be drawn and is left out.
  package init(name: String, look: Int = 0, seeds: [[LoggedNumber]]) {
    (self.name, self.look) = (name, look)
    var found: [Int: [Double]] = [:]
    for number in seeds.joined() where number.value.isFinite { found[number.step, default: []].append(number.value) }
    points = found.keys.sorted().map { step in
      let values = found[step, default: []]
      return CurvePoint(
        step: step, mean: values.reduce(0, +) / Double(values.count), low: values.min() ?? 0, high: values.max() ?? 0,
        seeds: values.count)
    }
  }

  private init(_ curve: Curve, points: [CurvePoint]) {
    (name, look, self.points) = (curve.name, curve.look, points)
  }

  /// At most so many of the points, evenly chosen, the first and the last among them.
  func thinned(to most: Int) -> Curve {
    guard points.count > most, most > 1 else { return self }
    let chosen = (0..<most).map { points[$0 * (points.count - 1) / (most - 1)] }
    return Curve(self, points: chosen)
  }
}

/// Curves in one picture.
package struct CurveChart: Sendable {
  /// What is shown, such as `Loss, judge`.
  package let title: String
  /// What the numbers are counted in, such as `nats`; empty for plain numbers.
  package let unit: String
  /// The lines.
  package let curves: [Curve]
  /// The last steps of rounds but of the last one: there another training begins.
  package let breaks: [Int]

  /// Makes a chart.
  package init(title: String, unit: String, curves: [Curve], breaks: [Int] = []) {
    (self.title, self.unit, self.curves, self.breaks) = (title, unit, curves, breaks)
  }

  /// The least and the largest number of all bands; nil without any.
  package var range: ClosedRange<Double>? {
    let points = curves.flatMap(\.points)
    guard let low = points.map(\.low).min(), let high = points.map(\.high).max() else { return nil }
    return low...high
  }
}

/// Charts of one quantity that are read beside each other, all at one scale.
package struct CurveFamily: Sendable {
  /// What is shown, such as `Loss`.
  package let title: String
  /// What a reader should know of it.
  package let note: String
  /// The charts.
  package let charts: [CurveChart]
  /// What each line is of, the same wherever it is told; empty for what is like nothing else.
  package let origins: [String]

  /// Puts charts together.
  package init(title: String, note: String, charts: [CurveChart], origins: [String] = []) {
    (self.title, self.note, self.charts, self.origins) = (title, note, charts, origins)
  }

  /// The range of all charts.
  var range: ClosedRange<Double>? {
    let ranges = charts.compactMap(\.range)
    guard let low = ranges.map(\.lowerBound).min(), let high = ranges.map(\.upperBound).max() else { return nil }
    return low...high
  }
}
