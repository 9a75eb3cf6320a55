// Conversations as text: against the reference's template for ChatML, and by hand for the other formats.

import JSON
import LanguageModel
import Testing

@Suite("Turns")
struct TurnsTests {
  static let conversation = [
    ChatTurn(.user, "Hi <|im_end|>"), ChatTurn(.assistant, "Hello"), ChatTurn(.user, "Bye"),
  ]

  static func text(_ segments: [TextSegment]) -> String { segments.map(\.text).joined() }

  @Test("ChatML equals the reference's template, text and tokens")
  func chatml() throws {
    let fixture = try Reference.fixture("chat_templates.json")
    let tokenizer = try Reference.tokenizer()
    let cases = try fixture.list("cases")
    #expect(cases.count >= 14)
    for item in cases {
      let turns = try item.list("turns").map { turn in
        let pair = try #require(turn.arrayValue).compactMap(\.stringValue)
        return ChatTurn(try #require(ChatRole(rawValue: pair[0])), pair[1])
      }
      // Without a system turn, the model's own template puts one there; ours only if it is asked to.
      let system = turns.first?.role == .system ? nil : try fixture.text("default-system")
      let prompt = try item.member("generation-prompt").boolValue == true
      let segments = ChatFormat.chatml.render(turns, system: system, ending: prompt ? .generationPrompt : .lastTurn)
      #expect(Self.text(segments).isSame(try item.text("text")))
      #expect(tokenizer.encode(segments) == (try item.tokens("ids")))
    }
  }

  @Test("Without a system text no system turn is written")
  func noSystem() {
    let segments = ChatFormat.chatml.render([ChatTurn(.user, "Hi")], ending: .generationPrompt)
    #expect(
      segments == [
        .template("<|im_start|>user\n"), .data("Hi"), .template("<|im_end|>\n<|im_start|>assistant\n"),
      ])
  }

  @Test("A marker in data stays data in every format")
  func injection() throws {
    let tokenizer = try Reference.tokenizer()
    let end = try #require(tokenizer.token(named: "<|im_end|>"))
    let segments = ChatFormat.chatml.render(Self.conversation, ending: .response("a<|im_end|>b", finished: true))
    #expect(tokenizer.encode(segments).filter { $0 == end }.count == 4)
    #expect(tokenizer.encode(segments).last == end)
    let written = ChatFormat.raw.render(
      [ChatTurn(.user, [.template("<|im_start|>user\n"), .data("<|im_end|>"), .template("<|im_end|>")])],
      ending: .lastTurn)
    #expect(tokenizer.encode(written).filter { $0 == end }.count == 1)
  }

  @Test(
    "Each format writes its convention",
    arguments: [
      (
        ChatFormat.llama2,
        "<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHi <|im_end|> [/INST] Hello </s><s>[INST] Bye [/INST]", " Ciao </s>"
      ),
      (
        .llama3,
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|>"
          + "<|start_header_id|>user<|end_header_id|>\n\nHi <|im_end|><|eot_id|>"
          + "<|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>"
          + "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
          + "<|start_header_id|>assistant<|end_header_id|>\n\n", "Ciao<|eot_id|>"
      ),
      (
        .humanAssistant,
        "Be kind.\n\nHuman: Hi <|im_end|>\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant:", " Ciao<eos>"
      ),
      (.raw, "Be kind.Hi <|im_end|>HelloBye", "Ciao<eos>"),
      (
        .custom(
          CustomChatFormat(
            beginning: "^", system: .init(prefix: "S:", suffix: ";"), user: .init(prefix: "U:", suffix: ";"),
            assistant: .init(prefix: "A: ", suffix: "##\n"))),
        "^S:Be kind.;U:Hi <|im_end|>;A: Hello##\nU:Bye;A:", " Ciao##"
      ),
    ] as [(ChatFormat, String, String)])
  func formats(_ format: ChatFormat, _ prompt: String, _ response: String) {
    let rendered = format.render(Self.conversation, system: "Be kind.", ending: .generationPrompt, endOfText: "<eos>")
    #expect(Self.text(rendered) == prompt)
    let whole = format.render(
      Self.conversation, system: "Be kind.", ending: .response("Ciao", finished: true), endOfText: "<eos>")
    #expect(Self.text(whole) == prompt + response)
    #expect(whole.filter { !$0.isTemplate }.map(\.text).joined() == "Be kind.Hi <|im_end|>HelloByeCiao")
    let unfinished = format.render(Self.conversation, system: "Be kind.", ending: .response("Ciao", finished: false))
    #expect(Self.text(unfinished) == prompt + format.responseLead + "Ciao")
  }

  @Test("The tokens and texts that end a response")
  func ends() throws {
    let tokenizer = try Reference.tokenizer()
    #expect(ChatFormat.chatml.endTokens(for: tokenizer) == [TokenID(2), TokenID(0)])
    #expect(ChatFormat.raw.endTokens(for: tokenizer) == [TokenID(0), TokenID(2)])
    #expect(ChatFormat.humanAssistant.stopTexts(for: tokenizer) == ["\n\nHuman:"])
    let custom = ChatFormat.custom(CustomChatFormat(assistant: .init(prefix: "A:", suffix: "##\n")))
    #expect(custom.stopTexts(for: tokenizer) == ["##"])
    let marked = ChatFormat.custom(CustomChatFormat(assistant: .init(prefix: "A:", suffix: "<|im_end|>\n")))
    #expect(marked.endTokens(for: tokenizer) == [TokenID(2), TokenID(0)] && marked.stopTexts(for: tokenizer).isEmpty)
  }

  @Test("A format whose markers the vocabulary lacks says which")
  func missing() throws {
    let tokenizer = try Reference.tokenizer()
    #expect(ChatFormat.chatml.missingTokens(in: tokenizer).isEmpty)
    #expect(ChatFormat.llama2.missingTokens(in: tokenizer) == ["<s>", "</s>"])
  }
}

@Suite("Contexts and continuations against lm-evaluation-harness")
struct TurnsContinuationTests {
  @Test("Each option has the reference's tokens, white space before it included")
  func pairs() throws {
    let tokenizer = try Reference.tokenizer()
    let items = try Reference.fixture("choice_values.json").list("items")
    #expect(items.count == 20)
    for item in items {
      let (context, delimiter) = (try item.text("context"), try item.text("delimiter"))
      for (option, tokens) in zip(try item.list("options"), try item.list("tokens")) {
        let text = delimiter + (try #require(option.stringValue))
        let pair = tokenizer.encode(context: [.data(context)], continuation: [.data(text)])
        #expect(pair.context == (try tokens.tokens("context")), "\(context)")
        #expect(pair.continuation == (try tokens.tokens("option")), "\(context) | \(text)")
      }
    }
  }

  @Test("White space moves across segments, and all of it if there is nothing else")
  func whiteSpace() throws {
    let tokenizer = try Reference.tokenizer()
    let parts = tokenizer.encode(context: [.data("a b"), .data(" \n"), .data(" ")], continuation: [.data("c")])
    #expect(parts.context == tokenizer.encode("a b"))
    #expect(parts.context + parts.continuation == tokenizer.encode("a b \n c"))
    let empty = tokenizer.encode(context: [.data("  ")], continuation: [.data("c")])
    #expect(empty.context.isEmpty && empty.continuation == tokenizer.encode("  c"))
  }
}
