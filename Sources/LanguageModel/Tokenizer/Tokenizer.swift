// Byte-level byte-pair encoding: text to tokens and back, exactly as Hugging Face's tokenizers does it.
// Knows nothing of files; TokenizerFromGGUF and TokenizerFromJSON read what it is made of.

/// Turns text into tokens and tokens into text.
public struct Tokenizer: Sendable {
  /// The tokens that mark beginnings and ends, as far as the model names them.
  public struct Markers: Hashable, Sendable {
    /// Stands before a text.
    public var beginOfText: TokenID?
    /// End a text or a turn, the chief one first; generation stops there.
    public var ends: [TokenID] = []
    /// Fills a batch.
    public var padding: TokenID?
    /// Whether the reference puts the first of them before every text; ``Tokenizer/encode(_:)-(String)`` never does.
    public var addsBeginOfText = false

    /// Makes markers, none of them known.
    public init() {}

    /// The chief token that ends a text.
    public var endOfText: TokenID? { ends.first }
  }

  /// The tokens that mark beginnings and ends.
  public let markers: Markers
  let vocabulary: Vocabulary
  let merges: MergeTable
  let preTokenizer: PreTokenizer
  /// Whether a piece that is a token as a whole is taken without merging.
  let takesWholePieces: Bool
  /// Whether text is brought to Unicode's normal form C first.
  let composes: Bool
  /// The token of each single byte, -1 where the vocabulary lacks it.
  private let byteTokens: [Int32]
  private let special: SpecialTokens

