// What a reviser makes of a record's responses: pairs, judgments, rankings; and what it could make nothing of.
// Every response that goes in is an item or a named leftover, so that the counts of all stages add up.

public import JSON

/// One thing that an objective can learn from.
public enum FeedbackItem: Hashable, Sendable {
  /// A response, nothing said about it.
  case response(Response)
  /// A response with a judgment in words; nil if it is acceptable. The context is there where an objective reads the
  /// judgment.
  case judged(Response, judgment: String?, context: JudgmentContext? = nil)
  /// A better and a worse response.
  case pair(chosen: Response, rejected: Response)
  /// Responses in order, best first, with a score each or none at all.
  case ranking([Response], scores: [Double])
  /// A response under turns that fit it, and under turns that do not; `answers` are the right ones, for a response that
  /// is wrong as a whole: what it begins with may be right.
  case relabeled(Response, turns: [Message], contrast: [Message], answers: [String] = [])

  /// The responses in it: one; chosen and rejected; or all of a ranking.
  public var responses: [Response] {
    switch self {
    case .response(let response), .judged(let response, _, _), .relabeled(let response, _, _, _): [response]
    case .pair(let chosen, let rejected): [chosen, rejected]
    case .ranking(let responses, _): responses
    }
  }
}

/// Turns in which an objective reads a judgment.
public enum JudgmentContext: Hashable, Sendable {
  /// A prompt with the judgment in it; the response follows (CUT).
  case prompt([Message])
  /// The response, and a question about it; the judgment follows (forward prediction).
  case question([Message])

  /// The turns.
  public var turns: [Message] {
    switch self {
    case .prompt(let turns), .question(let turns): turns
    }
  }

  fileprivate var member: JSONMember {
    switch self {
    case .prompt(let turns): JSONMember("judged-prompt", Message.json(turns))
    case .question(let turns): JSONMember("question", Message.json(turns))
    }
  }

  fileprivate init?(json: JSONValue) throws(WireFault) {
    if json["judged-prompt"] != nil {
      self = .prompt(try Message.turns(json, "judged-prompt"))
    } else if json["question"] != nil {
      self = .question(try Message.turns(json, "question"))
    } else {
      return nil
    }
  }
}

/// What came of a record or of one of its responses when it became no item.
public struct Leftover: Hashable, Sendable {
  /// A closed word, such as `already-right`, `no-contrast`, `unparsed`, `not-right`, `too-long`, `error`,
  /// `surplus`, `duplicate`.
  public let kind: String
  /// Why, in words; empty if there is nothing to say.
  public let reason: String

  /// Makes a leftover.
  public init(_ kind: String, _ reason: String = "") {
    self.kind = kind
    self.reason = reason
  }
}

/// The feedback of one record.
public struct FeedbackRecord: WireRecord, Hashable {
  /// The record.
  public let id: RecordID
  /// The prompt that the responses answer.
  public let turns: [Message]
  /// What there is to learn from.
  public let items: [FeedbackItem]
  /// What came to nothing, and why.
  public let leftovers: [Leftover]

  /// Makes the feedback of a record.
  public init(id: RecordID, turns: [Message], items: [FeedbackItem], leftovers: [Leftover] = []) {
    self.id = id
    self.turns = turns
    self.items = items
    self.leftovers = leftovers
  }

  /// The feedback as JSON.
  public var json: JSONValue {
    .members([
      "id": .string(id.description), "turns": Message.json(turns), "items": .array(items.map(\.json)),
      "leftovers": .array(
        leftovers.map { .members(["kind": .string($0.kind), "reason": .string($0.reason)]) }),
    ])
  }

  /// Reads the feedback of a record.
  public init(json: JSONValue) throws(WireFault) {
    id = try RecordID(text: json.text("id"))
    turns = try Message.turns(json, "turns")
    var items: [FeedbackItem] = []
    for item in try json.list("items") { items.append(try FeedbackItem(json: item)) }
    self.items = items
    var leftovers: [Leftover] = []
    for leftover in try json.list("leftovers") {
      leftovers.append(Leftover(try leftover.text("kind"), try leftover.text("reason")))
    }
    self.leftovers = leftovers
  }
}

extension FeedbackItem {
  /// The item as JSON.
  public var json: JSONValue {
    switch self {
    case .response(let response): .members(["response": response.json])
    case .judged(let response, let judgment, let context):
      .object(
        JSONObject(
          [
            JSONMember("response", response.json), JSONMember("judgment", judgment.map { .string($0) } ?? .null),
          ] + (context.map { [$0.member] } ?? [])))
    case .pair(let chosen, let rejected): .members(["chosen": chosen.json, "rejected": rejected.json])
    case .ranking(let responses, let scores):
      .members(["ranking": .array(responses.map(\.json)), "scores": .array(scores.map { .number($0) })])
    case .relabeled(let response, let turns, let contrast, let answers):
      .object(
        JSONObject(
          [
            JSONMember("response", response.json), JSONMember("turns", Message.json(turns)),
            JSONMember("contrast", Message.json(contrast)),
          ] + (answers.isEmpty ? [] : [JSONMember("answers", .array(answers.map { .string($0) }))])))
    }
  }

  /// Reads an item.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    if let chosen = json["chosen"] {
      guard let rejected = json["rejected"] else { throw WireFault(member: "rejected") }
      self = .pair(chosen: try Response(json: chosen), rejected: try Response(json: rejected))
    } else if json["ranking"] != nil {
      var responses: [Response] = []
      for response in try json.list("ranking") { responses.append(try Response(json: response)) }
      var scores: [Double] = []
      for score in try json.list("scores") {
        guard let score = score.doubleValue else { throw WireFault(member: "scores") }
        scores.append(score)
      }
      self = .ranking(responses, scores: scores)
    } else {
      guard let value = json["response"] else { throw WireFault(member: "response") }
      let response = try Response(json: value)
      if json["turns"] != nil {
        self = .relabeled(
          response, turns: try Message.turns(json, "turns"), contrast: try Message.turns(json, "contrast"),
          answers: json["answers"] == nil ? [] : try json.texts("answers"))
      } else if let judgment = json["judgment"] {
        self = .judged(response, judgment: judgment.stringValue, context: try JudgmentContext(json: json))
      } else {
        self = .response(response)
      }
    }
  }
}
