// A number of a table with what stands behind it, and how outcomes become one.
// Knows nothing of layouts; a table is a list of these.

public import JSON

/// One number: an eval at some coordinates, over all seeds.
public struct Measured: WireRecord, Hashable {
  /// An axis and the value on it.
  public struct Coordinate: Hashable, Sendable {
    /// The axis.
    public let axis: String
    /// The value.
    public let value: String

    /// Makes a coordinate.
    public init(_ axis: String, _ value: String) {
      self.axis = axis
      self.value = value
    }
  }

  /// How many outcomes were of a kind.
  public struct Count: Hashable, Sendable {
    /// The kind of outcome.
    public let kind: String
    /// How many.
    public let count: Int

    /// Makes a count.
    public init(kind: String, count: Int) {
      self.kind = kind
      self.count = count
    }
  }

  /// The eval's name.
  public let eval: String
  /// The eval's kind, such as `accuracy`.
  public let kind: String
  /// Where it belongs, without the seed.
  public let coordinates: [Coordinate]
  /// The mean over seeds; nil if no record could be measured.
  public let mean: Double?
  /// The sample standard deviation over seeds; nil for fewer than two.
  public let spread: Double?
  /// The standard error of the mean over records, from one seed's records; nil for fewer than two records.
  public let standardError: Double?
  /// How many records each seed measured.
  public let records: Int
  /// One value a seed, in the order of the seeds.
  public let seeds: [Double]
  /// The outcomes by kind, sorted by kind, over all seeds.
  public let counts: [Count]
  /// For each seed the optimizer step at which its training diverged, nil where it went well; empty if all went well.
  public let divergedAt: [Int?]
  /// The names of the inputs that it was made of.
  public let inputs: [String]

  /// The number as JSON.
  public var json: JSONValue {
    var object = JSONObject([
      JSONMember("eval", .string(eval)), JSONMember("kind", .string(kind)),
      JSONMember("at", .object(JSONObject(coordinates.map { JSONMember($0.axis, .string($0.value)) }))),
      JSONMember("axes", .array(coordinates.map { .string($0.axis) })),
      JSONMember("mean", mean.map { .number($0) } ?? .null),
      JSONMember("records", .integer(Int64(records))),
      JSONMember("seeds", .array(seeds.map { .number($0) })),
      JSONMember("counts", .object(JSONObject(counts.map { JSONMember($0.kind, .integer(Int64($0.count))) }))),
      JSONMember("inputs", .array(inputs.map { .string($0) })),
    ])
    if !divergedAt.isEmpty {
      object["diverged-at"] = .array(divergedAt.map { $0.map { .integer(Int64($0)) } ?? .null })
    }
    if let spread { object["spread"] = .number(spread) }
    if let standardError { object["standard-error"] = .number(standardError) }
    return .object(object)
  }

  /// The same number under another name at another place: names are words of a report, not of a stored number.
  public func named(_ eval: String, at coordinates: [Coordinate]) -> Measured {
    Measured(
      eval: eval, kind: kind, coordinates: coordinates, mean: mean, spread: spread, standardError: standardError,
      records: records, seeds: seeds, counts: counts, divergedAt: divergedAt, inputs: inputs)
  }

  /// The number as the steps of tables store it: a perplexity without its error over records, which is made again from these.
  ///
  /// Stored tables had none from the first; with one, each would have to be made anew under another key.
  public var stored: Measured { kind == "perplexity" ? with(standardError: nil) : self }

  /// The same number with the error that ``stored`` left out.
  ///
  /// - Parameter first: The outcomes of its first seed.
  /// - Returns: The number; any other kind's as it is.
  public func restored(over first: [Outcomes]) -> Measured {
    guard kind == "perplexity", standardError == nil else { return self }
    return with(standardError: Self.standardErrorOfPerplexity(over: first))
  }

  private func with(standardError: Double?) -> Measured {
    Measured(
      eval: eval, kind: kind, coordinates: coordinates, mean: mean, spread: spread, standardError: standardError,
      records: records, seeds: seeds, counts: counts, divergedAt: divergedAt, inputs: inputs)
  }

  /// The number of one of its seeds, of which only the value is known.
  public func ofSeed(_ index: Int, at coordinates: [Coordinate]) -> Measured {
    let divergence = divergedAt.indices.contains(index) ? divergedAt[index] : nil
    // Values are those of seeds that have one; where some have none nobody says whose they are.
    let isWhole = divergedAt.isEmpty || seeds.count == divergedAt.count
    let value = isWhole && divergence == nil && seeds.indices.contains(index) ? seeds[index] : nil
    return Measured(
      eval: eval, kind: kind, coordinates: coordinates, mean: value, spread: nil, standardError: nil,
      records: records, seeds: value.map { [$0] } ?? [], counts: [],
      divergedAt: divergence == nil ? [] : [divergence], inputs: [])
  }

  private init(
    eval: String, kind: String, coordinates: [Coordinate], mean: Double?, spread: Double?, standardError: Double?,
    records: Int, seeds: [Double], counts: [Count], divergedAt: [Int?], inputs: [String]
  ) {
    self.eval = eval
    self.kind = kind
    self.coordinates = coordinates
    self.mean = mean
    self.spread = spread
    self.standardError = standardError
    self.records = records
    self.seeds = seeds
    self.counts = counts
    self.divergedAt = divergedAt
    self.inputs = inputs
  }

  /// The number without what was measured: its name and where it belongs.
  public var place: JSONValue {
    Measured(eval: eval, kind: kind, coordinates: coordinates, inputs: [], seeds: []).json
  }

