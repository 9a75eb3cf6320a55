// One pass of rows through all blocks of a decoder.
// Knows nothing of sampling or scoring. Rows or output columns are dealt to threads; neither choice changes a bit.

import CKernels
import Tensors

/// The forward pass, block by block.
struct ForwardPass {
  let configuration: DecoderConfiguration
  let weights: DecoderWeights
  let arithmetic: ArithmeticClass
  let variant: KernelVariant
  /// Rotary frequencies, headSize / 2 of them.
  let frequencies: [Double]
  /// Who shares the work; nil for the calling thread alone.
  let team: WorkerPool?
  let workspace: Workspace
  /// Keeps what a backward pass needs; nil for a pass that none follows.
  var record: ActivationRecord?
  /// What adapters add whose inputs are dropped; nil outside of training with dropout.
  var side: SidePath?

  /// From this many rows on, threads take rows; below, they take columns, so that weights are read once.
  static let rowsWorthDealing = 48

  private var code: Int32 { variant.rawValue }
  private var workers: Int { team?.workers ?? 1 }

  /// Runs the batch; afterwards `workspace.stream` holds its rows before the last norm.
  func run(_ batch: RowBatch) {
    precondition(batch.rows <= workspace.rows && batch.longest <= workspace.positions, "the caller lends enough room")
    precondition(side == nil || record != nil, "side paths take whole rows, and only training's passes have them")
    embed(batch)
    for block in 0..<configuration.blocks {
      if workers > 1 && batch.rows < Self.rowsWorthDealing && record == nil {
        runByColumns(block, batch)
      } else {
        runByRows(block, batch)
      }
    }
  }

  /// Calls `body` for each of `count` pieces.
  private func deal(_ count: Int, _ body: (Int) -> Void) {
    if let team { team.run(count, body) } else { for piece in 0..<count { body(piece) } }
  }

  // MARK: - Threads take rows

  private func runByRows(_ block: Int, _ batch: RowBatch) {
    let groups = workers == 1 ? 1 : max(1, min(workers * 2, batch.rows / 28))
    func rows(_ group: Int) -> Range<Int> { batch.rows * group / groups..<batch.rows * (group + 1) / groups }
    deal(groups) { group in
      record?.keep(workspace.stream, as: \.input, of: block, rows(group))
      let operand = normed(rows(group), gain: weights.blocks[block].attentionNorm)
      project(block, rows(group), operand, panels: 0..<weights.blocks[block].queryKeyValue.panels)
      place(block, rows(group), batch)
      record?.keep(workspace.queryKeyValue, as: \.queryKeyValue, of: block, rows(group))
    }
    copyShared(block, batch)
    deal(groups) { group in
      attend(block, rows(group), batch, heads: 0..<configuration.keyValueHeads, attendant: group)
      record?.keep(workspace.attended, as: \.attended, of: block, rows(group))
      let attended = packed(rows(group), workspace.attended, columns: configuration.queryWidth)
      addAttention(block, rows(group), attended, panels: 0..<weights.blocks[block].attentionOutput.panels)
      record?.keep(workspace.stream, as: \.middle, of: block, rows(group))
      let operand = normed(rows(group), gain: weights.blocks[block].feedForwardNorm)
      activate(block, rows(group), operand, panels: 0..<weights.blocks[block].gate.panels)
      let active = packed(rows(group), workspace.gate, columns: configuration.feedForward)
      addFeedForward(block, rows(group), active, panels: 0..<weights.blocks[block].down.panels)
    }
  }

  // MARK: - Threads take columns

  private func runByColumns(_ block: Int, _ batch: RowBatch) {
    let all = 0..<batch.rows
    let own = weights.blocks[block]
    let operand = normed(all, gain: own.attentionNorm)
    dealPanels(own.queryKeyValue.panels) { project(block, all, operand, panels: $0) }
    place(block, all, batch)
    copyShared(block, batch)
    dealHeads(block, batch)
    let attended = packed(all, workspace.attended, columns: configuration.queryWidth)
    dealPanels(own.attentionOutput.panels) { addAttention(block, all, attended, panels: $0) }
    let second = normed(all, gain: own.feedForwardNorm)
    dealPanels(own.gate.panels) { activate(block, all, second, panels: $0) }
    let active = packed(all, workspace.gate, columns: configuration.feedForward)
    dealPanels(own.down.panels) { addFeedForward(block, all, active, panels: $0) }
  }

