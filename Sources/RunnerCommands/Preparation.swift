// What commands do with a store and a graph before they show anything: open it, refuse what cannot run, and compute
// what some inputs of a step need.

import Diagnostics
import Execution
import Planning
import Steps
import Storage

extension Store {
  /// Opens a store; damaged files are told as they are met.
  static func telling(at path: String, mode: Mode) throws -> Store {
    try Store(at: path, mode: mode, onDamage: { Output.report(Diagnoses([$0.diagnosis])) })
  }
}

extension Plan {
  /// Nothing runs if something asked for cannot run: a run that must fail in the end wastes what it computes before.
  func refuseBlocked() throws {
    let diagnoses = blocked.compactMap { planned -> Diagnosis? in
      guard case .blocked(let obstacle) = planned.state else { return nil }
      let place = planned.step.places["name"] ?? planned.step.places["sha256"]
      return BlockedStep(step: planned.step.label, obstacle: obstacle).placed(at: place).diagnoses.first
    }
    if diagnoses.isEmpty { return }
    // The same part of a spec may be asked for by several steps; it is told once.
    let counts = Dictionary(diagnoses.map { ($0, 1) }, uniquingKeysWith: +)
    throw CommandError.blocked(
      Diagnoses(diagnoses).distinct.diagnoses.map { diagnosis in
        let count = counts[diagnosis] ?? 1
        let note = count > 1 ? ["\(count) steps of the plan need it."] : []
        return Diagnosis(
          diagnosis.code, diagnosis.message, place: diagnosis.place, notes: diagnosis.notes + note,
          remedy: diagnosis.remedy, exit: diagnosis.exit, severity: diagnosis.severity)
      })
  }
}

extension Plan {
  /// Nothing runs if a step whose memory is known beforehand can never get it, unless the run keeps going.
  func refuseTooLarge(_ limits: RunLimits) throws {
    guard let memory = limits.memory, !limits.keepsGoing else { return }
    let found = steps.filter(\.state.certainlyRuns).compactMap { planned -> Diagnosis? in
      let contents = planned.modelFiles.mapValues(\.digest)
      guard let bytes = limits.forecast(planned.step, contents), bytes > memory else { return nil }
      return StepTooLarge(step: planned.step.label, bytes: bytes, memory: memory).diagnoses.first
    }
    if !found.isEmpty { throw CommandError.blocked(found) }
  }
}

/// Computes what steps read from, without the steps themselves.
struct Preparation {
  let graph: StepGraph
  let store: Store
  let engine: StepEngine

  /// Runs what a step's named inputs need.
  ///
  /// - Throws: ``CommandError/blocked(_:)`` before anything runs; ``CommandError/incomplete(failed:blocked:notStarted:exit:)`` for
  ///   a failure, which has been told.
  func task(for step: Step, needing names: [String]) async throws -> StepTask {
    let sources = Set(step.inputs.filter { names.contains($0.name) }.map(\.source.step))
    try Plan(graph: graph.restricted(to: sources), index: StoreIndex(store)).refuseBlocked()
    let executor = Executor.forModels(store, engine)
    guard let task = try await executor.task(for: step, in: graph, needing: names) else {
      throw CommandError.incomplete(failed: 1, exit: .stepFailed)
    }
    return task
  }

  /// Reads a step's model, with faults shown where the spec names the weights.
  func reading<Value>(_ model: ModelUse, of step: Step, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as any DiagnosableError {
      throw error.placed(at: model.inputNames.first.flatMap { graph.place(ofInput: $0, of: step) })
    }
  }
}
