// A record as a model is asked it: turns, and what a good answer is.
// Knows nothing of chat formats or tokens; keys are made of this text.

public import Digests
public import JSON

/// Who speaks a message.
public enum MessageRole: String, Hashable, Sendable, CaseIterable {
  /// Sets the scene.
  case system
  /// Asks.
  case user
  /// Answers.
  case assistant
}

/// One turn of a dialogue, as rendered.
public struct Message: Hashable, Sendable {
  /// Who speaks.
  public let role: MessageRole
  /// What is said.
  public let text: String

  /// Makes a message.
  public init(_ role: MessageRole, _ text: String) {
    self.role = role
    self.text = text
  }
}

extension Message {
  /// A dialogue as JSON.
  static func json(_ turns: [Message]) -> JSONValue {
    .array(turns.map { .members(["role": .string($0.role.rawValue), "text": .string($0.text)]) })
  }

  /// Reads a dialogue.
  static func turns(_ json: JSONValue, _ name: String) throws(WireFault) -> [Message] {
    var turns: [Message] = []
    for turn in try json.list(name) {
      guard let role = MessageRole(rawValue: try turn.text("role")) else { throw WireFault(member: "role") }
      turns.append(Message(role, try turn.text("text")))
    }
    return turns
  }
}

/// A rendered prompt.
public struct RenderedPrompt: WireRecord, Hashable {
  /// The record of the data that it comes from.
  public let id: RecordID
  /// The dialogue so far.
  public let turns: [Message]
  /// The accepted answers; empty if the data has none.
  public let answers: [String]
  /// The options to choose from, in the order shown; empty if the data has none.
  public let options: [String]
  /// The labels that stand before the options, such as `(A)`; empty if they have none.
  public let labels: [String]
  /// Further texts rendered from the record, by name.
  public let texts: [String: String]

  /// Makes a prompt.
  public init(
    id: RecordID, turns: [Message], answers: [String] = [], options: [String] = [], labels: [String] = [],
    texts: [String: String] = [:]
  ) {
    self.id = id
    self.turns = turns
    self.answers = answers
    self.options = options
    self.labels = labels
    self.texts = texts
  }

  /// The digest of the turns alone: what a generation depends on.
  public var content: Digest { .sha256(turnsJSON.canonicalBytes) }

  private var turnsJSON: JSONValue { Message.json(turns) }

  /// The prompt as JSON.
  public var json: JSONValue {
    var object = JSONObject([JSONMember("id", .string(id.description)), JSONMember("turns", turnsJSON)])
    if !answers.isEmpty { object["answers"] = .array(answers.map { .string($0) }) }
    if !options.isEmpty { object["options"] = .array(options.map { .string($0) }) }
    if !labels.isEmpty { object["labels"] = .array(labels.map { .string($0) }) }
    if !texts.isEmpty {
      object["texts"] = .object(JSONObject(texts.map { JSONMember($0.key, .string($0.value)) }))
    }
    return .object(object)
  }

  /// Reads a prompt.
  public init(json: JSONValue) throws(WireFault) {
    id = try RecordID(text: json.text("id"))
    turns = try Message.turns(json, "turns")
    answers = try json.texts("answers")
    options = try json.texts("options")
    labels = try json.texts("labels")
    var texts: [String: String] = [:]
    for member in json["texts"]?.objectValue?.members ?? [] { texts[member.name] = member.value.stringValue }
    self.texts = texts
  }
}

extension JSONValue {
  package func text(_ name: String) throws(WireFault) -> String {
    guard let text = self[name]?.stringValue else { throw WireFault(member: name) }
    return text
  }

  package func list(_ name: String) throws(WireFault) -> [JSONValue] {
    guard let list = self[name]?.arrayValue else { throw WireFault(member: name) }
    return list
  }

  /// A list of texts; an absent one is empty.
  func texts(_ name: String) throws(WireFault) -> [String] {
    guard self[name] != nil else { return [] }
    var texts: [String] = []
    for element in try list(name) {
      guard let text = element.stringValue else { throw WireFault(member: name) }
      texts.append(text)
    }
    return texts
  }
}
