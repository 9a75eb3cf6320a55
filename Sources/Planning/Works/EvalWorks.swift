// Verify, choice, perplexity, aggregate: from responses and scores to outcomes and a table.

import Digests

public import Specification

/// Judges responses.
///
/// Inputs: `prompts`, `responses`. Output: `outcomes`.
public struct VerifyWork: Work, Hashable {
  static let kind = StepKind.verify
  static let version = 1
  /// The verifier.
  public let verifier: Verifier

  var options: Manifest {
    var options = Manifest()
    verifier.describe(into: &options)
    return options
  }

  var recipe: RecordRecipe? { RecordRecipe(options: options, inputs: [], samples: 1, identities: nil) }
}

extension Verifier {
  /// Its options, under `verifier`.
  func describe(into options: inout Manifest) {
    func set(_ name: String) { options.set("verifier", .text(name)) }
    /// Reasons that say where came later: outcomes and judgments with them are others.
    func saysWhere() { options.set("verifier/reasons", .integer(2)) }
    /// Reasons that are told against the nearest answer came later still.
    func saysNearest() { options.set("verifier/reasons", .integer(3)) }
    switch self {
    case .exact(let exact):
      set("exact")
      options.set("verifier/ignore", texts: exact.ignore.map(\.rawValue))
      saysWhere()
    case .choice:
      set("choice")
      saysWhere()
    case .number(let number):
      set("number")
      options.set("verifier/tolerance", .number(number.tolerance))
      options.set("verifier/words", .flag(number.words))
    case .sortedWords:
      set("sorted-words")
      saysNearest()
    case .multiset:
      set("multiset")
      saysNearest()
    case .regex(let regex):
      set("regex")
      options.set("verifier/pattern", .text(regex.pattern))
      saysWhere()
    case .contains(let exact):
      set("contains")
      options.set("verifier/ignore", texts: exact.ignore.map(\.rawValue))
      saysWhere()
    case .format(let format):
      set("format")
      saysWhere()
      format.describe(into: &options)
    }
  }
}

extension FormatConstraints {
  fileprivate func describe(into options: inout Manifest) {
    options.set("verifier/min-words", optional: minWords)
    options.set("verifier/max-words", optional: maxWords)
    options.set("verifier/max-lines", optional: maxLines)
    options.set("verifier/starts-with", optional: startsWith)
    options.set("verifier/ends-with", optional: endsWith)
    options.set("verifier/json", .flag(json))
    // These came later: where they are not asked for, they have no leaf, so that older keys stay.
    let lengths = [
      ("min-lines", minLines), ("min-characters", minCharacters), ("max-characters", maxCharacters),
    ]
    for case (let name, let length?) in lengths { options.set("verifier/\(name)", .integer(length)) }
    if let letterCase { options.set("verifier/case", .text(letterCase.rawValue)) }
    if !keywords.isEmpty { options.set("verifier/keywords", texts: keywords) }
    if !forbidden.isEmpty { options.set("verifier/forbidden", texts: forbidden) }
  }
}

/// Takes the likeliest option.
///
/// Inputs: `prompts`, `scores`. Output: `outcomes`.
public struct ChoiceWork: Work, Hashable {
  static let kind = StepKind.choice
  static let version = 1
  /// What an option's log-probability is divided by.
  public let normalize: ChoiceEval.Normalization
  /// What was scored after the prompt.
  public let continuation: ChoiceEval.Continuation

  var options: Manifest {
    var options = Manifest()
    options.set("normalize", .text(normalize.rawValue))
    if continuation != .text { options.set("continuation", .text(continuation.rawValue)) }
    return options
  }
}

/// Takes perplexities.
///
/// Input: `scores`. Output: `outcomes`.
public struct PerplexityWork: Work, Hashable {
  static let kind = StepKind.perplexity
  static let version = 1

  var options: Manifest { Manifest() }
}

