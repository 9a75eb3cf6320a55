// Columns of plain text, for lists that people read.

import Diagnostics
import Reporting

/// Rows with aligned columns.
struct TextTable {
  /// Which columns are numbers, and stand at the right.
  let numbers: Set<Int>
  /// Which columns are names that people copy, and are never shortened.
  let names: Set<Int>
  private var rows: [[String]] = []

  init(numbers: Set<Int>, names: Set<Int> = []) { (self.numbers, self.names) = (numbers, names) }

  /// Adds a row; what stands in a store may have come from elsewhere, and no terminal is to obey it.
  mutating func add(_ cells: [String]) { rows.append(cells.map(\.showingControls)) }

  /// The rows, aligned.
  ///
  /// Where they are wider than the terminal, text is shortened, the widest column first; where even that does not do, the
  /// last columns stand below the first ones.
  ///
  /// - Parameters:
  ///   - indent: Blanks before every line.
  ///   - columns: The columns of the terminal; nil where there is none.
  /// - Returns: The lines, without blanks at their ends.
  func lines(indent: Int = 0, columns: Int? = Output.columns) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let natural = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].terminalColumns : 0 }.max() ?? 0
    }
    guard let columns else { return rows.map { line($0, natural, 0..<count, indent: indent) } }
    let texts = Set(0..<count).subtracting(numbers).subtracting(names)
    let room = columns - indent
    if let widths = ColumnWidths.fitted(natural, flexible: texts, to: room, least: Self.leastText) {
      return rows.map { line($0, widths, 0..<count, indent: indent) }
    }
    let widths = natural.indices.map { texts.contains($0) ? min(natural[$0], room - Self.fold) : natural[$0] }
    let folds = ColumnWidths.folded(widths, to: room, indent: Self.fold)
    return rows.flatMap { row in
      folds.enumerated().map { line(row, widths, $1, indent: indent + ($0 == 0 ? 0 : Self.fold)) }
    }
  }

  /// The fewest columns to which text is shortened before columns are put below others.
  private static let leastText = 12
  /// The blanks before columns that stand below others.
  private static let fold = 4

  private func line(_ row: [String], _ widths: [Int], _ columns: Range<Int>, indent: Int) -> String {
    var line = String(repeating: " ", count: indent)
    for column in columns where column < row.count {
      let cell = row[column].shortened(to: widths[column])
      let gap = String(repeating: " ", count: widths[column] - cell.terminalColumns)
      line += (column > columns.lowerBound ? "  " : "") + (numbers.contains(column) ? gap + cell : cell + gap)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}

/// Sizes in words.
enum ByteCount {
  static func text(_ bytes: Int) -> String {
    switch bytes {
    case ..<10_000: "\(bytes) B"
    case ..<10_000_000: "\(NumberFormat.fixed(Double(bytes) / 1e3, decimals: 1)) kB"
    case ..<10_000_000_000: "\(NumberFormat.fixed(Double(bytes) / 1e6, decimals: 1)) MB"
    default: "\(NumberFormat.fixed(Double(bytes) / 1e9, decimals: 1)) GB"
    }
  }
}
