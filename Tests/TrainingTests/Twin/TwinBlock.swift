// One block of the decoder over one text: attention with grouped queries, then SwiGLU, and both backward.
// Knows nothing of the vocabulary. Rows are positions; T rows of width C come in and go out.

import LanguageModel

struct TwinBlock {
  let configuration: DecoderConfiguration
  let index: Int
  /// All tensors, adapters added.
  let tensors: [TensorName: [Double]]

  /// What the backward pass needs of the forward pass; a list a position.
  struct Trace {
    var input: [[Double]] = []
    var normed: [[Double]] = []
    /// After turning.
    var queries: [[Double]] = []
    var keys: [[Double]] = []
    var values: [[Double]] = []
    /// By position and query head: the weights of positions 0...position.
    var weights: [[[Double]]] = []
    var attended: [[Double]] = []
    /// The stream between attention and feed-forward.
    var middle: [[Double]] = []
    var normedMiddle: [[Double]] = []
    var gates: [[Double]] = []
    var ups: [[Double]] = []
    var active: [[Double]] = []
    var output: [[Double]] = []
  }

  private func tensor(_ name: BlockTensor) -> [Double] { tensors[.block(index, name), default: []] }
  private var size: Int { configuration.headSize }
  private var group: Int { configuration.heads / configuration.keyValueHeads }
  private var epsilon: Double { Double(configuration.normEpsilon) }
  private var scale: Double { 1 / Double(configuration.headSize).squareRoot() }

  // MARK: - Forward

  func forward(_ input: [[Double]]) -> Trace {
    var trace = Trace()
    trace.input = input
    for (position, x) in input.enumerated() {
      let normed = TwinMath.norm(x, gain: tensor(.attentionNorm), epsilon: epsilon)
      trace.normed.append(normed)
      trace.queries.append(turned(projected(normed, .attentionQuery, .queryBias), position, 1))
      trace.keys.append(turned(projected(normed, .attentionKey, .keyBias), position, 1))
      trace.values.append(projected(normed, .attentionValue, .valueBias))
      attend(position, &trace)
      trace.middle.append(TwinMath.sum(x, TwinMath.product(tensor(.attentionOutput), trace.attended[position])))
      feedForward(position, &trace)
    }
    return trace
  }

  private func projected(_ x: [Double], _ matrix: BlockTensor, _ bias: BlockTensor) -> [Double] {
    let y = TwinMath.product(tensor(matrix), x)
    return configuration.qkvBias ? TwinMath.sum(y, tensor(bias)) : y
  }

  private func turned(_ x: [Double], _ position: Int, _ direction: Double) -> [Double] {
    TwinMath.turned(x, position: position, direction: direction, configuration)
  }

  /// Elements of one head.
  private func part(_ row: [Double], _ head: Int) -> [Double] { Array(row[head * size..<(head + 1) * size]) }

  private func attend(_ position: Int, _ trace: inout Trace) {
    var attended: [Double] = []
    var allWeights: [[Double]] = []
    for head in 0..<configuration.heads {
      let query = part(trace.queries[position], head)
      let scores = (0...position).map { scale * TwinMath.dot(query, part(trace.keys[$0], head / group)) }
      let weights = TwinMath.softmax(scores)
      allWeights.append(weights)
      var mixed = [Double](repeating: 0, count: size)
      for (other, weight) in weights.enumerated() {
        mixed = TwinMath.sum(mixed, part(trace.values[other], head / group).map { weight * $0 })
      }
      attended += mixed
    }
    trace.weights.append(allWeights)
    trace.attended.append(attended)
  }

  /// silu(gate) · up, silu(x) = x σ(x).
  private func feedForward(_ position: Int, _ trace: inout Trace) {
    let normed = TwinMath.norm(trace.middle[position], gain: tensor(.feedForwardNorm), epsilon: epsilon)
    let gate = TwinMath.product(tensor(.feedForwardGate), normed)
    let up = TwinMath.product(tensor(.feedForwardUp), normed)
    let active = gate.indices.map { gate[$0] * TwinMath.sigmoid(gate[$0]) * up[$0] }
    trace.normedMiddle.append(normed)
    trace.gates.append(gate)
    trace.ups.append(up)
    trace.active.append(active)
    trace.output.append(TwinMath.sum(trace.middle[position], TwinMath.product(tensor(.feedForwardDown), active)))
  }

  // MARK: - Backward

