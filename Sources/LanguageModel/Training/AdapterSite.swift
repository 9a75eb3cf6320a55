// The low-rank adapters of one matrix: W + scale · B · A, for each of the tensors in its rows that has one.
// Knows nothing of blocks or optimizers; merging is how an adapter enters every pass but a training's with dropout.

import CKernels
import Tensors

/// A low-rank adapter as a training is told to make it.
public struct LowRank: Hashable, Sendable {
  /// The rank, at least 1.
  public var rank: Int
  /// What B · A is multiplied by: alpha over the rank, or over its square root.
  public var scale: Float
  /// Which tensors of every block have one: matrices only.
  public var targets: [BlockTensor]
  /// The share p of an adapter's inputs that a training's pass drops; at least 0, less than 1.
  ///
  /// y = x · Wᵀ + scale · (mask ∘ x) · Aᵀ · Bᵀ, where a mask is 0 or 1 / (1 - p), one for each adapter. With 0 the same sum is
  /// computed merged, x · (W + scale · B · A)ᵀ, as it always is outside of training.
  public var dropout: Double

  /// Describes adapters.
  public init(rank: Int, scale: Float, targets: [BlockTensor], dropout: Double = 0) {
    precondition(dropout >= 0 && dropout < 1, "callers check ranges")
    self.rank = rank
    self.scale = scale
    self.targets = targets
    self.dropout = dropout
  }
}

/// The adapters of one site.
final class AdapterSite: Sendable {
  /// One adapter.
  struct Part: Sendable {
    let tensor: BlockTensor
    /// Its rows of the site's matrix.
    let rows: Range<Int>
    /// [rank, rows.count].
    let b: Parameter
    /// The same numbers, packed for dY · B.
    let packedB: Matrix
    /// What a side path multiplies by; nil without dropout.
    let side: SideMatrices?
  }

  let rank: Int
  let scale: Float
  let parts: [Part]
  /// [parts · rank, inputs].
  let a: Parameter
  /// The same numbers, packed for X · Aᵀ.
  let packedA: Matrix
  private let inputs: Int
  private let leftScratch: NumberBuffer

  /// Makes the adapters of a site, all zero; nil if none of its tensors is a target.
  init?(
    block: Int, site: Site, _ options: LowRank, _ configuration: DecoderConfiguration
  ) throws(ArithmeticError) {
    let inputs = TensorName.block(block, site.tensors[0]).shape(configuration).columns
    var parts: [Part] = []
    var first = 0
    for tensor in site.tensors {
      let rows = TensorName.block(block, tensor).shape(configuration).rows
      if options.targets.contains(tensor) {
        parts.append(
          Part(
            tensor: tensor, rows: first..<first + rows,
            b: try Parameter(.adapterB(block: block, tensor), count: options.rank * rows),
            packedB: try Matrix(zeros: options.rank, columns: rows),
            side: options.dropout > 0 ? try SideMatrices(rank: options.rank, inputs: inputs, outputs: rows) : nil))
      }
      first += rows
    }
    guard !parts.isEmpty else { return nil }
    self.parts = parts
    rank = options.rank
    scale = options.scale
    self.inputs = inputs
    a = try Parameter(.adapterA(block: block, site), count: parts.count * rank * inputs)
    packedA = try Matrix(zeros: parts.count * rank, columns: inputs)
    leftScratch = try NumberBuffer(count: parts.count * rank * inputs)
  }

  /// All parts' ranks together: how many columns X · Aᵀ has.
  var width: Int { parts.count * rank }

  /// Packs A and B anew after they changed; `merge` reads what is packed here.
  func repack(_ variant: KernelVariant) {
    ck_pack_weights(a.values, 0, width, inputs, packedA.packed)
    for (index, part) in parts.enumerated() {
      ck_pack_weights(part.b.values, 0, rank, part.rows.count, part.packedB.packed)
      let place = index * rank * inputs
      ck_pack_column_tiles(a.values + place, inputs, inputs, rank, leftScratch.base + place)
      part.side?.repack(a: a.values + place, b: part.b.values)
    }
  }

  /// Writes panels of the merged matrix: base + scale · B · A, each element one chain over the rank.
  func merge(_ base: Matrix, panels: Range<Int>, into merged: Matrix, _ variant: KernelVariant) {
    let panel = Matrix.panelRows
    withUnsafeTemporaryAllocation(of: Float.self, capacity: (inputs + rank) * panel) { scratch in
      guard let product = scratch.baseAddress else { return }
      let right = product + inputs * panel
      for number in panels {
        product.update(repeating: 0, count: inputs * panel)
        let rows = number * panel..<min(base.rows, (number + 1) * panel)
        for (index, part) in parts.enumerated() where part.rows.overlaps(rows) {
          let own = part.rows.clamped(to: rows)
          let width = part.rows.count
          ck_pack_columns(part.b.values + own.lowerBound - part.rows.lowerBound, width, own.count, rank, right)
          ck_product(
            variant.rawValue, leftScratch.base + index * rank * inputs, inputs, rank, right, panel * rank, 0, 1,
            own.count, product + own.lowerBound - rows.lowerBound, panel, ProductMode.store.rawValue)
        }
        let place = number * inputs * panel
        ck_merge(
          variant.rawValue, merged.packed + place, base.packed + place, product, scale, inputs * panel)
      }
    }
  }
}
