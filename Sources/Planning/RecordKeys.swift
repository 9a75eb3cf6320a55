// Who single records are under a recipe, from what a step reads: the plan and the work ask the same functions.
// Knows nothing of the store, and of no model.

public import Digests
import JSON
public import Records

/// The key of one record's result under a recipe.
public enum RecordKey: Sendable {
  /// The identity of a record by its content and occurrence.
  public static func identity(content: Digest, occurrence: Int) -> Digest {
    .sha256(content.bytes + littleEndian(occurrence))
  }

  /// The key of one sample of a record.
  public static func key(identity: Digest, sample: Int) -> Digest {
    .sha256(identity.bytes + littleEndian(sample))
  }

  private static func littleEndian(_ number: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

extension RenderedPrompt {
  /// The texts that are scored; empty if the prompt lacks them, or if they do not stand in the prompt.
  public func texts(scoredAs target: ScoreWork.Target) -> [String] {
    switch target {
    case .options: options
    case .labels: labels
    case .response(let name), .plain(let name): texts[name].map { [$0] } ?? []
    case .responses, .examples, .contexts: []
    }
  }

  /// What the scores of some texts depend on, beside the model: the turns and the texts.
  public func key(scoring texts: [String]) -> Digest {
    .sha256(content.bytes + JSONValue.array(texts.map { .string($0) }).canonicalBytes)
  }
}

extension Responses {
  /// What verdicts depend on, beside the verifier: the answers, the options and the texts of the responses.
  public func key(judgedFor prompt: RenderedPrompt) -> Digest {
    func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    let content = JSONValue.array([
      texts(prompt.answers), texts(prompt.options), texts(prompt.labels), texts(responses.map(\.text)),
      texts(responses.map(\.finish.rawValue)),
    ])
    return .sha256(content.canonicalBytes)
  }
}

extension ScoreWork {
  /// The texts of a record that are looked at, record by record.
  public typealias RecordTexts = (id: RecordID, texts: [ScoredResponse])

  /// The responses of feedback, as the target says.
  public func texts(of examples: [FeedbackRecord]) -> [RecordTexts] {
    examples.map { ($0.id, target == .contexts ? ScoredResponse.inBothContexts(of: $0) : ScoredResponse.all(of: $0)) }
  }

  /// Responses behind their prompts.
  public static func texts(of responses: [Responses], to prompts: [RenderedPrompt]) -> [RecordTexts] {
    zip(prompts, responses).map { prompt, record in
      (prompt.id, record.responses.map { ScoredResponse(turns: prompt.turns, response: $0) })
    }
  }

  /// The texts that a model is asked about: what could not be made has no score.
  public static func scored(_ records: [RecordTexts]) -> [ScoredResponse] {
    records.flatMap(\.texts).filter { $0.response.finish != .error }
  }
}

extension StepWork {
  /// The keys of the records of a step that reads no list of identities.
  ///
  /// - Parameter input: The bytes of an input; nil if they cannot be had.
  /// - Returns: nil if an input is not what it should be, or if the work is not done record by record.
  func recordKeys(reading input: (String) -> [UInt8]?) -> [Digest]? {
    func records<Record: WireRecord>(_ name: String) -> [Record]? {
      input(name).flatMap { try? RecordFile.records(Record.self, from: $0, file: name) }
    }
    switch self {
    case .verify:
      guard let prompts: [RenderedPrompt] = records("prompts"), let responses: [Responses] = records("responses") else {
        return nil
      }
      return zip(prompts, responses).map { $1.key(judgedFor: $0) }
    case .score(let work) where work.target == .examples || work.target == .contexts:
      guard let examples: [FeedbackRecord] = records("examples") else { return nil }
      return ScoreWork.scored(work.texts(of: examples)).map(\.key)
    case .score(let work):
      guard let prompts: [RenderedPrompt] = records("prompts") else { return nil }
      if work.target != .responses { return prompts.map { $0.key(scoring: $0.texts(scoredAs: work.target)) } }
      guard let responses: [Responses] = records("responses") else { return nil }
      return ScoreWork.scored(ScoreWork.texts(of: responses, to: prompts)).map(\.key)
    default: return nil
    }
  }
}
