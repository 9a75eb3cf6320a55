// The vocabulary head in training: logits of the rows that a loss looks at, and gradients back through them.
// Knows nothing of losses: coefficients of log-probabilities come in.

import CKernels
import Tensors

/// The head over one unit's rows, some at a time.
///
/// Where all rows fit into the room, their logits stay until the gradient takes their place; else they are computed again on
/// the way back. Neither changes a bit. `@unchecked Sendable` because its pieces write disjoint rows or columns.
final class TrainingHead: @unchecked Sendable {
  /// Tokens that one chain sums over on the way back; part of the order of summation.
  static let tokensInChunk = 2048

  private let decoder: Decoder
  private let weights: TrainableWeights
  private let variant: KernelVariant
  private let pool: WorkerPool
  private let layout: TrainingLayout
  private let stream: UnsafePointer<Float>
  /// The logits of one chunk of rows.
  private let logits: NumberBuffer
  private let chunks: [Range<Int>]
  /// ln Σ e^logit of every head row.
  private var sums: [Double]
  private let width: Int
  private let vocabulary: Int

  private var code: Int32 { variant.rawValue }
  private var count: Int { layout.headRows.count }

  /// ln p of every wanted token, by group and sequence.
  private(set) var logProbabilities: [[[Float]]] = []
  /// The mean of ln p over the vocabulary at every wanted token; empty unless asked for.
  private(set) var vocabularyMeans: [[[Float]]] = []
  /// The entropy over the vocabulary at every wanted token, in nats; empty unless asked for.
  private(set) var entropies: [[[Float]]] = []

  /// How many rows' logits are held at once.
  ///
  /// - Parameters:
  ///   - headRows: The rows of a unit that go through the head.
  ///   - most: The most that are held.
  /// - Returns: At least 1.
  static func rowsHeld(_ headRows: Int, most: Int) -> Int { max(1, min(headRows, most)) }

  /// Computes what is asked for of the layout's head rows; `room` has a whole number of rows of the vocabulary, at least one.
  init(
    _ decoder: Decoder, _ weights: TrainableWeights, _ pool: WorkerPool, _ layout: TrainingLayout,
    stream: UnsafePointer<Float>, room: NumberBuffer, rowsAtOnce: Int, also numbers: RowNumbers
  ) throws(ArithmeticError) {
    self.decoder = decoder
    self.weights = weights
    self.pool = pool
    self.layout = layout
    self.stream = stream
    variant = decoder.variant
    width = weights.configuration.width
    vocabulary = weights.configuration.vocabulary
    logits = room
    let (count, held) = (layout.headRows.count, Self.rowsHeld(layout.headRows.count, most: rowsAtOnce))
    chunks = stride(from: 0, to: count, by: held).map { $0..<min(count, $0 + held) }
    sums = [Double](repeating: 0, count: count)
    try look(numbers)
  }

  /// Goes over all rows once and takes down what a loss reads of them.
  private func look(_ numbers: RowNumbers) throws(ArithmeticError) {
    let items = layout.items.joined().joined()
    var values = [Float](repeating: 0, count: items.count)
    var means = [Float](repeating: 0, count: numbers.contains(.means) ? count : 0)
    var spreads = [Float](repeating: 0, count: numbers.contains(.entropies) ? count : 0)
    for chunk in chunks {
      try computeLogits(chunk)
      for (index, item) in items.enumerated() where chunk.contains(item.place) {
        values[index] = Float(
          Double(row(item.place, in: chunk)[Int(item.target.rawValue)]) - sums[item.place])
      }
      if !means.isEmpty {
        for place in chunk {
          let sum = ck_sum(code, row(place, in: chunk), vocabulary)
          means[place] = Float(sum / Double(vocabulary) - sums[place])
        }
      }
      if !spreads.isEmpty { takeEntropies(chunk, into: &spreads) }
    }
    logProbabilities = shaped(values)
    if numbers.contains(.means) { vocabularyMeans = layout.items.map { $0.map { $0.map { means[$0.place] } } } }
    if numbers.contains(.entropies) { entropies = layout.items.map { $0.map { $0.map { spreads[$0.place] } } } }
  }

  private func shaped(_ values: [Float]) -> [[[Float]]] {
    var next = 0
    return layout.items.map {
      $0.map { items in
        defer { next += items.count }
        return Array(values[next..<next + items.count])
      }
    }
  }

  private func computeLogits(_ chunk: Range<Int>) throws(ArithmeticError) {
    let rows = Array(layout.headRows[chunk])
    let found = try decoder.head(team: pool).logits(stream, rows: rows, into: logits.base)
    for (place, sum) in zip(chunk, found) { sums[place] = sum }
  }

  /// The logits of a row of the chunk at hand.
  private func row(_ place: Int, in chunk: Range<Int>) -> UnsafeMutablePointer<Float> {
    logits.base + (place - chunk.lowerBound) * vocabulary
  }

  private func takeEntropies(_ chunk: Range<Int>, into entropies: inout [Float]) {
    entropies.withUnsafeMutableBufferPointer { buffer in
      let entropies = buffer
      pool.run(chunk.count) { index in
        let place = chunk.lowerBound + index
        withProbabilities(of: place, in: chunk) { entropies[place] = Float(entropy(of: place, in: chunk, $0)) }
      }
    }
  }

