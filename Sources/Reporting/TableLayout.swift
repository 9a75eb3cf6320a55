// From measured numbers to rows and columns, as a table spec asks or as the cells fall.
// Knows nothing of files or formats.

public import Records
public import Specification

/// A table laid out: labels and numbers, no formatting yet.
public struct TableLayout: Sendable {
  /// One row.
  public struct Row: Sendable {
    /// Its labels, one for each axis in ``rowAxes``.
    public let labels: [String]
    /// Its numbers, one for each column; nil where nothing was measured.
    public let cells: [Measured?]
    /// Whether it shows the model before training.
    public let isBase: Bool
  }

  /// The axes that make the rows.
  public let rowAxes: [String]
  /// The columns' labels.
  public let columns: [String]
  /// The rows, in order.
  public let rows: [Row]
  /// Whether numbers are to be shown with their difference from the base row.
  public let relativeToBase: Bool
  /// The name of the row to compare with, if one is named: its labels on the axes that the table names.
  public let relativeToRow: String?
  /// How many of the row axes the table names; they come first.
  private let namedAxes: Int

  /// Lays measured numbers out.
  ///
  /// - Parameters:
  ///   - measured: The numbers, in the order of the cells.
  ///   - table: How; nil: a row for each cell, every eval a column.
  public init(_ measured: [Measured], table: Table?) {
    let shown = measured.filter { table == nil || $0.eval == table?.value }
    let columnAxes = table?.columns ?? []
    var axes: [String] = []
    for number in shown {
      for coordinate in number.coordinates where coordinate.axis != "base" { axes.add(coordinate.axis) }
    }
    let named = (table?.rows ?? []).filter { axes.contains($0) }
    namedAxes = named.isEmpty ? .max : named.count
    rowAxes = named + axes.filter { !named.contains($0) && !columnAxes.contains($0) }

    func column(of number: Measured) -> String {
      let labels = columnAxes.compactMap { number.value(on: $0) }
      return labels.isEmpty ? number.eval : labels.joined(separator: "/")
    }
    var columns: [String] = []
    for number in shown where !(number.isBase && !columnAxes.isEmpty && column(of: number) == number.eval) {
      columns.add(column(of: number))
    }
    self.columns = columns
    var keys: [[String]] = []
    let rowAxes = self.rowAxes
    func key(of number: Measured) -> [String] {
      [number.isBase ? "base" : ""] + rowAxes.map { number.value(on: $0) ?? "" }
    }
    for number in shown where !keys.contains(key(of: number)) { keys.append(key(of: number)) }
    rows = keys.map { rowKey in
      let members = shown.filter { key(of: $0) == rowKey }
      let cells = columns.map { name in
        members.first { column(of: $0) == name }
          ?? (rowKey[0] == "base" ? members.first { columnAxes.isEmpty == false && $0.isBase } : nil)
      }
      return Row(labels: Array(rowKey.dropFirst()), cells: cells, isBase: rowKey[0] == "base")
    }
    if case .base? = table?.relativeTo { relativeToBase = true } else { relativeToBase = false }
    if case .row(let name)? = table?.relativeTo { relativeToRow = name } else { relativeToRow = nil }
  }

  /// The number that a cell is compared with, if there is one.
  ///
  /// It stands in the base row, or in the row that the table names; where a data set or a round makes rows too, in the one
  /// of the same data set and round.
  public func reference(row: Row, column: Int) -> Measured? {
    if relativeToBase {
      return rows.first { base in
        base.isBase && zip(base.labels, row.labels).allSatisfy { $0.isEmpty || $0 == $1 }
      }?.cells[column]
    }
    guard let relativeToRow else { return nil }
    return rows.first { other in
      !other.isBase && other.labels.prefix(namedAxes).joined(separator: "/") == relativeToRow
        && other.labels.dropFirst(namedAxes) == row.labels.dropFirst(namedAxes)
    }?.cells[column]
  }
}

extension Measured {
  /// Whether it measures the model before training.
  var isBase: Bool { coordinates.contains { $0.axis == "base" } }

  /// The value on an axis.
  func value(on axis: String) -> String? { coordinates.first { $0.axis == axis }?.value }
}

extension [String] {
  /// Appends what is not there yet.
  fileprivate mutating func add(_ text: String) {
    if !contains(text) { append(text) }
  }
}
