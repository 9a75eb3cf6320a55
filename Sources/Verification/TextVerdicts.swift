// The verifiers that compare text: exact, number, sorted words, multiset, pattern, contains.
// Each is a pure function; the reasons say what was expected, what stands there, and where they part.

extension Verifier {
  func exactVerdict(_ response: String, _ accepted: [String], _ ignored: Set<IgnoredText>) -> Verdict {
    let found = Texts.normalized(response, ignoring: ignored)
    let says = "the response is \(Texts.quote(response))"
    if accepted.contains(where: { Texts.normalized($0, ignoring: ignored) == found }) {
      return Verdict(.right, says, found: Texts.string(found))
    }
    if found.isEmpty {
      return Verdict(.unparsed, "expected \(Texts.quote(anyOf: accepted)), the response is empty", found: nil)
    }
    let parting = Self.parting(response, accepted, ignored)
    return Verdict(.wrong, "expected \(Texts.quote(anyOf: accepted)), \(says), \(parting)", found: Texts.string(found))
  }

  /// Where a response parts from the accepted text that it follows furthest.
  private static func parting(_ response: String, _ accepted: [String], _ ignored: Set<IgnoredText>) -> String {
    let text = Texts.scalars(response)
    let found = Texts.placed(text, ignoring: ignored)
    let common = accepted.map { answer in
      zip(Texts.normalized(answer, ignoring: ignored), found).prefix { $0 == $1.scalar }.count
    }
    let most = common.max() ?? 0
    let nearest = accepted.count > 1 ? Texts.quote(accepted[common.firstIndex(of: most) ?? 0]) : "it"
    guard most < found.count else { return "which ends before \(nearest) does" }
    return "which parts from \(nearest) at \(Texts.place(found[most].index, in: text))"
  }

  func numberVerdict(_ response: String, _ accepted: [String], _ tolerance: ExactNumber, _ words: Bool) -> Verdict {
    let values = accepted.compactMap { NumberReading($0, words: words)?.value }
    var shown: [String] = []
    for value in values where !shown.contains(value.description) { shown.append(value.description) }
    let within = tolerance == ExactNumber(0) ? "" : " within \(tolerance)"
    let expected = "expected \(shown.joined(separator: " or "))\(within)"
    guard let reading = NumberReading(response, words: words) else {
      let says = response.unicodeScalars.allSatisfy(Texts.isSpace) ? "is empty" : "names no number"
      return Verdict(.unparsed, "\(expected), the response \(says)", found: nil)
    }
    let found = reading.value.description
    let says = "the response says \(found) (\(Texts.quote(reading.sentence)))"
    if values.contains(where: { reading.value.isWithin(tolerance, of: $0) }) {
      return Verdict(.right, says, found: found)
    }
    return Verdict(.wrong, "\(expected), \(says)", found: found)
  }

  func sortedWordsVerdict(_ response: String, _ accepted: [String]) -> Verdict {
    let found = Self.listedWords(response)
    let says = Texts.quote(found.joined(separator: " "))
    guard !found.isEmpty else {
      return Verdict(.unparsed, "expected \(Texts.quote(anyOf: accepted)), the response has no words", found: nil)
    }
    // Told against the answer that the response follows furthest, the first of equals.
    var nearest: (common: Int, reason: String)?
    func tell(_ reason: String, after common: Int) {
      if common > nearest?.common ?? -1 { nearest = (common, reason) }
    }
    for text in accepted {
      let expected = Texts.words(of: text)
      let part = zip(expected, found).enumerated().first { !Texts.same($1.0, $1.1) }
      if part == nil, expected.count == found.count {
        return Verdict(.right, "the response is \(says)", found: found.joined(separator: " "))
      }
      if let (place, (word, other)) = part {
        tell(
          "word \(place + 1) should be \(Texts.quote(word)), the response has \(Texts.quote(other)) there", after: place
        )
      } else {
        let odd =
          expected.count > found.count
          ? "\(Texts.quote(expected[found.count])) is missing after word \(found.count)"
          : "word \(expected.count + 1), \(Texts.quote(found[expected.count])), is too many"
        tell(
          "expected \(expected.count) words, the response has \(found.count) (\(says)): \(odd)",
          after: min(expected.count, found.count))
      }
    }
    return Verdict(.wrong, nearest?.reason ?? "", found: found.joined(separator: " "))
  }

  /// Words of a response: after the first line's colon if it has one, and without the numbers of a list.
  private static func listedWords(_ response: String) -> [String] {
    let lines = response.unicodeScalars.split(whereSeparator: Texts.isNewline)
      .map { Texts.trimmed($0) }.filter { !$0.isEmpty }
    var words: [String] = []
    for (index, line) in lines.enumerated() {
      var rest = line[...]
      if index == 0, let colon = rest.lastIndex(of: ":") { rest = rest[(colon + 1)...] }
      words += Texts.words(of: withoutListNumber(rest))
    }
    return words
  }

  private static func withoutListNumber(_ line: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
    let digits = line.prefix(while: Texts.isDigit)
    let rest = line.dropFirst(digits.count)
    guard !digits.isEmpty, let mark = rest.first, mark == "." || mark == ")" else { return line }
    return rest.dropFirst()
  }

