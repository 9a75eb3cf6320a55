// Takes the weights whose outcomes are best.
// Knows means; what was measured is the business of the steps before.

import Execution
package import JSON
import Planning
package import Records

package enum ChooseStep {
  static func run(_ work: ChooseWork, _ task: StepTask) throws -> [ProducedOutput] {
    var candidates: [[Outcomes]] = []
    for index in 0..<work.candidates {
      let name = "outcomes/\(index)"
      candidates.append(try RecordFile.records(Outcomes.self, from: task.input(name), file: name))
    }
    let choice = try Choice(candidates, lowest: work.lowest, label: task.step.label)
    let name = "weights/\(choice.chosen)"
    let weights = try task.input(name)
    guard let digest = task.contents[name] else { fatalError("an input that was read has a digest") }
    return [
      // The same object under another name.
      ProducedOutput("weights", stored: digest, byteCount: weights.count),
      ProducedOutput("choice", choice.json.canonicalBytes),
    ]
  }

  /// What was chosen, and from what.
  package struct Choice {
    /// The candidate's number, counted from 0.
    package let chosen: Int
    /// Each candidate's mean, weighted as the number of an eval is; nil for one whose training had diverged.
    package let means: [Double?]

    /// Chooses the best mean, the earliest of equals; where the training diverged before any weights were kept, its end.
    ///
    /// - Throws: ``StepError/noRecords(step:)`` if a candidate that did not diverge has no outcome that counts.
    package init(_ candidates: [[Outcomes]], lowest: Bool, label: String) throws(StepError) {
      var means: [Double?] = []
      for outcomes in candidates {
        if outcomes.contains(where: { $0.outcomes.contains { $0.divergedAt != nil } }) {
          means.append(nil)
          continue
        }
        guard let mean = Measured(eval: "", kind: "", coordinates: [], inputs: [], seeds: [outcomes]).mean else {
          throw .noRecords(step: label)
        }
        means.append(mean)
      }
      guard let last = means.indices.last else { throw .noRecords(step: label) }
      let measured = means.compactMap { $0 }
      chosen = (lowest ? measured.min() : measured.max()).flatMap { means.firstIndex(of: $0) } ?? last
      self.means = means
    }

    /// The choice as JSON.
    package var json: JSONValue {
      .members(["chosen": .integer(Int64(chosen)), "means": .array(means.map { $0.map { .number($0) } ?? .null })])
    }
  }
}
