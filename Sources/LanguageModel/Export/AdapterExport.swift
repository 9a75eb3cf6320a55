// What a training laid over a model as a folder that PEFT loads: adapter_config.json and adapter_model.safetensors.
// Knows PEFT's words; AdapterImport reads the same back.

import JSON

/// What is known of a trained adapter beside its numbers.
public struct AdapterOptions: Hashable, Sendable {
  /// The base model as PEFT should look for it: a folder, or a repository on the hub.
  public var base: String
  /// What B · A is multiplied by, times the rank or, where it is stabilized, the rank's square root.
  public var alpha: Double
  /// Whether alpha is divided by the rank's square root (PEFT's `use_rslora`).
  public var stabilized: Bool
  /// The share of inputs that were dropped in training; 0...1.
  public var dropout: Double

  /// Makes options.
  public init(base: String, alpha: Double, dropout: Double, stabilized: Bool = false) {
    self.base = base
    self.alpha = alpha
    self.stabilized = stabilized
    self.dropout = dropout
  }
}

extension ModelExport {
  /// The files of a PEFT adapter.
  ///
  /// - Parameters:
  ///   - trained: Adapters; a result of full fine-tuning has none.
  ///   - configuration: The sizes of the model under them.
  ///   - options: What else PEFT wants to know.
  /// - Returns: adapter_config.json and adapter_model.safetensors, with the rows of B in Transformers' order.
  /// - Throws: ``ModelFileError`` if the adapters do not fit the sizes.
  public static func adapter(
    _ trained: TrainedWeights, over configuration: DecoderConfiguration, _ options: AdapterOptions
  ) throws(ModelFileError) -> [ExportedFile] {
    try trained.check(configuration)
    var entries: [SafetensorsEntry] = []
    var targets: [String] = []
    for name in trained.adapted(configuration) {
      guard case .block(_, let tensor) = name, let target = tensor.adapterTarget,
        let adapter = try trained.adapter(name)
      else { continue }
      if !targets.contains(target) { targets.append(target) }
      let shape = name.shape(configuration)
      let b = adapter.b.turned(
        name, configuration, columns: trained.rank, from: RotaryOrder.adjacent(ofHalfSplit:headSize:))
      entries.append(.init(name.adapterName("A"), sizes: [trained.rank, shape.columns], numbers: adapter.a))
      entries.append(.init(name.adapterName("B"), sizes: [shape.rows, trained.rank], numbers: b))
    }
    return [
      ExportedFile("adapter_config.json", options.json(rank: trained.rank, targets: targets)),
      ExportedFile("adapter_model.safetensors", SafetensorsWriter.bytes(entries, metadata: ["format": "pt"])),
    ]
  }
}

extension AdapterOptions {
  fileprivate func json(rank: Int, targets: [String]) -> JSONValue {
    .members([
      "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": .string(base),
      "r": .integer(Int64(rank)), "lora_alpha": Int64(exactly: alpha).map { .integer($0) } ?? .number(alpha),
      "lora_dropout": .number(dropout), "target_modules": .array(targets.map { .string($0) }), "bias": "none",
      "fan_in_fan_out": .bool(false), "use_rslora": .bool(stabilized), "use_dora": .bool(false),
      "modules_to_save": .null,
      "init_lora_weights": .bool(true), "inference_mode": .bool(true),
    ])
  }
}

extension TensorName {
  /// PEFT's name of one half of the adapter over a tensor.
  func adapterName(_ half: String) -> String {
    let name = huggingFaceName
    return "base_model.model.\(name.dropLast(".weight".count)).lora_\(half).weight"
  }
}

extension [Float] {
  /// The rows of a matrix, in another rotary order if the model under it has the order of neighbors.
  ///
  /// - Parameters:
  ///   - name: The tensor whose rows these are.
  ///   - configuration: The sizes and the order of the model.
  ///   - columns: Numbers in a row.
  ///   - from: Where the row that comes to stand at a place stood before.
  /// - Returns: The same rows.
  func turned(
    _ name: TensorName, _ configuration: DecoderConfiguration, columns: Int, from: (Int, Int) -> Int
  ) -> [Float] {
    guard configuration.ropeStyle == .adjacent, name.isRotary else { return self }
    var turned: [Float] = []
    turned.reserveCapacity(count)
    for row in 0..<count / columns {
      let source = from(row, configuration.headSize)
      turned += self[source * columns..<(source + 1) * columns]
    }
    return turned
  }
}
