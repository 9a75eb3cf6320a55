// A claim with what the numbers say of it, as `table.json` keeps it.
// Knows nothing of how it is judged or printed.

public import JSON
public import Records
public import Statistics

/// A claim of a table that was judged.
public struct JudgedClaim: Hashable, Sendable {
  /// How the two numbers were compared.
  public enum Test: String, Hashable, Sendable {
    /// Welch's t test of the seeds' means: it speaks of methods.
    case welch
    /// Student's t test of the seeds' means against the one number before training: of methods, too.
    case oneSample = "one-sample"
    /// McNemar's exact test over records, with Tango's interval: it speaks of these training runs.
    case mcNemar = "mcnemar"
    /// A t test of what each record adds to the difference, with the interval of a paired bootstrap: of these runs, too.
    case paired
  }

  /// What the comparison found.
  public struct Evidence: Hashable, Sendable {
    /// How it was made.
    public let test: Test
    /// The difference, left minus right, with its interval of 95%, its own p-value, and what the sample could have shown.
    public let estimate: Estimate
    /// The p-value after Holm's correction over all claims of the table that could be tested.
    public let adjusted: Double
    /// How many records were paired; of a test over seeds, how many each seed of the left number measured.
    public let records: Int
    /// How many seeds the left and the right number have.
    public let seeds: [Int]
    /// On how many records only the right number's side was right (`onlyFirst`), and only the left one's (`onlySecond`);
    /// nil for other tests than McNemar's.
    public let disagreement: Disagreement?

    /// Whether it speaks of methods, for which seeds are a sample; else of the training runs at hand.
    public var isOfMethods: Bool { test == .welch || test == .oneSample }
  }

  /// Its name.
  public let name: String
  /// What it says, as written.
  public let says: String
  /// Whether a run fails when it does not hold.
  public let isRequired: Bool
  /// What is said of it.
  public let verdict: Verdict
  /// Why it is undecided; nil otherwise.
  public let why: String?
  /// The kind of the eval that both numbers are of; nil if there is no number.
  public let kind: String?
  /// The left and the right number; nil where there is none.
  public let sides: [Double?]
  /// What the comparison found; nil if none could be made.
  public let evidence: Evidence?

  /// The same claim under another name, as where claims of several tables stand together.
  public func named(_ name: String) -> JudgedClaim {
    JudgedClaim(
      name: name, says: says, isRequired: isRequired, verdict: verdict, why: why, kind: kind, sides: sides,
      evidence: evidence)
  }

  /// Whether a run fails for it: a required claim must hold, and one that nobody could decide does not.
  public var isFailure: Bool { isRequired && verdict != .holds }
}

extension JudgedClaim {
  /// The claim as JSON; numbers that could not be had are left out.
  public var json: JSONValue {
    var object = JSONObject([
      JSONMember("name", .string(name)), JSONMember("holds", .string(says)), JSONMember("required", .bool(isRequired)),
      JSONMember("verdict", .string(verdict.rawValue)),
    ])
    if let why { object["why"] = .string(why) }
    if let kind { object["kind"] = .string(kind) }
    for (name, side) in zip(["left", "right"], sides) { object[name] = side.map { .number($0) } ?? .null }
    guard let evidence else { return .object(object) }
    let estimate = evidence.estimate
    object["test"] = .string(evidence.test.rawValue)
    object["speaks-of"] = .string(evidence.scope)
    object["difference"] = .number(estimate.difference)
    object["interval"] = .array([.number(estimate.low), .number(estimate.high)])
    object["p"] = .number(estimate.p)
    object["p-holm"] = .number(evidence.adjusted)
    object["detectable"] = .number(estimate.detectable)
    object["records"] = .integer(Int64(evidence.records))
    object["seeds"] = .array(evidence.seeds.map { .integer(Int64($0)) })
    if let counts = evidence.disagreement {
      object["only-left"] = .integer(Int64(counts.onlySecond))
      object["only-right"] = .integer(Int64(counts.onlyFirst))
    }
    return .object(object)
  }

  /// Reads a claim of a table.
  ///
  /// - Throws: ``WireFault`` if a part is missing.
  public init(json: JSONValue) throws(WireFault) {
    name = try json.text("name")
    says = try json.text("holds")
    guard let isRequired = json["required"]?.boolValue else { throw WireFault(member: "required") }
    self.isRequired = isRequired
    guard let verdict = Verdict(rawValue: try json.text("verdict")) else { throw WireFault(member: "verdict") }
    self.verdict = verdict
    why = json["why"]?.stringValue
    kind = json["kind"]?.stringValue
    sides = ["left", "right"].map { json[$0]?.doubleValue }
    evidence = json["test"] == nil ? nil : try Evidence(json: json)
  }
}

extension JudgedClaim.Evidence {
  /// What the comparison speaks of, in words.
  var scope: String {
    if isOfMethods { return "methods" }
    return seeds.allSatisfy { $0 == 1 } ? "this training run" : "these training runs"
  }

  fileprivate init(json: JSONValue) throws(WireFault) {
    func number(_ name: String) throws(WireFault) -> Double {
      guard let number = json[name]?.doubleValue else { throw WireFault(member: name) }
      return number
    }
    guard let test = JudgedClaim.Test(rawValue: try json.text("test")) else { throw WireFault(member: "test") }
    self.test = test
    let interval = try json.list("interval").compactMap(\.doubleValue)
    guard interval.count == 2 else { throw WireFault(member: "interval") }
    estimate = Estimate(
      difference: try number("difference"), low: interval[0], high: interval[1], p: try number("p"),
      detectable: try number("detectable"))
    adjusted = try number("p-holm")
    guard let records = json["records"]?.integerValue else { throw WireFault(member: "records") }
    self.records = records
    seeds = try json.list("seeds").compactMap(\.integerValue)
    if let left = json["only-left"]?.integerValue, let right = json["only-right"]?.integerValue {
      disagreement = Disagreement(onlyFirst: right, onlySecond: left)
    } else {
      disagreement = nil
    }
  }
}
