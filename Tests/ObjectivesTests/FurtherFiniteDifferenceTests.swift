// The gradients of the objectives of judgments, rankings, outputs and scores against differences of their losses, number
// by number, in doubles.

import Objectives
import Testing

struct FurtherFiniteDifferenceTests {
  /// A number of a response that a loss may depend on.
  private typealias Place = (name: String, path: WritableKeyPath<DoubleResponse, Double>, expected: Double)

  private func places(_ gradient: ResponseGradient) -> [Place] {
    func list(_ name: String, _ values: [Double], _ path: WritableKeyPath<DoubleResponse, [Double]>) -> [Place] {
      values.indices.map { ("\(name) \($0)", path.appending(path: \.[$0]), values[$0]) }
    }
    var places: [Place] =
      list("token", gradient.tokens, \.policy) + list("mean", gradient.vocabularyMeans, \.vocabularyMeans)
      + list("continuation", gradient.continuation, \.continuation) + list("entropy", gradient.entropies, \.entropies)
    for (context, values) in gradient.otherContexts.enumerated() {
      places += list("context \(context), token", values, \.otherContexts[context])
    }
    return places + [("score", \.score, gradient.score)]
  }

  @Test(arguments: Further.all) func gradientIsTheSlopeOfTheLoss(further: Further) {
    let objective = further.objective
    let step = 0x1p-11
    var draw = Draw(seed: 31)
    var (compared, moving) = (0, 0)
    for _ in 0..<60 {
      // Multiples of 2^-16, so that sums of them, and of them and a step, are exact; no probability close to 1, where
      // 1 - p bends within a step.
      let examples = further.batch(&draw) { Float(-($0.number(0.2...4) * 0x1p16).rounded() * 0x1p-16) }
      let facts = objective.facts(of: examples)
      for example in examples {
        let doubles = DoubleExample(example)
        for (number, gradient) in objective.loss(of: example, in: facts).gradients.enumerated() {
          for place in places(gradient) {
            func loss(_ change: Double) -> Double {
              var moved = doubles
              moved.responses[number][keyPath: place.path] += change
              let result = objective.loss(of: moved, in: facts)
              // No gradient goes through the dynamic weight: behind the judged prompt only the likelihood moves.
              guard objective is ContrastiveUnlikelihood, place.name.hasPrefix("context") else { return result.loss }
              return result.metric("align-n") ?? .nan
            }
            let found = (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
            // The second part is what rounding leaves of differences of losses up to 100 over such a step.
            #expect(
              abs(found - place.expected) <= 1e-6 * abs(place.expected) + 1e-11,
              "\(number), \(place.name): \(found), not \(place.expected)")
            compared += 1
            moving += place.expected == 0 ? 0 : 1
          }
        }
      }
    }
    #expect(compared > 150, "too few numbers were compared: \(compared)")
    #expect(moving > 60, "too few numbers have a gradient: \(moving)")
  }
}
