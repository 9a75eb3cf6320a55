// The real model against PyTorch and Transformers: logits, log-probabilities, greedy text, scores of choices.
// Every element is compared; the worst one is printed.

import JSON
import LanguageModel
import Randomness
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The worst difference of two lists and where it is.
struct Worst: CustomStringConvertible {
  private(set) var difference = 0.0
  private(set) var index = -1
  private(set) var compared = 0

  mutating func add(_ found: Double, _ expected: Double) {
    // Not a number is the greatest difference.
    let gap = abs(found - expected)
    if !(gap <= difference) { (difference, index) = (gap.isNaN ? .infinity : gap, compared) }
    compared += 1
  }

  var description: String { "worst of \(compared): \(difference) at \(index)" }
}

/// The model is loaded once for all tests of this file.
enum ReferenceModel {
  static let loaded = Result {
    try LoadedModel.load(try .at(try Reference.modelPath()), arithmetic: .ordered, workers: 2)
  }

  static func get() throws -> LoadedModel { try loaded.get() }
}

@Suite("The model against the reference", .serialized)
struct ReferenceModelTests {
  static let tolerance = 1e-3

  @Test("Log-probabilities of every next token")
  func logProbabilities() throws {
    let model = try ReferenceModel.get()
    let sequences = try Reference.fixture("model_values.json").list("sequences")
    #expect(sequences.count == 11)
    #expect(try sequences.map { try $0.tokens("ids").count }.max() ?? 0 > 700)
    var requests: [ScoreRequest] = []
    for sequence in sequences {
      let tokens = try sequence.tokens("ids")
      #expect(model.tokenizer.encode([.template(try sequence.text("text"))]) == tokens)
      requests.append(ScoreRequest(tokens: tokens, from: 1))
    }
    var worst = Worst()
    try model.decoder.score(requests) { index, found in
      let expected = try sequences[index].numbers("next")
      #expect(found.count == expected.count)
      for (value, reference) in zip(found, expected) { worst.add(Double(value), reference) }
      return true
    }
    #expect(worst.compared > 900 && worst.difference < Self.tolerance, "\(worst)")
  }

  @Test("Logits: the twenty highest, three hundred fixed places, and the sum of their exponentials")
  func logits() throws {
    let model = try ReferenceModel.get()
    let fixture = try Reference.fixture("model_values.json")
    let positions = try fixture.integers("positions")
    var worst = Worst()
    for sequence in try fixture.list("sequences") {
      let entries = try sequence.list("logits")
      let places = try entries.map { try #require(try $0.member("place").integerValue) }
      let rows = try model.decoder.logits(try sequence.tokens("ids"), at: places)
      for (row, entry) in zip(rows, entries) {
        for (position, expected) in zip(positions, try entry.numbers("fixed")) {
          worst.add(Double(row[position]), expected)
        }
        let top = try entry.list("top").map { try #require($0.arrayValue) }
        #expect(top.count == 20)
        for pair in top {
          worst.add(Double(row[try #require(pair[0].integerValue)]), try #require(pair[1].doubleValue))
        }
        let last = try #require(top.last?[1].doubleValue)
        let higher = row.indices.filter { Double(row[$0]) > last + Self.tolerance }
        #expect(Set(higher).isSubset(of: Set(top.compactMap { $0[0].integerValue })))
        worst.add(Self.logSum(row), try #require(try entry.member("log-sum").doubleValue))
      }
    }
    #expect(worst.compared > 6000 && worst.difference < Self.tolerance, "\(worst)")
  }

  @Test("Greedy text, token for token up to the first near tie")
  func greedy() throws {
    let model = try ReferenceModel.get()
    let items = try Reference.fixture("model_values.json").list("greedy")
    #expect(items.count == 8)
    let ends = [TokenID(2)]
    var requests: [GenerationRequest] = []
    for item in items {
      let segments = ChatFormat.chatml.render(
        [ChatTurn(.user, try item.text("prompt"))],
        system: "You are a helpful AI assistant named SmolLM, trained by Hugging Face", ending: .generationPrompt)
      let prompt = model.tokenizer.encode(segments)
      #expect(prompt == (try item.tokens("ids")))
      requests.append(
        GenerationRequest(
          prompt: prompt, maxNewTokens: 64, endTokens: ends, sampling: .greedy,
          random: RandomAddress(seed: 0, purpose: .sampling)))
    }
    var finished = 0
    try model.decoder.generate(requests, batch: 4) { index, generation in
      finished += 1
      let expected = try items[index].tokens("greedy")
      let gaps = try items[index].numbers("gaps")
      let certain = gaps.firstIndex { $0 < Self.tolerance } ?? gaps.count
      #expect(certain == expected.count, "the reference has a near tie; choose another prompt")
      #expect(generation.tokens.filter { $0 != ends[0] } == expected.filter { $0 != ends[0] })
      #expect((generation.finish == .stop) == (expected.last == ends[0]))
      let text = model.tokenizer.decode(generation.tokens, skippingSpecial: true)
      #expect(text.isSame(try items[index].text("text")))
      return true
    }
    #expect(finished == items.count)
  }

  @Test("Choices: sums, means and winners as in lm-evaluation-harness")
  func choices() throws {
    let model = try ReferenceModel.get()
    var worst = Worst()
    for item in try Reference.fixture("choice_values.json").list("items") {
      let context = try item.text("context")
      let options = try item.list("options").map { try #require($0.stringValue) }
      let delimiter = try item.text("delimiter")
      let pairs = options.map {
        model.tokenizer.encode(context: [.data(context)], continuation: [.data(delimiter + $0)])
      }
      var sums = [Double](repeating: .nan, count: options.count)
      let requests = pairs.map { ScoreRequest(tokens: $0.context + $0.continuation, from: $0.context.count) }
      try model.decoder.score(requests) { index, found in
        sums[index] = found.reduce(0) { $0 + Double($1) }
        return true
      }
      let perToken = zip(sums, pairs).map { $0 / Double($1.continuation.count) }
      let perByte = zip(sums, options).map { $0 / Double($1.utf8.count) }
      for (key, values) in [("sums", sums), ("per-token", perToken), ("per-byte", perByte)] {
        for (value, expected) in zip(values, try item.numbers(key)) { worst.add(value, expected) }
      }
      for (key, values) in [("acc", sums), ("acc-token", perToken), ("acc-norm", perByte)] {
        let best = values.indices.max { values[$0] < values[$1] }
        #expect(best == (try item.member(key).integerValue), "\(key) of \(context)")
      }
    }
    #expect(worst.compared == 180 && worst.difference < Self.tolerance, "\(worst)")
  }

  private static func logSum(_ row: [Float]) -> Double {
    let highest = Double(row.max() ?? 0)
    return highest + log(row.reduce(0.0) { $0 + exp(Double($1) - highest) })
  }
}
