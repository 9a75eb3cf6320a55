// Merges the symbols of one piece: always the pair of the lowest rank, of equal ranks the leftmost.
// Knows numbers of tokens only; short pieces are searched afresh each time, long ones go through a heap.

/// Working memory for merging one piece after another.
struct BytePairEncoder {
  private static let none = Int32.max
  /// Pieces up to this many symbols are searched, which is quicker than a heap.
  private static let searched = 32

  /// The symbols of the piece; callers fill it before ``merge(_:)``.
  var symbols: [Int32] = []
  private var ranks: [Int32] = []
  private var previous: [Int32] = []
  private var next: [Int32] = []
  /// A binary heap of rank << 32 | place, the least at the front.
  private var heap: [UInt64] = []

  init() {}

  /// Merges ``symbols`` until nothing can be merged.
  mutating func merge(_ table: MergeTable.View) {
    guard symbols.count > 1 else { return }
    if symbols.count <= Self.searched { search(table) } else { mergeThroughHeap(table) }
  }

  private mutating func search(_ table: MergeTable.View) {
    ranks.removeAll(keepingCapacity: true)
    for index in 1..<symbols.count {
      ranks.append(table.find(symbols[index - 1], symbols[index])?.rank ?? Self.none)
    }
    while true {
      var (best, place) = (Self.none, 0)
      for index in 0..<ranks.count where ranks[index] < best { (best, place) = (ranks[index], index) }
      guard best != Self.none, let merged = table.find(symbols[place], symbols[place + 1]) else { return }
      symbols[place] = merged.result
      symbols.remove(at: place + 1)
      ranks.remove(at: place)
      if place > 0 { ranks[place - 1] = table.find(symbols[place - 1], symbols[place])?.rank ?? Self.none }
      if place < ranks.count { ranks[place] = table.find(symbols[place], symbols[place + 1])?.rank ?? Self.none }
    }
  }

  private mutating func mergeThroughHeap(_ table: MergeTable.View) {
    let count = symbols.count
    previous = (0..<Int32(count)).map { $0 - 1 }
    next = (0..<Int32(count)).map { $0 + 1 == Int32(count) ? -1 : $0 + 1 }
    heap.removeAll(keepingCapacity: true)
    for place in 0..<count - 1 { push(table, Int32(place)) }
    while let top = pop() {
      let place = Int(UInt32(truncatingIfNeeded: top))
      // A place that was merged into its left neighbor holds -1; a pair that changed has another rank.
      guard symbols[place] >= 0, next[place] >= 0 else { continue }
      let right = Int(next[place])
      guard let merged = table.find(symbols[place], symbols[right]), UInt64(merged.rank) == top >> 32 else { continue }
      symbols[place] = merged.result
      symbols[right] = -1
      next[place] = next[right]
      if next[right] >= 0 { previous[Int(next[right])] = Int32(place) }
      if previous[place] >= 0 { push(table, previous[place]) }
      push(table, Int32(place))
    }
    symbols.removeAll { $0 < 0 }
  }

  /// Puts the pair that begins at `place` into the heap, if it can be merged.
  private mutating func push(_ table: MergeTable.View, _ place: Int32) {
    let right = next[Int(place)]
    guard right >= 0, let merge = table.find(symbols[Int(place)], symbols[Int(right)]) else { return }
    heap.append(UInt64(merge.rank) << 32 | UInt64(UInt32(bitPattern: place)))
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() -> UInt64? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return top }
    var parent = 0
    heap[0] = last
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return top }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[parent] else { return top }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
