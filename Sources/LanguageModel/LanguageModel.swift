// A model that is ready to use: its sizes, its tokenizer and its decoder, from any kind of weights.
// Knows which reader goes with which files, and nothing of what is computed.

public import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a model's weights and tokenizer come from.
public enum ModelFiles: Sendable {
  /// One GGUF file.
  case gguf(ModelBytes)
  /// A Hugging Face folder.
  case folder(HuggingFaceFolder)
  /// Random weights, with the tokenizer of bytes.
  case random(DecoderConfiguration, seed: UInt64)

  /// The files at a path: a folder, or else a GGUF file, which is mapped.
  ///
  /// - Parameter path: A folder or a file.
  /// - Returns: The files; a folder's are not opened yet.
  /// - Throws: ``ModelFileError`` when a file cannot be read.
  public static func at(_ path: String) throws(ModelFileError) -> ModelFiles {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return .folder(HuggingFaceFolder(path: path)) }
    return .gguf(try ModelBytes(path: path))
  }

  /// Reads the tokenizer alone, without the weights.
  ///
  /// - Returns: The tokenizer.
  /// - Throws: ``ModelFileError`` that names what is missing, wrong or not computed here.
  public func tokenizer() throws(ModelFileError) -> Tokenizer {
    switch self {
    case .gguf(let bytes): try Tokenizer(try GGUFFile(bytes))
    case .folder(let folder): try Tokenizer(folder)
    case .random: .byteLevel
    }
  }
}

extension ModelFiles {
  /// Reads the sizes alone; the weights' numbers are not touched.
  ///
  /// - Returns: The sizes.
  /// - Throws: ``ModelFileError`` that names what is missing, wrong or not computed here.
  public func configuration() throws(ModelFileError) -> DecoderConfiguration {
    switch self {
    case .gguf(let bytes): try GGUFWeights(try GGUFFile(bytes)).configuration
    case .folder(let folder): try HuggingFaceConfiguration(file: try folder.json("config.json")).decoder()
    case .random(let configuration, _): configuration
    }
  }
}

extension ModelFiles {
  /// The weights, the tokenizer, and what messages call them.
  func weights() throws(ModelFileError) -> (weights: any WeightSource, tokenizer: Tokenizer, name: String) {
    switch self {
    case .gguf(let bytes):
      let file = try GGUFFile(bytes)
      return (try GGUFWeights(file), try Tokenizer(file), bytes.name)
    case .folder(let folder): return (try SafetensorsWeights(folder), try Tokenizer(folder), folder.name)
    case .random(let configuration, let seed):
      return (try RandomWeights(configuration, seed: seed), .byteLevel, "random weights")
    }
  }
}

/// A model that is ready to compute.
public struct LoadedModel: Sendable {
  /// The sizes.
  public let configuration: DecoderConfiguration
  /// Text to tokens and back.
  public let tokenizer: Tokenizer
  /// Tokens to numbers.
  public let decoder: Decoder

  /// Reads tokenizer and weights, and packs the weights.
  ///
  /// - Parameters:
  ///   - files: Where they come from.
  ///   - trained: Results of trainings to lay over the weights, in order.
  ///   - arithmetic: How products sum.
  ///   - workers: How many threads compute, at least 1; they change no bit.
  /// - Returns: The model.
  /// - Throws: ``ModelFileError`` that names what is missing, wrong or not computed here, or `ArithmeticError` when the
  ///   host cannot compute so.
  public static func load(
    _ files: ModelFiles, trained: [TrainedWeights] = [], arithmetic: ArithmeticClass, workers: Int
  ) throws -> LoadedModel {
    var (weights, tokenizer, name) = try files.weights()
    for result in trained { weights = try LaidOverWeights(weights, result) }
    return try load(weights, tokenizer, name, arithmetic, workers)
  }

  private static func load(
    _ weights: some WeightSource, _ tokenizer: Tokenizer, _ name: String, _ arithmetic: ArithmeticClass, _ workers: Int
  ) throws -> LoadedModel {
    let configuration = weights.configuration
    guard tokenizer.vocabularySize <= configuration.vocabulary else {
      throw ModelFileError(
        file: name,
        .inconsistentTokenizer(
          reason: "it has \(tokenizer.vocabularySize) tokens, but the weights have \(configuration.vocabulary)"))
    }
    let decoder = try Decoder(source: weights, arithmetic: arithmetic, workers: workers)
    return LoadedModel(configuration: configuration, tokenizer: tokenizer, decoder: decoder)
  }
}
