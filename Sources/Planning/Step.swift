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
  /// Some records of a part.
  case take
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
  /// What one of several candidates made: the one that was chosen.
  case select
  /// Whether better responses score higher.
  case preference
  /// How far a model has moved from another.
  case drift
  /// What a reward model says of responses.
  case reward
  /// How often one model's responses beat another's.
  case winRate = "win-rate"
  /// How much the two responses of a pair differ.
  case pairs
  /// Log-ratios through a training.
  case trace
  /// Responses with the places of their errors.
  case mark
  /// How well a judgment tells errors.
  case detect
  /// An eval of a kind that measures more than records one by one.
  case evaluate
  /// The table of an experiment.
  case aggregate
}

/// The identity of a step within plans: everything that it is, inputs by identity instead of content.
public struct StepID: Hashable, Comparable, Sendable {
  /// The digest of kind, version, options and the inputs' identities.
  public let digest: Digest

  /// As a digest has it: every table of steps asks for it.
  public func _rawHashValue(seed: Int) -> Int { digest._rawHashValue(seed: seed) }

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
  /// The input whose step tells the records' identities in its output `identities`; nil if they follow from what the step
  /// reads.
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
///
/// Graphs, plans and runs hold the same steps: a value is a reference to what never changes.
public struct Step: Sendable {
  /// What a step is.
  private final class Body: Sendable {
    let id: StepID
    let label: String
    let work: StepWork
    let facts: StepWork.Facts
    let revision: Revision
    let inputs: [StepInput]
    let leaves: LeafPlaces
    /// The manifest's bytes without those of the inputs, which come before them.
    let fixed: [UInt8]

    init(_ work: StepWork, label: String, inputs: [StepInput], leaves: LeafPlaces, _ revisions: Revisions) {
      self.work = work
      self.label = label
      self.inputs = inputs
      self.leaves = leaves
      let (facts, options) = work.described
      self.facts = facts
      revision = revisions.of(facts)
      var writer = ManifestWriter(leaves: options.leaves.count + 2)
      writer.write("", "kind", "", .text(facts.kind.rawValue))
      writer.write(options, under: "options")
      writer.write("", "version", "", .integer(revision.version))
      fixed = writer.bytes
      id = StepID(digest: Self.identity(inputs, fixed))
    }

    /// The digest of what a step is, its inputs by their identities.
    private static func identity(_ inputs: [StepInput], _ fixed: [UInt8]) -> Digest {
      var writer = ManifestWriter(leaves: 2 * inputs.count)
      if Self.areApart(inputs) {
        for input in inputs {
          writer.write("inputs/", input.name, "/output", .text(input.source.output))
          writer.write("inputs/", input.name, "/step", .digest(input.source.step.digest))
        }
      } else {
        let leaves = inputs.flatMap { input -> [(String, ManifestValue)] in
          [
            ("inputs/\(input.name)/output", .text(input.source.output)),
            ("inputs/\(input.name)/step", .digest(input.source.step.digest)),
          ]
        }
        writer.write(Manifest(sorting: leaves))
      }
      return writer.digest(then: fixed)
    }

    /// Whether sorted names keep their order when `/` and a word are added: none goes on after another with `/` or a byte
    /// before it.
    private static func areApart(_ inputs: [StepInput]) -> Bool {
      zip(inputs, inputs.dropFirst()).allSatisfy { one, next in
        let rest = next.name.utf8.dropFirst(one.name.utf8.count)
        return !next.name.utf8.starts(with: one.name.utf8) || rest.first.map { $0 > UInt8(ascii: "/") } == true
      }
    }
  }

  private let body: Body
  /// What an experiment calls it, if another one that asked for it before calls it otherwise.
  private var otherLabel: String?
  /// The number of the candidate that it takes; nil while that is not known, and for a step that reads all of its inputs.
  public private(set) var chosen: Int?

  /// Who it is.
  public var id: StepID { body.id }
  /// What it is called in messages, such as `generate counting/heldout`.
  public var label: String { otherLabel ?? body.label }
  /// What is computed.
  public var work: StepWork { body.work }
  /// What it is computed from, sorted by the bytes of the names; of several candidates the chosen one alone, once it is known.
  public var inputs: [StepInput] {
    guard let chosen else { return body.inputs }
    return body.inputs.filter { candidate(in: $0).map { $0 == chosen } ?? true }
  }

  /// Where the options stand in YAML, by leaf of the manifest.
  public var places: [String: SourcePlace] { body.leaves.places }
  /// The places of those options that are written, by leaf of the manifest or the beginning that several have in common.
  public var writtenPlaces: [String: SourcePlace] { body.leaves.written }
  /// The place of the first of its options that is written; nil if none has a path.
  public var writtenPlace: SourcePlace? { body.leaves.firstWritten }

  /// Where all of its options stand.
  var leaves: LeafPlaces { body.leaves }

  /// Where one of the options stands.
  func place(of option: String) -> SourcePlace? { body.leaves.place(of: option) }

  /// Whether the spec says nothing of one of the options.
  func isUnwritten(_ option: String) -> Bool { body.leaves.isUnwritten(option) }

  /// The first of the options in a group that have a place.
  func firstOption(in group: String) -> String? { body.leaves.first(in: group) }

  /// Makes a step that is the same as every other of the same work whose inputs are the same.
  ///
  /// - Precondition: The inputs are sorted by the bytes of their names.
  init(_ work: StepWork, label: String, inputs: [StepInput], leaves: LeafPlaces, revisions: Revisions) {
    body = Body(work, label: label, inputs: inputs, leaves: leaves, revisions)
  }

  /// The same step by another name.
  func called(_ label: String) -> Step {
    var step = self
    step.otherLabel = label == body.label ? nil : label
    return step
  }

