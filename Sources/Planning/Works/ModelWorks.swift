// Generate and score: what a language model does with prompts.

import Digests
public import Specification

/// A model as a step uses it.
///
/// The weights are inputs; this is what else its numbers depend on.
public struct ModelUse: Hashable, Sendable {
  /// Where the weights are.
  public enum Source: Hashable, Sendable {
    /// In the input `model`, a GGUF file.
    case gguf
    /// In inputs `model/<name>`, the files of a Hugging Face folder.
    case folder([String])
    /// Made from a seed.
    case random(RandomWeights)
  }

  /// Where the weights are.
  public let source: Source
  /// How turns become text.
  public let turns: TurnFormat
  /// The system message put before every conversation that has none.
  public let system: String?
  /// The arithmetic.
  public let arithmetic: ArithmeticClass
  /// What tells this host's arithmetic from another's; nil for an arithmetic that is the same everywhere.
  public let fingerprint: String?

  /// What the user calls the weights; in no key.
  public let displayName: String
  /// How many results of trainings are laid over the weights, in order; they are in inputs `adapter/<n>`.
  public var adapters = 0

  /// The names of the inputs that hold the weights.
  public var inputNames: [String] {
    let adapters = (0..<adapters).map { "adapter/\($0)" }
    switch source {
    case .gguf: return ["model"] + adapters
    case .folder(let names): return names.map { "model/\($0)" } + adapters
    case .random: return adapters
    }
  }

  /// How turns become text.
  func describeTurns(into options: inout Manifest) {
    options.set("model/system", optional: system)
    turns.describe(into: &options)
  }

  func describe(into options: inout Manifest) {
    // In the order of the leaves, which is quickest: a plan holds thousands.
    options.set("model/arithmetic", .text(arithmetic.rawValue))
    if let fingerprint { options.set("model/fingerprint", .text(fingerprint)) }
    describeSource(into: &options)
    describeTurns(into: &options)
  }

  /// What of the weights no input holds.
  func describeSource(into options: inout Manifest) {
    if case .random(let sizes) = source {
      options.set("model/random/context", .integer(sizes.context))
      options.set("model/random/feed-forward", .integer(sizes.feedForward))
      options.set("model/random/heads", .integer(sizes.heads))
      options.set("model/random/key-value-heads", .integer(sizes.keyValueHeads))
      options.set("model/random/layers", .integer(sizes.layers))
      options.set("model/random/seed", .integer(sizes.seed))
      options.set("model/random/width", .integer(sizes.width))
    }
  }
}

extension TurnFormat {
  fileprivate func describe(into options: inout Manifest) {
    switch self {
    case .chatml: options.set("model/turns", .text("chatml"))
    case .llama2: options.set("model/turns", .text("llama-2"))
    case .llama3: options.set("model/turns", .text("llama-3"))
    case .humanAssistant: options.set("model/turns", .text("human-assistant"))
    case .raw: options.set("model/turns", .text("raw"))
    case .custom(let custom):
      for (role, affixes) in [("system", custom.system), ("user", custom.user), ("assistant", custom.assistant)] {
        options.set("model/turns/\(role)/prefix", .text(affixes.prefix))
        options.set("model/turns/\(role)/suffix", .text(affixes.suffix))
      }
    }
  }
}

/// Generates responses.
///
/// Inputs: `prompts` and the model's. Output: `responses`.
public struct GenerateWork: Work, Hashable {
  static let kind = StepKind.generate
  static let version = 1
  /// The model.
  public let model: ModelUse
  /// How many responses a prompt gets.
  public let samples: Int
  /// Whether equal responses of one prompt count once.
  public let distinct: Bool
  /// How the model writes.
  public let decoding: Decoding
  /// The seed; nil if no random number is drawn.
  public let seed: Int?
  /// What a plan may assume where nothing was measured yet; in no key.
  public let expect: Expectations

  /// The seconds that so many responses take by what the spec expects; nil if it does not say enough.
  func expectedSeconds(_ responses: Int) -> Double? {
    guard let rate = expect.tokensPerSecond, let response = expectedResponse else { return nil }
    return Double(responses) * ((expect.promptTokens ?? 0) + response) / rate
  }

  private var recordOptions: Manifest {
    var options = Manifest()
    options.set("max-new-tokens", .integer(decoding.maxNewTokens))
    model.describe(into: &options)
    if decoding.temperature > 0 { options.set("seed", optional: seed) }
    options.set("stop", texts: decoding.stop)
    options.set("temperature", .number(decoding.temperature))
    if decoding.temperature > 0 {
      options.set("top-k", optional: decoding.topK)
      options.set("top-p", .number(decoding.topP))
    }
    return options
  }

  var options: Manifest {
    var options = recordOptions
    options.set("samples", .integer(samples))
    options.set("distinct", .flag(distinct))
    // At first what was left out was not counted: other bytes. Single records are the same.
    if distinct { options.set("distinct/counted", .flag(true)) }
    return options
  }

  var recipe: RecordRecipe? {
    RecordRecipe(options: recordOptions, inputs: model.inputNames, samples: samples, identities: "prompts")
  }
}

/// Scores texts after prompts.
///
/// Inputs: `prompts` (or `examples`), `responses` where the target says so, and the model's. Output: `scores`.
public struct ScoreWork: Work, Hashable {
  /// Which texts.
  public enum Target: Hashable, Sendable {
    /// The text of each option of the prompt.
    case options
    /// The label of each option of the prompt.
    case labels
    /// The text of this name, after the prompt's turns.
    case response(String)
    /// The text of this name alone, without turns.
    case plain(String)
    /// Every response of the input `responses`, with the end of turn after one that stopped.
    case responses
    /// Every response of every item of the input `examples`, item after item, with the end of turn after one that
    /// stopped; the step reads no prompts.
    case examples
    /// Every judged response of the input `examples` behind its prompt, then behind its judged prompt.
    case contexts
  }

  static let kind = StepKind.score
  static let version = 1
  /// The model.
  public let model: ModelUse
  /// Which texts.
  public let target: Target
  /// Whether a reward model's score is wanted instead of log-probabilities; of `responses` and `examples` only.
  public let rewards: Bool

  init(model: ModelUse, target: Target, rewards: Bool = false) {
    self.model = model
    self.target = target
    self.rewards = rewards
  }

  var options: Manifest {
    var options = Manifest()
    model.describe(into: &options)
    if rewards { options.set("rewards", .flag(true)) }
    switch target {
    case .options: options.set("target", .text("options"))
    case .labels: options.set("target", .text("labels"))
    case .response(let name): options.set("target/response", .text(name))
    case .plain(let name): options.set("target/plain", .text(name))
    case .responses: options.set("target", .text("responses"))
    case .examples: options.set("target", .text("examples"))
    case .contexts: options.set("target", .text("contexts"))
    }
    return options
  }

  var recipe: RecordRecipe? {
    RecordRecipe(options: options, inputs: model.inputNames, samples: 1, identities: nil)
  }
}
