// A paper's numbers at the cells of a laid-out table, and as `table.json` keeps them.
// Knows nothing of formats; a number that has no place in the table is told, never moved.

public import JSON
public import Records
public import Specification

/// Published numbers beside the cells of a table.
public struct PublishedCells: Sendable {
  /// Where they were printed.
  let source: String
  /// The numbers by the cells that they stand beside.
  let cells: [TableMarks.Place: PublishedNumber]
  /// The names of cells that the file has and the table does not.
  let unplaced: [String]

  /// Puts published numbers where they belong.
  ///
  /// - Parameters:
  ///   - numbers: The numbers.
  ///   - layout: The table.
  public init(_ numbers: PublishedNumbers, in layout: TableLayout) {
    source = numbers.source
    var cells: [TableMarks.Place: PublishedNumber] = [:]
    var unplaced: [String] = []
    let names = layout.rows.indices.map { layout.publishedNames(ofRow: $0) }
    for row in numbers.rows.entries {
      let index = names.firstIndex { $0.contains(row.name) }
      for cell in row.value.entries {
        if let index, let column = layout.columns.firstIndex(where: { $0.utf8.elementsEqual(cell.name.utf8) }) {
          cells[.init(row: index, column: column)] = cell.value
        } else {
          unplaced.append("\(row.name)/\(cell.name)")
        }
      }
    }
    self.cells = cells
    self.unplaced = unplaced
  }

  /// What follows a cell's own number: `[45.1]`, or `[?]` where the file says that nobody knows.
  func text(at place: TableMarks.Place) -> String? {
    switch cells[place] {
    case .number(let written, _)?: "[\(written)]"
    case .unknown?: "[?]"
    case nil: nil
    }
  }

  /// What the brackets mean; nil without any.
  var legend: String? {
    if cells.isEmpty { return nil }
    return "In brackets: \(source)" + (cells.values.contains(.unknown) ? "; [?] is not known." : ".")
  }

  /// What has no place in the table; nil where everything has one.
  var note: String? {
    unplaced.isEmpty ? nil : "Published for cells that this table does not have: \(unplaced.joined(separator: ", "))."
  }

  /// What is published for each measured number that the file names, as long as that is one thing.
  ///
  /// The number of the model before training may stand in several columns, with different published numbers.
  ///
  /// - Parameter layout: The table in which the numbers were placed.
  /// - Returns: The published numbers by ours.
  public func byNumber(in layout: TableLayout) -> [Measured: PublishedNumber] {
    var found: [Measured: Set<PublishedNumber>] = [:]
    for (place, number) in cells {
      if let measured = layout.rows[place.row].cells[place.column] { found[measured, default: []].insert(number) }
    }
    return found.compactMapValues { $0.count == 1 ? $0.first : nil }
  }
}

extension TableLayout {
  /// What a file of published numbers may call a row: its labels joined by `/` as they are shown, and what it is called in short
  /// where no other row is called so.
  fileprivate func publishedNames(ofRow index: Int) -> Set<String> {
    let row = rows[index]
    let short = shortName(of: row)
    let isOnly = rows.count { shortName(of: $0) == short } == 1
    return Set([shownLabels(of: row).filter { !$0.isEmpty }.joined(separator: "/")] + (isOnly ? [short] : []))
  }

  private func shortName(of row: Row) -> String {
    row.isBase ? "base" : row.labels.prefix(namedAxes).joined(separator: "/")
  }
}

extension PublishedNumber {
  /// The value on the scale of measured numbers; nil where it is not known.
  var value: Double? { if case .number(_, let value) = self { value } else { nil } }

  /// The value; null where it is not known.
  var json: JSONValue { value.map { .number($0) } ?? .null }
}

extension PublishedNumbers {
  /// The numbers as a table file keeps them.
  public var json: JSONValue {
    let cells = rows.entries.flatMap { row in
      row.value.entries.map { cell -> JSONValue in
        var object = JSONObject([
          JSONMember("row", .string(row.name)), JSONMember("column", .string(cell.name)),
          JSONMember("value", cell.value.json),
        ])
        if case .number(let written, _) = cell.value { object["written"] = .string(written) }
        return .object(object)
      }
    }
    return .members(["source": .string(source), "cells": .array(cells)])
  }

  /// Reads the numbers of a table file.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    var rows: [(name: String, cells: [Named<PublishedNumber>.Entry])] = []
    for cell in try json.list("cells") {
      let (row, column) = (try cell.text("row"), try cell.text("column"))
      var number = PublishedNumber.unknown
      if let value = cell["value"]?.doubleValue { number = .number(written: try cell.text("written"), value: value) }
      if let index = rows.firstIndex(where: { $0.name.utf8.elementsEqual(row.utf8) }) {
        rows[index].cells.append(.init(column, number))
      } else {
        rows.append((row, [.init(column, number)]))
      }
    }
    self.init(source: try json.text("source"), rows: Named(rows.map { .init($0.name, Named($0.cells)) }))
  }
}
