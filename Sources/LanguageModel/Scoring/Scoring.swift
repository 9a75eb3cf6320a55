// Log-probabilities of given texts, many at once, with memory that does not grow with their number.
// Knows nothing of what the texts mean; common beginnings of neighboring requests run once.

import Tensors

/// A text whose tokens are to be scored.
public struct ScoreRequest: Hashable, Sendable {
  /// The whole text.
  public let tokens: [TokenID]
  /// The first token to score; at least 1, since the first token has nothing before it.
  public let from: Int

  /// Makes a request.
  public init(tokens: [TokenID], from: Int) {
    self.tokens = tokens
    self.from = from
  }
}

/// A request's place in a unit of work.
private struct Portion {
  let request: Int
  /// Tokens taken from the request before it.
  let shared: Int
}

extension Decoder {
  /// Rows that one unit of work aims at, unless that leaves threads without work at the end.
  private static let rowsInUnit = 256

  /// The most numbers that scoring takes at once: for each thread a workspace, one block's keys and values, and a part of the
  /// vocabulary for some rows.
  ///
  /// - Parameters:
  ///   - c: The model's sizes.
  ///   - longest: The tokens of the longest text.
  ///   - workers: How many threads score.
  /// - Returns: Numbers of four bytes.
  static func scoringNumbers(_ c: DecoderConfiguration, longest: Int, workers: Int) -> Int {
    let rows = min(rowsInPass, rowsInUnit + longest)
    let workspace = Workspace.count(
      c, rows: rows, positions: longest + Workspace.sparePositions, attendants: 1)
    // Short texts fill a panel each.
    let cache = 2 * KeyValueCache.byteCount(c, positions: rows, keepsAllBlocks: longest > rowsInPass) / 4
    let head = min(rows, VocabularyHead.rowsAtOnce) * (VocabularyHead.tokensInPart + 2 * c.width)
    return workers * (workspace + cache + head)
  }

  /// Scores texts.
  ///
  /// - Parameters:
  ///   - requests: The texts; each has at least one token and `from` in `1...tokens.count`.
  ///   - onFinished: Called on this thread, in the order of the requests, with a request's index and the natural
  ///     log-probabilities of `tokens[from...]` given all tokens before them; false stops.
  /// - Throws: `DecoderError` for a request that makes no sense (before anything runs), or what `onFinished` throws.
  public func score(_ requests: [ScoreRequest], onFinished: (Int, [Float]) throws -> Bool) throws {
    for (index, request) in requests.enumerated() {
      try configuration.check(request.tokens, request: index)
      guard request.from >= 1 && request.from <= request.tokens.count else {
        throw DecoderError.positionOutOfRange(
          request: index, position: request.from, allowed: 1..<request.tokens.count + 1)
      }
    }
    let units = evenUnits(requests)
    let wave = pool.workers == 1 ? 1 : pool.workers * 2
    for start in stride(from: 0, to: units.count, by: wave) {
      let taken = units[start..<min(units.count, start + wave)]
      var scores = [[[Float]]](repeating: [], count: taken.count)
      try scores.withUnsafeMutableBufferPointer { scores in
        try pool.runThrowing(taken.count) { scores[$0] = try score(taken[start + $0], of: requests) }
      }
      for (unit, unitScores) in zip(taken, scores) {
        for (portion, logProbs) in zip(unit, unitScores) {
          if try !onFinished(portion.request, logProbs) { return }
        }
      }
    }
  }

  /// Cuts requests, in order, into units of about 256 new rows, or of fewer where few units are left to deal and the last
  /// ones would keep some threads waiting.
  private func evenUnits(_ requests: [ScoreRequest]) -> [[Portion]] {
    let units = units(requests, rows: Self.rowsInUnit)
    let (uneven, workers) = (units.count % pool.workers, pool.workers)
    guard arithmetic != .openblas, uneven != 0, units.count < 8 * workers else { return units }
    let rows = units.joined().reduce(0) { $0 + requests[$1.request].tokens.count - 1 - $1.shared }
    let even = units.count - uneven + workers
    return self.units(requests, rows: max(Self.leastRowsInUnit, (rows + even - 1) / even))
  }

  /// Fewer rows would make the products slow.
  private static let leastRowsInUnit = 96

