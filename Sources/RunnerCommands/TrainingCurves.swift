// The logs of an experiment's trainings as TensorBoard's runs: one folder for each cell and seed.
// Finds stored logs and writes them down; trains nothing.

import Diagnostics
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
    let logs = try PolicyLog.all(of: experiment, in: stored)
    guard !logs.isEmpty else { throw PolicyError.trainsNothing(spec: experiment.experiment.path) }
    let ofCell = logs.filter { choice.cell == nil || $0.policy.cell == choice.cell }
    guard !ofCell.isEmpty else {
      throw CommandError.unknownName(
        what: "cell that trains", name: choice.cell ?? "", known: logs.map(\.policy.cell).distinct)
    }
    let chosen = ofCell.filter { choice.seed == nil || $0.policy.seed == choice.seed }
    guard !chosen.isEmpty else {
      throw CommandError.unknownName(
        what: "seed", name: choice.seed.map { String($0) } ?? "",
        known: ofCell.map { String($0.policy.seed) }.distinct)
    }
    runs = try chosen.map { log in
      if let missing = log.missing {
        throw PolicyError.notStored(step: missing, store: stored.store.path, command: command)
      }
      return ExportedPart(folder: Self.folder(of: log.policy), files: [Self.file(of: log)])
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

  private static func file(of log: PolicyLog) -> ExportedFile {
    let events = log.lines.map { EventFile.Event(step: $0.step, time: $0.time, values: $0.numbers) }
    let began = log.rounds.first?.began ?? 0
    return ExportedFile(EventFile.name(beganAt: began), EventFile.bytes(of: events, beganAt: began))
  }
}
