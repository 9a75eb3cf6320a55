// Generation: greedy and sampled, ends, limits, batches, common beginnings, and what it says of probabilities.

import LanguageModel
import Randomness
import Synchronization
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

@Suite("Generation")
struct GenerationTests {
  private func request(
    _ prompt: [TokenID], _ count: Int, sampling: Sampling = .greedy, ends: [TokenID] = [], seed: UInt64 = 1,
    shouldStop: (@Sendable ([TokenID]) -> Bool)? = nil
  ) -> GenerationRequest {
    GenerationRequest(
      prompt: prompt, maxNewTokens: count, endTokens: ends, sampling: sampling,
      random: RandomAddress(seed: seed, purpose: .sampling), shouldStop: shouldStop)
  }

  @Test("Greedy is the largest logit again and again, and its log-probabilities are the scores")
  func greedy() throws {
    let decoder = try SmallModel.decoder(workers: 2)
    let prompt = SmallModel.text(13, 1)
    let found = try continuations(decoder, [request(prompt, 12)], batch: 1)[0]
    var text = prompt
    for _ in 0..<12 {
      let row = try decoder.logits(text, at: [text.count - 1])[0]
      text.append(TokenID(row.indices.max { row[$0] < row[$1] || (row[$0] == row[$1] && $0 > $1) } ?? 0))
    }
    #expect(found.tokens == Array(text.dropFirst(13)) && found.finish == .length)
    expectSameBits(found.logProbs, try scores(decoder, [ScoreRequest(tokens: text, from: 13)])[0], "log-probabilities")
  }

  @Test("Batches, workers and common beginnings change nothing", arguments: [1, 2, 4])
  func batches(workers: Int) throws {
    let decoder = try SmallModel.decoder(workers: workers)
    var requests: [GenerationRequest] = []
    let shared = SmallModel.text(120, 2)
    for index in 0..<11 {
      let prompt = index % 3 == 0 ? shared : shared.prefix(20 * index) + SmallModel.text(5, UInt64(index))
      let sampling = Sampling(temperature: 0.3 * Double(index % 4), topK: index % 2 == 0 ? 50 : nil)
      requests.append(request(prompt, index * 2, sampling: sampling, seed: UInt64(index)))
    }
    requests.append(request(SmallModel.text(650, 3), 100))
    requests.append(request(SmallModel.text(650, 3), 3, sampling: Sampling(temperature: 1)))
    let single = try SmallModel.decoder()
    let expected = try requests.map { try continuations(single, [$0], batch: 1)[0] }
    #expect(expected[0].tokens.isEmpty && expected[10].tokens.count == 20 && expected[11].tokens.count == 50)
    #expect(expected.allSatisfy { $0.finish == .length })
    for batch in [1, 2, 5, 32] {
      let found = try continuations(decoder, requests, batch: batch)
      for (index, pair) in zip(found, expected).enumerated() {
        #expect(pair.0.isSame(pair.1), "request \(index), batch \(batch)")
      }
    }
  }

  @Test("An end token ends the text and is left out; its log-probability stays")
  func endToken() throws {
    let decoder = try SmallModel.decoder()
    let prompt = SmallModel.text(9, 4)
    let free = try continuations(decoder, [request(prompt, 8)], batch: 1)[0]
    let end = free.tokens[4]
    let place = try #require(free.tokens.firstIndex(of: end))
    let ended = try continuations(decoder, [request(prompt, 8, ends: [TokenID(0), end])], batch: 1)[0]
    #expect(ended.finish == .stop && ended.tokens == Array(free.tokens.prefix(place)))
    expectSameBits(ended.logProbs, Array(free.logProbs.prefix(place + 1)), "log-probabilities")
  }

  @Test("The caller can end a text by what it says")
  func shouldStop() throws {
    let decoder = try SmallModel.decoder(workers: 2)
    let prompt = SmallModel.text(9, 5)
    let asked = Mutex(0)
    let found = try continuations(
      decoder,
      [
        request(prompt, 8) { tokens in
          asked.withLock { $0 += 1 }
          return tokens.count == 3
        }
      ], batch: 4)[0]
    #expect(found.finish == .stop && found.tokens.count == 3 && found.logProbs.count == 3)
    #expect(asked.withLock { $0 } == 3)
  }

  @Test("The context is the end, and a prompt beyond it is refused")
  func context() throws {
    let decoder = try SmallModel.decoder()
    let full = try continuations(
      decoder, [request(SmallModel.text(700, 6), 5), request(SmallModel.text(698, 6), 5)], batch: 2)
    #expect(full[0].tokens.isEmpty && full[0].finish == .length)
    #expect(full[1].tokens.count == 2 && full[1].finish == .length)
    #expect(throws: DecoderError.exceedsContext(request: 0, tokens: 701, context: 700)) {
      try decoder.generate([request(SmallModel.text(701, 6), 5)], batch: 1) { _, _ in true }
    }
    #expect(throws: DecoderError.emptySequence(request: 0)) {
      try decoder.generate([request([], 5)], batch: 1) { _, _ in true }
    }
  }

  @Test("False stops everything")
  func stopping() throws {
    let decoder = try SmallModel.decoder(workers: 2)
    var seen = 0
    try decoder.generate((0..<20).map { request(SmallModel.text(6, UInt64($0)), 4) }, batch: 3) { _, _ in
      seen += 1
      return seen < 4
    }
    #expect(seen == 4)
  }

  @Test("Another seed or sample gives another text, the same one the same")
  func seeds() throws {
    let decoder = try SmallModel.decoder()
    let prompt = SmallModel.text(10, 7)
    func text(_ seed: UInt64, _ sample: UInt64) throws -> [TokenID] {
      let random = RandomAddress(seed: seed, purpose: .sampling, sample: sample)
      return try continuations(
        decoder,
        [
          GenerationRequest(
            prompt: prompt, maxNewTokens: 10, endTokens: [], sampling: Sampling(temperature: 1), random: random)
        ], batch: 1)[0].tokens
    }
    #expect(try text(1, 0) == text(1, 0))
    #expect(try text(1, 0) != text(2, 0))
    #expect(try text(1, 0) != text(1, 1))
  }
}

