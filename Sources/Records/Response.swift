// What a model gave for a prompt: text with the way it ended, or log-probabilities of given text.
// Knows nothing of how it was computed.

public import JSON

/// One response.
public struct Response: Hashable, Sendable {
  /// How a response came to its end.
  public enum Finish: String, Hashable, Sendable {
    /// The model ended its turn, or a stop string came.
    case stop
    /// The limit of new tokens or the context was reached.
    case length
    /// It could not be made; the text says why.
    case error
  }

  /// The text; canonical, whatever its tokens were.
  public let text: String
  /// How it ended.
  public let finish: Finish
  /// How many tokens were drawn, the end of turn included; 0 if unknown.
  public let tokens: Int
  /// The optimizer step at which the training of its model diverged: there is no response then; mostly nil.
  public let divergedAt: Int?

  /// Makes a response.
  public init(text: String, finish: Finish, tokens: Int) {
    self.text = text
    self.finish = finish
    self.tokens = tokens
    divergedAt = nil
  }

  /// What stands for the response of a model whose training diverged at an optimizer step, counted from 1.
  public init(divergedAt step: Int) {
    text = Divergence.sentence(step)
    finish = .error
    tokens = 0
    divergedAt = step
  }

  /// The response as JSON.
  public var json: JSONValue {
    var object = JSONObject([
      JSONMember("finish", .string(finish.rawValue)), JSONMember("text", .string(text)),
      JSONMember("tokens", .integer(Int64(tokens))),
    ])
    if let divergedAt { object["diverged-at"] = .integer(Int64(divergedAt)) }
    return .object(object)
  }

  /// Reads a response.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    guard let finish = Finish(rawValue: try json.text("finish")) else { throw WireFault(member: "finish") }
    guard let tokens = json["tokens"]?.integerValue else { throw WireFault(member: "tokens") }
    if let step = json["diverged-at"]?.integerValue {
      self.init(divergedAt: step)
    } else {
      self.init(text: try json.text("text"), finish: finish, tokens: tokens)
    }
  }
}

/// The responses of one record.
public struct Responses: WireRecord, Hashable {
  /// The record.
  public let id: RecordID
  /// One response a sample, in order.
  public let responses: [Response]
  /// How many more there were that equal one of these, where equal ones count once.
  public let duplicates: Int

  /// Makes the responses of a record.
  public init(id: RecordID, responses: [Response], duplicates: Int = 0) {
    self.id = id
    self.responses = responses
    self.duplicates = duplicates
  }

  /// The responses as JSON; `duplicates` if there were any.
  public var json: JSONValue {
    var object = JSONObject([
      JSONMember("id", .string(id.description)), JSONMember("responses", .array(responses.map(\.json))),
    ])
    if duplicates > 0 { object["duplicates"] = .integer(Int64(duplicates)) }
    return .object(object)
  }

  /// Reads the responses of a record.
  public init(json: JSONValue) throws(WireFault) {
    id = try RecordID(text: json.text("id"))
    var responses: [Response] = []
    for response in try json.list("responses") { responses.append(try Response(json: response)) }
    self.responses = responses
    duplicates = json["duplicates"]?.integerValue ?? 0
  }
}

/// The log-probabilities of one text after a prompt.
public struct Score: Hashable, Sendable {
  /// Natural logarithms, one a token, each ≤ 0.
  public let logProbabilities: [Float]
  /// How many UTF-8 bytes the text has.
  public let byteCount: Int
  /// The optimizer step at which the training of its model diverged: there are no log-probabilities then; mostly nil.
  public let divergedAt: Int?
  /// Why the text could not be scored, such as a model that reads fewer tokens: no log-probabilities then; mostly nil.
  public let failure: String?
  /// What a reward model says of the whole text: there are no log-probabilities then; nil for other scores.
  public private(set) var reward: Double?

  /// Makes a score.
  public init(logProbabilities: [Float], byteCount: Int) {
    self.logProbabilities = logProbabilities
    self.byteCount = byteCount
    divergedAt = nil
    failure = nil
  }

  /// Makes a reward model's score.
  public init(reward: Double, byteCount: Int) {
    self.init(logProbabilities: [], byteCount: byteCount)
    self.reward = reward
  }

  /// What stands for the score of a text that could not be scored.
  public init(failure: String, byteCount: Int) {
    logProbabilities = []
    self.byteCount = byteCount
    divergedAt = nil
    self.failure = failure
  }

  /// What stands for a text's score under a model whose training diverged at an optimizer step, counted from 1.
  public init(divergedAt step: Int, byteCount: Int) {
    logProbabilities = []
    self.byteCount = byteCount
    divergedAt = step
    failure = nil
  }

  /// The sum over tokens, in order, in double precision.
  public var sum: Double { logProbabilities.reduce(0) { $0 + Double($1) } }

  /// The score as JSON.
  public var json: JSONValue {
    var object = JSONObject([
      JSONMember("bytes", .integer(Int64(byteCount))),
      JSONMember("log-probabilities", .array(logProbabilities.map { .number(Double($0)) })),
    ])
    if let divergedAt { object["diverged-at"] = .integer(Int64(divergedAt)) }
    if let failure { object["failure"] = .string(failure) }
    if let reward {
      object["log-probabilities"] = nil
      object["reward"] = .number(reward)
    }
    return .object(object)
  }

  /// Reads a score.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    guard let bytes = json["bytes"]?.integerValue else { throw WireFault(member: "bytes") }
    if let step = json["diverged-at"]?.integerValue {
      self.init(divergedAt: step, byteCount: bytes)
      return
    }
    if let failure = json["failure"]?.stringValue {
      self.init(failure: failure, byteCount: bytes)
      return
    }
    if let reward = json["reward"]?.doubleValue {
      self.init(reward: reward, byteCount: bytes)
      return
    }
    var values: [Float] = []
    for element in try json.list("log-probabilities") {
      guard let value = element.doubleValue else { throw WireFault(member: "log-probabilities") }
      values.append(Float(value))
    }
    self.init(logProbabilities: values, byteCount: bytes)
  }
}

/// The scores of one record: one a text that was scored.
public struct Scores: WireRecord, Hashable {
  /// The record.
  public let id: RecordID
  /// One score a text, in order.
  public let scores: [Score]
  /// The optimizer step at which the training of the model diverged, if it did.
  public var divergedAt: Int? { scores.lazy.compactMap(\.divergedAt).first }

  /// Makes the scores of a record.
  public init(id: RecordID, scores: [Score]) {
    self.id = id
    self.scores = scores
  }

  /// The scores as JSON.
  public var json: JSONValue {
    .members(["id": .string(id.description), "scores": .array(scores.map(\.json))])
  }

  /// Reads the scores of a record.
  public init(json: JSONValue) throws(WireFault) {
    id = try RecordID(text: json.text("id"))
    var scores: [Score] = []
    for score in try json.list("scores") { scores.append(try Score(json: score)) }
    self.scores = scores
  }
}
