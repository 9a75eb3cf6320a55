// The memory of one forward pass, kept from one pass to the next.
// Knows nothing of what the numbers mean.

import CKernels
import Synchronization
import Tensors

/// Buffers for up to `rows` rows.
///
/// `@unchecked Sendable` because one forward pass owns it at a time, and its pieces write disjoint rows or columns.
final class Workspace: @unchecked Sendable {
  let rows: Int
  /// Positions that attention has room for.
  let positions: Int
  /// How many pieces may attend at once.
  let attendants: Int
  /// The residual stream, [rows, width].
  let stream: NumberBuffer
  /// The normed stream, [rows, width].
  let normed: NumberBuffer
  /// Queries, keys, values, [rows, queryWidth + 2 · keyValueWidth].
  let queryKeyValue: NumberBuffer
  /// What attention gives, [rows, queryWidth].
  let attended: NumberBuffer
  /// [rows, feedForward] each.
  let gate: NumberBuffer
  let up: NumberBuffer
  /// Rows packed for a product.
  let packed: NumberBuffer
  /// Cosines and sines of each row's position, [rows, headSize / 2] each.
  let cosines: NumberBuffer
  let sines: NumberBuffer
  private let attention: NumberBuffer
  private let attentionCount: Int

  init(_ c: DecoderConfiguration, rows: Int, positions: Int, attendants: Int) throws(ArithmeticError) {
    self.rows = rows
    self.positions = positions
    self.attendants = attendants
    stream = try NumberBuffer(count: rows * c.width)
    normed = try NumberBuffer(count: rows * c.width)
    queryKeyValue = try NumberBuffer(count: rows * (c.queryWidth + 2 * c.keyValueWidth))
    attended = try NumberBuffer(count: rows * c.queryWidth)
    gate = try NumberBuffer(count: rows * c.feedForward)
    up = try NumberBuffer(count: rows * c.feedForward)
    packed = try NumberBuffer(count: rows * max(c.width, c.queryWidth, c.feedForward))
    cosines = try NumberBuffer(count: rows * c.headSize / 2)
    sines = try NumberBuffer(count: rows * c.headSize / 2)
    attentionCount = Self.attentionCount(c, positions: positions)
    attention = try NumberBuffer(count: attentionCount * attendants)
  }

  /// Positions that a new workspace has beyond those asked for, so that a slightly longer text finds room.
  static let sparePositions = 64

  /// The numbers that one attending piece works in.
  static func attentionCount(_ c: DecoderConfiguration, positions: Int) -> Int {
    (ck_attention_scratch(positions, c.headSize) + 15) / 16 * 16
  }

  /// The numbers that ``init(_:rows:positions:attendants:)`` takes.
  static func count(_ c: DecoderConfiguration, rows: Int, positions: Int, attendants: Int) -> Int {
    let row =
      2 * c.width + 2 * c.queryWidth + 2 * c.keyValueWidth + 2 * c.feedForward
      + max(c.width, c.queryWidth, c.feedForward) + c.headSize
    return rows * row + attendants * attentionCount(c, positions: positions)
  }

  /// Room for logits, kept for the next pass.
  func logits(count: Int) throws(ArithmeticError) -> NumberBuffer {
    if let held = logitsBuffer, held.count >= count { return held }
    let buffer = try NumberBuffer(count: count)
    logitsBuffer = buffer
    return buffer
  }

  private var logitsBuffer: NumberBuffer?

  /// The scratch of one attending piece.
  func attentionScratch(_ attendant: Int) -> UnsafeMutablePointer<Float> {
    attention.base + attendant * attentionCount
  }
}

/// Workspaces that are not in use.
final class WorkspacePool: Sendable {
  private let configuration: DecoderConfiguration
  private let free = Mutex<[Workspace]>([])

  init(_ configuration: DecoderConfiguration) {
    self.configuration = configuration
  }

  /// Lends a workspace that is large enough.
  func with<Result>(
    rows: Int, positions: Int, attendants: Int, _ body: (Workspace) throws -> Result
  ) throws -> Result {
    let found = free.withLock { free in
      free.firstIndex { $0.rows >= rows && $0.positions >= positions && $0.attendants >= attendants }
        .map { free.remove(at: $0) }
    }
    let workspace = try found ?? enlarged(rows: rows, positions: positions, attendants: attendants)
    defer { free.withLock { $0.append(workspace) } }
    return try body(workspace)
  }

  /// A new one, in the place of one that was too small.
  private func enlarged(rows: Int, positions: Int, attendants: Int) throws -> Workspace {
    let old = free.withLock { $0.popLast() }
    return try Workspace(
      configuration, rows: max(rows, old?.rows ?? 0),
      positions: max(positions + Workspace.sparePositions, old?.positions ?? 0),
      attendants: max(attendants, old?.attendants ?? 0))
  }
}
