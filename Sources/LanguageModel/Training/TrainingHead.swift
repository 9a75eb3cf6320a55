// The vocabulary head in training: logits of the rows that a loss looks at, and gradients back through them.
// Knows nothing of losses: coefficients of log-probabilities come in.

import CKernels
import Tensors

/// The head over one unit's rows; logits stay until the gradient takes their place.
///
/// `@unchecked Sendable` because its pieces write disjoint rows or columns.
final class TrainingHead: @unchecked Sendable {
  /// Tokens that one chain sums over on the way back; part of the order of summation.
  private static let tokensInChunk = 2048

  private let weights: TrainableWeights
  private let variant: KernelVariant
  private let pool: WorkerPool
  private let layout: TrainingLayout
  private let logits: NumberBuffer
  private let sums: [Double]
  private let width: Int
  private let vocabulary: Int

  private var code: Int32 { variant.rawValue }
  private var count: Int { layout.headRows.count }

  /// Computes logits of the layout's head rows; `room` has at least `headRows.count × vocabulary` floats.
  init(
    _ decoder: Decoder, _ weights: TrainableWeights, _ pool: WorkerPool, _ layout: TrainingLayout,
    stream: UnsafePointer<Float>, room: NumberBuffer
  ) throws(ArithmeticError) {
    self.weights = weights
    self.pool = pool
    self.layout = layout
    variant = decoder.variant
    width = weights.configuration.width
    vocabulary = weights.configuration.vocabulary
    logits = room
    sums = try decoder.head(team: pool).logits(stream, rows: layout.headRows, into: room.base)
  }

  /// ln p of every wanted token, by group and sequence.
  func logProbabilities() -> [[[Float]]] {
    layout.items.map {
      $0.map {
        $0.map { item in
          Float(Double(logits.base[item.place * vocabulary + Int(item.target.rawValue)]) - sums[item.place])
        }
      }
    }
  }

  /// The mean of ln p over the vocabulary at every wanted token, by group and sequence.
  func vocabularyMeans() -> [[[Float]]] {
    let means = (0..<count).map { row in
      ck_sum(code, logits.base + row * vocabulary, vocabulary) / Double(vocabulary) - sums[row]
    }
    return layout.items.map { $0.map { $0.map { Float(means[$0.place]) } } }
  }

  /// The entropy over the vocabulary at every wanted token, by group and sequence, in nats.
  func entropies() -> [[[Float]]] {
    var entropies = [Double](repeating: 0, count: count)
    entropies.withUnsafeMutableBufferPointer { buffer in
      let entropies = buffer
      pool.run(count) { row in
        withProbabilities(of: row) { entropies[row] = entropy(of: row, $0) }
      }
    }
    return layout.items.map { $0.map { $0.map { Float(entropies[$0.place]) } } }
  }

