// Cells of several experiments as one table, as a table spec lays them out.
// Knows nothing of how the numbers came about; every experiment's own report leads to its steps.

public import JSON
import Records
public import Specification

/// The table of a table spec, filled from the reports of its experiments.
public struct CrossTable: Sendable {
  /// A cell with what fills it.
  private struct Filled {
    let row: String
    let column: String
    let source: ResultReport
    let number: Measured
  }

  private let specification: TableSpecification
  private let name: String
  private let cells: [Filled]
  /// Cells for which no number, or more than one, is there.
  private let gaps: [String]

  /// Fills a table.
  ///
  /// - Parameters:
  ///   - specification: How it is laid out.
  ///   - name: Its name: the name of its folder under `results/`.
  ///   - reports: The reports of its experiments, in the order of `specification.experiments`.
  public init(_ specification: TableSpecification, name: String, reports: [ResultReport]) {
    self.specification = specification
    self.name = name
    var cells: [Filled] = []
    var gaps: [String] = []
    for row in specification.rows.entries {
      let names = specification.experiments.names
      guard let index = names.firstIndex(where: { $0.utf8.elementsEqual(row.value.experiment.utf8) }) else { continue }
      for column in specification.columns.entries {
        let found = reports[index].numbers(of: column.value, cell: row.value.cell)
        if found.count == 1, let number = found.first {
          let placed = number.named(column.name, at: [.init("row", row.name), .init("column", column.name)])
          cells.append(Filled(row: row.name, column: column.name, source: reports[index], number: placed))
        } else {
          gaps.append("\(row.name)/\(column.name) (\(found.isEmpty ? "no number" : "\(found.count) numbers"))")
        }
      }
    }
    self.cells = cells
    self.gaps = gaps
  }

  private var text: TableText { TableText(TableLayout(cells.map(\.number), of: specification)) }

  private var notes: [String] { gaps.isEmpty ? [] : ["Not filled: \(gaps.joined(separator: ", "))."] }

  /// The table for a terminal, with a legend.
  public var aligned: String { ([text.aligned, "", text.legend] + notes).joined(separator: "\n") }

  /// Every cell with its number, its experiment and the keys behind it.
  public var json: JSONValue {
    .members([
      "table": .string(name), "version": .integer(1),
      "cells": .array(
        cells.map { cell in
          var object = cell.source.json(of: cell.number).objectValue ?? JSONObject()
          object["at"] = nil
          return .object(
            JSONObject(
              [
                JSONMember("row", .string(cell.row)), JSONMember("column", .string(cell.column)),
                JSONMember("experiment", .string(cell.source.name)),
              ] + object.members))
        }),
    ])
  }

  /// Writes `table.json`, `TABLE.md`, `table.csv` and `table.tex`.
  ///
  /// - Parameter folder: Made if it is not there. Files that hold the same bytes already are left alone.
  /// - Throws: ``ResultsError``.
  public func write(into folder: String) throws {
    let about = specification.description.map { "\($0)\n\n" } ?? ""
    let sources = specification.experiments.names.joined(separator: ", ")
    let notes = self.notes.map { "\($0)\n\n" }.joined()
    let markdown =
      "# \(name)\n\n\(about)\(text.markdown)\n\(text.legend)\n\n\(notes)"
      + "Of the experiments \(sources). Written by `runner exec`; the steps behind each number stand in table.json.\n"
    let files = [
      ("table.json", json.pretty), ("TABLE.md", markdown), ("table.csv", TableText.csv(cells.map(\.number))),
      ("table.tex", text.latex),
    ]
    for (file, text) in files { try ResultReport.write(Array(text.utf8), to: "\(folder)/\(file)", in: folder) }
  }
}

extension ResultReport {
  /// The numbers of an eval in a cell; of several rounds the last.
  ///
  /// - Parameters:
  ///   - eval: The eval's name.
  ///   - cell: The arms joined by `/`, or `base`; nil: the only cell.
  /// - Returns: One where the table can be filled.
  fileprivate func numbers(of eval: String, cell: String?) -> [Measured] {
    let arms = cell == "base" ? [] : self.arms(of: cell)
    let own = numbers.filter { number in
      number.eval == eval && arms.allSatisfy { arm in number.value(on: arm.axis).map { $0 == arm.value } ?? true }
    }
    // Where nothing is trained, all numbers are those of the model as it is.
    let base = own.filter(\.isBase)
    let trained = cell == "base" && numbers.contains(where: \.isBase) ? [] : own.filter { !$0.isBase }
    let found = trained.isEmpty ? base : trained
    let rounds = found.compactMap { $0.value(on: "round").flatMap(Int.init) }
    guard rounds.count == found.count, let last = rounds.max() else { return found }
    return found.filter { $0.value(on: "round") == String(last) }
  }
}

extension TableLayout {
  /// Rows and columns in the order of a table spec.
  fileprivate init(_ numbers: [Measured], of specification: TableSpecification) {
    rowAxes = [""]
    columns = specification.columns.names
    rows = specification.rows.names.map { row in
      let cells = specification.columns.names.map { column in
        numbers.first { $0.value(on: "row") == row && $0.value(on: "column") == column }
      }
      return Row(labels: [row], cells: cells, isBase: false)
    }
    relativeToBase = false
    relativeToRow = specification.relativeTo
    namedAxes = 1
  }
}
