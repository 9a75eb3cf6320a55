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
  /// What numbers are compared with; nil: nothing.
  public let relativeTo: Table.RelativeTo?
  /// The axes that make the columns; empty where the evals do.
  let columnAxes: [String]
  /// How many of the row axes the table names; they come first.
  let namedAxes: Int
  /// Numbers that have a place in the table and were not measured, for their steps failed or have not run.
  public let missing: [Measured]

  /// Lays measured numbers out.
  ///
  /// - Parameters:
  ///   - measured: The numbers, in the order of the cells.
  ///   - table: How; nil: a row for each cell, every eval a column.
  ///   - missing: Numbers that are to have a place though they are not there.
  public init(_ measured: [Measured], table: Table?, missing: [Measured] = []) {
    self.init(
      measured, rows: table?.rows ?? [], columns: table?.columns ?? [], value: table?.value,
      relativeTo: table?.relativeTo, missing: missing)
  }

  /// Lays measured numbers out.
  ///
  /// - Parameters:
  ///   - measured: The numbers, in the order of the cells.
  ///   - namedRows: The axes that make rows, outermost first; those that neither this nor `columnAxes` names follow.
  ///   - columnAxes: The axes that make columns; empty: the evals do.
  ///   - value: The eval that is shown; nil: all.
  ///   - relativeTo: What a cell's number is compared with; nil: nothing.
  ///   - missing: Numbers that are to have a place though they are not there.
  public init(
    _ measured: [Measured], rows namedRows: [String], columns columnAxes: [String], value: String?,
    relativeTo: Table.RelativeTo?, missing: [Measured] = []
  ) {
    let missing = missing.filter { value == nil || $0.eval == value }
    let shown = measured.filter { value == nil || $0.eval == value } + missing
    var axes: [String] = []
    for number in shown {
      for coordinate in number.coordinates where coordinate.axis != "base" { axes.add(coordinate.axis) }
    }
    let named = namedRows.filter { axes.contains($0) }
    namedAxes = named.isEmpty ? .max : named.count
    rowAxes = named + axes.filter { !named.contains($0) && !columnAxes.contains($0) }

    let columns = Column.columns(of: shown, axes: columnAxes)
    self.columns = columns.map(\.label)
    let absent = Set(missing)
    rows = Self.rows(of: shown, axes: rowAxes, columns).map { row in
      let cells = row.cells.map { cell in cell.flatMap { absent.contains($0) ? nil : $0 } }
      return Row(labels: row.labels, cells: cells, isBase: row.isBase)
    }
    self.missing = missing
    self.columnAxes = columnAxes
    self.relativeTo = relativeTo
  }

  private static func rows(of shown: [Measured], axes: [String], _ columns: [Column]) -> [Row] {
    func key(of number: Measured) -> [String] {
      [number.isBase ? "base" : ""] + axes.map { number.value(on: $0) ?? "" }
    }
    let places = shown.map { key(of: $0) }
    let keys = places.distinct
    // A number of the base that is the same for all arms stands in the row of each arm, if other numbers are not the same.
    func isWithin(_ special: [String], _ general: [String]) -> Bool {
      guard special[0] == "base", general[0] == "base" else { return special == general }
      return zip(axes, zip(special, general).dropFirst()).allSatisfy { axis, labels in
        labels.0 == labels.1 || labels.1.isEmpty && !Self.builtInAxes.contains(axis)
      }
    }
    let shownKeys = keys.filter { key in !keys.contains { $0 != key && isWithin($0, key) } }
    return shownKeys.map { rowKey in
      let own = shown.indices.filter { places[$0] == rowKey }
      let members = (own + shown.indices.filter { isWithin(rowKey, places[$0]) }).map { shown[$0] }
      let cells = columns.map { column in members.first { column.holds($0) } }
      return Row(labels: Array(rowKey.dropFirst()), cells: cells, isBase: rowKey[0] == "base")
    }
  }

  /// Axes that stand for more than arms.
  private static let builtInAxes = ["round", "dataset", "seed"]

  /// A column: the values on the axes that make columns, or an eval.
  private struct Column {
    let label: String
    let axes: [String]
    let values: [String?]
    let eval: String

    init(of number: Measured, axes: [String]) {
      self.axes = axes
      values = axes.map { number.value(on: $0) }
      eval = number.eval
      let labels = values.compactMap { $0 }
      label = labels.isEmpty ? number.eval : labels.joined(separator: "/")
    }

    /// Whether a number belongs in the column; the base belongs in every column that its own values do not exclude.
    func holds(_ number: Measured) -> Bool {
      if axes.isEmpty { return number.eval == eval }
      return zip(axes, values).allSatisfy { axis, value in
        let own = number.value(on: axis)
        return own == value || own == nil && number.isBase
      }
    }

    static func columns(of numbers: [Measured], axes: [String]) -> [Column] {
      let making = axes.isEmpty || numbers.allSatisfy(\.isBase) ? numbers : numbers.filter { !$0.isBase }
      var columns: [Column] = []
      for number in making {
        let column = Column(of: number, axes: axes)
        if !columns.contains(where: { $0.label == column.label }) { columns.append(column) }
      }
      return columns
    }
  }

  /// A row's labels as they are shown: that it is the base stands where it has no label of its own, so that two data sets'
  /// bases stay apart.
  func shownLabels(of row: Row) -> [String] {
    guard !row.labels.isEmpty else { return [row.isBase ? "base" : "all"] }
    var labels = row.labels
    if row.isBase {
      if let free = labels.firstIndex(of: "") { labels[free] = "base" } else { labels[0] += ", base" }
    }
    return labels
  }

  /// Every number that is shown, once, row by row.
  public var numbers: [Measured] { rows.flatMap(\.cells).compactMap { $0 }.distinct }
}

