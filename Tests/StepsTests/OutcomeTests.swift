// From scores and verdicts to numbers, each worked by hand.

import Digests
import Foundation
import JSON
import LanguageModel
import Planning
import Records
import Specification
import Steps
import Testing
import Verification

@Suite struct Choices {
  private let prompt = RenderedPrompt(
    id: id("a"), turns: [Message(.user, "q")], answers: ["green"], options: ["red", "green", "blue"])

  private func chosen(_ scores: [Score], _ normalize: ChoiceEval.Normalization) -> Outcome {
    ChoiceStep.outcome(prompt, Scores(id: id("a"), scores: scores), normalize)
  }

  @Test(arguments: [(ChoiceEval.Normalization.none, "red"), (.tokens, "green"), (.bytes, "blue")])
  func eachNormalizationHasItsWinner(normalize: ChoiceEval.Normalization, winner: String) {
    // Sums -1, -2, -3; a token -1, -0.5, -1.5; a byte -1, -0.5, -0.3.
    let scores = [score([-1], bytes: 1), score([-0.5, -0.5, -0.5, -0.5], bytes: 4), score([-1.5, -1.5], bytes: 10)]
    let outcome = chosen(scores, normalize)
    #expect(outcome.reason == "chose \(winner)")
    #expect(
      outcome
        == Outcome(
          kind: winner == "green" ? "right" : "wrong", value: winner == "green" ? 1 : 0, reason: "chose \(winner)"))
  }

  @Test func anOptionThatCannotBeScoredIsAnError() throws {
    let failed = Score(failure: "too long", byteCount: 900)
    #expect(
      chosen([score([-1]), failed, score([-2])], .none) == Outcome(kind: "error", value: 0, reason: "too long"))
    #expect(
      PerplexityStep.outcomes(of: [Scores(id: id("a"), scores: [failed])]).flatMap(\.outcomes)
        == [Outcome(kind: "error", value: 0, weight: 0, reason: "too long")])
    #expect(try Score(json: failed.json) == failed)
  }

  @Test func charactersAreCountedAsPythonCountsThem() {
    // Sums -6, -7, -7.5 over 5, 7 and 6 Unicode scalars: -1.2, -1, -1.25. By bytes (5, 8, 18) the third would win, by
    // what looks like characters (5, 6, 1) the first.
    let options = ["green", "nai\u{308}ve\u{21}", "👩‍💻\u{FE0F}ab"]
    #expect(options.map { $0.unicodeScalars.count } == [5, 7, 6])
    let prompt = RenderedPrompt(id: id("a"), turns: [], answers: [], options: options)
    let scores = zip([-6, -7, -7.5], options).map { score([$0], bytes: $1.utf8.count) }
    let outcome = ChoiceStep.outcome(prompt, Scores(id: id("a"), scores: scores), .characters)
    #expect(outcome.reason == "chose \(options[1])")
    #expect(
      ChoiceStep.outcome(prompt, Scores(id: id("a"), scores: scores), .bytes).reason == "chose \(options[2])")
  }

  @Test func ofEqualsTheFirstWins() {
    let scores = [score([-2], bytes: 4), score([-1, -1], bytes: 4), score([-0.5, -1.5], bytes: 4)]
    #expect(chosen(scores, .none).reason == "chose red")
    #expect(chosen(scores, .bytes).reason == "chose red")
    #expect(chosen(scores, .tokens).reason == "chose green")
  }

  @Test func anOptionWithoutTokensBreaksNothing() {
    #expect(
      chosen([score([-3], bytes: 3), score([], bytes: 0), score([-1], bytes: 1)], .tokens).reason == "chose green")
  }

  @Test func anyAcceptedAnswerIsRight() {
    let prompt = RenderedPrompt(id: id("a"), turns: [], answers: ["x", "blue"], options: ["red", "blue"])
    let outcome = ChoiceStep.outcome(
      prompt, Scores(id: id("a"), scores: [score([-2], bytes: 3), score([-1], bytes: 4)]), .none)
    #expect(outcome.kind == "right")
  }

  @Test func bytesDecideNotLooks() {
    let prompt = RenderedPrompt(id: id("a"), turns: [], answers: ["e\u{301}"], options: ["\u{E9}", "x"])
    let scores = Scores(id: id("a"), scores: [score([-1], bytes: 2), score([-2], bytes: 1)])
    #expect(ChoiceStep.outcome(prompt, scores, .none).kind == "wrong")
  }

  @Test func anOptionThatLooksLikeALabelIsNoLabel() {
    // The options are the labels in another order: with labels scored, the second is `B.`, which is wrong.
    let labels = RenderedPrompt(
      id: id("a"), turns: [], answers: ["A."], options: ["B.", "A.", "yes"], labels: ["A.", "B.", "C."])
    let second = Scores(id: id("a"), scores: [score([-2], bytes: 2), score([-1], bytes: 2), score([-3], bytes: 2)])
    #expect(ChoiceStep.outcome(labels, second, .none, .letter).kind == "wrong")
    // With texts scored, the second is `A.`, which is right.
    #expect(ChoiceStep.outcome(labels, second, .none, .text).kind == "right")
  }

  @Test func theHarnessChoosesTheSame() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "LanguageModelTests/Fixtures/choice_values.json")
    let items = try JSONValue(parsing: Array(try Data(contentsOf: path)))["items"]?.arrayValue ?? []
    #expect(items.count >= 5)
    for item in items {
      let options = try #require(item["options"]?.arrayValue).compactMap(\.stringValue)
      let sums = try #require(item["sums"]?.arrayValue).compactMap(\.doubleValue)
      let tokens = try #require(item["tokens"]?.arrayValue).compactMap { $0["option"]?.arrayValue?.count }
      try #require(sums.count == options.count && tokens.count == options.count)
      let scores = zip(zip(options, sums), tokens).map { pair, count in
        score(Array(repeating: Float(pair.1 / Double(count)), count: count), bytes: pair.0.utf8.count)
      }
      let prompt = RenderedPrompt(id: id("a"), turns: [], options: options)
      for (name, normalize) in [("acc", ChoiceEval.Normalization.none), ("acc-token", .tokens), ("acc-norm", .bytes)] {
        let winner = options[try #require(item[name]?.integerValue)]
        let outcome = ChoiceStep.outcome(prompt, Scores(id: id("a"), scores: scores), normalize)
        #expect(outcome.reason == "chose \(winner)", "\(name) of \(options)")
      }
    }
  }
}

