// The GGUF reader on small files that the tests write: what is right is read exactly, what is wrong is named.

import Diagnostics
import LanguageModel
import Testing

@Suite("GGUF")
struct GGUFTests {
  /// The same numbers by the formats' definitions, one at a time.
  static func expected(_ type: UInt32, _ data: [UInt8], _ index: Int) -> Float {
    func word(_ at: Int) -> UInt16 { UInt16(data[at]) | UInt16(data[at + 1]) << 8 }
    func half(_ at: Int) -> Float {
      let bits = word(at)
      let (exponent, fraction) = (Int(bits >> 10 & 31), Float(bits & 1023))
      let magnitude =
        exponent == 0
        ? fraction * 0x1p-24 : (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
      return bits & 0x8000 == 0 ? magnitude : -magnitude
    }
    func nibble(_ start: Int) -> Float {
      let place = index % 32
      let byte = data[start + place % 16]
      return Float(place < 16 ? byte & 15 : byte >> 4)
    }
    let block = index / 32
    switch type {
    case 0: return Float(bitPattern: UInt32(word(4 * index)) | UInt32(word(4 * index + 2)) << 16)
    case 1: return half(2 * index)
    case 30: return Float(bitPattern: UInt32(word(2 * index)) << 16)
    case 8: return half(34 * block) * Float(Int8(bitPattern: data[34 * block + 2 + index % 32]))
    case 2: return half(18 * block) * (nibble(18 * block + 2) - 8)
    default: return half(20 * block) * nibble(20 * block + 4) + half(20 * block + 2)
    }
  }

  @Test("Every stored format gives exactly the numbers of its definition", arguments: [0, 1, 2, 3, 8, 30] as [UInt32])
  func formats(_ type: UInt32) throws {
    var builder = GGUFBuilder.model(matrices: type)
    let (weights, _, numbers) = try readWhole(builder.build())
    let name = TensorName.block(0, .feedForwardDown)
    let data = try #require(builder.tensors.first { $0.name == "blk.0.ffn_down.weight" }).data
    let values = try #require(numbers[name])
    #expect(values.count == 2048)
    for index in values.indices { #expect(values[index] == Self.expected(type, data, index), "number \(index)") }
    var rows = [Float](repeating: 0, count: 3 * 64)
    try rows.withUnsafeMutableBufferPointer { try weights.fill(name, rows: 5..<8, into: $0) }
    #expect(rows == Array(values[5 * 64..<8 * 64]))
  }

  @Test("Every half-precision number is exact")
  func halves() throws {
    var builder = GGUFBuilder.model(matrices: 1)
    let finite = (0...UInt16.max).filter { $0 & 0x7C00 != 0x7C00 }
    for start in stride(from: 0, to: finite.count, by: 2048) {
      let some = (0..<2048).map { finite[min(start + $0, finite.count - 1)] }
      builder.change("blk.0.ffn_down.weight") { $0.data = some.flatMap { GGUFBuilder.littleEndian($0) } }
      let values = try #require(try readWhole(builder.build()).2[.block(0, .feedForwardDown)])
      let data = some.flatMap { GGUFBuilder.littleEndian($0) }
      for index in values.indices where values[index].bitPattern != Self.expected(1, data, index).bitPattern {
        Issue.record("half \(some[index])")
      }
    }
  }

  @Test("The configuration is that of the metadata")
  func configuration() throws {
    var llama = GGUFBuilder.model()
    let (weights, tokenizer, _) = try readWhole(llama.build())
    let c = weights.configuration
    #expect(c.blocks == 1 && c.width == 32 && c.feedForward == 64 && c.heads == 2 && c.keyValueHeads == 1)
    #expect(c.headSize == 16 && c.context == 64 && c.vocabulary == 8 && c.ropeBase == 10000 && c.normEpsilon == 1e-5)
    #expect(c.ropeStyle == .adjacent && c.tied && !c.qkvBias)
    #expect(tokenizer.vocabularySize == 8 && tokenizer.markers.endOfText == TokenID(1))
    var qwen = GGUFBuilder.model(architecture: "qwen2")
    let other = try readWhole(qwen.build()).0.configuration
    #expect(other.ropeStyle == .halfSplit && !other.tied && other.qkvBias)
  }

  @Test("Version 2 is read as version 3 is")
  func version2() throws {
    var builder = GGUFBuilder.model()
    builder.version = 2
    #expect(
      try readWhole(builder.build()).2
        == readWhole(
          {
            var b = GGUFBuilder.model(); return b.build()
          }()
        ).2)
  }

  @Test("Another alignment moves the data")
  func alignment() throws {
    var builder = GGUFBuilder.model()
    let plain = try readWhole(builder.build()).2
    builder.alignment = 64
    builder.set("general.alignment", .uint32(64))
    #expect(try readWhole(builder.build()).2 == plain)
  }
}

/// One way to spoil a file, and what must be said of it.
struct GGUFDamage: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let message: String
  let spoil: @Sendable (inout GGUFBuilder) -> Void

