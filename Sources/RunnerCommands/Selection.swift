// Which steps of a plan a run is about: all, some with everything before them, or some alone.
// Names become steps as in `explain` and `verify`.

import ArgumentParser
import Diagnostics
import Execution
import Planning
import Storage

/// Steps that a run is restricted to.
struct SelectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Run this step and no other: its label as `plan` shows it, its key, or the beginning of the key; repeatable. What \
      it reads must be stored. Results are written by whole runs only.
      """, valueName: "step"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "Run this step and what comes before it; repeatable. Results are written by whole runs only.", valueName: "step"))
  var until: [String] = []

  /// Whether the run is about all steps.
  var isEmpty: Bool { only.isEmpty && until.isEmpty }

  func validate() throws {
    if !only.isEmpty && !until.isEmpty { throw ValidationError("--only and --until cannot be given together.") }
  }

  /// The part of a plan that is asked for.
  ///
  /// - Throws: ``VerifyFault`` if a name is none of exactly one step; ``SelectionFault`` if something would have to run
  ///   that was not asked for.
  func plan(of whole: Plan, _ session: Session, _ store: Store) throws -> Plan {
    if isEmpty { return whole }
    let steps = try (only + until).map { try StepFinder(name: $0, store: store).locate(in: session).step }
    let asked = Set(steps.map(\.id))
    let plan = Plan(graph: whole.graph.restricted(to: asked), index: StoreIndex(store, isUse: true), wanted: asked)
    if until.isEmpty {
      let missing = plan.steps.filter { !$0.state.isSettled && !asked.contains($0.step.id) }.map(\.step.label)
      if !missing.isEmpty { throw SelectionFault.notStored(missing) }
    }
    return plan
  }
}

/// Why steps cannot run alone.
enum SelectionFault: DiagnosableError, Hashable {
  /// What they read is not stored.
  case notStored([String])

  var diagnoses: [Diagnosis] {
    switch self {
    case .notStored(let labels):
      [
        Diagnosis(
          "exec.not-alone",
          "--only: \(labels.count) step\(labels.count == 1 ? "" : "s") would have to run before, and may not",
          notes: labels.prefix(20).map { $0 }, remedy: "Use --until, which runs what comes before.", exit: .usage)
      ]
    }
  }
}
