// A model in training: log-probabilities forward, gradients back, parameters in between.
// Knows nothing of objectives, examples or optimizers.

import CKernels
public import Tensors

/// What a loss does to one sequence's log-probabilities.
public struct TokenCoefficients: Hashable, Sendable {
  /// d loss / d ln p of each token from the request's `from` on; empty for a sequence that the loss does not read.
  public var tokens: [Double]
  /// d loss / d mean over the vocabulary of ln p at each of these tokens; empty for none.
  public var vocabularyMeans: [Double]
  /// d loss / d entropy over the vocabulary at each of these tokens; empty for none.
  public var entropies: [Double]

  /// Makes coefficients.
  public init(tokens: [Double], vocabularyMeans: [Double] = [], entropies: [Double] = []) {
    self.tokens = tokens
    self.vocabularyMeans = vocabularyMeans
    self.entropies = entropies
  }
}

/// What a loss reads of whole rows of the vocabulary, beside the tokens' own log-probabilities.
public struct RowNumbers: OptionSet, Hashable, Sendable {
  /// One bit a kind.
  public let rawValue: Int

  /// Makes a set.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The mean of ln p over the vocabulary.
  public static let means = RowNumbers(rawValue: 1)
  /// The entropy over the vocabulary.
  public static let entropies = RowNumbers(rawValue: 2)
}

/// What a forward pass of one unit gives.
public struct UnitScores: Sendable {
  /// ln p of each token from a request's `from` on, by group and sequence.
  public let logProbabilities: [[[Float]]]
  /// The mean of ln p over the vocabulary at the same tokens; empty unless asked for.
  public let vocabularyMeans: [[[Float]]]
  /// The entropy over the vocabulary at the same tokens, in nats; empty unless asked for.
  public let entropies: [[[Float]]]
}

/// A decoder whose weights, or adapters over them, are being trained.
///
/// Every gradient element is one chain over the tokens of all units of a step in order, so that it does not depend on how
/// the step's groups are cut into units, on workers or on instructions.
public final class Trainee {
  /// The sizes.
  public let configuration: DecoderConfiguration
  /// What is trained, in a fixed order.
  public var parameters: [Parameter] { weights.parameters }
  /// The model as it stands: for scoring and generating between steps.
  public let decoder: Decoder
  /// The adapters that are trained; nil in full fine-tuning.
  public let lowRank: LowRank?
  /// Who computes.
  public let pool: WorkerPool
  /// How many rows go through the vocabulary head at once, at least 1: bounds what their logits take, and changes no bit.
  public var headRowsAtOnce = Trainee.usualHeadRows

  /// Rows enough for the head's full speed, few enough that their logits take 200 MB at 49,152 tokens.
  public static let usualHeadRows = 1024

  let weights: TrainableWeights
  private var record: ActivationRecord?
  private var sideRoom: SideRoom?
  private var workspace: BackwardWorkspace?
  private var logits: NumberBuffer?
  private var lookups = EmbeddingLookups()

  /// Prepares a model for training; adapters start at zero.
  ///
  /// - Parameters:
  ///   - base: The model to start from, in the ordered class; it stays as it is.
  ///   - part: What is trained.
  ///   - scalarHead: Whether a scalar head is trained besides, as reward models have it; it starts as the base's, or at 0.
  ///   - workers: How many threads compute, at least 1; they change no bit.
  ///   - variant: Which instructions to use; the choice changes no bit.
  /// - Throws: `ArithmeticError` when there is no memory, or the host lacks the instructions.
  public init(
    _ base: Decoder, _ part: TrainedPart, scalarHead: Bool = false, workers: Int, variant: KernelVariant = .best
  ) throws(ArithmeticError) {
    precondition(base.arithmetic == .ordered, "callers refuse other arithmetic")
    pool = WorkerPool(workers: workers)
    if case .lowRank(let options) = part { lowRank = options } else { lowRank = nil }
    configuration = base.configuration
    let shared = try Decoder(sharing: base, workers: workers, variant: variant)
    weights = try TrainableWeights(shared, part, scalarHead: scalarHead, pool: pool)
    decoder = Decoder(shared, weights: weights.merged, pool: pool)
  }

