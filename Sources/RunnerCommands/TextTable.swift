// Columns of plain text, for lists that people read.

import Diagnostics
import Reporting

/// Rows with aligned columns.
struct TextTable {
  /// Which columns are numbers, and stand at the right.
  let numbers: Set<Int>
  private var rows: [[String]] = []

  init(numbers: Set<Int>) { self.numbers = numbers }

  /// Adds a row; what stands in a store may have come from elsewhere, and no terminal is to obey it.
  mutating func add(_ cells: [String]) { rows.append(cells.map(\.showingControls)) }

  var lines: [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].terminalColumns : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let gap = String(repeating: " ", count: widths[column] - cell.terminalColumns)
        line += numbers.contains(column) ? gap + cell : column == row.count - 1 ? cell : cell + gap
        if column < row.count - 1 { line += "  " }
      }
      while line.last == " " { line.removeLast() }
      return line
    }
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
