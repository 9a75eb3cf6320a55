// What trainings learned from, stage by stage: how many examples of how many prompts, and what came to nothing.
// The counts are steps'; here they get the names of the cells that share them.

public import Digests
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
    /// What the stages gave whose feedback came in: none for the first, several where parts of the data come together.
    public let before: [FeedbackCounts]
    /// The key of the step; nil where nobody asks for it.
    package let key: Digest?

    /// Takes counts.
    public init(label: String, counts: FeedbackCounts, before: [FeedbackCounts] = [], key: Digest? = nil) {
      self.key = key
      self.label = label
      self.counts = counts
      self.before = before
    }

    /// The counts as a sentence, with what this stage left over itself.
    ///
    /// - Parameter cells: What all cells that share it have in common; empty if that is nothing.
    /// - Returns: A whole sentence.
    func sentence(for cells: String) -> String {
      let told = cells.isEmpty ? "" : " for \(cells)"
      return "\(label.prefix(1).uppercased() + label.dropFirst())\(told): \(counts.sentence(after: before))."
    }
  }

  /// The stages of the reviser, in order, those of one part of the data after those of another; the step that made the
  /// examples is the last.
  public let stages: [Stage]
  /// The cells that learn from them, without the experiment's name.
  public let cells: [String]
  /// What judged responses became from stage to stage, these examples last; empty for examples of other kinds.
  public let judged: [StageCounts]
  /// Whether the objective is CUT, whose words the stages are told in.
  public let isCUT: Bool

  /// Takes counts.
  public init(cells: [String], stages: [Stage], judged: [StageCounts] = [], isCUT: Bool = false) {
    self.cells = cells
    self.stages = stages
    self.judged = judged
    self.isCUT = isCUT
  }

  /// The counts in words, each stage with what it left over itself.
  ///
  /// Such as `Judge sums/train for judge: 40 items from 40 of 96 prompts; left over: 12 no-contrast. Examples of sums/train: 32 items
  /// from 32 of 96 prompts; left over: 8 surplus.`
  var sentence: String {
    stages.enumerated().map { $0.element.sentence(for: $0.offset == 0 ? common : "") }.joined(separator: " ")
  }

  /// The stages of several trainings as one table, each stage once; empty without any.
  static func judgedStages(of examples: [LearnedExamples]) -> String {
    judgedTables(of: examples).map { StageCounts.markdown($0.stages, isCUT: $0.isCUT) + "\n" }.joined()
  }

  /// The stages of judged responses, each once, those of CUT apart from the others.
  package static func judgedTables(of examples: [LearnedExamples]) -> [(isCUT: Bool, stages: [StageCounts])] {
    var tables: [(isCUT: Bool, stages: [StageCounts])] = []
    for one in examples where !one.judged.isEmpty {
      let index = tables.firstIndex { $0.isCUT == one.isCUT } ?? tables.count
      if index == tables.count { tables.append((one.isCUT, [])) }
      // Stages of two arms may be called the same and still differ.
      let known = tables[index].stages.map { $0.cells(isCUT: one.isCUT) }
      tables[index].stages += one.judged.filter { !known.contains($0.cells(isCUT: one.isCUT)) }
    }
    return tables
  }

  /// The arms that all cells have in common.
  private var common: String {
    let arms = cells.map { $0.split(separator: "/").map(String.init) }
    guard let first = arms.first, arms.allSatisfy({ $0.count == first.count }) else { return "" }
    return first.indices.filter { place in arms.allSatisfy { $0[place] == first[place] } }.map { first[$0] }
      .joined(separator: "/")
  }

  var json: JSONValue {
    var object = stages.last?.counts.json.objectValue ?? JSONObject()
    object["cells"] = .array(cells.map { .string($0) })
    object["label"] = .string(stages.last?.label ?? "")
    if stages.count > 1 { object["stages"] = .array(stages.dropLast().map { .object($0.json) }) }
    if !judged.isEmpty { object["judged"] = .array(judged.map(\.json)) }
    return .object(object)
  }
}

extension LearnedExamples.Stage {
  fileprivate var json: JSONObject {
    var object = counts.json.objectValue ?? JSONObject()
    object["label"] = .string(label)
    return object
  }
}