  /// Cuts requests, in order, into units of about so many new rows.
  ///
  /// None is longer than one pass unless it is a single request. In the openblas class every request is a unit, so that its bits do not depend on its neighbors.
  private func units(_ requests: [ScoreRequest], rows aim: Int) -> [[Portion]] {
    var units: [[Portion]] = []
    var rows = 0
    for (index, request) in requests.enumerated() {
      let needed = max(0, request.tokens.count - 1)
      let alone = arithmetic == .openblas || needed > Self.rowsInPass
      var shared = 0
      if !alone, let last = units.last?.last {
        let before = requests[last.request]
        if before.tokens.count - 1 <= Self.rowsInPass { shared = commonBeginning(before, request) }
      }
      if let last = units.indices.last, !alone, rows < aim, rows + needed - shared <= Self.rowsInPass {
        units[last].append(Portion(request: index, shared: shared))
        rows += needed - shared
      } else {
        units.append([Portion(request: index, shared: 0)])
        rows = alone ? Self.rowsInPass : needed
      }
    }
    return units
  }

  /// How many tokens the second may take from the first: all that both begin with, up to what the second must compute
  /// itself because it is asked for; nothing where copying would cost as much as computing.
  private func commonBeginning(_ first: ScoreRequest, _ second: ScoreRequest) -> Int {
    let most = min(first.tokens.count - 1, second.from - 1)
    var count = 0
    while count < most && first.tokens[count] == second.tokens[count] { count += 1 }
    return count < 8 ? 0 : count
  }

  private func score(_ unit: [Portion], of requests: [ScoreRequest]) throws -> [[Float]] {
    if unit.count == 1 && requests[unit[0].request].tokens.count - 1 > Self.rowsInPass {
      return [try scoreLong(requests[unit[0].request])]
    }
    var batch = RowBatch()
    var starts: [Int] = []
    var previous: KeyValueCache?
    for portion in unit {
      let tokens = requests[portion.request].tokens
      let cache = try KeyValueCache(configuration, positions: tokens.count, keepsAllBlocks: false)
      let shared = portion.shared == 0 ? nil : previous.map { (cache: $0, count: portion.shared) }
      let rows = batch.append(
        tokens[portion.shared..<tokens.count - 1], start: portion.shared, cache: cache, shared: shared)
      starts.append(rows.lowerBound - portion.shared)
      previous = cache
    }
    guard batch.rows > 0 else { return unit.map { _ in [] } }
    return try workspaces.with(rows: batch.rows, positions: batch.longest, attendants: 1) { workspace in
      forward(in: workspace, team: nil).run(batch)
      var rows: [Int] = []
      var targets: [TokenID] = []
      for (portion, start) in zip(unit, starts) {
        let request = requests[portion.request]
        for position in request.from..<request.tokens.count {
          rows.append(start + position - 1)
          targets.append(request.tokens[position])
        }
      }
      let logProbs = try head(team: nil).logProbabilities(workspace.stream.base, rows: rows, targets: targets)
      var place = 0
      return unit.map { portion in
        let request = requests[portion.request]
        defer { place += request.tokens.count - request.from }
        return Array(logProbs[place..<place + request.tokens.count - request.from])
      }
    }
  }

  /// A text of more rows than one pass takes: pass after pass over one cache.
  private func scoreLong(_ request: ScoreRequest) throws -> [Float] {
    let tokens = request.tokens
    let cache = try KeyValueCache(configuration, positions: tokens.count, keepsAllBlocks: true)
    var result: [Float] = []
    for start in stride(from: 0, to: tokens.count - 1, by: Self.rowsInPass) {
      let chunk = start..<min(tokens.count - 1, start + Self.rowsInPass)
      var batch = RowBatch()
      batch.append(tokens[chunk], start: start, cache: cache)
      try workspaces.with(rows: batch.rows, positions: chunk.upperBound, attendants: 1) { workspace in
        forward(in: workspace, team: nil).run(batch)
        let wanted = chunk.filter { $0 + 1 >= request.from }
        result += try head(team: nil).logProbabilities(
          workspace.stream.base, rows: wanted.map { $0 - start }, targets: wanted.map { tokens[$0 + 1] })
      }
    }
    return result
  }
}
