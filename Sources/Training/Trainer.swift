// The loop from examples to weights: one optimizer step after the other, the same bits however it is interrupted.
// Knows nothing of files, clocks or progress bars: every step is reported, and whoever listens decides.

public import LanguageModel
import Objectives
import Tensors

/// How a training ended.
public enum TrainingEnd: Hashable, Sendable {
  /// All steps were taken.
  case finished
  /// The loss, the gradient or the parameters that this step, counted from 1, began with were not finite or beyond all
  /// bounds; the weights are those before it. If the last step leaves such parameters, it is that step, and the weights
  /// are those after it.
  case diverged(step: Int, reason: String)
  /// The listener asked for it.
  case stopped
}

/// What a step is doing.
public enum StepPhase: Hashable, Sendable, CaseIterable {
  /// Log-probabilities and the loss.
  case forward
  /// Gradients.
  case backward
  /// Clearing and clipping gradients, the optimizer, and bringing into force what it changed.
  case update
}

/// A training.
public final class Trainer {
  /// A loss beyond this is no loss that training comes back from.
  static let largestLoss = 1e4

  /// What is trained.
  public let trainee: Trainee
  /// The batches.
  public let order: BatchOrder
  /// How many steps were taken.
  public private(set) var step = 0
  /// Hears when a step goes over to another phase, for example to time it; nil for nobody.
  public var onPhase: ((StepPhase) -> Void)?
  private let examples: [TrainingExample]
  private let options: TrainingOptions
  private let schedule: LearningRateSchedule

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - trainee: The model; its parameters hold the start.
  ///   - examples: At least one.
  ///   - options: How it goes.
  ///   - order: The batches; nil for those that the options ask for.
  public init(
    _ trainee: Trainee, examples: [TrainingExample], options: TrainingOptions, order: BatchOrder? = nil
  ) {
    self.trainee = trainee
    self.examples = examples
    self.options = options
    let planned =
      order
      ?? BatchOrder(
        examples: examples.count, batch: options.batch, epochs: options.epochs, seed: options.seed)
    // A limit cuts the training off; the schedule stays that of the whole.
    schedule = LearningRateSchedule(
      highest: options.learningRate, shape: options.shape, warmup: options.warmup, steps: planned.steps)
    self.order =
      order
      ?? BatchOrder(
        examples: examples.count, batch: options.batch, epochs: options.epochs, seed: options.seed,
        limit: options.limit)
  }

  /// Steps that the optimizer took in earlier rounds; its moments remember them.
  private(set) var stepsBefore = 0

  /// Takes over moments of an earlier training, whose steps count for their bias.
  func startOptimizer(after steps: Int) { stepsBefore = steps }

  /// How many of the examples the objective can learn from.
  public var readExamples: Int {
    examples.count { !options.objective.responsesRead(of: $0.unscored).isEmpty }
  }

  /// Goes on from a step whose parameters and moments the trainee holds.
  func resume(at step: Int) { self.step = step }

  /// Takes steps until the last, divergence, or `onStep` returns false.
  ///
  /// - Parameter onStep: Gets each step's report when its parameters are in force.
  /// - Returns: How it ended.
  /// - Throws: `ArithmeticError` without memory, `DecoderError` for a sequence that makes no sense, or what `onStep`
  ///   throws.
  public func run(onStep: (StepReport) throws -> Bool) throws -> TrainingEnd {
    while step < order.steps {
      let taken = try takeStep()
      guard let report = taken.report else { return .diverged(step: step + 1, reason: taken.reason) }
      step += 1
      if try !onStep(report), step < order.steps { return .stopped }
    }
    return ending()
  }

  /// What a next step would have found: without one, weights that left all bounds would pass for a result.
  private func ending() -> TrainingEnd {
    areParametersBounded ? .finished : .diverged(step: step, reason: "after the step \(Self.beyondBounds)")
  }

  private static let beyondBounds = "a trained number is beyond \(ParameterBounds.largest)"

  /// Whether the next step could begin: otherwise the training has diverged, though no step has said so yet.
  public var areParametersBounded: Bool {
    ParameterBounds.hold(trainee.parameters, pool: trainee.pool, variant: trainee.decoder.variant)
  }

  /// What one step sees.
  private struct Batch {
    /// Which of all examples they are.
    let numbers: [Int]
    let examples: [TrainingExample]
    /// For each example what of it runs.
    let sequences: [ExampleSequences]
    let facts: BatchFacts
    /// For each example what its loss has to know.
    let lossFacts: [BatchFacts]
    let referencePoint: Double?

    init(_ step: Int, _ trainer: Trainer) throws {
      let (options, epoch) = (trainer.options, trainer.order.epoch(of: step))
      numbers = trainer.order.batch(at: step)
      let step = StepExamples(numbers, of: trainer.examples, options, epoch: epoch)
      examples = step.examples
      sequences = zip(examples, step.read).map { ExampleSequences($0, read: $1, also: options.objective.alsoReads) }
      facts = step.facts
      let point = try trainer.referencePoint(examples, epoch: epoch)
      referencePoint = point
      lossFacts = step.lossFacts.map { facts in
        var facts = facts
        facts.referencePoint = point ?? 0
        return facts
      }
    }
  }

