// The twin, trained for the fixtures' twenty steps in doubles, against PyTorch's autograd in float64.
// Two implementations that share nothing agree to nine digits, so that either may judge the engine.

import LanguageModel
import Testing

@Suite("The twin against autograd")
struct TwinAutogradTests {
  /// Every run of every model.
  static let runs: [[String]] = {
    let fixtures = TrainingFixture.names.compactMap { name in (try? TrainingFixture(name)).map { (name, $0) } }
    return fixtures.flatMap { name, fixture in fixture.runs.map { [name, $0.name] } }
  }()

  @Test("All fixtures are there")
  func complete() throws {
    let runs = try TrainingFixture.names.map { try TrainingFixture($0).runs.map(\.name) }
    let wanted = ["sft", "dpo", "kto", "apo-zero", "apo-down", "apo-zero-unpaired"]
    for objective in wanted { for mode in ["full", "lora"] { #expect(runs[0].contains("\(objective)-\(mode)")) } }
    #expect(runs.joined().count == Self.runs.count)
  }

  @Test("Reference log-probabilities", arguments: TrainingFixture.names)
  func reference(_ name: String) throws {
    let fixture = try TrainingFixture(name)
    let twin = TwinDecoder(configuration: fixture.configuration, weights: try TwinWeights(fixture.weights))
    for pair in fixture.pairs {
      for response in [pair.chosen, pair.rejected] + pair.partners {
        let found = twin.logProbabilities(tokens: pair.prompt + response.tokens, from: pair.prompt.count)
        #expect(found.count == response.reference.count && !found.isEmpty)
        for (value, expected) in zip(found, response.reference) { #expect(abs(value - expected) < 1e-11) }
      }
    }
  }

  @Test("Twenty steps", arguments: runs)
  func twentySteps(_ run: [String]) throws {
    let fixture = try TrainingFixture(run[0])
    let run = try fixture.run(run[1])
    var trainer = TwinTrainer(
      decoder: try fixture.twin(lora: run.lora), objective: try run.twinObjective, optimizer: fixture.twinOptimizer,
      dropout: run.dropout, seed: run.seed)
    #expect(run.steps.count == 20)
    for (index, step) in run.steps.enumerated() {
      let found = trainer.step(step.pairs.map { fixture.pairs[$0].twin(number: $0) }, learningRate: step.learningRate)
      #expect(abs(found.loss - step.loss) <= 1e-9 * abs(step.loss), "step \(index): loss \(found.loss), \(step.loss)")
      #expect(abs(found.gradientNorm - step.gradientNorm) <= 1e-9 * step.gradientNorm, "step \(index): gradient")
      #expect(abs(found.referencePoint - step.referencePoint) <= 1e-9, "step \(index): reference point")
    }
    let expected = try fixture.finalParameters(run)
    #expect(Set(expected.keys) == Set(trainer.decoder.parameters))
    for parameter in trainer.decoder.parameters {
      let (found, wanted) = (trainer.decoder[parameter], expected[parameter] ?? [])
      try #require(found.count == wanted.count && !found.isEmpty)
      let worst = found.indices.map { abs(found[$0] - wanted[$0]) }.max() ?? 0
      #expect(worst <= 1e-9, "\(parameter) is off by \(worst)")
    }
  }

  @Test("The learning rate rises for the warm-up and falls straight to 0", arguments: TrainingFixture.names)
  func schedule(_ name: String) throws {
    let fixture = try TrainingFixture(name)
    for run in fixture.runs {
      for (index, step) in run.steps.enumerated() {
        let warmup = fixture.warmup
        let share =
          index < warmup
          ? Double(index) / Double(warmup) : Double(run.steps.count - index) / Double(run.steps.count - warmup)
        #expect(abs(step.learningRate - share * run.learningRate) < 1e-15)
      }
    }
  }
}

extension TrainingFixture {
  /// The twin at the start of a run.
  func twin(lora: Bool) throws -> TwinDecoder {
    let adapter = TwinLoRA(
      rank: rank, scale: alpha / Double(rank), pairs: try startAdapter().mapValues { TwinPair(a: $0.a, b: $0.b) })
    return TwinDecoder(
      configuration: configuration, weights: try TwinWeights(weights), lora: lora ? adapter : nil)
  }

  var twinOptimizer: TwinOptimizer {
    TwinOptimizer(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, clip: clip)
  }

  /// What a run ends with, whichever it trained.
  func finalParameters(_ run: Run) throws -> [TwinParameter: [Double]] {
    guard run.lora else {
      return Dictionary(uniqueKeysWithValues: try finalTensors(run).map { (.tensor($0.key), $0.value) })
    }
    let pairs = try finalAdapter(run).flatMap {
      [(TwinParameter.loraA($0.key), $0.value.a), (.loraB($0.key), $0.value.b)]
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }
}

extension TrainingFixture.Run {
  /// The objective with its constants.
  var twinObjective: TwinObjective {
    get throws {
      func constant(_ name: String) throws -> Double { try #require(constants[name], "\(self.name) lacks \(name)") }
      switch objective {
      case "sft": return .supervised(smoothing: try constant("label-smoothing"))
      case "dpo": return .direct(beta: try constant("beta"), smoothing: try constant("label-smoothing"))
      case "apo-zero": return .anchoredZero(beta: try constant("beta"))
      case "apo-down": return .anchoredDown(beta: try constant("beta"))
      case "kto":
        return .kahnemanTversky(
          beta: try constant("beta"), desirable: try constant("desirable-weight"),
          undesirable: try constant("undesirable-weight"))
      default:
        try #require(objective == "apo-zero-unpaired")
        return .anchoredZeroUnpaired(
          beta: try constant("beta"), desirable: try constant("desirable-weight"),
          undesirable: try constant("undesirable-weight"))
      }
    }
  }
}

extension TrainingFixture.Pair {
  /// The pair as the twin reads it.
  func twin(number: Int) -> TwinExample {
    func response(_ response: TrainingFixture.Response) -> TwinExample.Response {
      TwinExample.Response(tokens: response.tokens, reference: response.reference)
    }
    return TwinExample(
      number: number, prompt: prompt, chosen: response(chosen), rejected: response(rejected),
      partners: partners.map(response))
  }
}
