// Puts errors into a text whose places are then known to the character.
// Knows words and numbers only; whoever calls draws the random numbers.

/// A text in which words were replaced by others.
public struct PlantedErrors: Hashable, Sendable {
  /// One replaced word.
  public struct Replacement: Hashable, Sendable {
    /// Where the wrong word stands: offsets of the new text's scalars.
    public let range: Range<Int>
    /// The wrong word.
    public let wrong: String
    /// The word that stood there.
    public let right: String
  }

  /// The text with the errors.
  public let text: String
  /// The errors, in the order of the text.
  public let replacements: [Replacement]

  /// Replaces words of a text.
  ///
  /// A number in digits gets another digit at one of its places. Another word becomes one that stands elsewhere in the
  /// text, neither the same nor that of its neighbors, whatever the case; so no word comes from outside, and what a text
  /// becomes depends on nothing but itself. Nil if fewer words of the text could be replaced.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - count: How many words are replaced; at least 1.
  ///   - draw: A random whole number from 0 to below its argument.
  public init?(in text: String, words count: Int, draw: (Int) -> Int) {
    let scalars = Texts.scalars(text)
    let words = Self.words(of: scalars)
    var places = words.indices.filter { Self.isNumber(words[$0].text) || !Self.donors(for: $0, among: words).isEmpty }
    guard count >= 1, places.count >= count else { return nil }
    var chosen: [Int] = []
    for _ in 0..<count { chosen.append(places.remove(at: draw(places.count))) }
    var result: [Unicode.Scalar] = []
    var replacements: [Replacement] = []
    var end = 0
    for place in chosen.sorted() {
      let word = words[place]
      result += scalars[end..<word.range.lowerBound]
      let wrong = Self.replacement(for: place, among: words, draw)
      let range = result.count..<result.count + wrong.count
      replacements.append(Replacement(range: range, wrong: Texts.string(wrong), right: Texts.string(word.text)))
      result += wrong
      end = word.range.upperBound
    }
    self.text = Texts.string(result + scalars[end...])
    self.replacements = replacements
  }

  private struct Word {
    let range: Range<Int>
    let text: [Unicode.Scalar]
    let lowercased: [Unicode.Scalar]
  }

  private static func words(of scalars: [Unicode.Scalar]) -> [Word] {
    scalars.indices.split { !Texts.isWordPart(scalars[$0]) }.map { indices in
      let range = indices.startIndex..<indices.endIndex
      return Word(range: range, text: Array(scalars[range]), lowercased: Texts.lowercased(scalars[range]))
    }
  }

  private static func isNumber(_ word: [Unicode.Scalar]) -> Bool { word.allSatisfy(Texts.isDigit) }

  private static func replacement(
    for place: Int, among words: [Word], _ draw: (Int) -> Int
  ) -> [Unicode.Scalar] {
    let word = words[place].text
    if isNumber(word) { return otherNumber(word, draw) }
    let donors = donors(for: place, among: words)
    return donors[draw(donors.count)]
  }

  /// The words that may take a word's place, each once, in the order of the text.
  private static func donors(for place: Int, among words: [Word]) -> [[Unicode.Scalar]] {
    let near = [place - 1, place, place + 1].filter(words.indices.contains).map { words[$0].lowercased }
    var donors: [Word] = []
    for word in words where !isNumber(word.text) && !near.contains(word.lowercased) {
      if !donors.contains(where: { $0.lowercased == word.lowercased }) { donors.append(word) }
    }
    return donors.map(\.text)
  }

  /// The number with another digit at one place, and no other zero at its front.
  private static func otherNumber(_ number: [Unicode.Scalar], _ draw: (Int) -> Int) -> [Unicode.Scalar] {
    let place = draw(number.count)
    let digits = place == 0 && number.count > 1 ? "123456789" : "0123456789"
    let others = Texts.scalars(digits).filter { $0 != number[place] }
    var other = number
    other[place] = others[draw(others.count)]
    return other
  }
}
