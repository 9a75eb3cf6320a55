// The numbers that a fresh adapter starts with.
// Knows nothing of training: every number depends on the seed and on its place alone.

public import LanguageModel
import Randomness

extension Trainee {
  /// Draws fresh adapters as PEFT does: A uniform within ±1/√inputs (Kaiming with a = √5), B zero.
  ///
  /// - Parameter seed: What the numbers depend on besides their place.
  public func startAdapters(seed: UInt64) {
    for name in adapted {
      guard case .block(let block, let tensor) = name, let rank = lowRank?.rank else { continue }
      let shape = name.shape(configuration)
      let bound = 1 / Double(shape.columns).squareRoot()
      let address = RandomAddress(seed: seed, purpose: .adapter, record: (UInt64(block) + 1, tensor.number))
      setAdapter(
        name,
        AdapterTensors(
          a: (0..<rank * shape.columns).map { Float(bound * (2 * address.uniform(at: UInt64($0)) - 1)) },
          b: [Float](repeating: 0, count: rank * shape.rows)))
    }
    refresh()
  }

  /// Draws a fresh scalar head: uniform with variance 1 / width, so that scores of normed rows have about that of 1.
  ///
  /// - Parameter seed: What the numbers depend on besides their place.
  public func startScalarHead(seed: UInt64) {
    guard let count = scalarHead()?.count else { return }
    let address = RandomAddress(seed: seed, purpose: .adapter, record: (0, 0))
    let bound = (3 / Double(count)).squareRoot()
    setScalarHead((0..<count).map { Float(bound * (2 * address.uniform(at: UInt64($0)) - 1)) })
  }
}
