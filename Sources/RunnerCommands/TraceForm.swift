// A likelihood trace as people read it: a row for each moment at which weights were kept.
// Knows the lines that traces store; when a moment was, it is told.

import JSON
import Reporting

/// The points of a likelihood trace.
struct TraceForm {
  private let points: [JSONObject]

  /// Takes the lines of a file; nil if they are of anything else.
  init?(_ lines: [JSONObject]) {
    let isTrace = lines.allSatisfy { line in
      line["checkpoint"]?.integerValue != nil && line["pairs"]?.integerValue != nil
        && (line["margin"] != nil || line["diverged-at"] != nil)
    }
    guard isTrace, !lines.isEmpty else { return nil }
    points = lines
  }

  /// The text, line by line.
  ///
  /// - Parameter steps: The optimizer step of each point; empty where nobody can tell, for the store keeps numbers of
  ///   points only.
  /// - Returns: A table in nats.
  func lines(steps: [Int?]) -> [String] {
    let isTold = steps.contains { $0 != nil }
    var table = TextTable(numbers: Set(0...4))
    table.add([isTold ? "step" : "checkpoint", "chosen", "rejected", "margin", "pairs"])
    for (index, point) in points.enumerated() {
      let step = index < steps.count ? steps[index].map { String($0) } ?? "–" : "–"
      let number = point["checkpoint"]?.integerValue.map { String($0) } ?? "–"
      let diverged = point["diverged-at"]?.integerValue.map { ["  diverged at step \($0)"] } ?? []
      table.add(
        [isTold ? step : number] + ["chosen", "rejected", "margin"].map { text(point[$0]) }
          + [text(point["pairs"])] + diverged)
    }
    // Whoever shows them puts two blanks before every line.
    return table.lines(columns: Output.columns.map { $0 - 2 }) + [
      "", "Means over pairs of ln p under the policy less ln p under the reference, in nats.",
    ]
  }

  private func text(_ value: JSONValue?) -> String {
    switch value {
    case .number(let number): NumberFormat.fixed(number, decimals: 3)
    case .integer(let number): String(number)
    default: "–"
    }
  }
}