@Suite("Sampling")
struct SamplingTests {
  @Test(arguments: [1e-30, 1e-44, 1e-46, 1e-300])
  func atTinyTemperaturesTheLikeliestTokenIsTaken(temperature: Double) {
    let logits: [Float] = [-3, 0.5, 2, 1.9999999, -40]
    for uniform in [0, 0.5, 0.999999] {
      let chosen = logits.withUnsafeBufferPointer { Sampling(temperature: temperature).choose($0, uniform: uniform) }
      #expect(chosen == 2)
    }
  }

  /// Probabilities 0.4, 0.3, 0.2, 0.1 at tokens 3, 0, 4, 1; token 2 is impossible.
  private let logits: [Float] = [-1.2039728, -2.3025851, -.infinity, -0.9162907, -1.6094379]

  private func choose(_ sampling: Sampling, _ uniform: Double, _ logits: [Float]? = nil) -> Int {
    (logits ?? self.logits).withUnsafeBufferPointer { sampling.choose($0, uniform: uniform) }
  }

  @Test("Greedy takes the largest, the first of equals")
  func greedy() {
    #expect(choose(.greedy, 0.999) == 3)
    #expect(choose(.greedy, 0.5, [1, 7, 7, 0]) == 1)
  }

  @Test("One draw walks down the likelihoods")
  func temperatureOne() {
    let sampling = Sampling(temperature: 1)
    let draws = [(0.0, 3), (0.399, 3), (0.401, 0), (0.699, 0), (0.701, 4), (0.899, 4), (0.901, 1), (0.999999, 1)]
    for (uniform, token) in draws { #expect(choose(sampling, uniform) == token, "\(uniform)") }
  }

  @Test("Temperature sharpens and flattens")
  func temperatures() {
    // At 1/2 the weights are squared: 16, 9, 4, 1 of 30. At 2 they are square roots.
    #expect(choose(Sampling(temperature: 0.5), 15.9 / 30) == 3 && choose(Sampling(temperature: 0.5), 16.1 / 30) == 0)
    #expect(choose(Sampling(temperature: 0.5), 28.9 / 30) == 4 && choose(Sampling(temperature: 0.5), 29.1 / 30) == 1)
    let total = 0.4.squareRoot() + 0.3.squareRoot() + 0.2.squareRoot() + 0.1.squareRoot()
    let first = 0.4.squareRoot() / total
    #expect(
      choose(Sampling(temperature: 2), first - 0.001) == 3 && choose(Sampling(temperature: 2), first + 0.001) == 0)
  }

  @Test("Filters cut the tail and the rest is drawn from")
  func filters() {
    // Two are kept: 4/7 and 3/7.
    let two = [
      Sampling(temperature: 1, topK: 2), Sampling(temperature: 1, topP: 0.65), Sampling(temperature: 1, minP: 0.7),
      Sampling(temperature: 1, topK: 3, topP: 0.7), Sampling(temperature: 1, topK: 2, topP: 1, minP: 0.1),
    ]
    for sampling in two {
      #expect(choose(sampling, 4.0 / 7 - 0.001) == 3, "\(sampling)")
      #expect(choose(sampling, 4.0 / 7 + 0.001) == 0 && choose(sampling, 0.999999) == 0, "\(sampling)")
    }
    for sampling in [
      Sampling(temperature: 1, topK: 1), Sampling(temperature: 1, topP: 0.01), Sampling(temperature: 1, minP: 1),
    ] {
      #expect(choose(sampling, 0.999999) == 3, "\(sampling)")
    }
    #expect(choose(Sampling(temperature: 1, topK: 100), 0.95) == 1)
  }

  @Test("Frequencies are the probabilities, over a large vocabulary and in every variant")
  func frequencies() {
    var stream = RandomStream(RandomAddress(seed: 5, purpose: .sampling))
    let logits = (0..<5000).map { _ in Float(stream.uniform() * 8) }
    let sampling = Sampling(temperature: 0.7)
    let draws = 4000
    var mass = 0.0
    let weights = logits.map { Double($0) / 0.7 }
    let largest = weights.max() ?? 0
    let total = weights.reduce(0.0) { $0 + exp($1 - largest) }
    let likely = Set(logits.indices.filter { logits[$0] > 7.5 })
    for token in likely { mass += exp(weights[token] - largest) / total }
    var hits = 0
    for _ in 0..<draws {
      let uniform = stream.uniform()
      let choices = KernelVariant.allCases.filter(\.isSupported).map { variant in
        logits.withUnsafeBufferPointer { sampling.choose($0, uniform: uniform, variant: variant) }
      }
      #expect(Set(choices).count == 1)
      if likely.contains(choices[0]) { hits += 1 }
    }
    let deviation = (mass * (1 - mass) / Double(draws)).squareRoot()
    #expect(abs(Double(hits) / Double(draws) - mass) < 4 * deviation, "\(hits) hits, \(mass) expected")
  }
}
