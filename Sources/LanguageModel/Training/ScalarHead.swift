// The scalar head of a reward model in training: a number for the last token of each sequence, and gradients back.
// Knows nothing of losses.

import CKernels
import Tensors

/// score = w · norm(row), summed over the width in order, in double precision.
struct ScalarHead {
  private let weights: TrainableWeights
  private let head: Parameter
  private let variant: KernelVariant
  private let layout: TrainingLayout
  private let plain: NumberBuffer
  private let normed: NumberBuffer
  private let width: Int

  init(
    _ weights: TrainableWeights, _ head: Parameter, _ variant: KernelVariant, _ layout: TrainingLayout,
    stream: UnsafePointer<Float>
  ) throws(ArithmeticError) {
    self.weights = weights
    self.head = head
    self.variant = variant
    self.layout = layout
    width = weights.configuration.width
    let rows = layout.headRows
    plain = try NumberBuffer(count: rows.count * width)
    normed = try NumberBuffer(count: rows.count * width)
    for (place, row) in rows.enumerated() {
      (plain.base + place * width).update(from: stream + row * width, count: width)
    }
    ck_rms_norm(
      variant.rawValue, plain.base, weights.forward.outputNorm.base, weights.configuration.normEpsilon, rows.count,
      width, width, normed.base, width)
  }

  /// One score a sequence, by group.
  func scores() -> [[Float]] {
    layout.items.map { group in
      group.map { items in
        items.first.map { Self.score(head.values, normed.base + $0.place * width, width) } ?? 0
      }
    }
  }

  /// w · row.
  static func score(_ head: UnsafePointer<Float>, _ row: UnsafePointer<Float>, _ width: Int) -> Float {
    var sum = 0.0
    for index in 0..<width { sum += Double(head[index]) * Double(row[index]) }
    return Float(sum)
  }

  /// Takes d loss / d score back to the stream, whose gradient at all other rows becomes zero.
  func backward(_ coefficients: [[Double]], into gradient: UnsafeMutablePointer<Float>) throws(ArithmeticError) {
    let count = layout.headRows.count
    var totals = [Double](repeating: 0, count: count)
    for (group, own) in zip(layout.items, coefficients) {
      for (items, coefficient) in zip(group, own) {
        if let item = items.first { totals[item.place] += coefficient }
      }
    }
    let normedGradient = try NumberBuffer(count: count * width)
    for (place, total) in totals.enumerated() {
      let coefficient = Float(total)
      let (row, target) = (normed.base + place * width, normedGradient.base + place * width)
      for index in 0..<width {
        head.gradient.base[index] += coefficient * row[index]
        target[index] = coefficient * head.values[index]
      }
    }
    try weights.outputNormBackward(layout, plain, normedGradient, variant, into: gradient)
  }
}

extension TrainableWeights {
  /// Takes the gradient of normed head rows back through the last norm: stored at head rows, zero at all others.
  ///
  /// - Parameters:
  ///   - layout: The unit's rows.
  ///   - plain: The head rows before the norm.
  ///   - normedGradient: The gradient of the normed rows.
  ///   - variant: Which instructions.
  ///   - gradient: Room for the gradient of all rows.
  /// - Throws: When there is no memory.
  func outputNormBackward(
    _ layout: TrainingLayout, _ plain: NumberBuffer, _ normedGradient: NumberBuffer, _ variant: KernelVariant,
    into gradient: UnsafeMutablePointer<Float>
  ) throws(ArithmeticError) {
    let (count, width) = (layout.headRows.count, configuration.width)
    let (back, factors) = (try NumberBuffer(count: count * width), try NumberBuffer(count: count))
    ck_rms_norm_backward(
      variant.rawValue, plain.base, forward.outputNorm.base, configuration.normEpsilon, count, width,
      normedGradient.base, back.base, factors.base)
    if let parameter = named[.gain(.outputNorm)] {
      ck_gain_gradient(
        variant.rawValue, plain.base, factors.base, normedGradient.base, count, width, 0, width,
        parameter.gradient.base)
    }
    gradient.update(repeating: 0, count: layout.batch.rows * width)
    for (place, row) in layout.headRows.enumerated() {
      (gradient + row * width).update(from: back.base + place * width, count: width)
    }
  }
}
