// Every formula on numbers that were worked by hand, with the work shown.

import Objectives
import Testing

struct HandWorkedTests {
  // Chosen: h_w = (-0.5 - 1) - (-1 - 1.5) = 1. Rejected: h_l = -5 - (-2) = -3.
  static let pair = ObjectiveExample.pair(
    chosen: ScoredResponse(policy: [-0.5, -1], reference: [-1, -1.5]),
    rejected: ScoredResponse(policy: [-5], reference: [-2]))
  // Two pairs in the batch, so that everything is halved.
  static let two = BatchFacts(examples: 2, responses: 4, tokens: 6)

  // sigmoid(0.5) = 0.6224593312018546, sigmoid(-1.5) = 0.18242552380635635, sigmoid(2) = 0.8807970779778824;
  // slopes s(1 - s): 0.2350037122015945, 0.14914645207033286, 0.10499358540350652; ln sigmoid(2) = -0.1269280110429725.

  private func check(_ objective: any ObjectiveFunction, loss: Double, chosen: Double, rejected: Double) {
    let result = objective.loss(of: Self.pair, in: Self.two)
    #expect(close(result.loss, loss / 2))
    #expect(result.gradients.count == 2)
    #expect(close(result.gradients[0].tokens, [chosen / 2, chosen / 2]))
    #expect(close(result.gradients[1].tokens, [rejected / 2]))
    #expect(result.gradients.allSatisfy { $0.vocabularyMeans.isEmpty })
    #expect(result.logRatios == [1, -3])
  }

  @Test func directPreference() {
    // d = 0.5 · (1 + 3) = 2: L = -ln sigmoid(2); slope = -0.5 · (1 - 0.8807970779778824).
    check(
      DirectPreference(beta: 0.5), loss: 0.1269280110429725, chosen: -0.05960146101105878,
      rejected: 0.05960146101105878)
  }

  @Test func directPreferenceSmoothed() {
    // L = 0.9 · 0.1269280110429725 + 0.1 · (0.1269280110429725 + 2), because ln sigmoid(-d) = ln sigmoid(d) - d;
    // slope = 0.5 · (0.1 · 0.8807970779778824 - 0.9 · 0.11920292202211757).
    check(
      DirectPreference(beta: 0.5, labelSmoothing: 0.1), loss: 0.3269280110429725, chosen: -0.00960146101105879,
      rejected: 0.00960146101105879)
  }

  @Test func anchoredPreferenceZero() {
    // r_w = 0.5, r_l = -1.5: L = 1 - 0.6224593312018546 + 0.18242552380635635; slopes 0.5 · 0.2350… and 0.5 · 0.1491….
    check(
      AnchoredPreferenceZero(beta: 0.5), loss: 0.55996619260450175, chosen: -0.11750185610079725,
      rejected: 0.07457322603516643)
  }

  @Test func anchoredPreferenceDown() {
    // r_w = 0.5, r_w - r_l = 2: L = 1 + 0.6224593312018546 - 0.8807970779778824;
    // slopes 0.5 · (0.2350037122015945 - 0.10499358540350652) and 0.5 · 0.10499358540350652.
    check(
      AnchoredPreferenceDown(beta: 0.5), loss: 0.7416622532239722, chosen: 0.06500506339904399,
      rejected: 0.05249679270175326)
  }

  @Test func kahnemanTversky() {
    // z0 = 0.5, beta = 2. Good: 2 · (1 - 0.5) = 1, L = 1.5 · (1 - sigmoid(1)) = 1.5 · 0.2689414213699951,
    // slope -1.5 · 2 · 0.19661193324148185. Bad: 2 · (0.5 + 3) = 7, L = 0.5 · (1 - sigmoid(7)) = 0.5 · 0.00091105…,
    // slope +0.5 · 2 · 0.0009102211801218265. A pair is two responses; four in the batch.
    let objective = KahnemanTversky(beta: 2, desirableWeight: 1.5, undesirableWeight: 0.5)
    let facts = BatchFacts(examples: 3, responses: 4, tokens: 9, referencePoint: 0.5)
    let result = objective.loss(of: Self.pair, in: facts)
    #expect(close(result.loss, (0.40341213205499265 + 0.0004555255972003227) / 4))
    #expect(close(result.gradients[0].tokens, [-0.5898357997244456 / 4, -0.5898357997244456 / 4]))
    #expect(close(result.gradients[1].tokens, [0.0009102211801218265 / 4]))
    // The same two responses, judged one by one.
    let responses = Self.pair.responses
    let good = objective.loss(of: .judged(responses[0], acceptable: true), in: facts)
    let bad = objective.loss(of: .judged(responses[1], acceptable: false), in: facts)
    #expect(good.gradients + bad.gradients == result.gradients)
    #expect(good.loss + bad.loss == result.loss)
    #expect(good.logRatios + bad.logRatios == [1, -3])
  }

  @Test func referencePointIsTheMeanButNotBelowZero() {
    #expect(KahnemanTversky.referencePoint(logRatios: [3, -1, 0.25]) == 0.75)
    #expect(KahnemanTversky.referencePoint(logRatios: [3, -4]) == 0)
    #expect(KahnemanTversky.referencePoint(logRatios: []) == 0)
  }

  @Test func anchoredPreferenceZeroUnpaired() {
    // beta = 0.5. Good: 1 - sigmoid(0.5) = 0.3775406687981454, slope -0.5 · 0.2350037122015945.
    // Bad: sigmoid(-1.5), slope 0.5 · 0.14914645207033286. The reference point is not read.
    let facts = BatchFacts(examples: 1, responses: 2, tokens: 3, referencePoint: 99)
    let result = AnchoredPreferenceZeroUnpaired(beta: 0.5).loss(of: Self.pair, in: facts)
    #expect(close(result.loss, (0.3775406687981454 + 0.18242552380635635) / 2))
    #expect(close(result.gradients[0].tokens, [-0.11750185610079725 / 2, -0.11750185610079725 / 2]))
    #expect(close(result.gradients[1].tokens, [0.07457322603516643 / 2]))
  }

  @Test func supervisedFineTuning() {
    // Three of the batch's four tokens: (0.5 + 1 + 0.25) / 4, and -1/4 each.
    let response = ScoredResponse(policy: [-0.5, -1, -0.25])
    let facts = BatchFacts(examples: 2, responses: 2, tokens: 4)
    let result = SupervisedFineTuning().loss(of: .response(response), in: facts)
    #expect(result.loss == 0.4375)
    #expect(result.gradients == [ResponseGradient(tokens: [-0.25, -0.25, -0.25])])
    #expect(result.logRatios.isEmpty)
  }

  @Test func supervisedFineTuningSmoothed() {
    // 0.8 · 1.75 / 4 + 0.2 · (2 + 3 + 4) / 4 = 0.35 + 0.45; -0.8/4 and -0.2/4 each. The rejected response is not read.
    let response = ScoredResponse(policy: [-0.5, -1, -0.25], vocabularyMeans: [-2, -3, -4])
    let facts = BatchFacts(examples: 2, responses: 2, tokens: 4)
    let pair = ObjectiveExample.pair(chosen: response, rejected: ScoredResponse(policy: [-7], vocabularyMeans: [-9]))
    let result = SupervisedFineTuning(labelSmoothing: 0.2).loss(of: pair, in: facts)
    #expect(close(result.loss, 0.8))
    #expect(close(result.gradients[0].tokens, [-0.2, -0.2, -0.2]))
    #expect(close(result.gradients[0].vocabularyMeans, [-0.05, -0.05, -0.05]))
    #expect(result.gradients[1] == ResponseGradient(tokens: []))
  }
}
