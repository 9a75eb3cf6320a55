// What trainings learned from: how many examples of how many prompts, and what came to nothing.
// The counts are a step's; here they get the names of the cells that share them.

import JSON
public import Records

/// The examples of some cells' trainings.
public struct LearnedExamples: Sendable {
  /// What the step that made them is called.
  public let label: String
  /// The cells that learn from them, without the experiment's name.
  public let cells: [String]
  /// How many there are, and of how many prompts.
  public let counts: FeedbackCounts
  /// What judged responses became from stage to stage, these examples last; empty for examples of other kinds.
  public let stages: [StageCounts]
  /// Whether the objective is CUT, whose words the stages are told in.
  public let isCUT: Bool

  /// Takes counts.
  public init(
    label: String, cells: [String], counts: FeedbackCounts, stages: [StageCounts] = [], isCUT: Bool = false
  ) {
    self.label = label
    self.cells = cells
    self.counts = counts
    self.stages = stages
    self.isCUT = isCUT
  }

  /// The counts in words.
  ///
  /// Such as `Examples of sums/train for judge: 32 items from 32 of 96 prompts.`
  var sentence: String {
    let told = common.isEmpty ? "" : " for \(common)"
    let label = label.prefix(1).uppercased() + label.dropFirst()
    return "\(label)\(told): \(counts.sentence)."
  }

  /// The stages of several trainings as one table, each stage once; empty without any.
  static func stages(of examples: [LearnedExamples]) -> String {
    var tables: [(isCUT: Bool, stages: [StageCounts])] = []
    for one in examples where !one.stages.isEmpty {
      let index = tables.firstIndex { $0.isCUT == one.isCUT } ?? tables.count
      if index == tables.count { tables.append((one.isCUT, [])) }
      // Stages of two arms may be called the same and still differ.
      let known = tables[index].stages.map { $0.cells(isCUT: one.isCUT) }
      tables[index].stages += one.stages.filter { !known.contains($0.cells(isCUT: one.isCUT)) }
    }
    return tables.map { StageCounts.markdown($0.stages, isCUT: $0.isCUT) + "\n" }.joined()
  }

  /// The arms that all cells have in common.
  private var common: String {
    let arms = cells.map { $0.split(separator: "/").map(String.init) }
    guard let first = arms.first, arms.allSatisfy({ $0.count == first.count }) else { return "" }
    return first.indices.filter { place in arms.allSatisfy { $0[place] == first[place] } }.map { first[$0] }
      .joined(separator: "/")
  }

  var json: JSONValue {
    var object = counts.json.objectValue ?? JSONObject()
    object["cells"] = .array(cells.map { .string($0) })
    object["label"] = .string(label)
    if !stages.isEmpty { object["stages"] = .array(stages.map(\.json)) }
    return .object(object)
  }
}
