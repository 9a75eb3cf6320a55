// Entropies, and the scalar head of reward models, against the twin in doubles.
// The twin has no scalar head: one token's logit, with all others 0, is the same number.

import Foundation
import LanguageModel
import Tensors
import Testing

struct EngineScoreTests {
  @Test("Entropies are the twin's", arguments: TwinCase.all)
  func entropies(_ item: TwinCase) throws {
    let twin = try item.decoder().rounded
    let trainee = try EngineGradientTests.trainee(twin)
    let groups = EngineGradientTests.groups(13)
    let requests = groups.map { $0.map { ScoreRequest(tokens: $0.tokens.map { TokenID($0) }, from: $0.from) } }
    try trainee.run(requests, also: .entropies) { scores in
      #expect(scores.vocabularyMeans.isEmpty)
      for (group, found) in zip(groups, scores.entropies) {
        for (sequence, found) in zip(group, found) {
          let expected = twin.entropies(tokens: sequence.tokens, from: sequence.from)
          #expect(found.count == expected.count)
          #expect(zip(expected, found).allSatisfy { abs($0 - Double($1)) < 2e-5 }, "\(expected) \(found)")
        }
      }
      return nil
    }
  }

  /// Texts of two examples, d loss / d score of each; those of the first begin alike.
  private static let texts: [[(tokens: [Int], coefficient: Double)]] = [
    [([1, 2, 3, 4, 5], -0.7), ([1, 2, 3, 6], 0.7)], [([7], 0.25), (TwinCase.text(40, 3), -0.5)],
  ]

  /// A decoder whose vocabulary head is the scalar head in its first row and 0 elsewhere.
  private static func twin(lora: Bool) throws -> (TwinDecoder, [Double]) {
    guard let item = TwinCase.all.first(where: { !$0.configuration.tied && $0.lora == lora }) else { throw Missing() }
    var twin = try item.decoder().rounded
    let head = (0..<twin.configuration.width).map { 0.4 - 0.11 * Double($0) }
    var output = [Double](repeating: 0, count: twin.configuration.vocabulary * head.count)
    for (index, value) in head.enumerated() { output[index] = Double(Float(value)) }
    twin.weights.tensors[.output] = output
    return (twin, head)
  }

  private struct Missing: Error {}

  /// The logit of token 0 after a text, all other logits being 0.
  private func score(_ twin: TwinDecoder, _ tokens: [Int]) -> (value: Double, probability: Double) {
    let row = twin.logProbabilities(tokens: tokens + [0], from: tokens.count)[0]
    let other = twin.logProbabilities(tokens: tokens + [1], from: tokens.count)[0]
    return (row - other, exp(row))
  }

  private func trainee(_ twin: TwinDecoder, _ head: [Double], workers: Int = 1) throws -> Trainee {
    let trainee = try EngineGradientTests.trainee(twin, scalarHead: true, workers: workers)
    trainee.setScalarHead(head.map(Float.init))
    return trainee
  }

  @Test("Scores and gradients of a scalar head are the twin's", arguments: [false, true])
  func scalarHead(lora: Bool) throws {
    let (twin, head) = try Self.twin(lora: lora)
    let trainee = try trainee(twin, head)
    trainee.clearGradients()
    try trainee.runScores(Self.texts.map { $0.map { $0.tokens.map { TokenID($0) } } }) { scores in
      for (group, found) in zip(Self.texts, scores) {
        for (text, found) in zip(group, found) {
          #expect(abs(score(twin, text.tokens).value - Double(found)) < 2e-5)
        }
      }
      return Self.texts.map { $0.map(\.coefficient) }
    }
    trainee.completeGradients()
    // d ln p(0) / d logit(0) = 1 - p(0).
    let sequences = Self.texts.joined().map { text in
      TwinSequence(
        tokens: text.tokens + [0], from: text.tokens.count,
        coefficients: [text.coefficient / (1 - score(twin, text.tokens).probability)])
    }
    let expected = twin.gradients(of: sequences)
    for parameter in twin.parameters where parameter != .tensor(.output) {
      let gradient = try #require(trainee.numbers(parameter, .gradient), "no gradient of \(parameter)")
      expect(gradient, expected[parameter], "\(parameter)")
    }
    let own = try #require(trainee.scalarHead(.gradient))
    expect(own, Array(expected[.tensor(.output)].prefix(own.count)), "scalar head")
  }

  private func expect(_ gradient: [Float], _ reference: [Double], _ name: String) {
    let largest = reference.map(abs).max() ?? 0
    let worst = zip(reference, gradient).map { abs($0 - Double($1)) }.max() ?? 0
    #expect(largest > 0 && worst <= 2e-5 * largest, "\(name): off by \(worst) of \(largest)")
  }

  @Test("A trained scalar head comes back from its file and scores as in training, whatever the workers")
  func roundTrip() throws {
    let (twin, head) = try Self.twin(lora: false)
    let texts = Self.texts.joined().map { $0.tokens.map { TokenID($0) } }
    var bits: [[UInt32]] = []
    for workers in [1, 2] {
      let trainee = try trainee(twin, head, workers: workers)
      var inTraining: [UInt32] = []
      try trainee.runScores(texts.map { [$0] }) { scores in
        inTraining = scores.map { $0[0].bitPattern }
        return nil
      }
      let file = ModelBytes(trainee.trainedWeights(), name: "weights")
      let source = RewardSource(base: TwinSource(weights: twin.weights), trained: try TrainedWeights(file))
      let laid = try Decoder(source: source, arithmetic: .ordered, workers: workers)
      #expect(laid.isRewardModel)
      var scored: [UInt32] = []
      try laid.rewards(of: texts) { _, score in
        scored.append(score.bitPattern)
        return true
      }
      #expect(scored == inTraining)
      bits.append(scored)
    }
    #expect(bits[0] == bits[1])
    let plain = try Decoder(source: TwinSource(weights: twin.weights), arithmetic: .ordered, workers: 1)
    #expect(!plain.isRewardModel)
  }
}

/// A twin's tensors with the scalar head of a file.
private struct RewardSource: WeightSource {
  let base: TwinSource
  let trained: TrainedWeights
  var configuration: DecoderConfiguration { base.configuration }
  var scalarHead: [Float]? { trained.scalarHead }

  func fill(_ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) {
    base.fill(name, rows: rows, into: destination)
  }
}
