// A comparison in words and as JSON.

import Diagnostics
import Digests
import JSON
import Planning
import Records
import Reporting
import Statistics

struct DiffReport {
  let sides: [NamedResults]
  let plans: PlanDifference?
  let comparison: TableComparison?
  let differing: DifferingRecords?

  /// How many partings are told one by one.
  private static let mostPartings = 12

  var lines: [String] {
    ["first   \(sides[0].name)", "second  \(sides[1].name)"] + planLines + numberLines
  }

  // MARK: Plans

  private var planLines: [String] {
    guard let plans else { return [] }
    let all = plans.shared + plans.onlyFirst + plans.onlySecond
    var lines = [
      "",
      "Plans: \(plans.shared) of \(all) steps in common (\(100 * plans.shared / max(1, all))%), "
        + "\(plans.onlyFirst) only of the first, \(plans.onlySecond) only of the second.",
    ]
    if !plans.partings.isEmpty { lines.append("They part at:") }
    for parting in plans.partings.prefix(Self.mostPartings) {
      lines.append("  \(parting.step.label)")
      if parting.counterpart == nil { lines.append("    the first has no step of its kind there") }
      lines += Self.changes(parting).map { "    \($0)" }
    }
    let rest = plans.partings.count - Self.mostPartings
    if rest > 0 { lines.append("  and \(rest) more") }
    return lines
  }

  private static func changes(_ parting: PlanDifference.Parting) -> [String] {
    parting.changes.isEmpty ? [] : PlanText.text(of: .changed(parting.changes))
  }

  // MARK: Numbers

  private var numberLines: [String] {
    guard let comparison else {
      let missing = sides.filter { $0.table == nil }.map(\.name).joined(separator: " and ")
      return ["", "No numbers: \(missing) \(sides.allSatisfy { $0.table == nil } ? "were" : "was") never run here."]
    }
    var table = TextTable(numbers: [2, 3, 4, 6])
    table.add(["cell", "eval", "first", "second", "difference", "95%", "p", "finding"])
    for row in comparison.rows { table.add(Self.cells(row)) }
    var lines = comparison.rows.isEmpty ? ["", "The tables have no number in common."] : [""] + table.lines
    let isFew = comparison.rows.contains { row in
      if case .records(let count) = row.basis { count < PairedComparison.fewRecords } else { false }
    }
    if isFew { lines += ["", PairedComparison.fewRecordsCaution] }
    lines += differingLines
    for (numbers, side) in [(comparison.onlyFirst, "first"), (comparison.onlySecond, "second")] where !numbers.isEmpty {
      lines.append("Only the \(side) has: \(numbers.map(Self.name).joined(separator: "; ")).")
    }
    return lines
  }

  private static func name(_ number: StoredTable.Number) -> String {
    number.cell.isEmpty ? number.eval : "\(number.eval) of \(number.cell)"
  }

  private static func cells(_ row: TableComparison.Row) -> [String] {
    let (decimals, shift) = row.first.isShare ? (1, 2) : (3, 0)
    func fixed(_ value: Double?) -> String {
      value.map { NumberFormat.fixed($0, decimals: decimals, shift: shift) } ?? "–"
    }
    func signed(_ value: Double) -> String { NumberFormat.signed(value, decimals: decimals, shift: shift) }
    var cells = [row.first.cell.isEmpty ? "all" : row.first.cell, row.first.eval, fixed(row.first.mean)]
    cells.append(fixed(row.second.mean))
    if let estimate = row.estimate {
      cells += [
        signed(estimate.difference), "\(signed(estimate.low)) to \(signed(estimate.high))",
        NumberFormat.probability(row.adjusted ?? estimate.p),
      ]
    } else {
      let difference = row.first.mean.flatMap { first in row.second.mean.map { signed($0 - first) } }
      cells += [row.basis == .same ? signed(0) : difference ?? "–", "–", "–"]
    }
    return cells + [Self.finding(row, fixed)]
  }

