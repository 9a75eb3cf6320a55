// An adapter that PEFT wrote, in the form in which results of trainings are kept.
// Knows PEFT's words; what would change the results and is not computed here is refused by name.

import JSON

/// A PEFT adapter: its options and its tensors.
public struct AdapterImport: Sendable {
  private let options: JSONFile
  private let weights: SafetensorsFile
  private let rank: Int
  private let scale: Float
  /// The modules that it says to be laid over, by their names or the ends of these; nil: it does not list them.
  private let targets: [String]?
  /// The blocks that it says to be laid over; nil: all.
  private let layers: [Int]?

  /// Reads the options and the header of the weights.
  ///
  /// - Parameters:
  ///   - options: adapter_config.json.
  ///   - weights: adapter_model.safetensors.
  /// - Throws: ``ModelFileError`` for files that are no LoRA adapter, or one with parts that are not computed here.
  public init(options: ModelBytes, weights: ModelBytes) throws(ModelFileError) {
    let file = try JSONFile(options)
    self.options = file
    self.weights = try SafetensorsFile(weights)
    try Self.refuseUncomputed(file)
    rank = try file.integer("r", in: 1...(1 << 16))
    guard let alpha = file["lora_alpha"] else { throw file.error(.missingKey("lora_alpha")) }
    guard let number = alpha.doubleValue, number > 0 else { throw file.wrong("lora_alpha", "a number over 0", alpha) }
    // Beyond these, a Float of the scale is infinite, or too small to be kept exactly.
    guard (1e-30...1e30).contains(number) else { throw file.wrong("lora_alpha", "a number from 1e-30 to 1e30", alpha) }
    var isStabilized = false
    if let value = file["use_rslora"], value != .null {
      guard let told = value.boolValue else { throw file.wrong("use_rslora", "true or false", value) }
      isStabilized = told
    }
    targets = try Self.names(file, "target_modules")
    layers = try Self.layers(file)
    scale = Float(number / (isStabilized ? Double(rank).squareRoot() : Double(rank)))
  }

  /// The adapter as trained weights over a model.
  ///
  /// - Parameter configuration: The model under it.
  /// - Returns: A file for ``TrainedWeights``; the same bytes for the same files.
  /// - Throws: ``ModelFileError`` if the adapter does not fit the model.
  public func trainedWeights(over configuration: DecoderConfiguration) throws(ModelFileError) -> [UInt8] {
    var left: [String: SafetensorsTensor] = [:]
    for tensor in weights.tensors { left[tensor.name] = tensor }
    var entries: [SafetensorsEntry] = []
    for name in configuration.tensorNames {
      guard case .block(_, let tensor) = name, tensor.adapterTarget != nil else { continue }
      let a = left.removeValue(forKey: name.adapterName("A"))
      let b = left.removeValue(forKey: name.adapterName("B"))
      try check(name, isThere: a != nil || b != nil)
      if a == nil, b == nil { continue }
      let shape = name.shape(configuration)
      let rows = try numbers(b, name.adapterName("B"), [shape.rows, rank])
        .turned(name, configuration, columns: rank, from: RotaryOrder.halfSplit(ofAdjacent:headSize:))
      let columns = try numbers(a, name.adapterName("A"), [rank, shape.columns])
      entries += TrainedWeights.entries(name, configuration, rank: rank, AdapterTensors(a: columns, b: rows))
    }
    if let foreign = left.keys.min() {
      throw unfit(
        "it has \"\(foreign)\", which is no adapter over a matrix of the model's \(configuration.blocks) blocks")
    }
    guard !entries.isEmpty else { throw unfit("it has no tensors") }
    return SafetensorsWriter.bytes(entries, metadata: TrainedWeights.metadata(scale: scale, rank: rank))
  }

