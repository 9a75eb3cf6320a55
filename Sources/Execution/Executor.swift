// Drives a graph of steps: in order, what is stored is taken and what is not is computed, stored and told.
// Knows no tensor, no model and no YAML; the same resolver that made the plan decides what runs.

import Diagnostics
public import Digests
public import JSON
public import Planning
public import Storage
import Synchronization

/// How much of a machine a run may use, and how far it goes after a failure.
public struct RunLimits: Sendable {
  /// How many steps may run at once, at least 1.
  public var jobs: Int
  /// The most bytes that the steps which run at once may take, by their forecasts; nil: no bound.
  public var memory: Int?
  /// Whether a failed step stops only what reads from it.
  public var keepsGoing: Bool
  /// The bytes that a step will take, given its inputs' contents; nil if nobody knows, which counts as nothing.
  public var forecast: @Sendable (Step, [String: Digest]) -> Int?

  /// One step after another, until one fails.
  public init(
    jobs: Int = 1, memory: Int? = nil, keepsGoing: Bool = false,
    forecast: @escaping @Sendable (Step, [String: Digest]) -> Int? = { _, _ in nil }
  ) {
    self.jobs = max(1, jobs)
    self.memory = memory
    self.keepsGoing = keepsGoing
    self.forecast = forecast
  }
}

/// Runs the steps of a graph.
public struct Executor: Sendable {
  let store: Store
  private let runner: any StepRunner
  private let observe: @Sendable (ExecutionEvent) -> Void
  let cancellation: Cancellation
  private let now: @Sendable () -> Double
  private let provenance: @Sendable () -> JSONObject
  private let runFacts: JSONObject
  let leases: LeaseKeeper?
  let limits: RunLimits
  let pause: @Sendable (Double) async -> Void
  /// Threads for several steps at once; nil where one after another runs, which needs none of its own.
  let threads: (any TaskExecutor)?

  /// Makes an executor.
  ///
  /// - Parameters:
  ///   - store: Where results are kept.
  ///   - runner: What computes steps.
  ///   - cancellation: Whether the user wants the run to stop.
  ///   - now: Seconds since some fixed moment.
  ///   - provenance: Facts about this run to be kept beside results: program version, host, time. In no key.
  ///   - runFacts: Facts that stand beside the run's beginning in its journal, such as the specs and the process.
  ///   - leases: Where runs tell each other what they compute; nil if this one computes whatever is not stored.
  ///   - limits: How much may be used, and whether a failure stops the run.
  ///   - pause: Lets so many seconds pass.
  ///   - observe: Gets every event; may be called on any thread.
  public init(
    store: Store, runner: any StepRunner, cancellation: Cancellation, now: @escaping @Sendable () -> Double,
    provenance: @escaping @Sendable () -> JSONObject, runFacts: JSONObject = JSONObject(),
    leases: LeaseKeeper? = nil, limits: RunLimits = RunLimits(),
    pause: @escaping @Sendable (Double) async -> Void = { try? await Task.sleep(for: .seconds($0)) },
    observe: @escaping @Sendable (ExecutionEvent) -> Void
  ) {
    self.leases = leases
    self.limits = limits
    self.pause = pause
    self.store = store
    self.runner = runner
    self.cancellation = cancellation
    self.now = now
    self.provenance = provenance
    self.runFacts = runFacts
    self.observe = observe
    threads = limits.jobs > 1 ? StepThreads() : nil
  }

  /// Runs every step that is not stored.
  ///
  /// After a step has failed, what runs finishes and nothing else is started, unless `limits` say to keep going: then
  /// every step runs that does not read from it.
  ///
  /// - Parameters:
  ///   - graph: The steps.
  ///   - run: The run's name, for its journal.
  ///   - plan: The graph's plan, if it was just made, by an index that marks what it finds as used.
  /// - Returns: What was done, with the keys and outputs of every step that has a result.
  /// - Throws: What the store throws when it cannot be written.
  public func run(_ graph: StepGraph, named run: String, planned plan: Plan? = nil) async throws -> (
    summary: ExecutionSummary, results: RunResults
  ) {
    let plan = plan ?? Plan(graph: graph, index: StoreIndex(store, isUse: true))
    if let done = try takeAll(of: plan, named: run) { return done }
    let started = now()
    let emit = try teller(of: run)
    emit(.started(run: run, steps: plan.stepCount, bounds: plan.bounds))
    var graphRun = GraphRun(self, graph, demanded: plan.wanted, planned: plan, emit: emit)
    try await graphRun.settleAll()
    for key in graphRun.state.ranKeys { _ = try? store.outputs(of: key) }
    return end(graphRun.state, since: started, emit)
  }

