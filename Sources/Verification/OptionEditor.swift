// Puts one option where a response names another: its label, its text, both where they stand together, or its letter.
// Knows places in text; which of the results is right is the verifier's word.

struct OptionEditor {
  typealias Scalar = Unicode.Scalar

  /// What takes the place of some scalars.
  private struct Edit {
    let range: Range<Int>
    let text: [Scalar]
  }

  /// How an option is named.
  private struct Name {
    let text: [Scalar]
    let label: [Scalar]?
    let letter: [Scalar]?

    init(_ answer: AcceptedAnswer, _ index: Int) {
      var text = Texts.trimmed(answer.options[index].unicodeScalars)
      // The response's own full stop stays where it is.
      if text.last == "." { text.removeLast() }
      self.text = text
      let written = answer.labels.isEmpty ? nil : Texts.scalars(answer.labels[index])
      letter = written.map { $0.filter(Texts.isWordPart) }
      label = written.flatMap { Texts.plain($0) == Texts.lowercased($0.filter(Texts.isWordPart)) ? nil : $0 }
    }
  }

  private let text: [Scalar]
  private let wrong: Name
  private let right: Name

  init(text: [Scalar], answer: AcceptedAnswer, wrong: Int, right: Int) {
    self.text = text
    self.wrong = Name(answer, wrong)
    self.right = Name(answer, right)
  }

  /// Edited texts: for labels, for letters with the option's text behind them, for texts, for letters; each one place
  /// alone from the last on, then all places.
  var edits: [String] {
    let labels = marks(wrong.label, right.label)
    let letters = marks(wrong.letter, right.letter)
    let texts = places(of: wrong.text).map { edit($0, right.text) }
    return [labels, letters.filter { $0.count > 1 }, texts, letters].flatMap { places in
      places.reversed().map(applied) + (places.count > 1 ? [applied(places.flatMap { $0 })] : [])
    }
  }

  /// The edits of each place of a label or letter, and of the option's text right behind it, as in `(B) blue`.
  private func marks(_ old: [Scalar]?, _ new: [Scalar]?) -> [[Edit]] {
    guard let old, let new else { return [] }
    return places(of: old).map { edit($0, new) + follower(of: $0) }
  }

  private func edit(_ range: Range<Int>, _ new: [Scalar]) -> [Edit] {
    [Edit(range: range, text: Self.cased(new, like: Array(text[range])))]
  }

  private func follower(of place: Range<Int>) -> [Edit] {
    let start = text[place.upperBound...].prefix(3).firstIndex { Texts.isWordPart($0) }
    guard let start, let found = places(of: wrong.text, from: start).first, found.lowerBound == start else { return [] }
    return edit(found, right.text)
  }

  private func applied(_ edits: [Edit]) -> String {
    var result = text
    for edit in edits.reversed() { result.replaceSubrange(edit.range, with: edit.text) }
    return Texts.string(result)
  }

  /// With a capital where the other has one, and a letter as small as the other.
  private static func cased(_ new: [Scalar], like old: [Scalar]) -> [Scalar] {
    guard let first = new.first, let before = old.first else { return new }
    if new.count == 1, before.properties.isLowercase { return Texts.lowercased(new) }
    guard before.properties.isUppercase, first.properties.isLowercase else { return new }
    return Texts.scalars(first.properties.uppercaseMapping) + new.dropFirst()
  }

  /// Where a name stands as whole words; case and the width of white space do not matter.
  private func places(of name: [Scalar], from start: Int = 0) -> [Range<Int>] {
    let needle = Texts.plain(name)
    guard let first = needle.first, let last = needle.last else { return [] }
    var places: [Range<Int>] = []
    var at = start
    while at < text.count {
      let touches = at > 0 && Texts.isWordPart(first) && Texts.isWordPart(text[at - 1])
      if !touches, let end = match(needle, at),
        !(end < text.count && Texts.isWordPart(last) && Texts.isWordPart(text[end]))
      {
        places.append(at..<end)
        at = end
      } else {
        at += 1
      }
    }
    return places
  }

  /// The end of what matches from a place on.
  private func match(_ needle: [Scalar], _ start: Int) -> Int? {
    var at = start
    var index = 0
    while index < needle.count {
      guard at < text.count else { return nil }
      if needle[index] == " " {
        guard Texts.isSpace(text[at]) else { return nil }
        while at < text.count, Texts.isSpace(text[at]) { at += 1 }
        index += 1
      } else {
        let lower = Texts.lowercased([text[at]])
        guard needle[index...].starts(with: lower) else { return nil }
        index += lower.count
        at += 1
      }
    }
    return at
  }
}
