// Scoring: what is scored, in which order, with common beginnings, long texts, and stopping.

import Diagnostics
import LanguageModel
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

@Suite("Scoring")
struct ScoringTests {
  @Test("Log-probabilities are those of the logits")
  func definition() throws {
    let decoder = try SmallModel.decoder()
    let text = SmallModel.text(20, 1)
    let rows = try decoder.logits(text, at: Array(0..<19))
    let found = try scores(decoder, [ScoreRequest(tokens: text, from: 1)])[0]
    for (position, row) in rows.enumerated() {
      let largest = Double(row.max() ?? 0)
      let sum = row.reduce(0.0) { $0 + exp(Double($1) - largest) }
      let exact = Double(row[Int(text[position + 1].rawValue)]) - largest - log(sum)
      #expect(abs(Double(found[position]) - exact) < 1e-5, "position \(position)")
    }
  }

  @Test("Logits at any positions, in any order")
  func positions() throws {
    let decoder = try SmallModel.decoder()
    let text = SmallModel.text(600, 2)
    let all = try decoder.logits(text, at: Array(0..<600))
    let some = try decoder.logits(text, at: [599, 0, 511, 512, 0])
    for (found, position) in zip(some, [599, 0, 511, 512, 0]) {
      expectSameBits(found, all[position], "position \(position)")
    }
    expectSameBits(try decoder.logits(Array(text.prefix(101)), at: [100])[0], all[100], "a beginning alone")
  }

  @Test("From any token on: the same numbers, fewer of them", arguments: [1, 2, 30, 59, 60])
  func from(_ first: Int) throws {
    let decoder = try SmallModel.decoder(workers: 2)
    let text = SmallModel.text(60, 3)
    let found = try scores(decoder, [ScoreRequest(tokens: text, from: first)])[0]
    expectSameBits(
      found, Array(try scores(decoder, [ScoreRequest(tokens: text, from: 1)])[0].dropFirst(first - 1)), "from \(first)")
  }

  @Test("Common beginnings change no bit", arguments: [1, 2])
  func commonBeginnings(workers: Int) throws {
    let decoder = try SmallModel.decoder(workers: workers)
    var requests: [ScoreRequest] = []
    for (length, answers) in [(10, 4), (45, 5), (200, 4), (300, 3)] {
      let prompt = SmallModel.text(length, UInt64(length))
      for answer in 0..<answers {
        let text = prompt + SmallModel.text(1 + 3 * answer, UInt64(answer))
        requests.append(ScoreRequest(tokens: text, from: answer == 2 ? length / 2 : length))
      }
      requests.append(ScoreRequest(tokens: prompt, from: length))
    }
    let together = try scores(decoder, requests)
    for (index, request) in requests.enumerated() {
      expectSameBits(together[index], try scores(decoder, [request])[0], "request \(index)")
    }
  }

  @Test("A text longer than one pass has the bits of its beginning")
  func longText() throws {
    let decoder = try SmallModel.decoder(workers: 2)
    let text = SmallModel.text(700, 4)
    let found = try scores(decoder, [ScoreRequest(tokens: text, from: 1)])[0]
    #expect(found.count == 699)
    for length in [400, 513] {
      let part = try scores(decoder, [ScoreRequest(tokens: Array(text.prefix(length)), from: 1)])[0]
      expectSameBits(Array(found.prefix(length - 1)), part, "the first \(length)")
    }
    let late = try scores(decoder, [ScoreRequest(tokens: text, from: 600)])[0]
    expectSameBits(late, Array(found.dropFirst(599)), "from 600")
  }

  @Test("Results come in order, and false stops")
  func stopping() throws {
    let decoder = try SmallModel.decoder(workers: 2)
    let requests = (0..<30).map { ScoreRequest(tokens: SmallModel.text(40 + $0, UInt64($0)), from: 1) }
    var seen: [Int] = []
    try decoder.score(requests) { index, _ in
      seen.append(index)
      return index < 11
    }
    #expect(seen == Array(0...11))
    try decoder.score([]) { _, _ in
      Issue.record("nothing was asked for")
      return true
    }
  }

  @Test("What makes no sense is refused before anything runs")
  func errors() throws {
    let decoder = try SmallModel.decoder()
    let good = ScoreRequest(tokens: SmallModel.text(5, 1), from: 1)
    func fault(_ request: ScoreRequest) throws -> DecoderError? {
      do {
        try decoder.score([good, request]) { _, _ in
          Issue.record("nothing may run")
          return true
        }
        return nil
      } catch let error as DecoderError { return error }
    }
    #expect(try fault(ScoreRequest(tokens: [], from: 1)) == .emptySequence(request: 1))
    #expect(
      try fault(ScoreRequest(tokens: SmallModel.text(701, 1), from: 1))
        == .exceedsContext(request: 1, tokens: 701, context: 700))
    #expect(
      try fault(ScoreRequest(tokens: [TokenID(1), TokenID(2311)], from: 1))
        == .tokenOutOfRange(request: 1, position: 1, token: TokenID(2311), vocabulary: 2311))
    #expect(
      try fault(ScoreRequest(tokens: [TokenID(-1)], from: 1))
        == .tokenOutOfRange(request: 1, position: 0, token: TokenID(-1), vocabulary: 2311))
    for from in [0, 6, -1] {
      #expect(
        try fault(ScoreRequest(tokens: good.tokens, from: from))
          == .positionOutOfRange(request: 1, position: from, allowed: 1..<6))
    }
    #expect(
      throws: DecoderError.positionOutOfRange(request: 0, position: 5, allowed: 0..<5)
    ) { try decoder.logits(good.tokens, at: [5]) }
    let told = DecoderError.exceedsContext(request: 3, tokens: 9, context: 8).text()
    #expect(
      told == """
        error: sequence 3 has 9 tokens, the model's context has 8
          → shorten the text, or drop records that are too long.
        """)
  }
}
