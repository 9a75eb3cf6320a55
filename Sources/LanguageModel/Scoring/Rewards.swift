// What a reward model says of whole texts: one number each.
// Knows nothing of what the texts mean.

import CKernels
import Tensors

extension Decoder {
  /// Whether the model has a scalar head.
  public var isRewardModel: Bool { weights.scalarHead != nil }

  /// Scores whole texts by the scalar head, at their last token.
  ///
  /// - Parameters:
  ///   - texts: Each has at least one token.
  ///   - onFinished: Called on this thread, in order, with a text's index and its score; false stops.
  /// - Throws: `DecoderError` for a text that makes no sense (before anything runs), or what `onFinished` throws.
  public func rewards(of texts: [[TokenID]], onFinished: (Int, Float) throws -> Bool) throws {
    guard let head = weights.scalarHead else { preconditionFailure("callers ask for a scalar head") }
    for (index, tokens) in texts.enumerated() { try configuration.check(tokens, request: index) }
    let wave = pool.workers * 4
    for start in stride(from: 0, to: texts.count, by: wave) {
      let taken = start..<min(texts.count, start + wave)
      var scores = [Float](repeating: 0, count: taken.count)
      try scores.withUnsafeMutableBufferPointer { scores in
        try pool.runThrowing(taken.count) { scores[$0] = try reward(of: texts[start + $0], head) }
      }
      for (index, score) in zip(taken, scores) {
        if try !onFinished(index, score) { return }
      }
    }
  }

  private func reward(of tokens: [TokenID], _ head: NumberBuffer) throws -> Float {
    let (width, last) = (configuration.width, tokens.count - 1)
    let cache = try KeyValueCache(configuration, positions: tokens.count, keepsAllBlocks: true)
    var result: Float = 0
    for start in stride(from: 0, to: tokens.count, by: Self.rowsInPass) {
      let chunk = start..<min(tokens.count, start + Self.rowsInPass)
      var batch = RowBatch()
      batch.append(tokens[chunk], start: start, cache: cache)
      try workspaces.with(rows: batch.rows, positions: chunk.upperBound, attendants: 1) { workspace in
        forward(in: workspace, team: nil).run(batch)
        guard chunk.contains(last) else { return }
        let normed = try NumberBuffer(count: width)
        ck_rms_norm(
          variant.rawValue, workspace.stream.base + (last - start) * width, weights.outputNorm.base,
          configuration.normEpsilon, 1, width, width, normed.base, width)
        result = ScalarHead.score(head.base, normed.base, width)
      }
    }
    return result
  }
}
