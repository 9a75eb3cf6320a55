// Finds the trainings of a plan and what their objectives see: from the store, or computed where no model is needed.
// Shows nothing; no language model runs here, nor is one loaded.

import Diagnostics
import Digests
import Execution
import JSON
import LanguageModel
import Planning
import Records
import Steps
import Storage

/// A training with its first examples, or what stands before them.
struct ShownTraining {
  /// What is known of the examples.
  enum Content {
    /// The first examples, and what became of everything that is none.
    case examples(TrainingPreview, Fate)
    /// These steps run a language model and are not stored.
    case waiting(for: [String])
    /// This version cannot run the training, or something before it.
    case blocked(String)
  }

  /// What became of candidates.
  struct Fate {
    let counts: FeedbackCounts
    /// For each kind of leftover the reason of the first that says one.
    let reasons: [String: String]
  }

  let label: String
  let cells: [String]
  let work: TrainWork?
  /// Whether the policy begins elsewhere than at the reference.
  let startsElsewhere: Bool
  let content: Content
}

struct TrainingPreviewer {
  let graph: StepGraph
  let store: Store
  let engine: StepEngine

  /// Every training of the graph; those with the same view of the same examples once, under the first seed.
  func trainings(first count: Int) async throws -> [ShownTraining] {
    var shown: [ShownTraining] = []
    for (step, cells) in distinct() {
      guard case .train(let work) = step.work else {
        shown.append(
          ShownTraining(
            label: step.label, cells: cells, work: nil, startsElsewhere: false, content: .blocked(step.label)))
        continue
      }
      shown.append(
        ShownTraining(
          label: step.label, cells: cells, work: work, startsElsewhere: startsElsewhere(step, work),
          content: try await content(of: step, work, count)))
    }
    return shown
  }

  /// What an objective's view depends on beside the seed, which says only when an example comes.
  private struct View: Hashable {
    let examples: OutputReference?
    let options: [String]
  }

  private func distinct() -> [(step: Step, cells: [String])] {
    var found: [(view: View, step: Step, cells: [String])] = []
    for step in graph.steps where step.kind == .train {
      let options = step.work.options.leaves.filter { leaf in
        ["model/", "objective", "batch", "epochs", "limit"].contains { leaf.name.hasPrefix($0) }
      }
      let view = View(
        examples: step.inputs.first { $0.name == "examples" }?.source,
        options: options.map { "\($0.name) \($0.value.readable)" })
      let cells = graph.users[step.id] ?? []
      if let index = found.firstIndex(where: { $0.view == view }) {
        found[index].cells += cells.filter { !found[index].cells.contains($0) }
      } else {
        found.append((view, step, cells))
      }
    }
    return found.map { ($0.step, $0.cells) }
  }

  private func content(of step: Step, _ work: TrainWork, _ count: Int) async throws -> ShownTraining.Content {
    guard let source = step.inputs.first(where: { $0.name == "examples" })?.source else {
      fatalError("a training reads examples: our own bug")
    }
    if let obstacle = waiting(for: source.step) { return obstacle }
    var use = work.model
    use.adapters = 0
    guard let task = try await executor.task(for: step, in: graph, needing: ["examples"] + use.inputNames) else {
      throw CommandError.incomplete(failed: 1, exit: .stepFailed)
    }
    let records = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
    let preview = try TrainingPreview(
      first: count, of: work, records: records, reference: try reference(of: step),
      tokenizer: try engine.tokenizer(of: use, for: task), label: step.label)
    return .examples(preview, fate(records, source.step))
  }

  private var executor: Executor {
    Executor(
      store: store, runner: engine, cancellation: Interrupt.cancellation, now: { 0 }, provenance: { Provenance.facts },
      observe: { event in
        if case .failed(_, let diagnoses) = event { Output.report(Diagnoses(diagnoses)) }
      })
  }

  // MARK: - What is stored

  /// What stands before the examples: steps that cannot run, or that run a language model and were not run.
  private func waiting(for step: StepID) -> ShownTraining.Content? {
    let steps = Plan(graph: graph.restricted(to: [step]), index: StoreIndex(store)).steps
    for planned in steps {
      if case .blocked(let obstacle) = planned.state, obstacle.isFirst { return .blocked(planned.step.label) }
    }
    let missing = steps.filter { !$0.state.isSettled && $0.step.runsModel }
    return missing.isEmpty ? nil : .waiting(for: missing.map(\.step.label))
  }

  private func stored(_ id: StepID) -> StoredResult? {
    var resolver = Resolver(index: StoreIndex(store))
    var last: StepState?
    for step in graph.restricted(to: [id]).steps { last = resolver.resolve(step) }
    if case .cached(_, let result)? = last { return result }
    return nil
  }

  private func reference(of step: Step) throws -> [Scores]? {
    guard let source = step.inputs.first(where: { $0.name == "reference" })?.source,
      let output = stored(source.step)?.outputs[source.output]
    else { return nil }
    return try RecordFile.records(Scores.self, from: store.read(output.digest), file: "reference")
  }

  private func fate(_ records: [FeedbackRecord], _ fit: StepID) -> ShownTraining.Fate {
    let told = stored(fit)?.outputs["counts"].flatMap { try? FeedbackCounts(reading: store.read($0.digest)) }
    var reasons: [String: String] = [:]
    for leftover in records.flatMap(\.leftovers) where !leftover.reason.isEmpty {
      if reasons[leftover.kind] == nil { reasons[leftover.kind] = leftover.reason }
    }
    return ShownTraining.Fate(counts: told ?? FeedbackCounts(records), reasons: reasons)
  }

  /// Whether the reference's scores come from other weights than those that training starts from.
  private func startsElsewhere(_ step: Step, _ work: TrainWork) -> Bool {
    guard let source = step.inputs.first(where: { $0.name == "reference" })?.source,
      let use = graph.step(source.step).work.modelUse
    else { return false }
    func weights(_ step: Step, _ use: ModelUse) -> [StepInput] {
      step.inputs.filter { use.inputNames.contains($0.name) }
    }
    return use.source != work.model.source || weights(graph.step(source.step), use) != weights(step, work.model)
  }
}

extension Step {
  /// Whether it loads a language model; fitting examples reads its tokenizer alone.
  fileprivate var runsModel: Bool { kind != .fit && work.modelUse != nil }
}

extension Obstacle {
  /// Whether it is a cause, and not only behind one.
  fileprivate var isFirst: Bool {
    if case .behind = self { false } else { true }
  }
}
