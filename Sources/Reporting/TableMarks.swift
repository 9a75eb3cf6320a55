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

  /// The best cells of each column, for each data set: more than one where several are equal.
  let best: Set<Place>
  /// What the difference of a cell from its reference is worth; nothing for cells without one.
  let differences: [Place: TableComparison.Row]

  /// Marks a table.
  ///
  /// Whether a difference is more than noise is asked as `runner diff` asks it, with Holm's correction over all cells of
  /// the table that have a reference.
  ///
  /// - Parameters:
  ///   - layout: The table.
  ///   - numbers: What stands behind each of its numbers.
  ///   - outcomes: The records of an outcomes object; nil if it cannot be had.
  public init(_ layout: TableLayout, numbers: [Measured: StoredTable.Number], outcomes: (Digest) -> [Outcomes]?) {
    best = Set(layout.columns.indices.flatMap { Self.best(ofColumn: $0, in: layout) })
    var rows: [(place: Place, row: TableComparison.Row)] = []
    for (index, row) in layout.rows.enumerated() {
      for (column, cell) in row.cells.enumerated() {
        guard let cell, let reference = layout.reference(row: row, column: column), reference != cell,
          let first = numbers[reference], let second = numbers[cell]
        else { continue }
        rows.append((Place(row: index, column: column), TableComparison.Row(first, second, outcomes)))
      }
    }
    let adjusted = TableComparison.adjusted(rows.map(\.row))
    differences = Dictionary(
      zip(rows, adjusted).map { ($0.place, $1) }, uniquingKeysWith: { first, _ in first })
  }

  /// The best cells of a column, among those of each data set: numbers of different records are no better or worse.
  private static func best(ofColumn column: Int, in layout: TableLayout) -> [Place] {
    var groups: [String: [(place: Place, merit: Double)]] = [:]
    for (row, cells) in layout.rows.map(\.cells).enumerated() {
      guard let number = cells[column], let merit = merit(of: number) else { continue }
      groups[number.value(on: "dataset") ?? "", default: []].append((Place(row: row, column: column), merit))
    }
    return groups.values.flatMap { cells -> [Place] in
      let top = cells.map(\.merit).max()
      let equal = cells.filter { $0.merit == top }
      // Where all are equal none is best.
      return equal.count < cells.count ? equal.map(\.place) : []
    }
  }

  /// How good a number is, larger is better; nil where better has no meaning, or a training diverged.
  private static func merit(of number: Measured) -> Double? {
    guard let mean = number.mean, number.divergence == nil else { return nil }
    switch number.kind {
    case "accuracy", "choice", "preference", "win-rate", "reward", "error-detection": return mean
    case "perplexity": return -mean
    default: return nil
    }
  }

  /// How a difference is followed: `≈` not told apart, `?` not testable, nothing where it stands out.
  func sign(at place: Place) -> String {
    guard let row = differences[place] else { return "" }
    switch row.basis {
    case .same: return " ="
    case .numbers: return " ?"
    case .seeds, .records: return row.isFound ? "" : " ≈"
    }
  }

  /// The signs that occur, explained.
  var legend: String? {
    let signs = Set(differences.keys.map { sign(at: $0) })
    let tests = differences.values.count { $0.adjusted != nil }
    var parts: [String] = []
    if tests > 0 {
      let first = differences.values.contains { if case .seeds = $0.basis { true } else { false } }
      let test = first ? "over seeds (of one seed, over its records)" : "over records: it speaks of these runs"
      let comparisons = tests == 1 ? "1 comparison" : "\(tests) comparisons"
      parts.append("differences tested \(test), at 5% after Holm's correction over \(comparisons)")
    }
    if signs.contains(" ≈") { parts.append("≈ is inside the noise") }
    if signs.contains(" =") { parts.append("= is the same outcomes") }
    if signs.contains(" ?") { parts.append("? could not be tested, for the outcomes are not in this store") }
    return parts.isEmpty ? nil : parts.joined(separator: "; ").capitalizedFirst + "."
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
