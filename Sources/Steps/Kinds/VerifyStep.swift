// Holds responses against right answers. The verifiers themselves are Verification's.

import Digests
import Execution
import JSON
import Planning
import Records
import Verification

enum VerifyStep {
  static func run(_ work: VerifyWork, _ task: StepTask) throws -> ([ProducedOutput], WorkCount) {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let responses = try RecordFile.records(Responses.self, from: task.input("responses"), file: "responses")
    guard prompts.count == responses.count else {
      throw StepError.recordsDiffer(step: task.step.label, record: min(prompts.count, responses.count) + 1)
    }
    let grader = Grader(work.verifier, label: task.step.label, places: task.step.places)
    var keys: [Digest] = []
    for (index, (prompt, response)) in zip(prompts, responses).enumerated() {
      guard prompt.id == response.id else { throw StepError.recordsDiffer(step: task.step.label, record: index + 1) }
      try grader.check(prompt, number: index + 1)
      keys.append(response.key(judgedFor: prompt))
    }
    let (results, count) = try task.results(of: keys) { missing, finished in
      for position in missing {
        let outcomes = Self.outcomes(grader, prompts[position], responses[position])
        if try !finished(position, outcomes.canonicalBytes) { return }
      }
    }
    var outcomes: [Outcomes] = []
    for (prompt, bytes) in zip(prompts, results) {
      outcomes.append(Outcomes(id: prompt.id, outcomes: try Self.read(bytes)))
    }
    return ([ProducedOutput("outcomes", RecordFile.bytes(outcomes), records: outcomes.count)], count)
  }

  private static func outcomes(_ grader: Grader, _ prompt: RenderedPrompt, _ record: Responses) -> JSONValue {
    .array(
      record.responses.map { response in
        if let step = response.divergedAt { return Outcome(divergedAt: step, weight: 1).json }
        guard response.finish != .error else {
          return Outcome(kind: "error", value: 0, reason: response.text).json
        }
        let verdict = grader.verdict(on: response, to: prompt)
        return Outcome(
          kind: verdict.outcome.rawValue, value: verdict.outcome == .right ? 1 : 0, reason: verdict.reason
        ).json
      })
  }

  private static func read(_ bytes: [UInt8]) throws -> [Outcome] {
    var outcomes: [Outcome] = []
    for element in try JSONValue(parsing: bytes).arrayValue ?? [] { outcomes.append(try Outcome(json: element)) }
    return outcomes
  }
}
