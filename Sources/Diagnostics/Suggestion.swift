// "Did you mean": the nearest of the words that would have been right.

/// Finds the word that a mistyped one was meant to be.
public enum Suggestion: Sendable {
  /// The candidate nearest to `word`, if one is near enough to be meant.
  ///
  /// - Parameters:
  ///   - word: What was written.
  ///   - candidates: What could have been written; ties go to the first.
  /// - Returns: A candidate at most a third of the word's length (and at least two edits) away.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(2, word.count / 3)
    var best: (distance: Int, word: String)?
    for candidate in candidates {
      let distance = editDistance(Array(word.lowercased()), Array(candidate.lowercased()))
      if distance <= limit, distance < candidate.count, distance < (best?.distance ?? .max) {
        best = (distance, candidate)
      }
    }
    return best?.word
  }

  /// Insertions, deletions, substitutions and swaps of neighbors that turn one word into the other.
  static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, character) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        var cost = min(last[column] + (character == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
