// What the steps of a graph are needed for where some are read only if they are chosen. Knows no states and no results.

import Digests

/// That a choice comes out as a certain candidate.
public struct ChoiceCondition: Hashable, Sendable {
  /// The step that chooses.
  public let choice: StepID
  /// The candidate's number, counted from 0.
  public let candidate: Int
}

/// What a step is needed for.
public enum StepNeed: Hashable, Sendable {
  /// Something reads it whatever is chosen, or it is wanted for its own sake.
  case certain
  /// It is read only by what takes one of several candidates, directly or through other such steps, and only if one of these
  /// choices comes out so; of none if other candidates were chosen.
  case onlyIf(Set<ChoiceCondition>)

  mutating func add(_ other: StepNeed) {
    switch (self, other) {
    case (.certain, _), (_, .certain): self = .certain
    case (.onlyIf(let own), .onlyIf(let more)): self = .onlyIf(own.union(more))
    }
  }
}

extension StepGraph {
  /// What each step is needed for, as far as choices are known: once they are, what was chosen is as needed as any step, and
  /// what was not is not needed.
  ///
  /// - Parameter wanted: Steps that somebody asked for, beside those that the graph is for.
  /// - Returns: The needs, in the order of ``steps``.
  public func needs(wanted: Set<StepID> = []) -> [StepNeed] {
    var needs = roots.map { $0 ? StepNeed.certain : .onlyIf([]) }
    if !hasCandidates { return needs }
    for id in wanted { needs[position(of: id)] = .certain }
    for (position, step) in steps.enumerated().reversed() {
      let need = needs[position]
      if need == .onlyIf([]) { continue }
      for input in step.inputs {
        let source = self.position(of: input.source.step)
        needs[source].add(step.condition(on: input).map { .onlyIf([$0]) } ?? need)
      }
    }
    return needs
  }

  /// For each step whether something that is wanted certainly reads it, or it is wanted itself.
  public func reached(wanted: Set<StepID> = []) -> [Bool] { needs(wanted: wanted).map { $0 == .certain } }
}

extension Step {
  /// The choice on which it depends whether an input is read; nil of one that is read for certain.
  fileprivate func condition(on input: StepInput) -> ChoiceCondition? {
    guard awaitsChoice, let choice, let candidate = candidate(in: input) else { return nil }
    return ChoiceCondition(choice: choice.step, candidate: candidate)
  }
}
