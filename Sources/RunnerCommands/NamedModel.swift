// From a model's name on the command line to a model: a spec's, a GGUF file, or a Hugging Face folder.

import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import LanguageModel
import Planning
import Specification
import Steps
import Storage
import Tensors

/// A model with the turns it was named with.
struct NamedModel {
  let model: LoadedModel
  let format: ChatFormat
  let system: String?
  let digest: Digest?

  static func load(
    _ name: String, store: String, mirrors: [String], workers: Int
  ) async throws -> NamedModel {
    let (path, modelName) = split(name)
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
      return try await load(spec: path, model: modelName ?? "policy", store: store, mirrors: mirrors, workers: workers)
    }
    guard FileManager.default.fileExists(atPath: name) else {
      throw CommandError.unreadable(path: name, reason: "there is no such file")
    }
    let files = try ModelFiles.at(name)
    let model = try LoadedModel.load(files, arithmetic: .ordered, workers: workers)
    let digest: Digest? = if case .gguf = files { try FileDigest.digest(ofFile: name) } else { nil }
    let format: ChatFormat = ChatFormat.chatml.missingTokens(in: model.tokenizer).isEmpty ? .chatml : .raw
    return NamedModel(model: model, format: format, system: nil, digest: digest)
  }

  /// The policy that a spec trains, from the store.
  static func load(
    trained name: String, _ choice: PolicyChoice, storage: StoreOptions, workers: Int
  ) async throws -> NamedModel {
    guard name.hasSuffix(".yaml") || name.hasSuffix(".yml") else {
      throw CommandError.noModel(name, reason: "only a spec trains a policy")
    }
    var spec = SpecOptions()
    spec.specs = [name]
    spec.sets = []
    let found = try await StoredPolicy.find(spec, choice, storage: storage, workers: workers)
    let use = found.policy.use
    return NamedModel(
      model: try found.engine.model(of: use, for: found.task), format: use.chatFormat, system: use.system,
      digest: found.task.contents["adapter/\(use.adapters - 1)"])
  }

  /// `SPEC:NAME` in two, `SPEC` alone with no name.
  private static func split(_ name: String) -> (path: String, model: String?) {
    for ending in [".yaml:", ".yml:"] {
      guard let range = name.firstRange(of: ending) else { continue }
      return (String(name[..<name.index(before: range.upperBound)]), String(name[range.upperBound...]))
    }
    return (name, nil)
  }

  private static func load(
    spec: String, model name: String, store path: String, mirrors: [String], workers: Int
  ) async throws -> NamedModel {
    var options = SpecOptions()
    options.specs = [spec]
    options.sets = []
    let resolved = try Session.read(options)
    guard let experiment = resolved.first?.base ?? resolved.first?.cells.first?.experiment else {
      throw CommandError.noModel(spec, reason: "it has no experiment")
    }
    guard experiment.models[name] != nil else {
      throw CommandError.unknownName(what: "model", name: name, known: experiment.models.names)
    }
    var planner = Planner(context: Session.context())
    let (use, step) = try planner.planModel(name, of: experiment)
    let store = try Store.telling(at: path, mode: .create)
    let engine = StepEngine(workers: workers, batch: 1, mirrors: mirrors, scratch: store.scratchFolder)
    let preparation = Preparation(graph: planner.steps, store: store, engine: engine)
    let task = try await preparation.task(for: step, needing: use.inputNames)
    let model = try preparation.reading(use, of: step) { try engine.model(of: use, for: task) }
    return NamedModel(model: model, format: use.chatFormat, system: use.system, digest: task.contents["model"])
  }
}