  private func takeStep() throws -> (report: StepReport?, reason: String) {
    // Beyond these bounds sums of squares overflow, norms divide by them, and the loss is that of no model at all.
    guard areParametersBounded else { return (nil, Self.beyondBounds) }
    onPhase?(.forward)
    let batch = try Batch(step, self)
    onPhase?(.update)
    trainee.clearGradients()
    let tally = try accumulate(batch)
    onPhase?(.update)
    trainee.completeGradients()
    guard tally.loss.isFinite, abs(tally.loss) <= Self.largestLoss else {
      return (nil, "the loss is \(Self.text(tally.loss))")
    }
    let variant = trainee.decoder.variant
    let norm = GradientNorm.of(trainee.parameters, pool: trainee.pool, variant: variant)
    guard norm.isFinite else { return (nil, "the gradient's length is \(Self.text(norm))") }
    let rate = schedule.rate(at: step)
    // As torch.nn.utils.clip_grad_norm_ does it.
    let scale = options.clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    options.adamW.apply(
      to: trainee.parameters, step: stepsBefore + step + 1, rate: rate, gradientScale: scale, pool: trainee.pool,
      variant: variant)
    trainee.refresh()
    var report = tally.report(
      step: step + 1, learningRate: rate, gradientNorm: norm, tokens: batch.facts.tokens,
      referencePoint: batch.referencePoint)
    report.weights = ParameterDigest.of(trainee.parameters, pool: trainee.pool)
    return (report, "")
  }

  /// A number in words that are stored: which of its bits a NaN has depends on the instructions.
  private static func text(_ number: Double) -> String { number.isNaN ? "not a number" : "\(number)" }

  /// Forward and backward of a batch, unit after unit.
  private func accumulate(_ batch: Batch) throws -> StepTally {
    if options.objective.alsoReads.contains(.score) { return try accumulateScores(batch) }
    let groups = batch.sequences.map(\.requests)
    let objective = options.objective
    var rows: RowNumbers = objective.readsVocabularyMeans ? .means : []
    if objective.alsoReads.contains(.entropies) { rows.insert(.entropies) }
    var tally = StepTally()
    for unit in Trainee.units(groups, rows: options.rowsInUnit) {
      onPhase?(.forward)
      let dropout = DropoutAddress(seed: options.seed, step: step, examples: Array(batch.numbers[unit]))
      try trainee.run(Array(groups[unit]), also: rows, dropout: dropout) { scores in
        var coefficients: [[TokenCoefficients]] = []
        for (place, index) in unit.enumerated() {
          let (example, sequences) = (batch.examples[index], batch.sequences[index])
          let policy = sequences.numbers(of: example, scores, place: place)
          let result = objective.loss(of: example.scored(policy), in: batch.lossFacts[index])
          tally.loss += result.loss
          tally.add(example.feedback, result.logRatios)
          tally.add(result.metrics)
          coefficients.append(sequences.coefficients(result.gradients))
        }
        onPhase?(.backward)
        return tally.loss.isFinite ? coefficients : nil
      }
    }
    return tally
  }

  /// The same for an objective that reads scores of whole responses.
  private func accumulateScores(_ batch: Batch) throws -> StepTally {
    let groups = batch.sequences.map(\.requests)
    var tally = StepTally()
    for unit in Trainee.units(groups, rows: options.rowsInUnit) {
      onPhase?(.forward)
      let dropout = DropoutAddress(seed: options.seed, step: step, examples: Array(batch.numbers[unit]))
      try trainee.runScores(groups[unit].map { $0.map(\.tokens) }, dropout: dropout) { scores in
        var coefficients: [[Double]] = []
        for (place, index) in unit.enumerated() {
          let (example, sequences) = (batch.examples[index], batch.sequences[index])
          let result = options.objective.loss(of: sequences.scored(example, scores[place]), in: batch.lossFacts[index])
          tally.loss += result.loss
          tally.add(result.metrics)
          coefficients.append(sequences.roles.map { result.gradients[$0.response].score })
        }
        onPhase?(.backward)
        return tally.loss.isFinite ? coefficients : nil
      }
    }
    return tally
  }

  /// KTO's reference point, from the batch's partners under the model as it stands.
  ///
  /// Nothing is dropped for it: it says where the model is. (TRL computes it in training mode, with dropout.)
  private func referencePoint(_ batch: [TrainingExample], epoch: Int) throws -> Double? {
    let partners = batch.flatMap { $0.partners(inEpoch: epoch) }
    guard !partners.isEmpty else { return nil }
    var logRatios: [Double] = []
    try trainee.decoder.score(partners.map(\.request)) { index, logProbabilities in
      // Two sums in the same order, so that equal numbers give exactly 0.
      let policy = logProbabilities.reduce(0) { $0 + Double($1) }
      logRatios.append(policy - partners[index].reference.reduce(0) { $0 + Double($1) })
      return true
    }
    return KahnemanTversky.referencePoint(logRatios: logRatios)
  }
}

@available(*, unavailable)
extension Trainer: Sendable {}

extension TrainingResponse {
  /// How many of its tokens are scored.
  public var tokenCount: Int { max(0, request.tokens.count - request.from) }
}
