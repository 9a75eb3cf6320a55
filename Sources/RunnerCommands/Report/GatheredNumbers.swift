// The numbers of a table for a page: laid out as it is, tested, and each with what stands behind it.

import Digests
import Pages
import Planning
import Records
import Reporting
import Specification
import Statistics

/// Lays the numbers of an experiment, or of a table over several, out.
struct GatheredNumbers {
  private let stored: StoredTable
  private let outcomes: (Digest) -> [Outcomes]?
  /// The numbers as they are laid out, and what stands behind each.
  private let behind: [Measured: StoredTable.Number]
  private let notes: [TableNote]
  private let remarks: [String]
  private let layout: TableLayout
  /// The experiment of each row; empty where all are of one.
  private let experiments: [String: String]

  /// Lays numbers out as the spec says; differences are from the row or cell that is asked for, that of the spec, or the base.
  ///
  /// - Throws: ``CommandError/unknownName(what:name:known:)`` if there is no such row.
  init(
    _ subject: ReportSubject, relativeTo: String?, outcomes: @escaping (Digest) -> [Outcomes]?
  ) throws {
    let own = subject.experiment?.experiment.table
    try self.init(
      subject.table, outcomes, remarks: subject.remarks, rows: own?.rows ?? [], columns: own?.columns ?? [],
      value: own?.value, own: own?.relativeTo, relativeTo: relativeTo)
  }

  /// Lays a table over several experiments out; differences are from the row that is asked for, or that of the spec.
  ///
  /// - Throws: ``CommandError/unknownName(what:name:known:)`` if there is no such row.
  init(
    _ table: ReportedTable, relativeTo: String?, outcomes: @escaping (Digest) -> [Outcomes]?
  ) throws {
    let rows = table.specification.rows.entries.map { ($0.name, $0.value.experiment) }
    try self.init(
      table.table, outcomes, remarks: [], rows: ["row"], columns: ["column"], value: nil,
      own: table.specification.relativeTo.map { .cell($0) }, relativeTo: relativeTo,
      experiments: Dictionary(rows, uniquingKeysWith: { first, _ in first }))
  }

  private init(
    _ stored: StoredTable, _ outcomes: @escaping (Digest) -> [Outcomes]?, remarks: [String], rows: [String],
    columns: [String], value: String?, own: Table.RelativeTo?, relativeTo: String?, experiments: [String: String] = [:]
  ) throws {
    (self.stored, self.outcomes, self.remarks, self.experiments) = (stored, outcomes, remarks, experiments)
    let areApart = SeedNumbers.areShown(rows: rows, columns: columns)
    let apart = areApart ? SeedNumbers(stored.numbers, outcomes: outcomes) : nil
    let shown = apart?.numbers ?? stored.numbers
    behind = Dictionary(shown.map { ($0.measured, $0) }, uniquingKeysWith: { first, _ in first })
    notes = apart?.notes(stored.notes) ?? stored.notes
    let numbers = shown.map(\.measured)
    func layout(_ reference: Table.RelativeTo?) -> TableLayout {
      TableLayout(
        numbers, rows: rows, columns: columns, value: value, relativeTo: reference, missing: stored.missing)
    }
    let known = layout(nil).referenceNames
    if let relativeTo, !known.contains(relativeTo) {
      throw CommandError.unknownName(what: "row or cell", name: relativeTo, known: known)
    }
    let asked = relativeTo.map { Table.RelativeTo($0) }
    self.layout = layout(asked ?? own ?? (known.contains("base") ? .base : nil))
  }

  /// The numbers with what is said of them, as a page shows them.
  var numbers: ReportedNumbers {
    let marks = TableMarks(layout, numbers: behind, outcomes: outcomes)
    let published = stored.published
    return ReportedNumbers(
      grid: TableGrid(layout, marks: marks, published: published),
      legend: TableText(layout, marks: marks, published: published).legend,
      notes: PlacedNotes(notes, in: layout).sentences + remarks, behind: table)
  }

  private var table: PageTable {
    let place = experiments.isEmpty ? ["cell", "eval"] : ["cell", "experiment"]
    let head = place + ["mean ± error", "interval of 95%", "n", "seeds", "outcomes", "steps (outcomes)"]
    let rows = stored.numbers.map { number in
      let measured = number.measured
      return [
        number.cell.isEmpty ? "the only cell" : number.cell, experiment(of: number) ?? number.eval, measured.text,
        Self.interval(measured),
        String(number.records), measured.seeds.map { measured.text(of: $0) }.joined(separator: ", "),
        measured.counts.map { "\($0.count) \($0.kind)" }.joined(separator: ", "),
        number.sources.map { "\($0.step.short) (\($0.outcomes.short))" }.joined(separator: ", "),
      ]
    }
    return PageTable(
      head: head, rows: rows, numbers: [2, 3, 4],
      caption:
        "Intervals of several seeds are Student's over the seeds. Those of one seed are over its records, and say "
        + "nothing of other seeds: Wilson's for shares, else normal, which cover less than 95% of few records.")
  }

  private func experiment(of number: StoredTable.Number) -> String? {
    number.place.first { $0.axis == "row" }.flatMap { experiments[$0.value] }
  }

  private static func interval(_ number: Measured) -> String {
    number.interval.map { "\(number.text(of: $0.low)) to \(number.text(of: $0.high))" } ?? "–"
  }
}
