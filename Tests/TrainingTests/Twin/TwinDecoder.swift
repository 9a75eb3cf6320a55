// A Llama-family decoder in doubles, forward and backward, as plain as it can be written.
// The engine's training is held against it; it shares no code with what it judges.

import LanguageModel

/// A text and what the loss does to it.
struct TwinSequence {
  var tokens: [Int]
  /// The first token that is read, at least 1.
  var from: Int
  /// d loss / d ln p of tokens[from...].
  var coefficients: [Double]
  /// d loss / d mean over the vocabulary of ln p, at the same tokens; nil for zeros.
  var meanCoefficients: [Double]?
  /// d loss / d entropy over the vocabulary, at the same tokens; nil for zeros.
  var entropyCoefficients: [Double]?
  /// How inputs of adapters are dropped; nil for adapters that are added to their matrices.
  var masks: TwinMasks?
}

struct TwinDecoder {
  let configuration: DecoderConfiguration
  var weights: TwinWeights
  var lora: TwinLoRA?

  init(configuration: DecoderConfiguration, weights: TwinWeights, lora: TwinLoRA? = nil) {
    self.configuration = configuration
    self.weights = weights
    self.lora = lora
  }

  /// The numbers that a training may change, in the order of the computation: all tensors, or the adapters alone.
  var parameters: [TwinParameter] {
    guard let lora else { return configuration.tensorNames.map { .tensor($0) } }
    return configuration.tensorNames.filter { lora.pairs[$0] != nil }.flatMap { [.loraA($0), .loraB($0)] }
  }

  subscript(parameter: TwinParameter) -> [Double] {
    get {
      switch parameter {
      case .tensor(let name): weights.tensors[name, default: []]
      case .loraA(let name): lora?.pairs[name]?.a ?? []
      case .loraB(let name): lora?.pairs[name]?.b ?? []
      }
    }
    set {
      switch parameter {
      case .tensor(let name): weights.tensors[name] = newValue
      case .loraA(let name): lora?.pairs[name]?.a = newValue
      case .loraB(let name): lora?.pairs[name]?.b = newValue
      }
    }
  }

  /// Natural log-probabilities of tokens[from...].
  func logProbabilities(tokens: [Int], from: Int, masks: TwinMasks? = nil) -> [Double] {
    let rows = logRows(tokens, from: from, masks)
    return rows.indices.map { rows[$0][tokens[from + $0]] }
  }

  /// The mean of ln p over the vocabulary at each of tokens[from...].
  func vocabularyMeans(tokens: [Int], from: Int, masks: TwinMasks? = nil) -> [Double] {
    logRows(tokens, from: from, masks).map(TwinMath.mean)
  }

  /// The entropy over the vocabulary at each of tokens[from...], in nats.
  func entropies(tokens: [Int], from: Int, masks: TwinMasks? = nil) -> [Double] {
    logRows(tokens, from: from, masks).map(Self.entropy)
  }

