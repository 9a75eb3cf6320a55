// Cuts text into numbers, words and marks.
// Knows how numbers are written, not which of them is the answer.

/// A piece of text on the way to a number.
struct NumberToken {
  enum Kind: Hashable {
    /// A number in digits.
    case number(ExactNumber)
    /// A word in lower case; letters first, digits may follow.
    case word(String)
    /// Any other single character.
    case mark(Unicode.Scalar)
    /// The end of a line.
    case newline
    /// Digits that are no decimal number: a date, a time, a fraction, a version, `3rd`.
    case other
  }

  let kind: Kind
  /// Offsets of the text's scalars.
  let range: Range<Int>

  func isMark(_ scalars: Unicode.Scalar...) -> Bool {
    if case .mark(let scalar) = kind { scalars.contains(scalar) } else { false }
  }

  func isWord(in words: Set<String>) -> Bool {
    if case .word(let word) = kind { words.contains(word) } else { false }
  }
}

struct NumberTokenizer {
  let text: [Unicode.Scalar]
  private var at = 0

  init(_ text: [Unicode.Scalar]) {
    self.text = text
  }

  static func tokens(of text: [Unicode.Scalar]) -> [NumberToken] {
    var tokenizer = NumberTokenizer(text)
    var tokens: [NumberToken] = []
    while let token = tokenizer.next() { tokens.append(token) }
    return tokens
  }

  private func scalar(_ offset: Int) -> Unicode.Scalar? { text.indices.contains(offset) ? text[offset] : nil }

  private func isDigit(_ offset: Int) -> Bool { scalar(offset).map(Texts.isDigit) ?? false }

  private func isLetter(_ offset: Int) -> Bool { scalar(offset).map(Texts.isLetter) ?? false }

  private mutating func next() -> NumberToken? {
    while let current = scalar(at), Texts.isSpace(current), !Texts.isNewline(current) { at += 1 }
    guard let current = scalar(at) else { return nil }
    let start = at
    if let number = number() { return NumberToken(kind: number, range: start..<at) }
    if Texts.isLetter(current) {
      while let part = scalar(at), Texts.isWordPart(part) { at += 1 }
      return NumberToken(kind: .word(Texts.string(Texts.lowercased(text[start..<at]))), range: start..<at)
    }
    at += 1
    return NumberToken(kind: Texts.isNewline(current) ? .newline : .mark(current), range: start..<at)
  }

  /// A number that starts here, if one does; a sign counts if nothing stands directly before it.
  private mutating func number() -> NumberToken.Kind? {
    var start = at
    var isNegative = false
    if let sign = scalar(start), ["-", "\u{2212}", "+"].contains(sign), standsFree(start) {
      isNegative = sign != "+"
      start += 1
      if scalar(start) == "$" { start += 1 }
    }
    guard isDigit(start) || (scalar(start) == "." && isDigit(start + 1) && !isDigit(start - 1)) else { return nil }
    at = start
    let whole = wholeDigits()
    let fraction = scalar(at) == "." && isDigit(at + 1) ? digits(from: at + 1) : ""
    let exponent = exponentDigits()
    if isDotted { return composite() }
    if isOrdinal { return ordinal() }
    let number = ExactNumber(isNegative: isNegative, whole: whole, fraction: fraction, exponent: exponent)
    return number.map { .number($0) } ?? .other
  }

  private func standsFree(_ sign: Int) -> Bool {
    guard let before = scalar(sign - 1) else { return true }
    return !Texts.isWordPart(before) && before != ")" && before != "]"
  }

  private mutating func digits(from start: Int) -> String {
    at = start
    while isDigit(at) { at += 1 }
    return Texts.string(text[start..<at])
  }

  /// Digits before the point; commas between groups of exactly three are dropped.
  private mutating func wholeDigits() -> String {
    var whole = digits(from: at)
    guard (1...3).contains(whole.utf8.count) else { return whole }
    while scalar(at) == ",", isDigit(at + 1), isDigit(at + 2), isDigit(at + 3), !isDigit(at + 4) {
      whole += digits(from: at + 1)
    }
    return whole
  }

  private mutating func exponentDigits() -> Int {
    guard let mark = scalar(at), mark == "e" || mark == "E" else { return 0 }
    let sign = scalar(at + 1).map { $0 == "-" || $0 == "+" } ?? false
    var end = at + (sign ? 2 : 1)
    guard isDigit(end) else { return 0 }
    let start = end
    while isDigit(end) { end += 1 }
    guard end - start <= 3, !isLetter(end), let magnitude = Int(Texts.string(text[start..<end])) else { return 0 }
    let isNegative = scalar(at + 1) == "-"
    at = end
    return isNegative ? -magnitude : magnitude
  }

  /// `1/2`, `05/01/2021`, `3:30`, `1.2.3`.
  private var isDotted: Bool {
    guard let mark = scalar(at), mark == "/" || mark == ":" || mark == "." else { return false }
    return isDigit(at + 1)
  }

  private mutating func composite() -> NumberToken.Kind {
    while let current = scalar(at), Texts.isDigit(current) || (["/", ":", "."].contains(current) && isDigit(at + 1)) {
      at += 1
    }
    return .other
  }

  private var isOrdinal: Bool {
    let suffix = Texts.lowercased(text[at..<min(at + 2, text.count)])
    return ["st", "nd", "rd", "th"].contains(Texts.string(suffix)) && !isLetter(at + 2)
  }

  private mutating func ordinal() -> NumberToken.Kind {
    at += 2
    return .other
  }
}
