// The same bits for a record alone, first, last and in the middle, with 1, 2 and 4 workers, in every variant:
// on a small random model of awkward sizes, and on the real weights.

import LanguageModel
import Randomness
import Tensors
import Testing

private let lengths = [1, 7, 48, 97, 300]

@Suite("The same bits however records are batched", .serialized)
struct DecoderInvarianceTests {
  /// Scores and continuations of each length alone, on one worker; then in batches, at each place, on each decoder.
  private func check(
    _ alone: Decoder, _ others: [(String, Decoder)], newTokens: Int
  ) throws {
    let vocabulary = alone.configuration.vocabulary
    let texts = lengths.map { SmallModel.text($0, UInt64($0), vocabulary: vocabulary) }
    let fillers = (0..<4).map { SmallModel.text(5 + 13 * $0, UInt64(50 + $0), vocabulary: vocabulary) }
    func score(_ text: [TokenID]) -> ScoreRequest { ScoreRequest(tokens: text, from: 1) }
    func generate(_ text: [TokenID]) -> GenerationRequest {
      GenerationRequest(
        prompt: text, maxNewTokens: newTokens, endTokens: [], sampling: Sampling(temperature: 1, topP: 0.95),
        random: RandomAddress(seed: UInt64(text.count), purpose: .sampling))
    }
    for text in texts {
      let expected = try scores(alone, [score(text)])[0]
      #expect(expected.count == text.count - 1 && expected.allSatisfy { $0 < 0 })
      let continuation = try continuations(alone, [generate(text)], batch: 1)[0]
      #expect(continuation.tokens.count == newTokens && continuation.logProbs.count == newTokens)
      for (name, decoder) in others {
        for place in [0, 2, 4] {
          var batch = fillers
          batch.insert(text, at: place)
          let found = try scores(decoder, batch.map(score))[place]
          expectSameBits(found, expected, "\(name): scores of \(text.count) tokens at place \(place)")
          let continued = try continuations(decoder, batch.map(generate), batch: 3)[place]
          #expect(continued.isSame(continuation), "\(name): continuation of \(text.count) tokens at place \(place)")
        }
      }
    }
  }

  @Test("A small random model: workers 1, 2, 4 and every variant")
  func smallModel() throws {
    let alone = try SmallModel.decoder()
    var others: [(String, Decoder)] = []
    for workers in [1, 2, 4] {
      others.append(("\(workers) workers", try Decoder(sharing: alone, workers: workers)))
    }
    for variant in KernelVariant.allCases where variant.isSupported {
      others.append(("\(variant)", try Decoder(sharing: alone, workers: 2, variant: variant)))
    }
    try check(alone, others, newTokens: 6)
  }

  @Test("The real weights: workers 1, 2, 4")
  func realWeightsWorkers() throws {
    let loaded = try ReferenceModel.get().decoder
    let alone = try Decoder(sharing: loaded, workers: 1)
    let others = try [1, 2, 4].map { ("\($0) workers", try Decoder(sharing: loaded, workers: $0)) }
    try check(alone, others, newTokens: 3)
  }

  @Test("The real weights: AVX2 and the plain loops have the bits of the fastest variant")
  func realWeightsVariants() throws {
    let loaded = try ReferenceModel.get().decoder
    let vocabulary = loaded.configuration.vocabulary
    let texts = lengths.map { SmallModel.text($0, 3, vocabulary: vocabulary) }
    let scored = texts.map { ScoreRequest(tokens: $0, from: 1) }
    // The plain loops take seconds for a hundred tokens: short texts show that decoding keeps the bits, too.
    let continued = texts[..<3].map { text in
      GenerationRequest(
        prompt: text, maxNewTokens: 3, endTokens: [], sampling: Sampling(temperature: 1),
        random: RandomAddress(seed: 5, purpose: .sampling))
    }
    let expectedScores = try scores(loaded, scored)
    let expectedTexts = try continuations(loaded, continued, batch: 3)
    for variant in [KernelVariant.avx2, .wide, .plain] where variant.isSupported {
      let decoder = try Decoder(sharing: loaded, workers: 2, variant: variant)
      for (index, found) in try scores(decoder, scored).enumerated() {
        expectSameBits(found, expectedScores[index], "\(variant), \(lengths[index]) tokens")
      }
      for (found, expected) in zip(try continuations(decoder, continued, batch: 3), expectedTexts) {
        #expect(found.isSame(expected), "\(variant)")
      }
    }
  }

  @Test("The openblas class: the same bits whatever the neighbors and workers, near the ordered class")
  func openBLAS() throws {
    let ordered = try SmallModel.decoder()
    let alone = try SmallModel.decoder(arithmetic: .openblas)
    try check(alone, [("openblas, 2 workers", try Decoder(sharing: alone, workers: 2))], newTokens: 3)
    let request = ScoreRequest(tokens: SmallModel.text(300, 9), from: 1)
    let (found, expected) = (try scores(alone, [request])[0], try scores(ordered, [request])[0])
    var worst = Worst()
    for (value, reference) in zip(found, expected) { worst.add(Double(value), Double(reference)) }
    #expect(worst.compared == 299 && worst.difference < 1e-3, "\(worst)")
  }

  @Test("The openblas class on the real weights is near the ordered class")
  func openBLASRealWeights() throws {
    let loaded = try ReferenceModel.get().decoder
    let blas = try Decoder(source: GGUFWeights(Reference.file()), arithmetic: .openblas, workers: 2)
    let request = ScoreRequest(tokens: SmallModel.text(97, 4, vocabulary: 49_152), from: 1)
    var worst = Worst()
    for (value, reference) in zip(try scores(blas, [request])[0], try scores(loaded, [request])[0]) {
      worst.add(Double(value), Double(reference))
    }
    #expect(worst.compared == 96 && worst.difference < 1e-3, "\(worst)")
  }

  @Test("Both rotary styles and an untied head, with every variant")
  func otherShapes() throws {
    var configuration = SmallModel.configuration
    (configuration.ropeStyle, configuration.tied, configuration.qkvBias) = (.halfSplit, false, false)
    let source = try RandomWeights(configuration, seed: 8)
    let decoder = try Decoder(source: source, arithmetic: .ordered, workers: 1)
    let request = ScoreRequest(tokens: SmallModel.text(60, 5), from: 1)
    let expected = try scores(decoder, [request])[0]
    for variant in KernelVariant.allCases where variant.isSupported {
      expectSameBits(
        try scores(Decoder(sharing: decoder, workers: 2, variant: variant), [request])[0], expected, "\(variant)")
    }
    #expect(expected != (try scores(SmallModel.decoder(), [request])[0]))
  }
}