  /// Reads a number.
  public init(json: JSONValue) throws(WireFault) {
    eval = try json.text("eval")
    kind = try json.text("kind")
    var coordinates: [Coordinate] = []
    for axis in try json.texts("axes") {
      guard let value = json["at"]?[axis]?.stringValue else { throw WireFault(member: "at") }
      coordinates.append(Coordinate(axis, value))
    }
    self.coordinates = coordinates
    mean = json["mean"]?.doubleValue
    spread = json["spread"]?.doubleValue
    standardError = json["standard-error"]?.doubleValue
    guard let records = json["records"]?.integerValue else { throw WireFault(member: "records") }
    self.records = records
    seeds = (json["seeds"]?.arrayValue ?? []).compactMap(\.doubleValue)
    counts = (json["counts"]?.objectValue?.members ?? []).compactMap { member in
      member.value.integerValue.map { Count(kind: member.name, count: $0) }
    }
    divergedAt = (json["diverged-at"]?.arrayValue ?? []).map(\.integerValue)
    inputs = try json.texts("inputs")
  }

  /// Measures outcomes.
  ///
  /// The value of a record is the weighted mean of its samples; the value of a seed is the weighted mean over records,
  /// or for `perplexity` its exponential; the number is the mean over seeds. Of `error-detection` the mean over records is
  /// the area under a curve. Both have standard errors of their own.
  ///
  /// - Parameters:
  ///   - eval: The eval's name.
  ///   - kind: The eval's kind.
  ///   - coordinates: Where the number belongs, without the seed.
  ///   - inputs: The names of the inputs that it is made of.
  ///   - outcomes: The outcomes of each seed, in the order of the seeds.
  public init(eval: String, kind: String, coordinates: [Coordinate], inputs: [String], seeds outcomes: [[Outcomes]]) {
    self.eval = eval
    self.kind = kind
    self.coordinates = coordinates
    self.inputs = inputs
    let values = outcomes.map { Self.mean(of: $0) }
    let seeds = values.compactMap { $0 }.map { Self.value(ofMean: $0, kind: kind) }
    self.seeds = seeds
    let complete = !seeds.isEmpty && seeds.count == outcomes.count
    mean = complete ? seeds.reduce(0, +) / Double(seeds.count) : nil
    spread = complete && seeds.count > 1 ? Self.deviation(seeds) : nil
    records = outcomes.first?.count ?? 0
    standardError = outcomes.first.flatMap { Self.standardError(of: $0, kind: kind) }
    var tally: [String: Int] = [:]
    for record in outcomes.joined() { for outcome in record.outcomes { tally[outcome.kind, default: 0] += 1 } }
    counts = tally.keys.sorted().map { Count(kind: $0, count: tally[$0, default: 0]) }
    let steps = outcomes.map { $0.lazy.flatMap(\.outcomes).compactMap(\.divergedAt).first }
    divergedAt = steps.contains { $0 != nil } ? steps : []
  }

  /// The number of an eval of a kind, of the mean over records.
  public static func value(ofMean mean: Double, kind: String) -> Double {
    kind == "perplexity" ? exponential(mean) : mean
  }

  static func mean(of records: [Outcomes]) -> Double? {
    var sum = 0.0
    var weight = 0.0
    for record in records {
      let samples = Double(record.outcomes.count)
      for outcome in record.outcomes {
        sum += outcome.value * outcome.weight / samples
        weight += outcome.weight / samples
      }
    }
    return weight > 0 ? sum / weight : nil
  }

  private static func standardError(of records: [Outcomes], kind: String) -> Double? {
    if kind == "perplexity" { return standardErrorOfPerplexity(over: records) }
    if kind == "error-detection" {
      return mean(of: records).flatMap { AreaUnderCurve.standardError(of: records, around: $0) }
    }
    let values = records.compactMap { record in mean(of: [record]) }
    return values.count > 1 ? deviation(values) / Double(values.count).squareRoot() : nil
  }

  /// The standard error of e^μ, by the delta method.
  ///
  /// With μ = Σ S_r / Σ W_r over R records, each of the sum S_r and the weight W_r, and W = Σ W_r:
  ///
  /// ```
  /// SE² = (e^μ)² R/(R - 1) Σ_r ((S_r - μ W_r)/W)²
  /// ```
  ///
  /// - Returns: Nil for fewer than two records with a weight.
  private static func standardErrorOfPerplexity(over records: [Outcomes]) -> Double? {
    let parts = records.compactMap { record -> (sum: Double, weight: Double)? in
      let samples = Double(record.outcomes.count)
      let weight = record.outcomes.reduce(0) { $0 + $1.weight / samples }
      return weight > 0 ? (record.outcomes.reduce(0) { $0 + $1.value * $1.weight / samples }, weight) : nil
    }
    guard parts.count > 1, let mean = mean(of: records) else { return nil }
    let weight = parts.reduce(0) { $0 + $1.weight }
    let squares = parts.reduce(0) { sum, part in
      let influence = (part.sum - mean * part.weight) / weight
      return sum + influence * influence
    }
    return exponential(mean) * (squares * Double(parts.count) / Double(parts.count - 1)).squareRoot()
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// e to the power x from basic operations alone: the same bits on every host, unlike a C library's.
  ///
  /// x = k·ln 2 + r with |r| ≤ ln 2 / 2; e^r by its Taylor series, whose 20th term is below 1e-25; 2^k exactly.
  static func exponential(_ x: Double) -> Double {
    guard x.isFinite, x.magnitude < 700 else { return x < 0 ? 0 : .infinity }
    let k = (x * 1.4426950408889634).rounded()
    let r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10
    var term = 1.0
    var sum = 1.0
    for n in 1...20 {
      term *= r / Double(n)
      sum += term
    }
    return sum * Double(sign: .plus, exponent: Int(k), significand: 1)
  }
}
