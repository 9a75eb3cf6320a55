// The records on which two experiments come to different outcomes, with what was asked and what was said.

import Digests
import JSON
import Records
import Reporting
import Storage

/// Records that differ, for each row of a comparison.
struct DifferingRecords {
  /// One record.
  struct Record {
    let id: RecordID
    /// What was asked; nil if it is not stored.
    let prompt: String?
    /// Outcome and response of the first and of the second.
    let sides: [(outcome: String, response: String?)]
  }

  /// For each row the first so many records, and how many differ in all.
  let rows: [(shown: [Record], count: Int)]

  init(_ comparison: TableComparison, in store: Store, most: Int) {
    rows = comparison.rows.map { row in
      guard most > 0 else { return ([], 0) }
      guard let first = Side(row.first, store), let second = Side(row.second, store) else { return ([], 0) }
      let differing = first.outcomes.filter { record in
        second.byID[record.id].map { !Self.isSame($0, record) } ?? false
      }
      let shown = differing.prefix(most).compactMap { record in
        second.byID[record.id].map { other in
          Record(
            id: record.id, prompt: first.context.asked(record.id) ?? second.context.asked(record.id),
            sides: [
              (Self.words(record), first.said(record.id)), (Self.words(other), second.said(record.id)),
            ])
        }
      }
      return (shown, differing.count)
    }
  }

  private static func isSame(_ one: Outcomes, _ other: Outcomes) -> Bool {
    one.outcomes.map(\.kind) == other.outcomes.map(\.kind) && one.outcomes.map(\.value) == other.outcomes.map(\.value)
  }

  private static func words(_ record: Outcomes) -> String {
    record.outcomes.map { outcome in
      ["right", "wrong", "unparsed", "error", "diverged"].contains(outcome.kind)
        ? outcome.kind : "\(outcome.kind) \(NumberFormat.fixed(outcome.value, decimals: 3))"
    }.joined(separator: ", ")
  }

  /// What stands behind the first seed of a number.
  private struct Side {
    let outcomes: [Outcomes]
    let byID: [RecordID: Outcomes]
    let context: RecordContext

    init?(_ number: StoredTable.Number, _ store: Store) {
      guard let source = number.sources.first, let outcomes = store.outcomes(source.outcomes) else { return nil }
      self.outcomes = outcomes
      byID = Dictionary(outcomes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
      context = RecordContext(behind: source.step, outcomes: source.outcomes, in: store)
    }

    func said(_ record: RecordID) -> String? {
      let texts = context.said(record)
      return texts.isEmpty ? nil : texts.joined(separator: " | ")
    }
  }
}
