// The readers of models, adapters and trainings.

import JSON
import LanguageModel
import Objectives
import Steps
import Tensors
import Training

enum ModelFuzz {
  /// Text with what tokenizers treat in ways of their own.
  private static let text = "It’s 10 o'clock\n\n  in “Zürich” 🙂 A\u{30A}"

  /// Numbers that are read of a tensor at most: the sizes are proved, and what is read is the same code everywhere.
  private static let most = 1 << 16

  private static let configurationFile = Array(
    """
    {"model_type": "llama", "hidden_size": 4, "num_attention_heads": 2, "num_key_value_heads": 1,
     "num_hidden_layers": 1, "intermediate_size": 2, "max_position_embeddings": 8, "vocab_size": 3,
     "tie_word_embeddings": true, "bos_token_id": 0, "eos_token_id": 1}
    """.utf8)
  private static let adapterFile = Array(#"{"peft_type": "LORA", "r": 1, "lora_alpha": 2}"#.utf8)

  private static func folder(_ files: [String: [UInt8]]) -> HuggingFaceFolder {
    let all = ["config.json": configurationFile].merging(files) { $1 }
    return HuggingFaceFolder(
      files: Dictionary(uniqueKeysWithValues: all.map { ($0, ModelBytes($1, name: $0)) }), name: "fuzz")
  }

  /// Reads every tensor that a model asks for, as long as it is small.
  private static func read(_ weights: any WeightSource) throws {
    for name in weights.configuration.tensorNames {
      let shape = name.shape(weights.configuration)
      guard shape.rows * shape.columns <= most else { continue }
      var numbers = [Float](repeating: 0, count: shape.rows * shape.columns)
      try numbers.withUnsafeMutableBufferPointer { try weights.fill(name, rows: 0..<shape.rows, into: $0) }
    }
  }

  static func gguf(_ bytes: [UInt8]) throws {
    let file = try GGUFFile(ModelBytes(bytes, name: "fuzz"))
    if let tokenizer = try? Tokenizer(file) { _ = tokenizer.encode(text) }
    try read(try GGUFWeights(file))
  }

  static func safetensors(_ bytes: [UInt8]) throws {
    let file = ModelBytes(bytes, name: "model.safetensors")
    _ = try SafetensorsFile(file)
    let weights = try? SafetensorsWeights(folder(["model.safetensors": bytes]))
    if let weights { try read(weights) }
    let base = try RandomWeights(HuggingFaceFolder.sizes(folder([:])), seed: 1)
    if let trained = try? TrainedWeights(file), let laid = try? LaidOverWeights(base, trained) { try read(laid) }
    let adapter = try AdapterImport(options: ModelBytes(adapterFile, name: "adapter_config.json"), weights: file)
    let trained = try TrainedWeights(
      ModelBytes(try adapter.trainedWeights(over: base.configuration), name: "imported"))
    try read(try LaidOverWeights(base, trained))
  }

  static func tokenizer(_ bytes: [UInt8]) throws {
    _ = try Tokenizer(folder(["tokenizer.json": bytes])).encode(text)
  }

  static func configuration(_ bytes: [UInt8]) throws {
    let folder = folder(["config.json": bytes])
    let configuration = try HuggingFaceFolder.sizes(folder)
    precondition(configuration.tensorNames.count > 10)
  }

  static func adapter(_ bytes: [UInt8]) throws {
    let empty: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)
    let adapter = try AdapterImport(
      options: ModelBytes(bytes, name: "adapter_config.json"), weights: ModelBytes(empty, name: "adapter"))
    _ = try adapter.trainedWeights(over: HuggingFaceFolder.sizes(folder([:])))
  }

  /// A checkpoint of a training: where it fits, the training goes on from it.
  static func training(_ bytes: [UInt8]) throws {
    let part = TrainingCheckpoint(bytes: bytes)?.training ?? bytes
    // To make a trainer takes far longer than to see that these are no tensors.
    _ = try SafetensorsFile(ModelBytes(part, name: "checkpoint"))
    let trainer = try trainer()
    guard trainer.resume(from: part) != nil else { return }
    _ = try trainer.run { _ in false }
  }

  private static func trainer() throws -> Trainer {
    let configuration = DecoderConfiguration(
      blocks: 1, width: 4, feedForward: 2, heads: 2, keyValueHeads: 1, headSize: 2, context: 8, vocabulary: 3,
      ropeBase: 100, normEpsilon: 1e-5, ropeStyle: .halfSplit, tied: true, qkvBias: false)
    let base = try Decoder(source: RandomWeights(configuration, seed: 3), arithmetic: .ordered, workers: 1)
    let part = TrainedPart.lowRank(LowRank(rank: 1, scale: 2, targets: [.attentionQuery]))
    let request = ScoreRequest(tokens: [0, 1, 2].map { TokenID($0) }, from: 1)
    let response = TrainingResponse(request: request, reference: [-1, -1])
    return Trainer(
      try Trainee(base, part, workers: 1),
      examples: (0..<3).map { _ in TrainingExample(.none, responses: [response]) },
      options: TrainingOptions(
        objective: SupervisedFineTuning(labelSmoothing: 0), batch: 1, epochs: 1, learningRate: 0.01, shape: .constant,
        warmup: .steps(1), adamW: AdamWOptions(beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0), clip: 1,
        seed: 1))
  }
}

extension HuggingFaceFolder {
  /// The sizes that a folder's configuration says.
  fileprivate static func sizes(_ folder: HuggingFaceFolder) throws -> DecoderConfiguration {
    try ModelFiles.folder(folder).configuration()
  }
}
