// From a spec's turn format and rendered messages to the engine's.

import LanguageModel
import Planning
import Records
import Specification

extension ModelUse {
  /// The engine's chat format.
  public var chatFormat: ChatFormat {
    switch turns {
    case .chatml: .chatml
    case .llama2: .llama2
    case .llama3: .llama3
    case .humanAssistant: .humanAssistant
    case .raw: .raw
    case .custom(let custom):
      .custom(
        system: .init(prefix: custom.system.prefix, suffix: custom.system.suffix),
        user: .init(prefix: custom.user.prefix, suffix: custom.user.suffix),
        assistant: .init(prefix: custom.assistant.prefix, suffix: custom.assistant.suffix))
    }
  }

  /// A prompt as text with special tokens marked, up to where the model's answer begins.
  public func segments(of prompt: RenderedPrompt) -> [TextSegment] {
    let turns = prompt.turns.map { message in
      ChatTurn(role: ChatRole(message.role), text: message.text)
    }
    return chatFormat.segments(turns, system: system, generationPrompt: true)
  }
}

extension ChatRole {
  fileprivate init(_ role: MessageRole) {
    self =
      switch role {
      case .system: .system
      case .user: .user
      case .assistant: .assistant
      }
  }
}
