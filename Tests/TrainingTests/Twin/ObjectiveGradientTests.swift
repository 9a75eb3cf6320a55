// Every objective through the twin: the whole loss of a batch moves with every tensor as the gradient says.
// The chain is the one of training: log-probabilities, the objective's slopes, the backward pass.

import Foundation
import LanguageModel
import Objectives
import Testing

/// An objective with what it needs to be asked.
struct ObjectiveCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let objective: any DoubleObjective
  let twin: TwinObjective
  /// KTO's reference point.
  var point = 0.0

  static let all: [ObjectiveCase] = [
    ObjectiveCase(
      testDescription: "sft", objective: SupervisedFineTuning(), twin: .supervised(smoothing: 0)),
    ObjectiveCase(
      testDescription: "sft, smoothed", objective: SupervisedFineTuning(labelSmoothing: 0.2),
      twin: .supervised(smoothing: 0.2)),
    ObjectiveCase(
      testDescription: "dpo", objective: DirectPreference(beta: 0.4), twin: .direct(beta: 0.4, smoothing: 0)),
    ObjectiveCase(
      testDescription: "dpo, smoothed", objective: DirectPreference(beta: 0.4, labelSmoothing: 0.1),
      twin: .direct(beta: 0.4, smoothing: 0.1)),
    ObjectiveCase(
      testDescription: "apo-zero", objective: AnchoredPreferenceZero(beta: 0.4), twin: .anchoredZero(beta: 0.4)),
    ObjectiveCase(
      testDescription: "apo-down", objective: AnchoredPreferenceDown(beta: 0.4), twin: .anchoredDown(beta: 0.4)),
    ObjectiveCase(
      testDescription: "kto", objective: KahnemanTversky(beta: 0.4, desirableWeight: 1.3, undesirableWeight: 0.8),
      twin: .kahnemanTversky(beta: 0.4, desirable: 1.3, undesirable: 0.8), point: 0.6),
    ObjectiveCase(
      testDescription: "apo-zero-unpaired",
      objective: AnchoredPreferenceZeroUnpaired(beta: 0.4, desirableWeight: 1.3, undesirableWeight: 0.8),
      twin: .anchoredZeroUnpaired(beta: 0.4, desirable: 1.3, undesirable: 0.8)),
  ]
}

@Suite("Every objective through the twin")
struct ObjectiveGradientTests {
  /// Prompts with a chosen and a rejected response, which share a beginning in the first.
  static let texts: [(prompt: [Int], responses: [[Int]])] = [
    ([3, 1, 4], [[1, 5, 9, 2], [1, 5, 8]]), ([2, 7], [[6], [0, 11, 12, 4]]),
  ]

  /// An example under a decoder; the reference is elsewhere by a few tenths of a nat.
  static func example(_ text: (prompt: [Int], responses: [[Int]]), _ decoder: TwinDecoder, _ item: ObjectiveCase)
    -> DoubleExample
  {
    let none = ScoredResponse(policy: [])
    var example = DoubleExample(.pair(chosen: none, rejected: none))
    for (index, response) in text.responses.enumerated() {
      let (tokens, from) = (text.prompt + response, text.prompt.count)
      example.responses[index].policy = decoder.logProbabilities(tokens: tokens, from: from)
      example.responses[index].reference = response.indices.map { -2.5 + 0.4 * sin(Double(5 * $0 + 3 * index)) }
      if item.objective.readsVocabularyMeans {
        example.responses[index].vocabularyMeans = decoder.vocabularyMeans(tokens: tokens, from: from)
      }
    }
    return example
  }

  static func facts(_ item: ObjectiveCase) -> BatchFacts {
    let read = item.twin.readsPairs ? texts.flatMap(\.responses) : texts.map { $0.responses[0] }
    return BatchFacts(
      examples: texts.count, responses: read.count, tokens: read.reduce(0) { $0 + $1.count },
      referencePoint: item.point)
  }

  static func losses(_ decoder: TwinDecoder, _ item: ObjectiveCase) -> [ExampleLoss] {
    texts.map { item.objective.loss(of: example($0, decoder, item), in: facts(item)) }
  }

  /// The gradient of the batch's loss: the objective's slopes, carried through the decoder.
  static func gradients(_ decoder: TwinDecoder, _ item: ObjectiveCase) -> TwinGradients {
    var sequences: [TwinSequence] = []
    for (text, loss) in zip(texts, losses(decoder, item)) {
      for (response, gradient) in zip(text.responses, loss.gradients) where !gradient.tokens.isEmpty {
        sequences.append(
          TwinSequence(
            tokens: text.prompt + response, from: text.prompt.count, coefficients: gradient.tokens,
            meanCoefficients: gradient.vocabularyMeans.isEmpty ? nil : gradient.vocabularyMeans))
      }
    }
    return decoder.gradients(of: sequences)
  }

  @Test("The batch's loss by every tensor", arguments: ObjectiveCase.all, [TwinCase.all[0], TwinCase.all[3]])
  func everyTensor(_ item: ObjectiveCase, _ model: TwinCase) throws {
    let decoder = try model.decoder()
    let differences = FiniteDifferences(decoder: decoder) { moved in
      Self.losses(moved, item).reduce(0) { $0 + $1.loss }
    }
    let gradients = Self.gradients(decoder, item)
    for parameter in decoder.parameters {
      let elements = FiniteDifferences.spread(3, of: decoder[parameter].count)
      differences.expect(gradients, parameter, elements: elements)
    }
  }

  @Test("The plain formulas give the same losses and slopes", arguments: ObjectiveCase.all)
  func formulas(_ item: ObjectiveCase) throws {
    let decoder = try TwinCase.all[0].decoder()
    let examples = Self.texts.map { Self.example($0, decoder, item).responses }
    func scored(_ response: DoubleResponse) -> TwinScored {
      TwinScored(policy: response.policy, reference: response.reference, means: response.vocabularyMeans)
    }
    let plain = item.twin.loss(examples.map { (scored($0[0]), scored($0[1])) }, point: item.point)
    let found = Self.losses(decoder, item)
    #expect(abs(found.reduce(0) { $0 + $1.loss } - plain.loss) < 1e-13)
    for (index, loss) in found.enumerated() {
      #expect(loss.gradients[0].tokens.allSatisfy { abs($0 - plain.chosen[index]) < 1e-14 })
      #expect(loss.gradients[1].tokens.allSatisfy { abs($0 - plain.rejected[index]) < 1e-14 })
      #expect(loss.gradients[1].tokens.isEmpty != item.twin.readsPairs)
      #expect(loss.gradients[0].vocabularyMeans.allSatisfy { abs($0 - plain.mean) < 1e-14 })
      #expect(loss.gradients[0].vocabularyMeans.isEmpty != item.objective.readsVocabularyMeans)
    }
  }
}
