// The tokenizer in a Hugging Face folder: tokenizer.json, and the markers that the configuration names.
// Knows the shapes of pipelines that are computed exactly; every other shape is an error that says which part is foreign.

import JSON

extension Tokenizer {
  private static let largestVocabulary = 1 << 22

  /// Reads a byte-level tokenizer.
  ///
  /// - Parameter folder: The folder with tokenizer.json, config.json, and perhaps generation_config.json.
  /// - Throws: ``ModelFileError`` that names the part of the tokenizer that is not computed here, or is inconsistent.
  public init(_ folder: HuggingFaceFolder) throws(ModelFileError) {
    let file = try folder.json("tokenizer.json")
    guard let model = file["model"] else { throw file.error(.missingKey("model")) }
    try Self.checkModel(file, model)
    let composes = try Self.normalizer(file)
    let vocabulary = try Self.vocabulary(file, model, composes: composes)
    self.init(
      vocabulary: vocabulary, merges: try Self.merges(file, model, vocabulary),
      preTokenizer: try Self.preTokenizer(file),
      markers: try Self.markers(folder, file, vocabulary),
      takesWholePieces: model["ignore_merges"] == .bool(true), composes: composes)
    if let unknown = model["unk_token"], unknown != .null, !missingBytes.isEmpty {
      throw Self.foreign(file, "unknown token", unknown, "null, or a vocabulary that has every byte")
    }
  }

  private static func foreign(
    _ file: JSONFile, _ part: String, _ found: JSONValue?, _ supported: String
  ) -> ModelFileError {
    file.error(.unsupportedTokenizer(part: part, found: (found ?? .null).canonical, supported: supported))
  }

