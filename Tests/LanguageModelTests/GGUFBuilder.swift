// Writes small GGUF files for the tests of the reader, and remembers where each field begins.
// Knows the format from its description, not from the reader under test.

import LanguageModel

struct GGUFBuilder {
  enum Value {
    case uint32(UInt32)
    case float32(Float)
    case bool(Bool)
    case text(String)
    case texts([String])
    case int32s([Int32])
  }

  struct Tensor {
    var name: String
    var sizes: [Int]
    var type: UInt32
    var data: [UInt8]
    /// Instead of where the data lies.
    var offset: UInt64?
  }

  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var entries: [(String, Value)] = []
  var tensors: [Tensor] = []
  var alignment = 32

  private(set) var bytes: [UInt8] = []
  /// Where each field of the header begins, and the end of the header.
  private(set) var fields: [Int] = []

  init() {}

  mutating func build() -> [UInt8] {
    (bytes, fields) = ([], [])
    field(magic)
    field(version)
    field(UInt64(tensors.count))
    field(UInt64(entries.count))
    for (key, value) in entries { append(key, value) }
    var offset: UInt64 = 0
    for tensor in tensors {
      append(tensor.name)
      field(UInt32(tensor.sizes.count))
      for size in tensor.sizes { field(UInt64(size)) }
      field(tensor.type)
      field(tensor.offset ?? offset)
      offset = (offset + UInt64(tensor.data.count) + UInt64(alignment) - 1) / UInt64(alignment) * UInt64(alignment)
    }
    fields.append(bytes.count)
    for tensor in tensors {
      while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
      bytes += tensor.data
    }
    return bytes
  }

  private mutating func field(_ content: [UInt8]) {
    fields.append(bytes.count)
    bytes += content
  }

  private mutating func field<T: FixedWidthInteger>(_ value: T) {
    field(Self.littleEndian(value))
  }

  static func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    (0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
  }

  private mutating func append(_ text: String) {
    field(UInt64(text.utf8.count))
    field(Array(text.utf8))
  }

  private mutating func append(_ key: String, _ value: Value) {
    append(key)
    switch value {
    case .uint32(let number):
      field(UInt32(4))
      field(number)
    case .float32(let number):
      field(UInt32(6))
      field(number.bitPattern)
    case .bool(let flag):
      field(UInt32(7))
      field([flag ? 1 : 0])
    case .text(let text):
      field(UInt32(8))
      append(text)
    case .texts(let texts):
      field(UInt32(9))
      field(UInt32(8))
      field(UInt64(texts.count))
      for text in texts { append(text) }
    case .int32s(let numbers):
      field(UInt32(9))
      field(UInt32(5))
      field(UInt64(numbers.count))
      for number in numbers { field(number) }
    }
  }
}

extension GGUFBuilder {
  /// A block of each stored format whose numbers are easy to tell apart.
  static func blocks(_ type: UInt32, elements: Int) -> [UInt8] {
    switch type {
    case 0: (0..<elements).flatMap { littleEndian((Float($0 % 17) / 16 - 0.5).bitPattern) }
    case 1: (0..<elements).flatMap { littleEndian(UInt16(0x3000 + $0 % 512)) }
    case 30: (0..<elements).flatMap { littleEndian(UInt16(0x3E00 + $0 % 128)) }
    case 8:
      (0..<elements / 32).flatMap { block in
        littleEndian(UInt16(0x2C00)) + (0..<32).map { UInt8(($0 * 7 + block) % 256) }
      }
    case 2:
      (0..<elements / 32).flatMap { block in
        littleEndian(UInt16(0x2E00)) + (0..<16).map { UInt8(($0 * 17 + block) % 256) }
      }
    default:
      (0..<elements / 32).flatMap { block in
        littleEndian(UInt16(0x2E00)) + littleEndian(UInt16(0xB800)) + (0..<16).map { UInt8(($0 * 13 + block) % 256) }
      }
    }
  }

