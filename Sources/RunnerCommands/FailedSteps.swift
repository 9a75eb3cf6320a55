// Which steps that are not stored failed when they last ran, as the journals of runs tell.

import Digests
import Planning
import Records
import Reporting
import Storage

/// Steps that failed, by what they are.
struct FailedSteps {
  /// What is known of a failure.
  private struct Failure {
    let run: String
    let why: String
  }

  private let failures: [String: Failure]

  /// Reads the journals of a store, the newest first; one that cannot be read tells nothing.
  ///
  /// - Throws: What listing the runs throws.
  init(in store: Store) throws {
    var failures: [String: Failure] = [:]
    for run in try store.runs().sorted().reversed() {
      for visit in (try? RunStory(run, in: store))?.visits ?? [] {
        guard visit.outcome == .failed, let id = visit.id, failures[id] == nil else { continue }
        failures[id] = Failure(run: run, why: visit.note)
      }
    }
    self.failures = failures
  }

  /// The numbers that are not there because a step failed, with that step; a step that is stored by now failed no more.
  ///
  /// - Parameters:
  ///   - missing: Numbers that are not there.
  ///   - sources: Where the outcomes of each of a number's inputs come from.
  ///   - stored: Their steps in the store.
  /// - Returns: Each failure with the numbers that it leaves out, in the order of these.
  func behind(
    _ missing: [Measured], sources: [String: OutputReference], _ stored: StoredGraph
  ) -> [TableFailure] {
    var found: [(step: Step, numbers: [Measured])] = []
    for number in missing {
      let own = Set(number.inputs.compactMap { sources[$0]?.step })
      let failed = stored.graph.steps(behind: own).first { failures[$0.id.digest.hex] != nil && stored[$0.id] == nil }
      guard let failed else { continue }
      if let index = found.firstIndex(where: { $0.step.id == failed.id }) {
        found[index].numbers.append(number)
      } else {
        found.append((failed, [number]))
      }
    }
    return found.compactMap { step, numbers in
      failures[step.id.digest.hex].map { TableFailure(step: step.label, run: $0.run, why: $0.why, numbers: numbers) }
    }
  }
}
