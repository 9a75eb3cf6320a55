// A plan: a graph with the state of every step. Making one runs nothing.

import Digests

/// A step with its state.
public struct PlannedStep: Sendable {
  /// The step.
  public let step: Step
  /// What will happen to it.
  public let state: StepState
  /// The seconds that it is expected to take if it runs, and how many earlier results say so; nil without a basis.
  ///
  /// A basis of 0 is the spec's `expect:`.
  public let estimate: (seconds: Double, basis: Int)?
  /// The tokens that it is expected to generate, by the spec's `expect:`; nil if that does not say, or nothing is generated.
  public let tokens: Double?
  /// How many responses it would generate if it could run; nil if it can, or their number is not known.
  public let wouldGenerate: Int?
  /// The bytes that its results are expected to take before compression if it runs, by earlier results; nil without a basis.
  public let bytes: Double?
  /// Whether some of its records may turn out to be stored once its inputs are known, so that their number is the most.
  public let mayReuse: Bool
  /// Its model's files by input, as far as they are stored; of a training, what it reads of its
  /// examples and `examples/counts` too; none of a settled step.
  public let modelFiles: [String: StoredOutput]
  /// The run that computes it at this moment, whose result will be used; nil if none does.
  public let computing: Computing?
  /// The step before it that comes to the same key, so that its result serves both; nil if none is known to.
  public internal(set) var twin: StepID?
  /// How many of its optimizer steps are kept from a run that was interrupted, and of how many; nil if none are, or it is no
  /// training.
  public internal(set) var stepsKept: (done: Int, of: Int?)?
  /// The choices of which one must come out so for it to be needed; empty of a step that does not depend on any.
  public internal(set) var conditions: Set<ChoiceCondition> = []
}

extension PlannedStep {
  /// Whether its result is known and some of its bytes are gone.
  fileprivate var lacksBytes: Bool {
    switch state {
    case .willRun(_, _, .resultGone(let outputs)), .partlyCached(_, _, _, .resultGone(let outputs)):
      step.foretold == nil && !outputs.isEmpty
    default: false
    }
  }

  /// Whether it runs or may do so.
  public var mayRun: Bool {
    if case .undecided = state { return true }
    return state.certainlyRuns
  }

  /// The same step in a state that promises no work.
  fileprivate func with(_ state: StepState) -> PlannedStep { PlannedStep(step, state, nil) }

  /// The same step where it depends on a choice whether anything reads it; if it does, it takes what it would take.
  fileprivate func needed(onlyIf conditions: Set<ChoiceCondition>, in graph: StepGraph) -> PlannedStep {
    if state.isSettled { return self }
    if conditions.isEmpty { return with(.notNeeded) }
    if case .blocked = state { return self }
    let choices = Set(conditions.map(\.choice)).sorted { graph.position(of: $0) < graph.position(of: $1) }
    var planned = PlannedStep(
      step: step, state: .undecided(after: choices), estimate: estimate, tokens: nil, wouldGenerate: nil,
      bytes: bytes, mayReuse: false, modelFiles: [:], computing: nil)
    planned.conditions = conditions
    return planned
  }

  /// The same step, whose result another computes for both: nothing is foretold twice.
  fileprivate func with(twin: StepID) -> PlannedStep {
    var planned = PlannedStep(step, state, computing)
    planned.twin = twin
    return planned
  }

  /// A step of which nothing is foretold.
  fileprivate init(_ step: Step, _ state: StepState, _ computing: Computing?) {
    self.init(
      step: step, state: state, estimate: nil, tokens: nil, wouldGenerate: nil, bytes: nil, mayReuse: false,
      modelFiles: [:], computing: computing)
  }
}

/// What is going to happen.
public struct Plan: Sendable {
  /// The steps, inputs first.
  public let steps: [PlannedStep]
  /// The graph that they form, with the choices that are known.
  public let graph: StepGraph
  /// Files from outside that are fetched though nothing that runs reads them.
  public let wanted: Set<StepID>