  private static func finding(_ row: TableComparison.Row, _ fixed: (Double?) -> String) -> String {
    let basis: String
    switch row.basis {
    case .same: return "the same outcomes"
    case .numbers: return "not compared: outcomes are not stored, or differ in kind"
    case .seeds(let first, let second): basis = "\(first) and \(second) seeds"
    case .records(let count): basis = "\(count) records of these runs"
    }
    guard let estimate = row.estimate else { return "nothing to compare in \(basis)" }
    let counts =
      row.disagreement.map { ", \($0.onlyFirst) only the first right, \($0.onlySecond) only the second" } ?? ""
    let word = estimate.difference > 0 ? "higher" : "lower"
    return (row.isFound ? word : "within noise (± \(fixed(estimate.detectable)))") + ", \(basis)\(counts)"
  }

  // MARK: Records

  private var differingLines: [String] {
    guard let comparison, let differing else { return [] }
    var lines: [String] = []
    for (row, records) in zip(comparison.rows, differing.rows) where records.count > 0 {
      lines += ["", "\(Self.name(row.first)): \(records.count) records differ"]
      for record in records.shown {
        lines.append("  record  \(record.id.description)")
        if let prompt = record.prompt { lines += Self.block("asked ", prompt) }
        for (name, side) in zip(["first ", "second"], record.sides) {
          lines += Self.block(name, "\(side.outcome)\(side.response.map { ": \($0)" } ?? "")")
        }
      }
    }
    return lines.map(\.showingControls)
  }

  private static func block(_ name: String, _ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
      "  \(index == 0 ? name : "      ")  \(line)"
    }
  }

  // MARK: JSON

  var json: JSONValue {
    var object = JSONObject([
      JSONMember("first", .string(sides[0].name)), JSONMember("second", .string(sides[1].name)),
    ])
    if let plans {
      object["plans"] = .members([
        "shared": .integer(Int64(plans.shared)), "only-first": .integer(Int64(plans.onlyFirst)),
        "only-second": .integer(Int64(plans.onlySecond)),
        "partings": .array(
          plans.partings.map { parting in
            .members([
              "step": .string(parting.step.label), "changes": .array(Self.changes(parting).map { .string($0) }),
            ])
          }),
      ])
    }
    if let comparison {
      object["numbers"] = .array(
        zip(comparison.rows, differing?.rows ?? []).map { Self.json($0, $1.shown) })
      object["only-first"] = .array(comparison.onlyFirst.map { .string(Self.name($0)) })
      object["only-second"] = .array(comparison.onlySecond.map { .string(Self.name($0)) })
    }
    return .object(object)
  }

  private static func json(_ row: TableComparison.Row, _ records: [DifferingRecords.Record]) -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    var object = JSONObject([
      JSONMember("cell", .string(row.first.cell)), JSONMember("eval", .string(row.first.eval)),
      JSONMember("first", number(row.first.mean)), JSONMember("second", number(row.second.mean)),
    ])
    switch row.basis {
    case .same: object["basis"] = .string("same outcomes")
    case .numbers: object["basis"] = .string("numbers")
    case .seeds: object["basis"] = .string("seeds")
    case .records(let count):
      object["basis"] = .string("records")
      object["records"] = .integer(Int64(count))
    }
    if let estimate = row.estimate {
      object["difference"] = .number(estimate.difference)
      object["interval"] = .array([.number(estimate.low), .number(estimate.high)])
      object["p"] = .number(estimate.p)
      object["p-holm"] = number(row.adjusted)
      object["detectable"] = .number(estimate.detectable)
    }
    if !records.isEmpty {
      object["differing"] = .array(
        records.map { record in
          .members([
            "id": .string(record.id.description), "prompt": record.prompt.map { .string($0) } ?? .null,
            "outcomes": .array(record.sides.map { .string($0.outcome) }),
            "responses": .array(record.sides.map { $0.response.map { .string($0) } ?? .null }),
          ])
        })
    }
    return .object(object)
  }
}
