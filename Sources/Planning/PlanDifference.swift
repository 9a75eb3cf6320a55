// Two sets of steps of one graph: what they share, and where they first part and why.
// Knows nothing of the store: steps that are the same step are shared, whatever was computed.

import Digests

/// How two experiments' steps differ.
public struct PlanDifference: Sendable {
  /// A step of the second that the first does not have, although both have all that it is made from.
  public struct Parting: Sendable {
    /// The second one's step.
    public let step: Step
    /// The first one's step that it stands in the place of; nil if there is none of its kind.
    public let counterpart: Step?
    /// What differs, from the first to the second, with places in the second's spec.
    public let changes: [LeafChange]
    /// The cells that use the second one's step, as they are named as users of steps.
    public let cells: [String]
  }

  /// How many steps both have.
  public let shared: Int
  /// How many steps only the first has.
  public let onlyFirst: Int
  /// How many steps only the second has.
  public let onlySecond: Int
  /// Where they part, in the order of the graph.
  public let partings: [Parting]
  /// Steps of the first that the second does not have although it has all that they are made from, and that nothing of the
  /// second stands in the place of.
  public let dropped: [Step]

  /// Compares.
  ///
  /// - Parameters:
  ///   - graph: Has the steps of both.
  ///   - first: The steps of the first.
  ///   - second: The steps of the second.
  public init(_ graph: StepGraph, first: Set<StepID>, second: Set<StepID>) {
    let common = first.intersection(second)
    shared = common.count
    onlyFirst = first.count - common.count
    onlySecond = second.count - common.count
    let steps = Dictionary(graph.steps.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    func parting(_ ids: Set<StepID>) -> [Step] {
      graph.steps.filter { step in
        ids.contains(step.id) && !common.contains(step.id)
          && step.inputs.allSatisfy { common.contains($0.source.step) }
      }
    }
    let others = parting(first)
    // Where the first does nothing else, what both have may be what the second does in another way.
    let named = Dictionary(grouping: graph.steps.filter { first.contains($0.id) }, by: \.label)
    let partings = parting(second).map { step in
      let nearest = Self.nearest(to: step, among: others) ?? Self.nearest(to: step, among: named[step.label] ?? [])
      return Self.parting(of: step, from: nearest, steps, graph.users[step.id] ?? [])
    }
    self.partings = partings
    let replaced = Set(partings.compactMap { $0.counterpart?.id })
    dropped = others.filter { !replaced.contains($0.id) }
  }

  /// Of the steps of a step's kind the one that differs least, of those of its name if there are any.
  private static func nearest(to step: Step, among others: [Step]) -> Step? {
    let own = manifest(of: step)
    let candidates = others.filter { $0.kind == step.kind }
    let named = candidates.filter { $0.label == step.label }
    return (named.isEmpty ? candidates : named).map { (step: $0, count: manifest(of: $0).changes(to: own).count) }
      .min { $0.count < $1.count }?.step
  }

  private static func parting(
    of step: Step, from other: Step?, _ steps: [StepID: Step], _ cells: [String]
  ) -> Parting {
    let raw = other.map { manifest(of: $0).changes(to: manifest(of: step)) } ?? []
    guard let other, !raw.isEmpty else { return Parting(step: step, counterpart: other, changes: [], cells: cells) }
    let teller = ChangeTeller(step: step, steps: steps, old: manifest(of: other), new: manifest(of: step))
    return Parting(step: step, counterpart: other, changes: teller.changes(raw), cells: cells)
  }

  /// A step's manifest in which inputs are told apart by where they come from: their contents need not be known.
  private static func manifest(of step: Step) -> Manifest {
    let contents = step.inputs.map { input in
      (input.name, Digest.sha256(input.source.step.digest.bytes + Array(input.source.output.utf8)))
    }
    return step.manifest(contents: Dictionary(contents, uniquingKeysWith: { first, _ in first }))
  }
}
