// The objectives of judgments, rankings, outputs and scores on numbers that were worked by hand, with the work shown.

import Foundation
import Objectives
import Testing

struct FurtherHandWorkedTests {
  // ln 2, ln(1 + e^-1), ln(1 + e^-2), sigmoid(-1), sigmoid(-2).
  static let (ln2, softOne, softTwo) = (0.6931471805599453, 0.3132616875182228, 0.1269280110429725)
  static let (lowOne, lowTwo) = (0.2689414213699951, 0.11920292202211757)

  /// A judged response whose tokens have these probabilities.
  private func judged(_ plain: [Double], _ judged: [Double]? = nil) -> DoubleExample {
    let zeros = plain.map { _ in Float(0) }
    var example = DoubleExample(
      .judged(ScoredResponse(policy: zeros, otherContexts: judged == nil ? [] : [zeros]), acceptable: judged == nil))
    example.responses[0].policy = plain.map { log($0) }
    if let judged { example.responses[0].otherContexts = [judged.map { log($0) }] }
    return example
  }

  // Good: p = 1/2. Bad: p = 1/2 and 1/4, behind the judged prompt 4/5 and 1/5. With lambda 1.1 the first token is
  // inappropriate (0.8 > 0.55), the second is not (0.2 < 0.275).
  private var good: DoubleExample { judged([0.5]) }
  private var bad: DoubleExample { judged([0.5, 0.25], [0.8, 0.2]) }
  // Two examples; 1 + 2 tokens of likelihood, 2 of unlikelihood.
  private let two = BatchFacts(examples: 2, responses: 2, tokens: 3, counts: [2, 3, 2])
  // -ln 0.8 - ln 0.2 = -ln 0.16.
  private let alignN = 1.8325814637483102

  @Test func contrastiveUnlikelihoodOfThePaper() {
    // alpha 1/2, gamma 1/2: the first token's weight is w = 0.5 · sqrt(0.8). Each example is half of the mean, each of two
    // tokens half of that. Slope of -w ln(1 - p) at p = 1/2: w · 1.
    let cut = ContrastiveUnlikelihood(form: .paper, lambda: 1.1, alpha: 0.5, gamma: 0.5)
    let weight = 0.5 * 0.8944271909999159
    let (first, second) = (cut.loss(of: good, in: two), cut.loss(of: bad, in: two))
    #expect(close(first.loss, Self.ln2 / 2))
    #expect(close(first.gradients[0].tokens, [-0.5]))
    #expect(close(second.loss, (alignN + weight * Self.ln2 + 2 * Self.ln2) / 4))
    #expect(close(second.gradients[0].tokens, [weight / 4, -0.25]))
    #expect(close(second.gradients[0].otherContexts[0], [-0.25, -0.25]))
    #expect(close(second.metric("align-n") ?? 0, alignN / 4))
    #expect(second.metric("inappropriate") == 0.5)
  }

  @Test func contrastiveUnlikelihoodOfTheFirstVersion() {
    // No dynamic weight: alpha alone. `weighting` left out is the same.
    let v1 = ContrastiveUnlikelihood(form: .paper, lambda: 1.1, alpha: 0.5)
    let v4 = ContrastiveUnlikelihood(form: .paper, lambda: 1.1, alpha: 0.5, gamma: 0.5, without: [.weighting])
    #expect(close(v1.loss(of: bad, in: two).loss, (alignN + 0.5 * Self.ln2 + 2 * Self.ln2) / 4))
    #expect(v1.loss(of: bad, in: two) == v4.loss(of: bad, in: two))
  }

  @Test func contrastiveUnlikelihoodOfTheCode() {
    // 1/2 · [ (ln 2 - ln 0.16) / 3 + (0.5 ln 2 + 2 ln 2) / 2 ].
    let cut = ContrastiveUnlikelihood(form: .code, lambda: 1.1, alpha: 0.5)
    let (first, second) = (cut.loss(of: good, in: two), cut.loss(of: bad, in: two))
    #expect(close(first.loss + second.loss, 0.5 * ((Self.ln2 + alignN) / 3 + 2.5 * Self.ln2 / 2)))
    #expect(close(first.gradients[0].tokens, [-1.0 / 6]))
    #expect(close(second.gradients[0].tokens, [0.125, -0.25]))
    #expect(close(second.gradients[0].otherContexts[0], [-1.0 / 6, -1.0 / 6]))
    // Good responses alone are not halved.
    let alone = BatchFacts(examples: 1, responses: 1, tokens: 1, counts: [1, 1, 0])
    #expect(close(cut.loss(of: good, in: alone).loss, Self.ln2))
  }

