// The graph of steps. Steps that are the same step become one, whichever cell or experiment asked for them.
// Knows nothing of the store.

import Digests

/// Steps in an order in which every step comes after its inputs.
public struct StepGraph: Sendable {
  /// The steps, inputs first.
  public private(set) var steps: [Step] = []
  /// Which cells use a step, in the order in which they asked.
  public var users: StepUsers { uses }
  private var uses = StepUsers()
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
  ///   - leaves: Where its options stand in YAML.
  ///   - user: The cell that needs it, and with it everything that it is made from; nil for a step that gathers what
  ///     several cells made, each of which uses its own part.
  /// - Returns: The step's identity.
  mutating func add(
    _ work: StepWork, label: String, inputs: [StepInput] = [], leaves: LeafPlaces = LeafPlaces(), user: String?
  ) -> StepID {
    let step = Step(work, label: label, inputs: inputs.sorted { $0.name < $1.name }, leaves: leaves)
    if positions[step.id] == nil {
      positions[step.id] = steps.count
      steps.append(step)
    }
    if let user { use(step.id, uses.number(of: user)) }
    return step.id
  }

  /// Notes that a cell uses a step and everything before it.
  private mutating func use(_ id: StepID, _ user: Int) {
    guard uses.add(user, to: id) else { return }
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
    }
    graph.uses = uses.restricted(to: wanted)
    return graph
  }
}

/// Which cells use which steps.
public struct StepUsers: Sendable {
  private var names: [String] = []
  private var numbers: [String: Int] = [:]
  /// The cells of each step, by their number, ascending.
  private var cells: [StepID: [Int]] = [:]

  /// The cells that use a step, in the order in which they asked; nil if none does.
  public subscript(step: StepID) -> [String]? { cells[step].map { $0.map { names[$0] } } }

  /// How many cells use any step.
  public var count: Int { Set(cells.values.joined()).count }

  /// Cells are numbered in the order in which they come.
  fileprivate mutating func number(of name: String) -> Int {
    if let number = numbers[name] { return number }
    numbers[name] = names.count
    names.append(name)
    return names.count - 1
  }

  /// Adds a cell to a step's; false if it was there.
  fileprivate mutating func add(_ user: Int, to step: StepID) -> Bool {
    // A cell asks for all it needs before the next one does.
    guard let index = cells[step]?.lastIndex(where: { $0 <= user }) else {
      cells[step, default: []].insert(user, at: 0)
      return true
    }
    if cells[step]?[index] == user { return false }
    cells[step]?.insert(user, at: index + 1)
    return true
  }

  fileprivate func restricted(to steps: Set<StepID>) -> StepUsers {
    var users = self
    users.cells = cells.filter { steps.contains($0.key) }
    return users
  }
}
