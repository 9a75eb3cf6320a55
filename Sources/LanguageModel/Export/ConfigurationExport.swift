// A decoder's sizes as config.json, and its markers as generation_config.json.
// Knows Transformers' names; HuggingFaceConfiguration reads the same words back.

import JSON

extension DecoderConfiguration {
  /// The sizes in Transformers' words: Qwen2 where the projections have biases, else Llama.
  func huggingFace(_ markers: Tokenizer.Markers) -> JSONValue {
    let architecture = qkvBias ? "Qwen2ForCausalLM" : "LlamaForCausalLM"
    var members: [(String, JSONValue)] = [
      ("architectures", .array([.string(architecture)])), ("model_type", qkvBias ? "qwen2" : "llama"),
      ("vocab_size", .integer(Int64(vocabulary))), ("hidden_size", .integer(Int64(width))),
      ("intermediate_size", .integer(Int64(feedForward))), ("num_hidden_layers", .integer(Int64(blocks))),
      ("num_attention_heads", .integer(Int64(heads))), ("num_key_value_heads", .integer(Int64(keyValueHeads))),
      ("head_dim", .integer(Int64(headSize))), ("max_position_embeddings", .integer(Int64(context))),
      ("hidden_act", "silu"), ("rms_norm_eps", .number(Self.shortest(normEpsilon))),
      ("rope_theta", .number(ropeBase)),
      ("rope_parameters", .members(["rope_type": "default", "rope_theta": .number(ropeBase)])),
      ("attention_dropout", .number(0)), ("tie_word_embeddings", .bool(tied)),
    ]
    // Qwen2's biases are where they are without a word.
    if !qkvBias { members += [("attention_bias", .bool(false)), ("mlp_bias", .bool(false))] }
    members += markers.members + [("use_cache", .bool(true)), ("dtype", "float32")]
    return .object(JSONObject(members.map { JSONMember($0.0, $0.1) }))
  }

  /// The shortest decimal that reads back as the same float32.
  private static func shortest(_ number: Float) -> Double { Double(number.description) ?? Double(number) }
}

extension Tokenizer.Markers {
  /// The markers that generation looks at.
  var generationConfiguration: JSONValue { .object(JSONObject(members.map { JSONMember($0.0, $0.1) })) }

  fileprivate var members: [(String, JSONValue)] {
    func number(_ token: TokenID) -> JSONValue { .integer(Int64(token.rawValue)) }
    var members: [(String, JSONValue)] = []
    if let beginOfText { members.append(("bos_token_id", number(beginOfText))) }
    if let first = ends.first {
      members.append(("eos_token_id", ends.count == 1 ? number(first) : .array(ends.map(number))))
    }
    if let padding { members.append(("pad_token_id", number(padding))) }
    return members
  }
}
