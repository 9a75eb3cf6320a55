// The tokens: their text, the bytes they stand for, what kind they are, and which token has a given text.
// Knows nothing of merging; text is bytes here, for Unicode equivalence would merge different tokens.

/// What a token is for.
enum TokenKind: UInt8, Sendable {
  /// A piece of text.
  case ordinary
  /// A marker of the template, never found in data.
  case control
  /// A word added to the vocabulary, found in any text before it is cut.
  case added
  /// A place in the vocabulary without a use.
  case unused
}

/// All tokens of a tokenizer, by number.
struct Vocabulary: Sendable {
  private var text: [UInt8] = []
  private var textEnds: [Int] = [0]
  private var bytes: [UInt8] = []
  private var byteEnds: [Int] = [0]
  private(set) var kinds: [TokenKind] = []
  /// Open addressing with linear steps; -1 is free.
  ///
  /// Twice as many slots as tokens, a power of two.
  private var slots: [Int32]

  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    textEnds.reserveCapacity(capacity + 1)
    byteEnds.reserveCapacity(capacity + 1)
    text.reserveCapacity(8 * capacity)
    bytes.reserveCapacity(8 * capacity)
  }

  var count: Int { kinds.count }

  /// Adds the next token.
  ///
  /// - Returns: False if another token has this text; the token is there all the same, found by its number only, as is one without text.
  @discardableResult
  mutating func append(_ token: UnsafeRawBufferPointer, kind: TokenKind) -> Bool {
    let number = Int32(kinds.count)
    text.append(contentsOf: token)
    textEnds.append(text.count)
    ByteAlphabet.appendBytes(of: token, to: &bytes)
    byteEnds.append(bytes.count)
    kinds.append(kind)
    guard !token.isEmpty else { return true }
    let slot = slot(of: token)
    guard slots[slot] < 0 else { return false }
    slots[slot] = number
    return true
  }

  mutating func append(_ token: [UInt8], kind: TokenKind) -> Bool {
    token.withUnsafeBytes { append($0, kind: kind) }
  }

  /// Marks a token that is there already.
  mutating func setKind(_ kind: TokenKind, of number: Int) { kinds[number] = kind }

  /// The token with exactly this text.
  func number(of token: UnsafeRawBufferPointer) -> Int32? {
    let found = slots[slot(of: token)]
    return found < 0 ? nil : found
  }

  func number(of token: [UInt8]) -> Int32? { token.withUnsafeBytes { number(of: $0) } }

  /// The text of a token as the vocabulary writes it.
  func text(of number: Int) -> ArraySlice<UInt8> { text[textEnds[number]..<textEnds[number + 1]] }

  /// The bytes that a token stands for.
  func bytes(of number: Int) -> ArraySlice<UInt8> { bytes[byteEnds[number]..<byteEnds[number + 1]] }

  /// The slot that holds the token or is free for it.
  private func slot(of token: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in token { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash ^= hash >> 29
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] >= 0, !isText(token, of: Int(slots[slot])) { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }

  private func isText(_ token: UnsafeRawBufferPointer, of number: Int) -> Bool {
    let start = textEnds[number]
    guard textEnds[number + 1] - start == token.count else { return false }
    for index in 0..<token.count where text[start + index] != token[index] { return false }
    return true
  }
}
