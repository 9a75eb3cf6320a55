// What is said of the cells of a table beyond their numbers: which is best, and which differences stand out from the noise.
// Knows nothing of formats.

public import Digests
public import Records

/// What is said of the cells of a table.
public struct TableMarks: Sendable {
  /// A cell, by its row and column, counted from 0.
  public struct Place: Hashable, Sendable {
    let row: Int
    let column: Int
  }

  /// The best cells of each column, for each set of records: more than one where several are equal.
  let best: Set<Place>
  /// What the difference of a cell from its reference is worth; where the table has none, from the best of its column.
  let differences: [Place: TableComparison.Row]
  /// Whether numbers are compared with the best of their column, because the table asks for no other comparison.
  private let isAgainstBest: Bool
  /// How many comparisons were tested.
  private let tests: Int
  /// Whether a column has the best of several sets of records.
  private let hasSeveralBest: Bool
  /// What differences are from.
  private let reference: String

  /// Marks a table.
  ///
  /// Whether a difference is more than noise is asked as `runner diff` asks it, with Holm's correction over all cells of
  /// the table that are compared.
  ///
  /// - Parameters:
  ///   - layout: The table.
  ///   - numbers: What stands behind each of its numbers.
  ///   - outcomes: The records of an outcomes object; nil if it cannot be had.
  public init(_ layout: TableLayout, numbers: [Measured: StoredTable.Number], outcomes: (Digest) -> [Outcomes]?) {
    let records = layout.rowAxes.contains("experiment") ? RecordSets(numbers, outcomes) : nil
    let columns = layout.columns.indices.map { Self.ranked(column: $0, in: layout, records) }
    let ranked = columns.flatMap(\.self)
    best = Set(ranked.flatMap(\.best))
    hasSeveralBest = columns.contains { $0.count { !$0.best.isEmpty } > 1 }
    let isAgainstBest = layout.relativeTo == nil
    self.isAgainstBest = isAgainstBest
    let pairs = isAgainstBest ? ranked.flatMap(\.pairs) : Self.pairs(in: layout)
    // A number that stands in several places is one comparison, as the base beside every arm.
    let distinct = pairs.map { [$0.reference, $0.number] }.distinct
    var read: [Digest: [Outcomes]?] = [:]
    let known = distinct.compactMap { pair -> ([Measured], TableComparison.Row)? in
      guard let first = numbers[pair[0]], let second = numbers[pair[1]] else { return nil }
      let overSeeds = TableComparison.Row(first, second) { _ in nil }
      // Which is the best is asked of every table: seeds answer it without reading a record.
      if isAgainstBest, overSeeds.estimate != nil { return (pair, overSeeds) }
      let row = TableComparison.Row(first, second) { digest in
        if let known = read[digest] { return known }
        let found = outcomes(digest)
        read[digest] = .some(found)
        return found
      }
      return (pair, row)
    }
    let adjusted = Dictionary(
      zip(known.map(\.0), TableComparison.adjusted(known.map(\.1))), uniquingKeysWith: { first, _ in first })
    differences = Dictionary(
      pairs.compactMap { pair in adjusted[[pair.reference, pair.number]].map { (pair.place, $0) } },
      uniquingKeysWith: { first, _ in first })
    tests = adjusted.values.count { $0.adjusted != nil }
    reference = layout.referenceName ?? "the best of each column"
  }

  /// A number and what it is compared with.
  private struct Pair {
    let place: Place
    let reference: Measured
    let number: Measured
  }

  /// The cells that have a reference.
  private static func pairs(in layout: TableLayout) -> [Pair] {
    layout.rows.enumerated().flatMap { index, row in
      row.cells.enumerated().compactMap { column, cell -> Pair? in
        guard let cell, let reference = layout.reference(row: row, column: column), reference != cell else {
          return nil
        }
        return Pair(place: Place(row: index, column: column), reference: reference, number: cell)
      }
    }
  }

  /// The best cells of a group of numbers, and the others beside the first of these.
  private struct Ranked {
    var best: [Place] = []
    var pairs: [Pair] = []
  }

