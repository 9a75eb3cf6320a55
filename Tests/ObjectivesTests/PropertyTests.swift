// What holds of every objective whatever the numbers: which responses are read, the values at the start of training,
// the order of sums, and that nothing finite becomes infinite or no number.

import Objectives
import Testing

struct PropertyTests {
  static let response = ScoredResponse(policy: [-1, -2], reference: [-1.5, -2], vocabularyMeans: [-9, -9])
  static let pair = ObjectiveExample.pair(chosen: response, rejected: response)

  @Test(arguments: Named.all(beta: 0.3)) func readsWhatItSays(named: Named) {
    let objective = named.objective
    let kinds: [(ObjectiveExample, sft: [Int], pairs: [Int], judged: [Int])] = [
      (.response(Self.response), [0], [], []),
      (.judged(Self.response, acceptable: true), [0], [], [0]),
      (.judged(Self.response, acceptable: false), [], [], [0]),
      (Self.pair, [0], [0, 1], [0, 1]),
    ]
    for (example, sft, pairs, judged) in kinds {
      let expected =
        switch objective {
        case is SupervisedFineTuning: sft
        case is KahnemanTversky, is AnchoredPreferenceZeroUnpaired: judged
        default: pairs
        }
      let read = objective.responsesRead(of: example)
      #expect(read == expected)
      let result = objective.loss(of: example, in: BatchFacts(examples: 1, responses: 2, tokens: 4))
      #expect(result.gradients.map(\.tokens.count) == example.responses.indices.map { read.contains($0) ? 2 : 0 })
      #expect(result.logRatios == example.responses.map { _ in 0.5 })
      if read.isEmpty { #expect(result.loss == 0) }
    }
    #expect(objective.readsReference == !(objective is SupervisedFineTuning))
    #expect(objective.readsVocabularyMeans == (named.name == "sft, smoothed"))
  }

  @Test(arguments: [0.01, 0.1, 1, 50]) func startsWherePolicyAndReferenceAgree(beta: Double) {
    let same = ScoredResponse(policy: [-0.3, -1e4, 0, -2.7], reference: [-0.3, -1e4, 0, -2.7])
    let other = ScoredResponse(policy: [-5.1], reference: [-5.1])
    let pair = ObjectiveExample.pair(chosen: same, rejected: other)
    let one = BatchFacts(examples: 1, responses: 1, tokens: 5)
    let four = BatchFacts(examples: 4, responses: 8, tokens: 5)
    #expect(DirectPreference(beta: beta).loss(of: pair, in: one).loss == 0x1.62e42fefa39efp-1)
    #expect(DirectPreference(beta: beta).loss(of: pair, in: four).gradients[1].tokens == [beta / 2 / 4])
    #expect(AnchoredPreferenceZero(beta: beta).loss(of: pair, in: one).loss == 1)
    let down = AnchoredPreferenceDown(beta: beta)
    #expect(down.loss(of: pair, in: one).loss == 1)
    #expect(down.loss(of: pair, in: four).gradients[0].tokens == [0, 0, 0, 0])
    #expect(down.loss(of: pair, in: four).gradients[1].tokens == [beta / 4 / 4])
    let kto = KahnemanTversky(beta: beta, desirableWeight: 1.75, undesirableWeight: 0.25)
    #expect(kto.loss(of: .judged(same, acceptable: true), in: one).loss == 0.5 * 1.75)
    #expect(kto.loss(of: .judged(same, acceptable: false), in: one).loss == 0.5 * 0.25)
    #expect(kto.loss(of: .judged(same, acceptable: true), in: one).logRatios == [0])
  }

  @Test func unpairedIsHalfOfPairedOnABalancedSet() {
    var draw = Draw(seed: 5)
    for _ in 0..<500 {
      let beta = draw.number(0.01...50)
      let pairs = (0..<draw.whole(1...6)).map { _ in
        ObjectiveExample.pair(
          chosen: .ratio(Float(draw.number(-3...3) / beta)), rejected: .ratio(Float(draw.number(-3...3) / beta)))
      }
      let paired = AnchoredPreferenceZero(beta: beta)
      let unpaired = AnchoredPreferenceZeroUnpaired(beta: beta)
      let (facts, halves) = (paired.facts(of: pairs), unpaired.facts(of: pairs))
      for pair in pairs {
        let (whole, half) = (paired.loss(of: pair, in: facts), unpaired.loss(of: pair, in: halves))
        #expect(close(half.loss, whole.loss / 2))
        for (left, right) in zip(half.gradients, whole.gradients) {
          #expect(close(left.tokens, right.tokens.map { $0 / 2 }))
        }
      }
    }
  }

  @Test func sumsRunInOrderAndInDoubles() {
    // 1e16 (as a float) + 1 rounds back to 1e16 in a double, so the two ones are lost at the end and kept at the front.
    let huge = Double(Float(-1e16))
    let facts = BatchFacts(examples: 1, responses: 1, tokens: 3)
    let kto = KahnemanTversky(beta: 1)
    for (policy, sum) in [([Float(-1e16), -1, -1], huge), ([-1, -1, Float(-1e16)], huge - 2)] {
      let response = ScoredResponse(policy: policy, reference: [0, 0, 0])
      #expect(kto.loss(of: .judged(response, acceptable: true), in: facts).logRatios == [sum])
    }
    // In single precision 2^24 + 1 would be lost.
    let odd = ScoredResponse(policy: [-0x1p24, -1], reference: [0, 0])
    #expect(kto.loss(of: .judged(odd, acceptable: true), in: facts).logRatios == [-16_777_217])
  }

  @Test(arguments: Named.some) func nothingFiniteBecomesInfinite(named: Named) {
    var draw = Draw(seed: 77)
    for round in 0..<400 {
      let examples = (0..<draw.whole(1...3)).map { _ in Self.extreme(&draw) }
      let point = draw.element([0, 1e-300, 3, 1e4, 1e30, .greatestFiniteMagnitude])
      let facts = named.objective.facts(of: examples, referencePoint: point)
      for example in examples {
        let result = named.objective.loss(of: example, in: facts)
        let gradients = result.gradients.flatMap { $0.tokens + $0.vocabularyMeans }
        let numbers = [result.loss] + gradients + result.logRatios
        #expect(numbers.allSatisfy { $0.isFinite }, "round \(round): \(example), \(facts)")
        // No derivative exceeds beta (1 for sft) times the largest weight.
        #expect(gradients.allSatisfy { abs($0) <= max(1, named.beta) * 1.3 }, "round \(round)")
      }
    }
  }

  private static func extreme(_ draw: inout Draw) -> ObjectiveExample {
    func response(_ draw: inout Draw) -> ScoredResponse {
      let count = draw.whole(0...9)
      let values: [Float] = [
        0, -0.0, -.leastNonzeroMagnitude, -1e-20, -0.69, -3, -1e4, -1e20, -.greatestFiniteMagnitude,
      ]
      func tokens(_ draw: inout Draw) -> [Float] { (0..<count).map { _ in draw.element(values) } }
      return ScoredResponse(policy: tokens(&draw), reference: tokens(&draw), vocabularyMeans: tokens(&draw))
    }
    switch draw.whole(0...3) {
    case 0: return .response(response(&draw))
    case 1: return .judged(response(&draw), acceptable: true)
    case 2: return .judged(response(&draw), acceptable: false)
    default: return .pair(chosen: response(&draw), rejected: response(&draw))
    }
  }
}
