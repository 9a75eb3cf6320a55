// Says whether a response is right, and why not, by rules that anyone can redo by hand.
// Knows nothing of models, prompts or files: text and accepted answers in, a verdict out.

/// What an exact comparison looks past.
public enum IgnoredText: String, Hashable, Sendable, CaseIterable {
  /// Every white-space character, wherever it stands.
  case space
  /// Every full stop, wherever it stands.
  case period
  /// Every punctuation mark of Unicode, full stops among them, wherever it stands.
  case punctuation
  /// The difference between upper and lower case.
  case `case`

  /// A text without what is ignored: two texts for which this is the same are equal but for that.
  public static func removed(_ ignored: Set<IgnoredText>, from text: String) -> String {
    Texts.string(Texts.normalized(text, ignoring: ignored))
  }
}

/// What a right response would say.
public struct AcceptedAnswer: Hashable, Sendable {
  /// The accepted texts; any one of them is right.
  public let accepted: [String]
  /// The options that the prompt offered, in the order shown; empty if it offered none.
  public let options: [String]
  /// The labels that stood before the options, such as `(A)`; empty if they had none.
  public let labels: [String]

  /// Makes an answer.
  ///
  /// - Parameters:
  ///   - accepted: The accepted texts: options' texts or their labels where there are options.
  ///   - options: The options in the order shown.
  ///   - labels: One label an option, or none at all.
  public init(_ accepted: [String], options: [String] = [], labels: [String] = []) {
    self.accepted = accepted
    self.options = options
    self.labels = labels
  }
}

/// What a verifier says of one response.
public struct Verdict: Hashable, Sendable {
  /// Right, wrong, or nothing that could be judged.
  public enum Outcome: String, Hashable, Sendable, CaseIterable {
    /// The response says an accepted answer.
    case right
    /// The response says something else.
    case wrong
    /// The response says nothing that the verifier can read as an answer.
    case unparsed
  }

  /// Right, wrong or unparsed.
  public let outcome: Outcome
  /// What is wrong and where, in words and without a full stop at the end.
  public let reason: String
  /// The answer that was read from the response, as the verifier compares it; nil if none was.
  public let found: String?

  /// Makes a verdict.
  public init(_ outcome: Outcome, _ reason: String, found: String?) {
    self.outcome = outcome
    self.reason = reason
    self.found = found
  }
}

/// A rule that compares responses with answers.
public enum Verifier: Hashable, Sendable {
  /// The whole response equals an accepted text, scalar by scalar, after removing what is ignored.
  case exact(ignore: Set<IgnoredText>)
  /// The response settles on one of the options, by its label or by its text.
  case choice
  /// The number that the response commits to is at most `tolerance` away from an accepted number, in exact decimals.
  ///
  /// ``NumberReading`` has the rule; `words` is whether number words count.
  case number(tolerance: ExactNumber = ExactNumber(0), words: Bool = true)
  /// The response's words are the answer's words in the same order; case, commas and list numbers do not matter.
  case sortedWords
  /// The response lists the answer's items, each as often, in any order; case does not matter.
  case multiset
  /// What the pattern's first match caught is an accepted text: its first group, or all of it if it has no group.
  case regex(pattern: String)
  /// An accepted text stands in the response, as whole words unless white space is ignored.
  case contains(ignore: Set<IgnoredText>)
  /// The response has a form: lengths, case, keywords, JSON. Needs no accepted answer.
  case constraints(Constraints)

  /// Judges one response.
  ///
  /// - Parameters:
  ///   - response: What the model wrote, untouched.
  ///   - answer: What is accepted. ``fault(in:)`` says beforehand whether the verifier can use it.
  /// - Returns: A verdict that depends on nothing but the arguments.
  public func verdict(on response: String, answer: AcceptedAnswer) -> Verdict {
    if let fault = fault(in: answer) { return Verdict(.unparsed, fault.reason, found: nil) }
    return switch self {
    case .exact(let ignored): exactVerdict(response, answer.accepted, ignored)
    case .choice: choiceVerdict(response, answer)
    case .number(let tolerance, let words): numberVerdict(response, answer.accepted, tolerance, words)
    case .sortedWords: sortedWordsVerdict(response, answer.accepted)
    case .multiset: multisetVerdict(response, answer.accepted)
    case .regex(let pattern): regexVerdict(response, answer.accepted, pattern)
    case .contains(let ignored): containsVerdict(response, answer.accepted, ignored)
    case .constraints(let constraints): constraints.verdict(on: response)
    }
  }

  /// Why this verifier cannot use an answer, or nil if it can.
  public func fault(in answer: AcceptedAnswer) -> VerifierFault? {
    if case .constraints(let constraints) = self { return constraints.fault }
    if case .regex(let pattern) = self {
      guard (try? Regex(pattern)) != nil else { return .badPattern(pattern) }
    }
    if answer.accepted.isEmpty { return .noAnswer }
    switch self {
    case .number(let tolerance, let words):
      if tolerance.isNegative { return .negativeTolerance(tolerance) }
      return answer.accepted.first { NumberReading($0, words: words) == nil }.map { .noNumber($0) }
    case .sortedWords: return answer.accepted.first { Texts.words(of: $0).isEmpty }.map { .noWords($0) }
    case .contains(let ignored):
      return answer.accepted.first { Texts.normalized($0, ignoring: ignored).isEmpty }.map { .noWords($0) }
    case .choice: return choiceFault(answer)
    default: return nil
    }
  }
}
