// One run of a graph: the only owner of what is known, and of the choice what comes next.
// Work itself runs in tasks that get values and give values back; nothing here is shared with them.

import Diagnostics
import Digests
import Planning
import Storage

struct GraphRun {
  private let executor: Executor
  private let emit: @Sendable (ExecutionEvent) -> Void
  var state: RunState
  private var queue: ReadyQueue
  /// The key, the recipe if it is record-wise, and the forecast bytes of each step that runs.
  private var running: [StepID: (key: Digest, recipe: Digest?, bytes: Int)] = [:]
  /// Stored steps that are made again because of damage.
  private var repairing: Set<StepID> = []
  /// How often each step found an input damaged.
  private var damages: [StepID: Int] = [:]
  /// A failure of the store, which ends the run.
  private var fault: StorageError?
  /// The results that the plan found and marked as used; they count until something runs or time passes.
  private var found: [StepID: StepState] = [:]

  /// Whether some steps are read only if they are chosen.
  private let hasCandidates: Bool

  /// Starts with every step open; files from outside only if they are demanded, or once a step that runs reads them; what is
  /// one of several candidates only if it is chosen.
  init(
    _ executor: Executor, _ graph: StepGraph, demanded: Set<StepID> = [], planned plan: Plan? = nil,
    emit: @escaping @Sendable (ExecutionEvent) -> Void
  ) {
    self.executor = executor
    self.emit = emit
    for planned in plan?.steps ?? [] where planned.step.foretold == nil {
      if case .cached = planned.state { found[planned.step.id] = planned.state }
    }
    state = RunState(graph: graph, index: StoreIndex(executor.store))
    hasCandidates = graph.hasCandidates
    // What may not be chosen is opened when it is.
    let isReached = graph.reached(wanted: demanded)
    queue = ReadyQueue(graph) { position, step in
      demanded.contains(step.id) || step.foretold == nil && isReached[position]
    }
  }

  /// Settles every open step, or as many as can be before the run has to stop.
  ///
  /// - Throws: A failure of the store, once all that was running has ended.
  mutating func settleAll() async throws {
    await withTaskGroup(of: EndedWork.self) { group in
      while true {
        startWork(&group)
        if let ended = await group.next() {
          take(ended)
        } else if isOver || queue.taken.isEmpty {
          return
        } else {
          await waitForOthers()
        }
      }
    }
    if let fault { throw fault }
  }

  private var isOver: Bool { state.summary.cancelled || fault != nil }

  /// Whether a failure keeps further steps from being started.
  private var isHalted: Bool { state.summary.failed > 0 && !executor.limits.keepsGoing }

  private mutating func startWork(_ group: inout TaskGroup<EndedWork>) {
    while running.count < executor.limits.jobs, !isOver {
      guard let step = queue.next() else {
        // What others compute is asked for again only when nothing else is left to do.
        if running.isEmpty || queue.taken.isEmpty { return }
        queue.retryTaken()
        return retryTaken(&group)
      }
      start(step, &group)
    }
  }

  /// Looks once at each step that others computed.
  private mutating func retryTaken(_ group: inout TaskGroup<EndedWork>) {
    while running.count < executor.limits.jobs, !isOver, let step = queue.next() { start(step, &group) }
  }

  private mutating func start(_ step: Step, _ group: inout TaskGroup<EndedWork>) {
    do {
      guard let work = try settleOrPrepare(step) else { return }
      found = [:]
      let executor = executor
      group.addTask(executorPreference: executor.threads) { await executor.perform(work) }
    } catch let error as StorageError where !error.isMiss {
      fault = fault ?? error
    } catch {
      fail(step, error)
    }
  }

  /// Takes in what came of a step's work.
  private mutating func take(_ ended: EndedWork) {
    let step = ended.step
    if let recipe = running.removeValue(forKey: step.id)?.recipe { release([recipe]) }
    queue.retryCrowded()
    switch ended.outcome {
    case .finished(let outputs, let seconds, let count):
      state.finished(step, key: ended.key, outputs: outputs)
      emit(.finished(step, key: ended.key, seconds: seconds, computed: count.computed, reused: count.reused))
      settle(step)
    case .cancelled: state.summary.cancelled = true
    case .damaged(let damage): repair(damage, of: step)
    case .failed(let error as StorageError) where !error.isMiss: fault = fault ?? error
    case .failed(let error): fail(step, error)
    }
  }

