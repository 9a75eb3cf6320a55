// How many floating-point operations one optimizer step cannot do without: what a measured rate is a rate of.
// Knows nothing of time. Counts what the mathematics asks for, not what a program happens to do.

/// Operations of one optimizer step, two for each multiply-add of a matrix product; everything else is left out.
///
/// A common beginning of a group counts once, the vocabulary head counts for rows that a log-probability is read from,
/// and gradients of frozen weights, norms and activations that are computed again do not count. Attention counts each
/// pair of positions that see each other, four products of which the way back has, like a weight's two, twice as many
/// as the way there.
public struct StepOperations: Hashable, Sendable {
  /// Rows that run through the blocks.
  public let rows: Int
  /// Rows that go through the vocabulary head.
  public let headRows: Int
  /// The way there.
  public let forward: Double
  /// The way back, gradients of what is trained included.
  public let backward: Double
  /// Merging adapters into the weights, once a step; with dropout they have a way of their own instead.
  public let merging: Double

  /// All of them.
  public var total: Double { forward + backward + merging }

  /// Counts a step.
  ///
  /// - Parameters:
  ///   - groups: The step's sequences by example, as ``Trainee/run(_:means:loss:)`` takes them.
  ///   - configuration: The model's sizes.
  ///   - part: What is trained.
  /// - Throws: `ArithmeticError` without memory.
  public init(_ groups: [[ScoreRequest]], _ configuration: DecoderConfiguration, _ part: TrainedPart) throws {
    let c = configuration
    let layout = try TrainingLayout(groups, c)
    rows = layout.batch.rows
    headRows = layout.headRows.count
    let perRow = 2 * Double(rows)
    let first = perRow * Double(c.width * (c.queryWidth + 2 * c.keyValueWidth))
    let body =
      Double(c.blocks) * (first + perRow * Double(c.queryWidth * c.width + 3 * c.width * c.feedForward))
    let attention = Double(c.blocks) * 4 * Double(c.queryWidth) * Double(Self.visible(layout))
    let head = 2 * Double(headRows * c.width * c.vocabulary)
    let whole = body + attention + head
    switch part {
    case .full:
      forward = whole
      backward = 2 * whole
      merging = 0
    case .lowRank(let options):
      var (thin, merged) = (0.0, 0.0)
      for tensor in options.targets {
        let shape = TensorName.block(0, tensor).shape(c)
        thin += 2 * perRow * Double(options.rank * (shape.rows + shape.columns))
        merged += 2 * Double(options.rank * shape.rows * shape.columns)
      }
      // Nothing below the first block's projections asks for a gradient.
      let frozen = body - first + 2 * attention + head
      let isDropped = options.dropout > 0
      let lowest = Set(options.targets).intersection(Site.queryKeyValue.tensors).count
      let unasked = isDropped ? perRow * Double(lowest * options.rank * c.width) : 0
      forward = whole + (isDropped ? Double(c.blocks) * thin / 2 : 0)
      backward = frozen + Double(c.blocks) * thin - unasked
      merging = isDropped ? 0 : Double(c.blocks) * merged
    }
  }

  /// Pairs of a position and a position that it sees, itself included.
  private static func visible(_ layout: TrainingLayout) -> Int {
    func sum(_ rows: Range<Int>, after start: Int) -> Int {
      rows.count * start + rows.count * (rows.count + 1) / 2
    }
    return layout.trees.reduce(0) { total, tree in
      tree.branches.reduce(total + sum(tree.trunk, after: 0)) { $0 + sum($1.rows, after: tree.trunk.count) }
    }
  }
}
