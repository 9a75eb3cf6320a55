// Loads models for steps and keeps the last one: consecutive steps mostly share it, and two may not fit in memory.

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

  init(workers: Int) {
    self.workers = workers
  }

  /// The model of a step.
  ///
  /// - Throws: ``DamagedInput`` if the weights are not what their name says, or the reader's error.
  func model(_ use: ModelUse, for task: StepTask) throws -> LoadedModel {
    let key = Self.key(use, task)
    if let (held, model) = last.withLock({ $0 }), held == key { return model }
    // Let go of the old weights before the new ones come.
    last.withLock { $0 = nil }
    let model = try load(use, task)
    try use.check(model.tokenizer, step: task.step.label)
    last.withLock { $0 = (key, model) }
    return model
  }

  private static func key(_ use: ModelUse, _ task: StepTask) -> Digest {
    var manifest = Manifest()
    manifest.set("arithmetic", .text(use.arithmetic.rawValue))
    for name in use.inputNames { if let digest = task.contents[name] { manifest.set(name, .digest(digest)) } }
    if case .random(let sizes) = use.source { manifest.set("random", .text("\(sizes)")) }
    return manifest.key
  }

  private func load(_ use: ModelUse, _ task: StepTask) throws -> LoadedModel {
    let arithmetic = use.arithmetic.engine
    switch use.source {
    case .gguf:
      return try LoadedModel.load(
        gguf: task.input("model"), name: task.step.label, arithmetic: arithmetic, workers: workers)
    case .folder(let names):
      var files: [String: [UInt8]] = [:]
      for name in names { files[name] = try task.input("model/\(name)") }
      return try LoadedModel.load(files: files, name: task.step.label, arithmetic: arithmetic, workers: workers)
    case .random(let sizes):
      return try LoadedModel.random(
        RandomModelSizes(
          layers: sizes.layers, width: sizes.width, heads: sizes.heads, keyValueHeads: sizes.keyValueHeads,
          feedForward: sizes.feedForward, context: sizes.context, seed: UInt64(bitPattern: Int64(sizes.seed))),
        arithmetic: arithmetic, workers: workers)
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
