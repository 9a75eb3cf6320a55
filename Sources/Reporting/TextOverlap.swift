// Which texts of different lists are equal, and which nearly are. Pure: the same texts give the same answer, in bounded time.
// Knows words and their runs; nothing of what the texts are for.

/// Lists of texts held against each other.
///
/// Two texts are equal if their words are, whatever the case, spaces and punctuation. They are nearly equal if of all runs
/// of five words that one of them has, at least so large a share is in both (the Jaccard index of shingles); a text of fewer
/// words is one run.
///
/// Candidates are found by their rarest runs: of two sets of which a share t is common, one of the |x| - ⌈t|x|⌉ + 1 rarest
/// runs of either is in the other, so that no pair is missed that is held against another. Two things bound the work: lists
/// with more than ``mostRuns`` runs are compared by a sample of these, the same for all texts, and of a text that shares its
/// rarest runs with thousands the first ``mostCandidates`` of a list are looked at. ``isSampled`` and ``isCut`` say so.
public struct TextOverlap: Sendable {
  /// How many texts of each of two lists have a counterpart in the other.
  public struct Counts: Hashable, Sendable {
    /// Texts of the first list.
    public let first: Int
    /// Texts of the second list.
    public let second: Int

    /// Takes counts.
    public init(first: Int, second: Int) {
      self.first = first
      self.second = second
    }
  }

  /// Two texts that are equal or nearly so.
  public struct Example: Hashable, Sendable {
    /// The place of one in the first list, counted from 0.
    public let first: Int
    /// The place of the other in the second list.
    public let second: Int
    /// 1 for equal ones, else the share of runs in common.
    public let share: Double

    /// Takes two places and what their texts have in common.
    public init(first: Int, second: Int, share: Double) {
      self.first = first
      self.second = second
      self.share = share
    }
  }

  /// What two lists have in common.
  public struct Pair: Sendable {
    /// The first list, counted from 0.
    public let first: Int
    /// The second list.
    public let second: Int
    /// Texts that have an equal one in the other list.
    public let equal: Counts
    /// Texts that have none, but a nearly equal one.
    public let near: Counts
    /// Equal ones in the order of the first list, then nearly equal ones, the nearest first.
    public let examples: [Example]
  }

  /// The most runs that all lists may have together before a sample stands for them.
  public static let mostRuns = 20_000_000
  /// The most texts of a list that one text is held against.
  public static let mostCandidates = 512

  /// Every two lists that have something in common, in order.
  public let pairs: [Pair]
  /// How many different texts each list has.
  public let distinct: [Int]
  /// Whether shares are those of a sample of runs.
  public let isSampled: Bool
  /// Whether some texts were not held against all that share a rare run with them: there may be more than is said.
  public let isCut: Bool
  /// How often two texts were held against each other: the work done.
  package let comparisons: Int

  /// Holds lists against each other.
  ///
  /// - Parameters:
  ///   - lists: The texts.
  ///   - share: The share of runs, more than 0 and at most 1, that makes two texts nearly equal.
  ///   - examples: How many equal and how many nearly equal examples of each two lists are kept.
  public init(_ lists: [[String]], near share: Double, examples: Int) {
    var texts = DistinctTexts()
    let members = lists.map { list in ListMembers(list.map { texts.number(of: $0) }) }
    isSampled = texts.sample(most: Self.mostRuns)
    texts.sortRuns(near: share)
    var search = NearSearch(texts: texts, share: share)
    var pairs: [Pair] = []
    for first in lists.indices {
      let index = search.index(of: members[first].order)
      for second in lists.indices where second > first {
        let found = search.near(index, members[second].order)
        let pair = Self.pair(first, second, members[first], members[second], found, examples)
        if pair.equal.first + pair.near.first + pair.near.second > 0 { pairs.append(pair) }
      }
    }
    self.pairs = pairs
    distinct = members.map(\.order.count)
    isCut = search.isCut
    comparisons = search.comparisons
  }

  private static func pair(
    _ first: Int, _ second: Int, _ one: ListMembers, _ other: ListMembers, _ near: [NearTexts], _ most: Int
  ) -> Pair {
    let equal = one.order.filter { other.count[$0] != nil }
    let mine = Set(near.map(\.first)).filter { other.count[$0] == nil }
    let theirs = Set(near.map(\.second)).filter { one.count[$0] == nil }
    func records(_ texts: some Sequence<Int>, _ members: ListMembers) -> Int {
      texts.reduce(0) { $0 + (members.count[$1] ?? 0) }
    }
    let nearest = near.filter { mine.contains($0.first) || theirs.contains($0.second) }.sorted {
      ($1.share, one.place[$0.first] ?? 0, other.place[$0.second] ?? 0)
        < ($0.share, one.place[$1.first] ?? 0, other.place[$1.second] ?? 0)
    }
    func example(_ text: Int, _ counterpart: Int, _ share: Double) -> Example {
      Example(first: one.place[text] ?? 0, second: other.place[counterpart] ?? 0, share: share)
    }
    return Pair(
      first: first, second: second, equal: Counts(first: records(equal, one), second: records(equal, other)),
      near: Counts(first: records(mine, one), second: records(theirs, other)),
      examples: equal.prefix(most).map { example($0, $0, 1) }
        + nearest.prefix(most).map { example($0.first, $0.second, $0.share) })
  }
}

/// The different texts of a list.
private struct ListMembers {
  /// Their numbers, in the order of the list.
  var order: [Int] = []
  /// How often each stands in the list.
  var count: [Int: Int] = [:]
  /// Where each stands first.
  var place: [Int: Int] = [:]

  /// Takes the numbers of a list's texts; nil stands for a text without words, which is none.
  init(_ numbers: [Int?]) {
    for (index, number) in numbers.enumerated() {
      guard let number else { continue }
      count[number, default: 0] += 1
      if place[number] == nil {
        place[number] = index
        order.append(number)
      }
    }
  }
}
