// What an experiment measured beside the eval that its table shows: a row for each cell, a column for each number.
// Knows nothing of files; a number that is the same along the table's columns stands once.

import Digests
import Records
import Specification

/// The numbers that a table of one eval leaves out.
struct FurtherNumbers {
  private let texts: [TableText]

  /// Lays them out.
  ///
  /// - Parameters:
  ///   - numbers: All numbers of the experiment with what stands behind them, in the order of its cells.
  ///   - table: How its table is laid out; nil for one that shows every eval and leaves nothing out.
  ///   - notes: What must be known beside single numbers.
  ///   - outcomes: The records of an outcomes object; nil if they cannot be had.
  init(
    _ numbers: [StoredTable.Number], table: Table?, notes: [TableNote], outcomes: (Digest) -> [Outcomes]?
  ) {
    guard let table else {
      texts = []
      return
    }
    let others = numbers.filter { $0.eval != table.value }
    let evals = others.map(\.eval).distinct.map { eval in others.filter { $0.eval == eval } }
    let once = evals.map { Self.folded($0, along: table.columns) }
    let groups = [
      (zip(once, evals).filter { $0.count == $1.count }.flatMap(\.1), table.rows + table.columns),
      (zip(once, evals).filter { $0.count < $1.count }.flatMap(\.0), table.rows),
    ]
    texts = groups.filter { !$0.0.isEmpty }.map { numbers, rows in
      let layout = TableLayout(numbers.map(\.measured), rows: rows, columns: [], value: nil, relativeTo: nil)
      let behind = Dictionary(numbers.map { ($0.measured, $0) }, uniquingKeysWith: { first, _ in first })
      let marks = TableMarks(layout, numbers: behind, outcomes: outcomes)
      return TableText(layout, marks: marks, notes: notes.filter { $0.scope == .numbers })
    }
  }

  /// One number for each row, at no place of the columns, if those of a row all come from the same outcomes; else all.
  private static func folded(_ numbers: [StoredTable.Number], along columns: [String]) -> [StoredTable.Number] {
    func row(_ number: StoredTable.Number) -> [Measured.Coordinate] {
      number.place.filter { !columns.contains($0.axis) }
    }
    let rows = numbers.map(row).distinct.map { place in numbers.filter { row($0) == place } }
    guard rows.allSatisfy({ Set($0.map(\.sources)).count == 1 }) else { return numbers }
    return rows.compactMap(\.first).map { number in
      StoredTable.Number(
        number.measured.named(number.eval, at: row(number)), sources: number.sources, isBase: number.isBase)
    }
  }

  /// A heading and the tables with what is to be said of them; empty if nothing was left out.
  ///
  /// Every line ends with a new line.
  var markdown: String {
    if texts.isEmpty { return "" }
    return "## Further numbers\n\n" + texts.map { "\($0.markdown)\n\(ResultReport.paragraphs($0.below))" }.joined()
  }
}
