// The tokens of prompts and responses: worked out by hand with the tokenizer of bytes, and on a real vocabulary held
// against the conversation written as one text.

import Digests
import Foundation
import LanguageModel
import Planning
import Randomness
import Records
import Specification
import Steps
import Tensors
import Testing

@Suite struct ResponseEncodings {
  private let turns = [Message(.user, "Hi")]

  /// The bytes of a text as tokens; `^` is `<|im_start|>` and `$` is `<|im_end|>`.
  private func tokens(_ text: String) -> [TokenID] {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "^"): TokenID(rawValue: 257)
      case UInt8(ascii: "$"): TokenID(rawValue: 258)
      default: TokenID(rawValue: Int32(byte))
      }
    }
  }

  @Test(arguments: [
    (said("3"), "3$"), (said("3", .length), "3"), (said(""), "$"), (said("", .length), ""), (said(" 3\n"), " 3\n$"),
    (said("é"), "é$"),
  ])
  func chatmlEndsItsTurnAfterAStop(response: Response, after: String) throws {
    let (found, from) = try SmallSpec().encoder().encode(turns: turns, response: response)
    #expect(found == tokens("^user\nHi$\n^assistant\n" + after))
    #expect(from == tokens("^user\nHi$\n^assistant\n").count)
  }

  @Test func aCutResponseFitsAndEndsWithAWholeCharacter() throws {
    let encoder = try SmallSpec().encoder()
    let prompt = tokens("^user\nHi$\n^assistant\n").count
    func cut(_ response: Response, _ room: Int) -> Response {
      encoder.cut(response, turns: turns, toFit: prompt + room)
    }
    #expect(cut(said("abc"), 4) == said("abc"))
    #expect(cut(said("abc"), 3) == Response(text: "abc", finish: .length, tokens: 0))
    #expect(cut(said("abc"), 2) == Response(text: "ab", finish: .length, tokens: 0))
    // é has two bytes, each a token here.
    #expect(cut(said("aé"), 2) == Response(text: "a", finish: .length, tokens: 0))
    for room in [0, -5] { #expect(cut(said("abc"), room) == Response(text: "", finish: .length, tokens: 0)) }
  }

  @Test func markersInAResponseAreText() throws {
    let (found, from) = try SmallSpec().encoder().encode(turns: turns, response: said("<|im_end|>", .length))
    #expect(found[from...].elementsEqual("<|im_end|>".utf8.map { TokenID(rawValue: Int32($0)) }))
  }

  @Test(arguments: [
    ("raw", "Hi", "3"), ("human-assistant", "\n\nHuman: Hi\n\nAssistant:", " 3"),
    (
      #"{custom: {user: {prefix: "U:", suffix: "\n"}, assistant: {prefix: "A: ", suffix: "<|im_end|>\n"}}}"#,
      "U:Hi\nA:", " 3$"
    ),
    (
      #"{custom: {user: {prefix: "U:", suffix: "\n"}, assistant: {prefix: "A: ", suffix: "END\n"}}}"#,
      "U:Hi\nA:", " 3"
    ),
  ])
  func everyFormatHasItsOwn(turns format: String, prompt: String, after: String) throws {
    let (found, from) = try SmallSpec(turns: format).encoder().encode(turns: turns, response: said("3"))
    #expect(found == tokens(prompt + after))
    #expect(from == prompt.utf8.count)
  }

  @Test func nothingBeforeAResponse() throws {
    let encoder = try SmallSpec(turns: "raw").encoder()
    // The first token has nothing before it and cannot be scored.
    #expect(encoder.encode(turns: [], response: said("abc")).from == 1)
    #expect(encoder.encode(turns: [], response: said("")).tokens.isEmpty)
    let (tokens, from) = encoder.encode(turns: turns, response: said(""))
    #expect(tokens.count == from)
  }

  @Test func tokensAreCountedAnew() throws {
    let encoder = try SmallSpec().encoder()
    #expect(!encoder.isRetokenized(said("abc", .stop, tokens: 4)))
    #expect(encoder.isRetokenized(said("abc", .stop, tokens: 3)))
    #expect(!encoder.isRetokenized(said("abc", .length, tokens: 3)))
    // Two bytes of a character of three: the text has a replacement character, which is three bytes.
    #expect(encoder.isRetokenized(said("a\u{FFFD}", .length, tokens: 3)))
    #expect(!encoder.isRetokenized(said("abc", .stop, tokens: 0)))
    // A text ended this response; how many tokens the text had is not known.
    #expect(!(try SmallSpec(turns: "human-assistant").encoder().isRetokenized(said("abc", .stop, tokens: 9))))
  }

  @Test func theWholeConversationHasTheSameTokens() throws {
    let path = try #require(
      ProcessInfo.processInfo.environment["RUNNER_TEST_MODEL"], "RUNNER_TEST_MODEL must name the GGUF file")
    let tokenizer = try ModelFiles.at(path).tokenizer()
    let use = try SmallSpec().use()
    let encoder = ResponseEncoder(use, tokenizer)
    for text in ["3", "There are 12 of them.", "def f(x):\n  return x", "naïve — “quoted” 🙂", "A\n\nB", "1,234.5"] {
      for isStopped in [true, false] {
        let (tokens, from) = encoder.encode(turns: turns, response: said(text, isStopped ? .stop : .length))
        let whole = use.chatFormat.render(
          [ChatTurn(.user, "Hi")], ending: .response(text, finished: isStopped))
        #expect(tokens == tokenizer.encode(whole), "\(text)")
        #expect(Array(tokens[..<from]) == tokenizer.encode(use.segments(of: asking("").with(turns))), "\(text)")
        #expect(tokenizer.decode(Array(tokens[from...]), skippingSpecial: true) == text)
      }
    }
    // A line end at the front: the model reads one after `assistant` and writes the other.
    let (tokens, from) = encoder.encode(turns: turns, response: said("\nA", .length))
    #expect(tokens == Array(tokens[..<from]) + tokenizer.encode("\nA"))
  }
}

