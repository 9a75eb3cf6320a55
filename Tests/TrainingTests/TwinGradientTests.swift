// The twin against itself and against the engine's forward pass: its gradients are its finite differences.
// What holds the engine's backward pass must first hold on its own.

import Foundation
import LanguageModel
import Tensors
import Testing

@Suite("The twin's gradients")
struct TwinGradientTests {
  /// Two texts with coefficients of both signs, one of them with a common beginning and smoothing.
  static let sequences = [
    TwinSequence(
      tokens: TwinCase.text(9, 1), from: 4, coefficients: [-0.7, 0.2, -1.1, 0.4, -0.3],
      meanCoefficients: [0.5, -0.2, 0.3, 0.1, -0.6]),
    TwinSequence(
      tokens: TwinCase.text(6, 2), from: 1, coefficients: [0.9, -0.4, 0.3, 0.8, -0.5], meanCoefficients: nil,
      entropyCoefficients: [0.2, -0.6, 0.1, 0.7, -0.3]),
  ]

  static func value(_ decoder: TwinDecoder) -> Double {
    sequences.reduce(0) { sum, sequence in
      let picked = decoder.logProbabilities(tokens: sequence.tokens, from: sequence.from)
      let means = decoder.vocabularyMeans(tokens: sequence.tokens, from: sequence.from)
      let entropies = decoder.entropies(tokens: sequence.tokens, from: sequence.from)
      return sum + TwinMath.dot(sequence.coefficients, picked)
        + (sequence.meanCoefficients.map { TwinMath.dot($0, means) } ?? 0)
        + (sequence.entropyCoefficients.map { TwinMath.dot($0, entropies) } ?? 0)
    }
  }

  @Test("Several elements of every tensor", arguments: TwinCase.all)
  func everyTensor(_ item: TwinCase) throws {
    let decoder = try item.decoder()
    let differences = FiniteDifferences(decoder: decoder, loss: Self.value)
    let gradients = decoder.gradients(of: Self.sequences)
    for parameter in decoder.parameters {
      let elements = FiniteDifferences.spread(9, of: decoder[parameter].count)
      differences.expect(gradients, parameter, elements: elements)
    }
  }

  @Test("Every element", arguments: [TwinCase.all[0], TwinCase.all[2], TwinCase.all[7]])
  func everyElement(_ item: TwinCase) throws {
    let decoder = try item.decoder()
    let differences = FiniteDifferences(decoder: decoder, loss: Self.value)
    let gradients = decoder.gradients(of: Self.sequences)
    for parameter in decoder.parameters {
      differences.expect(gradients, parameter, elements: Array(decoder[parameter].indices))
    }
  }

  @Test("A frozen weight's gradient under adapters is that of the sum of weight and adapter")
  func merged() throws {
    let item = TwinCase.all[3]
    let adapted = try item.decoder()
    let lora = try #require(adapted.lora)
    var merged = adapted
    merged.lora = nil
    for name in lora.pairs.keys { merged[.tensor(name)] = lora.added(to: adapted[.tensor(name)], name) }
    let tokens = TwinCase.text(8, 3)
    #expect(adapted.logProbabilities(tokens: tokens, from: 1) == merged.logProbabilities(tokens: tokens, from: 1))
    let (one, other) = (adapted.gradients(of: Self.sequences), merged.gradients(of: Self.sequences))
    #expect(one.tensors == other.tensors)
  }

  @Test("Log-probabilities are the engine's", arguments: TwinCase.all.filter { !$0.lora })
  func forward(_ item: TwinCase) throws {
    let source = try RandomWeights(item.configuration, seed: 5)
    let twin = TwinDecoder(configuration: item.configuration, weights: try TwinWeights(source))
    let engine = try Decoder(source: source, arithmetic: .ordered, workers: 1)
    var compared = 0
    for seed in 0..<4 as Range<UInt64> {
      let tokens = TwinCase.text(24, 10 + seed)
      try engine.score([ScoreRequest(tokens: tokens.map { TokenID($0) }, from: 1)]) { _, found in
        let expected = twin.logProbabilities(tokens: tokens, from: 1)
        for (value, reference) in zip(found, expected) {
          #expect(abs(Double(value) - reference) < 1e-5, "\(value) and \(reference)")
          compared += 1
        }
        return true
      }
    }
    #expect(compared == 4 * 23)
  }

  @Test("Means over the vocabulary are those of all log-probabilities")
  func means() throws {
    let decoder = try TwinCase.all[0].decoder()
    let tokens = TwinCase.text(5, 4)
    let all = (0..<13).map { decoder.logProbabilities(tokens: tokens.dropLast() + [$0], from: 4)[0] }
    #expect(abs(all.map { exp($0) }.reduce(0, +) - 1) < 1e-12)
    #expect(abs(decoder.vocabularyMeans(tokens: tokens, from: 4)[0] - TwinMath.mean(all)) < 1e-12)
  }
}
