// Where in a spec the leaves of a step's options stand, so that a reason can point at a line.
// Knows nothing of steps' inputs or of keys.

import Specification

extension CellPlanner {
  /// A list of texts: its elements, and its length where the list begins.
  static func paths(_ leaf: String, count: Int, at path: String) -> [String: String] {
    var paths = ["\(leaf)/count": path]
    for index in 0..<count { paths["\(leaf)/\(index)"] = "\(path)/\(index)" }
    return paths
  }

  /// A data set's verifier.
  func verifierPaths(of part: DataPart) -> [String: String] {
    guard let verifier = part.dataset.answer?.verifier else { return [:] }
    let path = "datasets/\(part.name.escapedKey)/answer/verifier"
    var paths = ["verifier": path]
    switch verifier {
    case .exact(let exact), .contains(let exact):
      let kind = if case .exact = verifier { "exact" } else { "contains" }
      paths.merge(Self.paths("verifier/ignore", count: exact.ignore.count, at: "\(path)/\(kind)/ignore")) { $1 }
    case .number:
      for option in ["tolerance", "words"] { paths["verifier/\(option)"] = "\(path)/number/\(option)" }
    case .regex: paths["verifier/pattern"] = "\(path)/regex/pattern"
    case .format:
      for option in ["min-words", "max-words", "max-lines", "starts-with", "ends-with", "json"] {
        paths["verifier/\(option)"] = "\(path)/format/\(option)"
      }
    case .choice, .sortedWords, .multiset: break
    }
    return paths
  }

  /// How a model writes.
  static func decodingPaths(_ decoding: Decoding, at path: String) -> [String: String] {
    var paths = paths("stop", count: decoding.stop.count, at: "\(path)/stop")
    for option in ["samples", "distinct", "temperature", "top-p", "top-k", "max-new-tokens"] {
      paths[option] = "\(path)/\(option)"
    }
    paths["seed"] = "seeds/values"
    return paths
  }

  /// What training minimizes, and how.
  func trainingPaths() -> [String: String] {
    guard let training = experiment.training else { return [:] }
    var paths = modelPaths("policy")
    paths["objective"] = "objective"
    let objective = "objective/\(training.objective.name)"
    for option in ["beta", "label-smoothing", "desirable-weight", "undesirable-weight", "partner"] {
      paths["objective/\(option)"] = "\(objective)/\(option)"
    }
    let path = "hyperparameters"
    paths["adapter"] = "\(path)/adapter"
    for option in ["rank", "alpha", "scaling", "dropout"] {
      paths["adapter/\(option)"] = "\(path)/adapter/lora/\(option)"
    }
    if case .lora(let lora) = training.hyperparameters.adapter {
      paths.merge(
        Self.paths("adapter/targets", count: lora.targets.count, at: "\(path)/adapter/lora/targets")
      ) { $1 }
    }
    paths["optimizer"] = "\(path)/optimizer"
    for option in ["learning-rate", "beta-1", "beta-2", "epsilon", "weight-decay"] {
      paths["optimizer/\(option)"] = "\(path)/optimizer/adamw/\(option)"
    }
    paths.merge(schedulePaths(training.hyperparameters.schedule, at: "\(path)/schedule")) { $1 }
    paths["batch"] = "\(path)/batch/examples"
    paths["batch/group"] = "\(path)/batch/group"
    for option in ["epochs", "clip"] { paths[option] = "\(path)/\(option)" }
    paths["seed"] = "seeds/values"
    return paths
  }

  private func schedulePaths(_ schedule: Schedule, at path: String) -> [String: String] {
    let kind =
      switch schedule {
      case .constant: "constant"
      case .linear: "linear"
      case .cosine: "cosine"
      }
    return [
      "schedule": path, "schedule/floor": "\(path)/\(kind)/floor",
      "schedule/warmup/steps": "\(path)/\(kind)/warmup/steps",
      "schedule/warmup/fraction": "\(path)/\(kind)/warmup/fraction",
    ]
  }

  /// The weights of the parts of the data, as the spec writes their names.
  func mixturePaths(_ data: DataSelection) -> [String: String] {
    var paths = ["weights/count": "data"]
    for (index, part) in data.parts.enumerated() {
      let names = [part.reference.text, part.reference.dataset].map { "data/mixture/\($0.escapedKey)" }
      paths["weights/\(index)"] = names.first { experiment.place(of: $0) != nil } ?? "data"
    }
    return paths
  }
}
