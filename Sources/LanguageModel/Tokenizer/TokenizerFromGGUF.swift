// The tokenizer that a GGUF file carries in its metadata.
// Knows the names of the entries; how text is cut and merged is the tokenizer's own matter.

extension Tokenizer {
  /// Vocabularies are numbered with 32 bits and held in memory; none in use has a tenth of this.
  private static let largestVocabulary = 1 << 22

  /// Reads a byte-level tokenizer.
  ///
  /// - Parameter file: The file's header.
  /// - Throws: ``ModelFileError`` when there is no tokenizer, or one that is not computed exactly here.
  public init(_ file: GGUFFile) throws(ModelFileError) {
    let model = try file.text("tokenizer.ggml.model")
    guard model == "gpt2" else {
      throw file.error(.unsupportedTokenizer(part: "model", found: "\"\(model)\"", supported: "gpt2 (byte-level BPE)"))
    }
    let named = try file.text("tokenizer.ggml.pre")
    guard let preTokenizer = PreTokenizer(rawValue: named) else {
      throw file.error(
        .unsupportedTokenizer(
          part: "pre-tokenizer", found: "\"\(named)\"",
          supported: PreTokenizer.allCases.map(\.rawValue).joined(separator: ", ")))
    }
    if try file.bool(ifPresent: "tokenizer.ggml.add_space_prefix") == true {
      throw file.error(.unsupportedTokenizer(part: "space prefix", found: "on", supported: "off"))
    }
    let vocabulary = try Self.vocabulary(file)
    self.init(
      vocabulary: vocabulary, merges: try Self.merges(file, vocabulary), preTokenizer: preTokenizer,
      markers: try Self.markers(file, vocabulary.count), takesWholePieces: preTokenizer == .llama3,
      composes: preTokenizer == .qwen2)
  }

  private static func vocabulary(_ file: GGUFFile) throws(ModelFileError) -> Vocabulary {
    let key = "tokenizer.ggml.tokens"
    let count = try file.list(key, ofType: 8, "a list of texts").count
    guard count > 0, count <= largestVocabulary else {
      throw file.error(.inconsistentTokenizer(reason: "it has \(count) tokens"))
    }
    let types = try file.integers("tokenizer.ggml.token_type")
    guard types.count == count else {
      throw file.error(.inconsistentTokenizer(reason: "it has \(count) tokens, but \(types.count) token types"))
    }
    var vocabulary = Vocabulary(capacity: count)
    try file.forEachText(key) { index, text throws(ModelFileError) in
      guard let kind = kind(types[index]) else {
        throw file.error(.inconsistentTokenizer(reason: "token \(index) has the unknown type \(types[index])"))
      }
      guard vocabulary.append(text, kind: kind) else {
        throw file.error(.inconsistentTokenizer(reason: "token \(index) has the text of an earlier one"))
      }
    }
    return vocabulary
  }

  /// GGUF's types: normal, unknown, control, user-defined, unused, byte.
  private static func kind(_ type: Int32) -> TokenKind? {
    switch type {
    case 1, 6: .ordinary
    case 2, 3: .control
    case 4: .added
    case 5: .unused
    default: nil
    }
  }

  private static func merges(_ file: GGUFFile, _ vocabulary: Vocabulary) throws(ModelFileError) -> MergeTable {
    let key = "tokenizer.ggml.merges"
    let count = try file.list(key, ofType: 8, "a list of texts").count
    guard count <= largestVocabulary else {
      throw file.error(.inconsistentTokenizer(reason: "it has \(count) merges"))
    }
    var table = MergeTable(capacity: count)
    var scratch: [UInt8] = []
    try file.forEachText(key) { index, line throws(ModelFileError) in
      guard table.insert(line: line, rank: index, in: vocabulary, scratch: &scratch) else {
        throw file.error(
          .inconsistentTokenizer(
            reason: "merge \(index), \"\(String(decoding: line, as: UTF8.self))\", does not join two tokens to a third")
        )
      }
    }
    return table
  }

  private static func markers(_ file: GGUFFile, _ count: Int) throws(ModelFileError) -> Markers {
    var markers = Markers()
    let tokens = 0...(count - 1)
    markers.beginOfText = try file.integer(ifPresent: "tokenizer.ggml.bos_token_id", in: tokens).map { TokenID($0) }
    if let end = try file.integer(ifPresent: "tokenizer.ggml.eos_token_id", in: tokens) {
      markers.ends = [TokenID(end)]
    }
    markers.padding = try file.integer(ifPresent: "tokenizer.ggml.padding_token_id", in: tokens).map { TokenID($0) }
    markers.addsBeginOfText = try file.bool(ifPresent: "tokenizer.ggml.add_bos_token") ?? false
    return markers
  }
}
