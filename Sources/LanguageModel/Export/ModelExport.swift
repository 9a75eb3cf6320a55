// A model as a Hugging Face folder that Transformers loads: weights in float32, sizes, tokenizer, markers.
// Knows which files belong to it; each file's form stands beside.

import JSON

/// Writes models in the forms of other programs.
public enum ModelExport: Sendable {
  /// What a Hugging Face folder may hold beside weights and sizes; it goes along as it is.
  private static let companions = [
    "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json",
  ]

  /// The files of a Hugging Face folder.
  ///
  /// - Parameters:
  ///   - files: Where weights and tokenizer come from.
  ///   - trained: Results of trainings laid over the weights, in order.
  /// - Returns: The files: merged weights in float32, in Transformers' names and order of rows.
  /// - Throws: ``ModelFileError`` that names what is missing, wrong or not computed here.
  public static func folder(_ files: ModelFiles, trained: [TrainedWeights]) throws(ModelFileError) -> [ExportedFile] {
    var (weights, tokenizer, _) = try files.weights()
    for result in trained { weights = try LaidOverWeights(weights, result) }
    let turned = HalfSplitWeights(weights)
    return try about(files, turned.configuration, tokenizer) + [.weights(turned)]
  }

  private static func about(
    _ files: ModelFiles, _ configuration: DecoderConfiguration, _ tokenizer: Tokenizer
  ) throws(ModelFileError) -> [ExportedFile] {
    var chatTemplate: String?
    switch files {
    case .folder(let folder): return try copied(folder)
    case .gguf(let bytes):
      if case .text(let template)? = try GGUFFile(bytes)["tokenizer.chat_template"] { chatTemplate = template }
    case .random: break
    }
    let markers = tokenizer.markers
    return [
      ExportedFile("config.json", configuration.huggingFace(markers)),
      ExportedFile("generation_config.json", markers.generationConfiguration),
      ExportedFile("tokenizer.json", tokenizer.huggingFace),
      ExportedFile(
        "tokenizer_config.json", tokenizer.huggingFaceOptions(configuration, chatTemplate: chatTemplate)),
    ]
  }

  /// The folder's own words, but for the numbers' format.
  private static func copied(_ folder: HuggingFaceFolder) throws(ModelFileError) -> [ExportedFile] {
    var configuration = try folder.json("config.json").root.objectValue ?? JSONObject()
    for key in ["dtype", "torch_dtype"] where key == "dtype" || configuration[key] != nil {
      configuration[key] = "float32"
    }
    var files = [ExportedFile("config.json", JSONValue.object(configuration))]
    for name in companions {
      guard let bytes = try? folder.bytes(of: name) else { continue }
      files.append(ExportedFile(name, bytes.withUnsafeBytes { Array($0) }))
    }
    return files
  }
}
