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
  }

  /// How many steps both have.
  public let shared: Int
  /// How many steps only the first has.
  public let onlyFirst: Int
  /// How many steps only the second has.
  public let onlySecond: Int
  /// Where they part, in the order of the graph.
  public let partings: [Parting]

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
    partings = parting(second).map { step in
      let candidates = others.filter { $0.kind == step.kind }
        .map { (step: $0, changes: Self.manifest(of: $0).changes(to: Self.manifest(of: step))) }
      // Of those of the same name, if there are any, the one that differs least.
      let named = candidates.filter { $0.step.label == step.label }
      let nearest = (named.isEmpty ? candidates : named).min { $0.changes.count < $1.changes.count }
      guard let nearest, !nearest.changes.isEmpty else {
        return Parting(step: step, counterpart: nearest?.step, changes: [])
      }
      let teller = ChangeTeller(
        step: step, steps: steps, old: Self.manifest(of: nearest.step), new: Self.manifest(of: step))
      return Parting(step: step, counterpart: nearest.step, changes: teller.changes(nearest.changes))
    }
  }

  /// A step's manifest in which inputs are told apart by where they come from: their contents need not be known.
  private static func manifest(of step: Step) -> Manifest {
    let contents = step.inputs.map { input in
      (input.name, Digest.sha256(input.source.step.digest.bytes + Array(input.source.output.utf8)))
    }
    return step.manifest(contents: Dictionary(contents, uniquingKeysWith: { first, _ in first }))
  }
}