  @Test func contrastiveUnlikelihoodWithoutParts() {
    func cut(_ part: ContrastiveUnlikelihood.Part) -> ContrastiveUnlikelihood {
      ContrastiveUnlikelihood(form: .paper, lambda: 1.1, alpha: 0.5, without: [part])
    }
    // Without detection the second token is unlearned, too: 0.5 · -ln(3/4), slope 0.5 · (1/4) / (3/4).
    let all = cut(.detection).loss(of: bad, in: two)
    #expect(close(all.loss, (alignN + 0.5 * Self.ln2 + 0.5 * 0.2876820724517809) / 4))
    #expect(close(all.gradients[0].tokens, [0.125, 0.125 / 3]))
    #expect(all.metric("inappropriate") == 1)
    #expect(close(cut(.misalign).loss(of: bad, in: two).loss, alignN / 4))
    #expect(cut(.misalign).loss(of: bad, in: two).gradients[0].tokens == [0, 0])
    let plain = cut(.alignN).loss(of: bad, in: two)
    #expect(close(plain.loss, 2.5 * Self.ln2 / 4))
    #expect(plain.gradients[0].otherContexts == [[0, 0]])
    #expect(cut(.alignP).loss(of: good, in: two).loss == 0)
    #expect(cut(.alignP).responsesRead(of: .judged(ScoredResponse(policy: [-1]), acceptable: true)).isEmpty)
  }

  @Test func inappropriateTokensOfThePapersFigure() {
    // Figure 2 of the paper, and a token that is exactly as likely, which a threshold of 1 does not catch.
    let flags = ContrastiveUnlikelihood.inappropriateTokens(
      plain: [0.03, 0.94, 0.93, 0.99, 0.03, 0.85].map { log($0) },
      judged: [0.82, 0.94, 0.76, 0.99, 0.02, 0.89].map { log($0) }, lambda: 1.1)
    #expect(flags == [true, false, false, false, false, false])
    #expect(ContrastiveUnlikelihood.inappropriateTokens(plain: [-1], judged: [-1], lambda: 1) == [false])
  }

  @Test func certainTokensAreGuarded() {
    // p = 1: 1 - p counts as 1e-5, so -ln 1e-5 = 11.512925464970229 and a slope of 1e5.
    let cut = ContrastiveUnlikelihood(form: .code, lambda: 1.1, alpha: 1, without: [.detection, .alignN])
    let facts = BatchFacts(examples: 1, responses: 1, tokens: 1, counts: [1, 0, 1])
    let result = cut.loss(of: judged([1], [1]), in: facts)
    #expect(close(result.loss, 11.512925464970229))
    #expect(close(result.gradients[0].tokens, [1e5]))
  }

  @Test func impossibleTokensAreGuardedOnlyByTheCode() {
    // ln p = -1000, where e^-1000 is 0 in a double: the paper's -ln p is 1000, the code's -ln 1e-5 with no slope.
    var example = judged([1], [1])
    example.responses[0].policy = [-1_000]
    example.responses[0].otherContexts = [[-1_000]]
    let facts = BatchFacts(examples: 1, responses: 1, tokens: 1, counts: [1, 0, 1])
    func result(_ form: ContrastiveUnlikelihood.Form) -> ExampleLoss {
      ContrastiveUnlikelihood(form: form, lambda: 1.1, alpha: 1, without: [.alignN]).loss(of: example, in: facts)
    }
    #expect(result(.paper).loss == 1_000)
    #expect(result(.paper).gradients[0].tokens == [-1])
    #expect(close(result(.code).loss, 11.512925464970229))
    #expect(result(.code).gradients[0].tokens == [0])
  }

