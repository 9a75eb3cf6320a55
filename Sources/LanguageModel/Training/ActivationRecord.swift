// What a forward pass leaves for the backward pass: a few rows of numbers a block.
// Knows nothing of what is computed from them. Norms, activations and attention weights are computed again instead.

import Tensors

/// What one block keeps, a row for each row of the batch.
struct BlockActivations: Sendable {
  /// The stream before the block, [rows, width].
  let input: NumberBuffer
  /// Queries and keys after rotation, and values, [rows, queryWidth + 2 · keyValueWidth].
  let queryKeyValue: NumberBuffer
  /// What attention gives, [rows, queryWidth].
  let attended: NumberBuffer
  /// The stream after attention, [rows, width].
  let middle: NumberBuffer
  /// The gate before its sigmoid, [rows, feedForward].
  let gate: NumberBuffer
  /// What is gated, [rows, feedForward].
  let up: NumberBuffer
}

/// Room for what all blocks keep of up to `rows` rows.
///
/// `@unchecked Sendable` because the pieces of one pass write disjoint rows of it.
final class ActivationRecord: @unchecked Sendable {
  let rows: Int
  let blocks: [BlockActivations]

  init(_ c: DecoderConfiguration, rows: Int) throws(ArithmeticError) {
    self.rows = rows
    var blocks: [BlockActivations] = []
    for _ in 0..<c.blocks {
      blocks.append(
        BlockActivations(
          input: try NumberBuffer(count: rows * c.width),
          queryKeyValue: try NumberBuffer(count: rows * (c.queryWidth + 2 * c.keyValueWidth)),
          attended: try NumberBuffer(count: rows * c.queryWidth), middle: try NumberBuffer(count: rows * c.width),
          gate: try NumberBuffer(count: rows * c.feedForward), up: try NumberBuffer(count: rows * c.feedForward)))
    }
    self.blocks = blocks
  }

  /// How many bytes a row takes in all blocks.
  static func bytesPerRow(_ c: DecoderConfiguration) -> Int {
    4 * c.blocks * (2 * c.width + 2 * c.queryWidth + 2 * c.keyValueWidth + 2 * c.feedForward)
  }

  /// Copies rows of a workspace's buffer.
  func keep(
    _ source: NumberBuffer, as part: KeyPath<BlockActivations, NumberBuffer>, of block: Int, _ range: Range<Int>
  ) {
    let target = blocks[block][keyPath: part]
    let columns = target.count / rows
    (target.base + range.lowerBound * columns).update(
      from: source.base + range.lowerBound * columns, count: range.count * columns)
  }
}