  /// The cells of a column, those of each data set, and of as many records, for themselves: numbers of different records are
  /// no better or worse.
  private static func ranked(column: Int, in layout: TableLayout, _ records: RecordSets?) -> [Ranked] {
    var groups: [String: [(place: Place, number: Measured, merit: Double)]] = [:]
    for (row, cells) in layout.rows.map(\.cells).enumerated() {
      guard let number = cells[column], let merit = merit(of: number) else { continue }
      let place = Place(row: row, column: column)
      let own = "\(number.records) of \(number.value(on: "dataset") ?? "") \(records?.name(of: number) ?? "")"
      groups[own, default: []].append((place, number, merit))
    }
    return groups.values.map { cells in
      let top = cells.map(\.merit).max()
      let equal = cells.filter { $0.merit == top }
      // Where all are equal none is best.
      guard let first = equal.first, equal.count < cells.count else { return Ranked() }
      let others = cells.filter { $0.merit != top }
      return Ranked(
        best: equal.map(\.place),
        pairs: others.map { Pair(place: $0.place, reference: first.number, number: $0.number) })
    }
  }

  /// How good a number is, larger is better; nil where better has no meaning, or a training diverged.
  private static func merit(of number: Measured) -> Double? {
    guard let mean = number.mean, number.divergence == nil else { return nil }
    switch number.kind {
    case "accuracy", "choice", "preference", "win-rate", "reward", "error-detection", "error-detection-within":
      return mean
    case "perplexity": return -mean
    default: return nil
    }
  }

  /// What follows a number or its difference: ` ≈` not told apart from what it is compared with, ` =` the same outcomes, ` ?`
  /// not testable; nothing where it stands out, or where there is no difference.
  func sign(at place: Place) -> String {
    guard let row = differences[place] else { return "" }
    switch row.basis {
    case .same: return " ="
    case .numbers(.diverged), .numbers(.notMeasured): return ""
    case .numbers: return " ?"
    case .seeds, .records: return row.isFound ? "" : " ≈"
    }
  }

  /// The signs that occur, explained.
  var legend: String? {
    let signs = Set(differences.keys.map { sign(at: $0) })
    var parts: [String] = []
    if tests > 0 {
      let first = differences.values.contains { if case .seeds = $0.basis { true } else { false } }
      let test =
        first ? "over seeds (of one seed, over its records)" : "over records: it speaks of these runs"
      let comparisons = tests == 1 ? "1 comparison" : "\(tests) comparisons"
      parts.append("differences from \(reference) tested \(test), at 5% after Holm's correction over \(comparisons)")
    }
    if signs.contains(" ≈") { parts.append(isAgainstBest ? "≈ is not told from it" : "≈ is inside the noise") }
    if signs.contains(" =") { parts.append("= is the same outcomes") }
    if signs.contains(" ?") {
      let untested = differences.filter { sign(at: $0.key) == " ?" }.values.compactMap(\.untested).map(\.inShort)
      parts.append("? could not be tested, for \(Set(untested).sorted().joined(separator: ", or "))")
    }
    if hasSeveralBest { parts.append("numbers of different records are ranked apart, each with a best of its own") }
    return parts.isEmpty ? nil : parts.joined(separator: "; ").capitalizedFirst + "."
  }
}

/// The records that numbers of several experiments are of: those of other records are no better or worse.
private struct RecordSets {
  private let names: [Measured: String]

  init(_ numbers: [Measured: StoredTable.Number], _ outcomes: (Digest) -> [Outcomes]?) {
    var read: [Digest: String] = [:]
    names = numbers.mapValues { number in
      guard let digest = number.sources.first?.outcomes else { return number.measured.value(on: "experiment") ?? "" }
      if let known = read[digest] { return known }
      let ids = outcomes(digest)?.map(\.id.description).sorted().joined(separator: " ")
      let name = ids.map { Digest.sha256($0).hex } ?? number.measured.value(on: "experiment") ?? ""
      read[digest] = name
      return name
    }
  }

  func name(of number: Measured) -> String { names[number] ?? number.value(on: "experiment") ?? "" }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
