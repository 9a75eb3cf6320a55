// Computes a found step again: its inputs from the store, and whatever it keeps on the way in a folder of its own.
// Writes no result; what comes out is compared and forgotten.

import Diagnostics
import Digests
import Execution
import Planning
import Steps
import Storage

struct Reexecution {
  let found: FoundStep
  let store: Store
  let view: any RunView

  /// Computes the step and compares.
  ///
  /// - Throws: ``VerifyFault``, or what the step's work throws.
  func compare(_ engine: StepEngine) async throws -> StepComparison {
    let clock = ContinuousClock()
    let origin = clock.now
    let now: @Sendable () -> Double = { origin.duration(to: clock.now) / .seconds(1) }
    let executor = Executor(
      store: store, runner: engine, cancellation: Interrupt.cancellation, now: now, provenance: { Provenance.facts },
      observe: { [show = view.show] event in
        // What the step reads is mostly there; only what has to be made anew is told.
        if case .cached = event {} else { show(event) }
      })
    let scratch = try ScratchStore(in: store.scratchFolder, for: "verify")
    defer { scratch.remove() }
    var damages = 0
    while true {
      let task = try await task(executor)
      do {
        view.show(.running(found.step, .cached(key: found.key, found.result)))
        let (produced, count) = try await engine.run(task.again(keepingIn: scratch.store))
        view.show(
          .finished(found.step, key: found.key, seconds: now(), computed: count.computed, reused: count.reused))
        let version = (try? store.result(for: found.key))?.manifest["version"]
        return StepComparison(
          found.result, produced, kind: found.step.kind, isEarlier: version != .integer(found.step.version),
          read: { try store.read($0) })
      } catch is DamagedInput where damages < found.step.inputs.count {
        // The damaged object was set aside; asked again, the executor makes it anew.
        damages += 1
      } catch is Cancelled {
        throw VerifyFault.stopped
      }
    }
  }

  /// The step with its inputs at hand; they are those of the stored result, or nothing can be compared.
  private func task(_ executor: Executor) async throws -> StepTask {
    let step = found.step
    guard let task = try await executor.task(for: step, in: found.graph, needing: step.inputs.map(\.name)) else {
      if Interrupt.cancellation.isCancelled { throw VerifyFault.stopped }
      throw CommandError.incomplete(failed: 1, exit: .stepFailed)
    }
    let contents = step.foretold == nil ? task.contents : [:]
    // A result may stand under a key that the step had before its version was raised.
    let manifests = [step.manifest(contents: contents)] + step.earlierManifests(contents: contents)
    guard manifests.contains(where: { $0.key == found.key }) else {
      throw VerifyFault.inputsDiffer(step: step.label)
    }
    return task
  }
}
