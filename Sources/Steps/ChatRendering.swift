// From a spec's turn format and rendered messages to the engine's.

public import LanguageModel
public import Planning
public import Records
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
        CustomChatFormat(
          system: .init(prefix: custom.system.prefix, suffix: custom.system.suffix),
          user: .init(prefix: custom.user.prefix, suffix: custom.user.suffix),
          assistant: .init(prefix: custom.assistant.prefix, suffix: custom.assistant.suffix)))
    }
  }

  /// A prompt as text with special tokens marked, up to where the model's answer begins.
  public func segments(of prompt: RenderedPrompt) -> [TextSegment] { segments(of: prompt.turns) }

  /// A dialogue as text with special tokens marked, up to where the model's answer begins.
  package func segments(of messages: [Message]) -> [TextSegment] {
    let turns = messages.map { ChatTurn(ChatRole($0.role), $0.text) }
    let hasSystem = messages.contains { $0.role == .system }
    return chatFormat.render(turns, system: hasSystem ? nil : system, ending: .generationPrompt)
  }

  /// Refuses a vocabulary that lacks the control tokens that the format writes.
  ///
  /// - Throws: ``StepError/missingTokens(step:turns:tokens:)``.
  func check(_ tokenizer: Tokenizer, step: String) throws {
    let missing = chatFormat.missingTokens(in: tokenizer)
    if !missing.isEmpty { throw StepError.missingTokens(step: step, tokens: missing) }
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
