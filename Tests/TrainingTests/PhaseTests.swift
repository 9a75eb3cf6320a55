// Which phases a step goes through, in order: what a clock is held against.

import LanguageModel
import Objectives
import Tensors
import Testing
import Training

@Suite struct PhaseTests {
  @Test func everyUnitGoesForwardAndBack() throws {
    let source = try RandomWeights(
      DecoderConfiguration(
        blocks: 1, width: 8, feedForward: 16, heads: 2, keyValueHeads: 1, headSize: 4, context: 32, vocabulary: 20,
        ropeBase: 10_000, normEpsilon: 1e-5, ropeStyle: .halfSplit, tied: true, qkvBias: false), seed: 1)
    let base = try Decoder(source: source, arithmetic: .ordered, workers: 1)
    let response = TrainingResponse(request: ScoreRequest(tokens: [1, 2, 3, 4].map { TokenID($0) }, from: 2))
    let examples = Array(repeating: TrainingExample(.none, responses: [response]), count: 2)
    let trainer = Trainer(
      try Trainee(base, .full, workers: 1), examples: examples,
      options: TrainingOptions(
        objective: SupervisedFineTuning(), batch: 2, epochs: 2, learningRate: 1e-3,
        adamW: AdamWOptions(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0), seed: 1, rowsInUnit: 3))
    var phases: [StepPhase] = []
    trainer.onPhase = { phases.append($0) }
    var ends: [Int] = []
    let end = try trainer.run { _ in
      ends.append(phases.count)
      return true
    }
    #expect(end == .finished)
    let step: [StepPhase] = [.forward, .update, .forward, .backward, .forward, .backward, .update]
    #expect(phases == step + step)
    #expect(ends == [step.count, 2 * step.count])
  }
}