  /// Cuts groups, in order, into units of at most so many rows; a group that is longer is a unit by itself.
  public static func units(_ groups: [[ScoreRequest]], rows limit: Int) -> [Range<Int>] {
    var units: [Range<Int>] = []
    var (first, held) = (0, 0)
    for (index, group) in groups.enumerated() {
      let rows = TrainingLayout.rows(of: group)
      if held > 0 && held + rows > limit {
        units.append(first..<index)
        (first, held) = (index, 0)
      }
      held += rows
    }
    if first < groups.count { units.append(first..<groups.count) }
    return units
  }

  /// Sets all gradients to zero, before the first unit of a step.
  public func clearGradients() {
    lookups = EmbeddingLookups()
    for parameter in parameters { parameter.gradient.base.update(repeating: 0, count: parameter.count) }
  }

  /// Adds what waits for the last unit of a step: until then the embedding's gradient lacks the tokens that were read.
  public func completeGradients() {
    guard let embedding = weights.named[.embedding] else { return }
    lookups.add(to: embedding.gradient.base, width: configuration.width)
  }

  /// Brings merged and turned weights up to date after parameters changed.
  public func refresh() { weights.refresh(pool, decoder.variant) }

  /// Scores one unit and, if the loss asks for it, takes gradients back.
  ///
  /// - Parameters:
  ///   - groups: Sequences by example; those of one example share their common beginning.
  ///   - numbers: What is wanted beside log-probabilities.
  ///   - dropout: Where the masks come from; not nil where adapters have dropout, not read where they have none.
  ///   - loss: Gets the scores and gives each sequence's coefficients; nil for none to go back.
  /// - Throws: `DecoderError` for a sequence that makes no sense, `ArithmeticError` without memory, or what `loss` throws.
  public func run(
    _ groups: [[ScoreRequest]], also numbers: RowNumbers = [], dropout: DropoutAddress? = nil,
    loss: (UnitScores) throws -> [[TokenCoefficients]]?
  ) throws {
    for (index, request) in groups.joined().enumerated() { try configuration.check(request.tokens, request: index) }
    let layout = try TrainingLayout(groups, configuration)
    guard layout.batch.rows > 0 else {
      let empty = groups.map { $0.map { _ in [Float]() } }
      _ = try loss(
        UnitScores(
          logProbabilities: empty, vocabularyMeans: numbers.contains(.means) ? empty : [],
          entropies: numbers.contains(.entropies) ? empty : []))
      return
    }
    let heads = TrainingHead.rowsHeld(layout.headRows.count, most: headRowsAtOnce) * configuration.vocabulary
    if logits.map({ $0.count < heads }) ?? true { logits = try NumberBuffer(count: heads) }
    guard let logits else { return }
    try forward(layout, dropout) { passed in
      let head = try TrainingHead(
        decoder, weights, pool, layout, stream: passed.stream, room: logits, rowsAtOnce: headRowsAtOnce, also: numbers)
      let scores = UnitScores(
        logProbabilities: head.logProbabilities, vocabularyMeans: head.vocabularyMeans, entropies: head.entropies)
      guard let coefficients = try loss(scores) else { return }
      try backward(passed) { stream, scratch in try head.backward(coefficients, into: stream, scratch: scratch) }
    }
  }

  /// Scores whole sequences of one unit by the scalar head and, if the loss asks for it, takes gradients back.
  ///
  /// - Parameters:
  ///   - groups: Sequences by example, each with at least one token; those of one example share their common beginning.
  ///   - dropout: As for ``run(_:also:dropout:loss:)``.
  ///   - loss: Gets each sequence's score and gives d loss / d score; nil for none to go back.
  /// - Throws: `DecoderError` for a sequence that makes no sense, `ArithmeticError` without memory, or what `loss` throws.
  public func runScores(
    _ groups: [[[TokenID]]], dropout: DropoutAddress? = nil, loss: ([[Float]]) throws -> [[Double]]?
  ) throws {
    guard let head = weights.named[.scalarHead] else { preconditionFailure("callers ask for a scalar head") }
    for (index, tokens) in groups.joined().enumerated() { try configuration.check(tokens, request: index) }
    // What a sequence is worth stands in the row of its last token: that of which a next token would be asked.
    let requests = groups.map { $0.map { ScoreRequest(tokens: $0 + [TokenID(0)], from: $0.count) } }
    let layout = try TrainingLayout(requests, configuration)
    guard layout.batch.rows > 0 else {
      _ = try loss(groups.map { _ in [] })
      return
    }
    try forward(layout, dropout) { passed in
      let head = try ScalarHead(weights, head, decoder.variant, layout, stream: passed.stream)
      guard let coefficients = try loss(head.scores()) else { return }
      try backward(passed) { stream, _ in try head.backward(coefficients, into: stream) }
    }
  }