  /// Runs a plan of which every step is stored: nothing has to be looked at once more, nothing has to be waited for.
  ///
  /// - Parameters:
  ///   - plan: A plan that was just made, by an index that marks what it finds as used.
  ///   - run: As for ``run(_:named:planned:)``.
  /// - Returns: As ``run(_:named:planned:)``; nil if a step is not stored.
  /// - Throws: What the store throws when it cannot be written.
  public func takeAll(of plan: Plan, named run: String) throws -> (summary: ExecutionSummary, results: RunResults)? {
    guard plan.steps.allSatisfy(\.state.isSettled) else { return nil }
    let started = now()
    let emit = try teller(of: run)
    emit(.started(run: run, steps: plan.stepCount, bounds: 0...0))
    var results = [RunResults.Entry?](repeating: nil, count: plan.steps.count)
    // What was not chosen is none of the run's.
    let isReached = plan.graph.hasCandidates ? plan.graph.reached(wanted: plan.wanted) : nil
    for (position, planned) in plan.steps.enumerated() where planned.step.foretold == nil {
      if let isReached, !isReached[position] { continue }
      guard case .cached(let key, let result) = planned.state else { continue }
      results[position] = (key, result)
      emit(.cached(planned.step, key: key))
    }
    store.saveCatalog()
    // Files from outside that nothing had to read are named at the end.
    for (position, planned) in plan.steps.enumerated() where results[position] == nil {
      guard let (key, result) = planned.step.foretoldResult else { continue }
      results[position] = (key, result)
      emit(.cached(planned.step, key: key))
    }
    var summary = ExecutionSummary()
    summary.cached = results.count { $0 != nil }
    summary.seconds = now() - started
    emit(.ended(summary))
    return (summary, RunResults(plan.graph, results, choices: plan.graph.choices))
  }

  /// Tells of a run that has nothing to do, of which it is known that every result stands.
  ///
  /// - Parameters:
  ///   - found: The steps in their order.
  ///   - steps: How many were looked at.
  ///   - run: As for ``run(_:named:planned:)``.
  ///   - tell: Told of each step, of which there is no more than its name.
  /// - Throws: What the store throws when it cannot be written.
  public func takeNoted(
    _ found: [(label: String, key: Digest)], of steps: Int, named run: String, tell: (String, Digest) -> Void
  ) throws {
    let started = now()
    let journal = JournalWriter(try store.journal(run: run), facts: runFacts)
    let began = ExecutionEvent.started(run: run, steps: steps, bounds: 0...0)
    journal.write(began)
    observe(began)
    for step in found {
      journal.note(step.label, step.key)
      tell(step.label, step.key)
    }
    var summary = ExecutionSummary()
    summary.cached = found.count
    summary.seconds = now() - started
    journal.write(.ended(summary))
    observe(.ended(summary))
  }

  /// Tells events to the journal and to whoever observes.
  private func teller(of run: String) throws -> @Sendable (ExecutionEvent) -> Void {
    let journal = JournalWriter(try store.journal(run: run), facts: runFacts)
    // Several steps may warn of one line of the spec.
    let warned = Mutex<Set<Diagnosis>>([])
    return { [observe] event in
      if case .warned(let diagnosis) = event, !warned.withLock({ $0.insert(diagnosis).inserted }) { return }
      journal.write(event)
      observe(event)
    }
  }

  private func end(
    _ state: consuming RunState, since started: Double, _ emit: (ExecutionEvent) -> Void
  ) -> (summary: ExecutionSummary, results: RunResults) {
    store.saveCatalog()
    for file in state.nameForetold() { emit(.cached(file.step, key: file.key)) }
    state.summary.seconds = now() - started
    emit(.ended(state.summary))
    return (state.summary, RunResults(state.results, choices: state.graph.choices))
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
    var inputs = step.certainInputs.filter { names.contains($0.name) }
    var run = try await settled(inputs, in: graph)
    var step = step
    if step.awaitsChoice {
      step = run.state.decided(step)
      inputs = step.certainInputs.filter { names.contains($0.name) }
      run = try await settled(inputs, in: graph)
    }
    var contents: [String: Digest] = [:]
    for input in inputs {
      guard let output = run.state.results[input.source.step]?.result.outputs[input.source.output] else { return nil }
      contents[input.name] = output.digest
    }
    return task(step, contents: contents, observe)
  }

