// How much memory steps will take, and what trainings will store, from the sizes of models, before any of them runs.
// Only what is stored is looked at, and of weights only their header.

public import Digests
import LanguageModel
public import Planning
import Records
import Specification
public import Storage
import Synchronization
import Training

/// Foretells the memory of steps that use a model.
public final class MemoryForecast: Sendable {
  /// Headers with large vocabularies take some megabytes.
  private static let headerByteCount = 32 << 20
  private static let bytesPerNumber = 4

  /// What the program itself takes, with what its threads and the allocator keep at hand: little beside a model, and so counted
  /// with each step.
  private static let programByteCount = 32 << 20
  /// What a byte of records and scores takes once it is read: the text, its values and what is made of them.
  private static let bytesPerByteRead = 4

  private let store: Store
  private let workers: Int
  private let batch: Int
  private let known = Mutex<[String: DecoderConfiguration?]>([:])
  private let rankings = Mutex<[Digest: [Ranking]?]>([:])

  /// Looks into a store, for `workers` threads and generations of at most `batch` sequences at once.
  public init(_ store: Store, workers: Int, batch: Int = 128) {
    self.store = store
    self.workers = workers
    self.batch = batch
  }

  /// The most bytes that the program takes while it computes a planned step; nil if that is not known yet, or it uses no model.
  public func bytes(of planned: PlannedStep) -> Int? {
    bytes(of: planned.step, contents: planned.modelFiles.mapValues(\.digest))
  }

  /// The most bytes that the program takes while it computes a step; nil if its model is not stored, or it uses none.
  ///
  /// For a training the bound follows from the longest of its examples; while they are not stored, from its `max-length`,
  /// and without one, or where examples are rankings of unknown length, nothing is foretold. For a generation it is the weights
  /// with the most keys and values that are kept at once, for other steps the weights alone.
  ///
  /// - Parameters:
  ///   - step: The step.
  ///   - contents: The digests of its inputs, as far as they are known; of a training, `examples/counts` too.
  /// - Returns: The bytes.
  public func bytes(of step: Step, contents: [String: Digest]) -> Int? {
    guard let use = step.work.modelUse, let configuration = configuration(use, contents) else { return nil }
    let program = Self.programByteCount + keptFile(use, contents)
    let weights = program + Self.bytesPerNumber * configuration.weightCount
    switch step.work {
    case .train(let work):
      return load(of: work, configuration, contents).map {
        program + Trainee.bytes(configuration, work.hyperparameters.trainedPart, $0)
          + Self.bytesPerByteRead * read(contents)
      }
    case .generate: return weights + Decoder.mostCacheBytes(configuration, batch: batch)
    default: return weights
    }
  }

  /// The bytes that a training stores, before compression: what it trained, at its end and wherever else weights are kept, and
  /// the optimizer's two moments if a next round needs them.
  ///
  /// - Parameter planned: A step.
  /// - Returns: The bytes; nil if its model is not stored, or it is no training.
  public func storedBytes(of planned: PlannedStep) -> Int? {
    guard case .train(let work) = planned.step.work,
      let configuration = configuration(work.model, planned.modelFiles.mapValues(\.digest))
    else { return nil }
    let sets = 1 + work.checkpoints.count + (work.keepsOptimizer ? 2 : 0)
    return Self.bytesPerNumber * configuration.trainedCount(work.hyperparameters.trainedPart) * sets
  }

  /// The bytes of a model file that is kept beside its weights.
  private func keptFile(_ use: ModelUse, _ contents: [String: Digest]) -> Int {
    guard case .gguf = use.source, let size = contents["model"].flatMap(store.size(of:)) else { return 0 }
    return size <= ModelCache.mostKeptByteCount ? size : 0
  }

