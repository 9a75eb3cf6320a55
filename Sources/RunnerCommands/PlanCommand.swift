// runner plan: what would run, why, and what it would cost.

import ArgumentParser
import Diagnostics
import Execution
import Planning
import Steps
import Storage

struct PlanCommand: ParsableCommand {
  private static let states = HelpText.list([
    ("cached", "its result is stored"),
    ("partly cached", "the results of some of its records are stored"),
    ("being computed", "by another run, whose result will be used"),
    ("will run", "and the indented lines say why: old → new, with the line of the spec"),
    ("undecided", "an input is still to be computed; if it comes out as before, the step is spared"),
    ("not needed", "a file that nothing that runs reads"),
    ("blocked", "this version cannot run it, or a digest is unknown"),
  ])

  static let configuration = CommandConfiguration(
    "plan", "Show what would run, why, and what it would cost. Runs nothing.",
    takes: "<specs> ... [<options>]",
    discussion: """
      Each step is in one of these states:
      \(states)

      A plan saved with -o can be given to `exec` in the place of specs: it is run as it was shown, or refused.
      """,
    examples: [
      "runner plan experiments/quickstart/training.yaml",
      "runner plan spec.yaml --set hyperparameters.epochs=2",
      "runner plan experiments/a.yaml experiments/b.yaml -o saved.plan",
      "runner plan experiments/quickstart/training.yaml --json",
    ])

  @OptionGroup var spec: SpecOptions
  @OptionGroup var storage: StoreOptions
  @Option(name: .shortAndLong, help: "Save the plan in a file that `exec` takes.", completion: .file())
  var output: String?
  @Flag(help: "Write the plan as JSON.") var json = false

  func run() throws {
    let known = Store(intactAt: storage.storePath, mode: .readOnlyIfPresent)
    let memo = output == nil ? CommandMemo(store: storage.storePath) : nil
    if let known, let standing = memo?.standing(in: known, isUse: false) {
      return Output.bytes(Array(standing.memo.answer.utf8))
    }
    Output.note()
    known?.lookAhead()
    let session = try Session(spec)
    let store = try known ?? Store(at: storage.storePath, mode: .readOnlyIfPresent)
    let plan = Plan(graph: session.graph, index: StoreIndex(store))
    store.endLookAhead()
    try store.checkReadable()
    Kept.untilExit((session, plan))
    let memory = PlannedMemory(plan, MemoryForecast(store, workers: ComputeOptions.usualWorkerCount))
    let warnings = store.damages.map(\.diagnosis) + TrainingForecast.warnings(of: plan, in: store)
    if let output { try SavedPlan(plan, of: spec, session).write(to: output) }
    if json {
      Output.json(PlanJSON.value(of: plan, session.experiments, memory: memory, warnings: warnings))
    } else {
      if !warnings.isEmpty { Output.report(Diagnoses(warnings)) }
      Output.line(
        PlanText(
          plan: plan, memory: memory, experiments: session.experiments, colored: Output.colorsText,
          columns: Output.columns
        ).text)
    }
    if warnings.isEmpty, Output.errorCount == 0 { note(plan, session, memo) }
  }

  /// Notes the answer in a store that is there and that this user may write; a plan changes nothing else in it.
  private func note(_ plan: Plan, _ session: Session, _ memo: CommandMemo?) {
    guard let memo, let store = Store(intactAt: storage.storePath, mode: .existing) else { return }
    memo.note(plan, session, RunSpecs(session, specs: spec.specs, sets: spec.sets, isSmoke: false), in: store)
  }
}

/// The memory of the steps that will or may run, and what their results will take on the disk.
struct PlannedMemory {
  /// Bytes by step, of steps whose model is stored.
  let steps: [StepID: Int]
  /// Bytes of results by step, before compression: of a training by its model's sizes, of others by earlier results.
  let stored: [StepID: Double]
  /// The step that takes most.
  let most: (label: String, bytes: Int)?
  /// Whether nothing can be foretold of a training, because its examples have yet to be made.
  let awaitsExamples: Bool

  /// Asks for every step that will or may run.
  init(_ plan: Plan, _ forecast: MemoryForecast) {
    var steps: [StepID: Int] = [:]
    var stored: [StepID: Double] = [:]
    var most: (label: String, bytes: Int)?
    var awaitsExamples = false
    for planned in plan.steps where planned.mayRun {
      stored[planned.step.id] = forecast.storedBytes(of: planned).map { Double($0) } ?? planned.bytes
      guard let bytes = forecast.bytes(of: planned) else {
        if case .train = planned.step.work { awaitsExamples = true }
        continue
      }
      steps[planned.step.id] = bytes
      if bytes > most?.bytes ?? 0 { most = (planned.step.label, bytes) }
    }
    self.steps = steps
    self.stored = stored
    self.most = most
    self.awaitsExamples = awaitsExamples
  }
}
