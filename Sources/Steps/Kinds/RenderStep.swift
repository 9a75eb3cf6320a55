// Renders prompts from records: turns, accepted answers, options, further texts.
// Knows nothing of chat formats; what it writes is what keys are made of.

package import Diagnostics
import Digests
import Execution
package import JSON
package import Planning
import Randomness
package import Records
package import Specification
import Verification

enum RenderStep {
  static func run(_ work: RenderWork, _ task: StepTask) throws -> [ProducedOutput] {
    let fields = try RecordFile.fields(from: task.input("records"), file: "records of \(task.step.label)")
    guard !fields.isEmpty else {
      throw StepError.noRecords(step: task.step.label, place: task.step.places["prompt"])
    }
    let shots =
      task.contents["shots"] == nil
      ? [] : try RecordFile.fields(from: task.input("shots"), file: "examples of \(task.step.label)")
    let renderer = PromptRenderer(work, label: task.step.label, places: task.step.places, shots: shots)
    var prompts: [RenderedPrompt] = []
    for (index, record) in SourceRecord.identified(fields).enumerated() {
      prompts.append(try renderer.render(record, number: index + 1))
    }
    return [
      ProducedOutput("prompts", RecordFile.bytes(prompts), records: prompts.count),
      ProducedOutput("identities", PromptIdentity.all(of: prompts).flatMap { $0.key.bytes }),
    ]
  }
}

