// How conversations are written as text for a model, one case a convention.
// Knows what stands around each turn; ChatRendering writes it, and nothing here knows numbers of tokens.

/// A way of writing turns.
public enum ChatFormat: Hashable, Sendable {
  /// `<|im_start|>role`, new line, text, `<|im_end|>`, new line; as SmolLM2 and Qwen2 were trained.
  case chatml
  /// `<s>[INST] text [/INST] text </s>`, the system text between `<<SYS>>` and `<</SYS>>` in the first turn.
  case llama2
  /// `<|start_header_id|>role<|end_header_id|>`, two new lines, text, `<|eot_id|>`, after one `<|begin_of_text|>`.
  case llama3
  /// Two new lines, `Human: text` or `Assistant: text`; the system text goes before.
  case humanAssistant
  /// The texts themselves, with nothing between them.
  case raw
  /// Text before and after each turn by its role.
  case custom(CustomChatFormat)
}

/// What stands around the turns of a format of one's own; special tokens in it are recognized.
public struct CustomChatFormat: Hashable, Sendable {
  /// What stands around one turn.
  public struct Frame: Hashable, Sendable {
    /// Before the text.
    public var prefix: String
    /// After the text.
    public var suffix: String

    /// Makes a frame.
    public init(prefix: String = "", suffix: String = "") {
      self.prefix = prefix
      self.suffix = suffix
    }
  }

  /// Stands once, before the first turn.
  public var beginning: String
  /// Around the system text.
  public var system: Frame
  /// Around what the user says.
  public var user: Frame
  /// Around what the model says; its suffix, without white space at its end, marks the end of a response.
  public var assistant: Frame

  /// Makes a format.
  public init(beginning: String = "", system: Frame = Frame(), user: Frame = Frame(), assistant: Frame = Frame()) {
    self.beginning = beginning
    self.system = system
    self.user = user
    self.assistant = assistant
  }

  subscript(role: ChatRole) -> Frame {
    switch role {
    case .system: system
    case .user: user
    case .assistant: assistant
    }
  }
}

extension ChatFormat {
  /// The format's frames; llama-2, whose system text stands inside of the first turn, is finished in ChatRendering.
  var frames: CustomChatFormat {
    switch self {
    case .chatml:
      func frame(_ role: ChatRole) -> CustomChatFormat.Frame {
        CustomChatFormat.Frame(prefix: "<|im_start|>\(role.rawValue)\n", suffix: "<|im_end|>\n")
      }
      return CustomChatFormat(system: frame(.system), user: frame(.user), assistant: frame(.assistant))
    case .llama2:
      return CustomChatFormat(
        system: CustomChatFormat.Frame(prefix: "<<SYS>>\n", suffix: "\n<</SYS>>\n\n"),
        user: CustomChatFormat.Frame(prefix: "<s>[INST] ", suffix: " [/INST]"),
        assistant: CustomChatFormat.Frame(prefix: " ", suffix: " </s>"))
    case .llama3:
      func frame(_ role: ChatRole) -> CustomChatFormat.Frame {
        CustomChatFormat.Frame(
          prefix: "<|start_header_id|>\(role.rawValue)<|end_header_id|>\n\n", suffix: "<|eot_id|>")
      }
      return CustomChatFormat(
        beginning: "<|begin_of_text|>", system: frame(.system), user: frame(.user), assistant: frame(.assistant))
    case .humanAssistant:
      return CustomChatFormat(
        user: CustomChatFormat.Frame(prefix: "\n\nHuman: "),
        assistant: CustomChatFormat.Frame(prefix: "\n\nAssistant: "))
    case .raw: return CustomChatFormat()
    case .custom(let format): return format
    }
  }

  /// The control tokens that the format writes; a vocabulary without them was not made for it.
  public var requiredTokens: [String] {
    switch self {
    case .chatml: ["<|im_start|>", "<|im_end|>"]
    case .llama2: ["<s>", "</s>"]
    case .llama3: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    case .humanAssistant, .raw, .custom: []
    }
  }

  /// Those of ``requiredTokens`` that a vocabulary lacks; the format should be refused for it unless there are none.
  public func missingTokens(in tokenizer: Tokenizer) -> [String] {
    requiredTokens.filter { text in tokenizer.token(named: text).map { !tokenizer.isSpecial($0) } ?? true }
  }

  /// The tokens that end a response, each once: the format's, then those that end any text.
  public func endTokens(for tokenizer: Tokenizer) -> [TokenID] {
    let named =
      switch self {
      case .chatml: ["<|im_end|>", "<|endoftext|>"]
      case .llama2: ["</s>"]
      case .llama3: ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"]
      case .humanAssistant, .raw, .custom: [endMarker, "<|endoftext|>"]
      }
    var tokens: [TokenID] = []
    let candidates = named.map { tokenizer.token(named: $0) } + tokenizer.markers.ends
    for case let token? in candidates where tokenizer.isSpecial(token) && !tokens.contains(token) {
      tokens.append(token)
    }
    return tokens
  }

  /// The token that ends a turn of the model in a dialogue; nil where the format has none.
  ///
  /// A model that learns to answer learns to write it; tokens that end any text are none of the format's own.
  public func turnEnd(for tokenizer: Tokenizer) -> TokenID? {
    let name: String
    switch self {
    case .chatml: name = "<|im_end|>"
    case .llama2: name = "</s>"
    case .llama3: name = "<|eot_id|>"
    case .humanAssistant, .raw: return nil
    case .custom: name = endMarker
    }
    return tokenizer.token(named: name).flatMap { tokenizer.isSpecial($0) ? $0 : nil }
  }

  /// Texts that end a response where no token does.
  public func stopTexts(for tokenizer: Tokenizer) -> [String] {
    switch self {
    case .chatml, .llama2, .llama3, .raw: return []
    case .humanAssistant: return ["\n\nHuman:"]
    case .custom:
      let isToken = tokenizer.token(named: endMarker).map { tokenizer.isSpecial($0) } ?? false
      return endMarker.isEmpty || isToken ? [] : [endMarker]
    }
  }

  /// The white space between a generation prompt and the response.
  ///
  /// It belongs to the response's first token in byte-level vocabularies, so a generation prompt ends before it: remove
  /// it from the front of what was generated.
  public var responseLead: String { Self.trailingSpace(frames.assistant.prefix) }

  /// What marks the end of a response, empty where only the vocabulary's own end of text does.
  var endMarker: String {
    let suffix = frames.assistant.suffix
    let marker = String(suffix.dropLast(Self.trailingSpace(suffix, newlines: true).count))
    return marker.isEmpty ? suffix : marker
  }

  static func trailingSpace(_ text: String, newlines: Bool = false) -> String {
    String(text.reversed().prefix { $0 == " " || newlines && $0 == "\n" }.reversed())
  }
}
