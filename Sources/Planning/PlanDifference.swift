// Two sets of steps of one graph: what they share, and where they first part and why.
// Knows nothing of the store: steps that are the same step are shared, whatever was computed.

import Digests

/// How two experiments' steps differ.
public struct PlanDifference: Sendable {
  /// A step of the second that the first does not have, although both have all that it is made from.
  ///
  /// Without a counterpart the first does nothing in its place.
  public struct Parting: Sendable {
    /// The second one's step.
    public let step: Step
    /// The cells of the second for which this is said.
    public let cells: [String]
    /// The first one's step that it stands in the place of; nil if there is none.
    public let counterpart: Counterpart?
    /// What differs, from the first to the second, with places in the second's spec.
    public let changes: [LeafChange]
  }

  /// A step of the first that one of the second stands in the place of.
  public struct Counterpart: Sendable {
    /// The first one's step.
    public let step: Step
    /// The cells of the first that use it.
    public let cells: [String]
    /// Whether the cells for which it is named use it in the first; else they are not there.
    public let isOfSameCells: Bool
  }

  /// A step of the first that the second does without.
  public struct Dropped: Sendable {
    /// The step.
    public let step: Step
    /// The cells of the first that use it.
    public let cells: [String]
  }

  /// How many steps both have.
  public let shared: Int
  /// How many steps only the first has.
  public let onlyFirst: Int
  /// How many steps only the second has.
  public let onlySecond: Int
  /// Where they part, in the order of the graph; a step that stands in the place of other steps in other cells is there for
  /// each of these.
  public let partings: [Parting]
  /// Steps of the first that the second does not have although it has all that they are made from, and that nothing of the
  /// second stands in the place of.
  public let dropped: [Dropped]

  /// One of the two.
  public struct Side: Sendable {
    let steps: Set<StepID>
    let cells: @Sendable (StepID) -> [String]

    /// Takes a side.
    ///
    /// - Parameters:
    ///   - steps: Its steps.
    ///   - cells: The cells of it that use a step, by names that both sides' cells can have in common.
    public init(steps: Set<StepID>, cells: @escaping @Sendable (StepID) -> [String]) {
      self.steps = steps
      self.cells = cells
    }
  }

  /// Compares.
  ///
  /// A step's counterpart is what the first does of its kind in the same cell, of the same name if there is such a one, and of
  /// these what differs least. For a cell that the first does not have it is what differs least anywhere.
  ///
  /// - Parameters:
  ///   - graph: Has the steps of both.
  ///   - first: The first.
  ///   - second: The second.
  public init(_ graph: StepGraph, first: Side, second: Side) {
    let common = first.steps.intersection(second.steps)
    shared = common.count
    onlyFirst = first.steps.count - common.count
    onlySecond = second.steps.count - common.count
    func parting(_ ids: Set<StepID>) -> [Step] {
      graph.steps.filter { step in
        ids.contains(step.id) && !common.contains(step.id)
          && step.inputs.allSatisfy { common.contains($0.source.step) }
      }
    }
    let others = parting(first.steps)
    var counterparts = Counterparts(graph, first: first, second: second, others: others)
    let partings = parting(second.steps).flatMap { counterparts.partings(of: $0) }
    self.partings = partings
    let replaced = Set(partings.compactMap { $0.counterpart?.step.id })
    dropped = others.filter { !replaced.contains($0.id) }.map { Dropped(step: $0, cells: first.cells($0.id)) }
  }
}

/// Finds what steps of the second stand in the place of.
private struct Counterparts {
  private let first: PlanDifference.Side
  private let second: PlanDifference.Side
  private let steps: [StepID: Step]
  /// Steps of the first alone that are made from what both have.
  private let others: [Step]
  /// The steps of the first by kind and cell, in the order of the graph.
  private var inCells: [Place: [Step]] = [:]
  /// The cells of the first.
  private var cells: Set<String> = []
  private let named: [String: [Step]]
  private var manifests: [StepID: Manifest] = [:]

