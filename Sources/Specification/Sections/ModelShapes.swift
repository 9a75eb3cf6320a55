// How models are written in a spec.
// Knows nothing of what is in the weights.

import YAML

extension Model {
  static var shape: Shape<Model> {
    .record("model") { fields in
      let weights = fields.required("weights", Weights.shape, "Where the weights come from.")
      let turns = fields.optional("turns", TurnFormat.shape, "How turns become text.")
      let system = fields.optional("system", .text(), "The system message of conversations that have none.")
      // By the tag as it is written, so that a mistake within the weights does not hide this one.
      if let tag = fields.node(at: "weights")?.entries?.first?.key.text, Weights.withoutTurns.contains(tag) {
        fields.demand("turns", with: tag, at: "weights")
      }
      return weights.map { Model(weights: $0, turns: turns, system: system) }
    }
  }
}

extension Weights {
  /// The tags of weights that do not say how turns become text.
  fileprivate static let withoutTurns = ["gguf", "safetensors", "pypi", "huggingface", "random"]

  static var shape: Shape<Weights> {
    .choice(
      "weights",
      [
        Alternative("gguf", FileReference.shape, "One GGUF file.") { .gguf($0) },
        Alternative("safetensors", SafetensorsFolder.shape, "The files of a folder in Hugging Face's form.") {
          .safetensors($0)
        },
        Alternative("pypi", FileReference.pypi, "A weights file inside a package on PyPI.") { .pypi($0) },
        Alternative("huggingface", FileReference.huggingface, "A weights file on the Hugging Face hub.") {
          .huggingface($0)
        },
        Alternative("experiment", ExperimentResult.shape, "What another experiment trained.") { .experiment($0) },
        Alternative("random", RandomWeights.shape, "Random weights, for tests.") { .random($0) },
        Alternative("endpoint", Endpoint.shape, "A server that speaks OpenAI's protocol.") { .endpoint($0) },
        Alternative("same-as", .modelName, "The weights of another model of this spec.") { .sameAs($0) },
        Alternative("adapter", OutsideAdapter.shape, "A PEFT adapter over another model of this spec.") {
          .adapter($0)
        },
      ])
  }
}

extension SafetensorsFolder {
  static var shape: Shape<SafetensorsFolder> {
    .record("safetensors") { fields in
      let files = fields.required(
        "files", .named(FileReference.shape, atLeast: 2), "The files by their names in the folder.")
      return files.map { SafetensorsFolder(files: $0) }
    }
  }
}

extension OutsideAdapter {
  fileprivate static var shape: Shape<OutsideAdapter> {
    .record("adapter from outside") { fields in
      let base = fields.required("base", .modelName, "The model that it is laid over.")
      let config = fields.required("config", FileReference.shape, "Its options, PEFT's adapter_config.json.")
      let weights = fields.required("weights", FileReference.shape, "Its tensors, PEFT's adapter_model.safetensors.")
      guard let base, let config, let weights else { return nil }
      return OutsideAdapter(base: base, config: config, weights: weights)
    }
  }
}

extension ExperimentResult {
  static var shape: Shape<ExperimentResult> {
    .record("other experiment") { fields in
      let spec = fields.required("spec", .path, "The other experiment's spec, relative to this file.")
      let arms = fields.optional(
        "arms", .named(.nonEmptyText()), default: Named(), "Which arm of each of its axes.")
      let seed = fields.optional("seed", .integer(), "Which of its seeds; by default that of the cell.")
      let round = fields.optional("round", .count(), "Which round's result; by default the last.")
      guard let spec else { return nil }
      if let place = fields.place("spec") { fields.reading.referenced(spec, place) }
      return ExperimentResult(spec: spec, arms: arms, seed: seed, round: round)
    }
  }
}

