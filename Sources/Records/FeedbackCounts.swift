// How much feedback there is and what became of the rest, in numbers.
// Knows the words of leftovers only as words.

public import JSON

/// The counts of items and of leftovers by kind.
public struct FeedbackCounts: Hashable, Sendable {
  /// How many leftovers are of a kind.
  public struct Kind: Hashable, Sendable {
    /// The kind, such as `already-right`.
    public let kind: String
    /// How many.
    public let count: Int
  }

  /// How many records, each of a prompt, there are.
  public let records: Int
  /// How many of them have an item.
  public let recordsWithItems: Int
  /// How many items there are.
  public let items: Int
  /// The leftovers, sorted by kind.
  public let leftovers: [Kind]
  /// How many records' prompts were cut to fit.
  public let cut: Int
  /// The tokens of the longest response with its prompt; nil where nobody counted tokens.
  public let longest: Int?

  /// Counts.
  ///
  /// - Parameters:
  ///   - records: The feedback.
  ///   - cut: How many of their prompts were cut.
  ///   - longest: The tokens of the longest response with its prompt, if they were counted.
  public init(_ records: [FeedbackRecord], cut: Int = 0, longest: Int? = nil) {
    self.longest = longest
    self.records = records.count
    recordsWithItems = records.count { !$0.items.isEmpty }
    items = records.reduce(0) { $0 + $1.items.count }
    var tally: [String: Int] = [:]
    for record in records { for leftover in record.leftovers { tally[leftover.kind, default: 0] += 1 } }
    leftovers = tally.keys.sorted().map { Kind(kind: $0, count: tally[$0, default: 0]) }
    self.cut = cut
  }

  /// How many leftovers are of a kind.
  public subscript(kind: String) -> Int { leftovers.first { $0.kind == kind }?.count ?? 0 }

  /// The counts in words, such as `12 items from 9 of 11 prompts; left over: 3 already-right, 1 too-long`.
  public var sentence: String {
    let rest = leftovers.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    return (items == 1 ? "1 item" : "\(items) items") + " from \(recordsWithItems) of \(records) prompts"
      + (cut > 0 ? ", \(cut) of them cut" : "") + (rest.isEmpty ? "" : "; left over: \(rest)")
  }

  /// The counts as JSON: `records`, `records-with-items`, `items`, `leftovers` by kind, `cut` if there are any, and
  /// `longest-tokens` if tokens were counted.
  public var json: JSONValue {
    let kinds = leftovers.map { JSONMember($0.kind, .integer(Int64($0.count))) }
    var object = JSONObject([
      JSONMember("records", .integer(Int64(records))),
      JSONMember("records-with-items", .integer(Int64(recordsWithItems))),
      JSONMember("items", .integer(Int64(items))), JSONMember("leftovers", .object(JSONObject(kinds))),
    ])
    if cut > 0 { object["cut"] = .integer(Int64(cut)) }
    if let longest { object["longest-tokens"] = .integer(Int64(longest)) }
    return .object(object)
  }

  /// Reads counts.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    guard let records = json["records"]?.integerValue else { throw WireFault(member: "records") }
    guard let used = json["records-with-items"]?.integerValue else { throw WireFault(member: "records-with-items") }
    self.records = records
    recordsWithItems = used
    guard let items = json["items"]?.integerValue else { throw WireFault(member: "items") }
    guard let leftovers = json["leftovers"]?.objectValue else { throw WireFault(member: "leftovers") }
    self.items = items
    var kinds: [Kind] = []
    for member in leftovers.members {
      guard let count = member.value.integerValue else { throw WireFault(member: "leftovers") }
      kinds.append(Kind(kind: member.name, count: count))
    }
    self.leftovers = kinds.sorted { $0.kind < $1.kind }
    cut = json["cut"]?.integerValue ?? 0
    longest = json["longest-tokens"]?.integerValue
  }

  /// Reads counts from the bytes of a file.
  ///
  /// - Throws: `JSONError` for bytes that are no JSON, ``WireFault`` if a part is missing.
  public init(reading bytes: [UInt8]) throws { try self.init(json: JSONValue(parsing: bytes)) }
}
