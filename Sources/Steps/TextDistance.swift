// How much two texts differ: CLAIR's two measures of contrastiveness.
// Knows scalars and words; characters in Unicode's sense change with its version, scalars do not.

package enum TextDistance {
  /// Shared words of all words: the size of the intersection over that of the union of the sets of words.
  ///
  /// Words stand between white space, as written. 1 for two texts without words.
  package static func jaccard(_ left: String, _ right: String) -> Double {
    jaccard(words(left), words(right))
  }

  /// The size of the intersection over that of the union; 1 for two empty sets.
  package static func jaccard<Element>(_ left: Set<Element>, _ right: Set<Element>) -> Double {
    let union = left.union(right).count
    return union == 0 ? 1 : Double(left.intersection(right).count) / Double(union)
  }

  /// The fewest insertions, deletions and substitutions of Unicode scalars that make one text of the other.
  ///
  /// V. Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966; one row at a time.
  package static func levenshtein(_ left: String, _ right: String) -> Int {
    let (left, right) = trimmed(Array(left.unicodeScalars), Array(right.unicodeScalars))
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let substituted = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
      }
    }
    return row[right.count]
  }

  /// Without what both have at their beginnings and ends, which costs no edit.
  private static func trimmed(
    _ left: [Unicode.Scalar], _ right: [Unicode.Scalar]
  ) -> (ArraySlice<Unicode.Scalar>, ArraySlice<Unicode.Scalar>) {
    let same = zip(left, right).prefix { $0 == $1 }.count
    let (left, right) = (left[same...], right[same...])
    let end = zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.count
    return (left.dropLast(end), right.dropLast(end))
  }

  /// By bytes: Swift's own equality takes two spellings of a letter for one.
  private static func words(_ text: String) -> Set<[UInt8]> {
    Set(text.unicodeScalars.split { $0.properties.isWhitespace }.map { Array(String($0).utf8) })
  }
}
