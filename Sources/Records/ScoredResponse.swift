// What is scored of prompts, responses and feedback: texts under the turns before them, and who they are as records.
// Knows nothing of models and scores.

public import Digests
import JSON

/// A response under the turns that it is scored after.
public struct ScoredResponse: Hashable, Sendable {
  /// The dialogue before it.
  public let turns: [Message]
  /// The response.
  public let response: Response

  /// Makes a response under turns.
  public init(turns: [Message], response: Response) {
    self.turns = turns
    self.response = response
  }

  /// The responses of a record's feedback, item after item; a relabeled one stands under its own turns.
  public static func all(of record: FeedbackRecord) -> [ScoredResponse] {
    record.items.flatMap { item -> [ScoredResponse] in
      let turns = if case .relabeled(_, let turns, _, _) = item { turns } else { record.turns }
      return item.responses.map { ScoredResponse(turns: turns, response: $0) }
    }
  }

  /// The judged responses of a record's feedback, each behind its prompt and then behind its judged prompt.
  public static func inBothContexts(of record: FeedbackRecord) -> [ScoredResponse] {
    record.items.flatMap { item -> [ScoredResponse] in
      guard case .judged(let response, _, .prompt(let judged)?) = item else { return [] }
      return [record.turns, judged].map { ScoredResponse(turns: $0, response: response) }
    }
  }

  /// What its score depends on, beside the model: turns, text, and whether the turn ends after it.
  public var key: Digest {
    let content = Digest.sha256(Message.json(turns).canonicalBytes)
    let texts = JSONValue.array([.string(response.text), .string(response.finish.rawValue)])
    return .sha256(content.bytes + texts.canonicalBytes)
  }
}
