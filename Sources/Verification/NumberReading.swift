// Finds the one number that a response commits to.
// Knows text only; the rule is the same for the response and for the accepted answer.

/// The number that a text commits to, and the words around it.
///
/// What counts as a number: digits with thousands separators (`1,234`), a decimal point, an exponent, a sign, a unit
/// (`$18`, `5kg`, `7%`). Number words (`three`, `twenty-one`) count only if the text has no number in digits. What does
/// not count: marks of a numbered list (`1. a car 2. a bus`), ordinals (`3rd`), fractions, times, dates and versions
/// (`1/2`, `3:30`, `1.2.3`), digits inside a word (`H2O`), and "one" as a pronoun ("one of them", "this one").
///
/// Which number counts, the first of these that the text has:
/// 1. The number after the last `####`, `\boxed{`, `answer is`, `answer:` or `A:` (at the start of a line), within the
///    sentence; if an equals sign follows there, the number after the last one.
/// 2. The opening sentence or line, if it is a number and nothing else.
/// 3. The number after the last equals sign, or the number after the last of "so", "therefore", "thus", "hence",
///    "total", "altogether", "overall" in the same sentence (for the last three also the last number before it, if
///    none follows), whichever stands later.
/// 4. The only number before the first colon: what follows a colon are details.
/// 5. The last number.
public struct NumberReading: Hashable, Sendable {
  /// The number.
  public let value: ExactNumber
  /// The sentence that it stands in, without white space at its ends.
  public let sentence: String
  /// Where the number stands: offsets of the text's scalars, its sign or its `minus` among them.
  let range: Range<Int>
  /// Whether it stands there in words.
  let isInWords: Bool

  /// Reads a text; nil if it holds no number.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - words: Whether number words count.
  public init?(_ text: String, words: Bool = true) {
    let scalars = Texts.scalars(text)
    guard let reader = NumberReader(NumberTokenizer.tokens(of: scalars), words: words), let chosen = reader.committed
    else {
      return nil
    }
    value = reader.numbers[chosen].value
    sentence = Texts.string(Texts.trimmed(scalars[reader.sentenceRange(around: reader.numbers[chosen].token)]))
    range = reader.range(of: reader.numbers[chosen])
    isInWords = reader.isInWords
  }

  /// The first number of a text, whatever the text commits to; nil if it holds none.
  ///
  /// For marks and grades: `7/10` is 7 of 10, and `8 out of 10` is 8.
  public static func firstNumber(in text: String) -> ExactNumber? {
    let scalars = Texts.scalars(text).flatMap { $0 == "/" ? [" ", $0, " "] : [$0] }
    let tokens = NumberTokenizer.tokens(of: scalars)
    for token in tokens { if case .number(let value) = token.kind { return value } }
    return NumberWords.numbers(in: tokens).first?.value
  }
}

private struct NumberReader {
  struct Number {
    let value: ExactNumber
    /// Index of the first token.
    let token: Int
    /// Index behind the last token.
    let end: Int
  }

  private static let conclusions: Set<String> = ["so", "therefore", "thus", "hence"]
  private static let sums: Set<String> = ["total", "altogether", "overall"]

  let tokens: [NumberToken]
  let numbers: [Number]
  let isInWords: Bool

  init?(_ tokens: [NumberToken], words: Bool) {
    self.tokens = tokens
    let marks = ListMarks.indices(in: tokens)
    var numbers = tokens.indices.compactMap { index -> Number? in
      guard case .number(let value) = tokens[index].kind, !marks.contains(index) else { return nil }
      return Number(value: value, token: index, end: index + 1)
    }
    isInWords = numbers.isEmpty
    if numbers.isEmpty, words {
      numbers = NumberWords.numbers(in: tokens).map { Number(value: $0.value, token: $0.token, end: $0.end) }
    }
    guard !numbers.isEmpty else { return nil }
    self.numbers = numbers
  }

  /// Index of the number that the text commits to.
  var committed: Int? { marked ?? opening ?? concluded ?? beforeColon ?? numbers.indices.last }

  private func isSentenceEnd(_ index: Int) -> Bool {
    tokens[index].kind == .newline || tokens[index].isMark(".", "!", "?", ";")
  }

  private func sentenceEnd(after index: Int) -> Int {
    tokens.indices[index...].first { isSentenceEnd($0) } ?? tokens.count
  }

