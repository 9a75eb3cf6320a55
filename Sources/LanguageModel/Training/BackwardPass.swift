// One pass of gradients back through all blocks of a decoder.
// Knows nothing of losses. Rows, heads or panels are dealt to threads; no choice changes a bit.

import CKernels
import Tensors

/// The backward pass, block by block: the stream's gradient in `workspace.stream` becomes that of the embeddings, and
/// the gradient of every parameter of a block goes on.
struct BackwardPass {
  let configuration: DecoderConfiguration
  let weights: TrainableWeights
  let variant: KernelVariant
  let pool: WorkerPool
  let record: ActivationRecord
  /// The way of adapters whose inputs were dropped; nil where they were merged.
  let side: SidePath?
  let layout: TrainingLayout
  let workspace: BackwardWorkspace

  var code: Int32 { variant.rawValue }
  private var rows: Int { layout.batch.rows }
  private var isFull: Bool { weights.adapters.isEmpty }

  /// Runs all blocks.
  func run() throws(ArithmeticError) {
    for block in (0..<configuration.blocks).reversed() {
      try feedForward(block)
      try attention(block)
    }
  }

  /// Deals the rows in groups.
  private func dealRows(_ body: (Range<Int>) -> Void) {
    let groups = pool.workers == 1 ? 1 : max(1, min(pool.workers * 2, rows / 28))
    pool.run(groups) { body(rows * $0 / groups..<rows * ($0 + 1) / groups) }
  }

  // MARK: - Feed-forward

  private func feedForward(_ block: Int) throws(ArithmeticError) {
    let own = weights.forward.blocks[block]
    let kept = record.blocks[block]
    let inner = configuration.feedForward
    let width = configuration.width
    dealRows { range in
      norm(kept.middle, own.feedForwardNorm, range)
      rise(.down, 0, block, range, gradient: workspace.stream)
      multiply(workspace.stream, width, by: .down, 0, block, range, into: workspace.activatedGradient, .store)
      let place = range.lowerBound * inner
      ck_swiglu_backward(
        code, kept.gate.base + place, kept.up.base + place, workspace.activatedGradient.base + place,
        workspace.activated.base + place, range.count * inner)
      rise(.gate, 1, block, range, gradient: kept.gate)
      rise(.up, 2, block, range, gradient: kept.up)
      multiply(kept.gate, inner, by: .gate, 1, block, range, into: workspace.normedGradient, .store)
      multiply(kept.up, inner, by: .up, 2, block, range, into: workspace.normedGradient, .add)
      fall(.down, 0, block, range, input: workspace.activated)
      fall(.gate, 1, block, range, input: workspace.normed)
      fall(.up, 2, block, range, input: workspace.normed)
    }
    try workspace.gradients.add(
      products(.down, 0, block, input: workspace.activated, gradient: workspace.stream)
        + products(.gate, 1, block, input: workspace.normed, gradient: kept.gate)
        + products(.up, 2, block, input: workspace.normed, gradient: kept.up),
      rows: rows, pool, variant)
    dealRows { normBackward(kept.middle, own.feedForwardNorm, $0) }
    gainGradient(kept.middle, .gain(.block(block, .feedForwardNorm)))
  }

  // MARK: - Attention

