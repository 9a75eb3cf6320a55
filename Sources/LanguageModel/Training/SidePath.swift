// The way beside a frozen matrix on which an adapter's inputs are dropped: scale · B · A · (mask ∘ x).
// Knows nothing of what x is. Adapters without dropout are merged and never come here.

import CKernels
import Tensors

/// An adapter's matrices, packed for the products that a side path needs.
struct SideMatrices {
  /// A, [rank, inputs], for x · Aᵀ.
  let a: Matrix
  /// Aᵀ, [inputs, rank], for the gradient on its way back.
  let turnedA: Matrix
  /// B, [outputs, rank].
  let b: Matrix

  init(rank: Int, inputs: Int, outputs: Int) throws(ArithmeticError) {
    a = try Matrix(zeros: rank, columns: inputs)
    turnedA = try Matrix(zeros: inputs, columns: rank)
    b = try Matrix(zeros: outputs, columns: rank)
  }

  /// Packs both anew: A [rank, inputs], B transposed [rank, outputs], row after row.
  func repack(a plain: UnsafePointer<Float>, b turned: UnsafePointer<Float>) {
    ck_pack_weights(plain, 0, a.rows, a.columns, a.packed)
    ck_pack_columns(plain, a.columns, a.columns, a.rows, turnedA.packed)
    ck_pack_columns(turned, b.rows, b.rows, b.columns, b.packed)
  }
}

/// The memory of side paths, rows ``widest`` floats apart wherever their length differs from site to site.
///
/// `@unchecked Sendable` because one unit owns it at a time, and its pieces write disjoint rows.
final class SideRoom: @unchecked Sendable {
  let rows: Int
  let widest: Int
  /// Masked inputs of up to three adapters at once, [rows, widest] each.
  let masked: [NumberBuffer]
  /// Gradients of masked inputs, [rows, widest].
  fileprivate let product: NumberBuffer
  /// Rows packed for a product, [rows, widest].
  fileprivate let packed: NumberBuffer
  /// What A makes of masked inputs, [rows, rank].
  fileprivate let thin: NumberBuffer

  init(_ c: DecoderConfiguration, rows: Int, rank: Int) throws(ArithmeticError) {
    self.rows = rows
    widest = max(c.width, c.queryWidth, c.feedForward, rank)
    var masked: [NumberBuffer] = []
    for _ in 0..<3 { masked.append(try NumberBuffer(count: rows * widest)) }
    self.masked = masked
    product = try NumberBuffer(count: rows * widest)
    packed = try NumberBuffer(count: rows * widest)
    thin = try NumberBuffer(count: rows * rank)
  }
}

/// The side paths of one unit, forward and back.
struct SidePath {
  let weights: TrainableWeights
  let masks: DropoutMasks
  let room: SideRoom
  let variant: KernelVariant

  /// Adds scale · B · A · (mask ∘ input) to what the frozen matrix of a site gave.
  ///
  /// With B = 0 it adds exactly 0.
  func add(_ site: Site, of block: Int, _ range: Range<Int>, input: NumberBuffer, to target: NumberBuffer) {
    guard let adapter = weights.adapters[block][site] else { return }
    let outputs = weights.forward.blocks[block].matrix(site).rows
    let thin = room.thin.base + range.lowerBound * adapter.rank
    for (index, part) in adapter.parts.enumerated() {
      guard let side = part.side else { continue }
      fall(adapter, index, block, range, input: input, slot: 0, into: thin, stride: adapter.rank)
      ck_scale(variant.rawValue, thin, adapter.scale, range.count * adapter.rank)
      side.b.multiply(
        operand(thin, stride: adapter.rank, columns: adapter.rank, range), panels: 0..<side.b.panels,
        into: target.base + range.lowerBound * outputs + part.rows.lowerBound, stride: outputs, mode: .add,
        variant: variant)
    }
  }

  /// A · (mask ∘ input) of one part of a site's adapters; the masked input stays in a slot of the room.
  func fall(
    _ adapter: AdapterSite, _ index: Int, _ block: Int, _ range: Range<Int>, input: NumberBuffer, slot: Int,
    into thin: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let part = adapter.parts[index]
    guard let side = part.side else { return }
    let inputs = side.a.columns
    let masked = room.masked[slot].base
    for row in range {
      masks.apply(
        block, part.tensor, row: row, count: inputs, input.base + row * inputs, into: masked + row * room.widest)
    }
    side.a.multiply(
      operand(masked + range.lowerBound * room.widest, stride: room.widest, columns: inputs, range),
      panels: 0..<side.a.panels, into: thin, stride: stride, variant: variant)
  }

  /// Adds mask ∘ (Aᵀ · rise) of all parts of a site's adapters to the gradient of its input, [rows, inputs]; `rise` is scaled
  /// dY · B, [rows, parts · rank].
  func addGradient(_ site: Site, of block: Int, _ range: Range<Int>, rise: NumberBuffer, to target: NumberBuffer) {
    guard let adapter = weights.adapters[block][site] else { return }
    for (index, part) in adapter.parts.enumerated() {
      guard let side = part.side else { continue }
      let inputs = side.turnedA.rows
      let product = room.product.base
      let thin = rise.base + range.lowerBound * adapter.width + index * adapter.rank
      side.turnedA.multiply(
        operand(thin, stride: adapter.width, columns: adapter.rank, range), panels: 0..<side.turnedA.panels,
        into: product + range.lowerBound * room.widest, stride: room.widest, variant: variant)
      for row in range {
        let place = product + row * room.widest
        masks.apply(block, part.tensor, row: row, count: inputs, place, into: place)
        ck_add(variant.rawValue, target.base + row * inputs, place, inputs)
      }
    }
  }

  private func operand(_ rows: UnsafePointer<Float>, stride: Int, columns: Int, _ range: Range<Int>) -> Operand {
    Operand(
      rows, stride: stride, rows: range.count, columns: columns,
      scratch: room.packed.base + range.lowerBound * room.widest, arithmetic: .ordered, variant: variant)
  }
}
