// Which two neighboring tokens become which token, and in what order of preference.
// Knows numbers only; merging itself is in BytePairEncoder.

/// Pairs of tokens and what they merge to.
struct MergeTable: Sendable {
  /// One merge; ranks count from 0, a lower one goes first.
  struct Entry {
    let rank: Int32
    let result: Int32
  }

  static let free = UInt64.max
  /// Open addressing with linear steps, keyed by left << 32 | right.
  private(set) var keys: [UInt64]
  private(set) var ranks: [Int32]
  private(set) var results: [Int32]
  let shift: UInt64

  init(capacity: Int) {
    var bits: UInt64 = 4
    while 1 << bits < 2 * capacity { bits += 1 }
    shift = 64 - bits
    keys = [UInt64](repeating: Self.free, count: 1 << bits)
    ranks = [Int32](repeating: 0, count: 1 << bits)
    results = [Int32](repeating: 0, count: 1 << bits)
  }

  /// How many merges there are.
  var count: Int { keys.count { $0 != Self.free } }

  /// Adds a merge; a later one of the same pair replaces the earlier, as in the reference.
  mutating func insert(_ left: Int32, _ right: Int32, rank: Int32, result: Int32) {
    let key = Self.key(left, right)
    var slot = Int((key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while keys[slot] != Self.free, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    ranks[slot] = rank
    results[slot] = result
  }

  @inline(__always)
  static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// The table's storage for one run of lookups.
  struct View {
    let keys: UnsafeBufferPointer<UInt64>
    let ranks: UnsafeBufferPointer<Int32>
    let results: UnsafeBufferPointer<Int32>
    let shift: UInt64

    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> Entry? {
      let key = MergeTable.key(left, right)
      var slot = Int((key &* 0x9E37_79B9_7F4A_7C15) >> shift)
      while keys[slot] != key {
        if keys[slot] == MergeTable.free { return nil }
        slot = (slot + 1) & (keys.count - 1)
      }
      return Entry(rank: ranks[slot], result: results[slot])
    }
  }

  func withView<Result>(_ body: (View) -> Result) -> Result {
    keys.withUnsafeBufferPointer { keys in
      ranks.withUnsafeBufferPointer { ranks in
        results.withUnsafeBufferPointer { results in
          body(View(keys: keys, ranks: ranks, results: results, shift: shift))
        }
      }
    }
  }
}
