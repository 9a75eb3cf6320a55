// Renders what a model is asked about each response: the record's fields, the response, and a judgment if there is one.
// Knows nothing of what becomes of the reply.

package import Diagnostics
import Digests
import Execution
import Planning
package import Records
package import Specification

enum AskStep {
  static func run(_ work: AskWork, _ task: StepTask) throws -> [ProducedOutput] {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let fields = try RecordFile.fields(from: task.input("records"), file: "records of \(task.step.label)")
    let records = SourceRecord.identified(fields)
    try Alignment.check(prompts.map(\.id), records.map(\.id), step: task.step.label)
    let asker = Asker(work.prompt, variables: work.variables, label: task.step.label, places: task.step.places)
    let asked = try asker.prompts(about: Candidates.read(prompts, task), of: records)
    return [
      ProducedOutput("prompts", RecordFile.bytes(asked), records: asked.count),
      ProducedOutput("identities", PromptIdentity.all(of: asked).flatMap { $0.key.bytes }),
    ]
  }
}

/// Writes one prompt for each item of each record, in order.
package struct Asker {
  private let renderer: PromptRenderer

  package init(
    _ prompt: Prompt, variables: Named<String> = Named(), label: String, places: [String: SourcePlace] = [:]
  ) {
    renderer = PromptRenderer(asking: prompt, variables: variables, label: label, places: places)
  }

  /// The prompts; each has the identity of the record that its response belongs to.
  package func prompts(about candidates: [FeedbackRecord], of records: [SourceRecord]) throws -> [RenderedPrompt] {
    var prompts: [RenderedPrompt] = []
    for (index, (candidate, record)) in zip(candidates, records).enumerated() {
      for item in candidate.items {
        let asked = try renderer.render(record, number: index + 1, binding: Self.names(bound: item))
        // What is right for the record is not what is right for a reply.
        prompts.append(RenderedPrompt(id: record.id, turns: asked.turns))
      }
    }
    return prompts
  }

  private static func names(bound item: FeedbackItem) -> [String: String] {
    switch item {
    case .response(let response), .relabeled(let response, _, _, _): ["response": response.text]
    case .judged(let response, let judgment, _): ["response": response.text, "judgment": judgment ?? ""]
    case .pair(let chosen, let rejected): ["response": chosen.text, "rejected": rejected.text]
    case .ranking(let responses, _): ["response": responses.first?.text ?? ""]
    }
  }
}
