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
    /// Seed means, so many of each: it speaks of methods. One is the model before training, which seeds do not vary.
    case seeds(Int, Int)
    /// So many records, the same on both sides: it speaks of these training runs.
    case records(Int)
    /// Nothing but the two numbers, and why.
    case numbers(UntestedReason)
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

    /// Why there is no test; nil where there is one, or the outcomes are the same.
    public var untested: UntestedReason? { if case .numbers(let reason) = basis { reason } else { nil } }

    /// Whether the numbers are shares, shown in percent.
    public var isShare: Bool { first.isShare || second.isShare }
  }

  /// The rows, in the order of one of the tables.
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
  ///   - inOrderOfSecond: Whether rows stand in the order of the second table, not of the first.
  ///   - outcomes: The records of an outcomes object; nil if it cannot be had.
  public init(
    _ first: StoredTable, _ second: StoredTable, inOrderOfSecond: Bool = false, outcomes: (Digest) -> [Outcomes]?
  ) {
    let others = Dictionary(second.numbers.map { (Name($0), $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(first.numbers.map { Name($0) })
    let order = Dictionary(
      second.numbers.enumerated().map { (Name($0.element), $0.offset) }, uniquingKeysWith: { first, _ in first })
    let both = first.numbers.filter { others[Name($0)] != nil }
    let ordered = both.enumerated().sorted { left, right in
      guard inOrderOfSecond else { return left.offset < right.offset }
      return order[Name(left.element), default: 0] < order[Name(right.element), default: 0]
    }
    rows = Self.adjusted(
      ordered.compactMap { number in others[Name(number.element)].map { Row(number.element, $0, outcomes) } })
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
    if isSame, first.divergence == nil {
      (basis, estimate, disagreement) = (.same, nil, nil)
    } else if let reason = Self.fault(first, second) {
      (basis, estimate, disagreement) = (.numbers(reason), nil, nil)
    } else if let estimate = Self.overSeeds(first, second), estimate.hasSpread {
      // Seeds that all come to one number, as a model that is always right, do not say how far others would lie from it:
      // records are asked in their place.
      let reason = Self.otherRecords(first, second, outcomes)
      basis = reason.map { .numbers($0) } ?? .seeds(first.seeds.count, second.seeds.count)
      (self.estimate, disagreement) = (reason == nil ? estimate : nil, nil)
    } else {
      (basis, estimate, disagreement) = Self.overRecords(first, second, outcomes)
    }
  }

  /// What is wrong with the numbers themselves.
  private static func fault(_ first: StoredTable.Number, _ second: StoredTable.Number) -> UntestedReason? {
    if first.divergence != nil || second.divergence != nil {
      return .diverged(first: first.divergence, second: second.divergence)
    }
    let sides = [(first, UntestedReason.Side.first), (second, .second)]
    let empty = sides.filter { $0.0.mean == nil }.map(\.1)
    if !empty.isEmpty { return .notMeasured(empty) }
    if sides.contains(where: { $0.0.mean?.isFinite == false }) { return .notFinite }
    return first.kind == second.kind || first.kind.isEmpty || second.kind.isEmpty
      ? nil : .otherKinds(first.kind, second.kind)
  }

  /// A comparison of seeds' means, with those of the other side or with the one number before training; nil where there are
  /// too few.
  private static func overSeeds(_ first: StoredTable.Number, _ second: StoredTable.Number) -> Estimate? {
    let estimate: Estimate? =
      switch (first.mean, second.mean) {
      case (let base?, _) where first.isBase && first.seeds.count == 1: .paired(second.seeds.map { $0 - base })
      case (_, let base?) where second.isBase && second.seeds.count == 1: .paired(first.seeds.map { base - $0 })
      default: .welch(first.seeds, second.seeds)
      }
    return Measured.isShare(first.kind) ? estimate?.within(-1...1) : estimate
  }

  /// That two numbers are of other records, so that their difference may be the records'; nil where they are the same, as
  /// far as that is known.
  private static func otherRecords(
    _ first: StoredTable.Number, _ second: StoredTable.Number, _ outcomes: (Digest) -> [Outcomes]?
  ) -> UntestedReason? {
    let known = [first, second].compactMap { number in
      number.sources.first.flatMap { outcomes($0.outcomes) }.map { Set($0.map(\.id)) }
    }
    let common = known.count == 2 ? known[0].intersection(known[1]).count : 0
    let counts = known.count == 2 ? known.map(\.count) : [first.records, second.records]
    let isSame = counts[0] == counts[1] && (known.count < 2 || common == counts[0])
    return isSame ? nil : .otherRecords(common: known.count == 2 ? common : nil, first: counts[0], second: counts[1])
  }

  /// A comparison over the records, which must be the same, over all seeds, or why there is none.
  private static func overRecords(
    _ first: StoredTable.Number, _ second: StoredTable.Number, _ outcomes: (Digest) -> [Outcomes]?
  ) -> (TableComparison.Basis, Estimate?, Disagreement?) {
    let sides = [(first, UntestedReason.Side.first), (second, .second)]
    let unnamed = sides.filter { $0.0.sources.isEmpty }.map(\.1)
    if !unnamed.isEmpty { return (.numbers(.outcomesNotNamed(unnamed)), nil, nil) }
    // The mean of several seeds' perplexities is none over their records together.
    let isOfSeeds = [first, second].contains { $0.seeds.count > 1 && ($0.measured.spread ?? 0) > 0 }
    if first.kind == "perplexity" && isOfSeeds { return (.numbers(.onlyOverSeeds), nil, nil) }
    let read = sides.map { side in side.0.sources.compactMap { outcomes($0.outcomes) } }
    let gone = zip(sides, read).filter { $1.count != $0.0.sources.count }.map(\.0.1)
    if !gone.isEmpty { return (.numbers(.outcomesNotStored(gone)), nil, nil) }
    let pairs = PairedOutcomes.pairs(read[0], read[1])
    let counts = read.map { Set($0.joined().map(\.id)).count }
    // What only some records show is no difference of numbers over all of them.
    guard pairs.count > 1, pairs.count == counts[0], counts[0] == counts[1] else {
      return (.numbers(.otherRecords(common: pairs.count, first: counts[0], second: counts[1])), nil, nil)
    }
    let isOfAreas = first.kind == "error-detection"
    let areas = isOfAreas ? PairedOutcomes.areas(read[0], read[1]) : nil
    if isOfAreas, areas == nil { return (.numbers(.otherRecordsCount), nil, nil) }
    let comparison =
      areas.map { PairedComparison(contributions: $0) }
      ?? PairedComparison(pairs, isExponential: first.kind == "perplexity")
    guard let found = comparison.estimate() else { return (.numbers(.noWeight), nil, nil) }
    let estimate = isOfAreas ? found.within(-1...1) : found
    let numbers = [estimate.difference, estimate.low, estimate.high, estimate.p, estimate.detectable]
    guard numbers.allSatisfy(\.isFinite) else { return (.numbers(.notFinite), nil, nil) }
    let disagreement = comparison.disagreement
    // Where each record is right or wrong the exact test needs no spread.
    if disagreement == nil, !estimate.hasSpread { return (.numbers(.noSpread(records: pairs.count)), nil, nil) }
    return (.records(pairs.count), estimate, disagreement)
  }
}