  init(_ name: String, _ message: String, _ spoil: @escaping @Sendable (inout GGUFBuilder) -> Void) {
    (testDescription, self.message, self.spoil) = (name, message, spoil)
  }

  static let all: [GGUFDamage] = [
    GGUFDamage("magic", "is not a GGUF file: it begins with the bytes 50 4b 03 04") { $0.magic = [0x50, 0x4B, 3, 4] },
    GGUFDamage("version", "is GGUF version 1; versions 2 and 3 are read") { $0.version = 1 },
    GGUFDamage("architecture", "has the architecture \"mamba\"; supported: llama, qwen2") {
      $0.set("general.architecture", .text("mamba"))
    },
    GGUFDamage("missing key", "lacks the entry \"llama.block_count\"") { $0.set("llama.block_count", nil) },
    GGUFDamage("wrong type", "\"llama.block_count\" must be an integer from 1 to 4096, but is the text \"x\"") {
      $0.set("llama.block_count", .text("x"))
    },
    GGUFDamage("zero", "\"llama.block_count\" must be an integer from 1 to 4096, but is the integer 0") {
      $0.set("llama.block_count", .uint32(0))
    },
    GGUFDamage("epsilon", "\"llama.attention.layer_norm_rms_epsilon\" must be a finite number, but is the number nan") {
      $0.set("llama.attention.layer_norm_rms_epsilon", .float32(.nan))
    },
    GGUFDamage("heads", "\"key and value heads\" must be a divisor of the 3 heads, but is 2") {
      $0.set("llama.attention.head_count", .uint32(3))
      $0.set("llama.attention.head_count_kv", .uint32(2))
    },
    GGUFDamage(
      "rope part", "\"llama.rope.dimension_count\" is 8, which is not computed here; supported: the head size, 16"
    ) {
      $0.set("llama.rope.dimension_count", .uint32(8))
    },
    GGUFDamage("rope scaling", "\"llama.rope.scaling.type\" is the text \"yarn\", which is not computed here") {
      $0.set("llama.rope.scaling.type", .text("yarn"))
    },
    GGUFDamage("experts", "\"llama.expert_count\" is 8, which is not computed here") {
      $0.set("llama.expert_count", .uint32(8))
    },
    GGUFDamage("extra tensor", "\"tensor rope_freqs.weight\" is part of the model, which is not computed here") {
      $0.tensors.append(
        GGUFBuilder.Tensor(name: "rope_freqs.weight", sizes: [8], type: 0, data: [UInt8](repeating: 0, count: 32)))
    },
    GGUFDamage("missing tensor", "lacks the tensor \"blk.0.attn_k.weight\"") { builder in
      builder.tensors.removeAll { $0.name == "blk.0.attn_k.weight" }
    },
    GGUFDamage("shape", "tensor \"blk.0.attn_k.weight\" has the sizes 16 x 32, but the configuration asks for 32 x 16")
    {
      $0.change("blk.0.attn_k.weight") {
        ($0.sizes, $0.type, $0.data) = ([16, 32], 0, [UInt8](repeating: 0, count: 2048))
      }
    },
    GGUFDamage(
      "quantization",
      "tensor \"blk.0.ffn_down.weight\" is stored as type 99; supported: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0"
    ) {
      $0.change("blk.0.ffn_down.weight") { $0.type = 99 }
    },
    GGUFDamage(
      "overlap", "is corrupt: tensors \"token_embd.weight\" and \"output_norm.weight\" overlap at data offset 0"
    ) {
      $0.change("output_norm.weight") { $0.offset = 0 }
    },
    GGUFDamage("misaligned", "tensor \"output_norm.weight\" at data offset 33 with 128 bytes does not fit") {
      $0.change("output_norm.weight") { $0.offset = 33 }
    },
    GGUFDamage(
      "far offset", "tensor \"output_norm.weight\" at data offset 18446744073709551584 with 128 bytes does not fit"
    ) {
      $0.change("output_norm.weight") { $0.offset = .max - 31 }
    },
    GGUFDamage("huge size", "is corrupt: a size of \"output_norm.weight\"") {
      $0.change("output_norm.weight") { $0.sizes = [1 << 62, 1 << 62] }
    },
    GGUFDamage("dimensions", "is corrupt: the number of dimensions of \"output_norm.weight\"") {
      $0.change("output_norm.weight") { $0.sizes = [32, 1, 1, 1, 1] }
    },
    GGUFDamage("duplicate key", "is corrupt: the metadata entry \"general.architecture\" stands there twice") {
      $0.entries.append(("general.architecture", .text("llama")))
    },
    GGUFDamage("duplicate tensor", "is corrupt: the tensor \"output_norm.weight\" stands there twice") { builder in
      builder.tensors.append(contentsOf: builder.tensors.filter { $0.name == "output_norm.weight" })
    },
    GGUFDamage("NaN", "is corrupt: tensor \"output_norm.weight\" holds an infinity or a NaN at byte") {
      $0.change("output_norm.weight") { $0.data.replaceSubrange(64..<68, with: [0, 0, 0xC0, 0x7F]) }
    },
    GGUFDamage("infinite scale", "is corrupt: tensor \"blk.0.attn_q.weight\" holds an infinity or a NaN at byte") {
      $0.change("blk.0.attn_q.weight") { $0.data.replaceSubrange(40..<42, with: [0, 0x7C]) }
    },
    GGUFDamage("tokenizer model", "its tokenizer's model is \"llama\"; supported: gpt2 (byte-level BPE)") {
      $0.set("tokenizer.ggml.model", .text("llama"))
    },
    GGUFDamage(
      "pre-tokenizer", "its tokenizer's pre-tokenizer is \"deepseek-llm\"; supported: gpt-2, smollm, llama-bpe, qwen2"
    ) {
      $0.set("tokenizer.ggml.pre", .text("deepseek-llm"))
    },
    GGUFDamage("token types", "its tokenizer is inconsistent: it has 8 tokens, but 2 token types") {
      $0.set("tokenizer.ggml.token_type", .int32s([3, 3]))
    },
    GGUFDamage("merge", "its tokenizer is inconsistent: merge 0, \"a x\", does not join two tokens to a third") {
      $0.set("tokenizer.ggml.merges", .texts(["a x"]))
    },
    GGUFDamage("end token", "\"tokenizer.ggml.eos_token_id\" must be an integer from 0 to 7, but is the integer 8") {
      $0.set("tokenizer.ggml.eos_token_id", .uint32(8))
    },
  ]
}