// MARK: - What numbers are compared with

extension TableLayout {
  /// What ``relativeTo`` may be: `base` where there is one, the rows by their labels, and the cells by their arms.
  public var referenceNames: [String] {
    let base = rows.contains(where: \.isBase) ? ["base"] : []
    return (base + rowNames + numbers.filter { !$0.isBase }.flatMap(names(of:))).filter { !$0.isEmpty }.distinct
  }

  /// What is said where numbers are to be compared with a row or cell that is not there.
  var missingReference: TableNote? {
    guard case .cell(let name)? = relativeTo, !referenceNames.contains(name) else { return nil }
    return TableNote("There is no row or cell `\(name)`, so that no differences from it are shown.", .table)
  }

  /// What numbers are compared with, as the table calls it; nil: nothing.
  var referenceName: String? {
    switch relativeTo {
    case .base?: "base"
    case .cell(let name)?: name
    case nil: nil
    }
  }

  /// The number that a cell is compared with, if there is one.
  ///
  /// It stands in the same column of the base row or of the row that is named; where a data set or a round makes rows too, in
  /// the one of the same data set and round. Where no row but a cell has the name, it is that cell's number of the same eval,
  /// data set, round and seed, wherever it stands; where the name tells these, that number alone.
  public func reference(row: Row, column: Int) -> Measured? {
    switch relativeTo {
    case nil: nil
    case .base?:
      rows.first { base in
        base.isBase && zip(base.labels, row.labels).allSatisfy { $0.isEmpty || $0 == $1 }
      }?.cells[column]
    case .cell(let name)? where rowNames.contains(name):
      rows.first { other in
        !other.isBase && self.name(of: other) == name
          && other.labels.dropFirst(namedAxes) == row.labels.dropFirst(namedAxes)
      }?.cells[column]
    case .cell(let name)?: row.cells[column].flatMap { number(ofCell: name, like: $0) }
    }
  }

  private var rowNames: [String] { rows.filter { !$0.isBase }.map(name(of:)).distinct }

  /// A row's labels on the axes that the table names.
  private func name(of row: Row) -> String { row.labels.prefix(namedAxes).joined(separator: "/") }

  private func number(ofCell name: String, like number: Measured) -> Measured? {
    func isBeside(_ other: Measured) -> Bool {
      other.eval == number.eval && Self.builtInAxes.allSatisfy { other.value(on: $0) == number.value(on: $0) }
    }
    let own = numbers.filter { !$0.isBase }
    return own.first { isBeside($0) && cellNames(of: $0).contains(name) }
      ?? own.first { $0.eval == number.eval && wholeName(of: $0) == name }
  }

  /// What a cell may be called.
  private func names(of number: Measured) -> [String] { (cellNames(of: number) + [wholeName(of: number)]).distinct }

  /// A cell's arms joined by `/`, in the order of the experiment's axes, and as claims name it: rows before columns.
  private func cellNames(of number: Measured) -> [String] {
    let arms = number.coordinates.filter { !Self.builtInAxes.contains($0.axis) }
    let shown = (rowAxes.prefix(namedAxes) + columnAxes).filter { !Self.builtInAxes.contains($0) }
    return [arms.map(\.value), shown.compactMap { number.value(on: $0) }].map { $0.joined(separator: "/") }.distinct
  }

  /// The same with the seed, round or data set that the table's rows or columns name: one number alone.
  private func wholeName(of number: Measured) -> String {
    (rowAxes.prefix(namedAxes) + columnAxes).compactMap { number.value(on: $0) }.joined(separator: "/")
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
