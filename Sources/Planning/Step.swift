// A step of a plan: what is computed, from what, with which options.
// Knows neither how a step is computed nor whether its result exists.

public import Diagnostics
public import Digests

/// What kinds of steps there are.
///
/// Raw values stand in keys and are never reused for something else.
public enum StepKind: String, Hashable, Sendable, CaseIterable {
  /// A file from outside.
  case fetch
  /// Records from files or from a built-in task.
  case ingest
  /// Records in named parts.
  case split
  /// Prompts from records.
  case render
  /// Responses that stand in the data.
  case recorded
  /// Responses from a model.
  case generate
  /// Log-probabilities of given texts.
  case score
  /// Responses judged by an exact verifier.
  case verify
  /// The option that a model finds most likely.
  case choice
  /// How well a model predicts texts.
  case perplexity
  /// Prompts that ask a model about responses.
  case ask
  /// Pairs, judgments or rankings from responses.
  case revise
  /// Examples: feedback of all data, what exceeds the length limit dropped or cut.
  case fit
  /// Responses to other prompts, for KTO's reference point.
  case partner
  /// An adapter or weights from examples.
  case train
  /// An adapter from outside, in the form in which results of trainings are kept.
  case adapt
  /// The best of several weights.
  case choose
  /// Whether better responses score higher.
  case preference
  /// How far a model has moved from another.
  case drift
  /// How much the two responses of a pair differ.
  case pairs
  /// Log-ratios through a training.
  case trace
  /// An eval of a kind that measures more than records one by one.
  case evaluate
  /// The table of an experiment.
  case aggregate
}

/// The identity of a step within plans: everything that it is, inputs by identity instead of content.
public struct StepID: Hashable, Comparable, Sendable {
  /// The digest of kind, version, options and the inputs' identities.
  public let digest: Digest

  /// Orders by digest.
  public static func < (left: StepID, right: StepID) -> Bool { left.digest < right.digest }
}

/// One named output of a step.
public struct OutputReference: Hashable, Sendable {
  /// The step that makes it.
  public let step: StepID
  /// Its name.
  public let output: String

  /// Refers to an output.
  public init(_ step: StepID, _ output: String) {
    self.step = step
    self.output = output
  }
}

/// A named input of a step.
public struct StepInput: Hashable, Sendable {
  /// What the step calls it.
  public let name: String
  /// Where it comes from.
  public let source: OutputReference

  /// Makes an input.
  public init(_ name: String, _ source: OutputReference) {
    self.name = name
    self.source = source
  }
}

/// How a record-wise step's results are kept record by record.
public struct RecordRecipe: Hashable, Sendable {
  /// The options that a single record's result depends on.
  public let options: Manifest
  /// The names of the inputs that a single record's result depends on, beside the record itself.
  public let inputs: [String]
  /// How many results each record has.
  public let samples: Int
  /// The input whose step tells the records' identities in its output `identities`; nil if a plan cannot know them.
  public let identities: String?

  /// Makes a recipe.
  public init(options: Manifest, inputs: [String], samples: Int, identities: String?) {
    self.options = options
    self.inputs = inputs
    self.samples = samples
    self.identities = identities
  }
}

/// A step of a plan.
public struct Step: Sendable {
  /// Who it is.
  public let id: StepID
  /// What it is called in messages, such as `generate counting/heldout`.
  public let label: String
  /// What is computed.
  public let work: StepWork
  /// What it is computed from, sorted by name.
  public let inputs: [StepInput]
  /// Where the options stand in YAML, by leaf of the manifest.
  public let places: [String: SourcePlace]
  /// The leaves of whose value the spec says nothing: defaults, whose place is that of what encloses them.
  public let unwritten: Set<String>

  /// The kind of its work.
  public var kind: StepKind { work.kind }

  /// The preimage of the key, once the inputs' contents are known.
  ///
  /// - Parameter contents: The digest of each input's content, by the input's name.
  /// - Returns: Kind, version, options and contents.
  public func manifest(contents: [String: Digest]) -> Manifest {
    var manifest = Manifest()
    manifest.set("kind", .text(kind.rawValue))
    manifest.set("version", .integer(work.version))
    manifest.set("options", work.options)
    for input in inputs {
      if let content = contents[input.name] { manifest.set("inputs/\(input.name)", .digest(content)) }
    }
    return manifest
  }

  /// The preimage of the recipe under which single records' results are kept; nil for a step that is not record-wise.
  public func recipe(contents: [String: Digest]) -> Manifest? {
    guard let recipe = work.recipe else { return nil }
    var manifest = Manifest()
    manifest.set("kind", .text(kind.rawValue))
    manifest.set("version", .integer(work.version))
    manifest.set("record", recipe.options)
    for name in recipe.inputs {
      if let content = contents[name] { manifest.set("inputs/\(name)", .digest(content)) }
    }
    return manifest
  }
}
