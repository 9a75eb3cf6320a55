// What the right answer of a record is, and how a response is held against it.
// Knows nothing of how a verifier works.

/// The right answer and the verifier.
public struct Answer: Hashable, Sendable {
  /// The right answer's text; nil where the source gives it itself (built-in tasks, BIG-bench, options).
  public let from: Template?
  /// How a response is held against it.
  public let verifier: Verifier
}

/// How a response is held against the right answer.
public enum Verifier: Hashable, Sendable {
  /// The same text, but for what is ignored.
  case exact(ExactOptions)
  /// The letter or the text of the right option.
  case choice
  /// The last number of the response equals the answer's.
  case number(NumberOptions)
  /// The answer's words in the answer's order.
  case sortedWords
  /// The answer's words in any order.
  case multiset
  /// The first match of a pattern equals the answer.
  case regex(RegexOptions)
  /// The answer stands somewhere in the response.
  case contains(ExactOptions)
  /// The response has a certain form; no answer is needed.
  case format(FormatConstraints)
}

/// What a comparison of texts ignores.
public struct ExactOptions: Hashable, Sendable {
  /// Something that does not count.
  public enum Ignored: String, Hashable, Sendable, CaseIterable {
    /// All white space.
    case space
    /// Full stops.
    case period
    /// Upper and lower case.
    case `case`
    /// All punctuation.
    case punctuation
  }

  /// What is ignored, in the order of the kinds above, each once.
  public let ignore: [Ignored]
}

/// How numbers are compared.
public struct NumberOptions: Hashable, Sendable {
  /// The largest difference that still counts as equal; at least 0.
  public let tolerance: Double
  /// Whether number words ("three") count.
  public let words: Bool
}

/// How a pattern finds the answer in a response.
public struct RegexOptions: Hashable, Sendable {
  /// The pattern, in Swift's syntax; its first group, or the whole match, is held against the answer.
  public let pattern: String
}

/// What form a response must have.
///
/// Every constraint that is set must hold.
public struct FormatConstraints: Hashable, Sendable {
  /// The case of every letter.
  public enum Case: String, Hashable, Sendable, CaseIterable {
    /// No lower-case letter.
    case upper
    /// No upper-case letter.
    case lower
  }

  /// The fewest words.
  public let minWords: Int?
  /// The most words.
  public let maxWords: Int?
  /// The fewest lines that are not blank.
  public let minLines: Int?
  /// The most lines that are not blank.
  public let maxLines: Int?
  /// The fewest characters: Unicode scalars, white space among them.
  public let minCharacters: Int?
  /// The most characters.
  public let maxCharacters: Int?
  /// The case of every letter.
  public let letterCase: Case?
  /// What must stand in it, as whole words in any case.
  public let keywords: [String]
  /// What must not stand in it, as whole words in any case.
  public let forbidden: [String]
  /// How it must begin.
  public let startsWith: String?
  /// How it must end.
  public let endsWith: String?
  /// Whether it must be one JSON document.
  public let json: Bool
}
