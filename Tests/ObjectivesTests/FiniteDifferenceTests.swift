// The gradient of every objective against differences of its loss, token by token, in doubles.

import Objectives
import Testing

struct FiniteDifferenceTests {
  /// The derivative along one number from four values around it; its error falls with the fourth power of the step.
  private func slope(step: Double, _ loss: (Double) -> Double) -> Double {
    (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
  }

  /// A response of 1 to 8 tokens; beta times its log-ratio is between -4 and 4, where every loss bends.
  ///
  /// All numbers are multiples of 2^-16, so that sums of them, and of them and a step, are exact.
  private func response(_ draw: inout Draw, beta: Double) -> ScoredResponse {
    func multiple(_ number: Double) -> Float { Float((number * 0x1p16).rounded() * 0x1p-16) }
    let policy = (0..<draw.whole(1...8)).map { _ in multiple(draw.number(-4...0)) }
    let shift = 4 / beta / Double(policy.count)
    return ScoredResponse(
      policy: policy, reference: policy.map { $0 - multiple(draw.number(-shift...shift)) },
      vocabularyMeans: policy.map { _ in multiple(draw.number(-12 ... -4)) })
  }

  private func example(_ draw: inout Draw, beta: Double) -> ObjectiveExample {
    switch draw.whole(0...4) {
    case 0: .response(response(&draw, beta: beta))
    case 1: .judged(response(&draw, beta: beta), acceptable: true)
    case 2: .judged(response(&draw, beta: beta), acceptable: false)
    default: .pair(chosen: response(&draw, beta: beta), rejected: response(&draw, beta: beta))
    }
  }

  @Test(arguments: Named.some) func gradientIsTheSlopeOfTheLoss(named: Named) {
    let objective = named.objective
    // About a thousandth of the distance over which the loss bends, as a power of two.
    let step = (0x1p-10 / named.beta).binade
    var draw = Draw(seed: 3)
    var compared = 0
    for _ in 0..<60 {
      let example = example(&draw, beta: named.beta)
      let facts = BatchFacts(examples: 3, responses: 5, tokens: 40, referencePoint: draw.number(0...1) / named.beta)
      let gradients = objective.loss(of: example, in: facts).gradients
      let doubles = DoubleExample(example)
      for (number, gradient) in gradients.enumerated() {
        for (token, expected) in gradient.tokens.enumerated() {
          let found = slope(step: step) { change in
            var moved = doubles
            moved.responses[number].policy[token] += change
            return objective.loss(of: moved, in: facts).loss
          }
          #expect(abs(found - expected) <= 1e-6 * abs(expected), "\(named.name), token \(token): \(found), \(expected)")
          compared += 1
        }
        for (token, expected) in gradient.vocabularyMeans.enumerated() {
          let found = slope(step: step) { change in
            var moved = doubles
            moved.responses[number].vocabularyMeans[token] += change
            return objective.loss(of: moved, in: facts).loss
          }
          #expect(abs(found - expected) <= 1e-6 * abs(expected), "\(named.name), mean \(token): \(found), \(expected)")
          compared += 1
        }
      }
    }
    #expect(compared > 150, "too few tokens were compared: \(compared)")
  }

  @Test(arguments: Named.some) func unreadResponsesDoNotMoveTheLoss(named: Named) {
    var draw = Draw(seed: 4)
    for _ in 0..<60 {
      let example = example(&draw, beta: named.beta)
      let facts = BatchFacts(examples: 3, responses: 5, tokens: 40)
      let read = named.objective.responsesRead(of: example)
      let loss = named.objective.loss(of: example, in: facts).loss
      for number in example.responses.indices where !read.contains(number) {
        var moved = DoubleExample(example)
        moved.responses[number].policy[0] -= 1
        #expect(named.objective.loss(of: moved, in: facts).loss == loss)
      }
    }
  }
}
