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
  private let leases: LeaseKeeper?
  private let pause: @Sendable (Double) async -> Void

  /// Makes an executor.
  ///
  /// - Parameters:
  ///   - store: Where results are kept.
  ///   - runner: What computes steps.
  ///   - cancellation: Whether the user wants the run to stop.
  ///   - now: Seconds since some fixed moment.
  ///   - provenance: Facts about this run to be kept beside results: program version, host, time. In no key.
  ///   - leases: Where runs tell each other what they compute; nil if this one computes whatever is not stored.
  ///   - pause: Lets so many seconds pass.
  ///   - observe: Gets every event; may be called on any thread.
  public init(
    store: Store, runner: any StepRunner, cancellation: Cancellation, now: @escaping @Sendable () -> Double,
    provenance: @escaping @Sendable () -> JSONObject, leases: LeaseKeeper? = nil,
    pause: @escaping @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) },
    observe: @escaping @Sendable (ExecutionEvent) -> Void
  ) {
    self.leases = leases
    self.pause = pause
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
  ///   - plan: The graph's plan, if it was just made.
  /// - Returns: What was done, with the keys and outputs of every step that has a result.
  /// - Throws: What the store throws when it cannot be written.
  public func run(_ graph: StepGraph, named run: String, planned plan: Plan? = nil) async throws -> (
    summary: ExecutionSummary, results: RunResults
  ) {
    let index = StoreIndex(store)
    var state = RunState(graph: graph, index: index)
    let journal = JournalWriter(try store.journal(run: run))
    let emit: @Sendable (ExecutionEvent) -> Void = { [observe] event in
      journal.write(event)
      observe(event)
    }
    let started = now()
    let bounds = (plan ?? Plan(graph: graph, index: index)).bounds
    emit(.started(run: run, steps: graph.steps.count, bounds: bounds))
    try await visitAll(&state, demanded: [], emit)
    for key in state.ranKeys { _ = try? store.outputs(of: key) }
    store.saveCatalog()
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
  ///
  /// A step that another run computes is put off, with those that read from it; when nothing else is left to do, this
  /// run waits.
  private func visitAll(
    _ state: inout RunState, demanded: Set<StepID>, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws {
    var rest = state.graph.steps.filter { $0.work.foretold == nil || demanded.contains($0.id) }
    var queue = WaitingQueue()
    while !rest.isEmpty {
      queue.beginPass()
      for step in rest {
        if state.summary.cancelled { return }
        if queue.isBehind(step) {
          queue.putOff(step)
        } else if let obstacle = try await visit(step, &state, emit) {
          queue.putOff(step, obstacle)
        }
      }
      if queue.putOff.count == rest.count { try await wait(&queue, &state, emit) }
      rest = queue.putOff
    }
  }

  /// Waits until one of the steps that others compute is done, or its run is dead.
  private func wait(
    _ queue: inout WaitingQueue, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws {
    for taken in queue.news() { emit(.waiting(taken.step, taken.computing)) }
    var seconds = 0.05
    while try queue.taken.allSatisfy({ try leases?.isTaken($0.key) ?? false }) {
      if cancellation.isCancelled {
        state.summary.cancelled = true
        return
      }
      await pause(seconds)
      seconds = min(2 * seconds, 2)
    }
  }

  private func task(
    _ step: Step, contents: [String: Digest], _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) -> StepTask {
    StepTask(
      step: step, contents: contents, store: store, source: store, progress: { emit(.progress(step, $0)) },
      warn: { emit(.warned($0)) }, cancellation: cancellation, now: now)
  }

  /// Takes a step's result, or computes it.
  ///
  /// - Returns: What another run computes and this one has to wait for; nil if the step is settled.
  private func visit(
    _ step: Step, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws -> TakenStep? {
    for source in state.graph.inputs(of: step) where source.work.foretold != nil { _ = state.resolve(source) }
    if let culprit = state.culprit(of: step) {
      state.failed[step.id] = culprit
      state.summary.skipped += 1
      emit(.skipped(step, because: culprit))
      return nil
    }
    let resolved = try resolve(step, &state)
    if isFound(step, resolved, &state, emit) { return nil }
    return try await compute(step, resolved, &state, emit)
  }

  /// The state of a step; a result that is counted on from here on is marked as used, so that collection spares it.
  private func resolve(_ step: Step, _ state: inout RunState) throws -> StepState {
    for _ in 0..<8 {
      let resolved = state.resolve(step)
      guard case .cached(let key, let result) = resolved else { return resolved }
      let objects = result.outputs.values.map(\.digest).filter { !state.used.contains($0) }
      if try store.use(step: step.work.foretold == nil ? key : nil, objects: objects) {
        state.used.formUnion(objects)
        return resolved
      }
      // What collection took between the two looks is looked for again.
      state.forgetObjects()
    }
    return state.resolve(step)
  }

  private func isFound(
    _ step: Step, _ resolved: StepState, _ state: inout RunState, _ emit: (ExecutionEvent) -> Void
  ) -> Bool {
    guard case .cached(let key, let result) = resolved else { return false }
    state.found(step, key: key, result)
    emit(.cached(step, key: key))
    return true
  }

  /// Computes a step; damage found in an input sends its own step through here first.
  private func compute(
    _ step: Step, _ resolved: StepState, isRepair: Bool = false, _ state: inout RunState,
    _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws -> TakenStep? {
    do {
      var repairs = 0
      while true {
        if let taken = try await fetchInputs(of: step, &state, emit) { return taken }
        if state.culprit(of: step) != nil { return try await visit(step, &state, emit) }
        do {
          return try await runOnce(step, resolved, isRepair: isRepair, &state, emit)
        } catch let damage as DamagedInput where repairs < step.inputs.count + 1 {
          repairs += 1
          if let taken = try await repair(damage, of: step, &state, emit) { return taken }
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
    return nil
  }

  private func fetchInputs(
    of step: Step, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws -> TakenStep? {
    for source in state.graph.inputs(of: step) where source.work.foretold != nil && state.results[source.id] == nil {
      let resolved = try resolve(source, &state)
      if isFound(source, resolved, &state, emit) { continue }
      if let taken = try await compute(source, resolved, &state, emit) { return taken }
    }
    return nil
  }

  private func repair(
    _ damage: DamagedInput, of step: Step, _ state: inout RunState, _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws -> TakenStep? {
    guard let source = step.inputs.first(where: { $0.name == damage.input })?.source else { throw damage }
    let producer = state.graph.step(source.step)
    emit(.damaged(producer, object: damage.object))
    state.forgetObjects()
    let before = state.results[producer.id]
    state.results[producer.id] = nil
    let resolved = state.resolve(producer)
    let taken = try await compute(producer, resolved, isRepair: true, &state, emit)
    if taken != nil { state.results[producer.id] = before }
    return taken
  }

  private func runOnce(
    _ step: Step, _ resolved: StepState, isRepair: Bool, _ state: inout RunState,
    _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) async throws -> TakenStep? {
    if case .blocked(let obstacle) = resolved { throw BlockedStep(step: step.label, obstacle: obstacle) }
    guard let contents = state.contents(of: step) else { fatalError("inputs are computed before: our own bug") }
    if cancellation.isCancelled { throw Cancelled() }
    let manifest = step.manifest(contents: step.work.foretold == nil ? contents : [:])
    if let leases {
      if let holder = try leases.acquire(manifest.key) {
        return TakenStep(step: step, key: manifest.key, computing: Computing(holder))
      }
      // Who held the lease before may have published since the last look.
      if !isRepair, isFound(step, try resolve(step, &state), &state, emit) {
        leases.release(manifest.key)
        return nil
      }
    }
    defer { leases?.release(manifest.key) }
    emit(.running(step, resolved))
    let began = now()
    let (produced, count) = try await runner.run(task(step, contents: contents, emit))
    let seconds = now() - began
    let facts = facts(of: step, state, seconds: seconds, count)
    let outputs = try publish(step, manifest, produced, facts)
    // Only now: until its result stands, a step that is killed or finds the disk full goes on from here.
    store.removeCheckpoint(for: manifest.key)
    state.finished(step, key: manifest.key, outputs: outputs)
    emit(.finished(step, key: manifest.key, seconds: seconds, computed: count.computed, reused: count.reused))
    return nil
  }

  /// What stands beside a result and in no key: who made it, of what, and at what cost.
  private func facts(of step: Step, _ state: RunState, seconds: Double, _ count: WorkCount) -> JSONObject {
    var facts = provenance()
    facts["label"] = .string(step.label)
    facts["seconds"] = .number(seconds)
    facts["computed"] = .integer(Int64(count.computed))
    facts["reused"] = .integer(Int64(count.reused))
    let sources = step.inputs.compactMap { input in
      state.results[input.source.step].map { JSONMember(input.name, .string($0.key.hex)) }
    }
    facts["sources"] = .object(JSONObject(sources))
    return facts
  }

  private func publish(
    _ step: Step, _ manifest: Manifest, _ produced: [ProducedOutput], _ facts: JSONObject
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
