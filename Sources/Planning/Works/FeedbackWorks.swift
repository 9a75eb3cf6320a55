// Ask, revise, fit, partner: from candidates to the examples that a training reads.

import Digests
public import Specification

/// Renders what a model is asked about responses: one prompt for each response of each record, or two prompts for each
/// record whose two responses are compared.
///
/// Inputs: `prompts`, `records`, `responses/<n>` or `feedback`. Outputs: `prompts`, and `identities`. The prompt has no
/// examples: a plan refuses those.
public struct AskWork: Work, Hashable {
  static let kind = StepKind.ask
  static let version = 1
  /// What the model is asked; knows the record's fields, `{asked}`, `{response}`, and `{judgment}` of feedback, or
  /// `{first}` and `{second}`.
  public let prompt: Prompt
  /// Variables by name.
  public let variables: Named<String>
  /// Whether a record's two responses are compared: asked about in both orders.
  public var compares = false

  var options: Manifest {
    var options = Manifest()
    prompt.describe(into: &options)
    for variable in variables.entries { options.set("variables/\(variable.name)", .text(variable.value)) }
    if compares { options.set("orders", .text("both")) }
    return options
  }
}

/// Turns responses, or feedback, into feedback.
///
/// Inputs: `prompts`; `responses/<n>` (one for each stage of the generator) for a first stage, `feedback` for a later one;
/// and what the stage names. Output: `feedback`.
public struct ReviseWork: Work, Hashable {
  /// What is done.
  public enum Stage: Hashable, Sendable {
    /// Every response is an item by itself.
    case plain
    /// Where a response is wrong, the right answer takes the wrong one's place (CLAIR, by verifier).
    case minimalRevision(Verifier, keep: KeptPairs)
    /// A model's `replies` are the better responses (CLAIR, by model); the verifier is there if pairs are kept by it.
    case revision(Verifier?, keep: KeptPairs)
    /// As ``revision``, with `revisions` that stand in the data, one for each candidate.
    case revisionRecorded(Verifier?, keep: KeptPairs)
    /// The first right and the first wrong response are a pair.
    case judge(Verifier)
    /// The best and the worst by a number in the data for each response; further input `records`.
    case judgeRecorded([Template])
    /// The best and the worst by the number that each of a model's `replies` says.
    case judgeReplies
    /// The `stronger` responses, of a model or of the data, against the candidates; the verifier is there if pairs are kept by it.
    case stronger(Verifier?, keep: KeptPairs)
    /// An accepted answer by itself against the candidates.
    case strongerAnswer(Verifier)
    /// Items whose (better) response has this verdict stay.
    case select(Verifier, Selection.Verdict)
    /// Of the acceptable responses at most so many stay for each that is not.
    case balance(Double)
    /// Every response gets a judgment around the verifier's verdict; further input `records`.
    case judgment(Verifier, wrong: Template, right: Template?)
    /// Every response gets the judgment that stands in the data; further input `records`.
    case judgmentRecorded(Template)
    /// Every response gets the judgment that one of a model's `replies` is; this reply means acceptable.
    case judgmentReplies(acceptable: String)
    /// A model's `replies` are the better responses (ILF) where there is a judgment.
    case refinement(Verifier?, keep: KeptPairs)
    /// As ``refinement``, with `revisions` that stand in the data, one for each judged response.
    case refinementRecorded(Verifier?, keep: KeptPairs)
    /// Every response under the prompt that it fits: `right` or `wrong`, the same records' prompts rendered twice.
    case hindsight(Verifier)
    /// As ``hindsight``, of judged responses: what is acceptable is right.
    case hindsightJudged
    /// All responses of a record, in the order of the data.
    case ranked
    /// All responses of a record, the right ones first.
    case rescore(Verifier)
    /// The best first by a number in the data for each response; further input `records`.
    case rescoreRecorded([Template])
    /// The best first by the number that each of a model's `replies` says.
    case rescoreReplies
    /// The best first by a reward model's `rewards`.
    case rescoreRewards
    /// The best and the worst by a reward model's `rewards`.
    case judgeRewards
    /// Some records' order or verdict turned around.
    case flip(rate: Double, seed: Int)
    /// Bad responses with the judged prompt that `contexts` are: what the objective CUT reads.
    case judgedPrompt
    /// Judged responses with the turns that end in the question for a judgment, which `contexts` are.
    case judgmentPrompt
  }

