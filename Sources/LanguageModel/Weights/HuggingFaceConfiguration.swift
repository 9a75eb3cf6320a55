// From config.json of a Llama or Qwen2 model to the sizes of a decoder.
// Knows Transformers' names and defaults; what would change the results and is not computed is refused by name.

import JSON

/// One config.json.
struct HuggingFaceConfiguration {
  let file: JSONFile

  init(file: JSONFile) {
    self.file = file
  }

  func decoder() throws(ModelFileError) -> DecoderConfiguration {
    let architecture = try file.text("model_type")
    guard GGUFWeights.architectures.contains(where: { $0.utf8.elementsEqual(architecture.utf8) }) else {
      throw file.error(.unsupportedArchitecture(architecture, supported: GGUFWeights.architectures))
    }
    try refuseUncomputed()
    let width = try file.integer("hidden_size", in: 1...(1 << 20))
    let heads = try file.integer("num_attention_heads", in: 1...(1 << 12))
    let configuration = DecoderConfiguration(
      blocks: try file.integer("num_hidden_layers", in: 1...(1 << 12)), width: width,
      feedForward: try file.integer("intermediate_size", in: 1...(1 << 22)), heads: heads,
      keyValueHeads: try file.integer(ifPresent: "num_key_value_heads", in: 1...heads) ?? heads,
      headSize: try file.integer(ifPresent: "head_dim", in: 2...(1 << 14)) ?? width / heads,
      context: try file.integer("max_position_embeddings", in: 1...(1 << 28)),
      vocabulary: try file.integer("vocab_size", in: 1...(1 << 22)), ropeBase: try ropeBase(),
      normEpsilon: Float(try number("rms_norm_eps", of: file.root) ?? 1e-6), ropeStyle: .halfSplit,
      tied: try file.bool(ifPresent: "tie_word_embeddings") ?? false, qkvBias: architecture == "qwen2")
    try configuration.check(file.name)
    return configuration
  }

  /// Older files hold the base at the top, newer ones among the rotary parameters.
  private func ropeBase() throws(ModelFileError) -> Double {
    if let parameters = file["rope_parameters"], let base = try number("rope_theta", of: parameters) { return base }
    return try number("rope_theta", of: file.root) ?? 10_000
  }

  private func number(_ key: String, of value: JSONValue) throws(ModelFileError) -> Double? {
    guard let entry = value[key], entry != .null else { return nil }
    guard let number = entry.doubleValue else { throw file.wrong(key, "a number", entry) }
    return number
  }

  private func refuseUncomputed() throws(ModelFileError) {
    func refuse(_ key: String, _ value: JSONValue, _ supported: String) -> ModelFileError {
      file.error(.unsupportedFeature(key: key, value: value.canonical, supported: supported))
    }
    if let activation = file["hidden_act"], activation != .string("silu") {
      throw refuse("hidden_act", activation, "silu")
    }
    for key in ["attention_bias", "mlp_bias", "use_sliding_window"] {
      if try file.bool(ifPresent: key) == true { throw refuse(key, .bool(true), "false") }
    }
    for key in ["rope_scaling", "rope_parameters"] {
      guard let parameters = file[key] else { continue }
      let kind = parameters["rope_type"] ?? parameters["type"] ?? .null
      if kind != .string("default"), kind != .null || key == "rope_scaling" {
        throw refuse(key, parameters, "the default kind, without scaling")
      }
    }
    if let quantization = file["quantization_config"] {
      throw refuse("quantization_config", quantization, "weights stored as F32, F16 or BF16")
    }
  }
}
