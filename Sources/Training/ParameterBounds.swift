// Whether trained numbers are still numbers that a model can compute with.
// Knows nothing of losses.

import CKernels
import LanguageModel
import Tensors

/// Bounds of trained numbers.
enum ParameterBounds {
  /// A hundred times what the largest weights of trained models are.
  ///
  /// Beyond it, squares of what a few products in a row give come near the end of the range of floats.
  static let largest: Float = 1e4

  /// Whether every number of every parameter is finite and within the bounds.
  static func hold(_ parameters: [Parameter], pool: WorkerPool, variant: KernelVariant) -> Bool {
    let grain = 1 << 16
    let pieces = parameters.flatMap { parameter in
      stride(from: 0, to: parameter.count, by: grain).map { (parameter, $0..<min(parameter.count, $0 + grain)) }
    }
    var holds = [Bool](repeating: true, count: pieces.count)
    holds.withUnsafeMutableBufferPointer { buffer in
      let holds = buffer
      pool.run(pieces.count) { number in
        let (parameter, range) = pieces[number]
        let squares = ck_sum_of_squares(variant.rawValue, parameter.values + range.lowerBound, range.count)
        // Nearly always the sum of all squares is within the bound of one.
        if squares <= Double(largest) * Double(largest) { return }
        holds[number] = range.allSatisfy { abs(parameter.values[$0]) <= largest }
      }
    }
    return holds.allSatisfy { $0 }
  }
}
