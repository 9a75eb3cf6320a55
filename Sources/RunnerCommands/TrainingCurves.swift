// The logs of an experiment's trainings as TensorBoard's runs: one folder for each cell and seed.
// Finds stored logs and writes them down; trains nothing.

import Diagnostics
import FoundationEssentials
import JSON
import LanguageModel
import Planning
import Reporting
import Specification
import Storage

/// What the optimizer's steps of an experiment told, ready to be written.
struct TrainingCurves {
  /// A folder for each cell and seed, named after them.
  let runs: [ExportedPart]

  /// Finds the logs.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - choice: The cell and the seed; nil for all of them.
  ///   - stored: The plan's steps.
  ///   - command: What stores them, for the message that they are not.
  /// - Throws: ``CommandError`` or ``PolicyError``, or what reading the store throws.
  init(_ experiment: PlannedExperiment, _ choice: PolicyChoice, in stored: StoredGraph, command: String) throws {
    var planner = Planner(context: Session.context())
    let policies = try planner.planPolicies(of: experiment.experiment)
    guard !policies.isEmpty else { throw PolicyError.trainsNothing(spec: experiment.experiment.path) }
    let ofCell = policies.filter { choice.cell == nil || $0.cell == choice.cell }
    guard !ofCell.isEmpty else {
      throw CommandError.unknownName(
        what: "cell that trains", name: choice.cell ?? "", known: policies.map(\.cell).distinct)
    }
    let chosen = ofCell.filter { choice.seed == nil || $0.seed == choice.seed }
    guard !chosen.isEmpty else {
      throw CommandError.unknownName(
        what: "seed", name: choice.seed.map { String($0) } ?? "", known: ofCell.map { String($0.seed) }.distinct)
    }
    runs = try chosen.map { policy in
      let rounds = try policy.trainings.map { training in
        guard let round = try Round(training, in: stored) else {
          let label = planner.steps.step(training).label
          throw PolicyError.notStored(step: label, store: stored.store.path, command: command)
        }
        return round
      }
      return ExportedPart(folder: Self.folder(of: policy), files: [Self.file(of: rounds)])
    }
  }

  /// A cell's arms are folders in each other, as TensorBoard groups its runs.
  private static func folder(of policy: TrainedPolicy) -> String {
    let parts = policy.cell.split(separator: "/").map { part in
      let plain = String(part.map { $0.isLetter || $0.isNumber || " _.,=+-()".contains($0) ? $0 : "-" })
      return plain.allSatisfy { $0 == "." } ? "-" : plain
    }
    return (parts + ["seed-\(policy.seed)"]).joined(separator: "/")
  }

  /// Rounds follow one another: the first step of a round comes behind the last of the one before.
  private static func file(of rounds: [Round]) -> ExportedFile {
    var events: [EventFile.Event] = []
    for round in rounds {
      let earlier = events.last?.step ?? 0
      for (index, line) in round.log.enumerated() {
        let share = Double(index + 1) / Double(round.log.count)
        events.append(
          EventFile.Event(
            step: earlier + (line["step"]?.integerValue ?? index + 1), time: round.began + round.seconds * share,
            values: numbers(of: line)))
      }
    }
    let began = rounds.first?.began ?? 0
    return ExportedFile(EventFile.name(beganAt: began), EventFile.bytes(of: events, beganAt: began))
  }

  /// Every number of a line, and of what stands in it, but the step itself.
  private static func numbers(of line: JSONObject) -> [(tag: String, value: Double)] {
    var numbers: [(tag: String, value: Double)] = []
    for member in line.members where member.name != "step" {
      if let number = member.value.doubleValue { numbers.append((member.name, number)) }
      for inner in member.value.objectValue?.members ?? [] {
        if let number = inner.value.doubleValue { numbers.append(("\(member.name)/\(inner.name)", number)) }
      }
    }
    if let chosen = line["chosen-log-ratio"]?.doubleValue, let rejected = line["rejected-log-ratio"]?.doubleValue {
      numbers.append(("margin", chosen - rejected))
    }
    return numbers
  }
}

/// The log of one training, with the time that it took.
private struct Round {
  let log: [JSONObject]
  /// In seconds since 1970; 0 where the store does not know.
  let began: Double
  let seconds: Double

  /// Reads a training's log; nil if it is not stored.
  init?(_ training: StepID, in stored: StoredGraph) throws {
    guard let log = try stored.fields(of: OutputReference(training, "log")) else { return nil }
    self.log = log
    let provenance = stored.provenance(of: training)
    seconds = provenance["seconds"]?.doubleValue ?? 0
    let ended = provenance["time"]?.stringValue.flatMap { try? Date($0, strategy: .iso8601) }
    began = max(0, (ended?.timeIntervalSince1970 ?? 0) - seconds)
  }
}