  /// A whole model: one block, width 32, two heads of 16, one key and value head, 8 tokens.
  static func model(architecture: String = "llama", matrices: UInt32 = 3) -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.entries = [
      ("general.architecture", .text(architecture)), ("\(architecture).block_count", .uint32(1)),
      ("\(architecture).context_length", .uint32(64)), ("\(architecture).embedding_length", .uint32(32)),
      ("\(architecture).feed_forward_length", .uint32(64)), ("\(architecture).attention.head_count", .uint32(2)),
      ("\(architecture).attention.head_count_kv", .uint32(1)), ("\(architecture).rope.freq_base", .float32(10000)),
      ("\(architecture).attention.layer_norm_rms_epsilon", .float32(1e-5)),
      ("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.pre", .text("smollm")),
      ("tokenizer.ggml.tokens", .texts(["<|im_start|>", "<|im_end|>", "a", "b", "ab", "Ġ", "Ċ", "é"])),
      ("tokenizer.ggml.token_type", .int32s([3, 3, 1, 1, 1, 1, 1, 1])), ("tokenizer.ggml.merges", .texts(["a b"])),
      ("tokenizer.ggml.bos_token_id", .uint32(0)), ("tokenizer.ggml.eos_token_id", .uint32(1)),
      ("tokenizer.ggml.add_bos_token", .bool(false)),
    ]
    func add(_ name: String, _ sizes: [Int], _ type: UInt32) {
      builder.tensors.append(
        Tensor(name: name, sizes: sizes, type: type, data: blocks(type, elements: sizes.reduce(1, *))))
    }
    add("token_embd.weight", [32, 8], 8)
    add("blk.0.attn_norm.weight", [32], 0)
    add("blk.0.attn_q.weight", [32, 32], matrices)
    add("blk.0.attn_k.weight", [32, 16], matrices)
    add("blk.0.attn_v.weight", [32, 16], matrices)
    add("blk.0.attn_output.weight", [32, 32], matrices)
    add("blk.0.ffn_norm.weight", [32], 0)
    add("blk.0.ffn_gate.weight", [32, 64], matrices)
    add("blk.0.ffn_up.weight", [32, 64], matrices)
    add("blk.0.ffn_down.weight", [64, 32], matrices)
    add("output_norm.weight", [32], 0)
    if architecture == "qwen2" {
      for (name, size) in [("q", 32), ("k", 16), ("v", 16)] { add("blk.0.attn_\(name).bias", [size], 0) }
      add("output.weight", [32, 8], 1)
    }
    return builder
  }

  mutating func set(_ key: String, _ value: Value?) {
    entries.removeAll { $0.0 == key }
    if let value { entries.append((key, value)) }
  }

  mutating func change(_ tensor: String, _ body: (inout Tensor) -> Void) {
    for index in tensors.indices where tensors[index].name == tensor { body(&tensors[index]) }
  }
}

/// Reads everything in a GGUF file: header, tokenizer, weights, every number.
func readWhole(_ bytes: [UInt8]) throws -> (GGUFWeights, Tokenizer, [TensorName: [Float]]) {
  let file = try GGUFFile(ModelBytes(bytes, name: "m.gguf"))
  let tokenizer = try Tokenizer(file)
  let weights = try GGUFWeights(file)
  return (weights, tokenizer, try numbers(of: weights))
}

/// Every number of a source, by tensor.
func numbers(of weights: some WeightSource) throws -> [TensorName: [Float]] {
  var numbers: [TensorName: [Float]] = [:]
  for name in weights.configuration.tensorNames {
    let shape = name.shape(weights.configuration)
    var values = [Float](repeating: .nan, count: shape.rows * shape.columns)
    try values.withUnsafeMutableBufferPointer { try weights.fill(name, rows: 0..<shape.rows, into: $0) }
    numbers[name] = values
  }
  return numbers
}