  @Test func forwardPrediction() {
    // Two examples: (1 + 2) / 2 / 2 of the response, 0.5 · 3 / 2 of the judgment.
    let example = ObjectiveExample.judged(ScoredResponse(policy: [-1, -2], continuation: [-3]), acceptable: false)
    let result = ForwardPrediction(weight: 0.5).loss(
      of: example, in: BatchFacts(examples: 2, responses: 2, tokens: 4))
    #expect(result.loss == 1.5)
    #expect(result.gradients == [ResponseGradient(tokens: [-0.25, -0.25], continuation: [-0.25])])
    // Without a judgment, the response alone.
    let silent = ObjectiveExample.judged(ScoredResponse(policy: [-1, -2]), acceptable: true)
    let facts = BatchFacts(examples: 1, responses: 1, tokens: 2)
    #expect(ForwardPrediction().loss(of: silent, in: facts).loss == 1.5)
  }

  @Test func rankResponses() {
    // Means -2, -1, -3; rewards 2, 1, 1. Only the second stands above a better one, by 1; the last two are equal. The
    // best's likelihood is 4. Slopes of the first: -1/2 of its mean and -1 of its likelihood.
    let example = ObjectiveExample.ranking(
      [ScoredResponse(policy: [-1, -3]), ScoredResponse(policy: [-1]), ScoredResponse(policy: [-3])],
      rewards: [2, 1, 1])
    let result = RankResponses().loss(of: example, in: BatchFacts(examples: 1, responses: 3, tokens: 4))
    #expect(result.loss == 5)
    #expect(result.gradients.map(\.tokens) == [[-1.5, -1.5], [1], [0]])
  }

  @Test func preferenceRanking() {
    // Means -1 and -2, rewards 1 and 0: ln(e^-1 + e^-2) + 1 = ln(1 + e^-1); slopes -sigmoid(-1) and +sigmoid(-1).
    // The likelihood: 0.05 · (2 - 1)² · 1.
    let example = ObjectiveExample.ranking(
      [ScoredResponse(policy: [-1]), ScoredResponse(policy: [-2])], rewards: [1, 0])
    let facts = BatchFacts(examples: 1, responses: 2, tokens: 2)
    let result = PreferenceRanking(floor: 0).loss(of: example, in: facts)
    #expect(close(result.loss, Self.softOne + 0.05))
    #expect(close(result.gradients[0].tokens, [-Self.lowOne - 0.05]))
    #expect(close(result.gradients[1].tokens, [Self.lowOne]))
    // With floor e^-1 beside them: ln(2 e^-1 + e^-2) + 1 = ln(2 + e^-1), the first's share 1 / (2 + e^-1).
    let floored = PreferenceRanking(likelihoodWeight: 0, floor: exp(-1)).loss(of: example, in: facts)
    #expect(close(floored.loss, 0.8619948040582511))
    #expect(close(floored.gradients[0].tokens, [1 / 2.3678794411714423 - 1]))
    #expect(close(floored.gradients[1].tokens, [0.36787944117144233 / 2.3678794411714423]))
  }

  @Test func contrastiveRanking() {
    // Rewards 4.581, 2.390, -0.612 (the paper's figure): gaps 2.191, 3.002 and 5.193, so the first pair is out.
    // Means -1, -2, -1.5: lacks 3 - (-0.5) = 3.5 and 6 - 0.5 = 5.5. The likelihood: 0.05 · (3 - 1)² · 1 = 0.2.
    let first = ObjectiveExample.ranking(
      [ScoredResponse(policy: [-1]), ScoredResponse(policy: [-2]), ScoredResponse(policy: [-1, -2])],
      rewards: [4.581, 2.390, -0.612])
    let clha = ContrastiveRanking(gate: 0)
    let alone = clha.loss(of: first, in: clha.facts(of: [first]))
    #expect(close(alone.loss, 9.2))
    #expect(close(alone.gradients[0].tokens, [-1.2]))
    #expect(close(alone.gradients[1].tokens, [-1]))
    #expect(close(alone.gradients[2].tokens, [1, 1]))
    // Beside a prompt with one pair at distance 1 (gap 4) and one at distance 2 (gap 5), whose best is gated: all halve.
    let second = ObjectiveExample.ranking(
      [ScoredResponse(policy: [-1]), ScoredResponse(policy: [-1]), ScoredResponse(policy: [-9])], rewards: [0, -1, -5])
    let facts = clha.facts(of: [first, second])
    #expect(facts.counts == [2, 2])
    #expect(close(clha.loss(of: first, in: facts).loss, 4.6))
    // Lacks 3 - 8 < 0 and 6 - 8 < 0: in order by more than the margin.
    #expect(clha.loss(of: second, in: facts).loss == 0)
  }