  /// Deals panels in runs of a multiple of four, which is what a single row takes at a time.
  private func dealPanels(_ panels: Int, _ body: (Range<Int>) -> Void) {
    let run = max(4, (panels / (workers * 2) + 3) / 4 * 4)
    deal((panels + run - 1) / run) { body($0 * run..<min(panels, ($0 + 1) * run)) }
  }

  /// Deals sequences and heads; each piece has scratch of its own.
  private func dealHeads(_ block: Int, _ batch: RowBatch) {
    let heads = configuration.keyValueHeads
    let items = batch.segments.count * heads
    let pieces = min(items, workspace.attendants)
    deal(pieces) { piece in
      for item in items * piece / pieces..<items * (piece + 1) / pieces {
        let head = item % heads
        attend(
          block, batch.segments[item / heads].rows, batch, heads: head..<head + 1, attendant: piece)
      }
    }
  }

  // MARK: - The phases of a block

  /// Token embeddings, and the angles of every row's position.
  private func embed(_ batch: RowBatch) {
    let half = configuration.headSize / 2
    for (row, token) in batch.tokens.enumerated() {
      weights.embedding.copyRow(Int(token.rawValue), to: workspace.stream.base + row * configuration.width)
    }
    for segment in batch.segments {
      for row in segment.rows {
        let position = Double(segment.start + row - segment.rows.lowerBound)
        for (index, frequency) in frequencies.enumerated() {
          var (sine, cosine) = (0.0, 0.0)
          ck_sine_cosine(position * frequency, &sine, &cosine)
          workspace.cosines.base[row * half + index] = Float(cosine)
          workspace.sines.base[row * half + index] = Float(sine)
        }
      }
    }
  }

  /// RMSNorm of the stream, packed for a product.
  private func normed(_ rows: Range<Int>, gain: NumberBuffer) -> Operand {
    let width = configuration.width
    let (source, target) = (workspace.stream.base + rows.lowerBound * width, workspace.normed.base)
    ck_rms_norm(
      code, source, gain.base, configuration.normEpsilon, rows.count, width, width, target + rows.lowerBound * width,
      width)
    return packed(rows, workspace.normed, columns: width)
  }

  /// Rows of a buffer, packed for a product.
  private func packed(_ rows: Range<Int>, _ buffer: NumberBuffer, columns: Int) -> Operand {
    let widest = max(configuration.width, configuration.queryWidth, configuration.feedForward)
    return Operand(
      buffer.base + rows.lowerBound * columns, stride: columns, rows: rows.count, columns: columns,
      scratch: workspace.packed.base + rows.lowerBound * widest, arithmetic: arithmetic, variant: variant)
  }

  /// A product whose target's rows are `stride` apart.
  private func multiply(
    _ matrix: Matrix, _ operand: Operand, _ panels: Range<Int>, _ rows: Range<Int>, into buffer: NumberBuffer,
    mode: ProductMode
  ) {
    let target = buffer.base + rows.lowerBound * matrix.rows + panels.lowerBound * Matrix.panelRows
    matrix.multiply(operand, panels: panels, into: target, stride: matrix.rows, mode: mode, variant: variant)
  }

  private func project(_ block: Int, _ rows: Range<Int>, _ operand: Operand, panels: Range<Int>) {
    let own = weights.blocks[block]
    multiply(own.queryKeyValue, operand, panels, rows, into: workspace.queryKeyValue, mode: .store)
    side?.add(.queryKeyValue, of: block, rows, input: workspace.normed, to: workspace.queryKeyValue)
    guard let bias = own.queryKeyValueBias else { return }
    let total = own.queryKeyValue.rows
    let first = panels.lowerBound * Matrix.panelRows
    let count = min(total, panels.upperBound * Matrix.panelRows) - first
    for row in rows { ck_add(code, workspace.queryKeyValue.base + row * total + first, bias.base + first, count) }
  }

