// The graph of steps. Steps that are the same step become one, whichever cell or experiment asked for them.
// Knows nothing of the store.

import Digests

/// Steps in an order in which every step comes after its inputs.
public struct StepGraph: Sendable {
  /// The steps, inputs first.
  public private(set) var steps: [Step] = []
  private var positions: [StepID: Int] = [:]
  /// For each step where its inputs stand.
  private var sources: [[Int]] = []
  private var userNames: [String] = []
  private var userNumbers: [String: Int] = [:]
  /// For each step the numbers of the cells that use it, ascending.
  private var userLists: [[Int]] = []

  /// For each step the number of the experiment that asked for it last.
  private var askers: [Int] = []
  private var experiments = 0
  /// What the experiment that is being planned asked for.
  private var asked: [AskedStep] = []

  /// Steps that are wanted for their own sake, whatever reads them.
  private var kept: Set<StepID> = []
  /// Whether some step takes one of several candidates.
  public private(set) var hasCandidates = false

  private let revisions: Revisions

  /// Starts empty; its steps are of some revisions of their kinds.
  public init(revisions: Revisions = Revisions()) {
    self.revisions = revisions
  }

  /// Which cells use a step.
  public var users: StepUsers { StepUsers(names: userNames, lists: userLists, positions: positions) }

  /// The step of that identity.
  public func step(_ id: StepID) -> Step { steps[position(of: id)] }

  /// Where the step of that identity stands in ``steps``.
  public func position(of id: StepID) -> Int {
    guard let position = positions[id] else { fatalError("a reference to a step that was never added: our own bug") }
    return position
  }

  /// The same, of a step that may not be of this graph.
  func knownPosition(of id: StepID) -> Int? { positions[id] }

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
    let sorted = inputs.sorted { ByteOrder.precedes($0.name, $1.name) }
    let step = Step(work, label: label, inputs: sorted, leaves: leaves, revisions: revisions)
    let position = positions[step.id] ?? append(step)
    join(work, at: position)
    if askers[position] != experiments {
      askers[position] = experiments
      asked.append(AskedStep(id: step.id, label: label))
    }
    if let user { use(position, number(of: user)) }
    return step.id
  }

  /// Files of one digest are one step, and every place that is named for one of them is a place for all.
  private mutating func join(_ work: StepWork, at position: Int) {
    let known = steps[position]
    guard case .fetch(let more) = work, case .fetch(let first) = known.work else { return }
    let both = first.alsoFrom(more)
    guard both != first else { return }
    steps[position] = Step(
      .fetch(both), label: known.label, inputs: known.inputs, leaves: known.leaves, revisions: revisions)
  }

  private mutating func append(_ step: Step, users: [Int] = []) -> Int {
    let position = steps.count
    positions[step.id] = position
    // Where a choice is known, candidates that were not chosen may be left out of a graph.
    sources.append(
      step.chosen == nil
        ? step.inputs.map { self.position(of: $0.source.step) }
        : step.allInputs.compactMap { positions[$0.source.step] })
    hasCandidates = hasCandidates || step.choice != nil
    userLists.append(users)
    askers.append(0)
    steps.append(step)
    return position
  }

  /// Cells are numbered in the order in which they come.
  private mutating func number(of user: String) -> Int {
    // A cell asks for all it needs before the next one does.
    if let last = userNames.last, last == user { return userNames.count - 1 }
    if let number = userNumbers[user] { return number }
    userNumbers[user] = userNames.count
    userNames.append(user)
    return userNames.count - 1
  }

  /// Notes that a cell uses a step and everything before it.
  private mutating func use(_ position: Int, _ user: Int) {
    guard note(user, at: position) else { return }
    for source in sources[position] { use(source, user) }
  }

  /// Adds a cell to a step's; false if it was there.
  private mutating func note(_ user: Int, at position: Int) -> Bool {
    guard let index = userLists[position].lastIndex(where: { $0 <= user }) else {
      userLists[position].insert(user, at: 0)
      return true
    }
    if userLists[position][index] == user { return false }
    userLists[position].insert(user, at: index + 1)
    return true
  }

  /// Begins with the steps of another experiment.
  mutating func beginExperiment() {
    experiments += 1
    asked = []
  }

  /// The steps that were asked for since the experiment began, each once: what the experiment would have planned alone.
  mutating func endExperiment() -> [AskedStep] {
    defer { asked = [] }
    return asked
  }

  /// The steps of one experiment, in its own order and by its own names, whatever was planned beside it.
  public func steps(of experiment: PlannedExperiment) -> StepGraph {
    // Alone in its graph it asked for all steps, in their order, and named them.
    if experiments == 1, experiment.steps.count == steps.count { return self }
    var graph = StepGraph(revisions: revisions)
    (graph.userNames, graph.userNumbers) = (userNames, userNumbers)
    for asked in experiment.steps {
      let position = position(of: asked.id)
      _ = graph.append(steps[position].called(asked.label), users: userLists[position])
    }
    graph.kept = Set(experiment.wanted)
    return graph
  }

  /// The graph of some steps, which are wanted for their own sake, and of everything that they are made from.
  public func restricted(to ids: Set<StepID>) -> StepGraph {
    var graph = StepGraph(revisions: revisions)
    (graph.userNames, graph.userNumbers) = (userNames, userNumbers)
    for position in positions(behind: ids) { _ = graph.append(steps[position], users: userLists[position]) }
    graph.kept = ids
    return graph
  }

  /// Some steps and everything that they are made from, in their order.
  public func steps(behind ids: Set<StepID>) -> [Step] { positions(behind: ids).map { steps[$0] } }

  private func positions(behind ids: Set<StepID>) -> [Int] {
    var isWanted = Array(repeating: false, count: steps.count)
    for id in ids { if let position = positions[id] { isWanted[position] = true } }
    for position in steps.indices.reversed() where isWanted[position] {
      for source in read(by: position) { isWanted[source] = true }
    }
    return steps.indices.filter { isWanted[$0] }
  }
}

