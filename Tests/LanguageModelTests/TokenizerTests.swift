// The tokenizer's own promises, on a vocabulary small enough to check by hand.

import JSON
import LanguageModel
import Testing

@Suite("Tokenizer")
struct TokenizerTests {
  /// 0 to 3 are a, b, ab, abb; 4 is a marker; 5 an added word; the bytes of "é" are there, no other.
  static func small(
    normalizer: JSONValue = .null, preTokenizer: JSONValue = gpt2, vocabulary: JSONValue? = nil,
    decoder: String = "ByteLevel",
    merges: JSONValue = .array([.string("a b"), .array([.string("ab"), .string("b")])])
  ) throws -> Tokenizer {
    let tokens: JSONValue = .members([
      "a": .integer(0), "b": .integer(1), "ab": .integer(2), "abb": .integer(3), "Ã": .integer(6), "©": .integer(7),
    ])
    let document: JSONValue = .members([
      "added_tokens": .array([
        .members(["id": .integer(4), "content": .string("<end>"), "special": .bool(true)]),
        .members(["id": .integer(5), "content": .string("b b"), "special": .bool(false)]),
      ]),
      "normalizer": normalizer, "pre_tokenizer": preTokenizer, "decoder": .members(["type": .string(decoder)]),
      "model": .members(["type": .string("BPE"), "vocab": vocabulary ?? tokens, "merges": merges]),
    ])
    let files = [
      "tokenizer.json": ModelBytes(document.canonicalBytes, name: "folder/tokenizer.json"),
      "config.json": ModelBytes(
        Array(#"{"eos_token_id": [4, 5], "bos_token_id": 4}"#.utf8), name: "folder/config.json"),
    ]
    return try Tokenizer(HuggingFaceFolder(files: files, name: "folder"))
  }

  static let gpt2: JSONValue = .members(["type": .string("ByteLevel"), "add_prefix_space": .bool(false)])

  static func numbers(_ tokens: [TokenID]) -> [Int32] { tokens.map(\.rawValue) }

  @Test(
    "Merges go by rank, then from the left",
    arguments: [
      ("a", [0]), ("ab", [2]), ("abb", [3]), ("abbb", [3, 1]), ("aab", [0, 2]), ("ababb", [2, 3]), ("é", [6, 7]),
      ("", []),
      ("ba", [1, 0]),
    ] as [(String, [Int32])])
  func merges(_ text: String, _ expected: [Int32]) throws {
    #expect(Self.numbers(try Self.small().encode(text)) == expected)
  }

  @Test("Long pieces merge as short ones do")
  func longPieces() throws {
    let tokenizer = try Self.small()
    for count in [1, 15, 16, 17, 31, 32, 33, 34, 100, 1000] {
      let text = String(repeating: "abb", count: count)
      #expect(Self.numbers(tokenizer.encode(text)) == [Int32](repeating: 3, count: count))
      #expect(Self.numbers(tokenizer.encode("b" + text + "a")) == [1] + [Int32](repeating: 3, count: count) + [0])
    }
  }

  @Test("Special tokens count in templates, added words everywhere, and neither across a border it must not cross")
  func specials() throws {
    let tokenizer = try Self.small()
    #expect(Self.numbers(tokenizer.encode([.template("a<end>b")])) == [0, 4, 1])
    #expect(Self.numbers(tokenizer.encode([.data("a<end>b")])) == [0, 1])
    #expect(Self.numbers(tokenizer.encode([.template("<e"), .data("nd>")])) == [])
    #expect(Self.numbers(tokenizer.encode([.template("<e"), .template("nd>")])) == [4])
    #expect(Self.numbers(tokenizer.encode([.data("<end>"), .template("<end>"), .data("<end>")])) == [4])
    #expect(Self.numbers(tokenizer.encode([.data("ab b")])) == [0, 5])
    #expect(Self.numbers(tokenizer.encode([.template("a"), .data("b"), .template("b")])) == [3])
  }

  @Test("The configuration's ends are all kept, the first one first")
  func markers() throws {
    let markers = try Self.small().markers
    #expect(markers.ends == [TokenID(4), TokenID(5)] && markers.endOfText == TokenID(4))
    #expect(markers.beginOfText == TokenID(4) && !markers.addsBeginOfText)
  }

  @Test("The byte tokenizer gives back every byte and knows the markers of chats")
  func byteLevel() {
    let tokenizer = Tokenizer.byteLevel
    #expect(tokenizer.vocabularySize == 259 && tokenizer.missingBytes.isEmpty)
    let text = "A é 字 👍\u{0} <|im_end|>"
    #expect(tokenizer.encode(text).map(\.rawValue) == text.utf8.map { Int32($0) })
    #expect(tokenizer.encode([.template("<|im_end|>")]) == [TokenID(258)])
    #expect(tokenizer.decode(tokenizer.encode(text), skippingSpecial: true).isSame(text))
  }

  @Test("What is not computed here is refused by name")
  func foreignParts() {
    func fault(_ make: () throws -> Tokenizer) -> ModelFileError.Fault? {
      do {
        _ = try make()
        return nil
      } catch { return (error as? ModelFileError)?.fault }
    }
    let lower: JSONValue = .members(["type": .string("Lowercase")])
    #expect(
      fault { try Self.small(normalizer: lower) }
        == .unsupportedTokenizer(part: "normalizer", found: "\"Lowercase\"", supported: "null or NFC"))
    #expect(
      fault { try Self.small(decoder: "WordPiece") }
        == .unsupportedTokenizer(part: "decoder", found: "\"WordPiece\"", supported: "ByteLevel"))
    let merges: JSONValue = .array([.string("a c")])
    #expect(
      fault { try Self.small(merges: merges) }
        == .inconsistentTokenizer(reason: "merge 0, \"a c\", does not join two tokens to a third"))
    guard case .unsupportedTokenizer("pre-tokenizer", _, _) = fault({ try Self.small(preTokenizer: lower) }) else {
      Issue.record("a foreign pre-tokenizer passes")
      return
    }
    let twice: JSONValue = .members(["a": .integer(0), "b": .integer(0)])
    #expect(
      fault { try Self.small(vocabulary: twice) } == .inconsistentTokenizer(reason: "two tokens have the number 0"))
  }

  @Test("Unicode-equivalent texts stay different tokens")
  func equivalence() throws {
    let tokenizer = try Self.small()
    #expect(Self.numbers(tokenizer.encode("e\u{301}")) == [])
    let composing = try Self.small(normalizer: .members(["type": .string("NFC")]))
    #expect(Self.numbers(composing.encode("e\u{301}")) == [6, 7])
    #expect(Self.numbers(composing.encode([.template("<end>e"), .data("\u{301}a")])) == [4, 6, 7, 0])
  }
}

