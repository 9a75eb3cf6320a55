// What trainings learned from, stage by stage: how many examples of how many prompts, and what came to nothing.
// The counts are steps'; here they get the names of the cells that share them.

import JSON
public import Records

/// The examples of some cells' trainings.
public struct LearnedExamples: Sendable {
  /// A step on the way from responses to examples.
  public struct Stage: Sendable, Hashable {
    /// What the step is called.
    public let label: String
    /// What it gave.
    public let counts: FeedbackCounts

    /// Takes counts.
    public init(label: String, counts: FeedbackCounts) {
      self.label = label
      self.counts = counts
    }
  }

  /// The stages of the reviser, in order; the step that made the examples is not among them.
  public let stages: [Stage]
  /// What the step that made them is called.
  public let label: String
  /// The cells that learn from them, without the experiment's name.
  public let cells: [String]
  /// How many there are, and of how many prompts.
  public let counts: FeedbackCounts
  /// What judged responses became from stage to stage, these examples last; empty for examples of other kinds.
  public let judged: [StageCounts]
  /// Whether the objective is CUT, whose words the stages are told in.
  public let isCUT: Bool

  /// Takes counts.
  public init(
    label: String, cells: [String], counts: FeedbackCounts, stages: [Stage] = [], judged: [StageCounts] = [],
    isCUT: Bool = false
  ) {
    self.label = label
    self.cells = cells
    self.counts = counts
    self.stages = stages
    self.judged = judged
    self.isCUT = isCUT
  }

  /// The counts in words, each stage with what it left over itself.
  ///
  /// Such as `Judge sums/train for judge: 40 items from 40 of 96 prompts; left over: 12 no-contrast. Examples of sums/train: 32 items
  /// from 32 of 96 prompts; left over: 8 surplus.`
  var sentence: String {
    let told = common.isEmpty ? "" : " for \(common)"
    var before: FeedbackCounts?
    var sentences: [String] = []
    for (index, stage) in (stages + [Stage(label: label, counts: counts)]).enumerated() {
      let label = stage.label.prefix(1).uppercased() + stage.label.dropFirst()
      sentences.append("\(label)\(index == 0 ? told : ""): \(stage.counts.sentence(after: before)).")
      before = stage.counts
    }
    return sentences.joined(separator: " ")
  }

  /// The stages of several trainings as one table, each stage once; empty without any.
  static func judgedStages(of examples: [LearnedExamples]) -> String {
    var tables: [(isCUT: Bool, stages: [StageCounts])] = []
    for one in examples where !one.judged.isEmpty {
      let index = tables.firstIndex { $0.isCUT == one.isCUT } ?? tables.count
      if index == tables.count { tables.append((one.isCUT, [])) }
      // Stages of two arms may be called the same and still differ.
      let known = tables[index].stages.map { $0.cells(isCUT: one.isCUT) }
      tables[index].stages += one.judged.filter { !known.contains($0.cells(isCUT: one.isCUT)) }
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
    if !stages.isEmpty {
      object["stages"] = .array(
        stages.map { stage in
          var object = stage.counts.json.objectValue ?? JSONObject()
          object["label"] = .string(stage.label)
          return .object(object)
        })
    }
    if !judged.isEmpty { object["judged"] = .array(judged.map(\.json)) }
    return .object(object)
  }
}