@Suite("Damaged GGUF")
struct GGUFDamageTests {
  @Test("Each damage is told by what is wrong, where, and what to do", arguments: GGUFDamage.all)
  func named(_ damage: GGUFDamage) throws {
    var builder = GGUFBuilder.model()
    damage.spoil(&builder)
    let error = try #require(throws: ModelFileError.self) { try readWhole(builder.build()) }
    let diagnosis = try #require(error.diagnoses.first)
    #expect(diagnosis.message.hasPrefix("m.gguf: "))
    #expect(diagnosis.message.contains(damage.message), "\(diagnosis.message)")
    #expect(diagnosis.remedy?.isEmpty == false && diagnosis.exit == .inputOutput)
  }

  @Test("A file cut anywhere is a named error")
  func truncated() throws {
    var builder = GGUFBuilder.model()
    let bytes = builder.build()
    let cuts = Set(
      builder.fields.flatMap { [$0 - 1, $0, $0 + 1] } + Array(0..<64) + [bytes.count - 1, bytes.count - 33])
    for cut in cuts.sorted() where cut >= 0 && cut < bytes.count {
      #expect(throws: ModelFileError.self, "cut at \(cut)") { try readWhole(Array(bytes[..<cut])) }
    }
  }

  @Test("A byte changed anywhere in the header never traps: it is a named error or still a model")
  func flipped() throws {
    var builder = GGUFBuilder.model()
    let bytes = builder.build()
    let header = try #require(builder.fields.last)
    var refused = 0
    for at in 0..<header {
      for change in [0x01, 0x80, 0xFF] as [UInt8] {
        var damaged = bytes
        damaged[at] ^= change
        do {
          _ = try readWhole(damaged)
        } catch let error as ModelFileError {
          refused += 1
          #expect(error.diagnoses.first?.message.count ?? 0 > 10)
        }
      }
    }
    #expect(refused > header)
  }

  @Test("Every field set to its greatest value is a named error or still a model, without a great allocation")
  func extreme() throws {
    var builder = GGUFBuilder.model()
    let bytes = builder.build()
    for (start, end) in zip(builder.fields, builder.fields.dropFirst()) {
      for value in [0x00, 0x7F, 0xFF] as [UInt8] {
        var damaged = bytes
        for at in start..<end { damaged[at] = value }
        do { _ = try readWhole(damaged) } catch is ModelFileError { continue }
      }
    }
  }

  @Test("A file that is not there is told with its path")
  func missing() throws {
    let error = try #require(throws: ModelFileError.self) { try ModelBytes(path: "no/such/model.gguf") }
    #expect(error.diagnoses.first?.message == "no/such/model.gguf: cannot be read: No such file or directory")
  }

  @Test("The real model, mapped, has its published sizes; its weights are all finite")
  func real() throws {
    let weights = try GGUFWeights(try Reference.file())
    let c = weights.configuration
    #expect(c.blocks == 30 && c.width == 576 && c.feedForward == 1536 && c.heads == 9 && c.keyValueHeads == 3)
    #expect(c.headSize == 64 && c.vocabulary == 49152 && c.context == 8192 && c.ropeBase == 100_000 && c.tied)
    #expect(weights.file.tensors.count == 272 && c.tensorNames.count == 272)
    let values = try numbers(of: weights)
    #expect(values.values.map(\.count).reduce(0, +) == 134_515_008)
    #expect(values.values.allSatisfy { $0.allSatisfy(\.isFinite) })
  }
}