  static let kind = StepKind.revise
  static let version = 5
  /// Version 4 did not count different prompts, version 3 no verdicts either; feedback is the same bytes.
  static let aliases = [ManifestAlias(version: 4), ManifestAlias(version: 3)]
  /// What is done.
  public let stage: Stage

  /// A stage that asks a verifier keeps what became of each record: of the others a record costs less than looking it up.
  var recipe: RecordRecipe? {
    stage.verifier.map { _ in RecordRecipe(options: options, inputs: [], samples: 1, identities: nil) }
  }

  var options: Manifest {
    var options = Manifest()
    func set(_ name: String, _ verifier: Verifier?, keep: KeptPairs) {
      options.set("stage", .text(name))
      options.set("keep", .text(keep.rawValue))
      verifier?.describe(into: &options)
    }
    switch stage {
    case .plain: options.set("stage", .text("plain"))
    case .minimalRevision(let verifier, let keep): set("minimal-revision", verifier, keep: keep)
    case .revision(let verifier, let keep): set("revision", verifier, keep: keep)
    case .revisionRecorded(let verifier, let keep): set("revision-recorded", verifier, keep: keep)
    case .judge(let verifier):
      options.set("stage", .text("judge"))
      verifier.describe(into: &options)
    case .judgeRecorded(let scores):
      options.set("stage", .text("judge-recorded"))
      options.set("scores", texts: scores.map(\.source))
    case .judgeReplies: options.set("stage", .text("judge-replies"))
    case .stronger(let verifier, let keep): set("stronger", verifier, keep: keep)
    case .strongerAnswer(let verifier):
      options.set("stage", .text("stronger-answer"))
      verifier.describe(into: &options)
    case .select(let verifier, let verdict):
      options.set("stage", .text("select"))
      options.set("verdict", .text(verdict.rawValue))
      verifier.describe(into: &options)
    default: describeFurther(into: &options)
    }
    return options
  }

  private func describeFurther(into options: inout Manifest) {
    func set(_ name: String, _ verifier: Verifier? = nil) {
      options.set("stage", .text(name))
      verifier?.describe(into: &options)
    }
    switch stage {
    case .balance(let ratio):
      set("select")
      options.set("acceptable-per-rejected", .number(ratio))
    case .judgment(let verifier, let wrong, let right):
      set("judgment", verifier)
      options.set("wrong", .text(wrong.source))
      options.set("right", optional: right?.source)
    case .judgmentRecorded(let judgment):
      set("judgment-recorded")
      options.set("judgment", .text(judgment.source))
      // Until a field without text made a response acceptable, text around it made it a judgment: other bytes.
      if judgment.hasTextBesideFields { options.set("judgment/empty", .text("acceptable")) }
    case .judgmentReplies(let acceptable):
      set("judgment-replies")
      options.set("acceptable", .text(acceptable))
    case .refinement(let verifier, let keep):
      set("refinement", verifier)
      options.set("keep", .text(keep.rawValue))
    case .refinementRecorded(let verifier, let keep):
      set("refinement-recorded", verifier)
      options.set("keep", .text(keep.rawValue))
    case .hindsight(let verifier): set("hindsight", verifier)
    case .hindsightJudged: set("hindsight-judged")
    case .ranked: set("ranked")
    case .rescore(let verifier): set("rescore", verifier)
    case .rescoreRecorded(let scores):
      set("rescore-recorded")
      options.set("scores", texts: scores.map(\.source))
    case .rescoreReplies: set("rescore-replies")
    case .rescoreRewards: set("rescore-rewards")
    case .judgeRewards: set("judge-rewards")
    case .flip(let rate, let seed):
      set("flip")
      options.set("rate", .number(rate))
      options.set("seed", .integer(seed))
    case .judgedPrompt: set("judged-prompt")
    case .judgmentPrompt: set("judgment-prompt")
    case .plain, .minimalRevision, .revision, .revisionRecorded, .judge, .judgeRecorded, .judgeReplies, .stronger,
      .strongerAnswer, .select:
      preconditionFailure("described above")
    }
  }
}