@Suite struct WrittenResponses {
  @Test func aResponseHasTheTokensAndNumbersThatItWasWrittenWith() throws {
    let path = try #require(
      ProcessInfo.processInfo.environment["RUNNER_TEST_MODEL"], "RUNNER_TEST_MODEL must name the GGUF file")
    let model = try LoadedModel.load(ModelFiles.at(path), arithmetic: .ordered, workers: 2)
    let use = try SmallSpec().use()
    let encoder = ResponseEncoder(use, model.tokenizer)
    let turns = ["How many legs has a dog? Say only the number.", "Say hello.", "List three colors."]
      .map { [Message(.user, $0)] }
    let requests = turns.map { turns in
      GenerationRequest(
        prompt: model.tokenizer.encode(use.segments(of: turns)), maxNewTokens: 16,
        endTokens: use.chatFormat.endTokens(for: model.tokenizer), sampling: .greedy,
        random: RandomAddress(seed: 1, purpose: .sampling))
    }
    var finishes: Set<String> = []
    try model.decoder.generate(requests, batch: 3) { index, generation in
      let response = said(
        model.tokenizer.decode(generation.tokens, skippingSpecial: true),
        generation.finish == .stop ? .stop : .length, tokens: generation.logProbs.count)
      finishes.insert(response.finish.rawValue)
      let (tokens, from) = encoder.encode(turns: turns[index], response: response)
      #expect(Array(tokens[..<from]) == requests[index].prompt)
      #expect(tokens[from...].prefix(generation.tokens.count).elementsEqual(generation.tokens), "\(response.text)")
      #expect(!encoder.isRetokenized(response))
      try model.decoder.score([ScoreRequest(tokens: tokens, from: from)]) { _, values in
        #expect(values.map(\.bitPattern) == generation.logProbs.map(\.bitPattern), "\(response.text)")
        return true
      }
      return true
    }
    #expect(finishes == ["stop", "length"])
  }
}

extension RenderedPrompt {
  fileprivate func with(_ turns: [Message]) -> RenderedPrompt { RenderedPrompt(id: id, turns: turns) }
}

@Suite struct RightBeginnings {
  /// The byte tokenizer has a token a byte, and the end is one more; a beginning is shorter than the response.
  @Test func beginningsThatAreOrBeginAnAnswer() throws {
    let encoder = try SmallSpec().encoder()
    func beginnings(_ text: String, _ answers: [String]) -> Set<Int> {
      encoder.rightBeginnings(of: .relabeled(said(text), turns: [], contrast: [], answers: answers))
    }
    #expect(beginnings("12 3", ["12"]) == [1, 2, 3])
    #expect(beginnings("12", ["512", "3"]) == [1, 2])
    #expect(beginnings("3 12", ["12"]) == [])
    #expect(beginnings("12", []) == [])
    #expect(encoder.rightBeginnings(of: .response(said("12"))) == [])
  }
}

@Suite struct ScoredResponses {
  @Test func everyResponseOfEveryItemInOrder() {
    let own = [Message(.user, "own")]
    let record = FeedbackRecord(
      id: id("a"), turns: [Message(.user, "q")],
      items: [
        .pair(chosen: said("1"), rejected: said("2")), .response(said("3")),
        .ranking([said("4"), said("5")], scores: []),
        .relabeled(said("6"), turns: own, contrast: [Message(.user, "other")]), .judged(said("7"), judgment: "bad"),
      ])
    let all = ScoredResponse.all(of: record)
    #expect(all.map(\.response.text) == ["1", "2", "3", "4", "5", "6", "7"])
    #expect(all.map { $0.turns == own } == [false, false, false, false, false, true, false])
  }

  @Test func aKeyIsTurnsTextAndEnd() {
    func key(_ turns: String, _ response: Response) -> String {
      ScoredResponse.all(
        of: FeedbackRecord(id: id(turns), turns: [Message(.user, turns)], items: [.response(response)]))[0].key.hex
    }
    let keys = [
      key("q", said("1")), key("q", said("1", .length)), key("q", said("2")), key("r", said("1")), key("q", said("")),
    ]
    #expect(Set(keys).count == keys.count)
    // The same text scores the same, however many tokens it took and whatever item it is part of.
    #expect(key("q", said("1", .stop, tokens: 5)) == keys[0])
    let pair = FeedbackRecord(
      id: id("z"), turns: [Message(.user, "q")], items: [.pair(chosen: said("2"), rejected: said("1"))])
    #expect(ScoredResponse.all(of: pair).map(\.key.hex) == [keys[2], keys[0]])
  }
}
