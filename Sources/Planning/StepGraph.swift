// The graph of steps. Steps that are the same step become one, whichever cell or experiment asked for them.
// Knows nothing of the store.

public import Diagnostics
import Digests

/// Steps in an order in which every step comes after its inputs.
public struct StepGraph: Sendable {
  /// The steps, inputs first.
  public private(set) var steps: [Step] = []
  /// Which cells use a step, in the order in which they asked.
  public private(set) var users: [StepID: [String]] = [:]
  private var positions: [StepID: Int] = [:]

  /// Starts empty.
  public init() {}

  /// The step of that identity.
  public func step(_ id: StepID) -> Step { steps[position(of: id)] }

  /// Where the step of that identity stands in ``steps``.
  public func position(of id: StepID) -> Int {
    guard let position = positions[id] else { fatalError("a reference to a step that was never added: our own bug") }
    return position
  }

  /// Adds a step, or finds the one that is the same.
  ///
  /// - Parameters:
  ///   - work: What is computed.
  ///   - label: What the step is called in messages.
  ///   - inputs: What it is computed from.
  ///   - places: Where its options stand in YAML.
  ///   - unwritten: Those of them that are defaults.
  ///   - user: The cell that needs it, and with it everything that it is made from; nil for a step that gathers what
  ///     several cells made, each of which uses its own part.
  /// - Returns: The step's identity.
  public mutating func add(
    _ work: StepWork, label: String, inputs: [StepInput] = [], places: [String: SourcePlace] = [:],
    unwritten: Set<String> = [], user: String?
  ) -> StepID {
    let inputs = inputs.sorted { $0.name < $1.name }
    var identity = Manifest()
    identity.set("kind", .text(work.kind.rawValue))
    identity.set("version", .integer(work.version))
    identity.set("options", work.options)
    for input in inputs {
      identity.set("inputs/\(input.name)/step", .digest(input.source.step.digest))
      identity.set("inputs/\(input.name)/output", .text(input.source.output))
    }
    let id = StepID(digest: identity.key)
    if positions[id] == nil {
      positions[id] = steps.count
      steps.append(Step(id: id, label: label, work: work, inputs: inputs, places: places, unwritten: unwritten))
    }
    if let user { use(id, user) }
    return id
  }

  /// Notes that a cell uses a step and everything before it.
  private mutating func use(_ id: StepID, _ user: String) {
    guard users[id]?.last != user, users[id]?.contains(user) != true else { return }
    users[id, default: []].append(user)
    for input in step(id).inputs { use(input.source.step, user) }
  }

  /// The graph of some steps and of everything that they are made from.
  public func restricted(to ids: Set<StepID>) -> StepGraph {
    var wanted = ids
    for step in steps.reversed() where wanted.contains(step.id) {
      wanted.formUnion(step.inputs.map(\.source.step))
    }
    var graph = StepGraph()
    for step in steps where wanted.contains(step.id) {
      graph.positions[step.id] = graph.steps.count
      graph.steps.append(step)
      graph.users[step.id] = users[step.id]
    }
    return graph
  }
}
