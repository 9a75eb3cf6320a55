// Drives a graph of steps: in order, what is stored is taken and what is not is computed, stored and told.
// Knows no tensor, no model and no YAML; the same resolver that made the plan decides what runs.

import Diagnostics
import Digests
public import JSON
public import Planning
public import Storage

/// Runs the steps of a graph.
public struct Executor: Sendable {
  private let store: Store
  private let runner: any StepRunner
  private let observe: @Sendable (ExecutionEvent) -> Void
  private let cancellation: Cancellation
  private let now: @Sendable () -> Double
  private let provenance: @Sendable () -> JSONObject

  /// Makes an executor.
  ///
  /// - Parameters:
  ///   - store: Where results are kept.
  ///   - runner: What computes steps.
  ///   - cancellation: Whether the user wants the run to stop.
  ///   - now: Seconds since some fixed moment.
  ///   - provenance: Facts about this run to be kept beside results: program version, host, time. In no key.
  ///   - observe: Gets every event; may be called on any thread.
  public init(
    store: Store, runner: any StepRunner, cancellation: Cancellation, now: @escaping @Sendable () -> Double,
    provenance: @escaping @Sendable () -> JSONObject, observe: @escaping @Sendable (ExecutionEvent) -> Void
  ) {
    self.store = store
    self.runner = runner
    self.cancellation = cancellation
    self.now = now
    self.provenance = provenance
    self.observe = observe
  }

  /// Runs every step that is not stored.
  ///
  /// A step that fails does not stop those that do not read from it.
  ///
  /// - Parameters:
  ///   - graph: The steps.
  ///   - run: The run's name, for its journal.
  /// - Returns: What was done, with the keys and outputs of every step that has a result.
  /// - Throws: What the store throws when it cannot be written.
  public func run(_ graph: StepGraph, named run: String) async throws -> (
    summary: ExecutionSummary, results: RunResults
  ) {
    var state = RunState(graph: graph, index: StoreIndex(store))
    let journal = try store.journal(run: run)
    let emit: @Sendable (ExecutionEvent) -> Void = { [observe] event in
      // A journal that cannot be written must not stop the work that it tells of.
      if case .progress = event {} else { try? journal.append(event.json) }
      observe(event)
    }
    let started = now()
    emit(.started(run: run, steps: graph.steps.count, bounds: Plan(graph: graph, index: StoreIndex(store)).bounds))
    try await visitAll(&state, demanded: [], emit)
    state.nameForetold()
    state.summary.seconds = now() - started
    emit(.ended(state.summary))
    return (state.summary, RunResults(state.results))
  }

  /// Runs what some inputs of a step need, and gives the step as a task without running it.
  ///
  /// - Parameters:
  ///   - step: A step of the graph.
  ///   - graph: The steps that it is made from.
  ///   - names: The names of the inputs; others cannot be read from the task.
  /// - Returns: The task; nil if something that it needs failed, which was told.
  /// - Throws: What the store throws when it cannot be written.
  public func task(for step: Step, in graph: StepGraph, needing names: [String]) async throws -> StepTask? {
    let inputs = step.inputs.filter { names.contains($0.name) }
    let demanded = Set(inputs.map(\.source.step))
    var state = RunState(graph: graph.restricted(to: demanded), index: StoreIndex(store))
    try await visitAll(&state, demanded: demanded, observe)
    var contents: [String: Digest] = [:]
    for input in inputs {
      guard let output = state.results[input.source.step]?.result.outputs[input.source.output] else { return nil }
      contents[input.name] = output.digest
    }
    return task(step, contents: contents, observe)
  }

