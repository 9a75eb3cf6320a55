// Hugging Face folders on small files that the tests write, and random weights.

import Diagnostics
import JSON
import LanguageModel
import Testing

/// Writes a small Hugging Face folder in memory.
struct FolderBuilder {
  var config: [(String, JSONValue)] = [
    ("model_type", .string("llama")), ("hidden_size", .integer(8)), ("intermediate_size", .integer(12)),
    ("num_hidden_layers", .integer(2)), ("num_attention_heads", .integer(2)), ("num_key_value_heads", .integer(1)),
    ("max_position_embeddings", .integer(32)), ("rms_norm_eps", .number(1e-5)), ("rope_theta", .number(500.5)),
    ("vocab_size", .integer(10)), ("tie_word_embeddings", .bool(true)), ("hidden_act", .string("silu")),
    ("rope_scaling", .null),
  ]
  var dtype = "F32"
  var skipped: Set<String> = []
  /// Changes the header of the first file.
  var editHeader: (inout JSONObject) -> Void = { _ in }
  var editBytes: (inout [UInt8]) -> Void = { _ in }
  var shards = 1

  init() {}

  mutating func set(_ key: String, _ value: JSONValue) {
    config.removeAll { $0.0 == key }
    config.append((key, value))
  }

  var isQwen: Bool { config.contains { $0.0 == "model_type" && $0.1 == .string("qwen2") } }

  var shapes: [(String, [Int])] {
    var shapes: [(String, [Int])] = [("model.embed_tokens.weight", [10, 8]), ("model.norm.weight", [8])]
    for block in 0..<2 {
      let layer = "model.layers.\(block)."
      shapes += [
        (layer + "input_layernorm.weight", [8]), (layer + "post_attention_layernorm.weight", [8]),
        (layer + "self_attn.q_proj.weight", [8, 8]), (layer + "self_attn.k_proj.weight", [4, 8]),
        (layer + "self_attn.v_proj.weight", [4, 8]), (layer + "self_attn.o_proj.weight", [8, 8]),
        (layer + "mlp.gate_proj.weight", [12, 8]), (layer + "mlp.up_proj.weight", [12, 8]),
        (layer + "mlp.down_proj.weight", [8, 12]),
      ]
      if isQwen {
        shapes += [("q", 8), ("k", 4), ("v", 4)].map { (layer + "self_attn.\($0.0)_proj.bias", [$0.1]) }
      }
    }
    return shapes.filter { !skipped.contains($0.0) }
  }

  /// The number at `index` of the tensor at `place`; exact in every stored format.
  static func number(_ place: Int, _ index: Int) -> Float { Float((place * 31 + index * 7) % 97 - 48) / 64 }

  func build() -> HuggingFaceFolder {
    var files = ["config.json": JSONValue.object(JSONObject(config.map { JSONMember($0.0, $0.1) })).canonicalBytes]
    let all = Array(shapes.enumerated())
    var map = JSONObject()
    for shard in 0..<shards {
      var header = JSONObject([JSONMember("__metadata__", .members(["format": .string("pt")]))])
      var data: [UInt8] = []
      for (place, (name, shape)) in all where place % shards == shard {
        let start = data.count
        for index in 0..<shape.reduce(1, *) { data += Self.encode(Self.number(place, index), dtype) }
        header[name] = .members([
          "dtype": .string(dtype), "shape": .array(shape.map { .integer(Int64($0)) }),
          "data_offsets": .array([.integer(Int64(start)), .integer(Int64(data.count))]),
        ])
        map[name] = .string("part\(shard).safetensors")
      }
      if shard == 0 { editHeader(&header) }
      let text = JSONValue.object(header).canonicalBytes
      var bytes = GGUFBuilder.littleEndian(UInt64(text.count)) + text + data
      if shard == 0 { editBytes(&bytes) }
      files[shards == 1 ? "model.safetensors" : "part\(shard).safetensors"] = bytes
    }
    if shards > 1 {
      files["model.safetensors.index.json"] = JSONValue.members(["weight_map": .object(map)]).canonicalBytes
    }
    return HuggingFaceFolder(
      files: Dictionary(uniqueKeysWithValues: files.map { ($0.key, ModelBytes($0.value, name: "f/\($0.key)")) }),
      name: "f")
  }