@Suite struct Perplexities {
  @Test func aRecordIsItsMeanWeighedByItsTokens() {
    let outcomes = PerplexityStep.outcomes(of: [
      Scores(id: id("a"), scores: [score([-1, -3], bytes: 8)]), Scores(id: id("b"), scores: [score([-0.5], bytes: 2)]),
      Scores(id: id("c"), scores: [score([], bytes: 1)]),
    ])
    #expect(
      outcomes == [
        Outcomes(id: id("a"), outcomes: [Outcome(kind: "scored", value: 2, weight: 2)]),
        Outcomes(id: id("b"), outcomes: [Outcome(kind: "scored", value: 0.5, weight: 1)]),
        Outcomes(id: id("c"), outcomes: [Outcome(kind: "empty", value: 0, weight: 0, reason: "no token to score")]),
      ])
    let measured = Measured(eval: "p", kind: "perplexity", coordinates: [], inputs: [], seeds: [outcomes])
    // e to the power (1 + 3 + 0.5) / 3.
    #expect(abs((measured.mean ?? 0) - 4.4816890703380645) < 1e-15 * 8)
    #expect(measured.counts == [.init(kind: "empty", count: 1), .init(kind: "scored", count: 2)])
  }
}

@Suite struct Aggregates {
  private func outcomes(_ values: [Double]) -> [Outcomes] {
    values.enumerated().map {
      Outcomes(id: id("\($0)"), outcomes: [Outcome(kind: $1 == 1 ? "right" : "wrong", value: $1)])
    }
  }

  private func numbers(_ spec: SmallSpec, _ found: [[Double]]) throws -> (numbers: [Measured], work: AggregateWork) {
    let step = try spec.step(.aggregate)
    guard case .aggregate(let work) = step.work else { throw NoSuchStep(kind: .aggregate) }
    try #require(work.measurements.count == found.count)
    let byInput = Dictionary(uniqueKeysWithValues: zip(work.measurements.map(\.input), found))
    return (AggregateStep.numbers(work, sources: sources(step)) { outcomes(byInput[$0.input] ?? []) }, work)
  }

  private func sources(_ step: Step) -> [String: OutputReference] {
    Dictionary(uniqueKeysWithValues: step.inputs.map { ($0.name, $0.source) })
  }

