// The whole chain of a training, from what an objective says of each number back to the weights: a small step against
// the gradient lowers the loss by the step's size times the gradient's length squared. A slope that goes nowhere, to
// another token or behind another prompt, breaks that.

import LanguageModel
import Objectives
import Testing
import Training

struct DescentTests {
  /// An optimizer whose first step is the gradient times the rate: a constant so large that nothing stands beside it.
  private static let constant = 1e6

  private func reports(_ item: TrainerCase, rate: Double, steps: Int) throws -> [StepReport] {
    var item = item
    (item.batch, item.limit, item.warmup, item.clip) = (TrainerCase.count, steps, .none, nil)
    item.adamW = AdamWOptions(beta1: 0.9, beta2: 0.98, epsilon: Self.constant, weightDecay: 0)
    item.learningRate = rate * Self.constant
    return try item.run(TrainerCase.base()).reports
  }

  @Test(
    "A small step lowers the loss by what the gradient says",
    arguments: TrainerCase.methods(.full) + TrainerCase.methods(TrainerCase.lowRank)
      + [TrainerCase(name: "DPO", part: .full, objective: DirectPreference(beta: 0.5))])
  func descent(_ item: TrainerCase) throws {
    let start = try #require(try reports(item, rate: 1e-30, steps: 1).first)
    let square = start.gradientNorm * start.gradientNorm
    #expect(square > 1e-4)
    func slope(_ rate: Double) throws -> Double {
      let steps = try reports(item, rate: rate, steps: 2)
      #expect(steps.count == 2 && abs(steps[0].loss - start.loss) < 1e-9 * abs(start.loss))
      return (steps[0].loss - steps[1].loss) / rate
    }
    // Steps that change the loss by some thousandths of it; what bends is taken out by one half as long.
    let rate = 4e-3 * abs(start.loss) / square
    let found = 2 * (try slope(rate / 2)) - (try slope(rate))
    #expect(abs(found - square) < 0.02 * square, "\(found), not \(square)")
  }
}
