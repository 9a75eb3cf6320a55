// Tables in Markdown, padded so that they also read well as they are, in a terminal or a diff.
// Knows nothing of what stands in them.

import Diagnostics

/// Writes tables in Markdown.
package enum MarkdownTable {
  /// A table.
  ///
  /// - Parameters:
  ///   - header: The columns' names.
  ///   - rows: The cells, as many in each row.
  ///   - isNumber: Whether a column stands at the right.
  /// - Returns: Lines, each of which ends with a new line.
  package static func text(header: [String], rows: [[String]], isNumber: (Int) -> Bool) -> String {
    let lines = ([header] + rows).map { $0.map { $0.replacing("|", with: "\\|") } }
    let widths = header.indices.map { column in
      lines.map { $0[column].terminalColumns }.reduce(isNumber(column) ? 4 : 3, max)
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let gap = String(repeating: " ", count: widths[column] - cell.terminalColumns)
        return isNumber(column) ? gap + cell : cell + gap
      }
      return "| \(padded.joined(separator: " | ")) |\n"
    }
    let rule = widths.enumerated().map { column, width in
      isNumber(column) ? String(repeating: "-", count: width - 1) + ":" : String(repeating: "-", count: width)
    }
    return line(lines[0]) + line(rule) + lines.dropFirst().map(line).joined()
  }
}