  /// Finds the state of every step.
  ///
  /// - Parameters:
  ///   - graph: The steps.
  ///   - index: What is stored.
  ///   - wanted: Steps that somebody asked for by name: they run even where nothing reads what they give.
  public init(graph: StepGraph, index: any ResultIndex, wanted: Set<StepID> = []) {
    var resolver = Resolver(index: index)
    resolver.reserveCapacity(graph.steps.count)
    var graph = graph
    var planned: [PlannedStep] = []
    planned.reserveCapacity(graph.steps.count)
    for step in graph.steps {
      let step = resolver.decided(step)
      if let chosen = step.chosen { graph.decide(step.id, chosen) }
      let state = resolver.resolve(step)
      let computing = state.openKey.flatMap { index.computing($0) }
      planned.append(Plan.planned(step, state, computing, &resolver))
    }
    if graph.hasCandidates {
      for (position, need) in graph.needs(wanted: wanted).enumerated() {
        guard case .onlyIf(let conditions) = need else { continue }
        planned[position] = planned[position].needed(onlyIf: conditions, in: graph)
      }
    }
    let demanded = Plan.demanded(planned).union(wanted)
    for (index, one) in planned.enumerated() where one.step.foretold != nil && one.state.certainlyRuns {
      if !demanded.contains(one.step.id) { planned[index] = one.with(.notNeeded) }
    }
    steps = Plan.withTwins(Plan.withReturns(planned))
    self.graph = graph
    self.wanted = wanted
  }

  /// The steps with those open whose result lacks bytes that another step may bring back before they are looked at.
  ///
  /// Several steps often have one object in common: a data set that is not split, and its only part.
  private static func withReturns(_ planned: [PlannedStep]) -> [PlannedStep] {
    guard let first = planned.firstIndex(where: \.mayRun), planned.contains(where: \.lacksBytes) else { return planned }
    // What runs first is looked at first, unless several steps run at once; later ones can always be spared.
    var earlier: [StepID] = []
    return planned.enumerated().map { number, step in
      defer { if step.mayRun, earlier.count < namedSources { earlier.append(step.step.id) } }
      guard step.lacksBytes else { return step }
      let others = number == first ? independent(of: number, planned) : earlier
      return others.isEmpty ? step : step.with(.undecided(after: others))
    }
  }

  /// How many steps are named at most as those after which another is decided, where any of many may decide it.
  private static let namedSources = 8

  /// Steps behind one that may run and do not read from it.
  private static func independent(of number: Int, _ planned: [PlannedStep]) -> [StepID] {
    var readers: Set<StepID> = [planned[number].step.id]
    var others: [StepID] = []
    for later in planned[(number + 1)...] {
      // What runs only if it is chosen comes after the choice, which reads nothing of it.
      if later.conditions.contains(where: { readers.contains($0.choice) })
        || later.step.inputs.contains(where: { readers.contains($0.source.step) })
      {
        readers.insert(later.step.id)
      } else if later.mayRun, others.count < namedSources {
        others.append(later.step.id)
      }
    }
    return others
  }

  /// The steps, those named whose result another one computes: two data files may differ in nothing that is read.
  private static func withTwins(_ planned: [PlannedStep]) -> [PlannedStep] {
    var first: [Digest: StepID] = [:]
    if !planned.contains(where: { $0.state.openKey != nil }) { return planned }
    return planned.map { planned in
      guard let key = planned.state.openKey else { return planned }
      if let twin = first[key] { return planned.with(twin: twin) }
      first[key] = planned.step.id
      return planned
    }
  }

