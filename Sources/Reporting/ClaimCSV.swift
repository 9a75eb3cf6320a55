// Judged claims as comma-separated values: one line a claim, one value a cell.
// A file of its own, since a claim is of two cells: among the numbers it would be a line of another kind.

import Statistics

/// Writes claims as `claims.csv` has them.
public enum ClaimCSV: Sendable {
  /// Each column with what a claim says in it; empty where there is no such number.
  private static let columns: [(name: String, cell: @Sendable (JudgedClaim) -> String)] = [
    ("claim", { $0.name }), ("says", { $0.says }), ("required", { "\($0.isRequired)" }),
    ("verdict", { $0.verdict.rawValue }), ("why", { $0.why ?? "" }), ("kind", { $0.kind ?? "" }),
    ("left", { text($0.sides[0]) }), ("right", { text($0.sides[1]) }),
    ("difference", { text($0.evidence?.estimate.difference) }), ("low", { text($0.evidence?.estimate.low) }),
    ("high", { text($0.evidence?.estimate.high) }), ("p", { text($0.evidence?.estimate.p) }),
    ("p-holm", { text($0.evidence?.adjusted) }), ("detectable", { text($0.evidence?.estimate.detectable) }),
    ("test", { $0.evidence?.test.rawValue ?? "" }), ("speaks-of", { $0.evidence?.scope ?? "" }),
    ("records", { text($0.evidence?.records) }), ("left-seeds", { text($0.evidence?.seeds.first) }),
    ("right-seeds", { text($0.evidence?.seeds.last) }),
    ("only-left", { text($0.evidence?.disagreement?.onlySecond) }),
    ("only-right", { text($0.evidence?.disagreement?.onlyFirst) }),
  ]

  /// The claims.
  ///
  /// - Parameter claims: Claims that were judged together.
  /// - Returns: The lines, the header first.
  public static func csv(_ claims: [JudgedClaim]) -> String {
    CSV.line(columns.map(\.name)) + claims.map { claim in CSV.line(columns.map { $0.cell(claim) }) }.joined()
  }

  private static func text(_ value: (some LosslessStringConvertible)?) -> String { value.map { String($0) } ?? "" }
}
