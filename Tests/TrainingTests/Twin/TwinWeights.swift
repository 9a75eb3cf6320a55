// The twin's numbers: every tensor as a plain list of doubles, and low-rank matrices that are added to some of them.
// Knows nothing of what is computed with them.

import LanguageModel

/// All tensors of a decoder; matrices row after row, [outputs × inputs].
struct TwinWeights {
  let configuration: DecoderConfiguration
  var tensors: [TensorName: [Double]] = [:]

  /// Copies every tensor of a source.
  init(_ source: some WeightSource) throws {
    configuration = source.configuration
    for name in configuration.tensorNames {
      let shape = name.shape(configuration)
      var floats = [Float](repeating: 0, count: shape.rows * shape.columns)
      try floats.withUnsafeMutableBufferPointer { try source.fill(name, rows: 0..<shape.rows, into: $0) }
      tensors[name] = floats.map(Double.init)
    }
  }
}

/// The two matrices beside one weight: it becomes W + scale · B·A.
struct TwinPair {
  /// [rank × inputs].
  var a: [Double]
  /// [outputs × rank].
  var b: [Double]
}

/// Low-rank adapters (Hu et al., arXiv:2106.09685, section 4.1).
struct TwinLoRA {
  var rank: Int
  /// alpha / rank.
  var scale: Double
  var pairs: [TensorName: TwinPair]

  /// W + scale · B·A.
  func added(to weight: [Double], _ name: TensorName) -> [Double] {
    guard let pair = pairs[name] else { return weight }
    let inputs = pair.a.count / rank
    var sum = weight
    for output in 0..<pair.b.count / rank {
      for input in 0..<inputs {
        for middle in 0..<rank {
          sum[output * inputs + input] += scale * pair.b[output * rank + middle] * pair.a[middle * inputs + input]
        }
      }
    }
    return sum
  }

  /// From d loss / d (W + scale · B·A) to the gradients of A and B.
  func gradients(_ name: TensorName, of dWeight: [Double]) -> TwinPair? {
    guard let pair = pairs[name] else { return nil }
    let inputs = pair.a.count / rank
    var (dA, dB) = (pair.a.map { _ in 0.0 }, pair.b.map { _ in 0.0 })
    for output in 0..<pair.b.count / rank {
      for input in 0..<inputs {
        let slope = scale * dWeight[output * inputs + input]
        for middle in 0..<rank {
          dA[middle * inputs + input] += slope * pair.b[output * rank + middle]
          dB[output * rank + middle] += slope * pair.a[middle * inputs + input]
        }
      }
    }
    return TwinPair(a: dA, b: dB)
  }
}

/// A list of numbers that can be trained.
enum TwinParameter: Hashable {
  case tensor(TensorName)
  case loraA(TensorName)
  case loraB(TensorName)

  /// Gains and biases are the others.
  var isMatrix: Bool {
    switch self {
    case .loraA, .loraB, .tensor(.tokenEmbedding), .tensor(.output): true
    case .tensor(.outputNorm): false
    case .tensor(.block(_, let tensor)):
      ![.attentionNorm, .feedForwardNorm, .queryBias, .keyBias, .valueBias].contains(tensor)
    }
  }
}

/// d loss / d number, in the layout of the numbers.
struct TwinGradients {
  /// Of every tensor; a tied embedding's holds both of its uses.
  var tensors: [TensorName: [Double]]
  /// Of every adapter.
  var adapters: [TensorName: TwinPair]

  subscript(parameter: TwinParameter) -> [Double] {
    switch parameter {
    case .tensor(let name): tensors[name, default: []]
    case .loraA(let name): adapters[name]?.a ?? []
    case .loraB(let name): adapters[name]?.b ?? []
    }
  }
}
