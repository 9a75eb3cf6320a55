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

  /// Makes coefficients.
  public init(tokens: [Double], vocabularyMeans: [Double] = []) {
    self.tokens = tokens
    self.vocabularyMeans = vocabularyMeans
  }
}

/// What a forward pass of one unit gives.
public struct UnitScores: Sendable {
  /// ln p of each token from a request's `from` on, by group and sequence.
  public let logProbabilities: [[[Float]]]
  /// The mean of ln p over the vocabulary at the same tokens; empty unless asked for.
  public let vocabularyMeans: [[[Float]]]
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
  ///   - workers: How many threads compute, at least 1; they change no bit.
  ///   - variant: Which instructions to use; the choice changes no bit.
  /// - Throws: `ArithmeticError` when there is no memory, or the host lacks the instructions.
  public init(
    _ base: Decoder, _ part: TrainedPart, workers: Int, variant: KernelVariant = .best
  ) throws(ArithmeticError) {
    precondition(base.arithmetic == .ordered, "callers refuse other arithmetic")
    pool = WorkerPool(workers: workers)
    if case .lowRank(let options) = part { lowRank = options } else { lowRank = nil }
    configuration = base.configuration
    let shared = try Decoder(sharing: base, workers: workers, variant: variant)
    weights = try TrainableWeights(shared, part, pool: pool)
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
  ///   - means: Whether means over the vocabulary are wanted.
  ///   - dropout: Where the masks come from; not nil where adapters have dropout, not read where they have none.
  ///   - loss: Gets the scores and gives each sequence's coefficients; nil for none to go back.
  /// - Throws: `DecoderError` for a sequence that makes no sense, `ArithmeticError` without memory, or what `loss` throws.
  public func run(
    _ groups: [[ScoreRequest]], means: Bool = false, dropout: DropoutAddress? = nil,
    loss: (UnitScores) throws -> [[TokenCoefficients]]?
  ) throws {
    for (index, request) in groups.joined().enumerated() { try configuration.check(request.tokens, request: index) }
    let layout = try TrainingLayout(groups, configuration)
    guard layout.batch.rows > 0 else {
      let empty = groups.map { $0.map { _ in [Float]() } }
      _ = try loss(UnitScores(logProbabilities: empty, vocabularyMeans: means ? empty : []))
      return
    }
    let record = try room(for: layout)
    let side = try sidePath(layout, dropout)
    let heads = max(1, layout.headRows.count) * configuration.vocabulary
    if logits.map({ $0.count < heads }) ?? true { logits = try NumberBuffer(count: heads) }
    guard let logits else { return }
    try decoder.workspaces.with(
      rows: layout.batch.rows, positions: layout.batch.longest, attendants: pool.workers * 2
    ) { forward in
      var pass = decoder.forward(in: forward, team: pool, weights: weights.forward)
      pass.record = record
      pass.side = side
      pass.run(layout.batch)
      let head = try TrainingHead(
        decoder, weights, pool, layout, stream: forward.stream.base, room: logits)
      let scores = UnitScores(
        logProbabilities: head.logProbabilities(), vocabularyMeans: means ? head.vocabularyMeans() : [])
      guard let coefficients = try loss(scores) else { return }
      try backward(layout, record, side, head, coefficients, forward)
    }
  }

  private func backward(
    _ layout: TrainingLayout, _ record: ActivationRecord, _ side: SidePath?, _ head: TrainingHead,
    _ coefficients: [[TokenCoefficients]], _ forward: Workspace
  ) throws {
    let workspace = try backwardRoom(for: layout)
    let angles = layout.batch.rows * configuration.headSize / 2
    workspace.cosines.base.update(from: forward.cosines.base, count: angles)
    for index in 0..<angles { workspace.sines.base[index] = -forward.sines.base[index] }
    try head.backward(
      coefficients, stream: forward.stream.base, into: workspace.stream.base, scratch: workspace.gradients)
    try BackwardPass(
      configuration: configuration, weights: weights, variant: decoder.variant, pool: pool, record: record, side: side,
      layout: layout, workspace: workspace
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
