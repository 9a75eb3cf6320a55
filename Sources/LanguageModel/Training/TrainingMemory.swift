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

extension Trainee {
  /// The most bytes that a training takes at once.
  ///
  /// Weights, their merged or trained copy and their transposes; numbers, gradients and moments of what is trained, and a
  /// checkpoint of them being written; what one unit keeps for its backward pass, and its logits.
  ///
  /// - Parameters:
  ///   - configuration: The model's sizes.
  ///   - part: What is trained.
  ///   - rows: The rows of the largest unit.
  ///   - headRows: How many of them go through the vocabulary head.
  ///   - kept: How often weights are kept on the way.
  /// - Returns: Bytes; padding of matrices and attention's scratch are left out.
  public static func bytes(
    _ configuration: DecoderConfiguration, _ part: TrainedPart, rows: Int, headRows: Int, kept: Int = 0
  ) -> Int {
    let c = configuration
    let all = c.weightCount
    let sites = Site.allCases.reduce(0) { $0 + c.count($1) }
    let turned = sites + c.vocabulary * c.width
    let weights: Int
    let trained: Int
    switch part {
    case .full:
      weights = 2 * all + turned
      trained = all
    case .lowRank(let options):
      let merged = Site.allCases.filter { $0.tensors.contains { options.targets.contains($0) } }
      trained = c.count(options)
      // Adapters stand twice, the second time packed.
      weights = all + merged.reduce(0) { $0 + c.count($1) } + turned + 2 * trained
    }
    // Gradient and two moments; a checkpoint of numbers, moments and what was kept, in bytes and inside the file that holds
    // it; and the result.
    let optimizer = 3 * trained + 2 * 3 * trained + (3 * kept + 1) * trained
    let workspace = 10 * c.width + 5 * c.queryWidth + 5 * c.keyValueWidth + 6 * c.feedForward + 2 * c.headSize
    return 4 * (weights + optimizer + rows * workspace + min(headRows, usualHeadRows) * c.vocabulary)
      + rows * ActivationRecord.bytesPerRow(c)
  }
}