  private static func planned(
    _ step: Step, _ state: StepState, _ computing: Computing?, _ resolver: inout Resolver
  ) -> PlannedStep {
    // Of what is stored nothing more is asked, and nearly everything is, most of the time.
    if state.isSettled { return PlannedStep(step, state, computing) }
    let isOpen = state.certainlyRuns || state.isUndecided
    let records = state.isUndecided ? resolver.records(of: step) : pending(state)
    var tokens: Double?
    var wouldGenerate: Int?
    if case .generate(let work) = step.work {
      tokens = pending(state).flatMap { work.expectedTokens($0) }
      if case .blocked = state { wouldGenerate = resolver.records(of: step) }
    }
    var bytes = records.flatMap { records in
      resolver.bytesPerRecord(of: step).map { $0 * Double(records) / Double(step.work.recipe?.samples ?? 1) }
    }
    if bytes == nil, isOpen { bytes = resolver.bytesPerResult(of: step) }
    var files: [String: StoredOutput] = [:]
    for name in step.work.modelUse?.inputNames ?? [] where name == "model" || name.hasPrefix("model/") {
      files[name] = resolver.input(name, of: step)
    }
    if case .train = step.work {
      for name in TrainWork.recordInputs { files[name] = resolver.input(name, of: step) }
      files["examples/counts"] = resolver.output("counts", beside: "examples", of: step)
    }
    // Where another run goes on, the checkpoint is its own.
    let kept = computing == nil ? resolver.stepsKept(of: step, in: state) : nil
    var planned = PlannedStep(
      step: step, state: state, estimate: isOpen ? estimate(step, records, kept?.done ?? 0, &resolver) : nil,
      tokens: tokens, wouldGenerate: wouldGenerate, bytes: bytes,
      mayReuse: isOpen && resolver.mayReuseRecords(step), modelFiles: files, computing: computing)
    planned.stepsKept = kept
    return planned
  }

  /// How many records are to be computed, if anything certainly is and their number is known.
  private static func pending(_ state: StepState) -> Int? {
    switch state {
    case .partlyCached(_, let held, let total, _): total - held
    case .willRun(_, let known, _): known
    default: nil
    }
  }

  /// The steps that something unsettled reads.
  private static func demanded(_ planned: [PlannedStep]) -> Set<StepID> {
    var demanded: Set<StepID> = []
    for planned in planned where !planned.state.isSettled {
      for input in planned.step.inputs { demanded.insert(input.source.step) }
    }
    return demanded
  }

  // What a step takes by the pace of earlier ones, records or optimizer steps without those that are kept; where their number is
  // not known, or there are none, as long as those took on average.
  private static func estimate(
    _ step: Step, _ records: Int?, _ kept: Int, _ resolver: inout Resolver
  ) -> (Double, Int)? {
    guard let pace = resolver.pace(of: step) else {
      guard case .generate(let work) = step.work else { return nil }
      return records.flatMap { work.expectedSeconds($0) }.map { ($0, 0) }
    }
    let count = if case .train(let work) = step.work { resolver.optimizerSteps(of: work, step) } else { records }
    if let count, let seconds = pace.secondsPerRecord { return (seconds * Double(max(0, count - kept)), pace.results) }
    return (pace.secondsPerResult, pace.results)
  }

  /// The times that the steps which run are expected to take, as far as there is a basis; of those that only one outcome of a
  /// choice asks for, the outcome's that takes longest.
  public var estimates: [(seconds: Double, basis: Int)] {
    let known = steps.filter { $0.estimate != nil && ($0.state.certainlyRuns || !$0.conditions.isEmpty) }
    return ChoiceCount(known, weighedBy: { $0.estimate?.seconds ?? 0 }).counted.compactMap(\.estimate)
  }

  /// The steps of which it is decided after others whether they run, and not by a choice.
  public var undecided: [PlannedStep] { steps.filter { $0.state.isUndecided && $0.conditions.isEmpty } }

  /// How many steps are looked at: not those that were not chosen, and of candidates among which is to be chosen one's.
  public var stepCount: Int {
    if !graph.hasCandidates { return steps.count }
    let open = steps.filter { !$0.conditions.isEmpty }
    return graph.reached(wanted: wanted).count { $0 } + ChoiceCount(open, weighedBy: { _ in 1 }).counted.count
  }

  /// How many steps certainly run, and how many at most.
  public var bounds: ClosedRange<Int> { PlanBounds(steps).range }

  /// The steps that cannot run, each for a reason of its own; not those that only read from such a step.
  public var blocked: [PlannedStep] {
    steps.filter { planned in
      switch planned.state {
      case .blocked(.behind): false
      case .blocked: true
      default: false
      }
    }
  }
}
