// From a step's kind to what computes it. The one place where the text side and the number side meet.

import Diagnostics
public import Execution
import Fetching
import FoundationEssentials
public import LanguageModel
public import Planning
import Specification

/// Computes steps with the embedded engine.
public struct StepEngine: StepRunner {
  private let models: ModelCache
  private let batch: Int
  private let fetcher: Fetcher
  private let scratch: String

  /// Makes an engine.
  ///
  /// Nothing here changes a result: workers, batch and folders are inert.
  ///
  /// - Parameters:
  ///   - workers: Worker threads, at least 1.
  ///   - batch: Sequences generated at once, at least 1.
  ///   - mirrors: Folders searched for files by digest before anything is fetched.
  ///   - scratch: A folder for files on their way into the store.
  ///   - isOffline: Whether the network is forbidden.
  public init(workers: Int, batch: Int, mirrors: [String], scratch: String, isOffline: Bool = false) {
    models = ModelCache(workers: workers)
    self.batch = batch
    self.scratch = scratch
    fetcher = Fetcher(
      mirrors: mirrors, means: .init(environment: ProcessInfo.processInfo.environment, isOffline: isOffline))
  }

  /// Computes a step.
  public func run(_ task: StepTask) async throws -> (outputs: [ProducedOutput], count: WorkCount) {
    switch task.step.work {
    case .fetch(let work): (try await FetchStep.run(work, task, fetcher: fetcher, scratch: scratch), WorkCount())
    case .ingest(let work): (try IngestStep.run(work, task), WorkCount())
    case .split(let work): (try SplitStep.run(work, task), WorkCount())
    case .take(let work): (try TakeStep.run(work, task), WorkCount())
    case .render(let work): (try RenderStep.run(work, task), WorkCount())
    case .recorded(let work): (try RecordedStep.run(work, task), WorkCount())
    case .generate(let work): try GenerateStep.run(work, task, models: models, batch: batch)
    case .score(let work): try ScoreStep.run(work, task, models: models)
    case .verify(let work): try VerifyStep.run(work, task)
    case .choice(let work): (try ChoiceStep.run(work, task), WorkCount())
    case .perplexity: (try PerplexityStep.run(task), WorkCount())
    case .mark(let work): try MarkStep.run(work, task)
    case .detect(let work): (try DetectStep.run(work, task, models: models), WorkCount())
    case .aggregate(let work): (try AggregateStep.run(work, task), WorkCount())
    case .ask(let work): (try AskStep.run(work, task), WorkCount())
    case .revise(let work): try ReviseStep.run(work, task)
    case .fit(let work): (try FitStep.run(work, task, models: models), WorkCount())
    case .partner(let work): (try PartnerStep.run(work, task, models: models), WorkCount())
    case .adapt(let work): (try AdaptStep.run(work, task, models: models), WorkCount())
    case .choose(let work): (try ChooseStep.run(work, task), WorkCount())
    case .select(let work): (try SelectStep.run(work, task), WorkCount())
    case .preference(let work): (try PreferenceStep.run(work, task), WorkCount())
    case .drift: (try DriftStep.run(task), WorkCount())
    case .reward: (try RewardStep.run(task), WorkCount())
    case .winRate(let work): (try WinRateStep.run(work, task), WorkCount())
    case .pairs(let work): try PairStatisticsStep.run(work, task, models: models)
    case .trace(let work): (try TraceStep.run(work, task), WorkCount())
    case .train(let work): try TrainStep.run(work, task, models: models)
    case .unavailable(let work): throw BlockedStep(step: task.step.label, obstacle: work.reason)
    }
  }

  /// The tokenizer of a step's model.
  ///
  /// - Throws: What reading its files throws.
  public func tokenizer(of use: ModelUse, for task: StepTask) throws -> Tokenizer {
    try models.tokenizer(use, for: task)
  }

  /// The sizes of a step's model, without loading its weights.
  ///
  /// - Throws: What reading its files throws.
  public func configuration(of use: ModelUse, for task: StepTask) throws -> DecoderConfiguration {
    try models.configuration(use, for: task)
  }

  /// A step's model, ready to compute.
  ///
  /// - Throws: What loading it throws.
  public func model(of use: ModelUse, for task: StepTask) throws -> LoadedModel {
    try models.model(use, for: task)
  }

  /// Where a step's model comes from, and what was trained over it, in order.
  ///
  /// - Throws: What reading its files throws.
  public func weights(of use: ModelUse, for task: StepTask) throws -> (files: ModelFiles, trained: [TrainedWeights]) {
    try models.parts(use, for: task)
  }
}
