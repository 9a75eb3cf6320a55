// From a spec's verifier to Verification's: two vocabularies that meet here alone.

package import Specification
package import Verification

extension Specification.Verifier {
  /// The rule that judges responses.
  package var engine: Verification.Verifier {
    switch self {
    case .exact(let exact): .exact(ignore: exact.ignored)
    case .choice: .choice
    case .number(let number):
      // The reader refuses a tolerance that is not finite, and every finite number is a decimal.
      .number(tolerance: ExactNumber(number.tolerance) ?? ExactNumber(0), words: number.words)
    case .sortedWords: .sortedWords
    case .multiset: .multiset
    case .regex(let regex): .regex(pattern: regex.pattern)
    case .contains(let exact): .contains(ignore: exact.ignored)
    case .format(let format): .constraints(format.engine)
    }
  }
}

extension ExactOptions {
  fileprivate var ignored: Set<IgnoredText> { Set(ignore.map(\.engine)) }
}

extension ExactOptions.Ignored {
  /// The verifiers' word for it.
  var engine: IgnoredText {
    switch self {
    case .space: .space
    case .period: .period
    case .case: .case
    case .punctuation: .punctuation
    }
  }
}

extension FormatConstraints {
  fileprivate var engine: Constraints {
    Constraints(
      words: .init(least: minWords, most: maxWords), characters: .init(least: minCharacters, most: maxCharacters),
      lines: .init(least: minLines, most: maxLines), start: startsWith, end: endsWith,
      letterCase: letterCase?.engine, keywords: keywords, forbidden: forbidden, isJSON: json)
  }
}

extension FormatConstraints.Case {
  fileprivate var engine: Constraints.Case {
    switch self {
    case .upper: .upper
    case .lower: .lower
    }
  }
}