  /// The scalar head's numbers; nil without one.
  public func scalarHead(_ numbers: ParameterNumbers = .values) -> [Float]? {
    weights.named[.scalarHead].map {
      Array(UnsafeBufferPointer(start: numbers == .values ? $0.values : $0.gradient.base, count: $0.count))
    }
  }

  /// Sets the scalar head's numbers.
  public func setScalarHead(_ numbers: [Float]) {
    guard let head = weights.named[.scalarHead] else { return }
    precondition(numbers.count == head.count, "callers check sizes")
    head.values.update(from: numbers, count: head.count)
  }

  /// What one unit's forward pass leaves for the way back.
  private struct Passed {
    let layout: TrainingLayout
    let record: ActivationRecord
    let side: SidePath?
    let workspace: Workspace
    var stream: UnsafeMutablePointer<Float> { workspace.stream.base }
  }

  private func forward(
    _ layout: TrainingLayout, _ dropout: DropoutAddress?, _ body: (Passed) throws -> Void
  ) throws {
    let record = try room(for: layout)
    let side = try sidePath(layout, dropout)
    try decoder.workspaces.with(
      rows: layout.batch.rows, positions: layout.batch.longest, attendants: pool.workers * 2
    ) { workspace in
      var pass = decoder.forward(in: workspace, team: pool, weights: weights.forward)
      pass.record = record
      pass.side = side
      pass.run(layout.batch)
      try body(Passed(layout: layout, record: record, side: side, workspace: workspace))
    }
  }

  /// Takes a gradient of the stream, which `head` writes, back through the blocks.
  private func backward(
    _ passed: Passed, _ head: (UnsafeMutablePointer<Float>, GradientScratch) throws -> Void
  ) throws {
    let layout = passed.layout
    let workspace = try backwardRoom(for: layout)
    let angles = layout.batch.rows * configuration.headSize / 2
    workspace.cosines.base.update(from: passed.workspace.cosines.base, count: angles)
    for index in 0..<angles { workspace.sines.base[index] = -passed.workspace.sines.base[index] }
    try head(workspace.stream.base, workspace.gradients)
    try BackwardPass(
      configuration: configuration, weights: weights, variant: decoder.variant, pool: pool, record: passed.record,
      side: passed.side, layout: layout, workspace: workspace
    ).run()
    if weights.named[.embedding] != nil {
      lookups.append(layout.batch.tokens, workspace.stream.base, width: configuration.width)
    }
  }

  private func room(for layout: TrainingLayout) throws(ArithmeticError) -> ActivationRecord {
    if let record, record.rows >= layout.batch.rows { return record }
    record = nil
    let made = try ActivationRecord(configuration, rows: layout.batch.rows)
    record = made
    return made
  }

  /// The way of adapters whose inputs are dropped; nil where they are merged.
  private func sidePath(_ layout: TrainingLayout, _ dropout: DropoutAddress?) throws(ArithmeticError) -> SidePath? {
    guard let lowRank, lowRank.dropout > 0 else { return nil }
    guard let dropout else { preconditionFailure("callers say where masks come from") }
    if sideRoom.map({ $0.rows < layout.batch.rows }) ?? true {
      sideRoom = nil
      sideRoom = try SideRoom(configuration, rows: layout.batch.rows, rank: lowRank.rank)
    }
    let masks = DropoutMasks(dropout, layout, probability: lowRank.dropout, decoder.variant)
    return sideRoom.map { SidePath(weights: weights, masks: masks, room: $0, variant: decoder.variant) }
  }

  private func backwardRoom(for layout: TrainingLayout) throws(ArithmeticError) -> BackwardWorkspace {
    let (rows, positions) = (layout.batch.rows, layout.batch.longest)
    if let workspace, workspace.rows >= rows, workspace.positions >= positions { return workspace }
    let old = workspace
    workspace = nil
    let thin = weights.adapters.joined().reduce(1) { max($0, $1.value.width) }
    let made = try BackwardWorkspace(
      configuration, rows: max(rows, old?.rows ?? 0), positions: max(positions, old?.positions ?? 0),
      attendants: pool.workers * 2, thin: thin)
    workspace = made
    return made
  }
}

@available(*, unavailable)
extension Trainee: Sendable {}
