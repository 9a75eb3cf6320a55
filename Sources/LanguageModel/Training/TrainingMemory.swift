// What a training takes in memory, from sizes alone: the sums of what Trainee, ActivationRecord and the workspaces allocate.
// Knows nothing of files or examples.

import Tensors

extension DecoderConfiguration {
  /// How many numbers all weights have.
  public var weightCount: Int {
    tensorNames.reduce(0) { sum, name in
      let shape = name.shape(self)
      return sum + shape.rows * shape.columns
    }
  }

  /// The numbers of a site's matrix in all blocks.
  fileprivate func count(_ site: Site) -> Int {
    blocks
      * site.tensors.reduce(0) { sum, tensor in
        let shape = TensorName.block(0, tensor).shape(self)
        return sum + shape.rows * shape.columns
      }
  }

  /// The numbers of the adapters of all blocks: A and B of each tensor.
  fileprivate func count(_ options: LowRank) -> Int {
    blocks
      * options.targets.reduce(0) { sum, tensor in
        let shape = TensorName.block(0, tensor).shape(self)
        return sum + options.rank * (shape.rows + shape.columns)
      }
  }
}

/// How much of a model's work a training does at once.
public struct TrainingLoad: Hashable, Sendable {
  /// The rows of the largest unit.
  public var rows: Int
  /// How many of them go through the vocabulary head.
  public var headRows: Int
  /// The rows of all units of a step.
  public var stepRows: Int
  /// The tokens of the longest sequence.
  public var longest: Int
  /// How many threads compute.
  public var workers: Int
  /// Whether other texts are scored beside each step, as KTO's partners are.
  public var scores: Bool
  /// How often weights are kept on the way.
  public var kept: Int

  /// Describes a training's work.
  public init(
    rows: Int, headRows: Int, stepRows: Int, longest: Int, workers: Int, scores: Bool = false, kept: Int = 0
  ) {
    self.rows = rows
    self.headRows = headRows
    self.stepRows = stepRows
    self.longest = longest
    self.workers = workers
    self.scores = scores
    self.kept = kept
  }
}

extension Trainee {
  /// The most bytes that a training takes at once.
  ///
  /// Weights, their merged or trained copy and their transposes; numbers, gradients and moments of what is trained, and a
  /// checkpoint of them being written; what one unit keeps for its backward pass, and its logits; what dropout and scoring
  /// beside the steps add.
  ///
  /// - Parameters:
  ///   - configuration: The model's sizes.
  ///   - part: What is trained.
  ///   - load: How much of it runs at once.
  /// - Returns: Bytes; examples and what the program itself takes are left out.
  public static func bytes(_ configuration: DecoderConfiguration, _ part: TrainedPart, _ load: TrainingLoad) -> Int {
    let sizes = TrainingSizes(c: configuration, part: part, load: load)
    var numbers = sizes.weights + sizes.optimizer + sizes.unit + sizes.head + sizes.attention + sizes.holes
    if load.scores {
      numbers += Decoder.scoringNumbers(configuration, longest: load.longest, workers: load.workers)
    }
    return 4 * numbers + load.rows * ActivationRecord.bytesPerRow(configuration)
  }
}

extension DecoderConfiguration {
  /// How many numbers a training changes.
  public func trainedCount(_ part: TrainedPart) -> Int {
    switch part {
    case .full: weightCount
    case .lowRank(let options): count(options)
    }
  }
}

/// The numbers, of four bytes each, that the parts of a training take.
private struct TrainingSizes {
  let c: DecoderConfiguration
  let part: TrainedPart
  let load: TrainingLoad

  /// What a pass multiplies by.
  var weights: Int {
    let all = c.weightCount
    let turned = Site.allCases.reduce(0) { $0 + c.count($1) } + c.vocabulary * c.width
    switch part {
    case .full: return 2 * all + turned
    case .lowRank(let options):
      let merged = Site.allCases.filter { $0.tensors.contains { options.targets.contains($0) } }
      // Where inputs are dropped, what is turned is the frozen matrices, and the merged ones stand besides.
      return all + merged.reduce(0) { $0 + c.count($1) } + turned + packedAdapters(options)
    }
  }

  /// Adapters once more in the forms that products read: whole panels, however few rows they have.
  private func packedAdapters(_ options: LowRank) -> Int {
    let rank = padded(options.rank)
    return c.blocks
      * options.targets.reduce(0) { sum, tensor in
        let shape = TensorName.block(0, tensor).shape(c)
        let plain = rank * (shape.rows + shape.columns) + options.rank * shape.columns
        let side = rank * shape.columns + options.rank * (padded(shape.columns) + padded(shape.rows))
        return sum + plain + (options.dropout > 0 ? side : 0)
      }
  }

  private func padded(_ count: Int) -> Int {
    (count + Matrix.panelRows - 1) / Matrix.panelRows * Matrix.panelRows
  }

  private var trained: Int { c.trainedCount(part) }

  /// Gradient, two moments and, of adapters, the numbers themselves; a checkpoint of numbers, moments and what was kept, in
  /// bytes and inside the file that holds it; the result; and what came back to embeddings, until the step is taken.
  private var ownNumbers: Int { part == .full ? 3 : 4 }
  var optimizer: Int {
    // A list that grows holds what it had and twice as much.
    let lookups = part == .full ? 3 * load.stepRows * c.width : 0
    return (ownNumbers + 2 * 3 + 3 * load.kept + 1) * trained + lookups
  }

  /// What the C library may keep of checkpoints that were written: it maps what is larger than this by itself.
  var holes: Int { min(32 << 20, 4 * trained) / 4 }

  /// What one unit takes beside the record: forward and backward workspace, packed columns, side paths.
  var unit: Int {
    let total = c.queryWidth + 2 * c.keyValueWidth
    let widest = max(c.width, c.queryWidth, c.feedForward)
    let forward = Workspace.count(c, rows: 1, positions: 0, attendants: 0)
    let backward = 3 * c.width + total + c.queryWidth + 2 * c.feedForward + max(widest, total) + c.headSize + 1
    // The three matrices of the feed-forward part are done at once: inputs and gradients of each.
    let columns = 3 * (padded(c.width) + padded(c.feedForward))
    return load.rows * (forward + backward + columns + adapters(widest))
  }

  /// What adapters add to a row: their narrow products, and the side path where inputs are dropped.
  private func adapters(_ widest: Int) -> Int {
    guard case .lowRank(let options) = part else { return 0 }
    let parts = Site.allCases.map { $0.tensors.count { options.targets.contains($0) } }.max() ?? 0
    let thin = 6 * parts * options.rank + 3 * padded(options.rank)
    return thin + (options.dropout > 0 ? 5 * max(widest, options.rank) + options.rank : 0)
  }

  /// Logits of some rows, and what their gradient is computed with.
  var head: Int {
    let held = min(load.headRows, Trainee.usualHeadRows)
    return held * (c.vocabulary + TrainingHead.tokensInChunk + 2 * c.width) + 4 * load.headRows * c.width
  }

  /// What attending pieces work in, forward and back, and the unit's keys and values of one block.
  var attention: Int {
    let positions = padded(load.longest) + Workspace.sparePositions
    let back = BackwardWorkspace.attentionCount(c, positions: positions)
    let forward = Workspace.attentionCount(c, positions: positions)
    let cache = load.rows * c.keyValueHeads * (c.headSize + padded(c.headSize))
    return 2 * load.workers * (back + forward) + 2 * cache
  }
}
