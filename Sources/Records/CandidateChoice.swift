// What a choice among candidates came to: the output `choice` of the step that made it.
// Knows neither what the candidates are nor how they were measured.

public import JSON

/// The candidate that was chosen, and what all of them measured.
public struct CandidateChoice: WireRecord, Hashable {
  /// The candidate's number, counted from 0.
  public let chosen: Int
  /// Each candidate's mean over records, weighted as the number of an eval is; nil for one whose training had diverged.
  public let means: [Double?]

  /// Makes a choice.
  public init(chosen: Int, means: [Double?]) {
    self.chosen = chosen
    self.means = means
  }

  /// The choice as JSON.
  public var json: JSONValue {
    .members(["chosen": .integer(Int64(chosen)), "means": .array(means.map { $0.map { .number($0) } ?? .null })])
  }

  /// Reads a choice.
  public init(json: JSONValue) throws(WireFault) {
    guard let means = json["means"]?.arrayValue else { throw WireFault(member: "means") }
    guard let chosen = json["chosen"]?.integerValue, means.indices.contains(chosen) else {
      throw WireFault(member: "chosen")
    }
    self.init(chosen: chosen, means: means.map(\.doubleValue))
  }

  /// Reads the bytes of an output `choice`; nil if they are none.
  public init?(bytes: [UInt8]) {
    guard let json = try? JSONValue(parsing: bytes), let choice = try? CandidateChoice(json: json) else { return nil }
    self = choice
  }
}
