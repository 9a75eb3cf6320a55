// Lines of comma-separated values, as a program that reads tables takes them.
// Knows nothing of what the values are.

/// Writes comma-separated values.
enum CSV {
  /// A line with its end; cells that hold a comma, a quote or the end of a line are quoted.
  static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\n" }

  private static func quoted(_ cell: String) -> String {
    let special = cell.contains { $0 == "," || $0 == "\"" || $0.isNewline }
    return special ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
  }
}
