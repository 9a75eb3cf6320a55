// The engine's backward pass against the twin in doubles: every tensor's gradient, full and low-rank.
// Texts that begin alike run their beginning once in the engine and twice in the twin.

import LanguageModel
import Tensors
import Testing

struct EngineGradientTests {
  /// Two trees and a text by itself; within a tree, texts differ after 5 and 0 common tokens.
  static func groups(_ vocabulary: Int) -> [[TwinSequence]] {
    func sequence(
      _ tokens: [Int], _ from: Int, _ weight: Double, means: Bool = false, entropies: Bool = false
    ) -> TwinSequence {
      let count = tokens.count - from
      return TwinSequence(
        tokens: tokens, from: from, coefficients: (0..<count).map { weight * (1 + 0.1 * Double($0)) },
        meanCoefficients: means ? (0..<count).map { 0.2 + 0.05 * Double($0) } : nil,
        entropyCoefficients: entropies ? (0..<count).map { 0.1 - 0.03 * Double($0) } : nil)
    }
    let prompt = TwinCase.text(6, 1, vocabulary: vocabulary)
    let chosen = sequence(prompt + [1, 2, 3], 6, -0.7)
    let rejected = sequence(prompt + [1, 4], 6, 0.4)
    let apart = [
      sequence(TwinCase.text(9, 2, vocabulary: vocabulary), 1, -0.2, means: true),
      sequence(TwinCase.text(40, 3, vocabulary: vocabulary), 30, 0.3, means: true, entropies: true),
    ]
    let short = sequence(TwinCase.text(3, 4, vocabulary: vocabulary), 2, -1, entropies: true)
    return [[chosen, rejected], apart, [short]]
  }

  static func trainee(
    _ twin: TwinDecoder, dropout: Double = 0, scalarHead: Bool = false, workers: Int = 1, variant: KernelVariant = .best
  ) throws -> Trainee {
    let source = TwinSource(weights: twin.weights)
    let decoder = try Decoder(source: source, arithmetic: .ordered, workers: 1, variant: variant)
    var part = TrainedPart.full
    if let lora = twin.lora {
      let targets = Site.allCases.flatMap(\.tensors).filter { lora.pairs[.block(0, $0)] != nil }
      part = .lowRank(LowRank(rank: lora.rank, scale: Float(lora.scale), targets: targets, dropout: dropout))
    }
    let trainee = try Trainee(decoder, part, scalarHead: scalarHead, workers: workers, variant: variant)
    for name in trainee.adapted {
      guard let pair = twin.lora?.pairs[name] else { continue }
      trainee.setAdapter(name, AdapterTensors(a: pair.a.map(Float.init), b: pair.b.map(Float.init)))
    }
    trainee.refresh()
    return trainee
  }

  /// Runs groups; their texts' masks come from that address.
  static func run(
    _ trainee: Trainee, _ groups: [[TwinSequence]], rows: Int = 1000, dropout: DropoutAddress? = nil
  ) throws -> [[[Float]]] {
    let requests = groups.map { $0.map { ScoreRequest(tokens: $0.tokens.map { TokenID($0) }, from: $0.from) } }
    var scores: [[[Float]]] = []
    for unit in Trainee.units(requests, rows: rows) {
      var own = dropout
      own?.examples = dropout.map { Array($0.examples[unit]) } ?? []
      try trainee.run(Array(requests[unit]), dropout: own) { found in
        scores += found.logProbabilities
        return groups[unit].map {
          $0.map {
            TokenCoefficients(
              tokens: $0.coefficients, vocabularyMeans: $0.meanCoefficients ?? [],
              entropies: $0.entropyCoefficients ?? [])
          }
        }
      }
    }
    trainee.completeGradients()
    return scores
  }

  @Test("Every gradient is the twin's", arguments: TwinCase.all)
  func gradients(_ item: TwinCase) throws {
    let twin = try item.decoder().rounded
    let groups = Self.groups(13)
    let trainee = try Self.trainee(twin)
    let scores = try Self.run(trainee, groups)
    try Self.expect(trainee, scores, twin, groups)
  }

  /// Fails unless scores and gradients are the twin's.
  static func expect(
    _ trainee: Trainee, _ scores: [[[Float]]], _ twin: TwinDecoder, _ groups: [[TwinSequence]]
  ) throws {
    for (group, found) in zip(groups, scores) {
      for (sequence, found) in zip(group, found) {
        let expected = twin.logProbabilities(tokens: sequence.tokens, from: sequence.from, masks: sequence.masks)
        #expect(zip(expected, found).allSatisfy { abs($0 - Double($1)) < 2e-5 })
      }
    }
    let expected = twin.gradients(of: groups.flatMap { $0 })
    for parameter in twin.parameters {
      let gradient = try #require(trainee.numbers(parameter, .gradient), "no gradient of \(parameter)")
      let reference = expected[parameter]
      let largest = reference.map(abs).max() ?? 0
      let worst = zip(reference, gradient).map { abs($0 - Double($1)) }.max() ?? 0
      #expect(largest > 0 && worst <= 2e-5 * largest, "\(parameter): off by \(worst) of \(largest)")
    }
  }

  @Test("Workers, units and instructions change no bit of a gradient", arguments: TwinCase.all)
  func sameBits(_ item: TwinCase) throws {
    let twin = try item.decoder()
    let groups = Self.groups(13)
    func bits(_ workers: Int, _ rows: Int, _ variant: KernelVariant) throws -> [[UInt32]] {
      let trainee = try Self.trainee(twin, workers: workers, variant: variant)
      _ = try Self.run(trainee, groups, rows: rows)
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
}

extension TwinDecoder {
  /// The twin with the numbers that the engine has after rounding.
  var rounded: TwinDecoder {
    guard let lora else { return self }
    var twin = self
    twin.lora?.pairs = lora.pairs.mapValues { pair in
      TwinPair(a: pair.a.map { Double(Float($0)) }, b: pair.b.map { Double(Float($0)) })
    }
    twin.lora?.scale = Double(Float(lora.scale))
    return twin
  }
}

/// A twin's tensors as the engine reads weights.
struct TwinSource: WeightSource {
  let weights: TwinWeights
  /// With room for texts longer than one tile of attention.
  var configuration: DecoderConfiguration {
    var configuration = weights.configuration
    configuration.context = 128
    return configuration
  }

  func fill(_ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) {
    let columns = name.shape(configuration).columns
    let tensor = weights.tensors[name, default: []]
    for index in 0..<rows.count * columns { destination[index] = Float(tensor[rows.lowerBound * columns + index]) }
  }
}
