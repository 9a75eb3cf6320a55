// How prompts, answers and verifiers are written in a spec.
// Knows nothing of records.

import YAML

extension Prompt {
  /// Text, a list of turns, or a dialogue in the data. (`same-as` is replaced before anything is read.)
  static var shape: Shape<Prompt> {
    let text = Shape<Template>.template.map { Prompt.text($0) }
    let turns = Shape<[PromptPart]>.list(of: PromptPart.shape, atLeast: 1).check { parts, node, reading -> Prompt? in
      if case .turn(let last)? = parts.last, last.role == .user { return .turns(parts) }
      reading.note(.lastTurnNotUser, node.elements?.last ?? node)
      return nil
    }
    let conversation = Shape<Prompt>.choice(
      "prompt",
      [
        Alternative("conversation", Conversation.shape, "A dialogue that stands in the data.") { .conversation($0) },
        Alternative("same-as", .nonEmptyText(), "The prompt of another data set.") {
          // Only reached where it could not be replaced, which is a fault already noted.
          .text(Template(verbatim: $0))
        },
      ])
    return Shape(.either([text.form, turns.form, conversation.form])) { node, reading in
      switch node.content {
      case .scalar: text.read(node, reading)
      case .sequence: turns.read(node, reading)
      case .mapping: conversation.read(node, reading)
      }
    }
  }
}

extension PromptPart {
  fileprivate static var shape: Shape<PromptPart> {
    .choice(
      "turn",
      [
        Alternative("system", .template, "The system message.") { .turn(Turn(role: .system, content: $0)) },
        Alternative("user", .template, "What the user says.") { .turn(Turn(role: .user, content: $0)) },
        Alternative("assistant", .template, "What the model says.") { .turn(Turn(role: .assistant, content: $0)) },
        Alternative("shots", Shots.shape, "Examples with their answers.") { .shots($0) },
      ])
  }
}

extension Shots {
  fileprivate static var shape: Shape<Shots> {
    .record("shots") { fields in
      let from = fields.optional("from", .nonEmptyText(), default: "train", "The part to take them from.")
      let count = fields.required("count", .integer(.within(1...100)), "How many.")
      return count.map { Shots(from: from, count: $0) }
    }
  }
}

extension Conversation {
  fileprivate static var shape: Shape<Conversation> {
    .record("conversation") { fields in
      let field = fields.required("field", .nonEmptyText(), "The field that holds the dialogue.")
      let format = fields.required("format", Shape<Format>.word, "How a dialogue is written.")
      let upTo = fields.optional("up-to", Shape<End>.word, default: .lastAssistant, "Where the prompt ends.")
      guard let field, let format else { return nil }
      return Conversation(field: field, format: format, upTo: upTo)
    }
  }
}

extension Answer {
  static var shape: Shape<Answer> {
    .record("answer") { fields in
      let from = fields.optional("from", .template, "The right answer's text; the source's own by default.")
      let verifier = fields.required("verifier", Verifier.shape, "How a response is held against it.")
      return verifier.map { Answer(from: from, verifier: $0) }
    }
  }
}

extension Verifier {
  static var shape: Shape<Verifier> {
    .choice(
      "verifier",
      [
        Alternative("exact", ExactOptions.shape, alone: true, "The same text, but for what is ignored.") {
          .exact($0)
        },
        Alternative("choice", .choice, "The letter or the text of the right option."),
        Alternative("number", NumberOptions.shape, alone: true, "The last number of the response.") { .number($0) },
        Alternative("sorted-words", .sortedWords, "The answer's words in the answer's order."),
        Alternative("multiset", .multiset, "The answer's words in any order."),
        Alternative("regex", RegexOptions.shape, "What a pattern finds equals the answer.") { .regex($0) },
        Alternative("contains", ExactOptions.shape, alone: true, "The answer stands in the response.") {
          .contains($0)
        },
        Alternative("format", FormatConstraints.shape, "The response has a certain form.") { .format($0) },
      ])
  }
}

extension ExactOptions {
  fileprivate static var shape: Shape<ExactOptions> {
    .record("exact") { fields in
      let ignore = fields.optional("ignore", Shape<Ignored>.wordSet(), default: [], "What does not count.")
      return ExactOptions(ignore: ignore)
    }
  }
}

extension NumberOptions {
  fileprivate static var shape: Shape<NumberOptions> {
    .record("number") { fields in
      let tolerance = fields.optional(
        "tolerance", .number(.atLeast(0)), default: 0, "The largest difference that counts as equal.")
      let words = fields.optional("words", .flag, default: true, "Whether number words count.")
      return NumberOptions(tolerance: tolerance, words: words)
    }
  }
}

extension RegexOptions {
  fileprivate static var shape: Shape<RegexOptions> {
    let pattern = Shape<String>.nonEmptyText("a pattern").check { text, node, reading in
      do {
        _ = try Regex<AnyRegexOutput>(text)
        return text
      } catch {
        reading.note(.badPattern(text, reason: "\(error)"), node)
        return nil
      }
    }
    return .record("regex") { fields in
      fields.required("pattern", pattern, "The pattern; its first group, or all of it, is the answer.")
        .map { RegexOptions(pattern: $0) }
    }
  }
}

extension FormatConstraints {
  fileprivate static var shape: Shape<FormatConstraints> {
    .record("format") { fields in
      let words = fields.lengths("words", least: "The fewest words.", most: "The most words.")
      let lines = fields.lengths("lines", least: "The fewest lines that are not blank.", most: "The most lines.")
      let characters = fields.lengths(
        "characters", least: "The fewest characters, white space among them.", most: "The most characters.")
      let startsWith = fields.optional("starts-with", .nonEmptyText(), "How it must begin.")
      let endsWith = fields.optional("ends-with", .nonEmptyText(), "How it must end.")
      let letterCase = fields.optional("case", Shape<Case>.word, "The case of every letter.")
      let keywords = fields.optional(
        "keywords", .list(of: .nonEmptyText()), default: [], "Words that must stand in it.")
      let forbidden = fields.optional("forbidden", .list(of: .nonEmptyText()), default: [], "Words that must not.")
      let json = fields.optional("json", .flag, default: false, "Whether it must be one JSON document.")
      return FormatConstraints(
        minWords: words.least, maxWords: words.most, minLines: lines.least, maxLines: lines.most,
        minCharacters: characters.least, maxCharacters: characters.most, letterCase: letterCase, keywords: keywords,
        forbidden: forbidden, startsWith: startsWith, endsWith: endsWith, json: json)
    }
  }
}

extension Fields {
  /// `min-` and `max-` of what is counted.
  fileprivate mutating func lengths(
    _ what: String, least: String, most: String
  ) -> (least: Int?, most: Int?) {
    let low = optional("min-\(what)", .count(atLeast: 0), least)
    let high = optional("max-\(what)", .count(), most)
    if let low, let high, low > high, let place = place("min-\(what)") {
      reading.note(.emptyRange(low, high), place)
    }
    return (low, high)
  }
}
