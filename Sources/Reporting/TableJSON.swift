// A laid-out table as JSON: the numbers with what is said of them.

public import JSON
import Records
public import Specification
import Statistics

/// Writes laid-out tables as JSON.
public enum TableJSON: Sendable {
  /// The axes of the rows, the columns, and the rows with their cells.
  ///
  /// - Parameters:
  ///   - layout: The table.
  ///   - marks: What is said of its cells.
  ///   - notes: What must be known beside the numbers.
  ///   - published: A paper's numbers.
  ///   - claims: The claims as they were judged.
  /// - Returns: A cell is null where nothing was measured; `difference` is from the reference, without one from the best of
  ///   the column.
  public static func json(
    of layout: TableLayout, _ marks: TableMarks, notes: [TableNote] = [], published: PublishedNumbers? = nil,
    claims: [JudgedClaim] = []
  ) -> JSONValue {
    let notes = PlacedNotes(notes, in: layout)
    let rows = layout.rows.enumerated().map { index, row -> JSONValue in
      let cells = row.cells.enumerated().map { column, number -> JSONValue in
        let place = TableMarks.Place(row: index, column: column)
        return number.map { cell($0, marks, notes.marks(ofRow: index) + notes.marks(at: place), place) } ?? .null
      }
      return .members([
        "labels": .array(row.labels.map { .string($0) }), "base": .bool(row.isBase), "cells": .array(cells),
      ])
    }
    var object = JSONObject([
      JSONMember("row-axes", .array(layout.rowAxes.map { .string($0) })),
      JSONMember("columns", .array(layout.columns.map { .string($0) })), JSONMember("rows", .array(rows)),
      JSONMember("compared-with", .string(layout.referenceName ?? "the best of the column")),
    ])
    if let published { object["published"] = published.json }
    let told =
      notes.marked.map { JSONValue.members(["mark": .string($0.mark), "text": .string($0.note.text)]) }
      + notes.general.map { JSONValue.members(["text": .string($0)]) }
    if !told.isEmpty { object["notes"] = .array(told) }
    if !claims.isEmpty { object["claims"] = .array(claims.map(\.json)) }
    return .object(object)
  }

  private static func cell(
    _ number: Measured, _ marks: TableMarks, _ notes: [String], _ place: TableMarks.Place
  ) -> JSONValue {
    var object = number.json.objectValue ?? JSONObject()
    object["inputs"] = nil
    if !notes.isEmpty { object["notes"] = .array(notes.map { .string($0) }) }
    object["best"] = .bool(marks.best.contains(place))
    if let row = marks.differences[place] { object["difference"] = difference(row) }
    return .object(object)
  }

  private static func difference(_ row: TableComparison.Row) -> JSONValue {
    guard let estimate = row.estimate, let adjusted = row.adjusted else {
      return .members(["tested": .bool(false), "same": .bool(row.basis == .same)])
    }
    return .members([
      "tested": .bool(true), "estimate": .number(estimate.difference),
      "interval": .array([.number(estimate.low), .number(estimate.high)]), "p": .number(estimate.p),
      "adjusted-p": .number(adjusted), "detectable": .number(estimate.detectable), "found": .bool(row.isFound),
    ])
  }
}
