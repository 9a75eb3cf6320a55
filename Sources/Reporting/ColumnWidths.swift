// How wide a table's columns are where the whole must not be wider than a terminal. Knows nothing of what is in them.

/// The widths of a table's columns.
public enum ColumnWidths: Sendable {
  /// The blanks between two columns.
  public static let gap = 2

  /// Narrows columns until the table fits, always the widest of those that may be narrowed.
  ///
  /// - Parameters:
  ///   - natural: The width of each column's widest cell.
  ///   - flexible: Which columns may lose text: never those of numbers.
  ///   - total: The columns that the table has, gaps included.
  ///   - least: The width below which no column is narrowed.
  /// - Returns: The widths, or nil if they would be too wide even so.
  public static func fitted(_ natural: [Int], flexible: Set<Int>, to total: Int, least: Int) -> [Int]? {
    var widths = natural
    var excess = sum(natural[...]) - total
    while excess > 0 {
      let open = widths.indices.filter { flexible.contains($0) && widths[$0] > least }
      guard let widest = open.max(by: { widths[$0] < widths[$1] }) else { return nil }
      widths[widest] -= 1
      excess -= 1
    }
    return widths
  }

  /// Columns one after the other, as many as fit, then the next ones below them.
  ///
  /// - Parameters:
  ///   - widths: The width of each column.
  ///   - total: The columns that a line has.
  ///   - indent: The blanks before every line but the first.
  ///   - leading: What is there on every line before these, gap included.
  /// - Returns: The columns of each line; at least one column a line, even if it is too wide.
  public static func folded(_ widths: [Int], to total: Int, indent: Int = 0, leading: Int = 0) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    for column in widths.indices where column > start {
      let room = total - leading - (lines.isEmpty ? 0 : indent)
      if sum(widths[start...column]) > room {
        lines.append(start..<column)
        start = column
      }
    }
    return widths.isEmpty ? [] : lines + [start..<widths.count]
  }

  private static func sum(_ widths: ArraySlice<Int>) -> Int {
    widths.reduce(0, +) + gap * max(0, widths.count - 1)
  }
}
