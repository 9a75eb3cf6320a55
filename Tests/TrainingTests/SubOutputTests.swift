// A part of a response that is right by itself is learned behind the other instruction.

import LanguageModel
import Objectives
import Testing
import Training

struct SubOutputTests {
  @Test("Where a wrong response begins with what is right, the prompts change places, and nowhere else")
  func exchangedPrompts() throws {
    let (own, contrast) = ([1, 2, 3].map { TokenID($0) }, [4, 5].map { TokenID($0) })
    let response = [10, 11, 12, 13, 14].map { TokenID($0) }
    let example = TrainingExample(
      .none,
      responses: [
        TrainingResponse(
          request: ScoreRequest(tokens: own + response, from: own.count),
          otherContexts: [ScoreRequest(tokens: contrast + response, from: contrast.count)])
      ], exchangesAt: [3, 5])
    var ends: Set<Int> = []
    for seed in 0..<60 {
      var options = TrainingOptions(
        objective: HindsightRelabeling(form: .code), batch: 1, epochs: 1, learningRate: 1,
        adamW: AdamWOptions(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0), seed: UInt64(seed))
      options.subOutputs = SubOutputChoice(minimum: 3, eachEpoch: true)
      let weight = try #require(StartingWeight.first(1, of: [example], in: options, even: -1).first)
      let drawn = weight.example.responses[0]
      // Of five tokens a part starts at the first and ends after one, three or five; after five it is the whole response.
      let end = drawn.request.tokens.count - (drawn.request.tokens.first == own.first ? own.count : contrast.count)
      ends.insert(end)
      let (first, second) = end == 3 ? (contrast, own) : (own, contrast)
      #expect(drawn.request.tokens == first + response.prefix(end) && drawn.request.from == first.count)
      #expect(drawn.otherContexts.map(\.tokens) == [second + response.prefix(end)])
    }
    #expect(ends == [1, 3, 5])
  }
}
