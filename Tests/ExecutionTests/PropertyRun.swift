// One run of a random history: planned, run, and held against its plan.

import Digests
import Execution
import JSON
import Planning
import Storage
import Synchronization
import Testing

/// A run with its plan.
final class PropertyRun: Sendable {
  let world: World
  private let graph: StepGraph
  private let plan: Plan
  private let store: Store
  private let leases: LeaseKeeper
  private let workshop: Workshop
  private let executor: Executor
  private let isAlone: Bool
  private let name: String
  private let told = Told()
  /// Objects that were found damaged, by planning or by running.
  private let damaged: DamagedObjects
  private let ended = Mutex<(summary: ExecutionSummary, results: RunResults)?>(nil)

  /// Plans a run; unless it is plain, it may be stopped, have a step that fails, and run several steps at once.
  init(_ world: World, _ shop: Shop, name: String, isAlone: Bool, isPlain: Bool = false, _ dice: inout Dice) throws {
    (self.world, self.isAlone, self.name) = (world, isAlone, name)
    let damaged = DamagedObjects()
    self.damaged = damaged
    graph = try world.graph()
    let look = try Store(at: "store", mode: .readOnlyIfPresent, fileSystem: shop.disk, onDamage: { damaged.add($0) })
    plan = Plan(graph: graph, index: StoreIndex(look))
    store = try Store(at: "store", mode: .create, fileSystem: shop.disk, onDamage: { damaged.add($0) })
    leases = LeaseKeeper(run: name, store: store)
    let broken: Set<String> = !isPlain && dice.percent(15) ? [dice.pick(graph.steps).label] : []
    let stop = !isPlain && dice.percent(15) ? 1 + dice.below(4) : nil
    let workshop = Workshop(files: world.files, broken: broken, stopAfter: stop, isCoarse: true)
    self.workshop = workshop
    let limits = RunLimits(jobs: isPlain ? 1 : dice.pick([1, 1, 3]), keepsGoing: dice.percent(50))
    executor = Executor(
      store: store, runner: workshop, cancellation: Cancellation(), now: { workshop.now },
      provenance: { JSONObject([]) }, leases: leases, limits: limits, pause: { _ in await Task.yield() },
      observe: { [told] in told.add($0) })
  }

  func start() async throws {
    let outcome = try await executor.run(graph, named: name)
    leases.end()
    ended.withLock { $0 = outcome }
  }

  private var summary: ExecutionSummary { ended.withLock { $0?.summary } ?? ExecutionSummary() }

  /// The steps that ran to their end, with their keys.
  var finished: [(id: StepID, key: Digest)] {
    told.events.compactMap { if case .finished(let step, let key, _, _, _) = $0 { (step.id, key) } else { nil } }
  }

  /// The outputs of every step that has a result.
  var outputs: [StepID: [String: Digest]] {
    var outputs: [StepID: [String: Digest]] = [:]
    guard let results = ended.withLock({ $0?.results }) else { return [:] }
    for step in graph.steps { outputs[step.id] = results[step.id]?.result.outputs.mapValues(\.digest) }
    return outputs
  }
}

