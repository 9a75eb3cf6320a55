// Which inputs of which adapter are dropped: random numbers by address, so that nothing else decides.
// Knows nothing of products.

import CKernels
import Randomness
import Tensors

/// What the masks of one unit depend on, beside the place of a number in its example and in the model.
public struct DropoutAddress: Hashable, Sendable {
  /// The training's seed.
  public var seed: UInt64
  /// The optimizer step, counted from 0.
  public var step: Int
  /// For each group, its example's number among all examples of the training.
  public var examples: [Int]

  /// Makes an address.
  public init(seed: UInt64, step: Int, examples: [Int]) {
    self.seed = seed
    self.step = step
    self.examples = examples
  }
}

/// The masks of one unit's rows: 0 where an adapter's input is dropped, 1 / (1 - p) where it is kept.
///
/// Input e of a tensor's adapter at position t of sequence s is dropped if 32 random bits, as a whole number, are below
/// p · 2³². They stand in half e % 2, the lower first, of word e % 8 / 2 at
///
/// ```
/// seed, purpose dropout, record (step, example), sample block << 8 | tensor number, position s << 48 | t << 24 | e / 8
/// ```
///
/// and depend on nothing else: not on units, workers, or what ran before. What the sequences of an example have in common
/// runs once, and so has one mask: it counts as the first sequence's.
struct DropoutMasks {
  private let address: DropoutAddress
  /// For each row its example, and its sequence and position as they stand in addresses.
  private let rows: [(example: UInt64, place: UInt64)]
  private let threshold: UInt32
  private let factor: Float
  private let code: Int32

  init(_ address: DropoutAddress, _ layout: TrainingLayout, probability: Double, _ variant: KernelVariant) {
    precondition(address.examples.count == layout.trees.count, "every group is an example")
    self.address = address
    threshold = UInt32(min((probability * 0x1p32).rounded(), 0x1p32 - 1))
    factor = Float(1 / (1 - probability))
    code = variant.rawValue
    var rows: [(UInt64, UInt64)] = []
    for (tree, example) in zip(layout.trees, address.examples) {
      func place(_ sequence: Int, _ position: Int) -> (UInt64, UInt64) {
        (UInt64(example), UInt64(sequence) << 48 | UInt64(position) << 24)
      }
      rows += tree.trunk.map { place(0, $0 - tree.trunk.lowerBound) }
      for (sequence, branch) in tree.branches.enumerated() {
        rows += branch.rows.map { place(sequence, tree.trunk.count + $0 - branch.rows.lowerBound) }
      }
    }
    self.rows = rows
  }

  /// target = mask ∘ source, `count` numbers of one row; both may be the same.
  func apply(
    _ block: Int, _ tensor: BlockTensor, row: Int, count: Int, _ source: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let sample = UInt64(block) << 8 | tensor.number
    let address = RandomAddress(
      seed: address.seed, purpose: .dropout, record: (UInt64(address.step), rows[row].example), sample: sample)
    withUnsafeBytes(of: address.key) { key in
      ck_dropout(
        code, source, count, key.assumingMemoryBound(to: UInt64.self).baseAddress, rows[row].place, sample, threshold,
        factor, target)
    }
  }
}