@Suite("Decoding as tokens come")
struct TokenizerStreamTests {
  static let bytes = Tokenizer.byteLevel

  @Test("Nothing unfinished is shown, and nothing is lost")
  func unfinished() {
    var decoder = TextDecoder(Self.bytes)
    let shown = Array("a👍é".utf8).map { decoder.append(TokenID(Int($0))) }
    #expect(shown == ["a", "", "", "", "👍", "", "é"])
    #expect(decoder.finish().isEmpty)
  }

  @Test(
    "Broken bytes become the same U+FFFD as at once",
    arguments: [
      [0xF0, 0x9F, 0x91], [0xC3, 0x28], [0xE2, 0x82, 0x41], [0x80, 0x80], [0xFF, 0xFE], [0xF0, 0x80, 0x80, 0x80],
      [0xED, 0xA0, 0x80],
      [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0xC3, 0xA9],
    ] as [[Int]])
  func broken(_ bytes: [Int]) {
    let tokens = bytes.map { TokenID($0) }
    var decoder = TextDecoder(Self.bytes)
    let pieces = tokens.map { decoder.append($0) }.joined() + decoder.finish()
    #expect(pieces.isSame(Self.bytes.decode(tokens, skippingSpecial: true)))
    #expect(pieces.unicodeScalars.contains("\u{FFFD}"))
  }

  @Test("Markers are left out or shown")
  func markers() {
    let tokens = [TokenID(65), TokenID(258), TokenID(66)]
    #expect(Self.bytes.decode(tokens, skippingSpecial: true) == "AB")
    #expect(Self.bytes.decode(tokens, skippingSpecial: false) == "A<|im_end|>B")
  }

  @Test("A stop text is found wherever the pieces part, and the text ends before it", arguments: 1...7)
  func stops(_ size: Int) {
    let text = "one\n\nHuman: two END three"
    let scalars = Array(text.unicodeScalars)
    var matcher = StopMatcher(["END", "\n\nHuman:", ""])
    var stoppedAt: Int?
    for start in stride(from: 0, to: scalars.count, by: size) {
      var piece = String.UnicodeScalarView()
      piece.append(contentsOf: scalars[start..<min(start + size, scalars.count)])
      let before = matcher.settled
      if matcher.append(String(piece)), stoppedAt == nil { stoppedAt = start }
      #expect(matcher.settled.hasPrefix(before) && matcher.text.hasPrefix(matcher.settled))
    }
    #expect(matcher.isStopped && matcher.text == "one" && matcher.stop == "\n\nHuman:" && matcher.settled == "one")
    #expect(stoppedAt == 10 / size * size)
  }

  @Test("Without a stop text everything is kept")
  func noStops() {
    var matcher = StopMatcher(["xyz"])
    let stopped = [matcher.append("ab x"), matcher.append("y")]
    #expect(stopped == [false, false])
    #expect(matcher.text == "ab xy" && matcher.settled == "ab " && matcher.stop == nil)
    var none = StopMatcher([])
    none.append("anything")
    #expect(!none.isStopped && none.settled == "anything")
  }

  @Test("The check of tokens finds a stop text at the token that completes it, however far back it begins")
  func check() {
    let check = StopCheck(Self.bytes, ["END", "\n\n"])
    let text = "an EN d\nEND"
    var tokens: [TokenID] = []
    for (index, byte) in text.utf8.enumerated() {
      tokens.append(TokenID(Int(byte)))
      #expect(check(tokens) == (index == text.utf8.count - 1), "\(index)")
    }
    #expect(check([TokenID(10), TokenID(258), TokenID(10)]))
    #expect(!StopCheck(Self.bytes, [""])(tokens) && !check([]))
  }
}
