// Dropout of the twin: masks from the addresses that the engine's documentation names, and the way beside a matrix.
// Draws number by number from Randomness; shares no code with the engine.

import LanguageModel
import Randomness

/// Where the masks of one text come from.
struct TwinMasks {
  var seed: UInt64
  /// The optimizer step, counted from 0.
  var step: Int
  /// The number of the text's example.
  var example: Int
  /// The share of inputs that is dropped.
  var probability: Double
  /// Which of its example's texts it is, and how many positions all of these have in common: those count as the first's.
  var sequence = 0
  var shared = 0

  /// 0 or 1 / (1 - p) for each input of a tensor's adapter at a position.
  func mask(_ name: TensorName, position: Int, count: Int) -> [Double] {
    guard case .block(let block, let tensor) = name else { return [] }
    let address = RandomAddress(
      seed: seed, purpose: .dropout, record: (UInt64(step), UInt64(example)), sample: UInt64(block) << 8 | tensor.number
    )
    let place = UInt64(position < shared ? 0 : sequence) << 48 | UInt64(position) << 24
    return (0..<count).map { input in
      let words = address.words(at: place | UInt64(input / 8))
      let word = [words.0, words.1, words.2, words.3][input % 8 / 2]
      let bits = UInt32(truncatingIfNeeded: input % 2 == 0 ? word : word >> 32)
      return Double(bits) < (probability * 4_294_967_296).rounded() ? 0 : 1 / (1 - probability)
    }
  }

  /// The masks of an example's texts, in order.
  static func of(
    _ texts: [[Int]], seed: UInt64, step: Int, example: Int, probability: Double
  ) -> [TwinMasks] {
    var shared = texts.map { $0.count - 1 }.min() ?? 0
    for text in texts { while text.prefix(shared) != texts[0].prefix(shared) { shared -= 1 } }
    return texts.indices.map {
      TwinMasks(seed: seed, step: step, example: example, probability: probability, sequence: $0, shared: shared)
    }
  }
}

/// scale · B · A · (mask ∘ x) beside one matrix, at one position.
struct TwinSide {
  let pair: TwinPair
  let scale: Double
  let mask: [Double]

  private func masked(_ x: [Double]) -> [Double] { x.indices.map { mask[$0] * x[$0] } }

  func forward(_ x: [Double]) -> [Double] {
    TwinMath.product(pair.b, TwinMath.product(pair.a, masked(x))).map { scale * $0 }
  }

  /// What comes back to x; adds to the gradients of A and B.
  func backward(_ x: [Double], _ dY: [Double], into gradients: inout TwinPair) -> [Double] {
    let down = TwinMath.product(pair.a, masked(x))
    let dDown = TwinMath.productBackward(pair.b, down, dY.map { scale * $0 }, dWeight: &gradients.b)
    return masked(TwinMath.productBackward(pair.a, masked(x), dDown, dWeight: &gradients.a))
  }
}