/// Renders one record after the other.
package struct PromptRenderer {
  private let prompt: Prompt?
  private let variables: Named<String>
  private let data: RenderWork?
  private let label: String
  private let places: [String: SourcePlace]
  private let shots: [JSONObject]

  /// Renders what the data ask.
  package init(_ work: RenderWork, label: String, places: [String: SourcePlace] = [:], shots: [JSONObject] = []) {
    prompt = work.prompt
    variables = work.variables
    data = work
    self.label = label
    self.places = places
    self.shots = shots
  }

  /// Renders what a model is asked about something that is bound for each prompt.
  package init(
    asking prompt: Prompt, variables: Named<String>, label: String, places: [String: SourcePlace] = [:]
  ) {
    self.prompt = prompt
    self.variables = variables
    data = nil
    self.label = label
    self.places = places
    shots = []
  }

  /// Renders a record; `bound` names come before the experiment's variables and the record's fields.
  package func render(
    _ record: SourceRecord, number: Int, binding bound: [String: String] = [:]
  ) throws -> RenderedPrompt {
    var scope = try scope(record.fields, number: number)
    scope.bound = bound
    var messages: [Message] = []
    switch prompt {
    case nil: break
    case .text(let template): messages = [Message(.user, try text(template, scope, leaf: "prompt"))]
    case .turns(let parts): messages = try turns(Array(parts.enumerated()), scope)
    case .conversation(let conversation): messages = try dialogue(conversation, scope)
    }
    var texts: [String: String] = [:]
    for entry in data?.texts.entries ?? [] {
      texts[entry.name] = try text(entry.value, scope, leaf: "texts/\(entry.name)")
    }
    return RenderedPrompt(
      id: record.id, turns: messages, answers: scope.answers, options: scope.options, labels: scope.labels, texts: texts
    )
  }

  /// What a record's templates may name.
  private struct Scope {
    let fields: JSONObject
    let number: Int
    let answers: [String]
    var options: [String] = []
    var labels: [String] = []
    var optionText: String?
    var bound: [String: String] = [:]
  }

  private func scope(_ fields: JSONObject, number: Int) throws -> Scope {
    let answers = try answers(fields, number: number)
    let texts = fields["options"].flatMap(FieldText.texts) ?? []
    guard let data, let format = data.optionFormat else {
      return Scope(fields: fields, number: number, answers: answers, options: texts)
    }
    guard !texts.isEmpty else {
      throw StepError.noOptions(step: label, record: number, place: place(of: "options/letters"))
    }
    let written = try lettered(texts, format, fields, number: number)
    guard let right = try? written.labels(of: answers), !right.isEmpty else {
      throw StepError.noRightOption(step: label, record: number, fields: fields, place: place(of: "answer"))
    }
    return Scope(
      fields: fields, number: number, answers: data.lettersAnswer ? right : answers, options: written.options,
      labels: written.labels, optionText: written.text)
  }

  private func lettered(
    _ texts: [String], _ format: OptionFormat, _ fields: JSONObject, number: Int
  ) throws -> OptionLetters {
    do {
      return try OptionLetters(
        texts, style: format.letters, order: format.order == .given ? nil : order(fields, count: texts.count))
    } catch {
      throw StepError.badOptions(
        step: label, record: number, reason: error.reason, remedy: error.diagnoses.first?.remedy, fields: fields,
        place: place(of: "options/letters"))
    }
  }

  /// Where a leaf stands in the spec, or else the prompt that it belongs to.
  private func place(of leaf: String) -> SourcePlace? {
    if let place = places[leaf] ?? places["prompt"] { return place }
    let prompt = places.filter { $0.key.hasPrefix("prompt/") }.values
    return prompt.min { ($0.line, $0.column) < ($1.line, $1.column) } ?? places["answer"]
  }

  /// The order of a record's options, drawn from its content.
  private func order(_ fields: JSONObject, count: Int) -> [Int] {
    let content = Digest.sha256(JSONValue.object(fields).canonicalBytes)
    var stream = RandomStream(RandomAddress(seed: 0, purpose: .optionOrder, record: content.words))
    return stream.shuffled(Array(0..<count))
  }

  /// The accepted answers.
  ///
  /// A template that is one field takes each element of a list.
  private func answers(_ fields: JSONObject, number: Int) throws -> [String] {
    guard let template = data?.answer else {
      return (fields["target"] ?? fields["answer"]).flatMap(FieldText.texts) ?? []
    }
    if template.parts.count == 1, case .field(let name) = template.parts[0] {
      guard let value = FieldText.value(name, of: fields), let texts = FieldText.texts(value) else {
        throw StepError.missingField(step: label, field: name, record: number, fields: fields, place: places["answer"])
      }
      guard !texts.isEmpty else {
        throw StepError.emptyAnswer(
          step: label, field: name, record: number, fields: fields, place: places["answer"])
      }
      return texts
    }
    let plain = Scope(fields: fields, number: number, answers: [])
    return [try text(template, plain, leaf: "answer")]
  }

  private func text(_ template: Template, _ scope: Scope, leaf: String) throws -> String {
    do {
      return try template.render { name in
        if let text = scope.bound[name] ?? variables[name] { return text }
        if name == "options", let text = scope.optionText { return text }
        if let text = FieldText.text(name, of: scope.fields) { return text }
        return name == "answer" ? scope.answers.first : nil
      }
    } catch {
      let place = places[leaf] ?? places["prompt"]
      if let value = scope.fields[error.name], value != .null {
        throw StepError.notText(
          step: label, field: error.name, kind: value.kindInWords, record: scope.number, fields: scope.fields,
          place: place)
      }
      throw StepError.missingField(
        step: label, field: error.name, record: scope.number, fields: scope.fields, place: place)
    }
  }

  /// The messages of parts of the prompt, each with its place there.
  private func turns(_ parts: [(offset: Int, element: PromptPart)], _ scope: Scope) throws -> [Message] {
    var messages: [Message] = []
    for (index, part) in parts {
      switch part {
      case .turn(let turn):
        let role: MessageRole =
          switch turn.role {
          case .system: .system
          case .user: .user
          case .assistant: .assistant
          }
        messages.append(
          Message(role, try text(turn.content, scope, leaf: "prompt/\(index)/\(turn.role.rawValue)")))
      case .shots(let wanted): messages += try examples(parts, wanted, scope, leaf: "prompt/\(index)/shots")
      }
    }
    return messages
  }

  /// Other records' questions with their answers, the record itself never among them.
  private func examples(
    _ parts: [(offset: Int, element: PromptPart)], _ wanted: Shots, _ scope: Scope, leaf: String
  ) throws -> [Message] {
    var messages: [Message] = []
    var taken = 0
    let questions = parts.filter { if case .turn(let turn) = $0.element { turn.role != .system } else { false } }
    for (index, fields) in shots.enumerated() where taken < wanted.count && fields != scope.fields {
      let example = try self.scope(fields, number: index + 1)
      guard let answer = example.answers.first else {
        throw StepError.noAnswer(step: label, record: index + 1, place: place(of: "answer"))
      }
      messages += try turns(questions, example) + [Message(.assistant, answer)]
      taken += 1
    }
    guard taken == wanted.count else {
      throw StepError.tooFewRecords(
        step: label, part: wanted.from, asked: wanted.count, left: taken, total: shots.count, place: places[leaf])
    }
    return messages
  }

  private func dialogue(_ conversation: Conversation, _ scope: Scope) throws -> [Message] {
    guard let value = scope.fields[conversation.field] else {
      throw StepError.missingField(
        step: label, field: conversation.field, record: scope.number, fields: scope.fields,
        place: places["prompt/conversation/field"])
    }
    do {
      return try Dialogue(value, format: conversation.format).messages(upTo: conversation.upTo)
    } catch {
      throw StepError.badConversation(
        step: label, record: scope.number, reason: error.reason, place: places["prompt/conversation/field"])
    }
  }
}
