// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as PyTorch computes it, in float32.
// Knows nothing of what the numbers mean.

import CKernels
import LanguageModel
import Tensors

/// The constants of AdamW.
public struct AdamWOptions: Hashable, Sendable {
  /// Decay of the first moment, at least 0 and less than 1.
  public var beta1: Double
  /// Decay of the second moment, at least 0 and less than 1.
  public var beta2: Double
  /// Added to the root, more than 0.
  public var epsilon: Double
  /// At least 0; applies to matrices, not to gains and biases.
  public var weightDecay: Double

  /// Makes constants.
  public init(beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Takes one step with every parameter.
  ///
  /// - Parameters:
  ///   - parameters: What is trained; values and moments change.
  ///   - step: Which step this is, counted from 1.
  ///   - rate: The learning rate.
  ///   - gradientScale: What gradients are multiplied by first.
  ///   - pool: Who does the work; each number's step depends on itself alone.
  ///   - variant: Which instructions; the choice changes no bit.
  func apply(
    to parameters: [Parameter], step: Int, rate: Double, gradientScale: Double, pool: WorkerPool,
    variant: KernelVariant
  ) {
    let corrections = (1 - Self.power(beta1, step), 1 - Self.power(beta2, step))
    let grain = 1 << 16
    let pieces = parameters.flatMap { parameter in
      stride(from: 0, to: parameter.count, by: grain).map { (parameter, $0..<min(parameter.count, $0 + grain)) }
    }
    pool.run(pieces.count) { number in
      let (parameter, range) = pieces[number]
      var constants = ck_adamw_step(
        gradient_scale: Float(gradientScale), beta1: Float(beta1), beta2: Float(beta2),
        step: Float(rate / corrections.0),
        root_scale: Float(1 / corrections.1.squareRoot()), epsilon: Float(epsilon),
        keep: Float(parameter.decays ? 1 - rate * weightDecay : 1))
      ck_adamw(
        variant.rawValue, parameter.values + range.lowerBound, parameter.gradient.base + range.lowerBound,
        parameter.firstMoment.base + range.lowerBound, parameter.secondMoment.base + range.lowerBound, range.count,
        &constants)
    }
  }

  /// base^exponent by repeated squaring: IEEE operations alone.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}

/// The gradient's length, over all parameters in order.
enum GradientNorm {
  /// The root of the sum of squares; each stretch of 2^16 numbers is summed by itself, then stretch after stretch.
  static func of(_ parameters: [Parameter], pool: WorkerPool, variant: KernelVariant) -> Double {
    let grain = 1 << 16
    let pieces = parameters.flatMap { parameter in
      stride(from: 0, to: parameter.count, by: grain).map { (parameter, $0..<min(parameter.count, $0 + grain)) }
    }
    var sums = [Double](repeating: 0, count: pieces.count)
    sums.withUnsafeMutableBufferPointer { buffer in
      let sums = buffer
      pool.run(pieces.count) { number in
        let (parameter, range) = pieces[number]
        sums[number] = ck_sum_of_squares(variant.rawValue, parameter.gradient.base + range.lowerBound, range.count)
      }
    }
    return sums.reduce(0, +).squareRoot()
  }
}