  private mutating func settle(_ step: Step) {
    repairing.remove(step.id)
    queue.settle(step)
  }

  private mutating func fail(_ step: Step, _ error: any Error) {
    let diagnoses = state.graph.diagnoses(of: error, in: step)
    state.failed(step)
    emit(.failed(step, diagnoses))
    settle(step)
  }

  /// Opens the step that makes a damaged input again.
  private mutating func repair(_ damage: DamagedInput, of step: Step) {
    damages[step.id, default: 0] += 1
    guard damages[step.id, default: 0] <= step.inputs.count + 1,
      let source = step.inputs.first(where: { $0.name == damage.input })?.source
    else { return fail(step, damage) }
    let producer = state.graph.step(source.step)
    if !queue.isOpen(producer) {
      emit(.damaged(producer, object: damage.object))
      state.forgetObjects()
      state.results[producer.id] = nil
      repairing.insert(producer.id)
    }
    queue.require(producer, by: step)
  }

  /// Waits until one of the steps that others compute is done, or its run is dead.
  private mutating func waitForOthers() async {
    found = [:]
    for taken in queue.news() { emit(.waiting(taken.step, taken.computing)) }
    var seconds = 0.05
    while isEverythingTaken() {
      if executor.cancellation.isCancelled {
        state.summary.cancelled = true
        return
      }
      await executor.pause(seconds)
      seconds = min(2 * seconds, 2)
    }
    queue.retryTaken()
  }

  /// Whether all that is put off is still computed by others; a failure of the store ends the waiting, too.
  private mutating func isEverythingTaken() -> Bool {
    do throws(StorageError) {
      for taken in queue.taken {
        if try !(executor.leases?.isTaken(taken.key) ?? false) || isMade(taken.step) { return false }
      }
      return true
    } catch {
      fault = error
      return false
    }
  }

  /// Whether the result of a step stands, which a lease may outlive; what is damaged counts only once its lease is left.
  private mutating func isMade(_ step: Step) -> Bool {
    guard !repairing.contains(step.id), case .cached = state.resolve(step) else { return false }
    return true
  }
}

// MARK: - One step

extension GraphRun {
  /// Settles a step without work, makes it wait, or gives its work.
  private mutating func settleOrPrepare(_ step: Step) throws -> PreparedWork? {
    var step = step
    if hasCandidates {
      guard let decided = try readyToRead(step) else { return nil }
      step = decided
    }
    if found[step.id] == nil {
      for source in state.graph.inputs(of: step) where source.foretold != nil { _ = state.resolve(source) }
    }
    if let culprit = state.culprit(of: step) {
      state.block(step, because: culprit)
      emit(.blocked(step, because: culprit))
      settle(step)
      return nil
    }
    let resolved = try resolve(step)
    if isFound(step, resolved) { return nil }
    if isHalted || state.isBehindUnstarted(step) {
      state.leave(step)
      settle(step)
      return nil
    }
    if try !hasFiles(step) { return nil }
    return try prepare(step, resolved)
  }

  /// The step with the candidate that it takes; nil if it has to wait for what it reads, which nobody has asked for before.
  private mutating func readyToRead(_ step: Step) throws -> Step? {
    let step = state.decided(step)
    let missing = state.unsettledSources(of: step)
    for source in missing { queue.require(source, by: step) }
    if !missing.isEmpty { return nil }
    // The choice is made; if it cannot be read, it is made again.
    if step.awaitsChoice, let choice = step.choice,
      let object = state.results[choice.step]?.result.outputs[choice.output]?.digest
    {
      found = [:]
      repair(DamagedInput(input: SelectWork.choice, object: object), of: step)
      return nil
    }
    return step
  }

  /// The state of a step; a result that is counted on from here on is marked as used, so that collection spares it.
  private mutating func resolve(_ step: Step) throws -> StepState {
    if let known = found[step.id] {
      state.resolver.take(step, in: known)
      return known
    }
    for _ in 0..<8 {
      let resolved = state.resolve(step)
      guard case .cached(let key, let result) = resolved else { return resolved }
      let objects = result.outputs.values.map(\.digest).filter { !state.used.contains($0) }
      if try executor.store.use(step: step.foretold == nil ? key : nil, objects: objects) {
        state.used.formUnion(objects)
        return resolved
      }
      // What collection took between the two looks is looked for again.
      state.forgetObjects()
    }
    return state.resolve(step)
  }

