// A plan: a graph with the state of every step. Making one runs nothing.

/// A step with its state.
public struct PlannedStep: Sendable {
  /// The step.
  public let step: Step
  /// What will happen to it.
  public let state: StepState
  /// The seconds that it is expected to take, and how many earlier results say so; nil without a basis.
  ///
  /// A basis of 0 is the spec's `expect:`.
  public let estimate: (seconds: Double, basis: Int)?
}

/// What is going to happen.
public struct Plan: Sendable {
  /// The steps, inputs first.
  public let steps: [PlannedStep]
  /// The graph that they form.
  public let graph: StepGraph

  /// Finds the state of every step.
  public init(graph: StepGraph, index: any ResultIndex) {
    var resolver = Resolver(index: index)
    var states: [(Step, StepState, (Double, Int)?)] = []
    for step in graph.steps {
      let state = resolver.resolve(step)
      states.append((step, state, Plan.estimate(step, state, &resolver)))
    }
    let demanded = Plan.demanded(states.map { ($0.0, $0.1) })
    steps = states.map { step, state, estimate in
      let spared = step.work.foretold != nil && !demanded.contains(step.id) && state.certainlyRuns
      return PlannedStep(step: step, state: spared ? .notNeeded : state, estimate: spared ? nil : estimate)
    }
    self.graph = graph
  }

  /// The steps that something unsettled reads.
  private static func demanded(_ states: [(Step, StepState)]) -> Set<StepID> {
    var demanded: Set<StepID> = []
    for (step, state) in states where !state.isSettled {
      for input in step.inputs { demanded.insert(input.source.step) }
    }
    return demanded
  }

  private static func estimate(_ step: Step, _ state: StepState, _ resolver: inout Resolver) -> (Double, Int)? {
    let records: Int
    switch state {
    case .partlyCached(_, let held, let total, _): records = total - held
    case .willRun(_, let known?, _): records = known
    default: return nil
    }
    guard let pace = resolver.pace(of: step) else {
      guard case .generate(let work) = step.work else { return nil }
      return work.expectedSeconds(records).map { ($0, 0) }
    }
    return (pace.secondsPerRecord * Double(records), pace.results)
  }

  /// How many steps certainly run, and how many at most.
  public var bounds: ClosedRange<Int> {
    let certain = steps.count { $0.state.certainlyRuns }
    let open = steps.count { if case .undecided = $0.state { true } else { false } }
    return certain...(certain + open)
  }

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