  /// Turns queries and keys by their positions and stores keys and values in the sequences' caches.
  private func place(_ block: Int, _ rows: Range<Int>, _ batch: RowBatch) {
    let c = configuration
    let total = c.queryWidth + 2 * c.keyValueWidth
    let halfSplit: Int32 = c.ropeStyle == .halfSplit ? 1 : 0
    for segment in batch.segments where segment.rows.overlaps(rows) {
      for row in segment.rows.clamped(to: rows) {
        let place = workspace.queryKeyValue.base + row * total
        let angle = row * c.headSize / 2
        for head in 0..<c.heads + c.keyValueHeads {
          ck_rope(
            code, place + head * c.headSize, c.headSize, workspace.cosines.base + angle, workspace.sines.base + angle,
            halfSplit)
        }
        segment.cache.append(
          block: block, position: segment.start + row - segment.rows.lowerBound, keys: place + c.queryWidth,
          values: place + c.queryWidth + c.keyValueWidth)
      }
    }
  }

  /// Takes the keys and values of common beginnings; a sequence may take what another just took.
  private func copyShared(_ block: Int, _ batch: RowBatch) {
    for segment in batch.segments {
      if let shared = segment.shared { segment.cache.copy(block: block, from: shared.cache, count: shared.count) }
    }
  }

  private func attend(_ block: Int, _ rows: Range<Int>, _ batch: RowBatch, heads: Range<Int>, attendant: Int) {
    let c = configuration
    let total = c.queryWidth + 2 * c.keyValueWidth
    let group = c.heads / c.keyValueHeads
    let scale = 1 / Float(c.headSize).squareRoot()
    for segment in batch.segments where segment.rows.overlaps(rows) {
      let part = segment.rows.clamped(to: rows)
      for head in heads {
        let first = head * group * c.headSize
        ck_attention(
          code, workspace.queryKeyValue.base + part.lowerBound * total + first, total,
          segment.cache.keys(block: block, head: head), segment.cache.values(block: block, head: head),
          segment.cache.valueStride, segment.start + part.lowerBound - segment.rows.lowerBound, part.count, group,
          c.headSize, scale, workspace.attended.base + part.lowerBound * c.queryWidth + first, c.queryWidth,
          workspace.attentionScratch(attendant))
      }
    }
  }

  private func addAttention(_ block: Int, _ rows: Range<Int>, _ operand: Operand, panels: Range<Int>) {
    multiply(weights.blocks[block].attentionOutput, operand, panels, rows, into: workspace.stream, mode: .add)
    side?.add(.attentionOutput, of: block, rows, input: workspace.attended, to: workspace.stream)
  }

  /// SwiGLU: silu(gate) · up, left in `workspace.gate`.
  private func activate(_ block: Int, _ rows: Range<Int>, _ operand: Operand, panels: Range<Int>) {
    let own = weights.blocks[block]
    multiply(own.gate, operand, panels, rows, into: workspace.gate, mode: .store)
    multiply(own.up, operand, panels, rows, into: workspace.up, mode: .store)
    side?.add(.gate, of: block, rows, input: workspace.normed, to: workspace.gate)
    side?.add(.up, of: block, rows, input: workspace.normed, to: workspace.up)
    record?.keep(workspace.gate, as: \.gate, of: block, rows)
    record?.keep(workspace.up, as: \.up, of: block, rows)
    let first = panels.lowerBound * Matrix.panelRows
    let count = min(configuration.feedForward, panels.upperBound * Matrix.panelRows) - first
    for row in rows {
      let place = row * configuration.feedForward + first
      ck_swiglu(code, workspace.gate.base + place, workspace.up.base + place, count)
    }
  }

  private func addFeedForward(_ block: Int, _ rows: Range<Int>, _ operand: Operand, panels: Range<Int>) {
    multiply(weights.blocks[block].down, operand, panels, rows, into: workspace.stream, mode: .add)
    side?.add(.down, of: block, rows, input: workspace.gate, to: workspace.stream)
  }
}