  /// A run of what some inputs need.
  private func settled(_ inputs: [StepInput], in graph: StepGraph) async throws -> GraphRun {
    let demanded = Set(inputs.map(\.source.step))
    var run = GraphRun(self, graph.restricted(to: demanded), demanded: demanded, emit: observe)
    try await run.settleAll()
    return run
  }

  func task(
    _ step: Step, contents: [String: Digest], _ emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) -> StepTask {
    StepTask(
      step: step, contents: contents, store: store, source: store, progress: { emit(.progress(step, $0)) },
      warn: { emit(.warned($0)) }, cancellation: cancellation, now: now)
  }
}

// MARK: - Work

/// A step that is about to run.
struct PreparedWork: Sendable {
  let task: StepTask
  let manifest: Manifest
  /// The keys of the steps that it reads from, by input.
  let sources: JSONObject
}

/// A step whose work has ended.
struct EndedWork: Sendable {
  enum Outcome: Sendable {
    case finished([String: StoredOutput], seconds: Double, count: WorkCount)
    case damaged(DamagedInput)
    case cancelled
    case failed(any Error)
  }

  let step: Step
  let key: Digest
  let outcome: Outcome
}

extension Executor {
  /// Does a step's work and publishes what comes out; the lease on it ends with this.
  @concurrent func perform(_ work: PreparedWork) async -> EndedWork {
    let (step, key) = (work.task.step, work.manifest.key)
    defer { leases?.release(key) }
    do {
      let began = now()
      let (produced, count) = try await runner.run(work.task)
      let seconds = now() - began
      let outputs = try publish(produced, work, facts(of: work, seconds: seconds, count))
      // Only now: until its result stands, a step that is killed or finds the disk full goes on from here.
      store.removeCheckpoint(for: key)
      return EndedWork(step: step, key: key, outcome: .finished(outputs, seconds: seconds, count: count))
    } catch let damage as DamagedInput {
      return EndedWork(step: step, key: key, outcome: .damaged(damage))
    } catch is Cancelled {
      return EndedWork(step: step, key: key, outcome: .cancelled)
    } catch {
      return EndedWork(step: step, key: key, outcome: .failed(error))
    }
  }

  /// What stands beside a result and in no key: who made it, of what, and at what cost.
  private func facts(of work: PreparedWork, seconds: Double, _ count: WorkCount) -> JSONObject {
    var facts = provenance()
    facts["label"] = .string(work.task.step.label)
    facts["seconds"] = .number(seconds)
    facts["computed"] = .integer(Int64(count.computed))
    facts["reused"] = .integer(Int64(count.reused))
    facts["sources"] = .object(work.sources)
    return facts
  }

  private func publish(
    _ produced: [ProducedOutput], _ work: PreparedWork, _ facts: JSONObject
  ) throws -> [String: StoredOutput] {
    // In one go, however many: flushing each by itself would make a step wait for the disk as often.
    var digests = try store.write(all: produced.compactMap(\.bytes))[...]
    let outputs = produced.map { output in
      switch output.content {
      case .bytes(let bytes):
        StepResult.Output(
          output.name, digests.removeFirst(), byteCount: bytes.count, recordCount: output.recordCount)
      case .stored(let digest, let byteCount):
        StepResult.Output(output.name, digest, byteCount: byteCount, recordCount: output.recordCount)
      }
    }
    let result = StepResult(
      kind: work.task.step.kind.rawValue, outputs: outputs, manifest: work.manifest, provenance: facts)
    let standing = try store.publish(result, for: work.manifest.key)
    var stored: [String: StoredOutput] = [:]
    for output in standing.outputs {
      stored[output.name] = StoredOutput(
        digest: output.digest, byteCount: output.byteCount, recordCount: output.recordCount)
    }
    return stored
  }
}
