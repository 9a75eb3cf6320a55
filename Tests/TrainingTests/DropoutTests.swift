// Adapters whose inputs are dropped: the engine against the twin, whose masks come from the addresses themselves.

import LanguageModel
import Tensors
import Testing

@Suite("Dropout in adapters")
struct DropoutTests {
  private static let cases = TwinCase.all.filter(\.lora)
  private static let probability = 0.3
  private static let address = DropoutAddress(seed: 0xFEED_0000_0001, step: 7, examples: [4, 0, 9])

  /// The engine's groups, each an example with masks of its own.
  private static func groups(_ address: DropoutAddress = address) -> [[TwinSequence]] {
    zip(EngineGradientTests.groups(13), address.examples).map { group, example in
      let masks = TwinMasks.of(
        group.map(\.tokens), seed: address.seed, step: address.step, example: example, probability: probability)
      return zip(group, masks).map { sequence, masks in
        var sequence = sequence
        sequence.masks = masks
        return sequence
      }
    }
  }

  @Test("The twin's gradients are finite differences", arguments: cases)
  func finiteDifferences(_ item: TwinCase) throws {
    let decoder = try item.decoder()
    let sequences = Self.groups().flatMap { $0 }
    let differences = FiniteDifferences(decoder: decoder) { decoder in
      sequences.reduce(0) { sum, sequence in
        let (tokens, from, masks) = (sequence.tokens, sequence.from, sequence.masks)
        let picked = decoder.logProbabilities(tokens: tokens, from: from, masks: masks)
        let means = decoder.vocabularyMeans(tokens: tokens, from: from, masks: masks)
        let entropies = decoder.entropies(tokens: tokens, from: from, masks: masks)
        return sum + TwinMath.dot(sequence.coefficients, picked)
          + (sequence.meanCoefficients.map { TwinMath.dot($0, means) } ?? 0)
          + (sequence.entropyCoefficients.map { TwinMath.dot($0, entropies) } ?? 0)
      }
    }
    let gradients = decoder.gradients(of: sequences)
    for parameter in decoder.parameters {
      differences.expect(gradients, parameter, elements: FiniteDifferences.spread(5, of: decoder[parameter].count))
    }
  }

  @Test("Scores and every gradient are the twin's", arguments: cases)
  func gradients(_ item: TwinCase) throws {
    let twin = try item.decoder().rounded
    let trainee = try EngineGradientTests.trainee(twin, dropout: Self.probability)
    let scores = try EngineGradientTests.run(trainee, Self.groups(), dropout: Self.address)
    try EngineGradientTests.expect(trainee, scores, twin, Self.groups())
  }

  @Test(
    "Adapters of some tensors alone",
    arguments: [
      [BlockTensor.attentionQuery, .attentionValue, .feedForwardDown], [.attentionKey], [.feedForwardUp],
      [.attentionOutput, .feedForwardGate],
    ])
  func someTargets(_ targets: [BlockTensor]) throws {
    for item in Self.cases {
      var twin = try item.decoder().rounded
      let pairs = try #require(twin.lora).pairs
      twin.lora?.pairs = pairs.filter { name, _ in
        if case .block(_, let tensor) = name { targets.contains(tensor) } else { false }
      }
      let trainee = try EngineGradientTests.trainee(twin, dropout: Self.probability)
      #expect(trainee.adapted.count == 2 * targets.count)
      let scores = try EngineGradientTests.run(trainee, Self.groups(), dropout: Self.address)
      try EngineGradientTests.expect(trainee, scores, twin, Self.groups())
    }
  }

  @Test("Every part of the address draws other masks")
  func everyPartTells() throws {
    let twin = try Self.cases[0].decoder().rounded
    var others = [Self.address, Self.address, Self.address, Self.address]
    others[1].seed += 1
    others[2].step += 1
    others[3].examples[1] += 1
    var seen: [[[[Float]]]] = []
    for address in others {
      let trainee = try EngineGradientTests.trainee(twin, dropout: Self.probability)
      let scores = try EngineGradientTests.run(trainee, Self.groups(address), dropout: address)
      try EngineGradientTests.expect(trainee, scores, twin, Self.groups(address))
      #expect(!seen.contains(scores))
      seen.append(scores)
    }
    // Only the example that is another one is drawn anew.
    #expect(seen[3][0] == seen[0][0] && seen[3][1] != seen[0][1] && seen[3][2] == seen[0][2])
  }

  @Test("Workers, units and instructions change no bit", arguments: cases)
  func sameBits(_ item: TwinCase) throws {
    let twin = try item.decoder()
    func bits(_ workers: Int, _ rows: Int, _ variant: KernelVariant) throws -> [[UInt32]] {
      let trainee = try EngineGradientTests.trainee(
        twin, dropout: Self.probability, workers: workers, variant: variant)
      _ = try EngineGradientTests.run(trainee, Self.groups(), rows: rows, dropout: Self.address)
      return trainee.parameters.map { parameter in
        (0..<parameter.count).map { parameter.gradient.base[$0].bitPattern }
      }
    }
    let expected = try bits(1, 1000, .best)
    for (workers, rows) in [(2, 1000), (4, 1000), (1, 1), (2, 30)] {
      #expect(try bits(workers, rows, .best) == expected, "\(workers) workers, units of \(rows) rows")
    }
    for variant in KernelVariant.allCases where variant.isSupported {
      #expect(try bits(1, 1000, variant) == expected, "\(variant)")
    }
  }

  @Test("With B = 0 the way beside a matrix adds exactly nothing", arguments: cases)
  func fresh(_ item: TwinCase) throws {
    var twin = try item.decoder()
    let pairs = try #require(twin.lora).pairs
    twin.lora?.pairs = pairs.mapValues { TwinPair(a: $0.a, b: $0.b.map { _ in 0 }) }
    let base = try Decoder(source: TwinSource(weights: twin.weights), arithmetic: .ordered, workers: 1)
    let trainee = try EngineGradientTests.trainee(twin, dropout: 0.9)
    let scores = try EngineGradientTests.run(trainee, Self.groups(), dropout: Self.address)
    var reference: [[Float]] = []
    let requests = Self.groups().joined().map { ScoreRequest(tokens: $0.tokens.map { TokenID($0) }, from: $0.from) }
    try base.score(requests) { _, found in
      reference.append(found)
      return true
    }
    #expect(Array(scores.joined()) == reference)
  }

  @Test("Outside of training nothing is dropped: the model as it stands is merged")
  func merged() throws {
    let twin = try Self.cases[1].decoder().rounded
    let (plain, dropped) = (
      try EngineGradientTests.trainee(twin), try EngineGradientTests.trainee(twin, dropout: Self.probability)
    )
    let request = ScoreRequest(tokens: TwinCase.text(12, 5).map { TokenID($0) }, from: 1)
    var found: [[Float]] = []
    for trainee in [plain, dropped] {
      try trainee.decoder.score([request]) { _, scores in
        found.append(scores)
        return true
      }
    }
    #expect(found[0] == found[1])
    #expect(plain.trainedWeights() == dropped.trainedWeights())
  }
}
