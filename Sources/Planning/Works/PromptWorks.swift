// Render and recorded: from records to prompts and to responses that stand in the data.

import Digests
public import Specification

/// Renders prompts from records.
///
/// Inputs: `records`, and `shots` if the prompt has examples. Outputs: `prompts`, and `identities` (32 bytes a
/// prompt).
public struct RenderWork: Work, Hashable {
  static let kind = StepKind.render
  static let version = 1
  /// The prompt; nil renders the texts alone, without turns.
  public let prompt: Prompt?
  /// What is right; nil if the data set does not say.
  public let answer: Template?
  /// How options are written.
  public let optionFormat: OptionFormat?
  /// Whether the options' letters are the answers.
  public let lettersAnswer: Bool
  /// Variables by name.
  public let variables: Named<String>
  /// Further texts to render, by name.
  public let texts: Named<Template>

  var options: Manifest {
    var options = Manifest()
    prompt?.describe(into: &options)
    options.set("answer", optional: answer?.source)
    if let format = optionFormat {
      options.set("options/letters", .text(format.letters))
      options.set("options/order", .text(format.order.rawValue))
      options.set("options/answer", .text(lettersAnswer ? "letter" : "text"))
    }
    for variable in variables.entries { options.set("variables/\(variable.name)", .text(variable.value)) }
    for text in texts.entries { options.set("texts/\(text.name)", .text(text.value.source)) }
    return options
  }
}

extension Prompt {
  /// The leaves of a prompt, each where the spec writes it.
  func describe(into options: inout Manifest) {
    switch self {
    case .text(let template): options.set("prompt", .text(template.source))
    case .turns(let parts):
      options.set("prompt/count", .integer(parts.count))
      for (index, part) in parts.enumerated() {
        switch part {
        case .turn(let turn): options.set("prompt/\(index)/\(turn.role.rawValue)", .text(turn.content.source))
        case .shots(let shots): options.set("prompt/\(index)/shots", .integer(shots.count))
        }
      }
    case .conversation(let conversation):
      options.set("prompt/conversation/field", .text(conversation.field))
      options.set("prompt/conversation/format", .text(conversation.format.rawValue))
      options.set("prompt/conversation/up-to", .text(conversation.upTo.rawValue))
    }
  }

  /// The fields that the prompt reads from a record, sorted, without the names that are bound otherwise.
  func fields(bound: [String]) -> [String] {
    let names: [String]
    switch self {
    case .text(let template): names = template.fields
    case .turns(let parts):
      names = parts.flatMap { part in
        if case .turn(let turn) = part { turn.content.fields } else { [String]() }
      }
    case .conversation(let conversation): names = [conversation.field]
    }
    var result: [String] = []
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    where !bound.contains(name) && result.last != name { result.append(name) }
    return result
  }

  /// The dialogue that the prompt is, if its last turn is the response.
  var dialogueBeforeReply: Conversation? {
    if case .conversation(let conversation) = self, conversation.upTo == .lastAssistant { conversation } else { nil }
  }

  /// The examples that the prompt asks for.
  var shots: Shots? {
    guard case .turns(let parts) = self else { return nil }
    for part in parts { if case .shots(let shots) = part { return shots } }
    return nil
  }
}

/// Takes responses from the data.
///
/// Inputs: `records`, `prompts`. Output: `responses`.
public struct RecordedWork: Work, Hashable {
  static let kind = StepKind.recorded
  static let version = 1
  /// One template for each response.
  public let responses: [Template]
  /// What of the rendered text is the response.
  public let take: RecordedResponses.Take
  /// Whether `{answer}` is the label of the right option, whatever field of that name a record has.
  ///
  /// Otherwise it is the record's field, and where there is none the first accepted answer.
  public var bindsAnswer = false

  var options: Manifest {
    var options = Manifest()
    options.set("responses", texts: responses.map(\.source))
    options.set("take", .text(take.rawValue))
    if bindsAnswer { options.set("answer", .text("label")) }
    return options
  }
}
