// One block of the decoder over one text: attention with grouped queries, then SwiGLU, and both backward.
// Knows nothing of the vocabulary. Rows are positions; T rows of width C come in and go out.

import LanguageModel

struct TwinBlock {
  let configuration: DecoderConfiguration
  let index: Int
  /// All tensors; adapters are added unless their inputs are dropped.
  let tensors: [TensorName: [Double]]
  /// The adapters whose inputs are dropped, and how; nil without dropout.
  var dropout: (lora: TwinLoRA, masks: TwinMasks)?

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
      trace.queries.append(turned(projected(normed, .attentionQuery, .queryBias, position), position, 1))
      trace.keys.append(turned(projected(normed, .attentionKey, .keyBias, position), position, 1))
      trace.values.append(projected(normed, .attentionValue, .valueBias, position))
      attend(position, &trace)
      trace.middle.append(TwinMath.sum(x, linear(.attentionOutput, trace.attended[position], position)))
      feedForward(position, &trace)
    }
    return trace
  }

  /// W x, and what goes beside W.
  private func linear(_ name: BlockTensor, _ x: [Double], _ position: Int) -> [Double] {
    let y = TwinMath.product(tensor(name), x)
    return side(name, position, x.count).map { TwinMath.sum(y, $0.forward(x)) } ?? y
  }

  private func side(_ name: BlockTensor, _ position: Int, _ inputs: Int) -> TwinSide? {
    guard let (lora, masks) = dropout, let pair = lora.pairs[.block(index, name)] else { return nil }
    return TwinSide(
      pair: pair, scale: lora.scale, mask: masks.mask(.block(index, name), position: position, count: inputs))
  }

  private func projected(_ x: [Double], _ matrix: BlockTensor, _ bias: BlockTensor, _ position: Int) -> [Double] {
    let y = linear(matrix, x, position)
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
    let gate = linear(.feedForwardGate, normed, position)
    let up = linear(.feedForwardUp, normed, position)
    let active = gate.indices.map { gate[$0] * TwinMath.sigmoid(gate[$0]) * up[$0] }
    trace.normedMiddle.append(normed)
    trace.gates.append(gate)
    trace.ups.append(up)
    trace.active.append(active)
    trace.output.append(TwinMath.sum(trace.middle[position], linear(.feedForwardDown, active, position)))
  }

  // MARK: - Backward

  /// d loss / d input from d loss / d output; adds to the gradients of this block's tensors, and of what goes beside them.
  func backward(_ trace: Trace, _ dOutput: [[Double]], into gradients: inout TwinGradients) -> [[Double]] {
    var dMiddle = dOutput
    for position in dOutput.indices {
      dMiddle[position] = feedForwardBackward(trace, position, dOutput[position], into: &gradients)
    }
    var dQueries = trace.queries.map { $0.map { _ in 0.0 } }
    var dKeys = trace.keys.map { $0.map { _ in 0.0 } }
    var dValues = trace.values.map { $0.map { _ in 0.0 } }
    for position in dOutput.indices {
      let dAttended = product(.attentionOutput, trace.attended[position], dMiddle[position], position, &gradients)
      attendBackward(trace, position, dAttended, &dQueries, &dKeys, &dValues)
    }
    var dInput = dMiddle
    for position in dOutput.indices {
      let x = trace.normed[position]
      let dQuery = turned(dQueries[position], position, -1)
      let dKey = turned(dKeys[position], position, -1)
      var dNormed = projection(.attentionQuery, .queryBias, x, dQuery, position, &gradients)
      dNormed = TwinMath.sum(dNormed, projection(.attentionKey, .keyBias, x, dKey, position, &gradients))
      dNormed = TwinMath.sum(
        dNormed, projection(.attentionValue, .valueBias, x, dValues[position], position, &gradients))
      let dX = norm(.attentionNorm, trace.input[position], dNormed, &gradients)
      dInput[position] = TwinMath.sum(dMiddle[position], dX)
    }
    return dInput
  }

  private func feedForwardBackward(
    _ trace: Trace, _ position: Int, _ dOutput: [Double], into gradients: inout TwinGradients
  ) -> [Double] {
    let (gate, up) = (trace.gates[position], trace.ups[position])
    let dActive = product(.feedForwardDown, trace.active[position], dOutput, position, &gradients)
    var (dGate, dUp) = (gate, up)
    for i in gate.indices {
      let sigmoid = TwinMath.sigmoid(gate[i])
      dUp[i] = dActive[i] * gate[i] * sigmoid
      dGate[i] = dActive[i] * up[i] * (sigmoid + gate[i] * sigmoid * (1 - sigmoid))
    }
    let normed = trace.normedMiddle[position]
    let dNormed = TwinMath.sum(
      product(.feedForwardGate, normed, dGate, position, &gradients),
      product(.feedForwardUp, normed, dUp, position, &gradients))
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
    _ name: BlockTensor, _ x: [Double], _ dY: [Double], _ position: Int, _ gradients: inout TwinGradients
  ) -> [Double] {
    let dX = TwinMath.productBackward(
      tensor(name), x, dY, dWeight: &gradients.tensors[.block(index, name), default: []])
    guard let side = side(name, position, x.count) else { return dX }
    let empty = TwinPair(a: side.pair.a.map { _ in 0 }, b: side.pair.b.map { _ in 0 })
    return TwinMath.sum(dX, side.backward(x, dY, into: &gradients.adapters[.block(index, name), default: empty]))
  }

  private func projection(
    _ name: BlockTensor, _ bias: BlockTensor, _ x: [Double], _ dY: [Double], _ position: Int,
    _ gradients: inout TwinGradients
  ) -> [Double] {
    if configuration.qkvBias {
      for i in dY.indices { gradients.tensors[.block(index, bias), default: []][i] += dY[i] }
    }
    return product(name, x, dY, position, &gradients)
  }

  private func norm(
    _ name: BlockTensor, _ x: [Double], _ dY: [Double], _ gradients: inout TwinGradients
  ) -> [Double] {
    TwinMath.normBackward(
      x, gain: tensor(name), epsilon: epsilon, dY, dGain: &gradients.tensors[.block(index, name), default: []])
  }
}
