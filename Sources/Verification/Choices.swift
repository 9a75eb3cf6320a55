// Which option a response settles on.
// Knows options, labels and text; nothing of log-likelihoods, which choose without reading.

/// The rule, the first of these that applies:
/// 1. The whole response is an option's label or text (case, white space and a closing full stop apart).
/// 2. After the last "answer is", "answer:" or "A:", or else in the whole response, exactly one option is named: by its
///    label as written (`(B)`), or by its whole text (a text inside a longer option's text does not count).
/// 3. The response opens with a letter of a label (`B`, `B.`, `B)`).
/// Anything else, two options named among it, settles on none.
extension Verifier {
  func choiceFault(_ answer: AcceptedAnswer) -> VerifierFault? {
    if answer.options.isEmpty { return .noOptions }
    if !answer.labels.isEmpty, answer.labels.count != answer.options.count {
      return .labelCount(answer.labels.count, options: answer.options.count)
    }
    let known = answer.options + answer.labels
    let stray = answer.accepted.first { text in !known.contains { Texts.same($0, text) } }
    return stray.map { .notAnOption($0, options: answer.options) }
  }

  /// Indices of the options that are accepted.
  func acceptedOptions(_ answer: AcceptedAnswer) -> [Int] {
    answer.options.indices.filter { index in
      answer.accepted.contains { text in
        Texts.same(text, answer.options[index]) || (!answer.labels.isEmpty && Texts.same(text, answer.labels[index]))
      }
    }
  }

  /// The one option that a response settles on.
  func chosenOption(_ response: String, _ answer: AcceptedAnswer) -> Int? {
    let named = OptionChooser(options: answer.options, labels: answer.labels).options(namedIn: response)
    return named.count == 1 ? named.first : nil
  }

  func choiceVerdict(_ response: String, _ answer: AcceptedAnswer) -> Verdict {
    let right = acceptedOptions(answer)
    let name: (Int) -> String = { index in
      let text = Texts.quote(answer.options[index])
      return answer.labels.isEmpty ? text : "\(answer.labels[index]) \(text)"
    }
    let expected = "expected \(right.map(name).joined(separator: " or "))"
    let chooser = OptionChooser(options: answer.options, labels: answer.labels)
    let named = chooser.options(namedIn: response)
    guard named.count == 1, let chosen = named.first else {
      let says = named.isEmpty ? "names none of the options" : "names \(named.map(name).joined(separator: " and "))"
      return Verdict(.unparsed, "\(expected), the response \(says) (\(Texts.quote(response)))", found: nil)
    }
    let line = response.unicodeScalars.split(whereSeparator: Texts.isNewline).map { Texts.string($0) }
      .last { chooser.options(namedIn: $0) == [chosen] }
    let says = "the response says \(name(chosen)) (\(Texts.quote(line ?? response)))"
    let found = answer.labels.isEmpty ? answer.options[chosen] : answer.labels[chosen]
    return right.contains(chosen)
      ? Verdict(.right, says, found: found) : Verdict(.wrong, "\(expected), \(says)", found: found)
  }
}

private struct OptionChooser {
  let options: [[Unicode.Scalar]]
  let labels: [[Unicode.Scalar]]
  /// The letter alone of each label.
  let letters: [[Unicode.Scalar]]

  init(options: [String], labels: [String]) {
    self.options = options.map { Texts.plain($0.unicodeScalars) }
    self.labels = labels.map { Texts.plain($0.unicodeScalars) }
    letters = labels.map { Texts.lowercased($0.unicodeScalars).filter(Texts.isWordPart) }
  }

  /// Indices of the options that the response settles on: one, several or none.
  func options(namedIn response: String) -> [Int] {
    let text = Texts.plain(response.unicodeScalars)
    let whole = options.indices.filter { index in
      text == options[index] || (!labels.isEmpty && (text == labels[index] || text == letters[index]))
    }
    if whole.count == 1 { return whole }
    if let tail = afterMarker(text) {
      let named = named(in: tail)
      if named.count == 1 { return named }
    }
    let named = named(in: text)
    return named.isEmpty ? opening(text) : named
  }

  private func afterMarker(_ text: [Unicode.Scalar]) -> [Unicode.Scalar]? {
    let markers = ["answer is", "answer:", "a:"].map { Texts.scalars($0) }
    let ends = markers.flatMap { marker in Texts.ranges(of: marker, in: text).map(\.upperBound) }
    return ends.max().map { Texts.trimmed(text[$0...]) }
  }

  /// Options whose label or text stands in the text; longer ones first, each place used once.
  private func named(in text: [Unicode.Scalar]) -> [Int] {
    var named: Set<Int> = []
    for index in labels.indices where labels[index] != letters[index] {
      if !Texts.ranges(of: labels[index], in: text).isEmpty { named.insert(index) }
    }
    if !named.isEmpty { return named.sorted() }
    var text = text
    let byLength = options.indices.sorted { (-options[$0].count, $0) < (-options[$1].count, $1) }
    for index in byLength {
      for range in Texts.ranges(of: options[index], in: text) {
        named.insert(index)
        text.replaceSubrange(range, with: repeatElement("\n", count: range.count))
      }
    }
    if named.isEmpty, let only = letter(text) { named.insert(only) }
    return named.sorted()
  }

  /// The text is one letter with marks around it: `b)`, `*b*`.
  private func letter(_ text: [Unicode.Scalar]) -> Int? {
    let bare = Texts.trimmed(text) { !Texts.isWordPart($0) }
    return letters.firstIndex(of: bare)
  }

  private func opening(_ text: [Unicode.Scalar]) -> [Int] {
    let word = Array(text.prefix(while: Texts.isWordPart))
    guard let mark = text.dropFirst(word.count).first, [".", ")", ":", ","].contains(mark),
      let index = letters.firstIndex(of: word)
    else { return [] }
    return [index]
  }
}