  /// Holds what the options say to be laid over against the tensors that are there.
  private func check(_ name: TensorName, isThere: Bool) throws(ModelFileError) {
    guard case .block(let block, let tensor) = name, let targets else { return }
    let module = "model.layers.\(block).\(tensor.huggingFaceModule)"
    let isNamed = targets.contains { module == $0 || module.hasSuffix(".\($0)") }
    let isAsked = isNamed && layers.map { $0.contains(block) } ?? true
    if isThere, !isAsked {
      throw unfit(
        "it has tensors over \"\(module)\", which \"target_modules\" and \"layers_to_transform\" leave out")
    }
    if isAsked, !isThere {
      throw unfit("it has no tensors over \"\(module)\", which \"target_modules\" names")
    }
  }

  private func unfit(_ reason: String) -> ModelFileError {
    ModelFileError(file: weights.bytes.name, .unfitAdapter(reason: reason))
  }

  private func numbers(
    _ tensor: SafetensorsTensor?, _ name: String, _ expected: [Int]
  ) throws(ModelFileError) -> [Float] {
    guard let tensor else { throw unfit("it lacks \"\(name)\", the other half of a tensor that it has") }
    guard tensor.sizes == expected else {
      func text(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: " x ") }
      throw unfit(
        "\"\(name)\" has the sizes \(text(tensor.sizes)), but the model and the rank \(rank) ask for \(text(expected))")
    }
    return try weights.bytes.withUnsafeBytes { bytes throws(ModelFileError) in
      var numbers = [Float](repeating: 0, count: expected.reduce(1, *))
      let bad = numbers.withUnsafeMutableBufferPointer {
        Dequantization.fill(tensor.type, from: UnsafeRawBufferPointer(rebasing: bytes[tensor.place]), into: $0)
      }
      if let bad {
        throw ModelFileError(
          file: weights.bytes.name, .notFinite(tensor: name, offset: tensor.place.lowerBound + bad))
      }
      return numbers
    }
  }

  /// Keys whose values change no number of a trained adapter, or are read elsewhere.
  private static let harmless: Set<String> = [
    "peft_type", "task_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision", "inference_mode",
    "r", "target_modules", "lora_alpha", "use_rslora", "lora_dropout", "bias", "init_lora_weights",
    "layers_to_transform", "layers_pattern", "megatron_config", "megatron_core", "eva_config", "qalora_group_size",
    "runtime_config",
  ]
  /// Ways of starting that leave the weights under the adapter as they are; others, such as PiSSA, take the start out of them.
  private static let harmlessStarts: [JSONValue] = [.bool(true), .bool(false), "gaussian", "orthogonal", "eva"]

  /// A list of names; nil for a pattern, or for none.
  private static func names(_ file: JSONFile, _ key: String) throws(ModelFileError) -> [String]? {
    guard let value = file[key], value.stringValue == nil else { return nil }
    let names = value.arrayValue?.compactMap(\.stringValue)
    guard let names, names.count == value.arrayValue?.count else { throw file.wrong(key, "a list of names", value) }
    return names
  }

  private static func layers(_ file: JSONFile) throws(ModelFileError) -> [Int]? {
    guard let value = file["layers_to_transform"] else { return nil }
    if let one = value.integerValue { return [one] }
    let layers = value.arrayValue?.compactMap(\.integerValue)
    guard let layers, layers.count == value.arrayValue?.count else {
      throw file.wrong("layers_to_transform", "a block's number, or a list of them", value)
    }
    return layers
  }

  private static func refuseUncomputed(_ file: JSONFile) throws(ModelFileError) {
    func refuse(_ key: String, _ value: JSONValue, _ supported: String) -> ModelFileError {
      file.error(.unsupportedAdapter(key: key, value: value.canonical, supported: supported))
    }
    let kind = file["peft_type"] ?? .null
    guard kind == "LORA" else { throw refuse("peft_type", kind, "LORA") }
    if let bias = file["bias"], bias != "none" { throw refuse("bias", bias, "none") }
    if let start = file["init_lora_weights"], !harmlessStarts.contains(start) {
      throw refuse("init_lora_weights", start, "true, false, gaussian, orthogonal and eva")
    }
    let idle: [JSONValue] = [.null, .bool(false), .array([]), .object(JSONObject())]
    for member in file.root.objectValue?.members ?? [] where !harmless.contains(member.name) {
      if !idle.contains(member.value) { throw refuse(member.name, member.value, "nothing there, or false") }
    }
  }
}
