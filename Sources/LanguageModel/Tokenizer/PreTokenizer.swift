// Cuts text into the pieces that merges never cross, as the reference's regular expressions do.
// Knows nothing of vocabularies; each scanner spells out the alternatives of its expression in their order.

/// The ways of cutting that have been compared with the reference on every scalar.
enum PreTokenizer: String, CaseIterable, Sendable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
  case gpt2 = "gpt-2"
  /// Every digit alone, then as gpt-2 between them.
  case smollm = "smollm"
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
  case llama3 = "llama-bpe"
  /// As llama-bpe with `\p{N}` in place of `\p{N}{1,3}`.
  case qwen2 = "qwen2"

  /// The regular expression that tokenizer.json writes for it.
  var expression: String {
    func llama3(_ numbers: String) -> String {
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
    return switch self {
    case .gpt2, .smollm: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .llama3: llama3(#"\p{N}{1,3}"#)
    case .qwen2: llama3(#"\p{N}"#)
    }
  }

  /// Calls `body` with each piece of `bytes[range]`, in order and without gaps.
  func pieces(of reader: ScalarReader, in range: Range<Int>, _ body: (Range<Int>) -> Void) {
    switch self {
    case .gpt2: Self.each(range, body) { Self.gpt2End(reader, $0, range.upperBound) }
    case .smollm: Self.smollmPieces(reader, range, body)
    case .llama3: Self.each(range, body) { Self.llama3End(reader, $0, range.upperBound, numbers: 3) }
    case .qwen2: Self.each(range, body) { Self.llama3End(reader, $0, range.upperBound, numbers: 1) }
    }
  }

  @inline(__always)
  private static func each(_ range: Range<Int>, _ body: (Range<Int>) -> Void, _ end: (Int) -> Int) {
    var at = range.lowerBound
    while at < range.upperBound {
      let next = end(at)
      body(at..<next)
      at = next
    }
  }

  /// The text between two digits is a text of its own: what stands before a digit stands at an end.
  private static func smollmPieces(_ reader: ScalarReader, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    var at = range.lowerBound
    while at < range.upperBound {
      let stop = reader.run(from: at, to: range.upperBound) { !$0.kind.contains(.digit) }
      each(at..<stop, body) { gpt2End(reader, $0, stop) }
      guard stop < range.upperBound else { return }
      at = reader.element(at: stop).next
      body(stop..<at)
    }
  }

  /// Where the match that begins at `start` ends.
  private static func gpt2End(_ reader: ScalarReader, _ start: Int, _ end: Int) -> Int {
    let first = reader.element(at: start)
    if first.value == 0x27, let stop = contraction(reader, first.next, end) { return stop }
    var lead = first
    if first.value == 0x20, first.next < end {
      let second = reader.element(at: first.next)
      if !second.isSpace { lead = second }
    }
    if lead.isSpace { return spaceEnd(reader, start, end) }
    let kinds = lead.kind.intersection(.kinds)
    return reader.run(from: lead.next, to: end) { $0.kind.intersection(.kinds) == kinds }
  }

  /// Where the match that begins at `start` ends; at most `numbers` numbers stand together.
  private static func llama3End(_ reader: ScalarReader, _ start: Int, _ end: Int, numbers: Int) -> Int {
    let first = reader.element(at: start)
    if first.value == 0x27, let stop = contraction(reader, first.next, end, folding: true) { return stop }
    if first.isLetter { return reader.run(from: first.next, to: end, while: \.isLetter) }
    let second = first.next < end ? reader.element(at: first.next) : nil
    if let second, second.isLetter, !first.isNewline, !first.isNumber {
      return reader.run(from: second.next, to: end, while: \.isLetter)
    }
    if first.isNumber { return numbersEnd(reader, first.next, end, numbers) }
    var other = first
    if first.value == 0x20, let second, second.isOther { other = second }
    if other.isOther {
      let stop = reader.run(from: other.next, to: end, while: \.isOther)
      return reader.run(from: stop, to: end, while: \.isNewline)
    }
    return newlineEnd(reader, start, end) ?? spaceEnd(reader, start, end)
  }

  private static func numbersEnd(_ reader: ScalarReader, _ start: Int, _ end: Int, _ limit: Int) -> Int {
    var left = limit - 1
    return reader.run(from: start, to: end) { element in
      guard left > 0, element.isNumber else { return false }
      left -= 1
      return true
    }
  }

  /// `\s+(?!\S)|\s+`: all white space at an end of text, else all but the last, else the only one.
  private static func spaceEnd(_ reader: ScalarReader, _ start: Int, _ end: Int) -> Int {
    var last = start
    var at = start
    while at < end {
      let element = reader.element(at: at)
      guard element.isSpace else { break }
      last = at
      at = element.next
    }
    return at == end || last == start ? at : last
  }

  /// `\s*[\r\n]+`: up to the last new line of the white space here, if it has one.
  private static func newlineEnd(_ reader: ScalarReader, _ start: Int, _ end: Int) -> Int? {
    var stop: Int?
    var at = start
    while at < end {
      let element = reader.element(at: at)
      guard element.isSpace else { break }
      at = element.next
      if element.isNewline { stop = at }
    }
    return stop
  }

  /// Where `s`, `t`, `re`, `ve`, `m`, `ll` or `d` after an apostrophe ends, if one stands there.
  private static func contraction(
    _ reader: ScalarReader, _ start: Int, _ end: Int, folding: Bool = false
  ) -> Int? {
    guard start < end else { return nil }
    let first = reader.element(at: start)
    let letter = fold(first.value, folding)
    if letter == 0x73 || letter == 0x74 || letter == 0x6D || letter == 0x64 { return first.next }
    guard first.next < end else { return nil }
    let second = reader.element(at: first.next)
    switch (letter, fold(second.value, folding)) {
    case (0x72, 0x65), (0x76, 0x65), (0x6C, 0x6C): return second.next
    default: return nil
    }
  }

  /// Simple case folding, as far as letters of the contractions are concerned: ſ is an s.
  private static func fold(_ scalar: UInt32, _ folding: Bool) -> UInt32 {
    guard folding else { return scalar }
    if (0x41...0x5A).contains(scalar) { return scalar + 0x20 }
    return scalar == 0x17F ? 0x73 : scalar
  }
}