  /// d loss / d input from d loss / d output; adds to the gradients of this block's tensors.
  func backward(_ trace: Trace, _ dOutput: [[Double]], into gradients: inout [TensorName: [Double]]) -> [[Double]] {
    var dMiddle = dOutput
    for position in dOutput.indices {
      dMiddle[position] = feedForwardBackward(trace, position, dOutput[position], into: &gradients)
    }
    var dQueries = trace.queries.map { $0.map { _ in 0.0 } }
    var dKeys = trace.keys.map { $0.map { _ in 0.0 } }
    var dValues = trace.values.map { $0.map { _ in 0.0 } }
    for position in dOutput.indices {
      let dAttended = product(.attentionOutput, trace.attended[position], dMiddle[position], &gradients)
      attendBackward(trace, position, dAttended, &dQueries, &dKeys, &dValues)
    }
    var dInput = dMiddle
    for position in dOutput.indices {
      let x = trace.normed[position]
      let dQuery = turned(dQueries[position], position, -1)
      let dKey = turned(dKeys[position], position, -1)
      var dNormed = projection(.attentionQuery, .queryBias, x, dQuery, &gradients)
      dNormed = TwinMath.sum(dNormed, projection(.attentionKey, .keyBias, x, dKey, &gradients))
      dNormed = TwinMath.sum(dNormed, projection(.attentionValue, .valueBias, x, dValues[position], &gradients))
      let dX = norm(.attentionNorm, trace.input[position], dNormed, &gradients)
      dInput[position] = TwinMath.sum(dMiddle[position], dX)
    }
    return dInput
  }

  private func feedForwardBackward(
    _ trace: Trace, _ position: Int, _ dOutput: [Double], into gradients: inout [TensorName: [Double]]
  ) -> [Double] {
    let (gate, up) = (trace.gates[position], trace.ups[position])
    let dActive = product(.feedForwardDown, trace.active[position], dOutput, &gradients)
    var (dGate, dUp) = (gate, up)
    for i in gate.indices {
      let sigmoid = TwinMath.sigmoid(gate[i])
      dUp[i] = dActive[i] * gate[i] * sigmoid
      dGate[i] = dActive[i] * up[i] * (sigmoid + gate[i] * sigmoid * (1 - sigmoid))
    }
    let normed = trace.normedMiddle[position]
    let dNormed = TwinMath.sum(
      product(.feedForwardGate, normed, dGate, &gradients), product(.feedForwardUp, normed, dUp, &gradients))
    return TwinMath.sum(dOutput, norm(.feedForwardNorm, trace.middle[position], dNormed, &gradients))
  }

  private func attendBackward(
    _ trace: Trace, _ position: Int, _ dAttended: [Double], _ dQueries: inout [[Double]], _ dKeys: inout [[Double]],
    _ dValues: inout [[Double]]
  ) {
    for head in 0..<configuration.heads {
      let (query, shared) = (head * size, head / group * size)
      let weights = trace.weights[position][head]
      let dMixed = part(dAttended, head)
      let dWeights = weights.indices.map { TwinMath.dot(dMixed, part(trace.values[$0], head / group)) }
      let dScores = TwinMath.softmaxBackward(weights, dWeights)
      for other in 0...position {
        for i in 0..<size {
          dValues[other][shared + i] += weights[other] * dMixed[i]
          dQueries[position][query + i] += scale * dScores[other] * trace.keys[other][shared + i]
          dKeys[other][shared + i] += scale * dScores[other] * trace.queries[position][query + i]
        }
      }
    }
  }

  private func product(
    _ name: BlockTensor, _ x: [Double], _ dY: [Double], _ gradients: inout [TensorName: [Double]]
  ) -> [Double] {
    TwinMath.productBackward(tensor(name), x, dY, dWeight: &gradients[.block(index, name), default: []])
  }

  private func projection(
    _ name: BlockTensor, _ bias: BlockTensor, _ x: [Double], _ dY: [Double],
    _ gradients: inout [TensorName: [Double]]
  ) -> [Double] {
    if configuration.qkvBias {
      for i in dY.indices { gradients[.block(index, bias), default: []][i] += dY[i] }
    }
    return product(name, x, dY, &gradients)
  }

  private func norm(
    _ name: BlockTensor, _ x: [Double], _ dY: [Double], _ gradients: inout [TensorName: [Double]]
  ) -> [Double] {
    TwinMath.normBackward(
      x, gain: tensor(name), epsilon: epsilon, dY, dGain: &gradients[.block(index, name), default: []])
  }
}
