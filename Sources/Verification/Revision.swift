// The smallest edit that makes a response right: the right answer takes the wrong one's place, all else is copied.
// Knows where a verifier reads an answer, and nothing of how a response came about.

extension Verifier {
  /// The response with the right answer in the place of the wrong one.
  ///
  /// - `number`: the number that the verdict is based on becomes an accepted number, in words where it stood in words.
  /// - `choice`: the label, text or letter of the option becomes that of an accepted option.
  /// - `exact`, `sorted-words`, `multiset`, and wherever no edit in place makes the response right: the whole response
  ///   becomes an accepted answer, the only edit there is.
  ///
  /// - Parameters:
  ///   - response: What the model wrote, untouched.
  ///   - answer: What is accepted.
  /// - Returns: A text that this verifier calls right; the response itself if it is right already; nil for `regex`,
  ///   `contains` and constraints, which have no answer that could be put somewhere, and where no accepted answer is
  ///   itself a right response.
  public func revision(of response: String, answer: AcceptedAnswer) -> String? {
    guard fault(in: answer) == nil else { return nil }
    let edits: [String]
    switch self {
    case .number(_, let words): edits = numberEdits(response, answer.accepted, words)
    case .choice: edits = choiceEdits(response, answer)
    case .exact, .sortedWords, .multiset: edits = []
    case .regex, .contains, .constraints: return nil
    }
    let isRight: (String) -> Bool = { verdict(on: $0, answer: answer).outcome == .right }
    return ([response] + edits + answer.accepted).first(where: isRight)
  }

  /// The response with each accepted number in the place of its own, likelier forms first.
  private func numberEdits(_ response: String, _ accepted: [String], _ words: Bool) -> [String] {
    guard let reading = NumberReading(response, words: words) else { return [] }
    let text = Texts.scalars(response)
    let values = accepted.compactMap { NumberReading($0, words: words)?.value }
    return values.flatMap { value in
      NumberWriting.forms(of: value, like: Array(text[reading.range]), inWords: reading.isInWords).map { form in
        Texts.string(text[..<reading.range.lowerBound] + form + text[reading.range.upperBound...])
      }
    }
  }

  /// The response with an accepted option named where it names another, smaller edits first.
  private func choiceEdits(_ response: String, _ answer: AcceptedAnswer) -> [String] {
    guard let wrong = chosenOption(response, answer) else { return [] }
    return acceptedOptions(answer).flatMap { right in
      OptionEditor(text: Texts.scalars(response), answer: answer, wrong: wrong, right: right).edits
    }
  }
}
