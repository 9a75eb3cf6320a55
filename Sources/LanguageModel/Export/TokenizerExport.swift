// A byte-level tokenizer as tokenizer.json and tokenizer_config.json, such that Hugging Face's tokenizers cuts text as here.
// Knows the shapes that TokenizerFromJSON reads back.

import JSON

extension Tokenizer {
  /// tokenizer.json.
  var huggingFace: JSONValue {
    .members([
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(marked.map(added)),
      "normalizer": composes ? .members(["type": "NFC"]) : .null, "pre_tokenizer": preTokenizer.huggingFace,
      "post_processor": postProcessor,
      "decoder": .members([
        "type": "ByteLevel", "add_prefix_space": .bool(true), "trim_offsets": .bool(true), "use_regex": .bool(true),
      ]),
      "model": model,
    ])
  }

  /// tokenizer_config.json.
  func huggingFaceOptions(_ configuration: DecoderConfiguration, chatTemplate: String?) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("tokenizer_class", "PreTrainedTokenizerFast"), ("model_max_length", .integer(Int64(configuration.context))),
      ("clean_up_tokenization_spaces", .bool(false)), ("add_prefix_space", .bool(false)),
    ]
    let named = [
      ("bos_token", markers.beginOfText), ("eos_token", markers.endOfText), ("pad_token", markers.padding),
    ]
    for case (let name, let token?) in named { members.append((name, .string(text(of: token)))) }
    if let chatTemplate { members.append(("chat_template", .string(chatTemplate))) }
    return .object(JSONObject(members.map { JSONMember($0.0, $0.1) }))
  }

  private func numbers(_ kinds: Set<TokenKind>) -> [Int] {
    vocabulary.kinds.indices.filter { kinds.contains(vocabulary.kinds[$0]) && !vocabulary.text(of: $0).isEmpty }
  }

  /// Tokens that are looked for before text is cut.
  private var marked: [Int] { numbers([.control, .added]) }

  private func word(_ number: Int) -> String { String(decoding: vocabulary.text(of: number), as: UTF8.self) }

  private func added(_ number: Int) -> JSONValue {
    .members([
      "id": .integer(Int64(number)), "content": .string(word(number)), "single_word": .bool(false),
      "lstrip": .bool(false), "rstrip": .bool(false), "normalized": .bool(false),
      "special": .bool(vocabulary.kinds[number] == .control),
    ])
  }

  private var model: JSONValue {
    let words = numbers([.ordinary])
    // An added token that is not in the vocabulary is numbered after it; wherever that gives other numbers, it must be.
    let follow = words == Array(0..<words.count) && marked == Array(words.count..<words.count + marked.count)
    let known = follow ? words : (words + marked).sorted()
    return .members([
      "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null, "fuse_unk": .bool(false), "byte_fallback": .bool(false),
      "ignore_merges": .bool(takesWholePieces),
      "vocab": .object(JSONObject(known.map { JSONMember(word($0), .integer(Int64($0))) })),
      "merges": .array(merges.inOrder.map { .array([.string(word($0.left)), .string(word($0.right))]) }),
    ])
  }

  /// What puts the begin of text before every text, where the reference does so.
  private var postProcessor: JSONValue {
    guard markers.addsBeginOfText, let begin = markers.beginOfText else { return .null }
    let name = JSONValue.string(text(of: begin))
    func special(_ type: Int64) -> JSONValue {
      .members(["SpecialToken": .members(["id": name, "type_id": .integer(type)])])
    }
    func sequence(_ id: JSONValue, _ type: Int64) -> JSONValue {
      .members(["Sequence": .members(["id": id, "type_id": .integer(type)])])
    }
    return .members([
      "type": "TemplateProcessing", "single": .array([special(0), sequence("A", 0)]),
      "pair": .array([special(0), sequence("A", 0), special(1), sequence("B", 1)]),
      "special_tokens": .object(
        JSONObject([
          JSONMember(
            text(of: begin),
            .members([
              "id": name, "ids": .array([.integer(Int64(begin.rawValue))]), "tokens": .array([name]),
            ]))
        ])),
    ])
  }
}

extension PreTokenizer {
  /// The steps in tokenizer.json.
  fileprivate var huggingFace: JSONValue {
    func byteLevel(_ usesExpression: Bool) -> JSONValue {
      .members([
        "type": "ByteLevel", "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
        "use_regex": .bool(usesExpression),
      ])
    }
    func sequence(_ first: JSONValue, _ second: JSONValue) -> JSONValue {
      .members(["type": "Sequence", "pretokenizers": .array([first, second])])
    }
    switch self {
    case .gpt2: return byteLevel(true)
    case .smollm:
      return sequence(.members(["type": "Digits", "individual_digits": .bool(true)]), byteLevel(true))
    case .llama3, .qwen2:
      let split = JSONValue.members([
        "type": "Split", "pattern": .members(["Regex": .string(expression)]), "behavior": "Isolated",
        "invert": .bool(false),
      ])
      return sequence(split, byteLevel(false))
    }
  }
}

extension MergeTable {
  /// The pairs that merge, the preferred first.
  var inOrder: [(left: Int, right: Int)] {
    let taken = keys.indices.filter { keys[$0] != Self.free }.sorted { ranks[$0] < ranks[$1] }
    return taken.map { (Int(keys[$0] >> 32), Int(keys[$0] & 0xFFFF_FFFF)) }
  }
}
