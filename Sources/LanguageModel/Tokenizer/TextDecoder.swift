// Text from tokens as they come: what is certain at once, the rest when its last byte is there.
// Knows nothing of where tokens come from or when they end.

/// Decodes token after token; all pieces together are what decoding everything at once gives.
public struct TextDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skippingSpecial: Bool
  /// The beginning of a character whose end is still to come; at most three bytes.
  private var pending: [UInt8] = []

  /// Makes a decoder for one text.
  ///
  /// - Parameters:
  ///   - tokenizer: Whose tokens will come.
  ///   - skippingSpecial: Whether markers are left out.
  public init(_ tokenizer: Tokenizer, skippingSpecial: Bool = true) {
    self.tokenizer = tokenizer
    self.skippingSpecial = skippingSpecial
  }

  /// Takes the next token.
  ///
  /// - Parameter token: A token of the vocabulary.
  /// - Returns: The text that is complete now and was not before; it may be empty.
  public mutating func append(_ token: TokenID) -> String {
    if skippingSpecial, tokenizer.isSpecial(token) { return "" }
    pending += tokenizer.bytes(of: token)
    let whole = pending.count - Self.unfinished(pending)
    defer { pending.removeFirst(whole) }
    return String(decoding: pending[..<whole], as: UTF8.self)
  }

  /// Ends the text.
  ///
  /// - Returns: U+FFFD if a character was left unfinished, else nothing.
  public mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// How many bytes at the end begin a character that more bytes could finish.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return needed > length ? length : 0
    }
    return 0
  }
}