  private func sentenceStart(before index: Int) -> Int {
    tokens.indices[..<index].last { isSentenceEnd($0) }.map { $0 + 1 } ?? 0
  }

  /// Offsets of the scalars of the sentence around a token, its closing mark apart.
  func sentenceRange(around token: Int) -> Range<Int> {
    let start = sentenceStart(before: token)
    return tokens[start].range.lowerBound..<tokens[sentenceEnd(after: token) - 1].range.upperBound
  }

  /// Offsets of the scalars of a number; a `minus` before its words and the `a` of `a hundred` belong to it.
  func range(of number: Number) -> Range<Int> {
    var start = number.token
    if isInWords, start > 0 {
      let isBare = tokens[start].isWord(in: ["hundred"])
      if tokens[start - 1].isWord(in: isBare ? ["minus", "negative", "a"] : ["minus", "negative"]) { start -= 1 }
    }
    return tokens[start].range.lowerBound..<tokens[number.end - 1].range.upperBound
  }

  private func first(in range: Range<Int>) -> Int? { numbers.firstIndex { range.contains($0.token) } }

  private func last(in range: Range<Int>) -> Int? { numbers.lastIndex { range.contains($0.token) } }

  /// The number after the last equals sign in the range, or else the first number there.
  private func settled(in range: Range<Int>) -> Int? {
    guard !range.isEmpty else { return nil }
    let equal = range.last { tokens[$0].isMark("=") && first(in: $0..<range.upperBound) != nil }
    return first(in: (equal ?? range.lowerBound)..<range.upperBound)
  }

  // 1.
  private var marked: Int? {
    for index in tokens.indices.reversed() {
      guard let start = markerEnd(index) else { continue }
      let from = start < tokens.count && tokens[start].kind == .newline ? start + 1 : start
      guard from < tokens.count else { continue }
      if let number = settled(in: from..<max(from, sentenceEnd(after: from))) { return number }
    }
    return nil
  }

  /// The token behind a marker that starts at `index`.
  private func markerEnd(_ index: Int) -> Int? {
    let rest = tokens[index...]
    if rest.prefix(4).count == 4, rest.prefix(4).allSatisfy({ $0.isMark("#") }) { return index + 4 }
    if rest[index].isWord(in: ["boxed"]), rest.dropFirst().first?.isMark("{") ?? false { return index + 2 }
    let startsLine = index == 0 || tokens[index - 1].kind == .newline
    if startsLine, rest[index].isWord(in: ["a"]), rest.dropFirst().first?.isMark(":") ?? false { return index + 2 }
    guard rest[index].isWord(in: ["answer"]) else { return nil }
    let end = sentenceEnd(after: index)
    return (index..<end).first { tokens[$0].isWord(in: ["is", "be"]) || tokens[$0].isMark(":", "=") }.map { $0 + 1 }
  }

  // 2.
  private var opening: Int? {
    guard let first = numbers.first, let start = tokens.firstIndex(where: { $0.kind != .newline }) else { return nil }
    let end = sentenceEnd(after: start)
    guard (start..<end).contains(first.token) else { return nil }
    for index in start..<end where !(first.token..<first.end).contains(index) {
      guard case .mark = tokens[index].kind else { return nil }
    }
    return last(in: start..<end) == 0 ? 0 : nil
  }

  // 3.
  private var concluded: Int? {
    var best: Int?
    if let equal = tokens.indices.last(where: {
      tokens[$0].isMark("=") && first(in: $0..<sentenceEnd(after: $0)) != nil
    }) {
      best = first(in: equal..<tokens.count)
    }
    for index in tokens.indices.reversed() where tokens[index].isWord(in: Self.conclusions.union(Self.sums)) {
      let after = settled(in: index..<sentenceEnd(after: index))
      let before = tokens[index].isWord(in: Self.sums) ? last(in: sentenceStart(before: index)..<index) : nil
      guard let number = after ?? before else { continue }
      return max(number, best ?? number)
    }
    return best
  }

  // 4.
  private var beforeColon: Int? {
    guard let colon = tokens.firstIndex(where: { $0.isMark(":") }) else { return nil }
    let before = numbers.indices.filter { numbers[$0].token < colon }
    return before.count == 1 ? before[0] : nil
  }
}
