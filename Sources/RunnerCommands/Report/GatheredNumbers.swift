// The numbers of an experiment for a page: laid out as its table, tested, and each with what stands behind it.

import Digests
import Pages
import Planning
import Records
import Reporting
import Specification
import Statistics

/// Lays the numbers of an experiment out.
struct GatheredNumbers {
  private let subject: ReportSubject
  private let layout: TableLayout

  /// Lays numbers out as the spec says; differences are from the row that is asked for, that of the spec, or the base.
  ///
  /// - Throws: ``CommandError/unknownName(what:name:known:)`` if there is no such row.
  init(_ subject: ReportSubject, relativeTo: String?) throws {
    self.subject = subject
    let own = subject.experiment?.experiment.table
    let numbers = subject.table.numbers.map(\.measured)
    func layout(_ reference: Table.RelativeTo?) -> TableLayout {
      TableLayout(
        numbers, rows: own?.rows ?? [], columns: own?.columns ?? [], value: own?.value, relativeTo: reference)
    }
    let known = layout(nil).referenceNames
    if let relativeTo, !known.contains(relativeTo) {
      throw CommandError.unknownName(what: "row", name: relativeTo, known: known)
    }
    let asked = relativeTo.map { $0 == "base" ? Table.RelativeTo.base : .row($0) }
    self.layout = layout(asked ?? own?.relativeTo ?? (known.contains("base") ? .base : nil))
  }

  /// The numbers with what is said of them.
  ///
  /// - Parameter outcomes: The records of an outcomes object; nil if it cannot be had.
  /// - Returns: What a page shows.
  func numbers(outcomes: (Digest) -> [Outcomes]?) -> ReportedNumbers {
    let behind = Dictionary(
      subject.table.numbers.map { ($0.measured, $0) }, uniquingKeysWith: { first, _ in first })
    let marks = TableMarks(layout, numbers: behind, outcomes: outcomes)
    return ReportedNumbers(
      grid: TableGrid(layout, marks: marks), legend: TableText(layout, marks: marks).legend, notes: subject.remarks,
      behind: table)
  }

  private var table: PageTable {
    let head = ["cell", "eval", "mean ± error", "interval of 95%", "n", "seeds", "outcomes", "steps (outcomes)"]
    let rows = subject.table.numbers.map { number in
      let measured = number.measured
      return [
        number.cell.isEmpty ? "the only cell" : number.cell, number.eval, measured.text, Self.interval(measured),
        String(number.records), measured.seeds.map { measured.text(of: $0) }.joined(separator: ", "),
        measured.counts.map { "\($0.count) \($0.kind)" }.joined(separator: ", "),
        number.sources.map { "\($0.step.short) (\($0.outcomes.short))" }.joined(separator: ", "),
      ]
    }
    return PageTable(
      head: head, rows: rows, numbers: [2, 3, 4],
      caption: "Intervals of several seeds are Student's over the seeds, of one seed normal over its records.")
  }

  /// Of several seeds by their spread, of one by the standard error over records.
  private static func interval(_ number: Measured) -> String {
    guard let mean = number.mean else { return "–" }
    let half: Double
    if let spread = number.spread {
      let count = Double(number.seeds.count)
      half = StudentT(degrees: count - 1).critical(0.05) * spread / count.squareRoot()
    } else if let error = number.standardError {
      half = 1.9599639845400545 * error
    } else {
      return "–"
    }
    return "\(number.text(of: mean - half)) to \(number.text(of: mean + half))"
  }
}