  /// p of every token of a row, from its logits, which stay.
  private func withProbabilities(
    of place: Int, in chunk: Range<Int>, _ body: (UnsafeMutablePointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: vocabulary) { room in
      guard let base = room.baseAddress else { return }
      base.initialize(from: row(place, in: chunk), count: vocabulary)
      let largest = Float(sums[place])
      ck_softmax_gradient(code, base, largest, Float(ck_exp_double(Double(largest) - sums[place])), 0, vocabulary)
      body(base)
    }
  }

  /// -Σ p ln p, token after token in double precision.
  private func entropy(of place: Int, in chunk: Range<Int>, _ probabilities: UnsafePointer<Float>) -> Double {
    let logits = row(place, in: chunk)
    var sum = 0.0
    for token in 0..<vocabulary { sum -= Double(probabilities[token]) * (Double(logits[token]) - sums[place]) }
    return sum
  }

  /// Takes coefficients back to the stream: its gradient at head rows is stored, all others become zero.
  func backward(
    _ coefficients: [[TokenCoefficients]], into gradient: UnsafeMutablePointer<Float>, scratch: GradientScratch
  ) throws(ArithmeticError) {
    let plan = HeadCoefficients(layout, coefficients)
    let normedGradient = try NumberBuffer(count: count * width)
    let plain = try NumberBuffer(count: count * width)
    for (place, row) in layout.headRows.enumerated() {
      (plain.base + place * width).update(from: stream + row * width, count: width)
    }
    for chunk in chunks {
      if chunks.count > 1 { try computeLogits(chunk) }
      turnIntoGradients(chunk, plan)
      try inputGradient(chunk, into: normedGradient)
      try headGradient(chunk, plain, scratch)
    }
    try weights.outputNormBackward(layout, plain, normedGradient, variant, into: gradient)
  }

  /// Σ over a row's items of c · (one(target) - p) + u · (1/V - p) - e · p · (ln p + H), in the place of its logits.
  private func turnIntoGradients(_ chunk: Range<Int>, _ plan: HeadCoefficients) {
    pool.run(chunk.count) { index in
      let place = chunk.lowerBound + index
      let spread = plan.spreads[place]
      guard spread != 0 else { return turn(place, in: chunk, plan) }
      withProbabilities(of: place, in: chunk) { probabilities in
        let logits = row(place, in: chunk)
        let entropy = entropy(of: place, in: chunk, probabilities)
        for token in 0..<vocabulary {
          let logProbability = Double(logits[token]) - sums[place]
          probabilities[token] = Float(-spread * Double(probabilities[token]) * (logProbability + entropy))
        }
        turn(place, in: chunk, plan)
        for token in 0..<vocabulary { logits[token] += probabilities[token] }
      }
    }
  }

  /// -total · p + offset / V, and each target's own coefficient, in the place of a row's logits.
  private func turn(_ place: Int, in chunk: Range<Int>, _ plan: HeadCoefficients) {
    let logits = row(place, in: chunk)
    let largest = Float(sums[place])
    // The logarithm of the sum is rounded on the way into the kernel; the factor takes the difference back.
    let factor = -plan.totals[place] * ck_exp_double(Double(largest) - sums[place])
    ck_softmax_gradient(
      code, logits, largest, Float(factor), Float(plan.offsets[place] / Double(vocabulary)), vocabulary)
    for (token, coefficient) in plan.targets[place] { logits[token] += Float(coefficient) }
  }

  /// d(normed row) = d logits · W, chunk after chunk of the vocabulary.
  private func inputGradient(_ rows: Range<Int>, into target: NumberBuffer) throws(ArithmeticError) {
    let (chunk, count) = (Self.tokensInChunk, rows.count)
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
          operand, inner: inner, into: target.base + (rows.lowerBound + range.lowerBound) * width, stride: width,
          mode: first == 0 ? .store : .add, variant: variant)
      }
    }
  }

  /// The head's own gradient, where it is trained.
  private func headGradient(
    _ rows: Range<Int>, _ plain: NumberBuffer, _ scratch: GradientScratch
  ) throws(ArithmeticError) {
    let name: ParameterName = weights.forward.head === weights.forward.embedding ? .embedding : .head
    guard let parameter = weights.named[name] else { return }
    let count = rows.count
    let normed = try NumberBuffer(count: count * width)
    ck_rms_norm(
      code, plain.base + rows.lowerBound * width, weights.forward.outputNorm.base, weights.configuration.normEpsilon,
      count, width, width,
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

/// What a loss does to each head row of a unit.
private struct HeadCoefficients {
  /// The sums of what falls on p: tokens and means.
  private(set) var totals: [Double]
  /// The sums over means alone.
  private(set) var offsets: [Double]
  /// The sums over entropies.
  private(set) var spreads: [Double]
  /// Each target with its own coefficient.
  private(set) var targets: [[(token: Int, coefficient: Double)]]

  init(_ layout: TrainingLayout, _ coefficients: [[TokenCoefficients]]) {
    let count = layout.headRows.count
    totals = [Double](repeating: 0, count: count)
    offsets = totals
    spreads = totals
    targets = [[(token: Int, coefficient: Double)]](repeating: [], count: count)
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
  }
}
