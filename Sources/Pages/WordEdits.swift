// What a revision changed, word by word: the longest common subsequence of two texts' words.
// Knows texts alone; whose they are is the business of whoever shows them.

/// The words of two texts, as one list of what stayed, went and came.
package struct WordEdits: Hashable, Sendable {
  /// What became of a run of words.
  package enum Fate: Hashable, Sendable {
    case kept, deleted, inserted
  }

  /// Text that has one fate.
  package struct Run: Hashable, Sendable {
    /// What became of it.
    package let fate: Fate
    /// The text.
    package let text: String

    /// Makes a run.
    package init(_ fate: Fate, _ text: String) { (self.fate, self.text) = (fate, text) }
  }

  /// The runs in order; what went stands before what came in its place.
  package let runs: [Run]

  /// Longer texts are compared at their ends alone: what lies between is one deletion and one insertion.
  static let mostComparisons = 4_000_000

  /// Compares two texts.
  package init(from old: String, to new: String) {
    let (before, after) = (Self.words(of: old), Self.words(of: new))
    var pieces: [(Fate, Substring)] = []
    let head = zip(before, after).prefix { $0 == $1 }.count
    let (restBefore, restAfter) = (before.dropFirst(head), after.dropFirst(head))
    let tail = zip(restBefore.reversed(), restAfter.reversed()).prefix { $0 == $1 }.count
    pieces += before.prefix(head).map { (.kept, $0) }
    pieces += Self.between(Array(restBefore.dropLast(tail)), Array(restAfter.dropLast(tail)))
    pieces += before.suffix(tail).map { (.kept, $0) }
    runs = Self.joined(Self.withoutIslands(pieces))
  }

  /// The share of the second text's words that stood in the first one, too; 1 for an empty text.
  package var keptShare: Double {
    func words(_ fate: Fate) -> Int {
      runs.filter { $0.fate == fate }.reduce(0) { sum, run in sum + Self.words(of: run.text).count { !$0.isBlank } }
    }
    let (kept, inserted) = (words(.kept), words(.inserted))
    return kept + inserted == 0 ? 1 : Double(kept) / Double(kept + inserted)
  }

  /// The words of a text, white space and every other sign by themselves: joined they are the text.
  static func words(of text: String) -> [Substring] {
    var words: [Substring] = []
    var rest = text[...]
    while let first = rest.first {
      let kind = Self.kind(first)
      let word = kind == .other ? rest.prefix(1) : rest.prefix { Self.kind($0) == kind }
      words.append(word)
      rest = rest.dropFirst(word.count)
    }
    return words
  }

  private enum Kind { case word, space, other }

  private static func kind(_ character: Character) -> Kind {
    if character.isLetter || character.isNumber { return .word }
    return character.isWhitespace ? .space : .other
  }

  /// The edits between two lists that neither begin nor end alike.
  private static func between(_ before: [Substring], _ after: [Substring]) -> [(Fate, Substring)] {
    guard !before.isEmpty, !after.isEmpty, before.count * after.count <= mostComparisons else {
      return before.map { (.deleted, $0) } + after.map { (.inserted, $0) }
    }
    // common[i][j]: the most words that before[i...] and after[j...] have in common, in order.
    let width = after.count + 1
    var common = [Int32](repeating: 0, count: (before.count + 1) * width)
    for i in before.indices.reversed() {
      for j in after.indices.reversed() {
        common[i * width + j] =
          before[i] == after[j]
          ? common[(i + 1) * width + j + 1] + 1 : max(common[(i + 1) * width + j], common[i * width + j + 1])
      }
    }
    var pieces: [(Fate, Substring)] = []
    var (i, j) = (0, 0)
    while i < before.count, j < after.count {
      if before[i] == after[j] {
        pieces.append((.kept, before[i]))
        (i, j) = (i + 1, j + 1)
      } else if common[(i + 1) * width + j] >= common[i * width + j + 1] {
        pieces.append((.deleted, before[i]))
        i += 1
      } else {
        pieces.append((.inserted, after[j]))
        j += 1
      }
    }
    return pieces + before[i...].map { (.deleted, $0) } + after[j...].map { (.inserted, $0) }
  }

  /// A blank that stayed between words that all changed belongs to the change: marks word by word would be hard to
  /// read.
  private static func withoutIslands(_ pieces: [(Fate, Substring)]) -> [(Fate, Substring)] {
    pieces.enumerated().flatMap { index, piece -> [(Fate, Substring)] in
      guard piece.0 == .kept, piece.1.isBlank, index > 0, index + 1 < pieces.count,
        pieces[index - 1].0 != .kept, pieces[index + 1].0 != .kept
      else { return [piece] }
      return [(.deleted, piece.1), (.inserted, piece.1)]
    }
  }

  /// Neighbours of one fate as one run; of a change what went comes first.
  private static func joined(_ pieces: [(Fate, Substring)]) -> [Run] {
    var runs: [Run] = []
    var (deleted, inserted) = ("", "")
    func endChange() {
      if !deleted.isEmpty { runs.append(Run(.deleted, deleted)) }
      if !inserted.isEmpty { runs.append(Run(.inserted, inserted)) }
      (deleted, inserted) = ("", "")
    }
    var kept = ""
    for (fate, text) in pieces {
      switch fate {
      case .kept:
        endChange()
        kept += text
      case .deleted, .inserted:
        if !kept.isEmpty { runs.append(Run(.kept, kept)) }
        kept = ""
        if fate == .deleted { deleted += text } else { inserted += text }
      }
    }
    endChange()
    return kept.isEmpty ? runs : runs + [Run(.kept, kept)]
  }
}

extension Substring {
  /// Whether it is white space.
  fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
