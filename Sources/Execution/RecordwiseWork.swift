// The results of single records: what is stored is taken, the rest is computed and stored as it comes.
// Knows nothing of what a result is.

public import Digests
import Planning
import Storage

extension StepTask {
  /// How many finished records a segment has at most.
  static var segmentSize: Int { 256 }
  /// How many seconds of work may be lost when the process is killed.
  static var secondsAtRisk: Double { 5 }

  /// The results of records, in order.
  ///
  /// - Parameters:
  ///   - keys: The records' keys under the step's recipe.
  ///   - compute: Gets the positions of the records to compute and must call its second argument with each position
  ///     and result as it is finished; that call returns false when the work is to stop.
  /// - Returns: One result a key, and how many were computed.
  /// - Throws: What `compute` and the store throw; ``Cancelled`` if the user stopped the run, with everything finished
  ///   so far stored.
  public func results(
    of keys: [Digest], compute: ([Int], (Int, [UInt8]) throws -> Bool) throws -> Void
  ) throws -> (results: [[UInt8]], count: WorkCount) {
    let recipes = step.recipes(contents: contents)
    guard let recipe = recipes.first else { fatalError("no recipe: our own bug") }
    let segments = store.records(of: recipe)
    var results = try segments.values(for: keys)
    for earlier in recipes.dropFirst() {
      let open = keys.indices.filter { results[$0] == nil }
      if open.isEmpty { break }
      let found = try store.records(of: earlier).values(for: open.map { keys[$0] })
      for (position, value) in zip(open, found) { results[position] = value }
    }
    // Of records with one key one is computed for all.
    var places: [Digest: [Int]] = [:]
    for position in keys.indices where results[position] == nil { places[keys[position], default: []].append(position) }
    let missing = keys.indices.filter { places[keys[$0]]?.first == $0 }
    var count = WorkCount()
    count.reused = keys.count - places.values.reduce(0) { $0 + $1.count }
    progress(Progress(unit: "records", done: count.reused, total: keys.count, reused: count.reused))
    guard !missing.isEmpty else { return (results.compactMap { $0 }, count) }

    var pending: [(Digest, [UInt8])] = []
    var flushed = now()
    func flush() throws {
      // The step's result does not rest on them.
      if !pending.isEmpty { try segments.append(pending, isDurable: false) }
      pending = []
      flushed = now()
    }
    do {
      try compute(missing) { position, result in
        for place in places[keys[position]] ?? [] {
          results[place] = result
          count.computed += 1
        }
        pending.append((keys[position], result))
        if pending.count >= Self.segmentSize || now() - flushed >= Self.secondsAtRisk { try flush() }
        progress(
          Progress(unit: "records", done: count.reused + count.computed, total: keys.count, reused: count.reused))
        return !cancellation.isCancelled
      }
    } catch {
      try flush()
      throw error
    }
    try flush()
    guard count.reused + count.computed == keys.count else { throw Cancelled() }
    return (results.compactMap { $0 }, count)
  }
}
