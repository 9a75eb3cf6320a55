// Counter-based random numbers: a number is a pure function of its address.
// Knows nothing of steps or records; whoever draws says who is drawing.

/// Threefry-4x64 with 20 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
public enum Threefry: Sendable {
  /// Four 64-bit words.
  public typealias Words = (UInt64, UInt64, UInt64, UInt64)

  private static let rotations: [(UInt64, UInt64)] = [
    (14, 16), (52, 57), (23, 40), (5, 37), (25, 33), (46, 12), (58, 22), (32, 32),
  ]

  /// The block at `counter` under `key`.
  public static func block(key: Words, counter: Words) -> Words {
    let parity = 0x1BD1_1BDA_A9FC_1A22 ^ key.0 ^ key.1 ^ key.2 ^ key.3
    let schedule = [key.0, key.1, key.2, key.3, parity]
    var x = (counter.0 &+ key.0, counter.1 &+ key.1, counter.2 &+ key.2, counter.3 &+ key.3)
    for round in 0..<20 {
      let (first, second) = rotations[round % 8]
      if round.isMultiple(of: 2) {
        mix(&x.0, &x.1, first)
        mix(&x.2, &x.3, second)
      } else {
        mix(&x.0, &x.3, first)
        mix(&x.2, &x.1, second)
      }
      if round % 4 == 3 {
        let turn = (round + 1) / 4
        x.0 &+= schedule[turn % 5]
        x.1 &+= schedule[(turn + 1) % 5]
        x.2 &+= schedule[(turn + 2) % 5]
        x.3 &+= schedule[(turn + 3) % 5] &+ UInt64(turn)
      }
    }
    return x
  }

  private static func mix(_ a: inout UInt64, _ b: inout UInt64, _ rotation: UInt64) {
    a &+= b
    b = (b << rotation | b >> (64 - rotation)) ^ a
  }
}

/// Who draws: everything that a random number may depend on, and nothing else.
public struct RandomAddress: Hashable, Sendable {
  /// What the numbers are for.
  ///
  /// A new purpose is a new case with a new raw value; no value is ever used again.
  public enum Purpose: UInt64, Hashable, Sendable, CaseIterable {
    /// Choosing the next token of a response.
    case sampling = 1
    /// Making up the records of a built-in task.
    case taskRecords = 2
    /// The initial weights of a `random` model.
    case initialWeights = 3
    /// The order in which a record's options are shown.
    case optionOrder = 4
    /// Resampling for an interval.
    case bootstrap = 5
    /// Which records serve as few-shot turns.
    case shots = 6
    /// Whose response answers another prompt, for KTO's reference point.
    case partner = 7
    /// The initial numbers of an adapter.
    case adapter = 8
    /// The order of examples in an epoch.
    case exampleOrder = 9
    /// Which inputs of an adapter are dropped.
    case dropout = 10
    /// Which records' labels are turned around.
    case labelNoise = 11
    /// Which part of a response is learned.
    case subOutput = 12
    /// Which words of a response become errors, and what stands in their place.
    case plantedErrors = 13
  }

  /// The seed that the spec names.
  public let seed: UInt64
  /// What for.
  public let purpose: Purpose
  /// The record's identity: the first 16 bytes of its digest, or any two words that name it.
  public let record: (UInt64, UInt64)
  /// Which sample of the record.
  public let sample: UInt64

  /// Makes an address.
  public init(seed: UInt64, purpose: Purpose, record: (UInt64, UInt64) = (0, 0), sample: UInt64 = 0) {
    self.seed = seed
    self.purpose = purpose
    self.record = record
    self.sample = sample
  }

  /// The key of its blocks: a kernel that draws them itself takes it with the counter (position, sample, 0, 0).
  public var key: Threefry.Words { (seed, purpose.rawValue, record.0, record.1) }

  /// Four words at a position.
  public func words(at position: UInt64) -> Threefry.Words {
    Threefry.block(key: key, counter: (position, sample, 0, 0))
  }

  /// A number in [0, 1) with 53 random bits at a position.
  public func uniform(at position: UInt64) -> Double { Double(words(at: position).0 >> 11) * 0x1p-53 }

  /// Equal when every part is.
  public static func == (left: RandomAddress, right: RandomAddress) -> Bool {
    left.seed == right.seed && left.purpose == right.purpose && left.record == right.record
      && left.sample == right.sample
  }

  /// Hashes every part.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(seed)
    hasher.combine(purpose)
    hasher.combine(record.0)
    hasher.combine(record.1)
    hasher.combine(sample)
  }
}

/// Draws number after number from one address.
public struct RandomStream: Sendable {
  private let address: RandomAddress
  private var position: UInt64 = 0

  /// Starts at position 0.
  public init(_ address: RandomAddress) {
    self.address = address
  }

  /// A number in [0, 1).
  public mutating func uniform() -> Double {
    defer { position += 1 }
    return address.uniform(at: position)
  }

  /// A whole number in 0..<bound, each equally likely to within 2^-64.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "an empty range has nothing to draw")
    defer { position += 1 }
    return Int(address.words(at: position).0.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// The elements in a random order (Fisher and Yates).
  public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for index in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(index, integer(below: index + 1)) }
    return elements
  }
}