  @Test func whatIsMeasuredOnceCountsOnce() throws {
    let spec = SmallSpec(
      isMixed: true, evals: ["accuracy: {accuracy: {on: heldout, max-new-tokens: 4, temperature: 0, by: all}}"])
    let step = try spec.step(.aggregate)
    guard case .aggregate(let work) = step.work else { throw NoSuchStep(kind: .aggregate) }
    let first = try #require(step.inputs.first?.source)
    let same = Dictionary(uniqueKeysWithValues: step.inputs.map { ($0.name, first) })
    #expect(same.count == 2)
    let numbers = AggregateStep.numbers(work, sources: same) { _ in outcomes([1, 0, 0, 0]) }
    #expect(numbers.map(\.records) == [4])
    #expect(numbers.map(\.inputs) == [[work.measurements[0].input]])
    #expect(numbers[0].counts == [.init(kind: "right", count: 1), .init(kind: "wrong", count: 3)])
  }

  @Test func seedsBecomeOneNumber() throws {
    let spec = SmallSpec(
      evals: ["accuracy: {accuracy: {on: data/heldout, max-new-tokens: 4, temperature: 0.5}}"],
      extra: ["seeds: {values: [1, 2, 3], vary: [generation]}"])
    let (numbers, work) = try numbers(spec, [[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 1]])
    #expect(work.measurements.map { $0.coordinates["seed"] } == ["1", "2", "3"])
    try #require(numbers.count == 1)
    #expect(numbers[0].seeds == [0.5, 1, 0.75])
    #expect(numbers[0].mean == 0.75)
    #expect(numbers[0].spread == 0.25)
    #expect(numbers[0].records == 4)
    #expect(numbers[0].coordinates.isEmpty)
    #expect(numbers[0].inputs == work.measurements.map(\.input))
    #expect(numbers[0].counts == [.init(kind: "right", count: 9), .init(kind: "wrong", count: 3)])
  }

  @Test func partsWithoutAnAxisArePooled() throws {
    let spec = SmallSpec(
      isMixed: true, evals: ["accuracy: {accuracy: {on: heldout, max-new-tokens: 4, temperature: 0, by: all}}"])
    let (numbers, _) = try numbers(spec, [[1, 1, 1, 0], [0, 0]])
    try #require(numbers.count == 1)
    // Records count alike whichever part they come from.
    #expect(numbers[0].mean == 0.5)
    #expect(numbers[0].records == 6)
    #expect(numbers[0].seeds == [0.5])
  }

  @Test func evalsStandApart() throws {
    let spec = SmallSpec(
      evals: [
        "one: {accuracy: {on: data/heldout, max-new-tokens: 4, temperature: 0}}",
        "two: {accuracy: {on: data/heldout, max-new-tokens: 5, temperature: 0}}",
      ])
    let (numbers, _) = try numbers(spec, [[1, 0], [0, 0]])
    #expect(numbers.map(\.eval) == ["one", "two"])
    #expect(numbers.map(\.mean) == [0.5, 0])
    #expect(numbers.map(\.spread) == [nil, nil])
  }

  @Test func armsAndDataSetsAreCoordinates() throws {
    let warm = "{evals: {accuracy: {accuracy: {temperature: 0.5}}}}"
    let spec = SmallSpec(
      isMixed: true, evals: ["accuracy: {accuracy: {on: heldout, by: dataset, max-new-tokens: 4, temperature: 0}}"],
      extra: ["ablations: {heat: {cold: {}, warm: \(warm)}}"])
    let (numbers, _) = try numbers(spec, [[1], [0], [1, 0], [1, 1]])
    #expect(
      numbers.map { $0.coordinates.map { "\($0.axis)=\($0.value)" } } == [
        ["heat=cold", "dataset=data"], ["heat=cold", "dataset=other"], ["heat=warm", "dataset=data"],
        ["heat=warm", "dataset=other"],
      ])
    #expect(numbers.map(\.mean) == [1, 0, 0.5, 1])
  }
}

@Suite struct VerifierMappings {
  private func engine(_ verifier: String) throws -> Verification.Verifier {
    guard
      case .verify(let work) = try SmallSpec(answer: "{from: \"{answer}\", verifier: \(verifier)}").step(.verify).work
    else {
      throw NoSuchStep(kind: .verify)
    }
    return work.verifier.engine
  }

