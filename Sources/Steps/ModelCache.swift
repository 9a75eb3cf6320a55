// Loads models for steps and keeps the last one: consecutive steps mostly share it, and two may not fit in memory.
// Steps that run at once and use the same model share it, with its threads; while one has these, another computes alone.

import Diagnostics
import Digests
import Execution
import LanguageModel
import Planning
import Specification
import Synchronization
import Tensors

/// The model that was loaded last.
final class ModelCache: Sendable {
  private let workers: Int
  private let last = Mutex<(key: Digest, model: LoadedModel)?>(nil)
  private let lastFile = Mutex<(key: Digest, bytes: ModelBytes)?>(nil)

  /// A GGUF file of at most so many bytes is kept for the next model that is made from it, which is every training of an
  /// experiment and every model that was trained: it is little beside the weights, and unpacking and hashing it is not
  /// beside a short step.
  static let mostKeptByteCount = 128 << 20

  init(workers: Int) {
    self.workers = workers
  }

  /// The model of a step.
  ///
  /// - Throws: ``DamagedInput`` if the weights are not what their name says, or the reader's error.
  func model(_ use: ModelUse, for task: StepTask) throws -> LoadedModel {
    let key = Self.key(use, task)
    // Who wants a model that is being loaded waits for it instead of loading it, too.
    return try last.withLock { last in
      if let (held, model) = last, held == key { return model }
      // Let go of the old weights before the new ones come.
      last = nil
      let model = try load(use, task)
      try use.check(model.tokenizer, step: task.step.label)
      last = (key, model)
      return model
    }
  }

  private static func key(_ use: ModelUse, _ task: StepTask) -> Digest {
    var manifest = Manifest()
    manifest.set("arithmetic", .text(use.arithmetic.rawValue))
    for name in use.inputNames { if let digest = task.contents[name] { manifest.set(name, .digest(digest)) } }
    if case .random(let sizes) = use.source { manifest.set("random", .text("\(sizes)")) }
    return manifest.key
  }

  private func load(_ use: ModelUse, _ task: StepTask) throws -> LoadedModel {
    try reading(use, task) {
      try LoadedModel.load(
        files(use, task), trained: results(of: use, task), arithmetic: use.arithmetic.engine, workers: workers)
    }
  }

  /// Where a step's model comes from, and what was trained over it, in order.
  func parts(_ use: ModelUse, for task: StepTask) throws -> (files: ModelFiles, trained: [TrainedWeights]) {
    try reading(use, task) { (try files(use, task), try results(of: use, task)) }
  }

  /// The step at which the last of a model's trainings diverged; nil if all went well.
  ///
  /// Asked before the model is loaded: whoever gets a step does without the model.
  func divergence(_ use: ModelUse, for task: StepTask) throws -> Int? {
    if use.adapters == 0 { return nil }
    return try reading(use, task) { try results(of: use, task).compactMap(\.divergedAt).last }
  }

  /// The tokenizer of a step's model, without loading its weights.
  func tokenizer(_ use: ModelUse, for task: StepTask) throws -> Tokenizer {
    try reading(use, task) { try files(use, task).tokenizer() }
  }

  /// The sizes of a step's model, without loading its weights.
  func configuration(_ use: ModelUse, for task: StepTask) throws -> DecoderConfiguration {
    try reading(use, task) { try files(use, task).configuration() }
  }

  /// Reads weights; what is wrong with them is told with the step that wanted them.
  private func reading<Value>(_ use: ModelUse, _ task: StepTask, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as ModelFileError {
      let file = use.inputNames.first { !$0.hasPrefix("adapter/") }
      throw WeightsError(step: task.step.label, input: file, error: error)
    }
  }

  private func results(of use: ModelUse, _ task: StepTask) throws -> [TrainedWeights] {
    try (0..<use.adapters).map { number in
      try TrainedWeights(
        ModelBytes(try task.input("adapter/\(number)"), name: "trained weights over \(use.displayName)"))
    }
  }

  private func files(_ use: ModelUse, _ task: StepTask) throws -> ModelFiles {
    switch use.source {
    case .gguf: return .gguf(try file(use, task))
    case .folder(let names):
      var files: [String: ModelBytes] = [:]
      for name in names { files[name] = ModelBytes(try task.input("model/\(name)"), name: name) }
      return .folder(HuggingFaceFolder(files: files, name: use.displayName))
    case .random(let sizes):
      return .random(Self.configuration(sizes), seed: UInt64(bitPattern: Int64(sizes.seed)))
    }
  }

  private func file(_ use: ModelUse, _ task: StepTask) throws -> ModelBytes {
    try lastFile.withLock { last in
      if let (held, bytes) = last, held == task.contents["model"], bytes.name == use.displayName { return bytes }
      last = nil
      let bytes = ModelBytes(try task.input("model"), name: use.displayName)
      if bytes.count <= Self.mostKeptByteCount, let digest = task.contents["model"] { last = (digest, bytes) }
      return bytes
    }
  }

  /// The sizes of a model with random weights.
  static func configuration(_ sizes: Specification.RandomWeights) -> DecoderConfiguration {
    DecoderConfiguration(
      blocks: sizes.layers, width: sizes.width, feedForward: sizes.feedForward, heads: sizes.heads,
      keyValueHeads: sizes.keyValueHeads, headSize: sizes.width / sizes.heads, context: sizes.context,
      vocabulary: Tokenizer.byteLevel.vocabularySize, ropeBase: 10_000, normEpsilon: 1e-5, ropeStyle: .adjacent,
      tied: true, qkvBias: false)
  }
}

/// Weights that a step cannot use.
struct WeightsError: InputFault {
  let step: String
  /// The input that holds the weights; nil for random ones.
  let input: String?
  let error: ModelFileError

  /// Weights without a file of their own are shown where the spec says what they are.
  var option: String? { "model/weights" }

  /// The reader's words, after the step that wanted the weights.
  var diagnoses: [Diagnosis] {
    error.diagnoses.map {
      Diagnosis(
        $0.code, "\(step): \($0.message)", place: $0.place, notes: $0.notes, remedy: $0.remedy, exit: $0.exit,
        severity: $0.severity)
    }
  }
}

extension Specification.ArithmeticClass {
  /// The engine's name for it.
  var engine: Tensors.ArithmeticClass {
    switch self {
    case .ordered: .ordered
    case .openblas: .openblas
    }
  }
}
