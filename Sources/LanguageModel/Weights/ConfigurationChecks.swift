// Which tensors a configuration calls for, and whether its sizes fit each other.
// Knows nothing of files beyond the name that a message shows.

extension TensorName {
  /// Whether the tensor is one-dimensional.
  var isVector: Bool {
    switch self {
    case .outputNorm: true
    case .block(_, .attentionNorm), .block(_, .feedForwardNorm): true
    case .block(_, .queryBias), .block(_, .keyBias), .block(_, .valueBias): true
    case .tokenEmbedding, .output, .block: false
    }
  }
}

extension DecoderConfiguration {
  /// Every tensor that a decoder of these sizes asks for, in the order of the computation.
  public var tensorNames: [TensorName] {
    let perBlock = BlockTensor.allCases.filter { tensor in
      switch tensor {
      case .queryBias, .keyBias, .valueBias: qkvBias
      default: true
      }
    }
    let blocks = (0..<blocks).flatMap { block in perBlock.map { TensorName.block(block, $0) } }
    return [.tokenEmbedding] + blocks + [.outputNorm] + (tied ? [] : [.output])
  }

  /// Refuses sizes that no decoder can have; each size alone has been checked before.
  func check(_ file: String) throws(ModelFileError) {
    func wrong(_ key: String, _ expected: String, _ found: String) -> ModelFileError {
      ModelFileError(file: file, .wrongValue(key: key, expected: expected, found: found))
    }
    guard heads % keyValueHeads == 0 else {
      throw wrong("key and value heads", "a divisor of the \(heads) heads", "\(keyValueHeads)")
    }
    guard headSize > 0, headSize.isMultiple(of: 2) else { throw wrong("head size", "an even number", "\(headSize)") }
    guard ropeBase.isFinite, ropeBase > 1 else {
      throw wrong("rotary base", "a finite number over 1", "\(ropeBase)")
    }
    guard normEpsilon.isFinite, normEpsilon >= 0, normEpsilon < 1 else {
      throw wrong("norm epsilon", "a number from 0 to 1", "\(normEpsilon)")
    }
  }
}
