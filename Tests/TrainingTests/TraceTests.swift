// Which way each objective moves the better and the worse responses: what its authors say of it, on models drawn at random.
// Knows nothing of how gradients are computed; only of where a training ends.

import LanguageModel
import Objectives
import Tensors
import Testing
import Training

struct TraceTests {
  /// Mean log-ratios to the start at the end of a training.
  struct Ends {
    let chosen: Double
    let rejected: Double
    let loss: Double
    var margin: Double { chosen - rejected }
  }

  /// All weights, all pairs in each step, until the loss is near its least.
  private static func train(_ objective: any ObjectiveFunction, seed: UInt64) throws -> Ends {
    let base = try TrainerCase.base(seed: seed)
    var item = TrainerCase(name: "trace", part: .full, objective: objective)
    (item.batch, item.epochs, item.learningRate) = (TrainerCase.count, 80, 0.01)
    let trainer = try item.trainer(base)
    var loss = Double.infinity
    let end = try trainer.run {
      loss = $0.loss
      return true
    }
    #expect(end == .finished)
    var ratios = [0.0, 0.0]
    for example in try TrainerCase.examples(base, .pair) {
      try trainer.trainee.decoder.score(example.responses.map(\.request)) { index, scores in
        ratios[index] += zip(scores, example.responses[index].reference).reduce(0) { $0 + Double($1.0) - Double($1.1) }
        return true
      }
    }
    let count = Double(TrainerCase.count)
    return Ends(chosen: ratios[0] / count, rejected: ratios[1] / count, loss: loss)
  }

  @Test("APO-zero raises the better and lowers the worse response", arguments: 1...5)
  func apoZero(_ seed: UInt64) throws {
    let ends = try Self.train(AnchoredPreferenceZero(beta: 0.5), seed: seed)
    #expect(ends.chosen > 0 && ends.rejected < 0, "\(ends)")
    #expect(ends.loss < 0.5, "\(ends)")
  }

  // With r = 0 the better response's gradient is β (σ'(r chosen) - σ'(margin)) = 0: it only falls once the margin has
  // grown. The least loss is where both fall and the margin rises without bound.
  @Test("APO-down lowers both, the worse response more", arguments: 1...5)
  func apoDown(_ seed: UInt64) throws {
    let ends = try Self.train(AnchoredPreferenceDown(beta: 0.5), seed: seed)
    #expect(ends.chosen < 0 && ends.rejected < 0 && ends.margin > 0, "\(ends)")
    #expect(ends.loss < 0.5, "\(ends)")
  }

  @Test("DPO raises the margin", arguments: 1...5)
  func dpo(_ seed: UInt64) throws {
    let ends = try Self.train(DirectPreference(beta: 0.5), seed: seed)
    #expect(ends.margin > 0, "\(ends)")
    // ln 2 is where it began.
    #expect(ends.loss < 0.3, "\(ends)")
  }
}
