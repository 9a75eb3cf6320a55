// Tiny models of Transformers, read as Hugging Face folders, and blocks of quantized numbers of gguf-py.
// Rotary halves, biases, heads wider than their share, and untied heads are told apart by every logit.

import JSON
import LanguageModel
import Tensors
import Testing

/// Bytes written in base64.
func base64(_ text: String) throws -> [UInt8] {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var (bytes, buffer, held) = ([UInt8](), 0 as UInt32, 0 as UInt32)
  for letter in text.utf8 where letter != UInt8(ascii: "=") {
    buffer = buffer << 6 | UInt32(try #require(alphabet.firstIndex(of: letter)))
    held += 6
    if held >= 8 {
      held -= 8
      bytes.append(UInt8(truncatingIfNeeded: buffer >> held))
    }
  }
  return bytes
}

@Suite("Small models against the reference")
struct ReferenceSmallModelTests {
  @Test("Every logit of every small model", arguments: 0..<3)
  func logits(_ index: Int) throws {
    let models = try Reference.fixture("small_models.json").list("models")
    #expect(models.count == 3)
    let item = models[index]
    let name = try item.text("name")
    let files = [
      "config.json": ModelBytes(try item.member("config").canonicalBytes, name: "small/config.json"),
      "model.safetensors": ModelBytes(try base64(try item.text("weights")), name: "small/model.safetensors"),
    ]
    let weights = try SafetensorsWeights(HuggingFaceFolder(files: files, name: "small"))
    let tokens = try item.tokens("tokens")
    let decoder = try Decoder(source: weights, arithmetic: .ordered, workers: 1)
    let rows = try decoder.logits(tokens, at: Array(tokens.indices))
    var worst = Worst()
    for (row, expected) in zip(rows, try item.list("logits")) {
      for (value, reference) in zip(row, try #require(expected.arrayValue)) {
        worst.add(Double(value), try #require(reference.doubleValue))
      }
    }
    #expect(worst.compared == 12 * 48 && worst.difference < 1e-4, "\(name): \(worst)")
  }

  @Test("Quantized blocks are the reference's floats, bit for bit")
  func blocks() throws {
    let items = try Reference.fixture("small_models.json").list("quantized")
    #expect(items.count == 8)
    for item in items {
      let number = UInt32(try #require(try item.member("type").integerValue))
      let type = try #require(GGUFTensorType(rawValue: number))
      #expect(type.name == (try item.text("name")))
      let found = try #require(type.floats(of: try base64(try item.text("blocks"))))
      let expected = try base64(try item.text("bits"))
      #expect(found.count * 4 == expected.count)
      for (index, value) in found.enumerated() {
        let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(expected[4 * index + $1]) << UInt32(8 * $1) }
        // Zero has two signs, and a product may have either.
        #expect(value.bitPattern == bits || (value == 0 && Float(bitPattern: bits) == 0), "\(type.name) \(index)")
      }
    }
  }

  @Test("A scale that is not finite is found in every format that has one")
  func badScales() throws {
    let places: [(GGUFTensorType, [Int])] = [
      (.q40, [0]), (.q41, [0, 2]), (.q50, [0]), (.q51, [0, 2]), (.q80, [0]), (.q4K, [0, 2]), (.q5K, [0, 2]),
      (.q6K, [208]),
      (.f16, [0]), (.bf16, [0]),
    ]
    for (type, offsets) in places {
      for offset in offsets {
        var blocks = [UInt8](repeating: 0, count: 2 * type.blockBytes)
        #expect(type.floats(of: blocks)?.allSatisfy { $0 == 0 || type == .q40 || $0.isFinite } == true)
        blocks.replaceSubrange(type.blockBytes + offset..<type.blockBytes + offset + 2, with: [0x80, 0x7F])
        #expect(type.floats(of: blocks) == nil, "\(type.name) \(offset)")
      }
    }
  }
}
