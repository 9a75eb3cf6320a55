// The few operations on text that the verifiers share, all by Unicode scalars.
// Nothing here looks at grapheme clusters, whose borders change with the version of Unicode.

enum Texts {
  typealias Scalar = Unicode.Scalar

  static func scalars(_ text: String) -> [Scalar] { Array(text.unicodeScalars) }

  static func string(_ scalars: some Sequence<Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  static func isSpace(_ scalar: Scalar) -> Bool { scalar.properties.isWhitespace }

  static func isPunctuation(_ scalar: Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  static func isNewline(_ scalar: Scalar) -> Bool { scalar == "\n" || scalar == "\r" }

  static func isDigit(_ scalar: Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// Letters and the marks that belong to them.
  static func isLetter(_ scalar: Scalar) -> Bool {
    if scalar.isASCII { return ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) }
    return scalar.properties.isAlphabetic
  }

  static func isWordPart(_ scalar: Scalar) -> Bool {
    isLetter(scalar) || isDigit(scalar) || scalar == "_" || scalar.properties.numericType != nil
  }

  /// Lower case, scalar by scalar, after Unicode's own mapping and no locale's.
  static func lowercased(_ text: some Sequence<Scalar>) -> [Scalar] {
    text.flatMap { $0.isASCII ? [asciiLower($0)] : Array($0.properties.lowercaseMapping.unicodeScalars) }
  }

  private static func asciiLower(_ scalar: Scalar) -> Scalar {
    ("A"..."Z").contains(scalar) ? Scalar(UInt8(scalar.value) | 0x20) : scalar
  }

  static func trimmed(_ text: some BidirectionalCollection<Scalar>, also: (Scalar) -> Bool = { _ in false }) -> [Scalar]
  {
    var rest = text[...]
    while let first = rest.first, isSpace(first) || also(first) { rest.removeFirst() }
    while let last = rest.last, isSpace(last) || also(last) { rest.removeLast() }
    return Array(rest)
  }

  /// The text without what is ignored.
  static func normalized(_ text: String, ignoring ignored: Set<IgnoredText>) -> [Scalar] {
    placed(scalars(text), ignoring: ignored).map(\.scalar)
  }

  /// A text without what is ignored, each scalar with the index at which it, or what became it, stands.
  static func placed(_ text: [Scalar], ignoring ignored: Set<IgnoredText>) -> [(scalar: Scalar, index: Int)] {
    text.indices.flatMap { index -> [(scalar: Scalar, index: Int)] in
      let scalar = text[index]
      if ignored.contains(.space), isSpace(scalar) { return [] }
      if ignored.contains(.period), scalar == "." { return [] }
      if ignored.contains(.punctuation), isPunctuation(scalar) { return [] }
      return (ignored.contains(.case) ? lowercased([scalar]) : [scalar]).map { ($0, index) }
    }
  }

  /// Lower case, white space trimmed and single, one full stop at the end dropped.
  static func plain(_ text: some Sequence<Scalar>) -> [Scalar] {
    var result: [Scalar] = []
    for scalar in lowercased(text) {
      if !isSpace(scalar) {
        result.append(scalar)
      } else if let last = result.last, last != " " {
        result.append(" ")
      }
    }
    if result.last == " " { result.removeLast() }
    if result.last == "." { result.removeLast() }
    return result
  }

  /// Runs of letters, digits, hyphens and apostrophes, in lower case.
  static func words(of text: some Sequence<Scalar>) -> [String] {
    var words: [String] = []
    var word: [Scalar] = []
    for scalar in lowercased(text) {
      if isWordPart(scalar) || (!word.isEmpty && (scalar == "-" || scalar == "'" || scalar == "\u{2019}")) {
        word.append(scalar)
      } else if !word.isEmpty {
        words.append(string(word))
        word = []
      }
    }
    return word.isEmpty ? words : words + [string(word)]
  }

  static func words(of text: String) -> [String] { words(of: text.unicodeScalars) }

  /// Equality by scalars; Swift's own follows canonical equivalence.
  static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

  /// A text for a message: in quotation marks, on one line, at most 60 scalars.
  static func quote(_ text: String) -> String {
    var line: [Scalar] = []
    for scalar in trimmed(scalars(text)) {
      if !isSpace(scalar) {
        line.append(scalar)
      } else if line.last != " " {
        line.append(" ")
      }
    }
    return "\"" + string(line.count > 60 ? line.prefix(59) + ["…"] : line) + "\""
  }

  /// Several accepted texts for a message.
  static func quote(anyOf texts: [String]) -> String {
    let shown = texts.prefix(4).map { quote($0) }.joined(separator: " or ")
    return texts.count > 4 ? shown + " or another of \(texts.count)" : shown
  }

  /// A place for a message: its line and the character in it, both from 1.
  static func place(_ index: Int, in text: [Scalar]) -> String {
    let before = text[..<index]
    let start = (before.lastIndex(where: isNewline) ?? -1) + 1
    // A carriage return and the line feed after it end one line.
    let ends = before.indices.count { place in
      isNewline(text[place]) && !(text[place] == "\n" && place > 0 && text[place - 1] == "\r")
    }
    return "line \(ends + 1), character \(index - start + 1)"
  }

  /// Where `needle` stands in `text`; as whole words, no word part touches either end.
  static func ranges(of needle: [Scalar], in text: [Scalar], wholeWords: Bool = true) -> [Range<Int>] {
    guard let first = needle.first, let last = needle.last, needle.count <= text.count else { return [] }
    var ranges: [Range<Int>] = []
    var start = 0
    while start + needle.count <= text.count {
      let end = start + needle.count
      let touchesBefore = start > 0 && isWordPart(first) && isWordPart(text[start - 1])
      let touchesAfter = end < text.count && isWordPart(last) && isWordPart(text[end])
      let fits = !wholeWords || (!touchesBefore && !touchesAfter)
      if text[start] == first, fits, text[start..<end].elementsEqual(needle) {
        ranges.append(start..<end)
        start = end
      } else {
        start += 1
      }
    }
    return ranges
  }
}