  func multisetVerdict(_ response: String, _ accepted: [String]) -> Verdict {
    let items = Self.items(response)
    let found = items.map(\.text)
    let canonical = found.joined(separator: ", ")
    guard !found.isEmpty else {
      return Verdict(.unparsed, "expected \(Texts.quote(anyOf: accepted)), the response lists nothing", found: nil)
    }
    // Told against the answer that fewest items separate from the response, the first of equals.
    var nearest: (parted: Int, reason: String)?
    for text in accepted {
      let expected = Self.items(text).map(\.text)
      if expected == found { return Verdict(.right, "the response lists \(Texts.quote(canonical))", found: canonical) }
      let difference = Self.difference(expected, items, in: Texts.scalars(response))
      if difference.parted < nearest?.parted ?? .max { nearest = difference }
    }
    return Verdict(.wrong, nearest?.reason ?? "", found: canonical)
  }

  /// An item of a list, as it is compared, and the index of its first character in the text.
  private struct ListItem {
    let text: String
    let index: Int
  }

  /// Items between commas, semicolons and line ends, or words if there are none of these; sorted by bytes.
  private static func items(_ text: String) -> [ListItem] {
    let isBorder: (Unicode.Scalar) -> Bool = { $0 == "," || $0 == ";" || Texts.isNewline($0) }
    let scalars = Texts.scalars(text)
    let isList = Texts.trimmed(scalars).contains(where: isBorder)
    let items = scalars.split(whereSeparator: isList ? isBorder : Texts.isSpace).map { part -> ListItem in
      let whole = part.drop(while: Texts.isSpace)
      let unnumbered = withoutListNumber(whole)
      let start = unnumbered.drop(while: Texts.isSpace).startIndex
      var item = Texts.plain(unnumbered)
      if item.starts(with: "and ".unicodeScalars) { item.removeFirst(4) }
      return ListItem(text: Texts.string(Texts.trimmed(item)), index: start)
    }
    return items.filter { !$0.text.isEmpty }.sorted { left, right in
      Texts.same(left.text, right.text)
        ? left.index < right.index : left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
  }

  /// How many items one list lacks or has too many, and which.
  private static func difference(
    _ expected: [String], _ found: [ListItem], in response: [Unicode.Scalar]
  ) -> (parted: Int, reason: String) {
    var extra = found
    var missing: [String] = []
    for item in expected {
      if let index = extra.firstIndex(where: { Texts.same($0.text, item) }) {
        extra.remove(at: index)
      } else {
        missing.append(item)
      }
    }
    var parts: [String] = []
    if !missing.isEmpty {
      parts.append("the response lacks \(missing.map { Texts.quote($0) }.joined(separator: ", "))")
    }
    if !extra.isEmpty {
      let places = extra.map { Texts.place($0.index, in: response) }.joined(separator: " and ")
      parts.append(
        (parts.isEmpty ? "the response" : "and") + " has \(extra.map { Texts.quote($0.text) }.joined(separator: ", "))"
          + " too many, at \(places)")
    }
    return (missing.count + extra.count, parts.joined(separator: " "))
  }

  func containsVerdict(_ response: String, _ accepted: [String], _ ignored: Set<IgnoredText>) -> Verdict {
    let text = Texts.normalized(response, ignoring: ignored)
    for answer in accepted {
      let needle = Texts.normalized(answer, ignoring: ignored)
      let ranges = Texts.ranges(of: needle, in: text, wholeWords: !ignored.contains(.space))
      if !ranges.isEmpty { return Verdict(.right, "the response contains \(Texts.quote(answer))", found: answer) }
    }
    if text.allSatisfy(Texts.isSpace) {
      return Verdict(.unparsed, "expected \(Texts.quote(anyOf: accepted)), the response is empty", found: nil)
    }
    let says = "\(Texts.quote(anyOf: accepted)) does not stand in the response (\(Texts.quote(response)))"
    return Verdict(.wrong, says + Self.nearMiss(response, accepted, ignored), found: nil)
  }

  /// Where an accepted text almost stands: within a word, or with other capitals.
  private static func nearMiss(_ response: String, _ accepted: [String], _ ignored: Set<IgnoredText>) -> String {
    let scalars = Texts.scalars(response)
    func place(of answer: String, _ ignored: Set<IgnoredText>, wholeWords: Bool) -> String? {
      let text = Texts.placed(scalars, ignoring: ignored)
      let needle = Texts.normalized(answer, ignoring: ignored)
      let ranges = Texts.ranges(of: needle, in: text.map(\.scalar), wholeWords: wholeWords)
      return ranges.first.map { Texts.place(text[$0.lowerBound].index, in: scalars) }
    }
    let isWhole = !ignored.contains(.space)
    for answer in accepted {
      if let place = place(of: answer, ignored, wholeWords: false) { return ", only within a word at \(place)" }
      if let place = place(of: answer, ignored.union([.case]), wholeWords: isWhole) {
        return ", only with other capitals at \(place)"
      }
    }
    return ""
  }

  func regexVerdict(_ response: String, _ accepted: [String], _ pattern: String) -> Verdict {
    guard let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar),
      let match = try? regex.firstMatch(in: response)
    else {
      let says = "\(Texts.quote(pattern)) does not match the response (\(Texts.quote(response)))"
      return Verdict(.unparsed, says, found: nil)
    }
    let group = match.output.count > 1 ? match.output[1].substring : response[match.range]
    let caught = String(group ?? "")
    let says = "the response says \(Texts.quote(caught))"
    if accepted.contains(where: { Texts.same($0, caught) }) { return Verdict(.right, says, found: caught) }
    // A group that took no part in the match stands nowhere.
    let start = (group?.startIndex ?? match.range.lowerBound)
    let index = response.unicodeScalars.distance(from: response.startIndex, to: start)
    let place = Texts.place(index, in: Texts.scalars(response))
    return Verdict(.wrong, "expected \(Texts.quote(anyOf: accepted)), \(says) at \(place)", found: caught)
  }
}
