// What became of judged responses from stage to stage, in the words of the objective that learns from them.
// Every line adds up to the responses that came in.

import JSON
public import Records

/// How many responses one stage passed on, acceptable ones and those with a judgment, and what it and earlier ones left.
public struct StageCounts: Sendable {
  /// What the step is called.
  public let label: String
  /// How many responses are acceptable.
  public let acceptable: Int
  /// How many have a judgment.
  public let judged: Int
  /// How many there are of everything.
  public let counts: FeedbackCounts

  /// Counts feedback.
  ///
  /// - Parameters:
  ///   - label: What the step is called.
  ///   - records: Its feedback.
  public init(label: String, _ records: [FeedbackRecord]) {
    self.label = label
    counts = FeedbackCounts(records)
    var (acceptable, judged) = (0, 0)
    for item in records.flatMap(\.items) {
      guard case .judged(_, let judgment, _) = item else { continue }
      if judgment == nil { acceptable += 1 } else { judged += 1 }
    }
    (self.acceptable, self.judged) = (acceptable, judged)
  }

  /// The names of a table's columns.
  ///
  /// CUT reads a response with a judgment twice: behind the judged prompt and behind the plain one.
  package static func columns(isCUT: Bool) -> [String] {
    ["stage", "responses"] + (isCUT ? ["Align-P", "Align-N", "Misalign"] : ["acceptable", "with a judgment"])
      + ["left over"]
  }

  /// One line of the table.
  package func cells(isCUT: Bool) -> [String] {
    let rest = counts.leftovers.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    return [label, "\(counts.items)", "\(acceptable)", "\(judged)"] + (isCUT ? ["\(judged)"] : [])
      + [rest.isEmpty ? "–" : rest]
  }

  var json: JSONValue {
    .members([
      "label": .string(label), "acceptable": .integer(Int64(acceptable)), "judged": .integer(Int64(judged)),
      "items": .integer(Int64(counts.items)), "leftovers": counts.json["leftovers"] ?? .null,
    ])
  }

  /// Stages as a table in Markdown, each line once; nothing without stages.
  static func markdown(_ stages: [StageCounts], isCUT: Bool) -> String {
    if stages.isEmpty { return "" }
    let columns = columns(isCUT: isCUT)
    return MarkdownTable.text(
      header: columns, rows: stages.map { $0.cells(isCUT: isCUT) },
      isNumber: { $0 > 0 && $0 < columns.count - 1 })
  }
}
