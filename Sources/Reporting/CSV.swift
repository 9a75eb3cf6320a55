// Lines of comma-separated values, as a program that reads tables takes them, and such lines read back.
// Knows nothing of what the values are.

/// Writes comma-separated values, and reads what it has written.
enum CSV {
  /// A line with its end; cells that hold a comma, a quote or the end of a line are quoted.
  static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\n" }

  private static func quoted(_ cell: String) -> String {
    let special = cell.contains { $0 == "," || $0 == "\"" || $0.isNewline }
    return special ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
  }

  /// The cells of every line.
  static func lines(of text: String) -> [[String]] {
    var lines: [[String]] = []
    var (line, cell): ([String], String) = ([], "")
    var isQuoted = false
    var wasClosed = false
    for character in text {
      switch character {
      case "\"":
        // Two quotes within a quoted cell stand for one: the second opens the cell again.
        if !isQuoted, wasClosed { cell.append("\"") }
        isQuoted.toggle()
        wasClosed = !isQuoted
        continue
      case "," where !isQuoted:
        line.append(cell)
        cell = ""
      case _ where character.isNewline && !isQuoted:
        lines.append(line + [cell])
        (line, cell) = ([], "")
      default: cell.append(character)
      }
      wasClosed = false
    }
    return cell.isEmpty && line.isEmpty ? lines : lines + [line + [cell]]
  }
}
