// Records on a page: pairs with the words that a revision changed, answers cell by cell, tokens by their detection
// ratio. Knows how they are laid out; which ones are shown is chosen elsewhere.

import Reporting

/// What trainings learned from.
struct ExampleSection {
  let sets: [ExampleSet]
  /// The level of the headings within.
  let level: Int

  /// What the section holds.
  var content: [Markup] {
    let hasPairs = sets.contains {
      $0.examples.contains { $0.items.contains { if case .pair = $0 { true } else { false } } }
    }
    let key = Markup.tag(
      "p", ["class": "note"],
      [
        .text("In pairs "), .tag("del", text: "words that only the rejected response has"), .text(" and "),
        .tag("ins", text: "words that only the chosen one has"), .text(" are marked."),
      ])
    return (hasPairs ? [key] : [])
      + sets.flatMap { set in
        [Markup.tag("h\(level)", text: set.title), .tag("p", ["class": "note"], text: set.note)]
          + set.examples.map(Self.markup)
      }
  }

  private static func markup(_ example: ShownExample) -> Markup {
    // Each thing that was made of the prompt has a row of its own.
    let items = example.items.map { Markup.tag("div", ["class": "columns"], columns($0)) }
    return RecordMarkup.record(id: example.id, [RecordMarkup.prompt(example.prompt)] + items)
  }

  private static func columns(_ item: ShownItem) -> [Markup] {
    switch item {
    case .texts(let texts): return texts.map { RecordMarkup.column($0.name, [.text($0.text)]) }
    case .pair(let rejected, let chosen):
      let runs = WordEdits(from: rejected, to: chosen).runs
      func marked(_ fate: WordEdits.Fate, _ tag: String) -> [Markup] {
        runs.compactMap { run in
          if run.fate == .kept { return .text(run.text) }
          return run.fate == fate ? .tag(tag, text: run.text) : nil
        }
      }
      return [
        RecordMarkup.column("rejected", marked(.deleted, "del")),
        RecordMarkup.column("chosen", marked(.inserted, "ins")),
      ]
    }
  }
}

/// What every cell answered.
struct AnswerSection {
  let sets: [AnswerSet]
  /// The level of the headings within.
  let level: Int

  /// What the section holds.
  var content: [Markup] {
    sets.flatMap { set in
      [Markup.tag("h\(level)", text: set.title), .tag("p", ["class": "note"], text: set.note)]
        + set.records.map(Self.markup)
    }
  }

  private static func markup(_ record: ShownAnswers) -> Markup {
    let rows = record.answers.map { answer in
      Markup.tag(
        "tr", [:],
        [
          .tag("th", ["scope": "row"], text: answer.cell), .tag("td", ["class": "said"], text: answer.response),
          .tag("td", [:], [.tag("span", ["class": kind(of: answer)], text: answer.kind), .text(rest(of: answer))]),
        ])
    }
    let head = ["cell", "response", "outcome"].map { Markup.tag("th", ["scope": "col"], text: $0) }
    let table = Markup.tag("table", [:], [.tag("thead", [:], [.tag("tr", [:], head)]), .tag("tbody", [:], rows)])
    return RecordMarkup.record(
      id: record.id,
      [RecordMarkup.prompt(record.prompt), PageTable.box(label: "Answers to record \(record.id)", table)])
  }

  private static func kind(of answer: ShownAnswers.Answer) -> String {
    ["right": "right", "wrong": "wrong"][answer.kind] ?? "other"
  }

  /// The outcome without its kind, which stands before it.
  private static func rest(of answer: ShownAnswers.Answer) -> String {
    answer.outcome.hasPrefix(answer.kind) ? String(answer.outcome.dropFirst(answer.kind.count)) : " \(answer.outcome)"
  }
}

/// Judged responses, token by token.
struct DetectionSection {
  let sets: [DetectionSet]
  /// The level of the headings within.
  let level: Int

  /// Where a ratio, in nats, gets the next color.
  private static let bounds = [0.1, 0.5, 1.0, 2.0, 4.0]

  /// What the section holds.
  var content: [Markup] {
    [scale]
      + sets.flatMap { set in
        [Markup.tag("h\(level)", text: set.title), .tag("p", ["class": "note"], text: set.note)]
          + set.responses.map { Self.markup($0, lambda: set.lambda) }
      }
  }

  private var scale: Markup {
    let ratios = Self.bounds.reversed().map { -$0 } + [0] + Self.bounds
    let samples = ratios.map { ratio -> Markup in
      .tag(
        "span", ["class": "t \(Self.kind(of: ratio))"], text: ratio == 0 ? "0" : NumberFormat.signed(ratio, decimals: 1)
      )
    }
    return .tag(
      "p", ["class": "note scale"],
      [
        .text(
          "A token's color is ln of the detection ratio p(token | judged prompt) / p(token | prompt), in nats: warm "
            + "where the judgment makes it likelier, cool where less likely: ")
      ] + samples
        + [.text(". Underlined: the ratio is above λ, so that CUT learns the token's unlikelihood.")])
  }

  /// The class of a ratio: `h1` to `h5` above 0, `l1` to `l5` below, `z` near it.
  private static func kind(of ratio: Double) -> String {
    let size = bounds.count { ratio.magnitude >= $0 }
    return size == 0 ? "z" : "\(ratio > 0 ? "h" : "l")\(size)"
  }

  private static func markup(_ response: ShownJudgment, lambda: Double?) -> Markup {
    let tokens = response.tokens.map { token -> Markup in
      .tag(
        token.isInappropriate ? "u" : "span",
        ["class": "t \(kind(of: token.ratio))", "title": "ln ratio \(NumberFormat.signed(token.ratio, decimals: 2))"],
        text: token.text)
    }
    let rows = response.tokens.map { token in
      [token.text] + [token.plain, token.judged].map { NumberFormat.fixed($0, decimals: 3) }
        + [NumberFormat.signed(token.ratio, decimals: 3)]
        + (lambda == nil ? [] : [token.isInappropriate ? "above λ" : "–"])
    }
    let table = PageTable(
      head: ["token", "ln p(token | prompt)", "ln p(token | judged prompt)", "ln ratio"] + (lambda == nil ? [] : ["λ"]),
      rows: rows, numbers: [1, 2, 3])
    return RecordMarkup.record(
      id: response.id,
      [
        .tag(
          "div", ["class": "columns"],
          [
            RecordMarkup.prompt(response.prompt), RecordMarkup.column("judgment", [.text(response.judgment)]),
            RecordMarkup.column("response", tokens),
          ]), .tag("details", [:], [.tag("summary", text: "Tokens with their likelihoods"), table.markup]),
      ])
  }
}

/// What records on a page have in common.
enum RecordMarkup {
  /// A record with its identity.
  static func record(id: String, _ content: [Markup]) -> Markup {
    .tag("article", ["class": "record"], [.tag("p", ["class": "id"], text: "record \(id)")] + content)
  }

  /// A text under its name.
  static func column(_ name: String, _ content: [Markup]) -> Markup {
    .tag(
      "div", ["class": "column"],
      [.tag("p", ["class": "who"], text: name), .tag("div", ["class": "said", "dir": "auto"], content)])
  }

  /// A prompt, turn by turn.
  static func prompt(_ turns: [ShownText]) -> Markup {
    .tag(
      "div", ["class": "column prompt"],
      turns.flatMap { turn in
        [
          Markup.tag("p", ["class": "who"], text: turn.name),
          .tag("div", ["class": "said", "dir": "auto"], text: turn.text),
        ]
      })
  }
}
