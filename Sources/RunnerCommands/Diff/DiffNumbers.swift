// Two tables number by number, in pieces and as JSON.

import JSON
import Records
import Reporting
import Statistics

/// Tells of a comparison of tables.
struct DiffNumbers {
  let comparison: TableComparison
  let differing: DifferingRecords
  /// The numbers that each side lacks because its experiment has not come to its end.
  let missing: [[Measured]]

  // MARK: - Words

  func tell(into document: inout DiffDocument) {
    if comparison.rows.isEmpty {
      document.add(.sentence("The tables have no number in common."))
    } else {
      let header = ["cell", "eval", "first", "second", "difference", "95%", "p", "finding"]
      document.add(.table(header: header, rows: comparison.rows.map(Self.cells), numbers: [2, 3, 4, 6]))
      document.add(.sentence(legend))
    }
    let counts = comparison.rows.compactMap { row -> Int? in
      guard case .records(let count) = row.basis, row.disagreement == nil else { return nil }
      return count
    }
    document.say(counts.min().flatMap { PairedComparison.caution(records: $0) })
    let lacking = missing.map { $0.map { Self.name($0.eval, $0.cell) } }
    let alone = [comparison.onlyFirst, comparison.onlySecond].map { $0.map(Self.name) }
    // What the other side is still to measure is told as that.
    for (index, side) in Self.sides.enumerated() {
      let own = alone[index].filter { !lacking[1 - index].contains($0) }
      if !own.isEmpty { document.add(.sentence("Only the \(side) has: \(Self.listed(own)).")) }
    }
    for (names, side) in zip(lacking, Self.sides) where !names.isEmpty {
      document.add(.sentence("The \(side) has not, because steps failed, wait or have not run: \(Self.listed(names))."))
    }
    for (row, records) in zip(comparison.rows, differing.rows) where records.count > 0 {
      tell(row, records.shown, of: records.count, into: &document)
    }
  }

  /// How many numbers that only one side has are named; `--json` names all.
  private static let mostNames = 8

  private var legend: String {
    let shares = comparison.rows.filter(\.isShare).map(\.first.eval).distinct
    let percent = shares.isEmpty ? "" : "In percent: \(shares.joined(separator: ", ")). "
    let tests = comparison.rows.count { $0.estimate != nil }
    if comparison.rows.allSatisfy({ $0.basis == .same }) { return percent + "All outcomes are the same." }
    return percent
      + (tests == 0 ? "Nothing could be tested." : "P-values are Holm's over \(tests) test\(tests == 1 ? "" : "s").")
  }

  private static let sides = ["first", "second"]

  private static func name(_ number: StoredTable.Number) -> String { name(number.eval, number.cell) }

  private static func name(_ eval: String, _ cell: String) -> String { cell.isEmpty ? eval : "\(eval) of \(cell)" }

  private static func listed(_ names: [String]) -> String {
    let more = names.count - mostNames
    return (names.prefix(mostNames) + (more > 0 ? ["and \(more) more"] : [])).joined(separator: "; ")
  }

  private static func cells(_ row: TableComparison.Row) -> [String] {
    let shift = row.isShare ? 2 : 0
    let error = row.estimate?.halfWidth ?? [row.first.error, row.second.error].compactMap { $0 }.max()
    let decimals = row.isShare ? 1 : NumberFormat.decimals(ofError: error) ?? 3
    func fixed(_ value: Double?) -> String {
      value.map { NumberFormat.fixed($0, decimals: decimals, shift: shift) } ?? "–"
    }
    func signed(_ value: Double) -> String { NumberFormat.signed(value, decimals: decimals, shift: shift) }
    var cells = [row.first.cell.isEmpty ? "all" : row.first.cell, row.first.eval]
    // In the place of a number that a training came to nothing for stands what came of it.
    cells += [row.first, row.second].map { $0.divergence ?? fixed($0.mean) }
    if let estimate = row.estimate {
      cells += [
        signed(estimate.difference), "\(signed(estimate.low)) to \(signed(estimate.high))",
        NumberFormat.probability(row.adjusted ?? estimate.p),
      ]
    } else {
      cells += [plainDifference(row).map(signed) ?? "–", "–", "–"]
    }
    return cells + [finding(row, fixed)]
  }

  /// The difference of two numbers that could not be tested; nil where one of them is none.
  private static func plainDifference(_ row: TableComparison.Row) -> Double? {
    if [row.first, row.second].contains(where: { $0.divergence != nil }) { return nil }
    if row.basis == .same { return 0 }
    if case .otherKinds? = row.untested { return nil }
    guard let first = row.first.mean, let second = row.second.mean else { return nil }
    return (second - first).isFinite ? second - first : nil
  }

  private static func finding(_ row: TableComparison.Row, _ fixed: (Double?) -> String) -> String {
    let basis: String
    switch row.basis {
    case .same: return "the same outcomes"
    case .numbers(let reason): return "undecided: \(words(reason))"
    case .seeds(let first, 1): basis = "\(first) seeds and the model before training"
    case .seeds(1, let second): basis = "the model before training and \(second) seeds"
    case .seeds(let first, let second): basis = "\(first) and \(second) seeds"
    case .records(let count): basis = "\(count) records of these runs"
    }
    guard let estimate = row.estimate else { return "undecided: nothing to compare in \(basis)" }
    let counts =
      row.disagreement.map { ", \($0.onlyFirst) only the first right, \($0.onlySecond) only the second" } ?? ""
    let word = estimate.difference > 0 ? "higher" : "lower"
    let noise = estimate.p < 0.05 ? "not told after correction" : "within noise (± \(fixed(estimate.detectable)))"
    return (row.isFound ? word : noise) + ", \(basis)\(counts)"
  }

