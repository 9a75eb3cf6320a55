// A table as `table.json` says it: numbers with the steps behind them. Read back for comparison.

public import Digests
public import JSON
public import Records
public import Specification

/// The numbers of a `table.json`.
public struct StoredTable: Sendable {
  /// One number with what stands behind it.
  public struct Number: Sendable {
    /// What it was computed from.
    public struct Source: Hashable, Sendable {
      /// The key of the step that gave the outcomes.
      public let step: Digest
      /// The outcomes' object.
      public let outcomes: Digest
    }

    /// The eval's name.
    public let eval: String
    /// The eval's kind.
    public let kind: String
    /// Its coordinates, axis by axis.
    public let place: [Measured.Coordinate]
    /// The mean over seeds; nil if nothing could be measured.
    public let mean: Double?
    /// The sample standard deviation over seeds, else the standard error over records; nil if there is neither.
    public let error: Double?
    /// How many records each seed measured.
    public let records: Int
    /// One value a seed.
    public let seeds: [Double]
    /// Whether a seed's training diverged.
    public let diverged: Bool
    /// One for each seed.
    public let sources: [Source]
    /// The number as tables lay it out; without inputs, which a table file does not name.
    public let measured: Measured

    /// Where it belongs, in words: `judge/DPO, round 2`; empty for the only cell.
    public var cell: String { Measured.cell(at: place) }

    /// Whether the number is a share, shown in percent.
    public var isShare: Bool { Measured.isShare(kind) }
  }

  /// The numbers, in the order of the table.
  public let numbers: [Number]
  /// The claims as they were judged; empty where the table has none, or was written before there were any.
  public let claims: [JudgedClaim]
  /// A paper's numbers; nil where the table has none.
  public let published: PublishedNumbers?

  /// Takes what was read.
  init(numbers: [Number], claims: [JudgedClaim] = [], published: PublishedNumbers? = nil) {
    self.numbers = numbers
    self.claims = claims
    self.published = published
  }

  /// The same numbers with their coordinates in the order of some axes, those of no such axis behind them.
  ///
  /// A `table.json` keeps its coordinates sorted by name, for its bytes must not depend on how a file was laid out.
  ///
  /// - Parameter axes: The axes in the order of their experiment.
  /// - Returns: The table.
  public func ordered(by axes: [String]) -> StoredTable {
    func rank(_ place: Measured.Coordinate) -> Int { axes.firstIndex(of: place.axis) ?? axes.count }
    let ordered = numbers.map { number in
      let ranked = number.place.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
      return number.placed(at: ranked.map(\.element))
    }
    return StoredTable(numbers: ordered, claims: claims, published: published)
  }

  /// Reads a table.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    var numbers: [Number] = []
    for cell in try json.list("cells") { numbers.append(try Number(json: cell)) }
    self.numbers = numbers
    var claims: [JudgedClaim] = []
    for claim in json["claims"]?.arrayValue ?? [] { claims.append(try JudgedClaim(json: claim)) }
    self.claims = claims
    published = try json["published"].map { json throws(WireFault) in try PublishedNumbers(json: json) }
  }
}

extension StoredTable.Number {
  /// The same number, its coordinates in another order.
  fileprivate func placed(at place: [Measured.Coordinate]) -> Self {
    Self(
      eval: eval, kind: kind, place: place, mean: mean, error: error, records: records, seeds: seeds,
      diverged: diverged, sources: sources, measured: measured.named(eval, at: place))
  }

  init(json: JSONValue) throws(WireFault) {
    eval = try json.text("eval")
    kind = try json.text("kind")
    // A table over several experiments has rows and columns in the place of coordinates.
    let members: [JSONMember]
    if let at = json["at"]?.objectValue {
      members = at.members
    } else {
      members = [
        JSONMember("row", .string(try json.text("row"))), JSONMember("column", .string(try json.text("column"))),
      ]
    }
    place = members.compactMap { member in member.value.stringValue.map { Measured.Coordinate(member.name, $0) } }
    var whole = json.objectValue ?? JSONObject()
    whole["at"] = .object(JSONObject(members))
    whole["axes"] = .array(members.map { .string($0.name) })
    whole["inputs"] = .array([])
    measured = try Measured(json: .object(whole))
    mean = json["mean"]?.doubleValue
    error = json["spread"]?.doubleValue ?? json["standard-error"]?.doubleValue
    guard let records = json["records"]?.integerValue else { throw WireFault(member: "records") }
    self.records = records
    seeds = (json["seeds"]?.arrayValue ?? []).compactMap(\.doubleValue)
    diverged = json["diverged-at"] != nil
    var sources: [Source] = []
    for step in try json.list("steps") {
      guard let key = Digest(hex: try step.text("key")) else { throw WireFault(member: "key") }
      guard let outcomes = Digest(hex: try step.text("outcomes")) else { throw WireFault(member: "outcomes") }
      sources.append(Source(step: key, outcomes: outcomes))
    }
    self.sources = sources
  }
}