  init(
    vocabulary: Vocabulary, merges: MergeTable, preTokenizer: PreTokenizer, markers: Markers,
    takesWholePieces: Bool = false, composes: Bool = false
  ) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.preTokenizer = preTokenizer
    self.markers = markers
    self.takesWholePieces = takesWholePieces
    self.composes = composes
    byteTokens = (0...UInt8.max).map { byte in vocabulary.number(of: ByteAlphabet.utf8(of: byte)) ?? -1 }
    special = SpecialTokens(vocabulary)
  }

  /// How many tokens there are.
  public var vocabularySize: Int { vocabulary.count }

  /// How text is cut before merging, by the name that GGUF files give it.
  public var splitting: String { preTokenizer.rawValue }

  /// How many merges there are.
  public var mergeCount: Int { merges.count }

  /// The tokens that are markers and no text, in the order of their numbers.
  public var specialTokens: [TokenID] {
    (0..<Int32(vocabularySize)).map(TokenID.init(rawValue:)).filter(isSpecial)
  }

  /// Whether text is brought to Unicode's normal form C first.
  public var isComposing: Bool { composes }

  /// The bytes that the vocabulary has no token for; the reference leaves them out of the tokens without a word.
  public var missingBytes: [UInt8] { (0...UInt8.max).filter { byteTokens[Int($0)] < 0 } }

  /// The token with this text as the vocabulary writes it, such as `<|im_end|>`.
  public func token(named text: String) -> TokenID? {
    vocabulary.number(of: Array(text.utf8)).map(TokenID.init(rawValue:))
  }

  /// The text of a token as the vocabulary writes it, such as `<|im_end|>`; empty for a token of another vocabulary.
  public func text(of token: TokenID) -> String {
    kind(token) == nil ? "" : String(decoding: vocabulary.text(of: Int(token.rawValue)), as: UTF8.self)
  }

  /// Whether the token is a marker and no text.
  public func isSpecial(_ token: TokenID) -> Bool { kind(token) == .control }

  /// The tokens of text from data: nothing in it is special.
  ///
  /// - Parameter text: Any text.
  /// - Returns: Its tokens; none is put before or after them.
  public func encode(_ text: String) -> [TokenID] { encode([.data(text)]) }

  /// The tokens of segments that follow each other.
  ///
  /// Special tokens are found in template segments only. What stands between them is one text, whatever segments it
  /// came from, just as the reference cuts the whole.
  ///
  /// - Parameter segments: The text.
  /// - Returns: Its tokens; none is put before or after them.
  public func encode(_ segments: [TextSegment]) -> [TokenID] {
    let (bytes, templateEnds) = joined(segments)
    var tokens: [TokenID] = []
    tokens.reserveCapacity(bytes.count / 3 + 8)
    var encoder = BytePairEncoder()
    bytes.withUnsafeBufferPointer { bytes in
      ScalarClass.withTable { table in
        merges.withView { view in
          let reader = ScalarReader(bytes: bytes, table: table)
          special.split(bytes, templateEnds) { range, token in
            if let token {
              tokens.append(TokenID(rawValue: token))
            } else if composes {
              let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self).composed
              Array(text.utf8).withUnsafeBufferPointer { composed in
                let reader = ScalarReader(bytes: composed, table: table)
                encode(reader, 0..<composed.count, view, &encoder, &tokens)
              }
            } else {
              encode(reader, range, view, &encoder, &tokens)
            }
          }
        }
      }
    }
    return tokens
  }

  /// The bytes that a token stands for; a part of a character where a character takes several tokens.
  ///
  /// - Parameter token: A token of this vocabulary; others stand for nothing.
  /// - Returns: The bytes; none for a token of another vocabulary.
  public func bytes(of token: TokenID) -> [UInt8] {
    kind(token) == nil ? [] : Array(vocabulary.bytes(of: Int(token.rawValue)))
  }

  /// The text of tokens; bytes that are no UTF-8 become U+FFFD, as in the reference.
  ///
  /// - Parameters:
  ///   - tokens: Tokens of this vocabulary; others stand for nothing.
  ///   - skippingSpecial: Whether markers are left out.
  /// - Returns: The text.
  public func decode(_ tokens: [TokenID], skippingSpecial: Bool) -> String {
    var bytes: [UInt8] = []
    for token in tokens {
      guard let kind = kind(token), !(skippingSpecial && kind == .control) else { continue }
      bytes += vocabulary.bytes(of: Int(token.rawValue))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The bytes of each piece that a pre-tokenizer cuts text into, nil for a name that is not known.
  package static func pieceLengths(of text: String, preTokenizer name: String) -> [Int]? {
    guard let preTokenizer = PreTokenizer(rawValue: name) else { return nil }
    var lengths: [Int] = []
    Array(text.utf8).withUnsafeBufferPointer { bytes in
      ScalarClass.withTable { table in
        preTokenizer.pieces(of: ScalarReader(bytes: bytes, table: table), in: 0..<bytes.count) {
          lengths.append($0.count)
        }
      }
    }
    return lengths
  }

  private func kind(_ token: TokenID) -> TokenKind? {
    vocabulary.kinds.indices.contains(Int(token.rawValue)) ? vocabulary.kinds[Int(token.rawValue)] : nil
  }

  /// All bytes, and for each byte of a template where its template ends; neighbors of one sort are joined.
  private func joined(_ segments: [TextSegment]) -> ([UInt8], [Range<Int>]) {
    var bytes: [UInt8] = []
    var templates: [Range<Int>] = []
    for segment in segments {
      let start = bytes.count
      bytes += segment.text.utf8
      guard segment.isTemplate, bytes.count > start else { continue }
      if let last = templates.last, last.upperBound == start {
        templates[templates.count - 1] = last.lowerBound..<bytes.count
      } else {
        templates.append(start..<bytes.count)
      }
    }
    return (bytes, templates)
  }

  private func encode(
    _ reader: ScalarReader, _ range: Range<Int>, _ view: MergeTable.View, _ encoder: inout BytePairEncoder,
    _ tokens: inout [TokenID]
  ) {
    preTokenizer.pieces(of: reader, in: range) { piece in
      if takesWholePieces, let token = wholePiece(reader, piece) {
        tokens.append(TokenID(rawValue: token))
        return
      }
      encoder.symbols.removeAll(keepingCapacity: true)
      for at in piece {
        let token = byteTokens[Int(reader.bytes[at])]
        if token >= 0 { encoder.symbols.append(token) }
      }
      encoder.merge(view)
      for symbol in encoder.symbols { tokens.append(TokenID(rawValue: symbol)) }
    }
  }

  /// The token that is the whole piece, if an ordinary one is.
  private func wholePiece(_ reader: ScalarReader, _ piece: Range<Int>) -> Int32? {
    var text: [UInt8] = []
    for at in piece { text += ByteAlphabet.utf8(of: reader.bytes[at]) }
    guard let token = vocabulary.number(of: text), vocabulary.kinds[Int(token)] == .ordinary else { return nil }
    return token
  }
}
