// Twenty optimizer steps as PyTorch made them, read from the folder Fixtures: where they began, what they saw, how they went.
// Tests/References/training.py wrote them and says how. Knows nothing of what is compared.

import JSON
import LanguageModel
import Testing

/// The runs on one tiny model.
struct TrainingFixture {
  /// A pair with the two partners of KTO; every response stands after the pair's prompt.
  struct Pair {
    var prompt: [Int]
    var chosen: Response
    var rejected: Response
    /// Responses of other prompts: beside the chosen one, beside the rejected one.
    var partners: [Response]
  }

  /// Token ids, and their natural log-probabilities under the start weights.
  struct Response {
    var tokens: [Int]
    var reference: [Double]
  }

  /// A training.
  struct Run: CustomStringConvertible {
    /// As in "apo-zero-full".
    var name: String
    /// As a spec names it: sft, dpo, kto, apo-zero, apo-down, apo-zero-unpaired.
    var objective: String
    /// beta, label-smoothing, desirable-weight, undesirable-weight: those that the objective has.
    var constants: [String: Double]
    /// Whether adapters are trained, or every tensor.
    var lora: Bool
    /// The share of adapters' inputs that is dropped, and the seed of the masks; example numbers are those of the pairs.
    var dropout: Double
    var seed: UInt64
    /// The highest learning rate.
    var learningRate: Double
    var steps: [Step]
    var description: String { name }
  }

  /// One optimizer step.
  struct Step {
    /// Numbers of its pairs.
    var pairs: [Int]
    var loss: Double
    var learningRate: Double
    /// The length of the whole gradient before clipping.
    var gradientNorm: Double
    /// KTO's reference point; 0 for others.
    var referencePoint: Double
  }

  /// The folder: config.json and model.safetensors make it a Hugging Face folder.
  let path: String
  let weights: SafetensorsWeights
  let rank: Int
  let alpha: Double
  /// Steps until the learning rate is highest; then straight down to 0 at the end.
  let warmup: Int
  /// The longest gradient that is not shortened.
  let clip: Double
  let beta1: Double
  let beta2: Double
  let epsilon: Double
  /// Of every trained matrix; gains and biases do not decay.
  let weightDecay: Double
  let pairs: [Pair]
  let runs: [Run]

  var configuration: DecoderConfiguration { weights.configuration }

  /// The models that were trained.
  static let names = ["llama-tied", "qwen2-untied"]

  init(_ name: String, here: String = #filePath) throws {
    let folder = here.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    path = "\(folder)/Fixtures/\(name)"
    weights = try SafetensorsWeights(HuggingFaceFolder(path: path))
    let bytes = try ModelBytes(path: "\(path)/training.json")
    let file = try JSONValue(parsing: bytes.withUnsafeBytes { Array($0) })
    let optimizer = try file.member("optimizer")
    rank = try file.integer("rank")
    alpha = try file.number("alpha")
    warmup = try file.integer("warmup")
    clip = try file.number("clip")
    beta1 = try optimizer.number("beta-1")
    beta2 = try optimizer.number("beta-2")
    epsilon = try optimizer.number("epsilon")
    weightDecay = try optimizer.number("weight-decay")
    pairs = try file.list("pairs").map(Pair.init)
    runs = try file.list("runs").map(Run.init)
  }

  /// The run of that name.
  func run(_ name: String) throws -> Run { try #require(runs.first { $0.name == name }, "no run \(name)") }

  /// The matrices that every LoRA run starts from: a [rank × inputs] drawn, b [outputs × rank] zero.
  func startAdapter() throws -> [TensorName: (a: [Double], b: [Double])] {
    try adapter(try FixtureTensors(path: "\(path)/adapter.safetensors"))
  }

  /// The matrices that a LoRA run ends with.
  func finalAdapter(_ run: Run) throws -> [TensorName: (a: [Double], b: [Double])] { try adapter(try tensors(run)) }

  /// The tensors that a full run ends with.
  func finalTensors(_ run: Run) throws -> [TensorName: [Double]] {
    let file = try tensors(run)
    let names = configuration.tensorNames
    return try Dictionary(
      uniqueKeysWithValues: names.map {
        ($0, try file.doubles("\(FixtureTensors.module($0))\(FixtureTensors.kind($0))"))
      })
  }

  private func tensors(_ run: Run) throws -> FixtureTensors {
    try FixtureTensors(path: "\(path)/\(run.name).safetensors")
  }

  private func adapter(_ file: FixtureTensors) throws -> [TensorName: (a: [Double], b: [Double])] {
    let names = configuration.tensorNames.filter(FixtureTensors.isAdapted)
    return try Dictionary(
      uniqueKeysWithValues: names.map { name in
        let module = "base_model.model.\(FixtureTensors.module(name))"
        return (name, (try file.doubles("\(module).lora_A.weight"), try file.doubles("\(module).lora_B.weight")))
      })
  }
}

extension TrainingFixture.Pair {
  fileprivate init(_ value: JSONValue) throws {
    let (partners, reference) = (try value.member("partners"), try value.member("reference"))
    func response(_ tokens: JSONValue, _ side: String, _ scores: String) throws -> TrainingFixture.Response {
      TrainingFixture.Response(tokens: try tokens.integers(side), reference: try reference.numbers(scores))
    }
    prompt = try value.integers("prompt")
    chosen = try response(value, "chosen", "chosen")
    rejected = try response(value, "rejected", "rejected")
    self.partners = [
      try response(partners, "chosen", "partner-of-chosen"), try response(partners, "rejected", "partner-of-rejected"),
    ]
  }
}

extension TrainingFixture.Run {
  fileprivate init(_ value: JSONValue) throws {
    let names = ["beta", "label-smoothing", "desirable-weight", "undesirable-weight"]
    name = try value.text("name")
    objective = try value.text("objective")
    constants = Dictionary(
      uniqueKeysWithValues: names.compactMap { name in value[name]?.doubleValue.map { (name, $0) } })
    lora = try value.text("adapter") == "lora"
    dropout = value["dropout"]?.doubleValue ?? 0
    seed = UInt64(value["seed"]?.integerValue ?? 1)
    learningRate = try value.number("learning-rate")
    steps = try value.list("steps").map { step in
      TrainingFixture.Step(
        pairs: try step.integers("pairs"), loss: try step.number("loss"),
        learningRate: try step.number("learning-rate"),
        gradientNorm: try step.number("gradient-norm"), referencePoint: try step.number("reference-point"))
    }
  }
}

extension JSONValue {
  fileprivate func member(_ name: String) throws -> JSONValue {
    try #require(self[name], "the fixture lacks \"\(name)\"")
  }
  fileprivate func list(_ name: String) throws -> [JSONValue] { try #require(try member(name).arrayValue) }
  fileprivate func text(_ name: String) throws -> String { try #require(try member(name).stringValue) }
  fileprivate func integer(_ name: String) throws -> Int { try #require(try member(name).integerValue) }
  fileprivate func number(_ name: String) throws -> Double { try #require(try member(name).doubleValue) }
  fileprivate func integers(_ name: String) throws -> [Int] { try list(name).map { try #require($0.integerValue) } }
  fileprivate func numbers(_ name: String) throws -> [Double] { try list(name).map { try #require($0.doubleValue) } }
}
