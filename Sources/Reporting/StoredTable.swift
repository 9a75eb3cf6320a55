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
    public var eval: String { measured.eval }
    /// The eval's kind.
    public var kind: String { measured.kind }
    /// Its coordinates, axis by axis.
    public var place: [Measured.Coordinate] { measured.coordinates }
    /// The mean over seeds; nil if nothing could be measured.
    public var mean: Double? { measured.mean }
    /// The sample standard deviation over seeds, else the standard error over records; nil if there is neither.
    public var error: Double? { measured.spread ?? measured.standardError }
    /// How many records each seed measured.
    public var records: Int { measured.records }
    /// One value a seed.
    public var seeds: [Double] { measured.seeds }
    /// Whether a seed's training diverged.
    public var diverged: Bool { !measured.divergedAt.isEmpty }
    /// One for each seed.
    public let sources: [Source]
    /// What each of its seeds is called; empty where nobody says.
    let seedNames: [String]
    /// The number as tables lay it out; of a table file without inputs, which it does not name.
    public let measured: Measured

    /// Whether it is of the model before training, which a table over several experiments does not say by its place.
    let isBase: Bool

    /// Takes a number with what it was computed from.
    init(_ measured: Measured, sources: [Source], seedNames: [String] = [], isBase: Bool = false) {
      (self.measured, self.sources, self.seedNames) = (measured, sources, seedNames)
      self.isBase = isBase || measured.isBase
    }

    /// Where it belongs, in words: `judge/DPO, round 2`; empty for the only cell.
    public var cell: String { Measured.cell(at: place) }

    /// Whether its seeds can be told apart.
    public var namesSeeds: Bool { !seedNames.isEmpty }

    /// The same at another place.
    public func moved(to measured: Measured) -> Self {
      Self(measured, sources: sources, seedNames: seedNames, isBase: isBase)
    }

    /// Whether the number is a share, shown in percent.
    public var isShare: Bool { Measured.isShare(kind) }
  }

  /// The numbers, in the order of the table.
  public let numbers: [Number]
  /// The claims as they were judged; empty where the table has none, or was written before there were any.
  public let claims: [JudgedClaim]
  /// What must be known beside the numbers, and which of them it concerns.
  public let notes: [TableNote]
  /// A paper's numbers; nil where the table has none.
  public let published: PublishedNumbers?
  /// Numbers of an experiment that has not come to its end, or not in all cells, that are not there.
  public let missing: [Measured]

  /// Whether it is a table over several experiments, where a column's name is the number's, too.
  public var isOfSeveral: Bool {
    numbers.allSatisfy { $0.place.map(\.axis) == ["row", "column"] && $0.place.last?.value == $0.eval }
  }

  /// Takes numbers, and places of those that are not there, with nothing beside them.
  init(numbers: [Number], missing: [Measured] = []) {
    (self.numbers, claims, notes, published, self.missing) = (numbers, [], [], nil, missing)
  }

  /// The numbers that came of these steps alone; places of the others are missing.
  public func made(of steps: Set<Digest>) -> StoredTable {
    func isMade(_ number: Number) -> Bool { number.sources.allSatisfy { steps.contains($0.step) } }
    return StoredTable(
      numbers: numbers.filter(isMade), missing: numbers.filter { !isMade($0) }.map(\.measured) + missing)
  }

  /// One cell's numbers at no place, to be held against those of another cell.
  ///
  /// Of the model before training, as an arm has it, those too that are the same for all arms.
  public func alone(cell: String) -> StoredTable {
    let own = numbers.filter { $0.cell == cell }
    let places = own.filter(\.measured.isBase).map(\.place)
    let general = numbers.filter { number in
      number.measured.isBase && !own.contains { $0.eval == number.eval }
        && places.contains { place in number.place.allSatisfy(place.contains) }
    }
    return StoredTable(
      numbers: (own + general).map { number in
        Number(number.measured.named(number.eval, at: []), sources: number.sources, isBase: number.isBase)
      }, missing: missing.filter { $0.cell == cell }.map { $0.named($0.eval, at: []) })
  }

  /// Reads a table.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    var numbers: [Number] = []
    // Earlier versions kept no order of the axes.
    let axes = (json["axes"]?.arrayValue ?? []).compactMap(\.stringValue)
    for cell in try json.list("cells") { numbers.append(try Number(json: cell, axes: axes)) }
    self.numbers = numbers
    var claims: [JudgedClaim] = []
    for claim in json["claims"]?.arrayValue ?? [] { claims.append(try JudgedClaim(json: claim)) }
    self.claims = claims
    let cells = numbers.map(\.measured)
    var notes: [TableNote] = []
    for note in json["notes"]?.arrayValue ?? [] { notes.append(try TableNote(json: note, among: cells)) }
    self.notes = notes
    published = try json["published"].map { json throws(WireFault) in try PublishedNumbers(json: json) }
    var missing: [Measured] = []
    for place in json["missing"]?.arrayValue ?? [] { missing.append(try Measured(json: place)) }
    self.missing = missing
  }
}

extension StoredTable.Number {
  init(json: JSONValue, axes: [String]) throws(WireFault) {
    // A table over several experiments has rows and columns in the place of coordinates.
    let members: [JSONMember]
    if let at = json["at"]?.objectValue {
      let known = axes.compactMap { axis in at.members.first { $0.name == axis } }
      members = known + at.members.filter { member in !axes.contains(member.name) }
    } else {
      guard let row = json["row"], let column = json["column"] else { throw WireFault(member: "at") }
      members = [JSONMember("row", row), JSONMember("column", column)]
    }
    var whole = json.objectValue ?? JSONObject()
    whole["at"] = .object(JSONObject(members))
    whole["axes"] = .array(members.map { .string($0.name) })
    whole["inputs"] = .array([])
    let measured = try Measured(json: .object(whole))
    var sources: [Source] = []
    for step in try json.list("steps") {
      guard let key = Digest(hex: try step.text("key")) else { throw WireFault(member: "key") }
      guard let outcomes = Digest(hex: try step.text("outcomes")) else { throw WireFault(member: "outcomes") }
      sources.append(Source(step: key, outcomes: outcomes))
    }
    self.init(
      measured, sources: sources, seedNames: (json["seed-names"]?.arrayValue ?? []).compactMap(\.stringValue),
      isBase: json["base"]?.boolValue ?? false)
  }
}
