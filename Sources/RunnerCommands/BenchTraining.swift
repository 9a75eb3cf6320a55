// Training in the bench: whole optimizer steps, and how their time is divided.
// Knows nothing of data or stores; tokens are made up, and so long as the comparison with other programs has them.

import Diagnostics
import FoundationEssentials
import JSON
import LanguageModel
import Objectives
import Reporting
import Training

/// A pair's lengths in tokens.
struct PairLengths {
  let prompt: Int
  let chosen: Int
  let rejected: Int
}

/// Pairs that make one optimizer step.
struct PairShape {
  let name: String
  let pairs: [PairLengths]

  /// The same shapes as in Benchmarks/training_beside_rivals.py.
  static let all = [
    PairShape(
      name: "even", pairs: Array(repeating: PairLengths(prompt: 128, chosen: 128, rejected: 128), count: 2)),
    PairShape(
      name: "ragged",
      pairs: [
        PairLengths(prompt: 192, chosen: 64, rejected: 150), PairLengths(prompt: 80, chosen: 170, rejected: 110),
      ]),
  ]

  /// Tokens of all sequences, each with its prompt: what other programs run, and what rates are told in.
  var tokens: Int { pairs.reduce(0) { $0 + 2 * $1.prompt + $1.chosen + $1.rejected } }

  /// The longest sequence.
  var longest: Int { pairs.reduce(0) { max($0, $1.prompt + max($1.chosen, $1.rejected)) } }
}

/// The seconds of one step.
struct StepSeconds {
  var phases: [StepPhase: Double] = [:]
  var total: Double { phases.values.reduce(0, +) }
}

/// What was measured of one kind of step.
struct TrainingFigure {
  let tuning: String
  let shape: PairShape
  let workers: Int
  let operations: StepOperations
  /// Ascending by total.
  let steps: [StepSeconds]
  /// 10⁹ operations a second that so many workers can do.
  let peak: Double

  var median: StepSeconds { steps[steps.count / 2] }
  /// Tokens a second and worker.
  func rate(_ step: StepSeconds) -> Double { Double(shape.tokens) / step.total / Double(workers) }
  var gigaflops: Double { operations.total * 1e-9 / median.total }

  static let columns = [
    "training step", "pairs", "workers", "tokens", "s", "tokens/s a core, median", "least–greatest", "forward s",
    "backward s", "update s", "GFLOP", "GFLOP/s", "of peak",
  ]

  var cells: [String] {
    func text(_ value: Double, _ decimals: Int, shift: Int = 0) -> String {
      NumberFormat.fixed(value, decimals: decimals, shift: shift)
    }
    return [
      tuning, shape.name, String(workers), String(shape.tokens), text(median.total, 2), text(rate(median), 0),
      "\(text(rate(steps[steps.count - 1]), 0))–\(text(rate(steps[0]), 0))", text(median.phases[.forward] ?? 0, 2),
      text(median.phases[.backward] ?? 0, 2), text(median.phases[.update] ?? 0, 2),
      text(operations.total * 1e-9, 0), text(gigaflops, 1), text(gigaflops / peak, 0, shift: 2) + " %",
    ]
  }

  var json: JSONValue {
    .object(
      JSONObject([
        JSONMember("tuning", .string(tuning)), JSONMember("pairs", .string(shape.name)),
        JSONMember("workers", .integer(Int64(workers))), JSONMember("tokens", .integer(Int64(shape.tokens))),
        JSONMember("seconds", .array(steps.map { .number($0.total) })),
        JSONMember("forward", .number(median.phases[.forward] ?? 0)),
        JSONMember("backward", .number(median.phases[.backward] ?? 0)),
        JSONMember("update", .number(median.phases[.update] ?? 0)),
        JSONMember("gigaflop", .number(operations.total * 1e-9)), JSONMember("peak", .number(peak)),
      ]))
  }
}

/// Optimizer steps of a model.
struct TrainingBench {
  let model: LoadedModel
  let workers: Int
  let rounds: Int
  /// 10⁹ operations a second.
  let peak: Double

  private static let tunings: [(name: String, part: TrainedPart)] = [
    (
      "LoRA r16",
      .lowRank(
        LowRank(
          rank: 16, scale: 2,
          targets: [
            .attentionQuery, .attentionKey, .attentionValue, .attentionOutput, .feedForwardGate, .feedForwardUp,
            .feedForwardDown,
          ]))
    ),
    ("full", .full),
  ]

  /// Measures every kind of step that fits the model's context, one after the other.
  func measure(_ report: (TrainingFigure) -> Void) throws {
    for shape in PairShape.all where shape.longest <= model.configuration.context {
      let examples = try examples(shape)
      for tuning in Self.tunings {
        let steps = try measure(examples, tuning.part)
        let groups = examples.map { $0.responses.map(\.request) }
        report(
          TrainingFigure(
            tuning: tuning.name, shape: shape, workers: workers,
            operations: try StepOperations(groups, model.configuration, tuning.part), steps: steps, peak: peak))
      }
    }
  }

  /// Steps of one training, the first left out: it begins with memory that nobody has touched.
  private func measure(_ examples: [TrainingExample], _ part: TrainedPart) throws -> [StepSeconds] {
    let trainee = try Trainee(model.decoder, part, workers: workers)
    if trainee.lowRank != nil { trainee.startAdapters(seed: 1) }
    let options = TrainingOptions(
      objective: AnchoredPreferenceZero(beta: 0.1), batch: examples.count, epochs: Double(rounds + 1),
      learningRate: 1e-6, adamW: AdamWOptions(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01), clip: 1,
      seed: 1)
    let trainer = Trainer(trainee, examples: examples, options: options)
    var steps: [StepSeconds] = []
    var current = StepSeconds()
    var (phase, began) = (StepPhase.update, BenchClock.now(workers: workers))
    func change(to next: StepPhase) {
      let time = BenchClock.now(workers: workers)
      current.phases[phase, default: 0] += time - began
      (phase, began) = (next, time)
    }
    trainer.onPhase = change
    let end = try trainer.run { _ in
      change(to: .update)
      steps.append(current)
      current = StepSeconds()
      return true
    }
    guard end == .finished else { throw CommandError.incomplete(failed: 1, exit: .stepFailed) }
    return steps.dropFirst().sorted { $0.total < $1.total }
  }

  /// Pairs of such lengths with the model's own log-probabilities as the reference.
  private func examples(_ shape: PairShape) throws -> [TrainingExample] {
    var requests: [ScoreRequest] = []
    for (index, pair) in shape.pairs.enumerated() {
      let prompt = BenchTokens.some(pair.prompt, from: 3 * index, model.configuration)
      for (place, length) in [pair.chosen, pair.rejected].enumerated() {
        let response = BenchTokens.some(length, from: 3 * index + place + 1, model.configuration)
        requests.append(ScoreRequest(tokens: prompt + response, from: prompt.count))
      }
    }
    var reference = [[Float]](repeating: [], count: requests.count)
    try model.decoder.score(requests) { index, logProbabilities in
      reference[index] = logProbabilities
      return true
    }
    let responses = zip(requests, reference).map { TrainingResponse(request: $0, reference: $1) }
    return shape.pairs.indices.map { TrainingExample(.pair, responses: [responses[2 * $0], responses[2 * $0 + 1]]) }
  }
}
