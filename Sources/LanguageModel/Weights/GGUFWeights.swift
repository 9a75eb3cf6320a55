// The weights of a Llama or Qwen2 decoder in a GGUF file.
// Knows the names that converters give to entries and tensors; what is computed with them is the decoder's matter.

import Diagnostics

/// A GGUF file as a source of weights; every tensor that the configuration calls for is there and has the right sizes.
public struct GGUFWeights: WeightSource {
  /// The architectures that are computed here.
  public static let architectures = ["llama", "qwen2"]

  /// The file's header.
  public let file: GGUFFile
  /// The sizes, from the file's metadata.
  public let configuration: DecoderConfiguration

  /// Checks that a file holds a whole model; the tensors' numbers are not touched yet.
  ///
  /// - Parameter file: The file's header.
  /// - Throws: ``ModelFileError`` that names the entry or tensor.
  public init(_ file: GGUFFile) throws(ModelFileError) {
    self.file = file
    configuration = try Self.configuration(of: file)
    for name in configuration.tensorNames { _ = try tensor(name) }
  }

  /// Writes rows of a tensor as exact float32.
  ///
  /// - Parameters:
  ///   - name: One of the names that the configuration calls for.
  ///   - rows: Which rows.
  ///   - destination: Room for exactly these rows.
  /// - Throws: ``ModelFileError`` when a number is not finite.
  public func fill(_ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws {
    let tensor = try tensor(name)
    let columns = tensor.sizes[0]
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= tensor.elements / columns
        && destination.count == rows.count * columns, "the decoder asks for rows that the configuration has")
    let rowBytes = columns / tensor.type.blockElements * tensor.type.blockBytes
    let start = tensor.place.lowerBound + rows.lowerBound * rowBytes
    try file.bytes.withUnsafeBytes { bytes throws(ModelFileError) in
      let source = UnsafeRawBufferPointer(rebasing: bytes[start..<start + rows.count * rowBytes])
      if let offset = Dequantization.fill(tensor.type, from: source, into: destination) {
        throw file.error(.notFinite(tensor: tensor.name, offset: start + offset))
      }
    }
  }

  private func tensor(_ name: TensorName) throws(ModelFileError) -> GGUFTensor {
    let text = Self.text(of: name)
    guard let tensor = file.tensor(named: text) else { throw file.error(.missingTensor(text)) }
    let shape = name.shape(configuration)
    let expected = name.isVector ? [shape.columns] : [shape.columns, shape.rows]
    // Sizes of 1 may follow: (columns, rows, 1) is (columns, rows).
    let found = Array(tensor.sizes.prefix(expected.count))
    guard found == expected, tensor.sizes.dropFirst(expected.count).allSatisfy({ $0 == 1 }) else {
      throw file.error(.wrongShape(tensor: text, found: tensor.sizes, expected: expected))
    }
    guard tensor.type.isReadable else {
      throw file.error(
        .unsupportedTensorType(
          tensor: text, type: tensor.type.name, supported: GGUFTensorType.readable.map(\.name)))
    }
    return tensor
  }

  private static func text(of name: TensorName) -> String {
    switch name {
    case .tokenEmbedding: "token_embd.weight"
    case .outputNorm: "output_norm.weight"
    case .output: "output.weight"
    case .block(let block, let tensor): "blk.\(block).\(text(of: tensor))"
    }
  }

  private static func text(of tensor: BlockTensor) -> String {
    switch tensor {
    case .attentionNorm: "attn_norm.weight"
    case .attentionQuery: "attn_q.weight"
    case .attentionKey: "attn_k.weight"
    case .attentionValue: "attn_v.weight"
    case .queryBias: "attn_q.bias"
    case .keyBias: "attn_k.bias"
    case .valueBias: "attn_v.bias"
    case .attentionOutput: "attn_output.weight"
    case .feedForwardNorm: "ffn_norm.weight"
    case .feedForwardGate: "ffn_gate.weight"
    case .feedForwardUp: "ffn_up.weight"
    case .feedForwardDown: "ffn_down.weight"
    }
  }
}

extension GGUFWeights {
  private static func configuration(of file: GGUFFile) throws(ModelFileError) -> DecoderConfiguration {
    let architecture = try file.text("general.architecture")
    guard architectures.contains(where: { $0.utf8.elementsEqual(architecture.utf8) }) else {
      throw file.error(.unsupportedArchitecture(architecture, supported: architectures))
    }
    func size(_ key: String, upTo limit: Int) throws(ModelFileError) -> Int {
      try file.integer("\(architecture).\(key)", in: 1...limit)
    }
    let heads = try size("attention.head_count", upTo: 1 << 12)
    let width = try size("embedding_length", upTo: 1 << 20)
    let headSize = try file.integer(ifPresent: "\(architecture).attention.key_length", in: 2...(1 << 14))
    let vocabulary = try file.list("tokenizer.ggml.tokens", ofType: 8, "a list of texts").count
    let configuration = DecoderConfiguration(
      blocks: try size("block_count", upTo: 1 << 12), width: width,
      feedForward: try size("feed_forward_length", upTo: 1 << 22), heads: heads,
      keyValueHeads: try file.integer(ifPresent: "\(architecture).attention.head_count_kv", in: 1...heads) ?? heads,
      headSize: headSize ?? width / heads, context: try size("context_length", upTo: 1 << 28),
      vocabulary: vocabulary, ropeBase: try file.number(ifPresent: "\(architecture).rope.freq_base") ?? 10_000,
      normEpsilon: try epsilon(file, architecture), ropeStyle: architecture == "llama" ? .adjacent : .halfSplit,
      tied: file.tensor(named: "output.weight") == nil, qkvBias: file.tensor(named: "blk.0.attn_q.bias") != nil)
    try refuseUncomputed(file, architecture, configuration)
    try configuration.check(file.bytes.name)
    return configuration
  }

  private static func epsilon(_ file: GGUFFile, _ architecture: String) throws(ModelFileError) -> Float {
    let key = "\(architecture).attention.layer_norm_rms_epsilon"
    guard let epsilon = try file.number(ifPresent: key) else { throw file.error(.missingKey(key)) }
    return Float(epsilon)
  }

  /// What would change the results and is not computed here must not pass silently.
  private static func refuseUncomputed(
    _ file: GGUFFile, _ architecture: String, _ configuration: DecoderConfiguration
  ) throws(ModelFileError) {
    func refuse(_ key: String, _ value: String, _ supported: String) -> ModelFileError {
      file.error(.unsupportedFeature(key: key, value: value, supported: supported))
    }
    let size = "\(architecture).rope.dimension_count"
    if let count = try file.integer(ifPresent: size, in: 1...(1 << 14)), count != configuration.headSize {
      throw refuse(size, "\(count)", "the head size, \(configuration.headSize)")
    }
    let scaling = "\(architecture).rope.scaling.type"
    if let value = file[scaling], value != .text("none") { throw refuse(scaling, value.kindInWords, "none") }
    let linear = "\(architecture).rope.scale_linear"
    if let factor = try file.number(ifPresent: linear), factor != 1 { throw refuse(linear, "\(factor)", "1") }
    let experts = "\(architecture).expert_count"
    if let count = try file.integer(ifPresent: experts, in: 0...(1 << 16)), count > 0 {
      throw refuse(experts, "\(count)", "0")
    }
    let known = Set(configuration.tensorNames.map { Array(text(of: $0).utf8) })
    for tensor in file.tensors where !known.contains(Array(tensor.name.utf8)) {
      throw refuse("tensor \(tensor.name)", "part of the model", "the tensors of llama and qwen2")
    }
  }
}