  static func encode(_ value: Float, _ dtype: String) -> [UInt8] {
    switch dtype {
    case "F32": return GGUFBuilder.littleEndian(value.bitPattern)
    case "BF16": return GGUFBuilder.littleEndian(UInt16(truncatingIfNeeded: value.bitPattern >> 16))
    default:
      guard value != 0 else { return [0, 0] }
      let exponent = UInt16(value.exponent + 15)
      let fraction = UInt16((value.significand - 1) * 1024)
      return GGUFBuilder.littleEndian((value < 0 ? 0x8000 : 0) | exponent << 10 | fraction)
    }
  }
}

@Suite("Hugging Face folders")
struct SafetensorsTests {
  @Test("Every stored format and split into files gives the same numbers", arguments: ["F32", "F16", "BF16"], [1, 3])
  func formats(_ dtype: String, _ shards: Int) throws {
    var builder = FolderBuilder()
    (builder.dtype, builder.shards) = (dtype, shards)
    let weights = try SafetensorsWeights(builder.build())
    let values = try numbers(of: weights)
    let places = Dictionary(uniqueKeysWithValues: builder.shapes.enumerated().map { ($0.element.0, $0.offset) })
    let pairs: [(TensorName, String)] = [
      (.tokenEmbedding, "model.embed_tokens.weight"), (.outputNorm, "model.norm.weight"),
      (.block(1, .attentionKey), "model.layers.1.self_attn.k_proj.weight"),
      (.block(0, .feedForwardDown), "model.layers.0.mlp.down_proj.weight"),
      (.block(1, .feedForwardNorm), "model.layers.1.post_attention_layernorm.weight"),
    ]
    for (name, text) in pairs {
      let place = try #require(places[text])
      let found = try #require(values[name])
      #expect(found == found.indices.map { FolderBuilder.number(place, $0) }, "\(text)")
    }
    var rows = [Float](repeating: 0, count: 16)
    try rows.withUnsafeMutableBufferPointer { try weights.fill(.tokenEmbedding, rows: 3..<5, into: $0) }
    #expect(rows == Array(try #require(values[.tokenEmbedding])[24..<40]))
  }

  @Test("The configuration is that of config.json, rotary halves and biases as Transformers has them")
  func configuration() throws {
    let c = try SafetensorsWeights(FolderBuilder().build()).configuration
    #expect(c.blocks == 2 && c.width == 8 && c.feedForward == 12 && c.heads == 2 && c.keyValueHeads == 1)
    #expect(c.headSize == 4 && c.context == 32 && c.vocabulary == 10 && c.ropeBase == 500.5 && c.normEpsilon == 1e-5)
    #expect(c.ropeStyle == .halfSplit && c.tied && !c.qkvBias)
    var qwen = FolderBuilder()
    qwen.set("model_type", .string("qwen2"))
    qwen.set("rope_theta", .null)
    qwen.set("rope_parameters", .members(["rope_theta": .integer(1_000_000), "rope_type": .string("default")]))
    let other = try SafetensorsWeights(qwen.build()).configuration
    #expect(other.qkvBias && other.ropeBase == 1_000_000)
  }