  private func attention(_ block: Int) throws(ArithmeticError) {
    let own = weights.forward.blocks[block]
    let kept = record.blocks[block]
    let total = configuration.queryWidth + 2 * configuration.keyValueWidth
    dealRows { range in
      rise(.attentionOutput, 0, block, range, gradient: workspace.stream)
      multiply(
        workspace.stream, configuration.width, by: .attentionOutput, 0, block, range, into: workspace.attended, .store)
      fall(.attentionOutput, 0, block, range, input: kept.attended)
      (workspace.queryKeyValue.base + range.lowerBound * total).update(repeating: 0, count: range.count * total)
    }
    try workspace.gradients.add(
      products(.attentionOutput, 0, block, input: kept.attended, gradient: workspace.stream), rows: rows, pool,
      variant)
    attend(block)
    dealRows { range in
      turnBack(range)
      norm(kept.input, own.attentionNorm, range)
      rise(.queryKeyValue, 0, block, range, gradient: workspace.queryKeyValue)
      // Below the first block nothing is trained but the embedding.
      if block > 0 || isFull {
        multiply(
          workspace.queryKeyValue, total, by: .queryKeyValue, 0, block, range, into: workspace.normedGradient, .store)
      }
      fall(.queryKeyValue, 0, block, range, input: workspace.normed)
    }
    try workspace.gradients.add(
      products(.queryKeyValue, 0, block, input: workspace.normed, gradient: workspace.queryKeyValue), rows: rows, pool,
      variant)
    if let biases = weights.named[.biases(block: block)] {
      ck_column_sums(code, workspace.queryKeyValue.base, rows, total, 0, total, biases.gradient.base)
    }
    guard block > 0 || isFull else { return }
    dealRows { normBackward(kept.input, own.attentionNorm, $0) }
    gainGradient(kept.input, .gain(.block(block, .attentionNorm)))
  }

  /// From gradients of turned queries and keys to gradients of the unturned ones.
  private func turnBack(_ range: Range<Int>) {
    let c = configuration
    let total = c.queryWidth + 2 * c.keyValueWidth
    for row in range {
      let angle = row * c.headSize / 2
      for head in 0..<c.heads + c.keyValueHeads {
        ck_rope(
          code, workspace.queryKeyValue.base + row * total + head * c.headSize, c.headSize,
          workspace.cosines.base + angle, workspace.sines.base + angle, c.ropeStyle == .halfSplit ? 1 : 0)
      }
    }
  }

  // MARK: - What both halves of a block do

  /// RMSNorm again, into `workspace.normed`.
  private func norm(_ input: NumberBuffer, _ gain: NumberBuffer, _ range: Range<Int>) {
    let width = configuration.width
    let place = range.lowerBound * width
    ck_rms_norm(
      code, input.base + place, gain.base, configuration.normEpsilon, range.count, width, width,
      workspace.normed.base + place, width)
  }

  /// Adds what a norm passes back to the stream's gradient.
  private func normBackward(_ input: NumberBuffer, _ gain: NumberBuffer, _ range: Range<Int>) {
    let place = range.lowerBound * configuration.width
    ck_rms_norm_backward(
      code, input.base + place, gain.base, configuration.normEpsilon, range.count, configuration.width,
      workspace.normedGradient.base + place, workspace.stream.base + place, workspace.factors.base + range.lowerBound)
  }

  private func gainGradient(_ input: NumberBuffer, _ name: ParameterName) {
    guard let parameter = weights.named[name] else { return }
    ck_gain_gradient(
      code, input.base, workspace.factors.base, workspace.normedGradient.base, rows, configuration.width, 0,
      configuration.width, parameter.gradient.base)
  }

  /// dX = dY · W for a range of rows, and what comes back on side paths, whose `rise` is there.
  private func multiply(
    _ gradient: NumberBuffer, _ columns: Int, by site: Site, _ slot: Int, _ block: Int, _ range: Range<Int>,
    into target: NumberBuffer, _ mode: ProductMode
  ) {
    guard let turned = weights.turned[block][site] else { return }
    turned.multiply(
      operand(gradient, columns, range), panels: 0..<turned.panels, into: target.base + range.lowerBound * turned.rows,
      stride: turned.rows, mode: mode, variant: variant)
    side?.addGradient(site, of: block, range, rise: workspace.up[slot], to: target)
  }

  private func operand(
    _ buffer: NumberBuffer, _ columns: Int, _ range: Range<Int>, from first: Int = 0, count: Int? = nil
  )
    -> Operand
  {
    Operand(
      buffer.base + range.lowerBound * columns + first, stride: columns, rows: range.count, columns: count ?? columns,
      scratch: workspace.packed.base + range.lowerBound * workspace.packedWidth, arithmetic: .ordered, variant: variant)
  }

