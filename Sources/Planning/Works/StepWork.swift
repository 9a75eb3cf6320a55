// What a step computes, as a closed set. Each kind's options are described once, in its own file.
// Knows nothing of how the work is done.

public import Digests

/// The work of one kind of step: its options, and what a plan can know of its result beforehand.
protocol Work: Sendable {
  /// The kind.
  static var kind: StepKind { get }
  /// The version of the kind's implementation; raised when the same options give other bytes.
  static var version: Int { get }
  /// Earlier forms of the kind's manifests whose results are still right.
  static var aliases: [ManifestAlias] { get }
  /// The exact options: everything but the inputs that can change the result.
  var options: Manifest { get }
  /// How single records' results are kept; nil for a step that is not record-wise.
  var recipe: RecordRecipe? { get }
  /// The one output whose digest is known beforehand.
  var foretold: (output: String, digest: Digest)? { get }
  /// Why it cannot run.
  var obstacle: Obstacle? { get }
}

extension Work {
  static var aliases: [ManifestAlias] { [] }
  var recipe: RecordRecipe? { nil }
  var foretold: (output: String, digest: Digest)? { nil }
  var obstacle: Obstacle? { nil }
}

/// What a step computes.
public enum StepWork: Hashable, Sendable {
  /// A file from outside.
  case fetch(FetchWork)
  /// Records from files or from a built-in task.
  case ingest(IngestWork)
  /// Records in named parts.
  case split(SplitWork)
  /// Takes some records of a part.
  case take(TakeWork)
  /// Prompts from records.
  case render(RenderWork)
  /// Responses that stand in the data.
  case recorded(RecordedWork)
  /// Responses from a model.
  case generate(GenerateWork)
  /// Log-probabilities of given texts.
  case score(ScoreWork)
  /// Responses judged by an exact verifier.
  case verify(VerifyWork)
  /// The option that a model finds most likely.
  case choice(ChoiceWork)
  /// How well a model predicts texts.
  case perplexity(PerplexityWork)
  /// Prompts that ask a model about responses.
  case ask(AskWork)
  /// Feedback from responses.
  case revise(ReviseWork)
  /// Examples from feedback.
  case fit(FitWork)
  /// Responses to other prompts.
  case partner(PartnerWork)
  /// Weights from examples.
  ///
  /// By reference, because it is much larger than what most steps of a plan hold.
  indirect case train(TrainWork)
  /// An adapter from outside.
  case adapt(AdaptWork)
  /// The best of several weights.
  case choose(ChooseWork)
  /// What the chosen one of several candidates made.
  case select(SelectWork)
  /// Whether better responses score higher.
  case preference(PreferenceWork)
  /// How far a model has moved.
  case drift(DriftWork)
  /// What a reward model says of responses.
  case reward(RewardWork)
  /// How often one model's responses beat another's.
  case winRate(WinRateWork)
  /// How much the responses of a pair differ.
  case pairs(PairStatisticsWork)
  /// Log-ratios through a training.
  case trace(TraceWork)
  /// Responses with the places of their errors.
  case mark(MarkWork)
  /// How well a judgment tells errors.
  case detect(DetectWork)
  /// The table of an experiment.
  case aggregate(AggregateWork)
  /// A step that this version can plan but not run.
  case unavailable(UnavailableWork)

  private var work: any Work {
    switch self {
    case .fetch(let work): work
    case .ingest(let work): work
    case .split(let work): work
    case .take(let work): work
    case .render(let work): work
    case .recorded(let work): work
    case .generate(let work): work
    case .score(let work): work
    case .verify(let work): work
    case .choice(let work): work
    case .perplexity(let work): work
    case .ask(let work): work
    case .revise(let work): work
    case .fit(let work): work
    case .partner(let work): work
    case .train(let work): work
    case .adapt(let work): work
    case .choose(let work): work
    case .select(let work): work
    case .preference(let work): work
    case .drift(let work): work
    case .reward(let work): work
    case .winRate(let work): work
    case .pairs(let work): work
    case .trace(let work): work
    case .mark(let work): work
    case .detect(let work): work
    case .aggregate(let work): work
    case .unavailable(let work): work
    }
  }

  /// The kind.
  public var kind: StepKind { facts.kind }

  /// The exact options.
  public var options: Manifest { work.options }

  /// How single records' results are kept; nil for a step that is not record-wise.
  public var recipe: RecordRecipe? { work.recipe }

  /// The one output whose digest is known beforehand.
  public var foretold: (output: String, digest: Digest)? { work.foretold }

  /// Why it cannot run.
  public var obstacle: Obstacle? { work.obstacle }

  /// What every work says of itself without being computed.
  struct Facts: Sendable {
    let kind: StepKind
    let revision: Revision
    let foretold: (output: String, digest: Digest)?
    let obstacle: Obstacle?
  }

  /// All of it at once: a step keeps it, for each look at the work itself copies that.
  var facts: Facts { facts(of: work) }

  /// The facts and the options at one look.
  var described: (facts: Facts, options: Manifest) {
    let work = self.work
    return (facts(of: work), work.options)
  }

  private func facts(of work: any Work) -> Facts {
    let kind = if case .unavailable(let unavailable) = self { unavailable.kind } else { type(of: work).kind }
    let revision = Revision(version: type(of: work).version, aliases: type(of: work).aliases)
    return Facts(kind: kind, revision: revision, foretold: work.foretold, obstacle: work.obstacle)
  }
}

extension Manifest {
  /// Lists texts as numbered leaves, with their count so that no list is another's beginning.
  mutating func set(_ name: String, texts: [String]) {
    set("\(name)/count", .integer(texts.count))
    for (index, text) in texts.enumerated() { set("\(name)/\(index)", .text(text)) }
  }

  /// A text, or that there is none.
  mutating func set(_ name: String, optional text: String?) { set(name, text.map { .text($0) } ?? .none) }

  /// A whole number, or that there is none.
  mutating func set(_ name: String, optional number: Int?) { set(name, number.map { .integer($0) } ?? .none) }
}

extension StepWork {
  /// The model that the work uses, if it uses one.
  public var modelUse: ModelUse? {
    switch self {
    case .generate(let work): work.model
    case .score(let work): work.model
    case .fit(let work): work.model
    case .partner(let work): work.model
    case .train(let work): work.model
    case .adapt(let work): work.model
    case .detect(let work): work.model
    case .pairs(let work): work.model
    default: nil
    }
  }
}