  private static func entropy(_ logRow: [Double]) -> Double {
    -zip(TwinMath.softmax(logRow), logRow).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The gradient of the sum of the three.
  ///
  /// Σ coefficient · ln p + Σ meanCoefficient · mean over the vocabulary of ln p + Σ entropyCoefficient · entropy.
  ///
  /// Either all texts have masks or none.
  func gradients(of sequences: [TwinSequence]) -> TwinGradients {
    var gradients = TwinGradients(tensors: weights.tensors.mapValues { $0.map { _ in 0.0 } }, adapters: [:])
    for sequence in sequences { backward(sequence, tensors(sequence.masks), into: &gradients) }
    guard sequences.allSatisfy({ $0.masks == nil }) else { return gradients }
    for name in configuration.tensorNames {
      gradients.adapters[name] = lora?.gradients(name, of: gradients.tensors[name, default: []])
    }
    return gradients
  }

  // MARK: - One text

  /// Every tensor with its adapter added, or without where the adapter goes beside it.
  private func tensors(_ masks: TwinMasks?) -> [TensorName: [Double]] {
    guard let lora, masks == nil else { return weights.tensors }
    var tensors = weights.tensors
    for name in configuration.tensorNames { tensors[name] = lora.added(to: tensors[name, default: []], name) }
    return tensors
  }

  private var headName: TensorName { configuration.tied ? .tokenEmbedding : .output }
  private var epsilon: Double { Double(configuration.normEpsilon) }

  private func block(_ index: Int, _ tensors: [TensorName: [Double]], _ masks: TwinMasks?) -> TwinBlock {
    let dropout = lora.flatMap { lora in masks.map { (lora, $0) } }
    return TwinBlock(configuration: configuration, index: index, tensors: tensors, dropout: dropout)
  }

  private func traces(
    _ tokens: [Int], _ tensors: [TensorName: [Double]], _ masks: TwinMasks?
  ) -> [TwinBlock.Trace] {
    let width = configuration.width
    var stream = tokens.map { Array(tensors[.tokenEmbedding, default: []][$0 * width..<($0 + 1) * width]) }
    return (0..<configuration.blocks).map { index in
      let trace = block(index, tensors, masks).forward(stream)
      stream = trace.output
      return trace
    }
  }

  /// ln p of the whole vocabulary for each of tokens[from...].
  private func logRows(_ tokens: [Int], from: Int, _ masks: TwinMasks?) -> [[Double]] {
    let tensors = tensors(masks)
    let stream = traces(tokens, tensors, masks).last?.output ?? []
    return (from..<tokens.count).map { logRow(stream[$0 - 1], tensors) }
  }

  private func logRow(_ x: [Double], _ tensors: [TensorName: [Double]]) -> [Double] {
    let normed = TwinMath.norm(x, gain: tensors[.outputNorm, default: []], epsilon: epsilon)
    let logits = TwinMath.product(tensors[headName, default: []], normed)
    let total = TwinMath.logSumExp(logits)
    return logits.map { $0 - total }
  }

  private func backward(
    _ sequence: TwinSequence, _ tensors: [TensorName: [Double]], into gradients: inout TwinGradients
  ) {
    let (tokens, width) = (sequence.tokens, configuration.width)
    let traces = traces(tokens, tensors, sequence.masks)
    guard let last = traces.last else { return }
    var dStream = tokens.map { _ in [Double](repeating: 0, count: width) }
    for index in sequence.coefficients.indices {
      let position = sequence.from + index - 1
      let dLogits = logitGradient(sequence, index, logRow(last.output[position], tensors))
      dStream[position] = headBackward(last.output[position], dLogits, tensors, into: &gradients)
    }
    for (index, trace) in traces.enumerated().reversed() {
      dStream = block(index, tensors, sequence.masks).backward(trace, dStream, into: &gradients)
    }
    for (position, token) in tokens.enumerated() {
      for i in 0..<width { gradients.tensors[.tokenEmbedding, default: []][token * width + i] += dStream[position][i] }
    }
  }

  /// d ln p(y) / d logit_v = [v = y] - p(v), and d mean ln p / d logit_v = 1/V - p(v).
  private func logitGradient(_ sequence: TwinSequence, _ index: Int, _ logRow: [Double]) -> [Double] {
    let coefficient = sequence.coefficients[index]
    let meanCoefficient = sequence.meanCoefficients?[index] ?? 0
    var gradient = TwinMath.softmax(logRow).map {
      meanCoefficient / Double(logRow.count) - (coefficient + meanCoefficient) * $0
    }
    gradient[sequence.tokens[sequence.from + index]] += coefficient
    guard let spread = sequence.entropyCoefficients?[index] else { return gradient }
    // d H / d logit_v = -p(v) (ln p(v) + H).
    let (p, entropy) = (TwinMath.softmax(logRow), Self.entropy(logRow))
    return gradient.indices.map { gradient[$0] - spread * p[$0] * (logRow[$0] + entropy) }
  }

  private func headBackward(
    _ x: [Double], _ dLogits: [Double], _ tensors: [TensorName: [Double]], into gradients: inout TwinGradients
  ) -> [Double] {
    let gain = tensors[.outputNorm, default: []]
    let normed = TwinMath.norm(x, gain: gain, epsilon: epsilon)
    let dNormed = TwinMath.productBackward(
      tensors[headName, default: []], normed, dLogits, dWeight: &gradients.tensors[headName, default: []])
    return TwinMath.normBackward(
      x, gain: gain, epsilon: epsilon, dNormed, dGain: &gradients.tensors[.outputNorm, default: []])
  }
}
