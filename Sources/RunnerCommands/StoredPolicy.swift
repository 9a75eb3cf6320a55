// The trained policy of a cell, found in the store. Export and the model commands share this.
// Trains nothing: what is not stored is told with the command that computes it.

import Diagnostics
import Execution
import LanguageModel
import Planning
import Reporting
import Steps
import Storage

/// Which of the policies that a spec trains.
struct PolicyChoice {
  /// The cell's name: its arms joined by `/`; nil for the only one.
  let cell: String?
  /// The seed; nil for the only one.
  let seed: Int?
}

/// A trained policy whose weights are at hand.
struct StoredPolicy {
  let policy: TrainedPolicy
  let task: StepTask
  let engine: StepEngine

  /// Finds a policy.
  ///
  /// - Throws: ``PolicyError`` if there is no such policy, several, or one that is not stored.
  static func find(
    _ spec: SpecOptions, _ choice: PolicyChoice, storage: StoreOptions, workers: Int
  ) async throws -> StoredPolicy {
    var planner = Planner(context: Session.context())
    var policies: [TrainedPolicy] = []
    for experiment in try Session.read(spec) { policies += try planner.planPolicies(of: experiment) }
    let path = spec.specs.joined(separator: " ")
    let policy = try choose(choice, among: policies, spec: path)
    let graph = planner.steps.restricted(to: Set(policy.step.inputs.map(\.source.step)))
    let command = (["runner exec \(path)"] + spec.sets.map { "--set \(ShellWord.quoted($0))" } + storage.asGiven)
    let plan = Plan(graph: graph, index: StoreIndex(try Store(at: storage.storePath, mode: .readOnlyIfPresent)))
    try plan.refuseBlocked()
    try refuseMissing(policy, plan, store: storage.storePath, command: command.joined(separator: " "))
    let store = try Store(at: storage.storePath, mode: .create)
    let engine = StepEngine(workers: workers, batch: 1, mirrors: storage.allMirrors, scratch: store.scratchFolder)
    let task = try await Executor.forModels(store, engine)
      .task(for: policy.step, in: graph, needing: policy.use.inputNames)
    guard let task else { throw CommandError.incomplete(failed: 1, exit: .stepFailed) }
    return StoredPolicy(policy: policy, task: task, engine: engine)
  }

  private static func choose(
    _ choice: PolicyChoice, among policies: [TrainedPolicy], spec: String
  ) throws -> TrainedPolicy {
    guard !policies.isEmpty else { throw PolicyError.trainsNothing(spec: spec) }
    var found = policies
    if let cell = choice.cell {
      found = found.filter { $0.cell.utf8.elementsEqual(cell.utf8) }
      guard !found.isEmpty else {
        throw CommandError.unknownName(what: "cell that trains", name: cell, known: policies.map(\.cell).distinct)
      }
    }
    if let seed = choice.seed {
      let known = found.map { String($0.seed) }.distinct
      found = found.filter { $0.seed == seed }
      guard !found.isEmpty else { throw CommandError.unknownName(what: "seed", name: String(seed), known: known) }
    }
    // Cells that differ only in what they measure train the same policy.
    guard Set(found.map(\.step.id)).count == 1 else {
      throw PolicyError.several(spec: spec, found.map(\.arguments))
    }
    return found[0]
  }

  private static func refuseMissing(
    _ policy: TrainedPolicy, _ plan: Plan, store: String, command: String
  ) throws {
    let trainings = policy.step.inputs.filter { $0.name.hasPrefix("adapter/") }.map(\.source.step)
    for planned in plan.steps where trainings.contains(planned.step.id) {
      if case .cached = planned.state { continue }
      throw PolicyError.notStored(step: planned.step.label, store: store, command: command)
    }
  }
}

extension TrainedPolicy {
  /// The arguments that name it.
  var arguments: String { (cell.isEmpty ? "" : "--cell \(ShellWord.quoted(cell)) ") + "--seed \(seed)" }

  /// What the user calls it.
  var title: String { cell.isEmpty ? "seed \(seed)" : "\(cell), seed \(seed)" }
}

extension StoreOptions {
  /// Where results are stored, if the command line says it.
  var asGiven: [String] { store.map { ["--store \(ShellWord.quoted($0))"] } ?? [] }
}

extension Executor {
  /// Runs what brings a model's weights, or what else a step reads; only failures are shown.
  static func forModels(_ store: Store, _ engine: StepEngine) -> Executor {
    Executor(
      store: store, runner: engine, cancellation: Interrupt.cancellation, now: { 0 }, provenance: { Provenance.facts },
      observe: { event in
        if case .failed(_, let diagnoses) = event { Output.report(Diagnoses(diagnoses)) }
      })
  }
}

/// Why there is no trained policy to be had.
enum PolicyError: DiagnosableError, Hashable {
  /// No cell of the spec trains.
  case trainsNothing(spec: String)
  /// Several policies fit what was asked for.
  case several(spec: String, [String])
  /// The training was not run, or what it depends on has changed.
  case notStored(step: String, store: String, command: String)
  /// All weights were trained, so that there is no adapter.
  case noAdapter(title: String)
  /// The folder to write into is not empty.
  case notEmpty(String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .trainsNothing(let spec):
      [
        Diagnosis(
          "policy.trains-nothing", "\(spec) trains nothing",
          remedy: "Name a spec with `objective:` and `hyperparameters:`.", exit: .usage)
      ]
    case .several(let spec, let choices):
      [
        Diagnosis(
          "policy.several", "\(spec) trains \(choices.count) policies, and it is not said which one is meant",
          notes: choices, remedy: "Name one of them with --cell and --seed.", exit: .usage)
      ]
    case .notStored(let step, let store, let command):
      [
        Diagnosis(
          "policy.not-stored", "\(step): its result is not in the store \(store)",
          remedy: "Run `\(command)` first.", exit: .inputOutput)
      ]
    case .noAdapter(let title):
      [
        Diagnosis(
          "export.no-adapter", "\(title): all weights were trained, so there is no adapter to write",
          remedy: "Add --merged to write the weights as a Hugging Face folder.", exit: .usage)
      ]
    case .notEmpty(let path):
      [
        Diagnosis(
          "export.not-empty", "\(path) is there and not an empty folder",
          remedy: "Name a folder that is not there yet, or remove it.", exit: .usage)
      ]
    }
  }
}