  static let damages: [(String, @Sendable (inout FolderBuilder) -> Void)] = [
    (
      "f/config.json: has the architecture \"gpt_neox\"; supported: llama, qwen2",
      { $0.set("model_type", .string("gpt_neox")) }
    ),
    ("f/config.json: lacks the entry \"hidden_size\"", { $0.set("hidden_size", .null) }),
    (
      "f/config.json: \"num_hidden_layers\" must be an integer from 1 to 4096, but is \"2\"",
      { $0.set("num_hidden_layers", .string("2")) }
    ),
    (
      "f/config.json: \"hidden_act\" is \"gelu\", which is not computed here; supported: silu",
      { $0.set("hidden_act", .string("gelu")) }
    ),
    ("f/config.json: \"attention_bias\" is true", { $0.set("attention_bias", .bool(true)) }),
    (
      "f/config.json: \"rope_scaling\" is {\"factor\":8,\"rope_type\":\"llama3\"}",
      {
        $0.set("rope_scaling", .members(["rope_type": .string("llama3"), "factor": .integer(8)]))
      }
    ),
    (
      "f: lacks the tensor \"model.layers.1.mlp.up_proj.weight\"",
      { $0.skipped = ["model.layers.1.mlp.up_proj.weight"] }
    ),
    ("f: lacks the tensor \"lm_head.weight\"", { $0.set("tie_word_embeddings", .bool(false)) }),
    (
      "tensor \"model.embed_tokens.weight\" has the sizes 10 x 8, but the configuration asks for 11 x 8",
      { $0.set("vocab_size", .integer(11)) }
    ),
    (
      "f/model.safetensors: tensor \"model.norm.weight\" is stored as I64; supported: F32, F16, BF16",
      {
        $0.editHeader = {
          $0["model.norm.weight"] = .members([
            "dtype": .string("I64"), "shape": .array([]), "data_offsets": .array([.integer(0), .integer(8)]),
          ])
        }
      }
    ),
    (
      "f/model.safetensors: tensor \"model.norm.weight\" at data offset 9223372036854775800 with 32 bytes does not fit",
      {
        $0.editHeader = {
          $0["model.norm.weight"] = .members([
            "dtype": .string("F32"), "shape": .array([.integer(8)]),
            "data_offsets": .array([.integer(.max - 7), .integer(.max)]),
          ])
        }
      }
    ),
    (
      "f/model.safetensors: \"model.norm.weight\" must be a mapping with dtype, shape and two rising data_offsets",
      {
        $0.editHeader = { $0["model.norm.weight"] = .integer(1) }
      }
    ),
    (
      "f/model.safetensors: is corrupt: tensors \"model.embed_tokens.weight\" and \"model.norm.weight\" overlap",
      {
        $0.editHeader = {
          $0["model.norm.weight"] = .members([
            "dtype": .string("F32"), "shape": .array([.integer(8)]),
            "data_offsets": .array([.integer(4), .integer(36)]),
          ])
        }
      }
    ),
    (
      "f/model.safetensors: \"tensor extra.weight\" is part of the model, which is not computed here",
      {
        $0.editHeader = {
          $0["model.norm.weight"].map { _ in () }
          $0["extra.weight"] = .members([
            "dtype": .string("F32"), "shape": .array([.integer(1)]),
            "data_offsets": .array([.integer(5000), .integer(5004)]),
          ])
        }
        $0.editBytes = { $0 += [UInt8](repeating: 0, count: 5000) }
      }
    ),
    (
      "f/model.safetensors: is corrupt: the header's length at byte 0 is 18446744073709551615",
      {
        $0.editBytes = { $0.replaceSubrange(0..<8, with: [UInt8](repeating: 0xFF, count: 8)) }
      }
    ),
    (
      "f/model.safetensors: ends too early: the header at byte 8 needs", { $0.editBytes = { $0.removeSubrange(40...) } }
    ),
    (
      "f/model.safetensors: ends too early: the header's length at byte 0 needs 8 bytes, 3 are left",
      { $0.editBytes = { $0.removeSubrange(3...) } }
    ),
    ("f/model.safetensors: is not valid JSON: ", { $0.editBytes = { $0[8] = 0x5B } }),
    (
      "holds an infinity or a NaN at byte",
      { $0.editBytes = { $0.replaceSubrange($0.count - 4..<$0.count, with: [0, 0, 0x80, 0x7F]) } }
    ),
  ]

