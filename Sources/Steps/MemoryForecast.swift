// How much memory steps will take, from the sizes of their models, before any of them runs.
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

  private let store: Store
  private let batch: Int
  private let known = Mutex<[String: DecoderConfiguration?]>([:])

  /// Looks into a store, for generations of at most `batch` sequences at once.
  public init(_ store: Store, batch: Int = 128) {
    self.store = store
    self.batch = batch
  }

  /// The most bytes that a planned step takes beside the program itself; nil if that is not known yet, or it uses no model.
  public func bytes(of planned: PlannedStep) -> Int? {
    bytes(of: planned.step, contents: planned.modelFiles.mapValues(\.digest))
  }

  /// The most bytes that a step takes beside the program itself; nil if its model is not stored, or it uses none.
  ///
  /// For a training the bound follows from the longest of its examples; while they are not stored, from its `max-length`,
  /// and without one nothing is foretold. For a generation it is the weights with the most keys and values that are kept at
  /// once, for other steps the weights alone.
  ///
  /// - Parameters:
  ///   - step: The step.
  ///   - contents: The digests of its inputs, as far as they are known; of a training, `examples/counts` too.
  /// - Returns: The bytes.
  public func bytes(of step: Step, contents: [String: Digest]) -> Int? {
    guard let use = step.work.modelUse, let configuration = configuration(use, contents) else { return nil }
    let weights = Self.bytesPerNumber * configuration.weightCount
    switch step.work {
    case .train(let work):
      let counts = contents["examples/counts"].flatMap { try? store.read($0) }
      let longest = counts.flatMap { try? FeedbackCounts(reading: $0) }?.longest
      return (longest ?? work.hyperparameters.maxLength).map { Self.bytes(of: work, configuration, longest: $0) }
    case .generate: return weights + Decoder.mostCacheBytes(configuration, batch: batch)
    default: return weights
    }
  }

  private static func bytes(of work: TrainWork, _ configuration: DecoderConfiguration, longest: Int) -> Int {
    let longest = min(longest, configuration.context)
    let rows = max(TrainingOptions.usualRowsInUnit, sequences(of: work) * longest)
    return Trainee.bytes(
      configuration, work.hyperparameters.trainedPart, rows: rows, headRows: rows, kept: work.checkpoints.count)
  }

  /// How many sequences of an example stand side by side: a pair's responses, or a response behind two prompts.
  private static func sequences(of work: TrainWork) -> Int {
    if case .hir(let hir) = work.objective, hir.form == .paper, hir.contrast > 0 {
      return work.hyperparameters.batch
    }
    return 2
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
