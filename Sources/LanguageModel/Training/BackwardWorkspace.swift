// The memory of one backward pass, kept from one pass to the next.
// Knows nothing of what the numbers mean.

import CKernels
import Tensors

/// Buffers for up to `rows` rows.
///
/// `@unchecked Sendable` because one backward pass owns it at a time, and its pieces write disjoint rows or columns.
final class BackwardWorkspace: @unchecked Sendable {
  let rows: Int
  let positions: Int
  let attendants: Int
  /// Gradient of the stream, [rows, width].
  let stream: NumberBuffer
  /// A norm's output, computed again, [rows, width].
  let normed: NumberBuffer
  /// Gradient of a norm's output, [rows, width].
  let normedGradient: NumberBuffer
  /// Gradient of queries, keys and values, [rows, queryWidth + 2 · keyValueWidth].
  let queryKeyValue: NumberBuffer
  /// Gradient of what attention gives, [rows, queryWidth].
  let attended: NumberBuffer
  /// The feed-forward part's inner activation, computed again, and its gradient, [rows, feedForward] each.
  let activated: NumberBuffer
  let activatedGradient: NumberBuffer
  /// A norm's factor, one a row.
  let factors: NumberBuffer
  /// X · Aᵀ of up to three sites at once, and dY · B, [rows, thin] each.
  let down: [NumberBuffer]
  let up: [NumberBuffer]
  /// Rows packed for a product.
  let packed: NumberBuffer
  let packedWidth: Int
  /// Cosines of each row's position, and sines turned round, [rows, headSize / 2] each.
  let cosines: NumberBuffer
  let sines: NumberBuffer
  let gradients: GradientScratch
  private let attention: NumberBuffer
  private let memoryCount: Int
  private let attendantCount: Int

  init(_ c: DecoderConfiguration, rows: Int, positions: Int, attendants: Int, thin: Int) throws(ArithmeticError) {
    self.rows = rows
    let panel = Matrix.panelRows
    self.positions = (positions + panel - 1) / panel * panel
    self.attendants = attendants
    let total = c.queryWidth + 2 * c.keyValueWidth
    stream = try NumberBuffer(count: rows * c.width)
    normed = try NumberBuffer(count: rows * c.width)
    normedGradient = try NumberBuffer(count: rows * c.width)
    queryKeyValue = try NumberBuffer(count: rows * total)
    attended = try NumberBuffer(count: rows * c.queryWidth)
    activated = try NumberBuffer(count: rows * c.feedForward)
    activatedGradient = try NumberBuffer(count: rows * c.feedForward)
    factors = try NumberBuffer(count: rows)
    var (down, up): ([NumberBuffer], [NumberBuffer]) = ([], [])
    for _ in 0..<3 {
      down.append(try NumberBuffer(count: rows * thin))
      up.append(try NumberBuffer(count: rows * thin))
    }
    (self.down, self.up) = (down, up)
    packedWidth = max(c.width, total, c.feedForward)
    packed = try NumberBuffer(count: rows * packedWidth)
    cosines = try NumberBuffer(count: rows * c.headSize / 2)
    sines = try NumberBuffer(count: rows * c.headSize / 2)
    gradients = try GradientScratch()
    memoryCount = Self.memoryCount(c, positions: self.positions)
    attendantCount = Self.attentionCount(c, positions: self.positions)
    attention = try NumberBuffer(count: attendants * attendantCount)
  }

  /// A head's keys, values and turned keys.
  private static func memoryCount(_ c: DecoderConfiguration, positions: Int) -> Int {
    let panel = Matrix.panelRows
    return 2 * positions * c.headSize + (c.headSize + panel - 1) / panel * panel * positions
  }

  /// The numbers that one attending piece works in, for a whole number of panels of positions.
  static func attentionCount(_ c: DecoderConfiguration, positions: Int) -> Int {
    memoryCount(c, positions: positions)
      + ck_attention_backward_scratch(positions, c.heads / c.keyValueHeads, c.headSize)
  }

  /// Room for a head's keys, values and turned keys, and then the kernel's scratch, of one attending piece.
  func attentionRoom(
    _ attendant: Int
  ) -> (memory: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>) {
    let base = attention.base + attendant * attendantCount
    return (base, base + memoryCount)
  }
}
