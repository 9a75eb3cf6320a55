// The weights of a Llama or Qwen2 decoder in a Hugging Face folder.
// Knows the names that Transformers gives to entries and tensors; what is computed with them is the decoder's matter.

/// A Hugging Face folder as a source of weights; every tensor that the configuration calls for is there.
public struct SafetensorsWeights: WeightSource {
  private struct Located {
    let tensor: SafetensorsTensor
    let bytes: ModelBytes
  }

  /// The sizes, from config.json.
  public let configuration: DecoderConfiguration
  private let name: String
  private let tensors: [[UInt8]: Located]

  /// Checks that a folder holds a whole model; the tensors' numbers are not touched yet.
  ///
  /// - Parameter folder: The folder.
  /// - Throws: ``ModelFileError`` that names the file and the entry or tensor.
  public init(_ folder: HuggingFaceFolder) throws(ModelFileError) {
    let config = try folder.json("config.json")
    var tensors: [[UInt8]: Located] = [:]
    for file in try folder.weightFiles() {
      for tensor in file.tensors {
        let located = Located(tensor: tensor, bytes: file.bytes)
        guard tensors.updateValue(located, forKey: Array(tensor.name.utf8)) == nil else {
          throw ModelFileError(
            file: file.bytes.name,
            .duplicate(what: "tensor", name: tensor.name, offset: tensor.place.lowerBound))
        }
      }
    }
    self.tensors = tensors
    name = folder.name
    configuration = try HuggingFaceConfiguration(file: config).decoder()
    for name in configuration.tensorNames { _ = try located(name) }
    try refuseUnknown()
  }

  /// Writes rows of a tensor as exact float32.
  ///
  /// - Parameters:
  ///   - name: One of the names that the configuration calls for.
  ///   - rows: Which rows.
  ///   - destination: Room for exactly these rows.
  /// - Throws: ``ModelFileError`` when a number is not finite.
  public func fill(_ name: TensorName, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws {
    let located = try located(name)
    let shape = name.shape(configuration)
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= shape.rows && destination.count == rows.count * shape.columns,
      "the decoder asks for rows that the configuration has")
    let rowBytes = shape.columns * located.tensor.type.blockBytes
    let start = located.tensor.place.lowerBound + rows.lowerBound * rowBytes
    try located.bytes.withUnsafeBytes { bytes throws(ModelFileError) in
      let source = UnsafeRawBufferPointer(rebasing: bytes[start..<start + rows.count * rowBytes])
      if let offset = Dequantization.fill(located.tensor.type, from: source, into: destination) {
        throw ModelFileError(
          file: located.bytes.name, .notFinite(tensor: located.tensor.name, offset: start + offset))
      }
    }
  }

  private func located(_ name: TensorName) throws(ModelFileError) -> Located {
    let text = name.huggingFaceName
    guard let located = tensors[Array(text.utf8)] else { throw ModelFileError(file: self.name, .missingTensor(text)) }
    let shape = name.shape(configuration)
    let expected = name.isVector ? [shape.columns] : [shape.rows, shape.columns]
    guard located.tensor.sizes == expected else {
      throw ModelFileError(
        file: located.bytes.name, .wrongShape(tensor: text, found: located.tensor.sizes, expected: expected))
    }
    return located
  }

  /// A tensor that no one asks for would change the results, were it used; only copies of what is computed may stay.
  private func refuseUnknown() throws(ModelFileError) {
    var known = Set(configuration.tensorNames.map { Array($0.huggingFaceName.utf8) })
    known.insert(Array(TensorName.output.huggingFaceName.utf8))
    for block in 0..<configuration.blocks {
      known.insert(Array("model.layers.\(block).self_attn.rotary_emb.inv_freq".utf8))
    }
    let unknown = tensors.values.filter { !known.contains(Array($0.tensor.name.utf8)) }
    guard let first = unknown.min(by: { $0.tensor.name.utf8.lexicographicallyPrecedes($1.tensor.name.utf8) }) else {
      return
    }
    throw ModelFileError(
      file: first.bytes.name,
      .unsupportedFeature(
        key: "tensor \(first.tensor.name)", value: "part of the model", supported: "the tensors of llama and qwen2"))
  }
}
