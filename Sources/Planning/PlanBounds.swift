// How many steps of a plan run: at least and at most. Knows nothing of the store.

import Digests

/// Counts what a run computes, once for all steps that come to the same key.
struct PlanBounds {
  private let steps: [PlannedStep]
  /// What is known of outputs that are there.
  private var contents: [OutputReference: Digest] = [:]

  init(_ steps: [PlannedStep]) {
    self.steps = steps
    // A plan of which everything is stored needs none of them.
    guard steps.contains(where: { $0.state.certainlyRuns && $0.state.openKey == nil }) else { return }
    for planned in steps {
      if let (name, digest) = planned.step.foretold { contents[OutputReference(planned.step.id, name)] = digest }
      guard case .cached(_, let result) = planned.state else { continue }
      for (name, output) in result.outputs { contents[OutputReference(planned.step.id, name)] = output.digest }
    }
  }

  /// How many steps certainly run, and how many at most.
  ///
  /// What another run computes now, and what reads from that, may be stored before this one comes to it.
  var range: ClosedRange<Int> {
    var shared: Set<StepID> = []
    var certain: [[UInt8]: [PlannedStep]] = [:]
    for planned in steps {
      if planned.computing != nil || planned.step.inputs.contains(where: { shared.contains($0.source.step) }) {
        shared.insert(planned.step.id)
      }
      if planned.state.certainlyRuns, !shared.contains(planned.step.id) {
        certain[planned.step.fixed, default: []].append(planned)
      }
    }
    let least = certain.values.reduce(0) { $0 + leastKeys(of: $1) }
    let most = ChoiceCount(steps.filter { $0.mayRun && $0.twin == nil }, weighedBy: { _ in 1 }).counted.count
    return least...max(least, most)
  }

  /// How many different keys some steps have at least that differ in their inputs alone.
  ///
  /// Inputs that are not known yet may come out alike, and then one computes the result of both: what two seeds said, say.
  private func leastKeys(of steps: [PlannedStep]) -> Int {
    let keys = Set(steps.compactMap(\.state.openKey))
    if steps.count == 1 || steps.allSatisfy({ $0.state.openKey != nil }) { return max(1, keys.count) }
    var known: [String: Set<Digest>] = [:]
    for planned in steps {
      for input in planned.step.certainInputs {
        if let digest = contents[input.source] { known[input.name, default: []].insert(digest) }
      }
    }
    return max(1, keys.count, known.values.map(\.count).max() ?? 0)
  }
}

/// Counts steps of which some run only if a choice comes out so: of the candidates of one choice, one alone is taken.
struct ChoiceCount {
  /// The steps that run whatever is chosen, or depend on several choices, and of each choice those of the candidate whose
  /// steps weigh most.
  let counted: [PlannedStep]

  init(_ steps: [PlannedStep], weighedBy weight: (PlannedStep) -> Double) {
    var counted: [PlannedStep] = []
    var choices: [StepID] = []
    var dependent: [StepID: [Int: [PlannedStep]]] = [:]
    for planned in steps {
      guard let choice = planned.conditions.first?.choice, planned.conditions.allSatisfy({ $0.choice == choice }) else {
        counted.append(planned)
        continue
      }
      if dependent[choice] == nil { choices.append(choice) }
      for condition in planned.conditions {
        dependent[choice, default: [:]][condition.candidate, default: []].append(planned)
      }
    }
    for choice in choices {
      let candidates = (dependent[choice] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
      let weights = candidates.map { $0.reduce(0) { $0 + weight($1) } }
      if let most = weights.max(), let heaviest = weights.firstIndex(of: most) { counted += candidates[heaviest] }
    }
    self.counted = counted
  }
}