// What is read only if it is chosen.
extension StepGraph {
  /// Notes steps that are wanted for their own sake.
  mutating func keep(_ ids: [StepID]) { kept.formUnion(ids) }

  /// Notes which candidate a step takes: from now on it reads no other.
  public mutating func decide(_ step: StepID, _ candidate: Int) {
    let position = position(of: step)
    steps[position] = steps[position].choosing(candidate)
  }

  /// The same graph with some choices known.
  public func deciding(_ choices: [StepID: Int]) -> StepGraph {
    var graph = self
    for (step, candidate) in choices where positions[step] != nil { graph.decide(step, candidate) }
    return graph
  }

  /// The choices that are known.
  public var choices: [StepID: Int] {
    if !hasCandidates { return [:] }
    var choices: [StepID: Int] = [:]
    for step in steps { choices[step.id] = step.chosen }
    return choices
  }

  /// The steps that a step reads from, in the order of its inputs.
  public func inputs(of step: Step) -> [Step] { step.inputs.map { self.step($0.source.step) } }

  /// Whether a step is in the graph.
  public func contains(_ id: StepID) -> Bool { positions[id] != nil }

  /// All that some steps are made from, as far as choices are known; what only decided between candidates is not among it.
  ///
  /// - Parameter ids: The steps; nil: all results.
  /// - Returns: These steps and those before them.
  public func origins(of ids: Set<StepID>? = nil) -> Set<StepID> {
    var found = ids ?? Set(zip(steps, roots).filter(\.1).map(\.0.id))
    for step in steps.reversed() where found.contains(step.id) {
      for input in step.inputs where step.choice != input.source { found.insert(input.source.step) }
    }
    return found
  }

  /// For each step whether it is needed for its own sake: nothing reads it, or somebody wants it.
  ///
  /// Without choices every step is, since all that leads to a result is asked for.
  var roots: [Bool] {
    var isRoot = Array(repeating: true, count: steps.count)
    if !hasCandidates { return isRoot }
    for source in sources.joined() { isRoot[source] = false }
    for id in kept { if let position = positions[id] { isRoot[position] = true } }
    return isRoot
  }

  /// Where the steps stand that one reads; all candidates while nobody knows which.
  private func read(by position: Int) -> [Int] {
    let step = steps[position]
    return step.chosen == nil ? sources[position] : step.inputs.map { self.position(of: $0.source.step) }
  }
}

/// A step as an experiment asked for it.
struct AskedStep: Sendable {
  let id: StepID
  /// What the experiment calls it.
  let label: String
}

/// Which cells use which steps of a graph.
public struct StepUsers: Sendable {
  fileprivate let names: [String]
  fileprivate let lists: [[Int]]
  fileprivate let positions: [StepID: Int]

  /// The cells that use a step, in the order in which they asked; nil if none does.
  public subscript(step: StepID) -> [String]? {
    positions[step].flatMap { lists[$0].isEmpty ? nil : lists[$0].map { names[$0] } }
  }

  /// How many cells use a step, and the first of them.
  public func summary(of step: StepID) -> (count: Int, first: String?) {
    guard let list = positions[step].map({ lists[$0] }) else { return (0, nil) }
    return (list.count, list.first.map { names[$0] })
  }

  /// How many steps some cells use, each cell's counted by itself, and how many different ones.
  public func steps(of cells: [String]) -> (total: Int, distinct: Int) {
    let cells = Set(cells)
    let isAsked = names.map { cells.contains($0) }
    return lists.reduce(into: (0, 0)) { sums, list in
      let count = list.count { isAsked[$0] }
      sums.0 += count
      if count > 0 { sums.1 += 1 }
    }
  }

  /// How many cells use any step.
  public var count: Int { Set(lists.joined()).count }
}
