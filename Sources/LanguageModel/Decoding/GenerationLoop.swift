// Continues many texts at once: a text that ends makes room for the next at the following step.
// Knows nothing of strings; which texts run side by side changes the time it takes and nothing else.

import Randomness
import Tensors

/// A text that is being continued.
private struct ActiveSequence {
  let index: Int
  let request: GenerationRequest
  let cache: KeyValueCache
  /// The most new tokens that the request and the context allow.
  let room: Int
  var tokens: [TokenID] = []
  var logProbs: [Float] = []
  var finish: Finish?

  /// The position of the newest token.
  var newestPosition: Int { request.prompt.count + tokens.count - 1 }

  /// Chooses the next token from its logits.
  mutating func advance(_ logits: UnsafeBufferPointer<Float>, logSum: Double, variant: KernelVariant) {
    let uniform = request.random.uniform(at: UInt64(tokens.count))
    let choice = request.sampling.choose(logits, uniform: uniform, variant: variant)
    logProbs.append(Float(Double(logits[choice]) - logSum))
    let token = TokenID(choice)
    if request.endTokens.contains(token) {
      finish = .stop
      return
    }
    tokens.append(token)
    if let shouldStop = request.shouldStop, shouldStop(tokens) {
      finish = .stop
    } else if tokens.count >= room {
      finish = .length
    }
  }

  var generation: Generation { Generation(tokens: tokens, finish: finish ?? .length, logProbs: logProbs) }
}

extension Decoder {
  /// The most bytes of keys and values that ``generate(_:batch:onFinished:)`` keeps at once, whatever the texts.
  public static func mostCacheBytes(_ configuration: DecoderConfiguration, batch: Int) -> Int {
    let longest = KeyValueCache.byteCount(configuration, positions: configuration.context, keepsAllBlocks: true)
    return max(longest, min(batch * longest, GenerationRun.mostCacheBytes))
  }

  /// Continues texts.
  ///
  /// - Parameters:
  ///   - requests: The texts.
  ///   - batch: How many run side by side at most, at least 1, as far as their keys and values fit in half a gibibyte;
  ///     inert.
  ///   - onFinished: Called on this thread with a request's index and its continuation, in the order in which they end;
  ///     false stops everything.
  /// - Throws: `DecoderError` for a request that makes no sense (before anything runs), or what `onFinished` throws.
  public func generate(
    _ requests: [GenerationRequest], batch: Int, onFinished: (Int, Generation) throws -> Bool
  ) throws {
    for (index, request) in requests.enumerated() { try configuration.check(request.prompt, request: index) }
    if arithmetic == .openblas {
      try generateEachAlone(requests, onFinished: onFinished)
    } else {
      let run = GenerationRun(decoder: self, requests: requests, batch: max(1, batch), team: pool)
      try run.finish(onFinished)
    }
  }

  /// OpenBLAS's bits depend on the batch, so every text runs alone on one thread; as many at once as there are workers.
  private func generateEachAlone(
    _ requests: [GenerationRequest], onFinished: (Int, Generation) throws -> Bool
  ) throws {
    for start in stride(from: 0, to: requests.count, by: pool.workers) {
      let wave = start..<min(requests.count, start + pool.workers)
      var finished = [Generation?](repeating: nil, count: wave.count)
      try finished.withUnsafeMutableBufferPointer { finished in
        try pool.runThrowing(wave.count) { place in
          let run = GenerationRun(decoder: self, requests: [requests[start + place]], batch: 1, team: nil)
          try run.finish { _, generation in
            finished[place] = generation
            return true
          }
        }
      }
      for (place, generation) in finished.enumerated() {
        if let generation, try !onFinished(start + place, generation) { return }
      }
    }
  }
}

/// One call of `generate`.
private struct GenerationRun {
  let decoder: Decoder
  let requests: [GenerationRequest]
  let batch: Int
  let team: WorkerPool?

  private var configuration: DecoderConfiguration { decoder.configuration }

  /// The order in which texts begin: those with a common beginning follow one another, so that it is computed once.
  private var order: [Int] {
    requests.indices.sorted { first, second in
      let (one, other) = (requests[first].prompt, requests[second].prompt)
      if one.lexicographicallyPrecedes(other) { return true }
      return one == other && first < second
    }
  }

  /// Runs everything.
  func finish(_ onFinished: (Int, Generation) throws -> Bool) throws {
    var active: [ActiveSequence] = []
    let order = order
    var next = 0
    // The newest sequence stays known after its end, so that the next can begin with its keys.
    var newest: ActiveSequence?
    while next < requests.count || !active.isEmpty {
      var admitted: [ActiveSequence] = []
      while next < requests.count && active.count + admitted.count < batch {
        let held = (active + admitted).reduce(0) { $0 + $1.cache.byteCount }
        guard held == 0 || held + cacheBytes(order[next]) <= Self.mostCacheBytes else { break }
        admitted.append(try admit(order[next]))
        next += 1
      }
      if !admitted.isEmpty {
        try readPrompts(&admitted, known: (newest.map { [$0] } ?? []) + active)
        newest = admitted.last { $0.room > 0 } ?? newest
        active += admitted
      }
      if try !report(&active, onFinished) { return }
      if !active.isEmpty { try step(&active) }
      if try !report(&active, onFinished) { return }
    }
  }

