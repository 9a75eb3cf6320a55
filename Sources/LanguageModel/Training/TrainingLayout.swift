// How sequences that begin alike lie in the rows of one pass: the common beginning once, then each continuation.
// Knows nothing of numbers. Which rows are shared is decided by the tokens of one group alone.

import Tensors

/// Sequences of one example: those that begin with the same tokens run that beginning once (tree attention).
struct SequenceTree {
  /// One continuation: its rows, at positions that follow the trunk's.
  struct Branch {
    let rows: Range<Int>
  }

  /// The rows of the common beginning, positions 0..<trunk.count; empty if nothing is common.
  let trunk: Range<Int>
  /// One a sequence, in order.
  let branches: [Branch]

  /// The row that holds a position of a sequence.
  func row(sequence: Int, position: Int) -> Int {
    position < trunk.count
      ? trunk.lowerBound + position : branches[sequence].rows.lowerBound + position - trunk.count
  }
}

/// The rows of one unit of training.
struct TrainingLayout {
  /// A log-probability that is wanted: the head's row, and the token after it.
  struct Item {
    let place: Int
    let target: TokenID
  }

  /// The rows, with caches for one forward pass.
  private(set) var batch = RowBatch()
  /// One a group.
  private(set) var trees: [SequenceTree] = []
  /// Rows that go through the vocabulary head, ascending.
  private(set) var headRows: [Int] = []
  /// By group, sequence and position from the sequence's `from` on.
  private(set) var items: [[[Item]]] = []

  /// Lays out groups of sequences; each sequence has at least one token and `from` in 1...count.
  init(_ groups: [[ScoreRequest]], _ configuration: DecoderConfiguration) throws(ArithmeticError) {
    var wanted: [[[(row: Int, target: TokenID)]]] = []
    for group in groups {
      let tree = try append(group, configuration)
      trees.append(tree)
      wanted.append(
        group.indices.map { sequence in
          let request = group[sequence]
          return (request.from..<max(request.from, request.tokens.count)).map { position in
            (tree.row(sequence: sequence, position: position - 1), request.tokens[position])
          }
        })
    }
    headRows = Set(wanted.joined().joined().map(\.row)).sorted()
    var places: [Int: Int] = [:]
    for (place, row) in headRows.enumerated() { places[row] = place }
    items = wanted.map { $0.map { $0.map { Item(place: places[$0.row] ?? 0, target: $0.target) } } }
  }

  /// How many rows a group needs.
  static func rows(of group: [ScoreRequest]) -> Int {
    let trunk = trunk(of: group)
    return trunk + group.reduce(0) { $0 + max(0, $1.tokens.count - 1 - trunk) }
  }

  /// Positions that all sequences of a group have in common, up to the last row that each needs.
  private static func trunk(of group: [ScoreRequest]) -> Int {
    guard let first = group.first else { return 0 }
    var count = group.reduce(Int.max) { min($0, max(0, $1.tokens.count - 1)) }
    for other in group.dropFirst() {
      var same = 0
      while same < count && first.tokens[same] == other.tokens[same] { same += 1 }
      count = same
    }
    return count
  }

  private mutating func append(
    _ group: [ScoreRequest], _ configuration: DecoderConfiguration
  ) throws(ArithmeticError) -> SequenceTree {
    let count = Self.trunk(of: group)
    var trunk = batch.rows..<batch.rows
    var shared: (cache: KeyValueCache, count: Int)?
    if count > 0, let first = group.first {
      let cache = try KeyValueCache(configuration, positions: count, keepsAllBlocks: false)
      trunk = batch.append(first.tokens[0..<count], start: 0, cache: cache)
      shared = (cache, count)
    }
    var branches: [SequenceTree.Branch] = []
    for request in group {
      let own = request.tokens[min(count, request.tokens.count)..<max(count, request.tokens.count - 1)]
      guard !own.isEmpty else {
        branches.append(.init(rows: batch.rows..<batch.rows))
        continue
      }
      let cache = try KeyValueCache(configuration, positions: request.tokens.count, keepsAllBlocks: false)
      branches.append(.init(rows: batch.append(own, start: count, cache: cache, shared: shared)))
    }
    return SequenceTree(trunk: trunk, branches: branches)
  }
}
