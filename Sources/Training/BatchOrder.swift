// Which examples each optimizer step sees.
// Knows nothing of what they are: numbers in, numbers out, the same for a seed on every host.

import Randomness

/// The batches of a training: every epoch takes all examples once, in an order of its own; its last batch may be short.
public struct BatchOrder: Hashable, Sendable {
  /// How many examples there are.
  public let examples: Int
  /// Examples a step.
  public let batch: Int
  /// The seed.
  public let seed: UInt64
  /// How many steps an epoch has.
  public let stepsPerEpoch: Int
  /// How many steps the training has.
  public let steps: Int
  private var listed: [[Int]]?

  /// Makes an order.
  ///
  /// - Parameters:
  ///   - examples: At least 1.
  ///   - batch: At least 1.
  ///   - epochs: More than 0; a part of an epoch counts as that part of its steps, rounded up.
  ///   - seed: Any number.
  ///   - limit: At most so many steps.
  public init(examples: Int, batch: Int, epochs: Double, seed: UInt64, limit: Int? = nil) {
    precondition(examples > 0 && batch > 0 && epochs > 0, "callers refuse an empty training")
    self.examples = examples
    self.batch = batch
    self.seed = seed
    stepsPerEpoch = (examples - 1) / batch + 1
    let steps = Self.count(epochs, stepsPerEpoch)
    self.steps = min(steps, limit ?? steps)
  }

  /// Takes batches as they are listed, one a step: for holding a training against another's.
  ///
  /// - Parameter batches: Numbers of examples, for every step.
  public init(batches: [[Int]]) {
    examples = (batches.joined().max() ?? 0) + 1
    batch = batches.map(\.count).max() ?? 1
    seed = 0
    stepsPerEpoch = batches.count
    steps = batches.count
    listed = batches
  }

  /// The examples of a step, counted from 0.
  public func batch(at step: Int) -> [Int] {
    if let listed { return listed[step] }
    let (epoch, place) = (epoch(of: step), step % stepsPerEpoch)
    let address = RandomAddress(seed: seed, purpose: .exampleOrder, record: (UInt64(epoch), 0))
    var stream = RandomStream(address)
    return Array(stream.shuffled(Array(0..<examples))[place * batch..<min(examples, (place + 1) * batch)])
  }

  /// The epoch that a step belongs to, both counted from 0.
  public func epoch(of step: Int) -> Int { step / stepsPerEpoch }

  /// How many epochs begin.
  public var epochs: Int { (steps + stepsPerEpoch - 1) / stepsPerEpoch }

  /// The step after which so many epochs are done, at most the last.
  public func step(afterEpochs epochs: Double) -> Int {
    min(steps, Self.count(epochs, stepsPerEpoch))
  }

  /// So many epochs' steps; bounded, because any number of epochs is allowed and none may trap.
  private static func count(_ epochs: Double, _ stepsPerEpoch: Int) -> Int {
    Int(min(1e15, (epochs * Double(stepsPerEpoch)).rounded(.up)))
  }
}
