// Renders what a model is asked about each response: the record's fields, the response, and a judgment if there is one.
// Knows nothing of what becomes of the reply.

package import Diagnostics
import JSON
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
    var asker = Asker(work.prompt, variables: work.variables, label: task.step.label, places: task.step.places)
    asker.compares = work.compares
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
  /// Whether a variable has the name that the record's prompt has by itself.
  private let hasOwn: Bool
  /// Whether a record's two responses are put side by side, in both orders; records with fewer are not asked about.
  package var compares = false

  package init(
    _ prompt: Prompt, variables: Named<String> = Named(), label: String, places: [String: SourcePlace] = [:]
  ) {
    hasOwn = variables["asked"] != nil
    renderer = PromptRenderer(asking: prompt, variables: variables, label: label, places: places)
  }

  /// The prompts; each has the identity of the record that its response belongs to.
  package func prompts(about candidates: [FeedbackRecord], of records: [SourceRecord]) throws -> [RenderedPrompt] {
    var prompts: [RenderedPrompt] = []
    for (index, (candidate, record)) in zip(candidates, records).enumerated() {
      for bound in compares ? Self.orders(of: candidate) : candidate.items.map(Self.names) {
        var bound = bound
        // A variable or a field of that name is the spec's own.
        if !hasOwn, record.fields["asked"] == nil { bound["asked"] = Self.text(of: candidate.turns) }
        let asked = try renderer.render(record, number: index + 1, binding: bound)
        // What is right for the record is not what is right for a reply.
        prompts.append(RenderedPrompt(id: record.id, turns: asked.turns))
      }
    }
    return prompts
  }

  /// The record's prompt as text: what the user said, or a dialogue with the speakers' names.
  private static func text(of turns: [Message]) -> String {
    if turns.count == 1, let only = turns.first { return only.text }
    return turns.map { "\($0.role.rawValue.prefix(1).uppercased())\($0.role.rawValue.dropFirst()): \($0.text)" }
      .joined(separator: "\n\n")
  }

  private static func orders(of candidate: FeedbackRecord) -> [[String: String]] {
    let texts = candidate.items.flatMap(\.responses).map(\.text)
    guard texts.count == 2 else { return [] }
    return [["first": texts[0], "second": texts[1]], ["first": texts[1], "second": texts[0]]]
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
