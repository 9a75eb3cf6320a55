// Where candidate responses come from.
// Knows nothing of decoding.

/// A stage that adds candidates.
public enum Generator: Hashable, Sendable {
  /// A model writes them.
  case sample(SampleOptions)
  /// They stand in the data.
  case recorded(RecordedResponses)
}

/// How a model writes text.
public struct Decoding: Hashable, Sendable {
  /// The most tokens; at least 1.
  public let maxNewTokens: Int
  /// At least 0; 0 takes the likeliest token (greedy) and draws no random number.
  public let temperature: Double
  /// Keep the likeliest tokens up to this probability; more than 0, at most 1.
  public let topP: Double
  /// Keep so many of the likeliest tokens; nil keeps all.
  public let topK: Int?
  /// Texts that end the response; none is empty.
  public let stop: [String]
}

/// How a model writes candidates.
public struct SampleOptions: Hashable, Sendable {
  /// The model's name.
  public let model: String
  /// How many for each prompt; at least 1.
  public let samples: Int
  /// Whether equal candidates of one prompt count once.
  public let distinct: Bool
  /// How the model writes.
  public let decoding: Decoding
}

/// Candidates that stand in the data.
public struct RecordedResponses: Hashable, Sendable {
  /// What of the rendered text is the response.
  public enum Take: String, Hashable, Sendable, CaseIterable {
    /// All of it.
    case whole
    /// The last turn of the model, if the text is a dialogue.
    case lastAssistant = "last-assistant"
  }

  /// One template for each candidate, in order; not empty.
  ///
  /// A template that is one field which holds a list gives a candidate for each of its texts.
  public let responses: [Template]
  /// What of the rendered text is the response.
  public let take: Take
  /// The data set whose records have them; nil: all that are trained on.
  public let dataset: String?
}