  private struct Place: Hashable {
    let kind: StepKind
    let cell: String
  }

  init(_ graph: StepGraph, first: PlanDifference.Side, second: PlanDifference.Side, others: [Step]) {
    (self.first, self.second, self.others) = (first, second, others)
    steps = Dictionary(graph.steps.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let own = graph.steps.filter { first.steps.contains($0.id) }
    named = Dictionary(grouping: own, by: \.label)
    for step in own {
      for cell in first.cells(step.id) {
        cells.insert(cell)
        inCells[Place(kind: step.kind, cell: cell), default: []].append(step)
      }
    }
  }

  /// A parting for each step of the first in the place of which a step stands, with the cells in which it does.
  mutating func partings(of step: Step) -> [PlanDifference.Parting] {
    var groups: [(counterpart: Step?, isOfSameCells: Bool, cells: [String])] = []
    for cell in second.cells(step.id) {
      let own = counterpart(of: step, in: cell)
      let found = own ?? (cells.contains(cell) ? nil : anywhere(step))
      let index = groups.firstIndex { $0.counterpart?.id == found?.id && $0.isOfSameCells == (own != nil) }
      if let index { groups[index].cells.append(cell) } else { groups.append((found, own != nil, [cell])) }
    }
    if groups.isEmpty { groups = [(anywhere(step), false, [])] }
    return groups.map { group in
      let counterpart = group.counterpart.map { other in
        PlanDifference.Counterpart(step: other, cells: first.cells(other.id), isOfSameCells: group.isOfSameCells)
      }
      return PlanDifference.Parting(
        step: step, cells: group.cells, counterpart: counterpart, changes: changes(from: group.counterpart, to: step))
    }
  }

  /// What the first does in a cell in the place of a step of the second.
  private mutating func counterpart(of step: Step, in cell: String) -> Step? {
    let all = inCells[Place(kind: step.kind, cell: cell)] ?? []
    // What both do in the cell stands in its own place.
    let own = all.filter { !second.steps.contains($0.id) || !second.cells($0.id).contains(cell) }
    // Where the first does nothing else, what both have may be what the second does in another way.
    return nearest(to: step, among: own) ?? nearest(to: step, among: all.filter { $0.label == step.label })
  }

  private mutating func anywhere(_ step: Step) -> Step? {
    nearest(to: step, among: others.filter { $0.kind == step.kind })
      ?? nearest(to: step, among: named[step.label] ?? [])
  }

  /// Of steps the one that differs least, of those of a step's name if there are any.
  private mutating func nearest(to step: Step, among candidates: [Step]) -> Step? {
    let own = manifest(of: step)
    let named = candidates.filter { $0.label == step.label }
    var best: (step: Step, count: Int)?
    for other in named.isEmpty ? candidates : named {
      let count = manifest(of: other).changes(to: own).count
      if best.map({ count < $0.count }) ?? true { best = (other, count) }
    }
    return best?.step
  }

  private mutating func changes(from other: Step?, to step: Step) -> [LeafChange] {
    guard let other else { return [] }
    let (old, new) = (manifest(of: other), manifest(of: step))
    let raw = old.changes(to: new)
    return raw.isEmpty ? [] : ChangeTeller(step: step, steps: steps, old: old, new: new).changes(raw)
  }

  /// A step's manifest in which inputs are told apart by where they come from: their contents need not be known.
  private mutating func manifest(of step: Step) -> Manifest {
    if let known = manifests[step.id] { return known }
    let contents = step.inputs.map { input in
      (input.name, Digest.sha256(input.source.step.digest.bytes + Array(input.source.output.utf8)))
    }
    let manifest = step.manifest(contents: Dictionary(contents, uniquingKeysWith: { first, _ in first }))
    manifests[step.id] = manifest
    return manifest
  }
}
