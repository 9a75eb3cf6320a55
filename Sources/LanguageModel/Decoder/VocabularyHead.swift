// From rows of the stream to logits and log-probabilities, a part of the vocabulary at a time.
// Knows nothing of sequences. Parts have one fixed size and are summed in order, whoever asks.

import CKernels
import Tensors

/// The largest logit of a part of the vocabulary, and the sum of e^(logit - largest) over it.
private struct PartialSum {
  var largest: Float = 0
  var sum: Double = 0
}

/// The last norm and the vocabulary head.
struct VocabularyHead {
  let configuration: DecoderConfiguration
  let weights: DecoderWeights
  let arithmetic: ArithmeticClass
  let variant: KernelVariant
  let team: WorkerPool?

  /// Panels in one part: 2,048 tokens.
  ///
  /// The size is part of the order of summation, so it never changes.
  private static let panelsInPart = 64
  static let tokensInPart = panelsInPart * Matrix.panelRows
  /// Rows that go through the head together.
  static let rowsAtOnce = 112

  private var parts: Int { (weights.head.rows + Self.tokensInPart - 1) / Self.tokensInPart }

  /// Log-probabilities of given tokens.
  ///
  /// - Parameters:
  ///   - stream: Rows before the last norm, `configuration.width` apart.
  ///   - rows: Which of them.
  ///   - targets: One token for each.
  /// - Returns: ln p(target) for each row.
  /// - Throws: When there is no memory.
  func logProbabilities(
    _ stream: UnsafePointer<Float>, rows: [Int], targets: [TokenID]
  ) throws(ArithmeticError) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(rows.count)
    for start in stride(from: 0, to: rows.count, by: Self.rowsAtOnce) {
      let range = start..<min(rows.count, start + Self.rowsAtOnce)
      result += try group(stream, rows: rows[range], targets: targets[range])
    }
    return result
  }

  private func group(
    _ stream: UnsafePointer<Float>, rows: ArraySlice<Int>, targets: ArraySlice<TokenID>
  ) throws(ArithmeticError) -> [Float] {
    let input = try normed(stream, rows: rows)
    let count = rows.count
    let logits = try NumberBuffer(count: count * Self.tokensInPart)
    var sums = [PartialSum](repeating: PartialSum(), count: count * parts)
    var chosen = [Float](repeating: 0, count: count)
    for part in 0..<parts {
      multiply(input.operand, part: part, into: logits.base, stride: Self.tokensInPart)
      let first = part * Self.tokensInPart
      let size = min(Self.tokensInPart, weights.head.rows - first)
      for (row, target) in targets.enumerated() {
        let place = logits.base + row * Self.tokensInPart
        sums[row * parts + part] = partialSum(place, size)
        let token = Int(target.rawValue) - first
        if token >= 0 && token < size { chosen[row] = place[token] }
      }
    }
    withExtendedLifetime(input.buffers) {}
    return (0..<count).map { Float(Double(chosen[$0]) - logSum(sums[$0 * parts..<($0 + 1) * parts])) }
  }

  /// All logits of some rows, and ln Σ e^logit of each.
  ///
  /// - Parameters:
  ///   - stream: Rows before the last norm, `configuration.width` apart.
  ///   - rows: Which of them.
  ///   - logits: Room for `rows.count × vocabulary` floats.
  /// - Returns: The natural logarithm of each row's sum.
  /// - Throws: When there is no memory.
  func logits(
    _ stream: UnsafePointer<Float>, rows: [Int], into logits: UnsafeMutablePointer<Float>
  ) throws(ArithmeticError) -> [Double] {
    let input = try normed(stream, rows: rows[...])
    let vocabulary = weights.head.rows
    var sums = [PartialSum](repeating: PartialSum(), count: rows.count * parts)
    sums.withUnsafeMutableBufferPointer { buffer in
      let sums = buffer
      let work = { (part: Int) in
        let first = part * Self.tokensInPart
        multiply(input.operand, part: part, into: logits + first, stride: vocabulary)
        let size = min(Self.tokensInPart, vocabulary - first)
        for row in 0..<rows.count {
          sums[row * parts + part] = partialSum(logits + row * vocabulary + first, size)
        }
      }
      // OpenBLAS's bits may depend on how columns are dealt, and here they always come in the same parts.
      if let team { team.run(parts, work) } else { for part in 0..<parts { work(part) } }
    }
    withExtendedLifetime(input.buffers) {}
    return (0..<rows.count).map { logSum(sums[$0 * parts..<($0 + 1) * parts]) }
  }

  private func multiply(_ operand: Operand, part: Int, into target: UnsafeMutablePointer<Float>, stride: Int) {
    let panels = part * Self.panelsInPart..<min(weights.head.panels, (part + 1) * Self.panelsInPart)
    weights.head.multiply(operand, panels: panels, into: target, stride: stride, variant: variant)
  }

  private func partialSum(_ logits: UnsafePointer<Float>, _ count: Int) -> PartialSum {
    var part = PartialSum()
    ck_log_sum_exp_part(variant.rawValue, logits, count, &part.largest, &part.sum)
    return part
  }

  /// ln of the sum over parts, in order.
  private func logSum(_ parts: ArraySlice<PartialSum>) -> Double {
    let largest = parts.reduce(-Float.infinity) { $1.largest > $0 ? $1.largest : $0 }
    var sum = 0.0
    for part in parts { sum += part.sum * ck_exp_double(Double(part.largest) - Double(largest)) }
    return Double(largest) + ck_log_double(sum)
  }

  /// Gathers rows, norms and packs them; the buffers live as long as the operand is used.
  private func normed(
    _ stream: UnsafePointer<Float>, rows: ArraySlice<Int>
  ) throws(ArithmeticError) -> (operand: Operand, buffers: [NumberBuffer]) {
    let width = configuration.width
    let plain = try NumberBuffer(count: rows.count * width)
    let packed = try NumberBuffer(count: rows.count * width)
    for (place, row) in rows.enumerated() {
      ck_rms_norm(
        variant.rawValue, stream + row * width, weights.outputNorm.base, configuration.normEpsilon, 1, width, width,
        plain.base + place * width, width)
    }
    let operand = Operand(
      plain.base, stride: width, rows: rows.count, columns: width, scratch: packed.base, arithmetic: arithmetic,
      variant: variant)
    return (operand, [plain, packed])
  }
}