  /// Visits every step in order; files from outside only if they are demanded, or when a step that runs reads them.
  private func visitAll(
    _ state: inout RunState, demanded: Set<StepID>, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws {
    for step in state.graph.steps where step.work.foretold == nil || demanded.contains(step.id) {
      if state.summary.cancelled { return }
      try await visit(step, &state, emit)
    }
  }

  private func task(
    _ step: Step, contents: [String: Digest], _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) -> StepTask {
    StepTask(
      step: step, contents: contents, store: store, source: store, progress: { emit(.progress(step, $0)) },
      warn: { emit(.warned($0)) }, cancellation: cancellation, now: now)
  }

  private func visit(_ step: Step, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void)
    async throws
  {
    for source in state.graph.inputs(of: step) where source.work.foretold != nil { _ = state.resolve(source) }
    if let culprit = state.culprit(of: step) {
      state.failed[step.id] = culprit
      state.summary.skipped += 1
      emit(.skipped(step, because: culprit))
      return
    }
    let resolved = state.resolve(step)
    if case .cached(let key, let result) = resolved {
      state.found(step, key: key, result)
      emit(.cached(step, key: key))
      return
    }
    try await compute(step, resolved, &state, emit)
  }

  /// Computes a step; damage found in an input sends its own step through here first.
  private func compute(
    _ step: Step, _ resolved: StepState, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws {
    do {
      var repairs = 0
      while true {
        try await fetchInputs(of: step, &state, emit)
        if state.culprit(of: step) != nil { return try await visit(step, &state, emit) }
        do {
          return try await runOnce(step, resolved, &state, emit)
        } catch let damage as DamagedInput where repairs < step.inputs.count + 1 {
          repairs += 1
          try await repair(damage, of: step, &state, emit)
        }
      }
    } catch is Cancelled {
      state.summary.cancelled = true
    } catch let error as StorageError where !error.isMiss {
      throw error
    } catch {
      let diagnoses = Self.diagnoses(of: error, in: step, state.graph)
      state.failed[step.id] = step
      state.summary.failed += 1
      state.summary.exit = state.summary.exit ?? diagnoses.first?.exit
      emit(.failed(step, diagnoses))
    }
  }

  private func fetchInputs(
    of step: Step, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws {
    for source in state.graph.inputs(of: step) where source.work.foretold != nil && state.results[source.id] == nil {
      let resolved = state.resolve(source)
      if case .cached(let key, let result) = resolved {
        state.found(source, key: key, result)
        emit(.cached(source, key: key))
      } else {
        try await compute(source, resolved, &state, emit)
      }
    }
  }

  private func repair(
    _ damage: DamagedInput, of step: Step, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws {
    guard let source = step.inputs.first(where: { $0.name == damage.input })?.source else { throw damage }
    let producer = state.graph.step(source.step)
    emit(.damaged(producer, object: damage.object))
    state.results[producer.id] = nil
    let resolved = state.resolve(producer)
    try await compute(producer, resolved, &state, emit)
  }

  private func runOnce(
    _ step: Step, _ resolved: StepState, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws {
    if case .blocked(let obstacle) = resolved { throw BlockedStep(step: step.label, obstacle: obstacle) }
    guard let contents = state.contents(of: step) else { fatalError("inputs are computed before: our own bug") }
    if cancellation.isCancelled { throw Cancelled() }
    emit(.running(step, resolved))
    let began = now()
    let (produced, count) = try await runner.run(task(step, contents: contents, emit))
    let seconds = now() - began
    let manifest = step.manifest(contents: step.work.foretold == nil ? contents : [:])
    let outputs = try publish(step, manifest, produced, seconds: seconds, count: count)
    // Only now: until its result stands, a step that is killed or finds the disk full goes on from here.
    store.removeCheckpoint(for: manifest.key)
    state.finished(step, key: manifest.key, outputs: outputs)
    emit(.finished(step, key: manifest.key, seconds: seconds, computed: count.computed, reused: count.reused))
  }

  private func publish(
    _ step: Step, _ manifest: Manifest, _ produced: [ProducedOutput], seconds: Double, count: WorkCount
  ) throws -> [String: StoredOutput] {
    var outputs: [StepResult.Output] = []
    for output in produced {
      switch output.content {
      case .bytes(let bytes):
        let digest = try store.write(bytes)
        outputs.append(.init(output.name, digest, byteCount: bytes.count, recordCount: output.recordCount))
      case .stored(let digest, let byteCount):
        outputs.append(.init(output.name, digest, byteCount: byteCount, recordCount: output.recordCount))
      }
    }
    var facts = provenance()
    facts["label"] = .string(step.label)
    facts["seconds"] = .number(seconds)
    facts["computed"] = .integer(Int64(count.computed))
    facts["reused"] = .integer(Int64(count.reused))
    let result = StepResult(kind: step.kind.rawValue, outputs: outputs, manifest: manifest, provenance: facts)
    let standing = try store.publish(result, for: manifest.key)
    var stored: [String: StoredOutput] = [:]
    for output in standing.outputs {
      stored[output.name] = StoredOutput(
        digest: output.digest, byteCount: output.byteCount, recordCount: output.recordCount)
    }
    return stored
  }

  private static func diagnoses(of error: any Error, in step: Step, _ graph: StepGraph) -> [Diagnosis] {
    guard let told = error as? any DiagnosableError else {
      return [Diagnosis("step.failed", "\(step.label): \(error)", exit: .stepFailed)]
    }
    guard let input = (error as? any InputFault)?.input else { return told.diagnoses }
    return told.placed(at: graph.place(ofInput: input, of: step)).diagnoses
  }
}
