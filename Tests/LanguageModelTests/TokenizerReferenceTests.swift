// The tokenizer of the real model against the reference, on texts that break tokenizers and on every scalar of Unicode.

import JSON
import LanguageModel
import Testing

@Suite("Tokenizer against the reference")
struct TokenizerReferenceTests {
  let fixture: JSONValue
  let tokenizer: Tokenizer

  init() throws {
    fixture = try Reference.tokenizerCases()
    tokenizer = try Reference.tokenizer()
  }

  @Test("Each text has the reference's tokens, as template and as data")
  func cases() throws {
    let cases = try fixture.list("cases")
    #expect(cases.count > 400)
    for item in cases {
      let text = try item.text("text")
      let expected = try item.tokens("ids")
      #expect(tokenizer.encode([.template(text)]) == expected, "template \(text.debugDescription)")
      let data = item["data"] == nil ? expected : try item.tokens("data")
      #expect(tokenizer.encode(text) == data, "data \(text.debugDescription)")
    }
  }

  @Test("Tokens of data decode to the reference's text, at once and token by token")
  func decoding() throws {
    for item in try fixture.list("cases") {
      let text = try item.text("text")
      let expected = item["decoded"]?.stringValue ?? text
      let tokens = tokenizer.encode(text)
      #expect(tokenizer.decode(tokens, skippingSpecial: false).isSame(expected), "\(text.debugDescription)")
      var decoder = TextDecoder(tokenizer, skippingSpecial: false)
      var pieces = ""
      for token in tokens { pieces += decoder.append(token) }
      pieces += decoder.finish()
      #expect(pieces.isSame(expected), "token by token \(text.debugDescription)")
    }
  }

  @Test("Random runs of tokens decode to the reference's text, broken characters included")
  func randomRuns() throws {
    for item in try fixture.list("decoded-runs") {
      let (tokens, expected) = (try item.tokens("ids"), try item.text("text"))
      #expect(tokenizer.decode(tokens, skippingSpecial: false).isSame(expected))
      var decoder = TextDecoder(tokenizer, skippingSpecial: false)
      #expect((tokens.map { decoder.append($0) }.joined() + decoder.finish()).isSame(expected))
    }
  }

  @Test("Every token alone decodes as in the reference")
  func everyToken() throws {
    var checksum = Checksum()
    for number in 0..<tokenizer.vocabularySize {
      if number > 0 { checksum.add(UInt8(0)) }
      for byte in tokenizer.decode([TokenID(number)], skippingSpecial: false).utf8 { checksum.add(byte) }
    }
    #expect(checksum.value == (try fixture.member("every-id-decoded").integerValue))
  }

  @Test("Every scalar of each plane has the reference's tokens", arguments: 0..<17)
  func planes(_ plane: Int) throws {
    var checksum = Checksum()
    for scalar in scalars(ofPlane: plane) {
      for token in tokenizer.encode("x\(scalar) \(scalar)") { checksum.add(UInt32(token.rawValue)) }
      checksum.add(UInt32.max)
    }
    #expect(checksum.value == (try fixture.integers("plane-ids")[plane]))
  }
}

@Suite("Pre-tokenizers against the reference's regular expressions")
struct TokenizerCutTests {
  let fixture: JSONValue

  init() throws {
    fixture = try Reference.tokenizerCases()
  }

  @Test("Each text is cut where the reference cuts it", arguments: ["gpt-2", "llama-bpe", "qwen2"])
  func cuts(_ name: String) throws {
    let texts = try fixture.list("cases").map { try $0.text("text") }
    let expected = try fixture.member("cuts").list(name)
    #expect(expected.count > 200)
    for (text, lengths) in zip(texts, expected) {
      let lengths = try #require(lengths.arrayValue).map(\.integerValue)
      #expect(Tokenizer.pieceLengths(of: text, preTokenizer: name) == lengths, "\(text.debugDescription)")
    }
  }

  @Test(
    "Every scalar of each plane is cut as the reference does", arguments: ["gpt-2", "smollm", "llama-bpe", "qwen2"])
  func planes(_ name: String) throws {
    let expected = try fixture.member("planes").integers(name)
    for plane in 0..<17 {
      var checksum = Checksum()
      for scalar in scalars(ofPlane: plane) {
        let text = "a\(scalar)b \(scalar)1\(scalar)\(scalar) '\(scalar) ,\(scalar)\n\(scalar)"
        for length in try #require(Tokenizer.pieceLengths(of: text, preTokenizer: name)) { checksum.add(UInt8(length)) }
        checksum.add(UInt8.max)
      }
      #expect(checksum.value == expected[plane], "plane \(plane)")
    }
  }

  @Test("Text is composed as the reference does")
  func composition() throws {
    let cases = try fixture.list("composed")
    #expect(cases.count > 3)
    for item in cases {
      #expect(Tokenizer.composed(try item.text("text")).isSame(try item.text("nfc")))
    }
  }

  @Test("Every scalar of each plane is composed as the reference does")
  func composedPlanes() throws {
    let expected = try fixture.integers("composed-planes")
    for plane in 0..<17 {
      var checksum = Checksum()
      for scalar in scalars(ofPlane: plane) {
        let parts = Tokenizer.decomposed(scalar)
        for text in [
          "a\(scalar)\u{323}\(scalar)\u{301}", "\(scalar)\u{301}\u{323}\u{338}\u{3099}\u{307}\u{308}",
          "\(parts)\u{323}\(parts)",
        ] {
          for byte in Tokenizer.composed(text).utf8 { checksum.add(byte) }
        }
      }
      #expect(checksum.value == expected[plane], "plane \(plane)")
    }
  }
}
