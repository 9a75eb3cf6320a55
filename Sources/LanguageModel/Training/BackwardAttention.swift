// Attention's part of the backward pass: trees of sequences, one key/value head at a time.
// Knows which rows a position's keys came from; the kernel knows the sums.

import CKernels
import Tensors

extension BackwardPass {
  /// Gradients of queries, keys and values from those of what attention gave; queries and keys are still turned.
  func attend(_ block: Int) {
    let heads = configuration.keyValueHeads
    let items = layout.trees.count * heads
    let pieces = min(items, workspace.attendants)
    pool.run(pieces) { piece in
      for item in items * piece / pieces..<items * (piece + 1) / pieces {
        attend(block, layout.trees[item / heads], head: item % heads, attendant: piece)
      }
    }
  }

  /// One tree: the trunk's queries first, then each branch's, so that the chains of common keys run in this order.
  private func attend(_ block: Int, _ tree: SequenceTree, head: Int, attendant: Int) {
    let none = tree.trunk.upperBound..<tree.trunk.upperBound
    if !tree.trunk.isEmpty { attend(block, common: none, own: tree.trunk, head: head, attendant: attendant) }
    for branch in tree.branches where !branch.rows.isEmpty {
      attend(block, common: tree.trunk, own: branch.rows, head: head, attendant: attendant)
    }
  }

  /// The queries of `own` rows over the keys of `common` rows and their own.
  private func attend(_ block: Int, common: Range<Int>, own: Range<Int>, head: Int, attendant: Int) {
    let c = configuration
    let size = c.headSize
    let total = c.queryWidth + 2 * c.keyValueWidth
    let panel = Matrix.panelRows
    let (memory, scratch) = workspace.attentionRoom(attendant)
    let (keys, values) = (memory, memory + workspace.positions * size)
    let turned = values + workspace.positions * size
    let turnedStride = workspace.positions * panel
    let kept = record.blocks[block].queryKeyValue.base
    let keyOffset = c.queryWidth + head * size
    var position = 0
    for rows in [common, own] {
      for row in rows {
        let key = kept + row * total + keyOffset
        ck_append_key(key, position, size, keys)
        ck_append_key(key + c.keyValueWidth, position, size, values)
        ck_append_value(key, position, size, turned, turnedStride)
        position += 1
      }
    }
    let gradients = workspace.queryKeyValue.base
    let group = c.heads / c.keyValueHeads
    let first = head * group * size
    var view = ck_attention_memory(
      keys: keys, values: values, turned_keys: turned, turned_stride: turnedStride,
      shared_gradients: gradients + common.lowerBound * total + keyOffset,
      own_gradients: gradients + own.lowerBound * total + keyOffset, shared: common.count, gradient_stride: total,
      value_offset: c.keyValueWidth)
    ck_attention_backward(
      code, kept + own.lowerBound * total + first, total,
      workspace.attended.base + own.lowerBound * c.queryWidth + first,
      c.queryWidth, &view, common.count, own.count, group, size, 1 / Float(size).squareRoot(),
      gradients + own.lowerBound * total + first, total, scratch)
  }
}
