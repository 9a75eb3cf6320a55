// The steps of a run that have to wait because other runs compute them. Knows no clock and no store.

import Digests
import Planning

/// A step that another run computes.
struct TakenStep: Sendable {
  /// The step; it may be a file that the step that was visited reads.
  let step: Step
  let key: Digest
  let computing: Computing
}

/// The steps that were put off in one pass over those that are not settled.
struct WaitingQueue {
  /// The steps in their order.
  private(set) var putOff: [Step] = []
  /// What other runs compute of them.
  private(set) var taken: [TakenStep] = []
  private var ids: Set<StepID> = []
  private var told: [Digest: Computing] = [:]

  /// Begins another pass: nothing is put off.
  mutating func beginPass() { (putOff, taken, ids) = ([], [], []) }

  /// Whether a step reads from one that was put off.
  func isBehind(_ step: Step) -> Bool { step.inputs.contains { ids.contains($0.source.step) } }

  mutating func putOff(_ step: Step, _ obstacle: TakenStep? = nil) {
    putOff.append(step)
    ids.insert(step.id)
    if let obstacle, !taken.contains(where: { $0.key == obstacle.key }) { taken.append(obstacle) }
  }

  /// Those of the taken steps of whose holder nothing was said yet.
  mutating func news() -> [TakenStep] {
    let news = taken.filter { told[$0.key] != $0.computing }
    for taken in news { told[taken.key] = taken.computing }
    return news
  }
}