  /// p of every token of a row, from its logits, which stay.
  private func withProbabilities(of row: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: vocabulary) { room in
      guard let base = room.baseAddress else { return }
      base.initialize(from: logits.base + row * vocabulary, count: vocabulary)
      let largest = Float(sums[row])
      ck_softmax_gradient(code, base, largest, Float(ck_exp_double(Double(largest) - sums[row])), 0, vocabulary)
      body(base)
    }
  }

  /// -Σ p ln p, token after token in double precision.
  private func entropy(of row: Int, _ probabilities: UnsafePointer<Float>) -> Double {
    let place = logits.base + row * vocabulary
    var sum = 0.0
    for token in 0..<vocabulary { sum -= Double(probabilities[token]) * (Double(place[token]) - sums[row]) }
    return sum
  }

  /// Takes coefficients back to the stream: its gradient at head rows is stored, all others become zero.
  func backward(
    _ coefficients: [[TokenCoefficients]], stream: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>,
    scratch: GradientScratch
  ) throws(ArithmeticError) {
    turnIntoGradients(coefficients)
    let normedGradient = try NumberBuffer(count: count * width)
    try inputGradient(into: normedGradient)
    let plain = try NumberBuffer(count: count * width)
    for (place, row) in layout.headRows.enumerated() {
      (plain.base + place * width).update(from: stream + row * width, count: width)
    }
    try headGradient(plain, scratch)
    try weights.outputNormBackward(layout, plain, normedGradient, variant, into: gradient)
  }

  /// Σ over a row's items of c · (one(target) - p) + u · (1/V - p) - e · p · (ln p + H), in the place of its logits.
  private func turnIntoGradients(_ coefficients: [[TokenCoefficients]]) {
    var totals = [Double](repeating: 0, count: count)
    var offsets = [Double](repeating: 0, count: count)
    var spreads = [Double](repeating: 0, count: count)
    var targets = [[(token: Int, coefficient: Double)]](repeating: [], count: count)
    for (items, group) in zip(layout.items, coefficients) {
      for (sequence, own) in zip(items, group) {
        for (index, item) in sequence.enumerated() {
          let coefficient = own.tokens.isEmpty ? 0 : own.tokens[index]
          let mean = own.vocabularyMeans.isEmpty ? 0 : own.vocabularyMeans[index]
          totals[item.place] += coefficient + mean
          offsets[item.place] += mean
          spreads[item.place] += own.entropies.isEmpty ? 0 : own.entropies[index]
          if coefficient != 0 { targets[item.place].append((Int(item.target.rawValue), coefficient)) }
        }
      }
    }
    pool.run(count) { row in
      let place = logits.base + row * vocabulary
      let largest = Float(sums[row])
      // The logarithm of the sum is rounded on the way into the kernel; the factor takes the difference back.
      let factor = -totals[row] * ck_exp_double(Double(largest) - sums[row])
      guard spreads[row] != 0 else { return turn(row, Float(factor), offsets[row], targets[row]) }
      withProbabilities(of: row) { probabilities in
        let entropy = entropy(of: row, probabilities)
        for token in 0..<vocabulary {
          let logProbability = Double(place[token]) - sums[row]
          probabilities[token] = Float(-spreads[row] * Double(probabilities[token]) * (logProbability + entropy))
        }
        turn(row, Float(factor), offsets[row], targets[row])
        for token in 0..<vocabulary { place[token] += probabilities[token] }
      }
    }
  }

  /// factor · p + offset / V, and each target's own coefficient, in the place of a row's logits.
  private func turn(_ row: Int, _ factor: Float, _ offset: Double, _ targets: [(token: Int, coefficient: Double)]) {
    let place = logits.base + row * vocabulary
    ck_softmax_gradient(
      code, place, Float(sums[row]), factor, Float(offset / Double(vocabulary)), vocabulary)
    for (token, coefficient) in targets { place[token] += Float(coefficient) }
  }

  /// d(normed row) = d logits · W, chunk after chunk of the vocabulary.
  private func inputGradient(into target: NumberBuffer) throws(ArithmeticError) {
    let chunk = Self.tokensInChunk
    let packed = try NumberBuffer(count: count * chunk)
    let groups = pool.workers == 1 ? 1 : max(1, min(pool.workers * 2, count / 14))
    pool.run(groups) { group in
      let range = count * group / groups..<count * (group + 1) / groups
      guard !range.isEmpty else { return }
      for first in stride(from: 0, to: vocabulary, by: chunk) {
        let inner = first..<min(vocabulary, first + chunk)
        let operand = Operand(
          logits.base + range.lowerBound * vocabulary + first, stride: vocabulary, rows: range.count,
          columns: inner.count, scratch: packed.base + range.lowerBound * chunk, arithmetic: .ordered, variant: variant)
        weights.turnedHead.multiply(
          operand, inner: inner, into: target.base + range.lowerBound * width, stride: width,
          mode: first == 0 ? .store : .add, variant: variant)
      }
    }
  }

  /// The head's own gradient, where it is trained.
  private func headGradient(_ plain: NumberBuffer, _ scratch: GradientScratch) throws(ArithmeticError) {
    let name: ParameterName = weights.forward.head === weights.forward.embedding ? .embedding : .head
    guard let parameter = weights.named[name] else { return }
    let normed = try NumberBuffer(count: count * width)
    ck_rms_norm(
      code, plain.base, weights.forward.outputNorm.base, weights.configuration.normEpsilon, count, width, width,
      normed.base, width)
    // In parts, so that packing takes little room.
    for first in stride(from: 0, to: vocabulary, by: Self.tokensInChunk) {
      let columns = min(vocabulary, first + Self.tokensInChunk) - first
      let product = GradientProduct(
        left: normed.base, leftStride: width, leftColumns: width, right: logits.base + first, rightStride: vocabulary,
        rightColumns: columns, target: .panels(parameter.gradient.base + first * width))
      try scratch.add([product], rows: count, pool, variant)
    }
    withExtendedLifetime(normed) {}
  }
}
