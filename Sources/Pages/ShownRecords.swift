// Records as a page shows them: prompts with what was learned from them or answered to them, and tokens with two
// likelihoods. Knows texts; nothing of the steps that made them.

/// A text with who says it, or what it is.
package struct ShownText: Sendable {
  /// Such as `user`, `response` or `answer`.
  package let name: String
  /// The text.
  package let text: String

  /// Names a text.
  package init(_ name: String, _ text: String) { (self.name, self.text) = (name, text) }
}

/// Something learned from a prompt.
package enum ShownItem: Sendable {
  /// A worse and a better response.
  case pair(rejected: String, chosen: String)
  /// Texts of any other kind, side by side.
  case texts([ShownText])
}

/// A record that was learned from.
package struct ShownExample: Sendable {
  /// Its identity.
  package let id: String
  /// The prompt, turn by turn.
  package let prompt: [ShownText]
  /// What was made of it.
  package let items: [ShownItem]

  /// Makes an example.
  package init(id: String, prompt: [ShownText], items: [ShownItem]) {
    (self.id, self.prompt, self.items) = (id, prompt, items)
  }
}

/// Examples of one origin.
package struct ExampleSet: Sendable {
  /// What made them.
  package let title: String
  /// How many there are, for which cells, and the key.
  package let note: String
  /// The first of them.
  package let examples: [ShownExample]
  /// What they are of, the same wherever it is told; empty for what is like nothing else.
  package let origin: String

  /// Puts examples together.
  package init(title: String, note: String, examples: [ShownExample], origin: String = "") {
    (self.title, self.note, self.examples, self.origin) = (title, note, examples, origin)
  }
}

/// What all cells answered to a prompt.
package struct ShownAnswers: Sendable {
  /// An answer of a cell.
  package struct Answer: Sendable {
    /// The cell.
    package let cell: String
    /// The response.
    package let response: String
    /// What became of it, such as `right`.
    package let kind: String
    /// The outcome in words.
    package let outcome: String

    /// Makes an answer.
    package init(cell: String, response: String, kind: String, outcome: String) {
      (self.cell, self.response, self.kind, self.outcome) = (cell, response, kind, outcome)
    }
  }

  /// The record's identity.
  package let id: String
  /// The prompt with the accepted answers.
  package let prompt: [ShownText]
  /// The answers, cell by cell.
  package let answers: [Answer]

  /// Puts answers together.
  package init(id: String, prompt: [ShownText], answers: [Answer]) {
    (self.id, self.prompt, self.answers) = (id, prompt, answers)
  }
}

/// Answers that one eval saw.
package struct AnswerSet: Sendable {
  /// The eval.
  package let title: String
  /// Which records these are.
  package let note: String
  /// The records.
  package let records: [ShownAnswers]
  /// What they are of, the same wherever it is told; empty for what is like nothing else.
  package let origin: String

  /// Puts records together.
  package init(title: String, note: String, records: [ShownAnswers], origin: String = "") {
    (self.title, self.note, self.records, self.origin) = (title, note, records, origin)
  }
}

/// A token of a judged response.
package struct JudgedToken: Hashable, Sendable {
  /// Its text.
  package let text: String
  /// ln p behind the prompt.
  package let plain: Double
  /// ln q behind the judged prompt.
  package let judged: Double
  /// Whether CUT learns its unlikelihood: the ratio is above λ.
  package let isInappropriate: Bool

  /// Takes a token.
  package init(text: String, plain: Double, judged: Double, isInappropriate: Bool) {
    (self.text, self.plain, self.judged, self.isInappropriate) = (text, plain, judged, isInappropriate)
  }

  /// The detection ratio as ln q - ln p, in nats: above 0 the judgment makes the token likelier.
  package var ratio: Double { judged - plain }
}

/// A judged response, token by token.
package struct ShownJudgment: Sendable {
  /// The record's identity.
  package let id: String
  /// The prompt.
  package let prompt: [ShownText]
  /// What was said of the response.
  package let judgment: String
  /// Its tokens; a first one that nothing stands before has no likelihood and is missing.
  package let tokens: [JudgedToken]

  /// Makes a judged response.
  package init(id: String, prompt: [ShownText], judgment: String, tokens: [JudgedToken]) {
    (self.id, self.prompt, self.judgment, self.tokens) = (id, prompt, judgment, tokens)
  }
}

/// Judged responses under one model.
package struct DetectionSet: Sendable {
  /// What they are of.
  package let title: String
  /// Which model, which judgments, and where the likelihoods come from.
  package let note: String
  /// λ, above which a token counts as inappropriate; nil where nothing is learned from it.
  package let lambda: Double?
  /// The responses.
  package let responses: [ShownJudgment]
  /// What they are of, the same wherever it is told; empty for what is like nothing else.
  package let origin: String

  /// Puts responses together.
  package init(title: String, note: String, lambda: Double?, responses: [ShownJudgment], origin: String = "") {
    (self.title, self.note, self.lambda, self.responses, self.origin) = (title, note, lambda, responses, origin)
  }
}