extension PropertyRun {
  /// Holds what happened against the plan, and what came out against an empty store's.
  func check(
    _ expected: [StepID: [String: Digest]], sharedWith runs: [PropertyRun], isDamaged: Bool, _ note: String,
    _ counts: inout HistoryCounts
  ) {
    let ran = Set(finished.map(\.id))
    let certain = Set(plan.steps.filter(\.state.certainlyRuns).map(\.step.id))
    let open = Set(plan.steps.filter { if case .undecided = $0.state { true } else { false } }.map(\.step.id))
    let excused = isDamaged ? excused(by: runs, expected) : []
    let unforeseen = ran.subtracting(certain).subtracting(open).subtracting(excused)
    let foreseen = unforeseen.isEmpty
    #expect(foreseen, "\(names(unforeseen)) ran, and the plan did not say so; \(note)")
    #expect(ran.subtracting(excused.subtracting(certain)).count <= plan.bounds.upperBound, "\(note)")
    if !isDamaged { #expect(finished.count == ran.count, "a step ran twice; \(note)") }
    let isWhole = !summary.cancelled && summary.failed == 0
    if isWhole {
      // What runs beside this one may have spared it a step that it would certainly have run, and a file with it.
      let settled = isAlone ? ran.union(foreseenTwins) : ran.union(cached).union(files)
      let hasRun = certain.isSubset(of: settled)
      #expect(hasRun, "\(reasons(certain.subtracting(settled))) did not run; \(note)")
      if isAlone { #expect(ran.count >= plan.bounds.lowerBound, "\(note)") }
      #expect(summary.ran + summary.cached == reached.count, "\(note)")
    }
    if isAlone && !isDamaged { checkRecords(note) }
    compare(expected, isWhole: isWhole, note, &counts)
    counts.stepsPlanned += graph.steps.count
    counts.stepsRun += ran.count
    counts.spared += open.subtracting(ran).count
    counts.repairs += ran.subtracting(certain).subtracting(open).count + ran.intersection(spoiled).count
    counts.twins += twins.count
    counts.stopped += summary.cancelled ? 1 : 0
    counts.failed += summary.failed > 0 ? 1 : 0
  }

  /// Nothing may come out otherwise, and a run that was neither stopped nor failed has everything.
  private func compare(
    _ expected: [StepID: [String: Digest]], isWhole: Bool, _ note: String, _ counts: inout HistoryCounts
  ) {
    let outputs = outputs
    let reached = reached
    for step in graph.steps where isWhole && !reached.contains(step.id) {
      // Of what was not chosen nobody asks.
      #expect(outputs[step.id] == nil, "\(step.label) was not chosen; \(note)")
      counts.notChosen += 1
    }
    for step in graph.steps where !isWhole || reached.contains(step.id) {
      guard let found = outputs[step.id] else {
        #expect(!isWhole, "\(step.label) has no result; \(note)")
        continue
      }
      // Of a file that nothing had to read only the name is known, which the spec says.
      let isEqual = found == expected[step.id]
      #expect(isEqual, "\(step.label) came out otherwise; \(note)")
      counts.outputs += found.count
    }
  }

  /// The steps that are read by what is wanted, by what was chosen.
  private var reached: Set<StepID> {
    guard let choices = ended.withLock({ $0?.results.choices }) else { return [] }
    return Set(zip(graph.steps, graph.deciding(choices).reached()).filter(\.1).map(\.0.id))
  }

  /// Of a partly cached step no more records are computed than the plan said, and what is reused it said beforehand, unless
  /// another step of the run computed it.
  private func checkRecords(_ note: String) {
    var missing: [StepID: Int] = [:]
    for planned in plan.steps {
      if case .partlyCached(_, let held, let total, _) = planned.state { missing[planned.step.id] = total - held }
    }
    for event in told.events {
      guard case .finished(let step, _, _, let computed, _) = event, let most = missing[step.id] else { continue }
      #expect(computed <= most, "\(step.label): \(computed) records of \(most); \(note)")
    }
    for event in told.events {
      guard case .finished(let step, _, _, _, let reused) = event, reused > 0, missing[step.id] == nil else { continue }
      let isKnown = plan.steps.contains { $0.step.id == step.id && $0.state.openKey != nil }
      let recipe = step.recipe(contents: [:])
      let isShared = graph.steps.contains { $0.id != step.id && $0.recipe(contents: [:]) == recipe }
      #expect(!isKnown || isShared, "\(step.label): \(reused) records were stored, unforeseen; \(note)")
    }
  }

  /// The recipe and the key of each single record that was computed.
  var computedRecords: [String] { workshop.computed }

  /// Those of which the plan said with whom they come to one key, or could not know their key or that of the step that ran.
  private var foreseenTwins: Set<StepID> {
    let unknown = Set(plan.steps.filter { $0.state.openKey == nil }.map(\.step.id))
    let foreseen = plan.steps.filter { $0.twin != nil }.map(\.step.id)
    let first = Set(plan.steps.compactMap(\.twin))
    let surprises = Set(finished.filter { unknown.contains($0.id) }.map(\.key))
    let equal = told.events.compactMap { event in
      if case .cached(let step, let key) = event, surprises.contains(key) { step.id } else { nil }
    }
    return twins.intersection(foreseen + first + unknown + equal)
  }

  /// Steps that came to the key of another step of this run, which computed it for both.
  private var twins: Set<StepID> {
    let keys = Set(finished.map(\.key))
    return Set(
      told.events.compactMap { event in
        if case .cached(let step, let key) = event, keys.contains(key) { step.id } else { nil }
      })
  }

  private var files: Set<StepID> { Set(graph.steps.filter { $0.work.foretold != nil }.map(\.id)) }

  /// The steps of which the plan knew that their results were damaged or gone.
  private var spoiled: Set<StepID> {
    Set(
      plan.steps.compactMap { planned in
        switch planned.state {
        case .willRun(_, _, .resultGone), .willRun(_, _, .resultDamaged), .partlyCached(_, _, _, .resultGone),
          .partlyCached(_, _, _, .resultDamaged):
          planned.step.id
        default: nil
        }
      })
  }

  private var cached: Set<StepID> {
    Set(told.events.compactMap { if case .cached(let step, _) = $0 { step.id } else { nil } })
  }

  /// The steps that damage, found aloud, makes run though the plan did not say so: those whose objects or results were
  /// found damaged, and files that such a step reads.
  private func excused(by runs: [PropertyRun], _ expected: [StepID: [String: Digest]]) -> Set<StepID> {
    var excused: Set<StepID> = []
    let objects = runs.reduce(into: Set<String>()) { $0.formUnion($1.damaged.names) }
    for step in graph.steps {
      let spoiled = expected[step.id]?.values.contains { objects.contains($0.hex) } ?? false
      if spoiled { excused.insert(step.id) }
    }
    for run in runs {
      for event in run.told.events { if case .damaged(let step, _) = event { excused.insert(step.id) } }
    }
    for step in graph.steps where step.work.foretold != nil {
      let isRead = graph.steps.contains { reader in
        excused.contains(reader.id) && reader.inputs.contains { $0.source.step == step.id }
      }
      if isRead { excused.insert(step.id) }
    }
    return excused
  }

  private func reasons(_ ids: Set<StepID>) -> [String] {
    plan.steps.filter { ids.contains($0.step.id) }.map { "\($0.step.label): \($0.state)" }
  }

  private func names(_ ids: Set<StepID>) -> [String] { ids.map { graph.step($0).label }.sorted() }
}

/// The objects and results that a store found damaged, by the digests in their names.
final class DamagedObjects: Sendable {
  private let held = Mutex<Set<String>>([])

  var names: Set<String> { held.withLock { $0 } }

  func add(_ damage: Damage) {
    let name = damage.path.filter(\.isHexDigit)
    let hex = String(name.suffix(64))
    _ = held.withLock { $0.insert(hex) }
  }
}
