// The numbers that a paper printed for the cells of a table.
// Knows nothing of ours beside which they are shown.

/// One cell of a paper's table.
public enum PublishedNumber: Hashable, Sendable {
  /// Nobody wrote down what the paper says there, or it says nothing.
  case unknown
  /// A number, as it is written in the file, and its value on the scale of ours: of shares a part of 1.
  case number(written: String, value: Double)
}

/// A paper's numbers, by the rows and columns of the table that they stand beside.
public struct PublishedNumbers: Hashable, Sendable {
  /// Where they were printed.
  public let source: String
  /// The numbers by row, and in a row by column.
  public let rows: Named<Named<PublishedNumber>>

  /// Makes a table of numbers.
  public init(source: String, rows: Named<Named<PublishedNumber>>) {
    self.source = source
    self.rows = rows
  }

  /// The number of a cell; nil if the file does not name the cell.
  public subscript(row: String, column: String) -> PublishedNumber? { rows[row]?[column] }
}
