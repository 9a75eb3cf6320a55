// Which weights `keep: best` kept in each training, and by which numbers: said beside a table, since these are no cells of it.
// Knows choices by their candidates' numbers; which store they came from is the caller's.

import JSON
public import Planning
public import Records
import Specification

/// A rule by which weights are kept, over the trainings of some cells.
public struct ReportedKeep: Sendable {
  /// What was kept in a training.
  private struct Training {
    let planned: PlannedKeep
    let choice: CandidateChoice
  }

  private let rule: PlannedKeep
  private var trainings: [Training]

  /// The rules of an experiment; trainings that choose among weights of the same moments by the same eval are told together.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - choice: What a step chose; nil of a step that has not, or behind which no number stands.
  /// - Returns: In the order of the trainings; none without `keep: best`.
  /// - Throws: What `choice` throws.
  public static func all(
    of experiment: PlannedExperiment, choice: (PlannedKeep) throws -> CandidateChoice?
  ) rethrows -> [ReportedKeep] {
    var rules: [ReportedKeep] = []
    var seen: Set<StepID> = []
    for planned in experiment.keeps {
      guard let choice = try choice(planned), seen.insert(planned.choice).inserted else { continue }
      let training = Training(planned: planned, choice: choice)
      if let index = rules.firstIndex(where: { $0.isSame(as: planned) }) {
        rules[index].trainings.append(training)
      } else {
        rules.append(ReportedKeep(rule: planned, trainings: [training]))
      }
    }
    return rules
  }

  private func isSame(as other: PlannedKeep) -> Bool {
    rule.eval == other.eval && rule.on == other.on && rule.lowest == other.lowest && rule.moments == other.moments
  }

  /// The cells that it is about, by their names.
  var cells: [String] { trainings.map(\.planned.cell).distinct }

  /// The rule and what it kept.
  ///
  /// Such as `Kept: of the weights at step 2 and the end those of the highest accuracy on counting/validation: DPO, seed 1 step 2
  /// (41.0%).`
  var sentence: String {
    let moments = rule.moments
    let before = moments.count > 8 ? moments.prefix(2) + ["…"] + moments.suffix(2).dropLast() : moments.dropLast()
    let among = [before.joined(separator: ", "), moments.last ?? ""].filter { !$0.isEmpty }.joined(separator: " and ")
    let told = trainings.map { training in
      let name = [training.planned.cell, training.planned.training].filter { !$0.isEmpty }.joined(separator: ", ")
      return (name.isEmpty ? "" : "\(name) ") + "\(moments[training.choice.chosen]) (\(Self.number(training)))"
    }
    let on = rule.on.map { " on \($0)" } ?? ""
    return "Kept: of the weights at \(among) those of the \(rule.lowest ? "lowest" : "highest") \(rule.eval)\(on): "
      + "\(told.joined(separator: "; "))."
  }

  private static func number(_ training: Training) -> String {
    let kind = training.planned.kind
    return training.choice.means[training.choice.chosen].map {
      Measured.text(of: Measured.value(ofMean: $0, kind: kind), kind: kind)
    } ?? "diverged"
  }

  /// The rule, and of each training what was kept and every candidate's number; null where it had diverged.
  var json: JSONValue {
    var object = JSONObject([
      JSONMember("eval", .string(rule.eval)), JSONMember("kind", .string(rule.kind)),
      JSONMember("wins", .string(rule.lowest ? "lowest" : "highest")),
      JSONMember("candidates", .array(rule.moments.map { .string($0) })),
    ])
    if let on = rule.on { object["on"] = .string(on) }
    object["trainings"] = .array(
      trainings.map { training in
        .members([
          "cell": .string(training.planned.cell), "training": .string(training.planned.training),
          "kept": .integer(Int64(training.choice.chosen)),
          "numbers": .array(
            training.choice.means.map { mean in
              mean.map { .number(Measured.value(ofMean: $0, kind: rule.kind)) } ?? .null
            }),
        ])
      })
    return .object(object)
  }
}
