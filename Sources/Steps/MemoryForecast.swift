// How much memory steps will take, from the sizes of their models, before any of them runs.
// Only what is stored is looked at, and of weights only their header.

import Digests
import LanguageModel
public import Planning
import Specification
public import Storage
import Training

/// Foretells the memory of steps that use a model.
public final class MemoryForecast {
  /// Headers with large vocabularies take some megabytes.
  private static let headerByteCount = 32 << 20
  private static let bytesPerNumber = 4

  private let store: Store
  private var known: [String: DecoderConfiguration?] = [:]

  /// Looks into a store.
  public init(_ store: Store) {
    self.store = store
  }

  /// The most bytes that a step takes beside the program itself; nil if its model is not stored, or it uses none.
  ///
  /// For a training the bound holds for examples of up to `TrainingOptions.usualRowsInUnit` tokens, or twice its
  /// `max-length` if that is more. For other steps it is the weights alone.
  public func bytes(of planned: PlannedStep) -> Int? {
    guard let use = planned.step.work.modelUse, let configuration = configuration(use, planned) else { return nil }
    guard case .train(let work) = planned.step.work else { return Self.bytesPerNumber * configuration.weightCount }
    // A pair's responses stand side by side behind its prompt.
    let longest = min(work.hyperparameters.maxLength ?? 0, configuration.context)
    let rows = max(TrainingOptions.usualRowsInUnit, 2 * longest)
    return Trainee.bytes(
      configuration, work.hyperparameters.trainedPart, rows: rows, headRows: rows, kept: work.checkpoints.count)
  }

  private func configuration(_ use: ModelUse, _ planned: PlannedStep) -> DecoderConfiguration? {
    let key = "\(use.source) " + planned.modelFiles.sorted { $0.key < $1.key }.map(\.value.digest.hex).joined()
    if let found = known[key] { return found }
    let found = try? read(use, planned)
    known[key] = found
    return found
  }

  /// Nothing that is wrong with a file is told here: the step that reads it will.
  private func read(_ use: ModelUse, _ planned: PlannedStep) throws -> DecoderConfiguration? {
    switch use.source {
    case .gguf:
      guard let file = planned.modelFiles["model"] else { return nil }
      let header = try store.beginning(of: file.digest, count: Self.headerByteCount)
      return try GGUFWeights(
        GGUFFile(ModelBytes(header, name: use.displayName), size: file.byteCount)
      ).configuration
    case .folder:
      guard let file = planned.modelFiles["model/config.json"] else { return nil }
      let json = ModelBytes(try store.read(file.digest), name: "config.json")
      return try ModelFiles.folder(HuggingFaceFolder(files: ["config.json": json], name: use.displayName))
        .configuration()
    case .random(let sizes): return ModelCache.configuration(sizes)
    }
  }
}

@available(*, unavailable)
extension MemoryForecast: Sendable {}