  @Test func bradleyTerry() {
    // Scores 2 and 0: ln(1 + e^-2), slopes -sigmoid(-2) and +sigmoid(-2); one of two examples.
    let pair = ObjectiveExample.pair(
      chosen: ScoredResponse(policy: [], score: 2), rejected: ScoredResponse(policy: [], score: 0))
    let half = BradleyTerry().loss(of: pair, in: BatchFacts(examples: 2, responses: 4, tokens: 0))
    #expect(close(half.loss, Self.softTwo / 2))
    #expect(close(half.gradients.map(\.score), [-Self.lowTwo / 2, Self.lowTwo / 2]))
    #expect(half.metric("agreement") == 0.5)
    // Scores 1, 0, 2 and rewards 3, 1, 1: margins 1 and -1, one right. Slopes of the first: -(sigmoid(-1) + sigmoid(1)) / 2.
    let ranking = ObjectiveExample.ranking(
      [1, 0, 2].map { ScoredResponse(policy: [], score: $0) }, rewards: [3, 1, 1])
    let one = BradleyTerry().loss(of: ranking, in: BatchFacts(examples: 1, responses: 3, tokens: 0))
    #expect(close(one.loss, Self.softOne + 0.5))
    #expect(close(one.gradients.map(\.score), [-0.5, Self.lowOne / 2, (1 - Self.lowOne) / 2]))
    #expect(one.metric("agreement") == 0.5)
  }

  @Test func hindsightRelabelingOfTheCode() {
    // Means -2 and -2: both sides ln(0.5 + 1e-8), whatever the smoothing; likelihood 0.8 · 2 + 0.2 · 11 = 3.8; entropy
    // 0.5 · 1.5. The contrast's slope: 0.25 · (0.2 - 0.8) / (0.5 + 1e-8), half of it a token, twice for the weight.
    let output = ScoredResponse(
      policy: [-1, -3], vocabularyMeans: [-10, -12], otherContexts: [[-2, -2]], entropies: [1, 2])
    let hir = HindsightRelabeling(form: .code, labelSmoothing: 0.2, contrast: 2, entropy: 0.5)
    let result = hir.loss(of: .response(output), in: BatchFacts(examples: 1, responses: 1, tokens: 2))
    let slope = 0.15 / 0.50000001
    #expect(close(result.loss, 3.8 + 2 * 0.6931471605599455 - 0.75))
    #expect(close(result.gradients[0].tokens, [-0.4 - slope, -0.4 - slope]))
    #expect(close(result.gradients[0].otherContexts[0], [slope, slope]))
    #expect(close(result.gradients[0].vocabularyMeans, [-0.1, -0.1]))
    #expect(close(result.gradients[0].entropies, [-0.25, -0.25]))
  }

  @Test func hindsightRelabelingOfThePaper() {
    // Sums -2 behind its own and -3 behind the other example's prompt: ln(1 + e^-1); two examples.
    let output = ScoredResponse(policy: [-1, -1], otherContexts: [[-1, -2]])
    let hir = HindsightRelabeling(form: .paper, labelSmoothing: 0, contrast: 1, entropy: 0)
    let result = hir.loss(of: .response(output), in: BatchFacts(examples: 2, responses: 2, tokens: 4))
    #expect(close(result.loss, (2 + Self.softOne) / 2))
    let (own, other) = ((-1 - Self.lowOne) / 2, Self.lowOne / 2)
    #expect(close(result.gradients[0].tokens, [own, own]))
    #expect(close(result.gradients[0].otherContexts[0], [other, other]))
    // Alone in its batch there is nothing to contrast with.
    let alone = hir.loss(
      of: .response(ScoredResponse(policy: [-1])), in: BatchFacts(examples: 1, responses: 1, tokens: 1))
    #expect(alone.loss == 1)
  }
}
