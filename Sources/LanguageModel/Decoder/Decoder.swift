// A Llama-family decoder: packed weights, threads, and the entry points that score, continue and inspect text.
// Knows nothing of text, turns or records; tokens come in, numbers and tokens go out.

import CKernels
public import Tensors

/// A language model that is ready to compute.
///
/// With `ArithmeticClass.ordered`, every result depends on its own request and the weights alone: not on other requests,
/// their order, the batch, the number of workers, or the variant. With `.openblas` each request is computed alone, so
/// that on one host the same holds.
public final class Decoder: Sendable {
  /// The sizes and constants.
  public let configuration: DecoderConfiguration
  /// How products sum.
  public let arithmetic: ArithmeticClass
  /// Which instructions are used.
  public let variant: KernelVariant
  /// How many threads compute.
  public var workers: Int { pool.workers }
  let weights: DecoderWeights
  let pool: WorkerPool
  let workspaces: WorkspacePool
  private let frequencies: [Double]

  /// Reads and packs the weights.
  ///
  /// - Parameters:
  ///   - source: Where the numbers come from; not needed afterwards.
  ///   - arithmetic: How products sum.
  ///   - workers: How many threads compute, at least 1.
  ///   - variant: Which instructions to use; the choice changes no bit.
  /// - Throws: What the source throws, or `ArithmeticError` when the host cannot compute so.
  public init(
    source: some WeightSource, arithmetic: ArithmeticClass, workers: Int, variant: KernelVariant = .best
  ) throws {
    guard variant.isSupported else { throw ArithmeticError.unsupportedVariant(variant) }
    if arithmetic == .ordered && !KernelVariant.avx2.isSupported { throw ArithmeticError.noFusedMultiplyAdd }
    configuration = source.configuration
    self.arithmetic = arithmetic
    self.variant = variant
    pool = WorkerPool(workers: workers)
    workspaces = WorkspacePool(configuration)
    weights = try DecoderWeights(source, arithmetic: arithmetic, pool: pool)
    frequencies = Self.frequencies(configuration)
  }

  /// The same weights with other threads or instructions; the weights are not copied.
  ///
  /// - Parameters:
  ///   - other: Whose weights.
  ///   - workers: How many threads compute, at least 1.
  ///   - variant: Which instructions to use.
  /// - Throws: `ArithmeticError` when the host lacks the instructions.
  public init(sharing other: Decoder, workers: Int, variant: KernelVariant = .best) throws(ArithmeticError) {
    guard variant.isSupported else { throw .unsupportedVariant(variant) }
    configuration = other.configuration
    arithmetic = other.arithmetic
    self.variant = variant
    pool = WorkerPool(workers: workers)
    workspaces = WorkspacePool(configuration)
    weights = other.weights
    frequencies = other.frequencies
  }

  /// Other weights of the same sizes, in the ordered class.
  init(_ other: Decoder, weights: DecoderWeights, pool: WorkerPool) {
    configuration = other.configuration
    arithmetic = .ordered
    variant = other.variant
    self.pool = pool
    workspaces = WorkspacePool(configuration)
    self.weights = weights
    frequencies = other.frequencies
  }

  /// base^(-2i / headSize) for each pair i.
  private static func frequencies(_ configuration: DecoderConfiguration) -> [Double] {
    let size = configuration.headSize
    return (0..<size / 2).map { pair in
      ck_exp_double(-2 * Double(pair) / Double(size) * ck_log_double(configuration.ropeBase))
    }
  }

  /// A forward pass in a workspace; without a team the calling thread computes alone, without other weights its own are used.
  func forward(in workspace: Workspace, team: WorkerPool?, weights other: DecoderWeights? = nil) -> ForwardPass {
    ForwardPass(
      configuration: configuration, weights: other ?? weights, arithmetic: arithmetic, variant: variant,
      frequencies: frequencies, team: team, workspace: workspace)
  }

  /// The vocabulary head.
  func head(team: WorkerPool?) -> VocabularyHead {
    VocabularyHead(
      configuration: configuration, weights: weights, arithmetic: arithmetic, variant: variant, team: team)
  }

  /// The logits after some positions of a text.
  ///
  /// - Parameters:
  ///   - tokens: The text.
  ///   - positions: Positions in it, in any order.
  /// - Returns: For each position, the logits of the token that follows it, one for each token of the vocabulary.
  /// - Throws: `DecoderError` for a text or a position that makes no sense, `ArithmeticError` without memory.
  public func logits(_ tokens: [TokenID], at positions: [Int]) throws -> [[Float]] {
    try configuration.check(tokens, request: 0)
    for position in positions where !tokens.indices.contains(position) {
      throw DecoderError.positionOutOfRange(request: 0, position: position, allowed: tokens.indices)
    }
    let cache = try KeyValueCache(configuration, positions: tokens.count, keepsAllBlocks: true)
    var result = [[Float]](repeating: [], count: positions.count)
    for start in stride(from: 0, to: tokens.count, by: Self.rowsInPass) {
      let chunk = start..<min(tokens.count, start + Self.rowsInPass)
      var batch = RowBatch()
      batch.append(tokens[chunk], start: start, cache: cache)
      try workspaces.with(rows: batch.rows, positions: chunk.upperBound, attendants: 1) { workspace in
        forward(in: workspace, team: nil).run(batch)
        for (place, position) in positions.enumerated() where chunk.contains(position) {
          let buffer = try NumberBuffer(count: configuration.vocabulary)
          _ = try head(team: nil).logits(workspace.stream.base, rows: [position - start], into: buffer.base)
          result[place] = Array(buffer.floats)
        }
      }
    }
    return result
  }

  /// Rows that run through the blocks together at most: enough for full speed, few enough to stay near the processor.
  static let rowsInPass = 512
}