  /// Takes a result that is there; one that was found damaged must be whole, which another run may have seen to.
  private mutating func isFound(_ step: Step, _ resolved: StepState) -> Bool {
    guard case .cached(let key, let result) = resolved else { return false }
    if repairing.contains(step.id),
      !result.outputs.values.allSatisfy({ (try? executor.store.read($0.digest)) != nil })
    {
      return false
    }
    state.found(step, key: key, result)
    emit(.cached(step, key: key))
    settle(step)
    return true
  }

  /// Whether the files from outside that a step reads are there; if not, it waits for them.
  private mutating func hasFiles(_ step: Step) throws -> Bool {
    var areThere = true
    for source in state.graph.inputs(of: step) where source.foretold != nil && state.results[source.id] == nil {
      if !queue.isOpen(source), isFound(source, try resolve(source)) { continue }
      queue.require(source, by: step)
      areThere = false
    }
    return areThere
  }

  private mutating func prepare(_ step: Step, _ resolved: StepState) throws -> PreparedWork? {
    if case .blocked(let obstacle) = resolved { throw BlockedStep(step: step.label, obstacle: obstacle) }
    guard let contents = state.contents(of: step) else { fatalError("inputs are computed before: our own bug") }
    if executor.cancellation.isCancelled {
      state.summary.cancelled = true
      return nil
    }
    let manifest = step.manifest(contents: step.foretold == nil ? contents : [:])
    let key = manifest.key
    let bytes = executor.limits.forecast(step, state.facts(for: step, contents)) ?? 0
    let recipe = step.recipe(contents: contents)?.key
    guard try hasRoom(step, bytes), !isBusy(step, key, recipe) else {
      queue.putOff(step)
      return nil
    }
    if try !isOurs(step, [key] + [recipe].compactMap { $0 }) { return nil }
    emit(.running(step, resolved))
    running[step.id] = (key, recipe, bytes)
    return PreparedWork(
      task: executor.task(step, contents: contents, emit), manifest: manifest, sources: state.sources(of: step))
  }

  /// Whether another step of this run computes what this one would: the same result, or some of the same records.
  private func isBusy(_ step: Step, _ key: Digest, _ recipe: Digest?) -> Bool {
    running.contains { id, other in
      if other.key == key { return true }
      guard let recipe, other.recipe == recipe else { return false }
      return state.resolver.mayShareRecords(step, state.graph.step(id))
    }
  }

  private func hasRoom(_ step: Step, _ bytes: Int) throws -> Bool {
    guard let memory = executor.limits.memory else { return true }
    if bytes > memory { throw StepTooLarge(step: step.label, bytes: bytes, memory: memory) }
    return running.values.reduce(0) { $0 + $1.bytes } + bytes <= memory
  }

  /// Whether this run gets to compute a step; if not, it was put off or is settled.
  ///
  /// - Parameters:
  ///   - step: The step.
  ///   - claims: Its key, and its recipe if it is record-wise: one run at a time computes records of a recipe.
  /// - Returns: Whether the leases on all claims are this run's now.
  /// - Throws: What the store throws when it cannot be read.
  private mutating func isOurs(_ step: Step, _ claims: [Digest]) throws -> Bool {
    guard let leases = executor.leases else { return true }
    do {
      for claim in claims {
        guard let holder = try leases.acquire(claim) else { continue }
        release(claims)
        queue.putOff(TakenStep(step: step, key: claim, computing: Computing(holder)))
        return false
      }
      // Who held a lease before may have published since the last look.
      if !isFound(step, try resolve(step)) { return true }
    } catch {
      release(claims)
      throw error
    }
    release(claims)
    return false
  }

  /// Leaves leases, but for those that another step of this run needs; what this run does not hold it cannot leave.
  private func release(_ claims: [Digest]) {
    for claim in claims where !running.values.contains(where: { $0.key == claim || $0.recipe == claim }) {
      executor.leases?.release(claim)
    }
  }
}