extension ReviseWork.Stage {
  /// The verifier that the stage asks about every response that comes in or that it writes; nil if it asks none.
  public var verifier: Verifier? {
    switch self {
    case .minimalRevision(let verifier, _), .strongerAnswer(let verifier), .judge(let verifier),
      .select(let verifier, _):
      verifier
    case .revision(let verifier, _), .revisionRecorded(let verifier, _), .stronger(let verifier, _),
      .refinement(let verifier, _), .refinementRecorded(let verifier, _):
      keepsRight ? verifier : nil
    case .judgment(let verifier, _, _), .hindsight(let verifier), .rescore(let verifier): verifier
    default: nil
    }
  }

  /// Whether only pairs stay whose better response is right.
  public var keepsRight: Bool {
    switch self {
    case .minimalRevision(_, let keep), .revision(_, let keep), .revisionRecorded(_, let keep), .stronger(_, let keep),
      .refinement(_, let keep), .refinementRecorded(_, let keep):
      keep == .verdictRight
    default: false
    }
  }
}

/// Merges the feedback of all data, drops or cuts what is too long, and takes as many items as asked for.
///
/// Inputs: `feedback/<n>`, one for each part of the data, and the model's for its tokenizer and context, without adapters,
/// which change neither. Output: `examples`.
public struct FitWork: Work, Hashable {
  static let kind = StepKind.fit
  static let version = 4
  /// Version 3 did not count different prompts; examples are the same bytes.
  static let aliases = [ManifestAlias(version: 3)]
  /// The model that will read the examples.
  public let model: ModelUse
  /// The weight of each part of the data; a single part has 1.
  public let weights: [Double]
  /// The most tokens of prompt and response; nil: the model's context.
  public let maxLength: Int?
  /// What becomes of longer ones.
  public let longer: Hyperparameters.Longer
  /// How many items; nil: all.
  public let examples: ExampleCount?

  var options: Manifest {
    var options = Manifest()
    model.describeTurns(into: &options)
    model.describeSource(into: &options)
    options.set("weights/count", .integer(weights.count))
    for (index, weight) in weights.enumerated() { options.set("weights/\(index)", .number(weight)) }
    options.set("max-length", optional: maxLength)
    options.set("longer", .text(longer.rawValue))
    // At first only the prompts that all responses of a record share were cut.
    if longer == .cut { options.set("longer/of", .text("prompts and contexts")) }
    options.set("examples", optional: examples?.most)
    // At first a number was exact.
    if case .atMost? = examples { options.set("examples/are", .text("at most")) }
    return options
  }
}

/// Gives each item's prompt a response that answers another prompt, for KTO's reference point.
///
/// Inputs: `examples`, and the model's for its tokenizer and context, without adapters. Output: `examples`, one response item
/// for each response that KTO reads, in the same order; as many times as epochs begin if partners change with the batches. A
/// partner that does not fit behind the prompt is cut to what fits.
public struct PartnerWork: Work, Hashable {
  /// Which response becomes a partner.
  public enum Choice: Hashable, Sendable {
    /// Any that answers another prompt.
    case drawn
    /// The one before it in its batch: what decides the batches, as the training has it.
    case rotation(batch: Int, epochs: Double, limit: Int?)
    /// The one that the examples already hold, which another model is to read, too.
    case given
  }

  static let kind = StepKind.partner
  static let version = 2
  /// The model that will read the partners.
  public let model: ModelUse
  /// The most tokens of prompt and response; nil: the model's context.
  public let maxLength: Int?
  /// The seed of the draw, or of the order of examples.
  public let seed: Int
  /// Which response becomes a partner.
  public let choice: Choice

  var options: Manifest {
    var options = Manifest()
    model.describeTurns(into: &options)
    model.describeSource(into: &options)
    options.set("max-length", optional: maxLength)
    options.set("seed", .integer(seed))
    if case .rotation(let batch, let epochs, let limit) = choice {
      options.set("partner", .text("rotation"))
      options.set("batch", .integer(batch))
      options.set("epochs", .number(epochs))
      if let limit { options.set("limit", .integer(limit)) }
    } else if choice == .given {
      options.set("partner", .text("given"))
    }
    return options
  }
}
