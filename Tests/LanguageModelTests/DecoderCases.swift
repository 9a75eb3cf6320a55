// What the tests of the decoder share: a small random model of awkward sizes, texts, and comparing bits.
// Knows nothing of what is tested.

import LanguageModel
import Randomness
import Tensors
import Testing

/// A small model: no size is a multiple of a panel, heads share keys, and biases are on.
enum SmallModel {
  static let configuration = DecoderConfiguration(
    blocks: 3, width: 72, feedForward: 150, heads: 6, keyValueHeads: 2, headSize: 12, context: 700, vocabulary: 2311,
    ropeBase: 10_000, normEpsilon: 1e-5, ropeStyle: .adjacent, tied: true, qkvBias: true)

  static func decoder(
    workers: Int = 1, arithmetic: ArithmeticClass = .ordered, variant: KernelVariant = .best
  ) throws -> Decoder {
    try Decoder(
      source: RandomWeights(configuration, seed: 7), arithmetic: arithmetic, workers: workers, variant: variant)
  }

  /// A text of tokens drawn at random.
  static func text(_ length: Int, _ seed: UInt64, vocabulary: Int = configuration.vocabulary) -> [TokenID] {
    var stream = RandomStream(RandomAddress(seed: seed, purpose: .bootstrap))
    return (0..<length).map { _ in TokenID(stream.integer(below: vocabulary)) }
  }
}

/// Scores in the order of the requests.
func scores(_ decoder: Decoder, _ requests: [ScoreRequest]) throws -> [[Float]] {
  var result: [[Float]] = []
  try decoder.score(requests) { index, logProbs in
    #expect(index == result.count)
    result.append(logProbs)
    return true
  }
  return result
}

/// Continuations in the order of the requests.
func continuations(_ decoder: Decoder, _ requests: [GenerationRequest], batch: Int) throws -> [Generation] {
  var result = [Generation?](repeating: nil, count: requests.count)
  try decoder.generate(requests, batch: batch) { index, generation in
    #expect(result[index] == nil)
    result[index] = generation
    return true
  }
  return try result.map { try #require($0) }
}

/// Fails with the worst place unless both have the same bits.
func expectSameBits(
  _ found: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  let differing = zip(found, expected).enumerated().filter { $1.0.bitPattern != $1.1.bitPattern }
  guard let worst = differing.max(by: { abs($0.1.0 - $0.1.1) < abs($1.1.0 - $1.1.1) }) else { return }
  Issue.record(
    "\(what): \(differing.count) of \(found.count) differ, worst at \(worst.0): \(worst.1.0) and \(worst.1.1)",
    sourceLocation: sourceLocation)
}

extension Generation {
  /// Tokens, end and the bits of the log-probabilities.
  func isSame(_ other: Generation) -> Bool {
    tokens == other.tokens && finish == other.finish
      && logProbs.map(\.bitPattern) == other.logProbs.map(\.bitPattern)
  }
}
