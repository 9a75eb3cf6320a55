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
  /// How many of their prompts are different; less than ``records`` where data repeats itself.
  public let distinctPrompts: Int
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

  /// How many responses a verifier gave which verdict, sorted by verdict; empty where none was asked.
  public let verdicts: [Kind]

  /// Counts.
  ///
  /// - Parameters:
  ///   - records: The feedback.
  ///   - cut: How many of their prompts were cut.
  ///   - longest: The tokens of the longest response with its prompt, if they were counted.
  ///   - verdicts: What a verifier said of the responses that came in.
  public init(_ records: [FeedbackRecord], cut: Int = 0, longest: Int? = nil, verdicts: [String] = []) {
    self.longest = longest
    self.records = records.count
    distinctPrompts = Set(records.map(\.turns)).count
    recordsWithItems = records.count { !$0.items.isEmpty }
    items = records.reduce(0) { $0 + $1.items.count }
    leftovers = Self.tally(records.flatMap { $0.leftovers.map(\.kind) })
    self.verdicts = Self.tally(verdicts)
    self.cut = cut
  }

  private static func tally(_ words: [String]) -> [Kind] {
    let counts = words.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    return counts.keys.sorted().map { Kind(kind: $0, count: counts[$0, default: 0]) }
  }

  /// How many leftovers are of a kind.
  public subscript(kind: String) -> Int { leftovers.first { $0.kind == kind }?.count ?? 0 }

  /// The counts in words, such as `12 items from 9 of 11 prompts; left over: 3 already-right, 1 too-long`.
  public var sentence: String { sentence(after: []) }

  /// The counts in words, without what the stages before had left over already.
  ///
  /// - Parameter before: The counts of the stages whose feedback came in; none to tell of all.
  /// - Returns: Words without a full stop.
  public func sentence(after before: [FeedbackCounts]) -> String {
    let rest = leftovers.map { kind in
      Kind(kind: kind.kind, count: kind.count - before.reduce(0) { $0 + $1[kind.kind] })
    }.filter { $0.count > 0 }
    let judged = verdicts.reduce(0) { $0 + $1.count }
    let prompts =
      distinctPrompts == records
      ? "\(records) prompts"
      : "\(records) records of \(distinctPrompts) different prompt\(distinctPrompts == 1 ? "" : "s")"
    return (items == 1 ? "1 item" : "\(items) items") + " from \(recordsWithItems) of \(prompts)"
      + (cut > 0 ? ", \(cut) of them cut" : "") + (rest.isEmpty ? "" : "; left over: \(Self.list(rest))")
      + (judged > 0 ? "; verdicts on \(judged): \(Self.list(verdicts))" : "")
  }

  private static func list(_ kinds: [Kind]) -> String {
    kinds.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
  }

  /// The counts as JSON: `records`, `records-with-items`, `items`, `leftovers` by kind, `distinct-prompts` if some prompts are
  /// equal, `cut` if there are any, `longest-tokens` if tokens were counted, and `verdicts` if there are any.
  public var json: JSONValue {
    let kinds = leftovers.map { JSONMember($0.kind, .integer(Int64($0.count))) }
    var object = JSONObject([
      JSONMember("records", .integer(Int64(records))),
      JSONMember("records-with-items", .integer(Int64(recordsWithItems))),
      JSONMember("items", .integer(Int64(items))), JSONMember("leftovers", .object(JSONObject(kinds))),
    ])
    if distinctPrompts != records { object["distinct-prompts"] = .integer(Int64(distinctPrompts)) }
    if cut > 0 { object["cut"] = .integer(Int64(cut)) }
    if let longest { object["longest-tokens"] = .integer(Int64(longest)) }
    if !verdicts.isEmpty {
      object["verdicts"] = .object(JSONObject(verdicts.map { JSONMember($0.kind, .integer(Int64($0.count))) }))
    }
    return .object(object)
  }

  /// Reads counts.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    guard let records = json["records"]?.integerValue else { throw WireFault(member: "records") }
    guard let used = json["records-with-items"]?.integerValue else { throw WireFault(member: "records-with-items") }
    self.records = records
    distinctPrompts = json["distinct-prompts"]?.integerValue ?? records
    recordsWithItems = used
    guard let items = json["items"]?.integerValue else { throw WireFault(member: "items") }
    guard let leftovers = json["leftovers"]?.objectValue else { throw WireFault(member: "leftovers") }
    self.items = items
    self.leftovers = try Self.kinds(leftovers, "leftovers")
    verdicts = try Self.kinds(json["verdicts"]?.objectValue ?? JSONObject(), "verdicts")
    cut = json["cut"]?.integerValue ?? 0
    longest = json["longest-tokens"]?.integerValue
  }

  private static func kinds(_ object: JSONObject, _ member: String) throws(WireFault) -> [Kind] {
    var kinds: [Kind] = []
    for entry in object.members {
      guard let count = entry.value.integerValue else { throw WireFault(member: member) }
      kinds.append(Kind(kind: entry.name, count: count))
    }
    return kinds.sorted { $0.kind < $1.kind }
  }

  /// Reads counts from the bytes of a file.
  ///
  /// - Throws: `JSONError` for bytes that are no JSON, ``WireFault`` if a part is missing.
  public init(reading bytes: [UInt8]) throws { try self.init(json: JSONValue(parsing: bytes)) }
}
