// What differs between two specs, in pieces and as JSON.

import Diagnostics
import JSON
import Planning
import Reporting
import Specification

/// Tells of a difference of specs.
struct DiffSpecs {
  let difference: SpecificationDifference

  /// Two experiments; nil if one of the sides is not the spec of one.
  init?(_ first: NamedResults?, _ second: NamedResults?) {
    guard let one = first?.experiment?.experiment, let other = second?.experiment?.experiment else { return nil }
    difference = SpecificationDifference(one, other)
  }

  /// Takes a difference.
  init(_ difference: SpecificationDifference) { self.difference = difference }

  /// Why specs of two sides are not compared.
  static func missing(_ first: NamedResults?, _ second: NamedResults?) -> String? {
    let sides = [first, second].compactMap { $0 }
    if sides.count == 2, sides.count(where: { $0.specification != nil }) == 1 {
      return "Specs are not compared: one is of a table over several experiments, the other is of none."
    }
    let without = sides.filter { $0.source == nil }.map(\.name)
    return without.isEmpty
      ? nil
      : "Specs are not compared: \(without.joined(separator: " and ")) \(without.count == 1 ? "holds" : "hold") none."
  }

  // MARK: - Words

  /// Tells everything.
  func tell(into document: inout DiffDocument) {
    document.add(.sentence(summary))
    document.add(list: axes + cells)
    if !difference.settings.isEmpty { document.add(.changes(difference.settings.map(Self.change))) }
  }

  private var summary: String {
    let count = difference.settings.count
    let differ = count == 0 ? "No setting differs" : "\(count) setting\(count == 1 ? " differs" : "s differ")"
    switch difference.basis {
    case .cells(let cells):
      if difference.isEmpty { return "The specs mean the same." }
      return cells == 1 && difference.onlyFirst.isEmpty && difference.onlySecond.isEmpty
        ? "\(differ)." : "\(differ) in \(cells == 1 ? "the cell" : "the \(cells) cells") that both have."
    case .withoutAblations: return "No cell is common, so the specs are compared without their ablations. \(differ)."
    case .firstCells(let first, let second):
      return
        "No cell is common, so \(Self.cell(first)) of the first is compared with \(Self.cell(second)) of the second. "
        + "\(differ)."
    }
  }

  private static func cell(_ name: String) -> String { name.isEmpty ? "the only cell" : "the cell `\(name)`" }

  private var axes: [String] {
    difference.axes.map { axis in
      let sides = [("first", axis.onlyFirst), ("second", axis.onlySecond)].filter { !$0.1.isEmpty }
      let told = sides.map { side, arms in
        "only the \(side) has \(axis.isShared ? "" : "it, with ")\(arms.joined(separator: "; "))"
      }
      return "ablations.\(axis.name): \(told.joined(separator: ", "))"
    }
  }

  private var cells: [String] {
    [("first", difference.onlyFirst), ("second", difference.onlySecond)].filter { !$0.1.isEmpty }.map { side, cells in
      "only the \(side) has \(cells.count == 1 ? "the cell" : "\(cells.count) cells"): \(Self.some(cells))"
    }
  }

  /// The first of many names.
  static func some(_ names: [String], most: Int = 6) -> String {
    names.prefix(most).joined(separator: "; ") + (names.count > most ? " and \(names.count - most) more" : "")
  }

  fileprivate static func change(_ setting: SpecificationDifference.Setting) -> DiffPiece.Change {
    let values = Excerpt.pair(setting.first.map { text($0.value) }, setting.second.map { text($0.value) })
    return DiffPiece.Change(
      name: setting.path, first: values.first ?? "not set", second: values.second ?? "not set",
      places: (place(setting.first), place(setting.second)),
      cells: setting.cells.isEmpty ? nil : some(setting.cells))
  }

  private static func place(_ side: SpecificationDifference.Side?) -> String {
    guard let side else { return "" }
    return side.place?.description ?? "by default"
  }