  private static func checkModel(_ file: JSONFile, _ model: JSONValue) throws(ModelFileError) {
    guard model["type"] == .string("BPE") || model["type"] == nil else {
      throw foreign(file, "model", model["type"], "BPE")
    }
    for key in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
      if let value = model[key], value != .null, value != .string("") { throw foreign(file, key, value, "null") }
    }
    if let value = model["byte_fallback"], value != .bool(false), value != .null {
      throw foreign(file, "byte_fallback", value, "false")
    }
    guard file["decoder"]?["type"] == .string("ByteLevel") else {
      throw foreign(file, "decoder", file["decoder"]?["type"], "ByteLevel")
    }
  }

  /// Whether text is composed first.
  private static func normalizer(_ file: JSONFile) throws(ModelFileError) -> Bool {
    guard let normalizer = file["normalizer"] else { return false }
    guard normalizer["type"] == .string("NFC") else {
      throw foreign(file, "normalizer", normalizer["type"], "null or NFC")
    }
    return true
  }

  private static func preTokenizer(_ file: JSONFile) throws(ModelFileError) -> PreTokenizer {
    let found = file["pre_tokenizer"] ?? .null
    let steps = found["type"] == .string("Sequence") ? found["pretokenizers"]?.arrayValue ?? [] : [found]
    let supported = "ByteLevel; Digits (individual), ByteLevel; or the Split of llama-3 or qwen2, ByteLevel"
    guard let last = steps.last, last["type"] == .string("ByteLevel"), last["add_prefix_space"] == .bool(false) else {
      throw foreign(file, "pre-tokenizer", found, supported)
    }
    let usesExpression = last["use_regex"] != .bool(false)
    if steps.count == 1, usesExpression { return .gpt2 }
    if steps.count == 2, usesExpression, steps[0]["type"] == .string("Digits"),
      steps[0]["individual_digits"] == .bool(true)
    {
      return .smollm
    }
    if steps.count == 2, !usesExpression, steps[0]["type"] == .string("Split"),
      steps[0]["behavior"] == .string("Isolated"), steps[0]["invert"] != .bool(true),
      let pattern = steps[0]["pattern"]?["Regex"]?.stringValue,
      let known = [PreTokenizer.llama3, .qwen2].first(where: { $0.expression.utf8.elementsEqual(pattern.utf8) })
    {
      return known
    }
    throw foreign(file, "pre-tokenizer", found, supported)
  }

  private static func vocabulary(
    _ file: JSONFile, _ model: JSONValue, composes: Bool
  ) throws(ModelFileError) -> Vocabulary {
    guard let members = model["vocab"]?.objectValue?.members else { throw file.error(.missingKey("model.vocab")) }
    var texts: [[UInt8]?] = []
    var kinds: [TokenKind] = []
    func place(_ text: String, _ id: Int?, _ kind: TokenKind) throws(ModelFileError) {
      guard let id, (0..<largestVocabulary).contains(id) else {
        throw file.error(.inconsistentTokenizer(reason: "\"\(text)\" has no possible number"))
      }
      while texts.count <= id {
        texts.append(nil)
        kinds.append(.unused)
      }
      let bytes = Array(text.utf8)
      guard texts[id] == nil || (texts[id] == bytes && kind != .ordinary) else {
        throw file.error(.inconsistentTokenizer(reason: "two tokens have the number \(id)"))
      }
      texts[id] = bytes
      kinds[id] = kind
    }
    for member in members { try place(member.name, member.value.integerValue, .ordinary) }
    for token in file["added_tokens"]?.arrayValue ?? [] {
      guard let text = token["content"]?.stringValue, !text.utf8.isEmpty else {
        throw file.wrong("added_tokens", "tokens with content", token)
      }
      for flag in ["single_word", "lstrip", "rstrip"] + (composes ? ["normalized"] : []) {
        if token[flag] == .bool(true) { throw foreign(file, "added token's \(flag)", token, "false") }
      }
      try place(text, token["id"]?.integerValue, token["special"] == .bool(true) ? .control : .added)
    }
    var vocabulary = Vocabulary(capacity: texts.count)
    for (id, text) in texts.enumerated() {
      guard vocabulary.append(text ?? [], kind: kinds[id]) else {
        throw file.error(.inconsistentTokenizer(reason: "token \(id) has the text of an earlier one"))
      }
    }
    return vocabulary
  }

  private static func merges(
    _ file: JSONFile, _ model: JSONValue, _ vocabulary: Vocabulary
  ) throws(ModelFileError) -> MergeTable {
    guard let lines = model["merges"]?.arrayValue else { throw file.error(.missingKey("model.merges")) }
    var table = MergeTable(capacity: lines.count)
    var scratch: [UInt8] = []
    for (rank, line) in lines.enumerated() {
      var inserted = false
      if let text = line.stringValue {
        inserted = Array(text.utf8).withUnsafeBytes {
          table.insert(line: $0, rank: rank, in: vocabulary, scratch: &scratch)
        }
      } else if let pair = line.arrayValue?.map(\.stringValue), pair.count == 2, let left = pair[0], let right = pair[1]
      {
        inserted = Array(left.utf8).withUnsafeBytes { left in
          Array(right.utf8).withUnsafeBytes { right in
            table.insert(left, right, rank: rank, in: vocabulary, scratch: &scratch)
          }
        }
      }
      guard inserted else {
        throw file.error(
          .inconsistentTokenizer(reason: "merge \(rank), \(line.canonical), does not join two tokens to a third"))
      }
    }
    return table
  }

  /// generation_config.json is asked first, as Transformers does when it generates.
  private static func markers(
    _ folder: HuggingFaceFolder, _ tokenizer: JSONFile, _ vocabulary: Vocabulary
  ) throws(ModelFileError) -> Markers {
    let files = [try folder.json(ifPresent: "generation_config.json"), try folder.json("config.json")].compactMap(
      \.self)
    func tokens(_ key: String) throws(ModelFileError) -> [TokenID] {
      for file in files {
        guard let value = file[key] else { continue }
        var tokens: [TokenID] = []
        for number in value.arrayValue ?? [value] {
          guard let number = number.integerValue, (0..<largestVocabulary).contains(number) else {
            throw file.wrong(key, "a token's number or a list of them", value)
          }
          tokens.append(TokenID(number))
        }
        return tokens
      }
      return []
    }
    var markers = Markers()
    markers.beginOfText = try tokens("bos_token_id").first
    markers.ends = try tokens("eos_token_id")
    markers.padding = try tokens("pad_token_id").first
    let steps = tokenizer["post_processor"].map { $0["processors"]?.arrayValue ?? [$0] } ?? []
    for step in steps {
      guard let first = step["single"]?.arrayValue?.first?["SpecialToken"]?["id"]?.stringValue else { continue }
      markers.addsBeginOfText = true
      markers.beginOfText = vocabulary.number(of: Array(first.utf8)).map(TokenID.init(rawValue:))
    }
    return markers
  }
}