  /// What a training runs at once; nil if that depends on examples which are not stored.
  private func load(
    of work: TrainWork, _ configuration: DecoderConfiguration, _ contents: [String: Digest]
  ) -> TrainingLoad? {
    let counts = contents["examples/counts"].flatMap { try? store.read($0) }
    let counted = counts.flatMap { try? FeedbackCounts(reading: $0) }?.longest
    guard let most = counted ?? work.hyperparameters.maxLength else { return nil }
    let longest = min(most, configuration.context)
    guard let example = rows(ofExample: work, longest: longest, contents) else { return nil }
    let rows = max(TrainingOptions.usualRowsInUnit, example)
    var usesPartners = false
    if case .kto = work.objective { usesPartners = true }
    return TrainingLoad(
      rows: rows, headRows: rows, stepRows: work.hyperparameters.batch * example, longest: longest, workers: workers,
      scores: usesPartners, kept: work.checkpoints.count)
  }

  /// The rows of the largest example: a pair's responses, a response behind two prompts, or all responses of a ranking.
  private func rows(ofExample work: TrainWork, longest: Int, _ contents: [String: Digest]) -> Int? {
    switch work.objective {
    case .hir(let hir) where hir.form == .paper && hir.contrast > 0: work.hyperparameters.batch * longest
    case .rrhf, .pro, .clha, .bradleyTerry:
      contents["examples"].flatMap(rankings(in:))?.map { $0.rows(longest: longest) }.max()
    default: 2 * longest
    }
  }

  /// How long the responses of an example are.
  private struct Ranking {
    /// The characters that end a turn are no more, even where each is a token.
    private static let endByteCount = 16
    let count: Int
    let byteCount: Int

    init(_ item: FeedbackItem) {
      count = item.responses.count
      byteCount = item.responses.reduce(0) { $0 + $1.text.utf8.count + Self.endByteCount }
    }

    /// At most so many rows: the prompt runs once, and a token has a byte at least.
    func rows(longest: Int) -> Int { min(count * longest, longest + byteCount) }
  }

  /// The responses of each example; nil if they are not stored.
  private func rankings(in examples: Digest) -> [Ranking]? {
    if let found = rankings.withLock({ $0[examples] }) { return found }
    let records = (try? store.read(examples)).flatMap {
      try? RecordFile.records(FeedbackRecord.self, from: $0, file: "examples")
    }
    let found = records.map { $0.flatMap { $0.items.map(Ranking.init) } }
    rankings.withLock { $0[examples] = found }
    return found
  }

  /// The bytes of the records and scores that a training reads, as far as they are stored.
  private func read(_ contents: [String: Digest]) -> Int {
    TrainWork.recordInputs.reduce(0) { sum, name in sum + (contents[name].flatMap(store.size) ?? 0) }
  }

  private func configuration(_ use: ModelUse, _ contents: [String: Digest]) -> DecoderConfiguration? {
    let files = use.inputNames.compactMap { name in contents[name].map { "\(name) \($0.hex)" } }
    let key = "\(use.source) " + files.joined(separator: " ")
    if let found = known.withLock({ $0[key] }) { return found }
    let found = try? read(use, contents)
    known.withLock { $0[key] = found }
    return found
  }

  /// Nothing that is wrong with a file is told here: the step that reads it will.
  private func read(_ use: ModelUse, _ contents: [String: Digest]) throws -> DecoderConfiguration? {
    switch use.source {
    case .gguf:
      guard let file = contents["model"], let size = store.size(of: file) else { return nil }
      let header = try store.beginning(of: file, count: Self.headerByteCount)
      return try GGUFWeights(GGUFFile(ModelBytes(header, name: use.displayName), size: size)).configuration
    case .folder:
      guard let file = contents["model/config.json"] else { return nil }
      let json = ModelBytes(try store.read(file), name: "config.json")
      return try ModelFiles.folder(HuggingFaceFolder(files: ["config.json": json], name: use.displayName))
        .configuration()
    case .random(let sizes): return ModelCache.configuration(sizes)
    }
  }
}