extension RandomWeights {
  static var shape: Shape<RandomWeights> {
    .record("random") { fields in
      let layers = fields.required("layers", .integer(.within(1...256)), "Blocks.")
      let width = fields.required("width", .integer(.within(2...65536)), "Width of the residual stream.")
      let heads = fields.required("heads", .integer(.within(1...1024)), "Attention heads; divide the width.")
      let keyValueHeads = fields.optional(
        "key-value-heads", .integer(.within(1...1024)), "Key and value heads; divide the heads.")
      let feedForward = fields.required(
        "feed-forward", .integer(.within(1...262144)), "Width of the feed-forward layer.")
      let context = fields.optional("context", .integer(.within(8...1_048_576)), default: 512, "Context in tokens.")
      let seed = fields.optional("seed", .integer(.atLeast(0)), default: 1, "The seed of the numbers.")
      if let width, let heads { check(width: width, heads: heads, fields) }
      if let heads, let keyValueHeads, heads % keyValueHeads != 0, let place = fields.place("key-value-heads") {
        fields.reading.note(.notDivisible(key: "heads", heads, by: "key-value-heads", keyValueHeads), place)
      }
      guard let layers, let width, let heads, let feedForward else { return nil }
      return RandomWeights(
        layers: layers, width: width, heads: heads, keyValueHeads: keyValueHeads ?? heads, feedForward: feedForward,
        context: context, seed: seed)
    }
  }

  private static func check(width: Int, heads: Int, _ fields: Fields) {
    guard let place = fields.place("width") else { return }
    if width % heads != 0 {
      fields.reading.note(.notDivisible(key: "width", width, by: "heads", heads), place)
    } else if width / heads % 2 != 0 {
      // Positions turn the numbers of a head in pairs.
      fields.reading.note(.oddHeadSize(width: width, heads: heads), place)
    }
  }
}

extension Endpoint {
  static var shape: Shape<Endpoint> {
    .record("endpoint") { fields in
      let url = fields.required("url", .endpointURL, "The address up to and including `/v1`.")
      let model = fields.required("model", .nonEmptyText(), "The model's name there.")
      let key = fields.optional("key-variable", .nonEmptyText(), "The environment variable that holds the key.")
      guard let url, let model else { return nil }
      return Endpoint(url: url, model: model, keyVariable: key)
    }
  }
}

extension Shape where Value == String {
  /// An address of a server, which may be this machine.
  fileprivate static var endpointURL: Shape<String> {
    text("an address", pattern: "^https?://[^/]").check { text, node, reading in
      if text.hasPrefix("https://") || text.hasPrefix("http://") { return text }
      reading.note(.badURL(text), node)
      return nil
    }
  }
}

extension TurnFormat {
  static var shape: Shape<TurnFormat> {
    .choice(
      "turn format",
      [
        Alternative("chatml", .chatml, "`<|im_start|>role … <|im_end|>`."),
        Alternative("llama-2", .llama2, "`[INST] … [/INST]`."),
        Alternative("llama-3", .llama3, "`<|start_header_id|>role<|end_header_id|> … <|eot_id|>`."),
        Alternative("human-assistant", .humanAssistant, "`Human: … Assistant: …`."),
        Alternative("raw", .raw, "The text with nothing around it."),
        Alternative("custom", CustomTurns.shape, "A prefix and a suffix for each role.") { .custom($0) },
      ])
  }
}

extension CustomTurns {
  static var shape: Shape<CustomTurns> {
    .record("custom turns") { fields in
      let none = Affixes(prefix: "", suffix: "")
      let system = fields.optional("system", Affixes.shape, default: none, "Around the system message.")
      let user = fields.required("user", Affixes.shape, "Around what the user says.")
      let assistant = fields.required("assistant", Affixes.shape, "Around what the model says.")
      guard let user, let assistant else { return nil }
      return CustomTurns(system: system, user: user, assistant: assistant)
    }
  }
}

extension CustomTurns.Affixes {
  fileprivate static var shape: Shape<Self> {
    .record("affixes") { fields in
      let prefix = fields.optional("prefix", .text(), default: "", "Before the text.")
      let suffix = fields.optional("suffix", .text(), default: "", "After the text.")
      return Self(prefix: prefix, suffix: suffix)
    }
  }
}
