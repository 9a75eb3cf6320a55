// Where the errors of a response stand, as characters: what a detector of errors is held against.
// Knows nothing of who found them.

public import JSON

/// The places of a response's errors.
public struct ErrorSpans: WireRecord, Hashable {
  /// The record that the response belongs to.
  public let id: RecordID
  /// Where the errors stand: ranges of the response's Unicode scalars, none of them empty; none for no error.
  public let spans: [Range<Int>]

  /// Makes the places of a response's errors.
  public init(id: RecordID, spans: [Range<Int>]) {
    self.id = id
    self.spans = spans
  }

  /// The places as JSON: a list of beginnings and ends.
  public var json: JSONValue {
    .members([
      "id": .string(id.description),
      "spans": .array(
        spans.map { .array([.integer(Int64($0.lowerBound)), .integer(Int64($0.upperBound))]) }),
    ])
  }

  /// Reads places.
  public init(json: JSONValue) throws(WireFault) {
    id = try RecordID(text: json.text("id"))
    var spans: [Range<Int>] = []
    for span in try json.list("spans") {
      let borders = (span.arrayValue ?? []).compactMap(\.integerValue)
      guard borders.count == 2, borders[0] >= 0, borders[0] < borders[1] else { throw WireFault(member: "spans") }
      spans.append(borders[0]..<borders[1])
    }
    self.spans = spans
  }
}
