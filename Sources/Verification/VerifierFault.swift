// The faults of verifiers and of the answers given to them, with their sentences.
// Knows nothing of records; whoever reads the data adds the place.

public import Diagnostics

/// Why a verifier cannot judge.
public enum VerifierFault: DiagnosableError, Hashable, Sendable {
  /// The record has no accepted answer.
  case noAnswer
  /// The accepted answer holds no number.
  case noNumber(String)
  /// The accepted answer holds no words.
  case noWords(String)
  /// The record has no options.
  case noOptions
  /// The accepted answer is none of the options and none of their labels.
  case notAnOption(String, options: [String])
  /// There are labels, but not one an option.
  case labelCount(Int, options: Int)
  /// More options than there are letters.
  case tooManyOptions(Int)
  /// The style of the letters has no `A` that stands by itself.
  case letterStyle(String)
  /// The order is not a permutation of the options.
  case notAPermutation([Int], options: Int)
  /// The pattern is no regular expression.
  case badPattern(String)
  /// A tolerance below zero, which no difference can meet.
  case negativeTolerance(ExactNumber)
  /// A range of lengths that nothing can meet.
  case emptyRange(what: String, least: Int, most: Int)

  /// What is wrong, in words and without a full stop at the end.
  public var reason: String {
    switch self {
    case .noAnswer: "there is no accepted answer to compare with"
    case .noNumber(let text): "the accepted answer \(Texts.quote(text)) holds no number"
    case .noWords(let text): "the accepted answer \(Texts.quote(text)) holds no words"
    case .noOptions: "there are no options to choose from"
    case .notAnOption(let text, let options):
      "the accepted answer \(Texts.quote(text)) is none of the options "
        + options.map { Texts.quote($0) }.joined(separator: ", ")
    case .labelCount(let labels, let options): "there are \(labels) labels for \(options) options"
    case .tooManyOptions(let count): "\(count) options are more than the 26 letters A to Z"
    case .letterStyle(let style): "the style of letters \(Texts.quote(style)) has no A that stands by itself"
    case .notAPermutation(let order, let options):
      "the order \(order) does not name each of the \(options) options once"
    case .badPattern(let pattern): "\(Texts.quote(pattern)) is not a regular expression"
    case .negativeTolerance(let tolerance): "the tolerance \(tolerance) is below zero"
    case .emptyRange(let what, let least, let most): "no response has at least \(least) and at most \(most) \(what)"
    }
  }

  private var remedy: String {
    switch self {
    case .noAnswer: "Name the field with the answer in `answer: {from: …}`."
    case .noNumber: "Use another verifier, or give the answer as digits or number words."
    case .noWords: "Give the answer as words."
    case .noOptions: "Use `verifier: choice` only for records with options."
    case .notAnOption: "Give the text of an option or its label."
    case .labelCount: "Give every option a label, or none."
    case .tooManyOptions: "Offer at most 26 options."
    case .letterStyle: "Write a style such as \"(A)\", \"A.\" or \"A)\"."
    case .notAPermutation: "Name each place from 0 on exactly once."
    case .badPattern: "Correct the pattern."
    case .negativeTolerance: "Give a tolerance of at least 0."
    case .emptyRange: "Make the first number the smaller one."
    }
  }

  /// The fault as one diagnosis without a place.
  public var diagnoses: [Diagnosis] {
    [Diagnosis("verify.\(code)", reason, remedy: remedy, exit: .badSpec)]
  }

  private var code: String {
    switch self {
    case .noAnswer: "no-answer"
    case .noNumber: "no-number"
    case .noWords: "no-words"
    case .noOptions: "no-options"
    case .notAnOption: "not-an-option"
    case .labelCount: "label-count"
    case .tooManyOptions: "too-many-options"
    case .letterStyle: "letter-style"
    case .notAPermutation: "not-a-permutation"
    case .badPattern: "bad-pattern"
    case .negativeTolerance: "negative-tolerance"
    case .emptyRange: "empty-range"
    }
  }
}