  /// Scaled X · Aᵀ of a site's adapters, X masked where inputs are dropped, into a thin buffer.
  private func fall(_ site: Site, _ slot: Int, _ block: Int, _ range: Range<Int>, input: NumberBuffer) {
    guard !isFull, let adapter = weights.adapters[block][site] else { return }
    let (inputs, width) = (adapter.packedA.columns, adapter.width)
    let down = workspace.down[slot].base + range.lowerBound * width
    if let side {
      for index in adapter.parts.indices {
        side.fall(
          adapter, index, block, range, input: input, slot: slot + index, into: down + index * adapter.rank,
          stride: width)
      }
    } else {
      adapter.packedA.multiply(
        operand(input, inputs, range), panels: 0..<adapter.packedA.panels, into: down, stride: width, variant: variant)
    }
    ck_scale(code, down, adapter.scale, range.count * width)
  }

  /// Scaled dY · B of a site's adapters, into a thin buffer.
  private func rise(_ site: Site, _ slot: Int, _ block: Int, _ range: Range<Int>, gradient: NumberBuffer) {
    guard !isFull, let adapter = weights.adapters[block][site] else { return }
    let width = adapter.width
    let outputs = weights.forward.blocks[block].matrix(site).rows
    let up = workspace.up[slot].base + range.lowerBound * width
    for (index, part) in adapter.parts.enumerated() {
      part.packedB.multiply(
        operand(gradient, outputs, range, from: part.rows.lowerBound, count: part.rows.count),
        panels: 0..<part.packedB.panels, into: up + index * adapter.rank, stride: width, variant: variant)
    }
    ck_scale(code, up, adapter.scale, range.count * width)
  }

  /// The gradient products of a site: of its weights, or of its adapters.
  private func products(
    _ site: Site, _ slot: Int, _ block: Int, input: NumberBuffer, gradient: NumberBuffer
  ) -> [GradientProduct] {
    let matrix = weights.forward.blocks[block].matrix(site)
    if isFull {
      guard let parameter = weights.named[.weights(block: block, site)] else { return [] }
      return [
        GradientProduct(
          left: input.base, leftStride: matrix.columns, leftColumns: matrix.columns, right: gradient.base,
          rightStride: matrix.rows, rightColumns: matrix.rows, target: .panels(parameter.gradient.base))
      ]
    }
    guard let adapter = weights.adapters[block][site] else { return [] }
    return downGradients(adapter, slot, input: input)
      + adapter.parts.enumerated().map { index, part in
        GradientProduct(
          left: workspace.down[slot].base + index * adapter.rank, leftStride: adapter.width,
          leftColumns: adapter.rank, right: gradient.base + part.rows.lowerBound, rightStride: matrix.rows,
          rightColumns: part.rows.count, target: .rows(part.b.gradient.base))
      }
  }

  /// dA of all of a site's adapters at once, or of each with the input that its own mask left.
  private func downGradients(_ adapter: AdapterSite, _ slot: Int, input: NumberBuffer) -> [GradientProduct] {
    let (width, rank, inputs) = (adapter.width, adapter.rank, adapter.packedA.columns)
    guard let side else {
      return [
        GradientProduct(
          left: workspace.up[slot].base, leftStride: width, leftColumns: width, right: input.base, rightStride: inputs,
          rightColumns: inputs, target: .rows(adapter.a.gradient.base))
      ]
    }
    return adapter.parts.indices.map { index in
      GradientProduct(
        left: workspace.up[slot].base + index * rank, leftStride: width, leftColumns: rank,
        right: side.room.masked[slot + index].base, rightStride: side.room.widest, rightColumns: inputs,
        target: .rows(adapter.a.gradient.base + index * rank * inputs))
    }
  }
}
