// The rows of one forward pass: pieces of sequences laid side by side without padding.
// Knows nothing of weights; a row's result depends on its own sequence alone.

import Tensors

/// Successive positions of one sequence within a batch.
struct Segment {
  /// Where the sequence's keys and values stand.
  let cache: KeyValueCache
  /// Position in the sequence of the first row.
  let start: Int
  /// The rows of the batch.
  let rows: Range<Int>
  /// A sequence that begins with the same tokens, and how many positions to take from it; its rows stand earlier in the
  /// same batch, or ran before.
  let shared: (cache: KeyValueCache, count: Int)?
}

/// The rows of one forward pass.
struct RowBatch {
  /// One a row.
  private(set) var tokens: [TokenID] = []
  /// In the order of their rows.
  private(set) var segments: [Segment] = []

  /// How many rows.
  var rows: Int { tokens.count }

  /// Adds positions of a sequence and returns their rows.
  @discardableResult
  mutating func append(
    _ newTokens: some Collection<TokenID>, start: Int, cache: KeyValueCache,
    shared: (cache: KeyValueCache, count: Int)? = nil
  ) -> Range<Int> {
    let range = tokens.count..<tokens.count + newTokens.count
    tokens += newTokens
    segments.append(Segment(cache: cache, start: start, rows: range, shared: shared))
    return range
  }

  /// The longest sequence so far, in positions: what attention needs room for.
  var longest: Int { segments.reduce(0) { max($0, $1.start + $1.rows.count) } }
}
