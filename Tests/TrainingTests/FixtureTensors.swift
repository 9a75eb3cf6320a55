// Tensors of a safetensors file as doubles, by the names that Transformers and PEFT give them.
// Knows the names and the trick by which float32 files hold doubles; nothing of what the numbers mean.

import LanguageModel
import Testing

struct FixtureTensors {
  private let file: SafetensorsFile

  init(path: String) throws {
    file = try SafetensorsFile(try ModelBytes(path: path))
  }

  /// A tensor; what its float32 numbers leave of doubles is added if the file has it under the name with ".rest".
  func doubles(_ name: String) throws -> [Double] {
    let numbers = try floats(name)
    guard file.tensors.contains(where: { $0.name == "\(name).rest" }) else { return numbers.map(Double.init) }
    return zip(numbers, try floats("\(name).rest")).map { Double($0) + Double($1) }
  }

  private func floats(_ name: String) throws -> [Float] {
    let tensor = try #require(file.tensors.first { $0.name == name }, "the fixture lacks the tensor \(name)")
    try #require(tensor.type == .f32)
    return file.bytes.withUnsafeBytes { bytes in
      stride(from: tensor.place.lowerBound, to: tensor.place.upperBound, by: 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
      }
    }
  }

  /// Whether the fixtures' adapters lie beside that tensor.
  static func isAdapted(_ name: TensorName) -> Bool {
    guard case .block(_, let tensor) = name else { return false }
    return switch tensor {
    case .attentionQuery, .attentionKey, .attentionValue, .attentionOutput: true
    case .feedForwardGate, .feedForwardUp, .feedForwardDown: true
    case .attentionNorm, .feedForwardNorm, .queryBias, .keyBias, .valueBias: false
    }
  }

  /// Transformers' name of the module that a tensor belongs to.
  static func module(_ name: TensorName) -> String {
    switch name {
    case .tokenEmbedding: "model.embed_tokens"
    case .outputNorm: "model.norm"
    case .output: "lm_head"
    case .block(let block, let tensor): "model.layers.\(block).\(module(tensor))"
    }
  }

  /// What follows the module's name.
  static func kind(_ name: TensorName) -> String {
    switch name {
    case .block(_, .queryBias), .block(_, .keyBias), .block(_, .valueBias): ".bias"
    default: ".weight"
    }
  }

  private static func module(_ tensor: BlockTensor) -> String {
    switch tensor {
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
}