  /// Hands out what has ended and forgets it; false stops.
  private func report(_ active: inout [ActiveSequence], _ onFinished: (Int, Generation) throws -> Bool) throws -> Bool {
    for sequence in active where sequence.finish != nil {
      if try !onFinished(sequence.index, sequence.generation) { return false }
    }
    active.removeAll { $0.finish != nil }
    return true
  }

  /// The most bytes of keys and values at once, unless a single sequence needs more.
  fileprivate static let mostCacheBytes = 512 << 20

  private func room(_ request: GenerationRequest) -> Int {
    max(0, min(request.maxNewTokens, configuration.context - request.prompt.count))
  }

  private func cacheBytes(_ index: Int) -> Int {
    let request = requests[index]
    return KeyValueCache.byteCount(
      configuration, positions: request.prompt.count + room(request), keepsAllBlocks: true)
  }

  private func admit(_ index: Int) throws -> ActiveSequence {
    let request = requests[index]
    let room = room(request)
    let cache = try KeyValueCache(configuration, positions: request.prompt.count + room, keepsAllBlocks: true)
    var sequence = ActiveSequence(index: index, request: request, cache: cache, room: room)
    if room == 0 { sequence.finish = .length }
    return sequence
  }

  /// Runs prompts through the model and chooses each one's first token.
  private func readPrompts(_ admitted: inout [ActiveSequence], known: [ActiveSequence]) throws {
    var waiting: [(sequence: Int, start: Int)] = []
    var rows = RowBatch()
    for place in admitted.indices where admitted[place].finish == nil {
      let prompt = admitted[place].request.prompt
      let before = known + admitted[..<place].filter { $0.room > 0 }
      var shared = decoder.arithmetic == .openblas ? nil : commonBeginning(prompt, before)
      var start = shared?.count ?? 0
      while start < prompt.count {
        if rows.rows >= Decoder.rowsInPass { try flush(&rows, &waiting, &admitted) }
        let end = min(prompt.count, start + Decoder.rowsInPass - rows.rows)
        let range = rows.append(prompt[start..<end], start: start, cache: admitted[place].cache, shared: shared)
        if end == prompt.count { waiting.append((place, range.upperBound - 1)) }
        shared = nil
        start = end
      }
    }
    try flush(&rows, &waiting, &admitted)
  }

  /// Runs the rows that have gathered; `waiting` names sequences whose last prompt row is among them.
  private func flush(
    _ rows: inout RowBatch, _ waiting: inout [(sequence: Int, start: Int)], _ sequences: inout [ActiveSequence]
  ) throws {
    guard rows.rows > 0 else { return }
    try run(rows, waiting.map { (sequence: $0.sequence, row: $0.start) }, &sequences)
    rows = RowBatch()
    waiting = []
  }

  /// One token more for every sequence.
  private func step(_ active: inout [ActiveSequence]) throws {
    var rows = RowBatch()
    for sequence in active {
      rows.append(sequence.tokens.suffix(1), start: sequence.newestPosition, cache: sequence.cache)
    }
    try run(rows, active.indices.map { (sequence: $0, row: $0) }, &active)
  }

  /// A forward pass, the head on the rows that a sequence waits for, and a choice for each of these.
  private func run(
    _ rows: RowBatch, _ waiting: [(sequence: Int, row: Int)], _ sequences: inout [ActiveSequence]
  ) throws {
    let attendants = (team?.workers ?? 1) * 4
    try decoder.workspaces.with(rows: rows.rows, positions: rows.longest, attendants: attendants) { workspace in
      decoder.forward(in: workspace, team: team).run(rows)
      guard !waiting.isEmpty else { return }
      let vocabulary = configuration.vocabulary
      let logits = try workspace.logits(count: waiting.count * vocabulary)
      let sums = try decoder.head(team: team).logits(
        workspace.stream.base, rows: waiting.map { $0.row }, into: logits.base)
      sequences.withUnsafeMutableBufferPointer { buffer in
        let sequences = buffer
        let work = { (place: Int) in
          sequences[waiting[place].sequence].advance(
            UnsafeBufferPointer(start: logits.base + place * vocabulary, count: vocabulary), logSum: sums[place],
            variant: decoder.variant)
        }
        if let team { team.run(waiting.count, work) } else { for place in waiting.indices { work(place) } }
      }
    }
  }

  /// The known sequence whose prompt begins like this one for longest; to copy a position's keys and values is thousands
  /// of times cheaper than to compute them.
  ///
  /// At least the last position is always computed, since its logits are wanted.
  private func commonBeginning(
    _ prompt: [TokenID], _ known: [ActiveSequence]
  ) -> (cache: KeyValueCache, count: Int)? {
    var best: (cache: KeyValueCache, count: Int)?
    for sequence in known {
      let other = sequence.request.prompt
      let most = min(prompt.count - 1, other.count)
      var count = 0
      while count < most && prompt[count] == other[count] { count += 1 }
      if count > best?.count ?? 0 { best = (sequence.cache, count) }
    }
    return best
  }
}
