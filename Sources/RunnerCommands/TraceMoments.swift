// When the weights were kept that a likelihood trace looks at: optimizer steps of the training that made them.
// Reads the graph and stored logs; knows nothing of likelihoods.

import Digests
import JSON
import Planning
import Records
import Specification
import Storage

/// The moments of a trace.
struct TraceMoments {
  /// When weights were kept.
  struct Moment: Hashable {
    /// The training.
    let training: StepID
    /// The optimizer step, counted from 1.
    let step: Int
  }

  private let stored: StoredGraph

  init(_ stored: StoredGraph) { self.stored = stored }

  /// The moments of a trace's points, in order; nil for one that nobody can tell.
  ///
  /// - Throws: What reading the store throws.
  func all(of trace: Step) throws -> [Moment?] {
    let inputs = Dictionary(trace.inputs.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    var moments: [Moment?] = []
    while let scores = inputs["scores/\(moments.count)"] {
      moments.append(try weights(readBy: stored.graph.step(scores.step)).flatMap { try moment(of: $0) })
    }
    return moments
  }

  /// The last of the weights that are laid over a model: those of the training that is looked at.
  private func weights(readBy scoring: Step) -> OutputReference? {
    let layers = scoring.inputs.compactMap { input in
      input.name.hasPrefix("adapter/") ? Int(input.name.dropFirst("adapter/".count)).map { ($0, input.source) } : nil
    }
    return layers.max { $0.0 < $1.0 }?.1
  }

  private func moment(of weights: OutputReference) throws -> Moment? {
    let step = stored.graph.step(weights.step)
    switch step.work {
    case .train(let work):
      return try self.step(of: weights, work, step).map { Moment(training: step.id, step: $0) }
    case .choose:
      // The best of several is one of them.
      guard let choice = try stored.fields(of: OutputReference(step.id, "choice"))?.first,
        let chosen = choice["chosen"]?.integerValue,
        let source = step.inputs.first(where: { $0.name == "weights/\(chosen)" })?.source
      else { return nil }
      return try moment(of: source)
    default: return nil
    }
  }

  private func step(of weights: OutputReference, _ work: TrainWork, _ training: Step) throws -> Int? {
    guard let log = try stored.fields(of: OutputReference(training.id, "log")), let last = log.last else { return nil }
    let end = last["step"]?.integerValue ?? log.count
    guard weights.output != "weights" else { return end }
    guard let index = Int(weights.output.dropFirst("weights/".count)), work.checkpoints.indices.contains(index) else {
      return nil
    }
    switch work.checkpoints[index] {
    case .steps(let steps): return min(steps, end)
    case .epochs(let epochs): return try stepsOfEpoch(work, training).map { Self.step(after: epochs, of: $0, end) }
    }
  }

  /// The step after which so many epochs are done, as the training counts it.
  private static func step(after epochs: Double, of stepsPerEpoch: Int, _ end: Int) -> Int {
    Int(min(Double(end), (epochs * Double(stepsPerEpoch)).rounded(.up)))
  }

  /// How many batches the examples make.
  private func stepsOfEpoch(_ work: TrainWork, _ training: Step) throws -> Int? {
    guard let examples = training.inputs.first(where: { $0.name == "examples" })?.source,
      let records = try stored.records(FeedbackRecord.self, of: examples)
    else { return nil }
    let count = records.reduce(0) { $0 + $1.items.count }
    return count == 0 ? nil : (count - 1) / work.hyperparameters.batch + 1
  }
}
