// The names that Transformers gives to the tensors of Llama and Qwen2 models.
// Knows names only; who reads or writes under them is elsewhere.

extension TensorName {
  /// The name in a Hugging Face folder, such as `model.layers.0.self_attn.q_proj.weight`.
  var huggingFaceName: String {
    switch self {
    case .tokenEmbedding: "model.embed_tokens.weight"
    case .outputNorm: "model.norm.weight"
    case .output: "lm_head.weight"
    case .block(let block, let tensor): "model.layers.\(block).\(tensor.huggingFaceModule).\(tensor.huggingFaceKind)"
    }
  }
}

extension BlockTensor {
  /// The module of a block that holds the tensor, such as `self_attn.q_proj`.
  var huggingFaceModule: String {
    switch self {
    case .attentionNorm: "input_layernorm"
    case .attentionQuery, .queryBias: "self_attn.q_proj"
    case .attentionKey, .keyBias: "self_attn.k_proj"
    case .attentionValue, .valueBias: "self_attn.v_proj"
    case .attentionOutput: "self_attn.o_proj"
    case .feedForwardNorm: "post_attention_layernorm"
    case .feedForwardGate: "mlp.gate_proj"
    case .feedForwardUp: "mlp.up_proj"
    case .feedForwardDown: "mlp.down_proj"
    }
  }

  /// What the tensor is in its module.
  fileprivate var huggingFaceKind: String {
    switch self {
    case .queryBias, .keyBias, .valueBias: "bias"
    default: "weight"
    }
  }

  /// The last word of the module's name, as an adapter's `target_modules` lists it; nil for what no adapter is laid over.
  var adapterTarget: String? {
    switch self {
    case .attentionQuery: "q_proj"
    case .attentionKey: "k_proj"
    case .attentionValue: "v_proj"
    case .attentionOutput: "o_proj"
    case .feedForwardGate: "gate_proj"
    case .feedForwardUp: "up_proj"
    case .feedForwardDown: "down_proj"
    case .attentionNorm, .feedForwardNorm, .queryBias, .keyBias, .valueBias: nil
    }
  }
}