  /// A value as a spec would write it on one line.
  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text.isEmpty ? "\"\"" : text.replacing("\n", with: "\\n")
    case .number(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
    case .array(let elements): "[\(elements.map(text).joined(separator: ", "))]"
    case .object(let object):
      "{\(object.members.map { "\($0.name): \(text($0.value))" }.joined(separator: ", "))}"
    case .null, .bool, .integer: value.canonical
    }
  }

  // MARK: - JSON

  var json: JSONValue {
    .members([
      "basis": basis, "settings": .array(difference.settings.map(Self.json)),
      "axes": .array(
        difference.axes.map { axis in
          .members([
            "axis": .string(axis.name), "only-first": .array(axis.onlyFirst.map { .string($0) }),
            "only-second": .array(axis.onlySecond.map { .string($0) }),
          ])
        }),
      "cells-only-first": .array(difference.onlyFirst.map { .string($0) }),
      "cells-only-second": .array(difference.onlySecond.map { .string($0) }),
    ])
  }

  private var basis: JSONValue {
    switch difference.basis {
    case .cells: "cells"
    case .withoutAblations: "without-ablations"
    case .firstCells(let first, let second): .members(["first": .string(first), "second": .string(second)])
    }
  }

  fileprivate static func json(_ setting: SpecificationDifference.Setting) -> JSONValue {
    .members([
      "path": .string(setting.path), "first": json(setting.first), "second": json(setting.second),
      "cells": .array(setting.cells.map { .string($0) }),
    ])
  }

  private static func json(_ side: SpecificationDifference.Side?) -> JSONValue {
    guard let side else { return .null }
    var object = JSONObject([JSONMember("value", side.value), JSONMember("default", .bool(side.place == nil))])
    if let place = side.place {
      object["file"] = .string(place.file)
      object["line"] = .integer(Int64(place.line))
      object["column"] = .integer(Int64(place.column))
    }
    return .object(object)
  }
}

/// Tells of a difference of tables over several experiments.
struct DiffTables {
  private let difference: TableDifference

  /// Two tables; nil if one of the sides is not the spec of one.
  init?(_ first: NamedResults?, _ second: NamedResults?) {
    guard let one = first?.specification, let other = second?.specification else { return nil }
    difference = TableDifference(one, other)
  }

  /// Tells everything.
  func tell(into document: inout DiffDocument) {
    let count = difference.settings.count
    let differ = count == 0 ? "No setting differs" : "\(count) setting\(count == 1 ? " differs" : "s differ")"
    document.add(.sentence(difference.isEmpty ? "The specs mean the same." : "Of the tables themselves: \(differ)."))
    if count > 0 { document.add(.changes(difference.settings.map(DiffSpecs.change))) }
    for (name, one) in difference.experiments {
      document.add(.sentence("Of the experiment `\(name)`:"))
      DiffSpecs(one).tell(into: &document)
    }
  }

  var json: JSONValue {
    .members([
      "settings": .array(difference.settings.map(DiffSpecs.json)),
      "experiments": .array(
        difference.experiments.map { .members(["name": .string($0.name), "specs": DiffSpecs($0.difference).json]) }),
    ])
  }
}

/// Long values, short enough for a line, with the part in which they differ.
enum Excerpt {
  private static let most = 60
  /// How much of what both have in common is shown before they differ.
  private static let before = 15

  /// Both of two values; what they have in common at their beginnings is left out if it is long.
  static func pair(_ first: String?, _ second: String?) -> (first: String?, second: String?) {
    guard let first, let second, max(first.count, second.count) > most else {
      return (first.map(cut), second.map(cut))
    }
    let common = zip(first, second).prefix { $0 == $1 }.count
    let skipped = max(0, common - before)
    func rest(_ text: String) -> String { skipped > 1 ? "…" + text.dropFirst(skipped) : text }
    return (cut(rest(first)), cut(rest(second)))
  }

  private static func cut(_ text: String) -> String { text.count > most ? text.prefix(most - 1) + "…" : text }
}

extension DiffDocument {
  /// Adds a list of plain items unless there are none.
  mutating func add(list items: [String]) {
    if !items.isEmpty { add(.list(items.map { DiffPiece.Item(text: $0) })) }
  }
}