  /// Why there is no test.
  private static func words(_ reason: UntestedReason) -> String {
    switch reason {
    case .diverged(let first, let second):
      switch (first, second) {
      case (_?, _?): "both diverged"
      case (_?, nil): "the first diverged"
      default: "the second diverged"
      }
    case .notMeasured(let sides): "nothing could be measured in \(named(sides))"
    case .notFinite: "one of the numbers is not finite"
    case .otherKinds(let first, let second): "a number of \(first) and one of \(second) are not of one kind"
    case .onlyOverSeeds:
      "perplexities of several seeds are compared over seeds only, which takes two on each side that differ"
    case .outcomesNotNamed(let sides):
      "\(named(sides)) \(sides.count == 1 ? "names" : "name") no outcomes, as a table.csv does not"
    case .outcomesNotStored(let sides): "the outcomes of \(named(sides)) are not in this store"
    case .otherRecords: reason.recordWords ?? reason.inShort
    case .otherRecordsCount: "the records are the same, but not the same ones count on both sides"
    case .noWeight: "no record that both measured counts"
    case .noSpread(let records): "nothing varies over \(records) records, so nothing says how far chance would reach"
    }
  }

  private static func named(_ sides: [UntestedReason.Side]) -> String {
    sides.count == 2 ? "both" : "the \(sides.first?.rawValue ?? "first")"
  }

  private func tell(
    _ row: TableComparison.Row, _ records: [DifferingRecords.Record], of count: Int, into document: inout DiffDocument
  ) {
    let seeds = max(row.first.sources.count, row.second.sources.count)
    let which = seeds > 1 ? ", of the first of \(seeds) seeds" : ""
    document.add(.sentence("\(Self.name(row.first)): \(count) record\(count == 1 ? " differs" : "s differ")\(which)"))
    for record in records {
      let asked = record.prompt.map { [(label: "asked", text: $0)] } ?? []
      let said = zip(["first", "second"], record.sides).map { name, side in
        (label: name, text: "\(side.outcome)\(side.response.map { ": \($0)" } ?? "")")
      }
      document.add(.record(title: "record  \(record.id.description)", quotes: asked + said))
    }
  }

  // MARK: - JSON

  var rows: JSONValue {
    .array(zip(comparison.rows, differing.rows).map { Self.json($0, $1.shown) })
  }

  var onlyFirst: JSONValue { .array(comparison.onlyFirst.map { .string(Self.name($0)) }) }

  var onlySecond: JSONValue { .array(comparison.onlySecond.map { .string(Self.name($0)) }) }

  /// Members for what each side lacks, where it lacks anything.
  var lacking: [JSONMember] {
    zip(missing, Self.sides).filter { !$0.0.isEmpty }.map { numbers, side in
      JSONMember("missing-\(side)", .array(numbers.map { .string(Self.name($0.eval, $0.cell)) }))
    }
  }

  private static func json(_ row: TableComparison.Row, _ records: [DifferingRecords.Record]) -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    func value(_ number: StoredTable.Number) -> JSONValue {
      number.divergence == nil ? number.mean.map { .number($0) } ?? .null : .null
    }
    var object = JSONObject([
      JSONMember("cell", .string(row.first.cell)), JSONMember("eval", .string(row.first.eval)),
      JSONMember("first", value(row.first)), JSONMember("second", value(row.second)),
    ])
    object["first-diverged"] = row.first.divergence.map { .string($0) }
    object["second-diverged"] = row.second.divergence.map { .string($0) }
    switch row.basis {
    case .same: object["basis"] = "same outcomes"
    case .numbers(let reason):
      object["basis"] = "numbers"
      object["undecided"] = .string(words(reason))
    case .seeds(let first, let second):
      object["basis"] = "seeds"
      object["seeds"] = .array([first, second].map { .integer(Int64($0)) })
      // One number stands beside seeds only where it is of the model before training, which they do not vary.
      if first == 1 || second == 1 { object["before-training"] = first == 1 ? "first" : "second" }
    case .records(let count):
      object["basis"] = "records"
      object["records"] = .integer(Int64(count))
    }
    if let estimate = row.estimate {
      object["difference"] = .number(estimate.difference)
      object["interval"] = .array([.number(estimate.low), .number(estimate.high)])
      object["p"] = .number(estimate.p)
      object["p-holm"] = number(row.adjusted)
      object["detectable"] = .number(estimate.detectable)
      object["found"] = .bool(row.isFound)
    }
    if !records.isEmpty { object["differing"] = .array(records.map(json)) }
    return .object(object)
  }

  private static func json(_ record: DifferingRecords.Record) -> JSONValue {
    .members([
      "id": .string(record.id.description), "prompt": record.prompt.map { .string($0) } ?? .null,
      "outcomes": .array(record.sides.map { .string($0.outcome) }),
      "responses": .array(record.sides.map { $0.response.map { .string($0) } ?? .null }),
    ])
  }
}
