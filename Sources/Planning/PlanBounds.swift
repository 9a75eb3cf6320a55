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
    var most = 0
    for planned in steps {
      if planned.computing != nil || planned.step.inputs.contains(where: { shared.contains($0.source.step) }) {
        shared.insert(planned.step.id)
      }
      if planned.mayRun, planned.twin == nil { most += 1 }
      if planned.state.certainlyRuns, !shared.contains(planned.step.id) {
        certain[planned.step.fixed, default: []].append(planned)
      }
    }
    let least = certain.values.reduce(0) { $0 + leastKeys(of: $1) }
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
      for input in planned.step.inputs {
        if let digest = contents[input.source] { known[input.name, default: []].insert(digest) }
      }
    }
    return max(1, keys.count, known.values.map(\.count).max() ?? 0)
  }
}
