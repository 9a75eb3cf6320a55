// Takes responses that stand in the data.

import Execution
import JSON
import Planning
import Records
import Specification

enum RecordedStep {
  static func run(_ work: RecordedWork, _ task: StepTask) throws -> [ProducedOutput] {
    let fields = try RecordFile.fields(from: task.input("records"), file: "records of \(task.step.label)")
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let sources = SourceRecord.identified(fields)
    try Alignment.check(prompts.map(\.id), sources.map(\.id), step: task.step.label)
    var records: [Responses] = []
    for (index, (record, prompt)) in zip(sources, prompts).enumerated() {
      var fields = record.fields
      if work.bindsAnswer || fields["answer"] == nil { fields["answer"] = prompt.answers.first.map { .string($0) } }
      let texts = try work.responses.flatMap { template in
        try Self.texts(template, fields, work.take, index + 1, task)
      }
      records.append(
        Responses(id: record.id, responses: texts.map { Response(text: $0, finish: .stop, tokens: 0) }))
    }
    return [ProducedOutput("responses", RecordFile.bytes(records), records: records.count)]
  }

  /// One text, or those of a list.
  private static func texts(
    _ template: Template, _ fields: JSONObject, _ take: RecordedResponses.Take, _ number: Int, _ task: StepTask
  ) throws -> [String] {
    if take == .whole, let name = template.soleField, let value = FieldText.value(name, of: fields),
      value.arrayValue != nil,
      let texts = FieldText.texts(value)
    {
      return texts
    }
    return [try text(template, fields, take, number, task)]
  }

  private static func text(
    _ template: Template, _ fields: JSONObject, _ take: RecordedResponses.Take, _ number: Int, _ task: StepTask
  ) throws -> String {
    let place = task.step.places["responses/count"]
    if take == .lastAssistant, let name = template.soleField, let value = FieldText.value(name, of: fields),
      value.arrayValue != nil
    {
      return try lastResponse(of: value, .messages, number, task)
    }
    let text: String
    do {
      text = try template.render { FieldText.text($0, of: fields) }
    } catch {
      throw StepError.missingField(
        step: task.step.label, field: error.name, record: number, fields: fields, place: place)
    }
    return take == .lastAssistant ? try lastResponse(of: .string(text), .humanAssistant, number, task) : text
  }

  /// The last turn of a dialogue, which the model speaks.
  private static func lastResponse(
    of value: JSONValue, _ format: Conversation.Format, _ number: Int, _ task: StepTask
  ) throws -> String {
    do {
      let dialogue = try Dialogue(value, format: format)
      guard let response = dialogue.lastResponse else { throw DialogueFault(reason: "does not end with the assistant") }
      return response
    } catch let fault as DialogueFault {
      throw StepError.badConversation(
        step: task.step.label, record: number, reason: fault.reason, place: task.step.places["responses/count"])
    }
  }
}
