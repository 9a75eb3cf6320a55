// Two tables, number by number: how far apart, and what the sample can say of it.
// Knows nothing of specs or of how anything is printed.

public import Digests
public import Records
public import Statistics

/// The numbers of two tables that belong together, compared.
public struct TableComparison: Sendable {
  /// What a comparison rests on.
  public enum Basis: Hashable, Sendable {
    /// The same outcomes, object for object.
    case same
    /// Seed means, so many of each: it speaks of methods.
    case seeds(Int, Int)
    /// Records that both measured: it speaks of these training runs.
    case records(Int)
    /// Nothing but the two numbers: outcomes are not in the store, or have nothing in common.
    case numbers
  }

  /// Two numbers that belong together.
  public struct Row: Sendable {
    /// The first table's number.
    public let first: StoredTable.Number
    /// The second table's number.
    public let second: StoredTable.Number
    /// What the comparison rests on.
    public let basis: Basis
    /// The difference, second minus first; nil where the basis gives none.
    public let estimate: Estimate?
    /// On how many records only one was right, where records are right or wrong.
    public let disagreement: Disagreement?
    /// The p-value after Holm's correction over all rows that have one.
    public internal(set) var adjusted: Double?

    /// Whether the difference stands out from the noise at a level of 5%, over all comparisons made.
    public var isFound: Bool { (adjusted ?? 1) < 0.05 }
  }

  /// The rows, in the order of the first table.
  public let rows: [Row]
  /// What only the first table has.
  public let onlyFirst: [StoredTable.Number]
  /// What only the second table has.
  public let onlySecond: [StoredTable.Number]

  /// Compares.
  ///
  /// Numbers belong together if eval and coordinates are equal.
  ///
  /// - Parameters:
  ///   - first: The first table.
  ///   - second: The second table.
  ///   - outcomes: The records of an outcomes object; nil if it cannot be had.
  public init(_ first: StoredTable, _ second: StoredTable, outcomes: (Digest) -> [Outcomes]?) {
    let others = Dictionary(second.numbers.map { (Name($0), $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(first.numbers.map { Name($0) })
    rows = Self.adjusted(
      first.numbers.compactMap { number in others[Name(number)].map { Row(number, $0, outcomes) } })
    onlyFirst = first.numbers.filter { others[Name($0)] == nil }
    onlySecond = second.numbers.filter { !names.contains(Name($0)) }
  }

  /// The rows with Holm's correction over all of them that have a p-value.
  static func adjusted(_ rows: [Row]) -> [Row] {
    var rows = rows
    let tested = rows.indices.filter { rows[$0].estimate != nil }
    let adjusted = Holm.adjusted(tested.compactMap { rows[$0].estimate?.p })
    for (index, value) in zip(tested, adjusted) { rows[index].adjusted = value }
    return rows
  }

  /// What makes two numbers belong together.
  private struct Name: Hashable {
    let eval: String
    let place: Set<Measured.Coordinate>

    init(_ number: StoredTable.Number) {
      eval = number.eval
      place = Set(number.place)
    }
  }
}

extension TableComparison.Row {
  init(_ first: StoredTable.Number, _ second: StoredTable.Number, _ outcomes: (Digest) -> [Outcomes]?) {
    self.first = first
    self.second = second
    let isSame = !first.sources.isEmpty && first.sources.map(\.outcomes) == second.sources.map(\.outcomes)
    if isSame {
      (basis, estimate, disagreement) = (.same, nil, nil)
    } else if let estimate = Estimate.welch(first.seeds, second.seeds), estimate.hasSpread, !first.diverged,
      !second.diverged
    {
      // Seeds that all come to one number, as a model that is always right, do not say how far others would lie from it.
      (basis, self.estimate, disagreement) = (.seeds(first.seeds.count, second.seeds.count), estimate, nil)
    } else if let pairs = Self.pairs(first, second, outcomes) {
      let comparison = PairedComparison(pairs, isExponential: first.kind == "perplexity")
      (basis, estimate, disagreement) = (.records(pairs.count), comparison.estimate(), comparison.disagreement)
    } else {
      (basis, estimate, disagreement) = (.numbers, nil, nil)
    }
  }

  /// What both made of the records that both measured, over all seeds; nil if that cannot be said.
  private static func pairs(
    _ first: StoredTable.Number, _ second: StoredTable.Number, _ outcomes: (Digest) -> [Outcomes]?
  ) -> [PairedRecord]? {
    // An area under a curve is no mean over records.
    guard first.kind == second.kind, first.kind != "error-detection" else { return nil }
    let sides = [first, second].map { $0.sources.compactMap { outcomes($0.outcomes) } }
    guard sides[0].count == first.sources.count, sides[1].count == second.sources.count else { return nil }
    let both = PairedOutcomes.pairs(sides[0], sides[1])
    return both.count > 1 ? both : nil
  }
}
