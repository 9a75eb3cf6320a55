// What the tests of the twin share: small decoders of every shape, texts, and finite differences.
// Knows nothing of what is compared.

import Foundation
import LanguageModel
import Randomness
import Testing

/// A small decoder, with or without adapters.
struct TwinCase: Sendable, CustomTestStringConvertible {
  let name: String
  let configuration: DecoderConfiguration
  let lora: Bool

  var testDescription: String { name }

  /// Both rotary styles, tied and untied heads, with and without biases, one to three query heads a key head.
  static let all: [TwinCase] = {
    let shapes: [(String, RopeStyle, tied: Bool, bias: Bool, heads: Int, shared: Int)] = [
      ("adjacent, tied, groups of two", .adjacent, true, false, 4, 2),
      ("half-split, untied, biases, groups of three", .halfSplit, false, true, 3, 1),
      ("half-split, tied, no groups", .halfSplit, true, false, 2, 2),
      ("adjacent, untied, biases, groups of two", .adjacent, false, true, 2, 1),
    ]
    return shapes.flatMap { shape in
      let configuration = configuration(
        rope: shape.1, tied: shape.tied, bias: shape.bias, heads: shape.heads, shared: shape.shared)
      return [false, true].map {
        TwinCase(name: shape.0 + ($0 ? ", low-rank" : ", full"), configuration: configuration, lora: $0)
      }
    }
  }()

  static func configuration(
    rope: RopeStyle, tied: Bool, bias: Bool, heads: Int, shared: Int, vocabulary: Int = 13
  ) -> DecoderConfiguration {
    DecoderConfiguration(
      blocks: 2, width: 10, feedForward: 14, heads: heads, keyValueHeads: shared, headSize: 4, context: 32,
      vocabulary: vocabulary, ropeBase: 100, normEpsilon: 1e-5, ropeStyle: rope, tied: tied, qkvBias: bias)
  }

  /// Random weights with gains around 1, and adapters none of whose numbers is 0.
  func decoder() throws -> TwinDecoder {
    var weights = try TwinWeights(RandomWeights(configuration, seed: 5))
    for name in configuration.tensorNames where Self.isGain(name) {
      weights.tensors[name] = (0..<configuration.width).map { 1 + 0.3 * sin(Double(3 * $0) + 1) }
    }
    let lora = lora ? Self.lora(configuration) : nil
    return TwinDecoder(configuration: configuration, weights: weights, lora: lora)
  }

  private static func isGain(_ name: TensorName) -> Bool {
    switch name {
    case .outputNorm, .block(_, .attentionNorm), .block(_, .feedForwardNorm): true
    default: false
    }
  }

  private static func lora(_ configuration: DecoderConfiguration) -> TwinLoRA {
    let rank = 3
    var stream = RandomStream(RandomAddress(seed: 9, purpose: .bootstrap))
    func draw(_ count: Int) -> [Double] { (0..<count).map { _ in stream.uniform() - 0.5 } }
    var pairs: [TensorName: TwinPair] = [:]
    for name in configuration.tensorNames where FixtureTensors.isAdapted(name) {
      let shape = name.shape(configuration)
      pairs[name] = TwinPair(a: draw(rank * shape.columns), b: draw(shape.rows * rank))
    }
    return TwinLoRA(rank: rank, scale: 2.0 / Double(rank), pairs: pairs)
  }

  /// Tokens drawn at random.
  static func text(_ length: Int, _ seed: UInt64, vocabulary: Int = 13) -> [Int] {
    var stream = RandomStream(RandomAddress(seed: seed, purpose: .bootstrap))
    return (0..<length).map { _ in stream.integer(below: vocabulary) }
  }
}

/// Derivatives of a loss by single numbers of a decoder, and how far a gradient is from them.
struct FiniteDifferences {
  let decoder: TwinDecoder
  let loss: (TwinDecoder) -> Double

  /// How far numbers are moved: rounding costs about 1e-16 / h, leaving out higher terms about h⁴.
  static let distance = 4e-4

  /// The central difference of fourth order, (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h.
  func derivative(_ parameter: TwinParameter, _ index: Int) -> Double {
    var moved = decoder
    let numbers = decoder[parameter]
    func value(_ steps: Double) -> Double {
      var changed = numbers
      changed[index] += steps * Self.distance
      moved[parameter] = changed
      return loss(moved)
    }
    return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * Self.distance)
  }

  /// Fails unless every named element of the gradient is its finite difference to 1e-6 relative.
  ///
  /// An element far smaller than its neighbors drowns in the rounding of the loss, so that none is taken for smaller
  /// than a ten-thousandth of its list's largest.
  func expect(
    _ gradients: TwinGradients, _ parameter: TwinParameter, elements: [Int],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let gradient = gradients[parameter]
    let largest = gradient.map(abs).max() ?? 0
    #expect(largest > 0, "\(parameter) has a gradient", sourceLocation: sourceLocation)
    for index in elements {
      let expected = derivative(parameter, index)
      let size = max(abs(expected), abs(gradient[index]), 1e-4 * largest)
      let off = abs(gradient[index] - expected) / size
      if !(off <= 1e-6) {
        Issue.record(
          "\(parameter)[\(index)]: \(gradient[index]), finite difference \(expected), off by \(off)",
          sourceLocation: sourceLocation)
      }
    }
  }

  /// Up to `count` elements of a list, spread over it; always its first and last.
  static func spread(_ count: Int, of length: Int) -> [Int] {
    if length <= count { return Array(0..<length) }
    return (0..<count).map { $0 * (length - 1) / (count - 1) }
  }
}