  @Test("Each damage is told by file, place and remedy", arguments: damages.indices)
  func damaged(_ index: Int) throws {
    var builder = FolderBuilder()
    Self.damages[index].1(&builder)
    let error = try #require(throws: ModelFileError.self) { try numbers(of: try SafetensorsWeights(builder.build())) }
    let diagnosis = try #require(error.diagnoses.first)
    #expect(diagnosis.message.contains(Self.damages[index].0), "\(diagnosis.message)")
    #expect(diagnosis.remedy != nil && diagnosis.exit == .inputOutput)
  }

  @Test("A file cut anywhere is a named error")
  func truncated() throws {
    var whole: [UInt8] = []
    whole = try FolderBuilder().build().bytes(of: "model.safetensors").withUnsafeBytes { Array($0) }
    for cut in stride(from: 0, to: whole.count, by: 7) {
      var builder = FolderBuilder()
      builder.editBytes = { $0.removeSubrange(cut...) }
      #expect(throws: ModelFileError.self, "cut at \(cut)") { try SafetensorsWeights(builder.build()) }
    }
  }

  @Test("An index must not lead out of the folder")
  func escape() throws {
    let files = [
      "config.json": try FolderBuilder().build().bytes(of: "config.json"),
      "model.safetensors.index.json": ModelBytes(
        Array(#"{"weight_map": {"a": "../secret.safetensors"}}"#.utf8), name: "f/model.safetensors.index.json"),
    ]
    let error = try #require(throws: ModelFileError.self) {
      try SafetensorsWeights(HuggingFaceFolder(files: files, name: "f"))
    }
    #expect(error.diagnoses.first?.message.contains("the name of a file in this folder") == true)
  }

  @Test("A folder that is not there is told with its path")
  func missing() throws {
    let error = try #require(throws: ModelFileError.self) { try SafetensorsWeights(HuggingFaceFolder(path: "no/such")) }
    #expect(error.diagnoses.first?.message == "no/such/config.json: cannot be read: No such file or directory")
  }
}

@Suite("Random weights")
struct SafetensorsRandomTests {
  static let sizes = DecoderConfiguration(
    blocks: 2, width: 32, feedForward: 48, heads: 4, keyValueHeads: 2, headSize: 8, context: 64, vocabulary: 259,
    ropeBase: 10_000, normEpsilon: 1e-5, ropeStyle: .halfSplit, tied: false, qkvBias: true)

  @Test("A number depends on seed, tensor and place alone")
  func places() throws {
    let weights = try RandomWeights(Self.sizes, seed: 5)
    let values = try numbers(of: weights)
    #expect(values.count == Self.sizes.tensorNames.count && values[.outputNorm] == [Float](repeating: 1, count: 32))
    var rows = [Float](repeating: 0, count: 64)
    rows.withUnsafeMutableBufferPointer { weights.fill(.output, rows: 100..<102, into: $0) }
    #expect(rows == Array(try #require(values[.output])[3200..<3264]))
    #expect(try numbers(of: try RandomWeights(Self.sizes, seed: 5)) == values)
    #expect(try numbers(of: try RandomWeights(Self.sizes, seed: 6))[.output] != values[.output])
    let matrices = Self.sizes.tensorNames.filter { $0.shape(Self.sizes).rows > 1 }.map { values[$0]?.first }
    #expect(Set(matrices).count == matrices.count)
  }

  @Test("Matrices have the promised mean and deviation")
  func distribution() throws {
    let values = try #require(try numbers(of: try RandomWeights(Self.sizes, seed: 1))[.tokenEmbedding])
    let mean = values.map(Double.init).reduce(0, +) / Double(values.count)
    let variance = values.map { (Double($0) - mean) * (Double($0) - mean) }.reduce(0, +) / Double(values.count)
    #expect(abs(mean) < 0.005)
    #expect(abs(variance.squareRoot() - 0.7 / 32.0.squareRoot()) < 0.002)
  }

  @Test("Sizes that do not fit are refused")
  func sizes() {
    var wrong = Self.sizes
    wrong.keyValueHeads = 3
    #expect(throws: ModelFileError.self) { try RandomWeights(wrong, seed: 0) }
  }
}
