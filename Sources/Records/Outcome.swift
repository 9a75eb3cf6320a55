// What an eval says of one record. Refusals and failures to parse are outcomes with a reason, never absences.

public import JSON

/// One measured outcome.
public struct Outcome: Hashable, Sendable {
  /// A closed word for what happened, such as `right`, `wrong`, `unparsed`, `scored`.
  public let kind: String
  /// What the eval averages: 1 or 0 for right or wrong, a sum for a ratio's numerator.
  public let value: Double
  /// The weight of the value in the mean: 1, or the tokens of a text.
  public let weight: Double
  /// Why, in words; empty if there is nothing to say.
  public let reason: String
  /// The optimizer step at which the training of the model diverged, where that is why; mostly nil.
  public let divergedAt: Int?

  /// Makes an outcome.
  public init(kind: String, value: Double, weight: Double = 1, reason: String = "") {
    self.kind = kind
    self.value = value
    self.weight = weight
    self.reason = reason
    divergedAt = nil
  }

  /// The outcome `diverged`, of value 0: the training of the model that was asked diverged.
  ///
  /// - Parameters:
  ///   - step: The optimizer step, counted from 1.
  ///   - weight: 1 where nothing right is worth 0; 0 where there is nothing that a number could be the mean of.
  public init(divergedAt step: Int, weight: Double) {
    kind = "diverged"
    value = 0
    self.weight = weight
    reason = Divergence.sentence(step)
    divergedAt = step
  }

  /// The outcome as JSON.
  public var json: JSONValue {
    var object = JSONObject([
      JSONMember("kind", .string(kind)), JSONMember("value", .number(value)), JSONMember("weight", .number(weight)),
    ])
    if !reason.isEmpty { object["reason"] = .string(reason) }
    if let divergedAt { object["diverged-at"] = .integer(Int64(divergedAt)) }
    return .object(object)
  }

  /// Reads an outcome.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    guard let value = json["value"]?.doubleValue else { throw WireFault(member: "value") }
    guard let weight = json["weight"]?.doubleValue else { throw WireFault(member: "weight") }
    if let step = json["diverged-at"]?.integerValue {
      self.init(divergedAt: step, weight: weight)
      return
    }
    self.init(kind: try json.text("kind"), value: value, weight: weight, reason: json["reason"]?.stringValue ?? "")
  }
}

/// The outcomes of one record: one a sample.
public struct Outcomes: WireRecord, Hashable {
  /// The record.
  public let id: RecordID
  /// One outcome a sample, in order.
  public let outcomes: [Outcome]

  /// Makes the outcomes of a record.
  public init(id: RecordID, outcomes: [Outcome]) {
    self.id = id
    self.outcomes = outcomes
  }

  /// The outcomes as JSON.
  public var json: JSONValue {
    .members(["id": .string(id.description), "outcomes": .array(outcomes.map(\.json))])
  }

  /// Reads the outcomes of a record.
  public init(json: JSONValue) throws(WireFault) {
    id = try RecordID(text: json.text("id"))
    var outcomes: [Outcome] = []
    for outcome in try json.list("outcomes") { outcomes.append(try Outcome(json: outcome)) }
    self.outcomes = outcomes
  }
}
