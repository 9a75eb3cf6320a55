// A conversation before it becomes one text: who says what, and how it ends.
// Knows nothing of formats or tokens.

/// Who speaks.
public enum ChatRole: String, Hashable, Sendable, CaseIterable {
  /// Whoever sets the rules.
  case system
  /// Whoever asks.
  case user
  /// The model.
  case assistant
}

/// One turn of a conversation.
public struct ChatTurn: Hashable, Sendable {
  /// Who speaks.
  public let role: ChatRole
  /// What is said; parts that a template of the experiment wrote may hold special tokens, parts from data may not.
  public let text: [TextSegment]

  /// Makes a turn of template and data.
  public init(_ role: ChatRole, _ text: [TextSegment]) {
    self.role = role
    self.text = text
  }

  /// Makes a turn whose text is data.
  public init(_ role: ChatRole, _ text: String) {
    self.init(role, [.data(text)])
  }
}

/// How a rendered conversation ends.
public enum ChatEnding: Hashable, Sendable {
  /// With the last turn, its suffix included.
  case lastTurn
  /// With the beginning of a turn that the model is to write.
  case generationPrompt
  /// With a turn of the model; its end marker follows if it came to its end.
  case response(String, finished: Bool)
}
