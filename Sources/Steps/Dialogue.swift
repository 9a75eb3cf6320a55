// Dialogues that stand in the data, taken apart into messages.

package import JSON
package import Records
package import Specification

/// Why a value is no dialogue.
package struct DialogueFault: Error {
  package let reason: String
}

/// A dialogue as messages.
package struct Dialogue {
  package let messages: [Message]

  package init(_ value: JSONValue, format: Conversation.Format) throws(DialogueFault) {
    switch format {
    case .humanAssistant:
      guard let text = value.stringValue else { throw DialogueFault(reason: "is \(value.kindInWords), not text") }
      messages = try Self.humanAssistant(text)
    case .messages:
      guard let list = value.arrayValue else { throw DialogueFault(reason: "is \(value.kindInWords), not a list") }
      messages = try Self.messages(list)
    case .pairs:
      guard let list = value.arrayValue else { throw DialogueFault(reason: "is \(value.kindInWords), not a list") }
      messages = try Self.pairs(list)
    }
    guard !messages.isEmpty else { throw DialogueFault(reason: "has no turns") }
  }

  /// The messages that are the prompt.
  package func messages(upTo end: Conversation.End) throws(DialogueFault) -> [Message] {
    switch end {
    case .end: return messages
    case .lastAssistant:
      guard messages.last?.role == .assistant else { throw DialogueFault(reason: "does not end with the assistant") }
      return Array(messages.dropLast())
    }
  }

  /// The text of the last turn, if the assistant speaks it.
  package var lastResponse: String? { messages.last.flatMap { $0.role == .assistant ? $0.text : nil } }

  private static func humanAssistant(_ text: String) throws(DialogueFault) -> [Message] {
    var messages: [Message] = []
    var rest = text[...]
    while let (role, start, marker) = nextMarker(in: rest) {
      if messages.isEmpty, rest[..<start].contains(where: { !$0.isWhitespace }) {
        throw DialogueFault(reason: "has text before its first turn")
      }
      let body = rest[marker...]
      let end = nextMarker(in: body)?.start ?? body.endIndex
      messages.append(Message(role, body[..<end].trimmed))
      rest = body[end...]
    }
    return messages
  }

  private static func nextMarker(
    in text: Substring
  ) -> (role: MessageRole, start: Substring.Index, end: Substring.Index)? {
    let found = [("\n\nHuman:", MessageRole.user), ("\n\nAssistant:", .assistant)].compactMap { marker, role in
      text.firstBytes(of: marker).map { (role, $0.lowerBound, $0.upperBound) }
    }
    return found.min { $0.1 < $1.1 }
  }

  private static func pairs(_ list: [JSONValue]) throws(DialogueFault) -> [Message] {
    var messages: [Message] = []
    for element in list {
      guard let pair = element.arrayValue, pair.count == 2, let word = pair[0].stringValue,
        let role = MessageRole(rawValue: ["prompter", "human"].contains(word) ? "user" : word),
        let text = pair[1].stringValue
      else {
        throw DialogueFault(reason: "has a turn that is no [role, text] (system, user, prompter, human, assistant)")
      }
      messages.append(Message(role, text))
    }
    return messages
  }

  private static func messages(_ list: [JSONValue]) throws(DialogueFault) -> [Message] {
    var messages: [Message] = []
    for element in list {
      guard let role = element["role"]?.stringValue.flatMap(MessageRole.init(rawValue:)),
        let content = element["content"]?.stringValue
      else { throw DialogueFault(reason: "has a turn without `role` (system, user, assistant) and `content`") }
      messages.append(Message(role, content))
    }
    return messages
  }
}

extension Substring {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    var text = drop { $0.isWhitespace }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
