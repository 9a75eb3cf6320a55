// Finds whose outcomes are best, and takes what the chosen one made.
// Knows means; what was measured is the business of the steps before.

import Execution
import JSON
import Planning
package import Records

package enum ChooseStep {
  static func run(_ work: ChooseWork, _ task: StepTask) throws -> [ProducedOutput] {
    var candidates: [[Outcomes]] = []
    for index in 0..<work.candidates {
      let name = "outcomes/\(index)"
      candidates.append(try RecordFile.records(Outcomes.self, from: task.input(name), file: name))
    }
    let choice = try choice(among: candidates, lowest: work.lowest, label: task.step.label)
    let output = ProducedOutput(SelectWork.choice, choice.json.canonicalBytes)
    if work.onlyMeasures { return [output] }
    return [try task.output("weights", from: "weights/\(choice.chosen)"), output]
  }

  /// Chooses the best mean, the earliest of equals; where every training diverged before any weights were kept, the last: of
  /// several points of one training, its end.
  ///
  /// - Throws: ``StepError/noRecords(step:)`` if a candidate that did not diverge has no outcome that counts.
  package static func choice(
    among candidates: [[Outcomes]], lowest: Bool, label: String
  ) throws(StepError) -> CandidateChoice {
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
    let best = (lowest ? measured.min() : measured.max()).flatMap { means.firstIndex(of: $0) }
    return CandidateChoice(chosen: best ?? last, means: means)
  }
}

/// Takes what the chosen candidate made.
///
/// Knows its object only.
enum SelectStep {
  static func run(_ work: SelectWork, _ task: StepTask) throws -> [ProducedOutput] {
    let bytes = try task.input(SelectWork.choice)
    let choices = try RecordFile.records(CandidateChoice.self, from: bytes, file: SelectWork.choice)
    guard let choice = choices.first else { throw StepError.noRecords(step: task.step.label) }
    return [try task.output(work.output, from: SelectWork.input(ofCandidate: choice.chosen))]
  }
}

extension StepTask {
  /// The same object under another name, once it is known to be whole.
  fileprivate func output(_ name: String, from input: String) throws -> ProducedOutput {
    let bytes = try self.input(input)
    guard let digest = contents[input] else { fatalError("an input that was read has a digest") }
    return ProducedOutput(name, stored: digest, byteCount: bytes.count)
  }
}
