// A decoder's weights in the form that its products want.
// Knows nothing of files: every number comes from a `WeightSource`, once, and is packed on the way.

import Tensors

/// The weights of one block.
struct BlockWeights: Sendable {
  let attentionNorm: NumberBuffer
  /// Queries, keys and values in one matrix, in this order.
  let queryKeyValue: Matrix
  /// The biases of the same rows, if the model has them.
  let queryKeyValueBias: NumberBuffer?
  let attentionOutput: Matrix
  let feedForwardNorm: NumberBuffer
  let gate: Matrix
  let up: Matrix
  let down: Matrix
}

/// All weights.
struct DecoderWeights: Sendable {
  /// One row a token; also the vocabulary head when tied.
  let embedding: Matrix
  let blocks: [BlockWeights]
  let outputNorm: NumberBuffer
  /// The vocabulary head.
  let head: Matrix
  /// The scalar head of a reward model, [width]; nil for a language model.
  let scalarHead: NumberBuffer?

  /// Puts together what was made elsewhere.
  init(
    embedding: Matrix, blocks: [BlockWeights], outputNorm: NumberBuffer, head: Matrix, scalarHead: NumberBuffer? = nil
  ) {
    self.scalarHead = scalarHead
    self.embedding = embedding
    self.blocks = blocks
    self.outputNorm = outputNorm
    self.head = head
  }

  /// Reads and packs everything.
  init(_ source: some WeightSource, arithmetic: ArithmeticClass, pool: WorkerPool) throws {
    let loader = Loader(source: source, arithmetic: arithmetic, pool: pool)
    embedding = try loader.matrix([.tokenEmbedding])
    head = source.configuration.tied ? embedding : try loader.matrix([.output])
    outputNorm = try loader.vector([.outputNorm])
    scalarHead = try source.scalarHead.map { numbers in
      let buffer = try NumberBuffer(count: numbers.count)
      buffer.base.update(from: numbers, count: numbers.count)
      return buffer
    }
    blocks = try (0..<source.configuration.blocks).map { try loader.block($0) }
  }
}

/// Asks a source for tensors.
private struct Loader<Source: WeightSource> {
  let source: Source
  let arithmetic: ArithmeticClass
  let pool: WorkerPool

  func block(_ index: Int) throws -> BlockWeights {
    func name(_ tensor: BlockTensor) -> TensorName { .block(index, tensor) }
    let biases = source.configuration.qkvBias
    return BlockWeights(
      attentionNorm: try vector([name(.attentionNorm)]),
      queryKeyValue: try matrix([name(.attentionQuery), name(.attentionKey), name(.attentionValue)]),
      queryKeyValueBias: biases ? try vector([name(.queryBias), name(.keyBias), name(.valueBias)]) : nil,
      attentionOutput: try matrix([name(.attentionOutput)]),
      feedForwardNorm: try vector([name(.feedForwardNorm)]),
      gate: try matrix([name(.feedForwardGate)]),
      up: try matrix([name(.feedForwardUp)]),
      down: try matrix([name(.feedForwardDown)]))
  }

  /// Vectors one after the other.
  func vector(_ names: [TensorName]) throws -> NumberBuffer {
    let lengths = names.map { $0.shape(source.configuration).columns }
    let buffer = try NumberBuffer(count: lengths.reduce(0, +))
    var start = 0
    for (name, length) in zip(names, lengths) {
      try source.fill(name, rows: 0..<1, into: UnsafeMutableBufferPointer(start: buffer.base + start, count: length))
      start += length
    }
    return buffer
  }

  /// Matrices of the same width, one below the other.
  func matrix(_ names: [TensorName]) throws -> Matrix {
    let shapes = names.map { $0.shape(source.configuration) }
    let columns = shapes[0].columns
    return try Matrix(
      rows: shapes.reduce(0) { $0 + $1.rows }, columns: columns, arithmetic: arithmetic, pool: pool
    ) { rows, destination in
      var first = 0
      for (name, shape) in zip(names, shapes) {
        let part = rows.clamped(to: first..<first + shape.rows)
        if !part.isEmpty, let base = destination.baseAddress {
          try source.fill(
            name, rows: part.lowerBound - first..<part.upperBound - first,
            into: UnsafeMutableBufferPointer(
              start: base + (part.lowerBound - rows.lowerBound) * columns, count: part.count * columns))
        }
        first += shape.rows
      }
    }
  }
}