  /// What it is computed from, every candidate among it.
  var allInputs: [StepInput] { body.inputs }

  /// The same step, now that it is known which candidate it takes.
  func choosing(_ candidate: Int) -> Step {
    var step = self
    step.chosen = candidate
    return step
  }

  /// The output that says which candidate it takes; nil for a step that reads all of its inputs.
  public var choice: OutputReference? {
    guard kind == .select, obstacle == nil else { return nil }
    return body.inputs.first { $0.name == SelectWork.choice }?.source
  }

  /// Whether it is not known yet which of its candidates it takes.
  public var awaitsChoice: Bool { chosen == nil && choice != nil }

  /// The number of the candidate that an input holds, which is read only if it is chosen; nil of an input that always is.
  public func candidate(in input: StepInput) -> Int? {
    kind == .select ? SelectWork.candidate(in: input.name) : nil
  }

  /// The inputs that it certainly reads.
  public var certainInputs: [StepInput] {
    awaitsChoice ? body.inputs.filter { candidate(in: $0) == nil } : inputs
  }

  /// What it is but for its inputs, as the bytes of its manifest: steps that differ in it never have one key.
  var fixed: [UInt8] { body.fixed }

  /// The kind of its work.
  public var kind: StepKind { body.facts.kind }

  /// The version of its kind's implementation.
  public var version: Int { body.revision.version }

  /// The one output whose digest is known beforehand.
  public var foretold: (output: String, digest: Digest)? { body.facts.foretold }

  /// Why it cannot run.
  public var obstacle: Obstacle? { body.facts.obstacle }

  /// The key, once the inputs' contents are known: the digest of the manifest's bytes, without making the manifest.
  ///
  /// - Parameter contents: As for ``manifest(contents:)``.
  /// - Returns: The key.
  public func key(contents: [String: Digest]) -> Digest {
    key(of: inputs.compactMap { input in contents[input.name].map { (input.name, $0) } })
  }

  /// The key of the contents of some inputs, in the order of ``inputs``.
  func key(of contents: [(name: String, digest: Digest)]) -> Digest {
    var writer = ManifestWriter(leaves: 2 * contents.count)
    for content in contents { writer.write("inputs/", content.name, "", .digest(content.digest)) }
    return writer.digest(then: body.fixed)
  }

  private func inputs(_ contents: [String: Digest]) -> Manifest {
    Manifest(
      sorting: inputs.compactMap { input in
        contents[input.name].map { ("inputs/\(input.name)", .digest($0)) }
      })
  }

  /// The preimage of the key, once the inputs' contents are known.
  ///
  /// - Parameter contents: The digest of each input's content, by the input's name.
  /// - Returns: Kind, version, options and contents.
  public func manifest(contents: [String: Digest]) -> Manifest {
    var manifest = inputs(contents)
    manifest.set("kind", .text(kind.rawValue))
    manifest.set("options", work.options)
    manifest.set("version", .integer(version))
    return manifest
  }

  /// The earlier forms of the manifest under which a result would be as right, the likeliest first.
  ///
  /// - Parameter contents: As for ``manifest(contents:)``.
  /// - Returns: None for nearly every step.
  public func earlierManifests(contents: [String: Digest]) -> [Manifest] {
    if body.revision.aliases.isEmpty { return [] }
    let manifest = manifest(contents: contents)
    return body.revision.aliases.compactMap { $0.earlier(manifest) }
  }

  /// Tells whether a stored result may turn out to be this step's: it has the step's options and the inputs that are known.
  ///
  /// - Parameter contents: The digests of those inputs' contents that are known, by the inputs' names.
  /// - Returns: A test of the result's manifest, false only where the step's key will certainly be another.
  public func mayComeOutAs(knowing contents: [String: Digest]) -> (Manifest) -> Bool {
    let isLike = isLike(knowing: contents)
    return { isLike(self.today($0)) }
  }

  /// The same test of manifests in the words of today.
  func isLike(knowing contents: [String: Digest]) -> (Manifest) -> Bool {
    let (kind, version, options) = (ManifestValue.text(kind.rawValue), ManifestValue.integer(version), work.options)
    return { manifest in
      manifest["kind"] == kind && manifest["version"] == version
        && contents.allSatisfy { manifest["inputs/\($0.key)"] == .digest($0.value) } && manifest.options == options
    }
  }

  /// The form that an earlier result's manifest has today, if its result may be one of this step's kind of today.
  func today(_ manifest: Manifest) -> Manifest {
    body.revision.aliases.lazy.compactMap { $0.today(manifest, version: version) }.first ?? manifest
  }

  /// The preimages of the recipes under which single records' results are found: its own, under which new ones are kept,
  /// and then their earlier forms; none for a step that is not record-wise.
  public func recipes(contents: [String: Digest]) -> [Manifest] {
    guard let recipe = recipe(contents: contents) else { return [] }
    if body.revision.aliases.isEmpty { return [recipe] }
    let manifest = manifest(contents: contents)
    return [recipe] + body.revision.aliases.filter { $0.holds(manifest) }.map { $0.rewritten(recipe) }
  }

  /// The preimage of the recipe under which single records' results are kept; nil for a step that is not record-wise.
  public func recipe(contents: [String: Digest]) -> Manifest? {
    guard let recipe = work.recipe else { return nil }
    var manifest = Manifest()
    manifest.set("kind", .text(kind.rawValue))
    manifest.set("version", .integer(version))
    manifest.set("record", recipe.options)
    for name in recipe.inputs {
      if let content = contents[name] { manifest.set("inputs/\(name)", .digest(content)) }
    }
    return manifest
  }
}
