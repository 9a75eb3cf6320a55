// When the weights of a training are kept on the way: for the best by an eval, and for likelihood traces.
// Knows nothing of what is done with them.

public import Diagnostics
public import Specification

extension Hyperparameters {
  /// How many optimizer steps a training on so many examples takes: the last batch of an epoch may be smaller, and a part
  /// of an epoch takes that part of its steps, rounded up.
  public func optimizerSteps(examples: Int) -> Int {
    Int(min(1e15, (epochs * Double((max(1, examples) - 1) / batch + 1)).rounded(.up)))
  }
}

extension CellPlanner {
  /// The points at which some eval looks at the weights, each after so many epochs or steps; the end is not among them.
  struct Checkpoints {
    let intervals: [BestCheckpoint.Interval]
    /// Where the spec asks for each.
    let paths: [String]

    /// The outputs of a training that hold the weights at some of them, in order, and those at its end.
    func outputs(_ points: [BestCheckpoint.Interval], of training: StepID) -> [OutputReference] {
      let kept = points.compactMap { intervals.firstIndex(of: $0) }.map { OutputReference(training, "weights/\($0)") }
      return kept + [OutputReference(training, "weights")]
    }
  }

  /// All points of this cell's training.
  func checkpoints() throws -> Checkpoints {
    var asked: [(point: BestCheckpoint.Interval, path: String)] = []
    if case .best(let best)? = experiment.training?.hyperparameters.keep {
      let path = "hyperparameters/keep/best/every"
      asked += try points(every: best.every, for: "keep", path: path).map { ($0, path) }
    }
    for entry in experiment.evals.entries {
      guard case .likelihoodTrace(let trace) = entry.value else { continue }
      let path = "evals/\(entry.name.escapedKey)/likelihood-trace/every"
      asked += try points(every: trace.every, for: entry.name, path: path).map { ($0, path) }
    }
    var unique: [(point: BestCheckpoint.Interval, path: String)] = []
    for one in asked where !unique.contains(where: { $0.point == one.point }) { unique.append(one) }
    unique.sort { Self.order($0.point) < Self.order($1.point) }
    return Checkpoints(intervals: unique.map(\.point), paths: unique.map(\.path))
  }

  private static func order(_ point: BestCheckpoint.Interval) -> (Int, Double) {
    switch point {
    case .epochs(let epochs): (0, epochs)
    case .steps(let steps): (1, Double(steps))
    }
  }

  /// The multiples of an interval before the end of the training.
  func points(every interval: BestCheckpoint.Interval, for asker: String, path: String) throws
    -> [BestCheckpoint.Interval]
  {
    guard let hyperparameters = experiment.training?.hyperparameters else { return [] }
    // A trial run of a few steps still goes through all that a whole run does.
    if let steps = context.trainingSteps { return steps > 1 ? [.steps(1)] : [] }
    switch interval {
    case .epochs(let epochs):
      // A multiple that rounding keeps just below the end is the end.
      let end = hyperparameters.epochs * (1 - 1e-9)
      try refuseTooMany(end / epochs, for: asker, path: path)
      return (1...).lazy.map { Double($0) * epochs }.prefix { $0 < end }.map { .epochs($0) }
    case .steps(let steps):
      guard let examples = hyperparameters.examples?.exact else {
        throw PlanningError.unknownLength(asker: asker, place: experiment.nearestPlace(of: path))
      }
      let end = hyperparameters.optimizerSteps(examples: examples)
      try refuseTooMany(Double(end) / Double(steps), for: asker, path: path)
      return stride(from: steps, to: end, by: steps).map { .steps($0) }
    }
  }

  /// Each point keeps weights in memory and in the store, and is scored.
  private func refuseTooMany(_ points: Double, for asker: String, path: String) throws {
    if points > Double(Self.mostPoints) {
      throw PlanningError.tooManyPoints(asker: asker, most: Self.mostPoints, place: experiment.nearestPlace(of: path))
    }
  }

  private static let mostPoints = 200

  /// Warns of trainings that end before their learning rate has risen to what the spec says, where their length is known.
  mutating func warnOfWarmups() {
    for experiment in candidates.isEmpty ? [experiment] : candidates.map(\.experiment) { warnOfWarmup(experiment) }
  }

  private mutating func warnOfWarmup(_ experiment: Experiment) {
    guard let hyperparameters = experiment.training?.hyperparameters, context.trainingSteps == nil else { return }
    let path = "hyperparameters/schedule"
    let place = ["constant", "linear", "cosine"].lazy.compactMap {
      experiment.place(of: "\(path)/\($0)/warmup")
    }.first
    warnings +=
      [
        hyperparameters.endlessWarmup(
          examples: hyperparameters.examples?.exact, place: place ?? experiment.place(of: path))
      ].compactMap { $0 }
  }
}

extension Hyperparameters {
  /// Warns of a warm-up that is as long as the training or longer.
  ///
  /// - Parameters:
  ///   - examples: How many examples the training has; nil if that is not known.
  ///   - place: Where the warm-up stands.
  /// - Returns: The warning; nil if the warm-up ends, or if that is not known.
  public func endlessWarmup(examples: Int?, place: SourcePlace?) -> Diagnosis? {
    let steps = examples.map { optimizerSteps(examples: $0) }
    let rises: String
    switch schedule.warmup {
    case nil: return nil
    case .steps(let count):
      guard let steps, count > 0, count >= steps else { return nil }
      rises = "\(count) steps, and the training has \(steps)"
    case .fraction(let share):
      let takes = steps.map { Int((Double($0) * share).rounded(.up)) >= $0 } ?? false
      guard share > 0, share == 1 || takes else { return nil }
      rises = "the whole training"
    }
    return Diagnosis(
      "plan.warmup", "the warm-up never ends: it takes \(rises)", place: place,
      notes: ["The learning rate never reaches what `learning-rate:` says."],
      remedy: "Shorten the warm-up, or train longer.", exit: .badSpec, severity: .warning)
  }
}