/// Gathers outcomes into cells.
///
/// Inputs: `outcomes/<number>`, one a measurement. Output: `table`.
public struct AggregateWork: Work, Hashable {
  /// One measurement: an eval of a model in a cell.
  public struct Measurement: Hashable, Sendable {
    /// The eval's name.
    public let eval: String
    /// The eval's kind.
    public let evalKind: String
    /// Its coordinates: axis and value, in order; the built-in axes `dataset`, `round`, `seed`, `base` among them.
    public let coordinates: Named<String>
    /// The input that holds the outcomes.
    public let input: String
    /// The seed that it varies with, an only one too; nil where there is none, as of the model before training; in no key.
    public var seed: String?

    /// What measurements of one number have in common: the eval and the place, without the seed.
    public var group: [String] {
      [eval] + coordinates.entries.filter { $0.name != "seed" }.flatMap { [$0.name, $0.value] }
    }

    /// Whether another's ``group`` is the same, as far as that can be told at a look; most follow one of their own.
    func isBeside(_ other: Measurement) -> Bool {
      let (one, two) = (coordinates.entries, other.coordinates.entries)
      return eval == other.eval && one.count == two.count
        && zip(one, two).allSatisfy { $0.name == $1.name && ($0.name == "seed" || $0.value == $1.value) }
    }
  }

  static let kind = StepKind.aggregate
  static let version = 1
  /// What is gathered.
  public let measurements: [Measurement]

  var options: Manifest {
    var described: [(prefix: String, kind: String, group: Int, seed: Int)] = []
    described.reserveCapacity(measurements.count)
    // Names of evals, axes and arms are words of the report: what is pooled with what is all that a number depends on.
    var groups: [[String]: Int] = [:]
    var seeds: [[String: Int]] = []
    var last: (measurement: Measurement, group: Int)?
    for measurement in measurements {
      let prefix = "measurements/\(measurement.input)/"
      let group: Int
      if let last, last.measurement.isBeside(measurement) {
        group = last.group
      } else {
        let key = measurement.group
        group = groups[key] ?? groups.count
        if group == groups.count {
          groups[key] = group
          seeds.append([:])
        }
      }
      last = (measurement, group)
      let name = measurement.coordinates["seed"] ?? ""
      let seed = seeds[group][name, default: seeds[group].count]
      seeds[group][name] = seed
      described.append((prefix, measurement.evalKind, group, seed))
    }
    // In the order of the leaves, for there may be thousands.
    described.sort { ByteOrder.precedes($0.prefix, $1.prefix) }
    var options = Manifest()
    for one in described {
      options.set(one.prefix + "kind", .text(one.kind))
      options.set(one.prefix + "number", .integer(one.group))
      options.set(one.prefix + "seed", .integer(one.seed))
    }
    return options
  }
}

/// A step that this version can plan but not run; its options are the leaves of the spec that describe it.
public struct UnavailableWork: Work, Hashable {
  static let kind = StepKind.evaluate
  static let version = 0
  /// The kind that it will have.
  public let kind: StepKind
  /// What the step is called.
  public let name: String
  /// The spec's leaves.
  public let leaves: Named<String>
  /// Why it cannot run; several steps may have it in common, and it stands in no key.
  public let reason: Obstacle
  /// What a plan tells of its cost; in no key.
  public var cost: Cost?

  /// What a step that cannot run would cost.
  public enum Cost: Hashable, Sendable {
    /// A server's model, and what its tokens cost if the spec says so.
    case endpoint(model: String, prices: TokenPrices?)
    /// The tokens that a training reads, all epochs together, by what the spec expects; nil if it does not say enough.
    case training(tokens: Double?)
  }

  var options: Manifest {
    var options = Manifest()
    options.set("name", .text(name))
    for leaf in leaves.entries { options.set("spec/\(leaf.name)", .text(leaf.value)) }
    return options
  }

  var obstacle: Obstacle? { reason }
}
