// What `keep: best` chooses among: said for reports, which tell it beside the numbers. The choice itself is a step.

import Specification

/// The weights of one training among which `keep: best` chooses.
public struct PlannedKeep: Sendable {
  /// The cell; empty without ablations.
  public let cell: String
  /// Which training of the cell it is, such as `seed 1, round 2`; empty where there is one.
  public let training: String
  /// The eval that decides.
  public let eval: String
  /// Its kind.
  public let kind: String
  /// The records that decide, as written; nil for an eval of the training data.
  public let on: String?
  /// Whether the lowest mean is best.
  public let lowest: Bool
  /// When each candidate was kept, such as `step 4`; the last is the end.
  public let moments: [String]
  /// The step that chooses; its output `choice` says what.
  public let choice: StepID
}

extension CellPlanner {
  /// Notes what a training's weights are chosen among.
  ///
  /// - Parameters:
  ///   - name: The name of the eval that decides.
  ///   - eval: That eval.
  ///   - work: How it is chosen.
  ///   - points: When candidates are kept before the end.
  ///   - training: Which training it is, in words.
  ///   - choice: The step that chooses.
  mutating func note(
    kept name: String, _ eval: Eval, _ work: ChooseWork, _ points: [BestCheckpoint.Interval], _ training: String,
    _ choice: StepID
  ) {
    let moments = points.indices.map { String(Self.moment($0, points).dropFirst(2)) } + ["the end"]
    keeps.append(
      PlannedKeep(
        cell: arms.entries.map(\.value).joined(separator: "/"), training: training, eval: name, kind: eval.kind,
        on: eval.on?.written, lowest: work.lowest, moments: moments, choice: choice))
  }
}