  @Test func everyVerifierIsItself() throws {
    #expect(try engine("exact") == .exact(ignore: []))
    #expect(
      try engine("{exact: {ignore: [space, period, case, punctuation]}}")
        == .exact(ignore: [.space, .period, .case, .punctuation]))
    #expect(try engine("choice") == .choice)
    #expect(try engine("number") == .number(tolerance: ExactNumber(0), words: true))
    #expect(
      try engine("{number: {tolerance: 0.25, words: false}}")
        == .number(tolerance: try #require(ExactNumber(0.25)), words: false))
    #expect(try engine("sorted-words") == .sortedWords)
    #expect(try engine("multiset") == .multiset)
    #expect(try engine("{regex: {pattern: 'a(b)c'}}") == .regex(pattern: "a(b)c"))
    #expect(try engine("{contains: {ignore: [case]}}") == .contains(ignore: [.case]))
    let whole = "{format: {min-words: 2, max-words: 9, max-lines: 3, starts-with: a, ends-with: z, json: true}}"
    #expect(
      try engine(whole)
        == .constraints(
          Constraints(words: .init(least: 2, most: 9), lines: .init(most: 3), start: "a", end: "z", isJSON: true)))
    let words = "{format: {min-lines: 1, min-characters: 2, max-characters: 80, keywords: [a, b c], forbidden: [d]}}"
    #expect(
      try engine(words)
        == .constraints(
          Constraints(
            characters: .init(least: 2, most: 80), lines: .init(least: 1), keywords: ["a", "b c"], forbidden: ["d"])))
    #expect(try engine("{format: {case: upper}}") == .constraints(Constraints(letterCase: .upper)))
    #expect(try engine("{format: {case: lower}}") == .constraints(Constraints(letterCase: .lower)))
    #expect(try engine("{format: {max-lines: 1}}") == .constraints(Constraints(lines: .init(most: 1))))
  }
}

@Suite struct ScoredTokens {
  /// What is scored after what, with a tokenizer whose tokens are bytes.
  private func request(_ text: String, after prompt: String, turns: String) throws -> (before: String, scored: String) {
    let spec = SmallSpec(
      evals: ["surprise: {perplexity: {on: data/heldout, prompt: \"{question}\", response: \"{answer}\"}}"],
      turns: turns)
    guard case .score(let work) = try spec.step(.score).work else { throw NoSuchStep(kind: .score) }
    let rendered = RenderedPrompt(id: id("a"), turns: [Message(.user, prompt)], texts: ["response": text])
    let request = ScoreRequests(work, .byteLevel).request(rendered, text)
    func decoded(_ tokens: ArraySlice<TokenID>) -> String {
      Tokenizer.byteLevel.decode(Array(tokens), skippingSpecial: false)
    }
    return (decoded(request.tokens[..<request.from]), decoded(request.tokens[request.from...]))
  }

  @Test(arguments: [
    ("Paris", "The capital is", "The capital is", " Paris"), (" Paris", "The capital is", "The capital is", " Paris"),
    ("Paris", "The capital is ", "The capital is", " Paris"),
    ("Paris", "The capital is\n", "The capital is", "\nParis"),
    ("\nParis", "The capital is", "The capital is", "\nParis"),
  ])
  func rawTextIsSeparatedByOneSpace(text: String, prompt: String, before: String, scored: String) throws {
    let found = try request(text, after: prompt, turns: "raw")
    #expect(found.before == before)
    #expect(found.scored == scored)
  }

  @Test func afterTurnsTheTextStandsAsItIs() throws {
    let found = try request("Paris", after: "Where?", turns: "chatml")
    #expect(found.before + found.scored == "<|im_start|>user\nWhere?<|im_end|>\n<|im_start|>assistant\nParis")
    #expect(found.scored.hasSuffix("Paris"))
  }

  @Test func aPlainTextBeginsAtItsSecondToken() throws {
    let spec = SmallSpec(evals: ["surprise: {perplexity: {on: data/heldout, text: \"{question}\"}}"])
    guard case .score(let work) = try spec.step(.score).work else { throw NoSuchStep(kind: .score) }
    let request = ScoreRequests(work, .byteLevel).request(RenderedPrompt(id: id("a"), turns: []), "abc")
    #expect(request == ScoreRequest(tokens: Tokenizer.byteLevel.encode("abc"), from: 1))
    #expect(request.tokens.count == 3)
  }
}
