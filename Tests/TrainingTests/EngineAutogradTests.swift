// Twenty optimizer steps of the engine in float32 against PyTorch's autograd in float64: every objective, full and low-rank.

import LanguageModel
import Objectives
import Tensors
import Testing
import Training

struct EngineAutogradTests {
  private static let runs: [[String]] = TrainingFixture.names.flatMap { name in
    ((try? TrainingFixture(name))?.runs ?? []).map { [name, $0.name] }
  }

  @Test("The fixtures hold every objective, full and low-rank")
  func complete() {
    #expect(Self.runs.count >= 22 && Self.runs.count { $0[1] == "dpo-dropout-lora" } == 2)
  }

  @Test("Losses to 1e-5, weights to 1e-4 of the way", arguments: runs)
  func twentySteps(_ names: [String]) throws {
    let fixture = try TrainingFixture(names[0])
    let run = try fixture.run(names[1])
    let trainee = try fixture.trainee(lora: run.lora, dropout: run.dropout)
    let trainer = Trainer(
      trainee, examples: fixture.pairs.map { $0.example(run.objective) }, options: try fixture.options(run),
      order: BatchOrder(batches: run.steps.map(\.pairs)))
    var reports: [StepReport] = []
    let end = try trainer.run {
      reports.append($0)
      return true
    }
    #expect(end == .finished)
    try #require(reports.count == 20 && run.steps.count == 20)
    for (report, step) in zip(reports, run.steps) {
      #expect(
        abs(report.loss - step.loss) <= 1e-5 * abs(step.loss), "step \(report.step): loss \(report.loss), \(step.loss)")
      #expect(abs(report.learningRate - step.learningRate) <= 1e-15)
      #expect(
        abs(report.gradientNorm - step.gradientNorm) <= 1e-4 * step.gradientNorm,
        "step \(report.step): gradient \(report.gradientNorm), \(step.gradientNorm)")
      if let point = report.referencePoint { #expect(abs(point - step.referencePoint) <= 1e-5) }
    }
    let allowance = 1e-4 * run.learningRate * 20
    for (parameter, wanted) in try fixture.finalParameters(run) {
      let found = try #require(trainee.numbers(parameter))
      try #require(found.count == wanted.count)
      let worst = zip(found, wanted).map { abs(Double($0) - $1) }.max() ?? 0
      #expect(worst <= allowance, "\(parameter) is off by \(worst), \(worst / allowance) of the allowance")
    }
  }
}

extension Trainee {
  /// A parameter's values, by the twin's name for it.
  func numbers(_ parameter: TwinParameter, _ numbers: ParameterNumbers = .values) -> [Float]? {
    switch parameter {
    case .tensor(let name): tensor(name, numbers)
    case .loraA(let name): adapter(name, numbers)?.a
    case .loraB(let name): adapter(name, numbers)?.b
    }
  }
}

extension TrainingFixture {
  /// The engine at the start of a run.
  func trainee(lora: Bool, dropout: Double = 0, workers: Int = 1) throws -> Trainee {
    let decoder = try Decoder(source: weights, arithmetic: .ordered, workers: 1)
    guard lora else { return try Trainee(decoder, .full, workers: workers) }
    let part = LowRank(
      rank: rank, scale: Float(alpha / Double(rank)), targets: Site.allCases.flatMap(\.tensors),
      dropout: dropout)
    let trainee = try Trainee(decoder, .lowRank(part), workers: workers)
    for (name, pair) in try startAdapter() {
      trainee.setAdapter(name, AdapterTensors(a: pair.a.map(Float.init), b: pair.b.map(Float.init)))
    }
    trainee.refresh()
    return trainee
  }

  /// A run's options for the engine.
  func options(_ run: Run) throws -> TrainingOptions {
    TrainingOptions(
      objective: try run.function, batch: 4, epochs: 1, learningRate: run.learningRate, shape: .linear(floor: 0),
      warmup: .steps(warmup),
      adamW: AdamWOptions(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay), clip: clip,
      seed: run.seed)
  }
}

extension TrainingFixture.Run {
  /// The objective with its constants.
  var function: any ObjectiveFunction {
    get throws {
      let objective = try twinObjective
      return switch objective {
      case .supervised(let smoothing): SupervisedFineTuning(labelSmoothing: smoothing)
      case .direct(let beta, let smoothing): DirectPreference(beta: beta, labelSmoothing: smoothing)
      case .anchoredZero(let beta): AnchoredPreferenceZero(beta: beta)
      case .anchoredDown(let beta): AnchoredPreferenceDown(beta: beta)
      case .kahnemanTversky(let beta, let desirable, let undesirable):
        KahnemanTversky(beta: beta, desirableWeight: desirable, undesirableWeight: undesirable)
      case .anchoredZeroUnpaired(let beta, let desirable, let undesirable):
        AnchoredPreferenceZeroUnpaired(beta: beta, desirableWeight: desirable, undesirableWeight: undesirable)
      }
    }
  }
}

extension TrainingFixture.Pair {
  /// The pair as the engine reads it; only KTO reads partners.
  func example(_ objective: String) -> TrainingExample {
    func response(_ response: TrainingFixture.Response) -> TrainingResponse {
      TrainingResponse(
        request: ScoreRequest(tokens: (prompt + response.tokens).map { TokenID($0) }, from: prompt.count),
        reference: response.reference.map(Float.init))
    }
    return TrainingExample(
      .pair, responses: [response(chosen), response(rejected)],
      partners: objective == "kto" ? [partners.map(response)] : [])
  }
}
