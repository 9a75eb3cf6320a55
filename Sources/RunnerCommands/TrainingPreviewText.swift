// The first examples of a training as text: the prompt behind a margin, then a line for each token of each response.
// Colors on a terminal; without them every mark is still there.

import FoundationEssentials
import Glibc
import LanguageModel
import Planning
import Records
import Reporting
import Steps
import Training

struct TrainingPreviewText {
  let training: ShownTraining
  let spec: String
  let colored: Bool

  /// What is said of the whole.
  var head: String {
    var lines = ["── \(training.label)" + (training.cells.count > 1 ? " (\(training.cells.count) cells)" : "")]
    switch training.content {
    case .blocked(let step): lines += ["this version cannot run: \(step)"]
    case .waiting(let steps):
      lines += ["its examples are not in the store; a language model has yet to run:"]
      lines += steps.map { "  \($0)" }
      lines += ["  → \(Self.remedy(spec))"]
    case .examples(let preview, let fate): lines += head(preview, fate)
    }
    return lines.joined(separator: "\n")
  }

  /// Its first examples, token by token, with a blank line behind them; only that where there are none.
  var examples: String {
    guard case .examples(let preview, _) = training.content else { return "" }
    return preview.examples.flatMap { [""] + body($0, of: preview.count) }.joined(separator: "\n") + "\n"
  }

  /// What to do where a model has yet to run.
  static func remedy(_ spec: String) -> String {
    "`runner exec \(spec)` makes them; or run `runner exec \(spec) --smoke` and preview those with `--smoke`."
  }

  // MARK: - The whole

  private func head(_ preview: TrainingPreview, _ fate: ShownTraining.Fate) -> [String] {
    var lines = ["\(Self.count(preview.count, "example")): \(fate.counts.sentence)"]
    for kind in fate.counts.leftovers.map(\.kind) {
      if let reason = fate.reasons[kind] { lines.append("  \(kind), such as: \(reason)") }
    }
    lines.append(
      "\(preview.retokenized.count) of \(Self.count(preview.retokenized.of, "response")) "
        + "\(preview.retokenized.count == 1 ? "has" : "have") another number of tokens than the model wrote")
    lines += Self.explanation(preview.model)
    if training.startsElsewhere { lines.append("the policy does not start from the reference: its own weights differ") }
    return lines
  }

  /// What the numbers are.
  private static func explanation(_ model: StartingModel) -> [String] {
    switch model {
    case .reference:
      [
        "numbers: d loss / d ln p(token) in the first batch with the example, where policy = reference;",
        "  below 0 the token becomes likelier, above 0 less likely",
      ]
    case .evenScores:
      [
        "how much a score is trained depends on what the model says, which a preview does not ask it;",
        "numbers: d loss / d score in the first batch with the example, where all scores are equal;",
        "  below 0 the score rises, above 0 it falls",
      ]
    case .uniform:
      [
        "how much a token is trained depends on what the model says, which a preview does not ask it;",
        "numbers: d loss / d ln p(token) in the first batch with the example, of a model to which all tokens are equally",
        "  likely; below 0 the token becomes likelier, above 0 less likely",
      ]
    case .inverted:
      [
        "how much a token is trained depends on what the model says, which a preview does not ask it;",
        "numbers: d loss / d ln p(token) in the first batch with the example, of a model to which all tokens are equally",
        "  likely but for those of worse responses, which it finds a little likelier, so that every pair is in the wrong",
        "  order; below 0 the token becomes likelier, above 0 less likely",
      ]
    }
  }

  private func body(_ example: PreviewedExample, of count: Int) -> [String] {
    let (step, batch) = (example.step, example.batch)
    var lines = [
      "example \(example.number) of \(count), record \(example.id)",
      "  \(step.isReached ? "first in step" : "the training ends before its step") \(step.number): "
        + "a batch of \(Self.count(batch.examples, "example")), \(Self.count(batch.responses, "trained response")), "
        + Self.count(batch.tokens, "trained token"),
      "  prompt: \(Self.count(example.promptTokens, "token")), not trained",
    ]
    let prompt = example.prompt.map(\.text).joined()
    for line in prompt.split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(dim("    | \(line)".trimmingEnd))
    }
    for response in example.responses { lines += self.lines(of: response) }
    return lines
  }

  // MARK: - A response

  private func lines(of response: PreviewedResponse) -> [String] {
    var title = "  \(response.label.rawValue)"
    if let reward = response.reward { title += ", reward \(NumberFormat.fixed(reward, decimals: 3))" }
    title += ": \(Self.count(response.tokens.count, "token"))"
    if let score = response.scoreWeight {
      title += ", read for its score: \(Self.number(score))"
    } else {
      title += response.isTrained ? ", trained, together \(Self.sum(response.tokens))" : ", not trained"
    }
    if let written = response.written { title += "; the model wrote \(written)" }
    if response.finish == .length { title += "; cut off, so no end of turn" }
    return [title] + rows(response.tokens, isScored: response.scoreWeight != nil)
      + response.contexts.flatMap(lines(of:))
  }

  private func lines(of context: PreviewedContext) -> [String] {
    let what = context.kind == .question ? "its judgment behind this question" : "behind the \(context.kind.rawValue)"
    var lines = [
      "    also read \(what): \(Self.count(context.promptTokens, "token")), not trained, and "
        + "\(Self.count(context.tokens.count, "token")), trained, together \(Self.sum(context.tokens))"
    ]
    let text = context.prompt.map(\.text).joined()
    for line in text.split(separator: "\n", omittingEmptySubsequences: context.prompt.isEmpty) {
      lines.append(dim("    | \(line)".trimmingEnd))
    }
    return lines + rows(context.tokens, isScored: false)
  }

  private static func sum(_ tokens: [PreviewedToken]) -> String {
    number(tokens.reduce(0) { $0 + ($1.weight ?? 0) })
  }

  private func rows(_ tokens: [PreviewedToken], isScored: Bool) -> [String] {
    let texts = tokens.map { $0.isSpecial ? $0.text : Self.quoted($0.bytes) }
    let ids = tokens.map { String($0.id.rawValue) }
    let (wide, long) = (texts.map(\.count).max() ?? 0, ids.map(\.count).max() ?? 0)
    return zip(tokens, zip(texts, ids)).enumerated().map { place, shown in
      let (token, cells) = shown
      var row = "    " + cells.0 + String(repeating: " ", count: wide - cells.0.count + 2)
      row += String(repeating: " ", count: long - cells.1.count) + cells.1
      let unread = isScored ? place == tokens.count - 1 ? "the head reads here" : "read" : "not trained"
      row += "  \(token.weight.map(Self.number) ?? unread)"
      if let weight = token.vocabularyWeight { row += "  mean over the vocabulary \(Self.number(weight))" }
      if let weight = token.entropyWeight { row += "  entropy \(Self.number(weight))" }
      if let value = token.reference { row += "  ln p(reference) \(NumberFormat.fixed(Double(value), decimals: 4))" }
      if token.endsTurn { row += "  end of turn" }
      return painted(row, token.weight ?? (isScored ? 0 : nil))
    }
  }

  private func painted(_ row: String, _ weight: Double?) -> String {
    guard let weight else { return dim(row) }
    guard colored, weight != 0 else { return row }
    return (weight < 0 ? "\u{1B}[32m" : "\u{1B}[31m") + row + "\u{1B}[0m"
  }

  private func dim(_ text: String) -> String { colored ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  // MARK: - Words and numbers

  private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// A number with its sign and four digits that count; 0 only for exactly 0.
  static func number(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : String(value) }
    let magnitude = Int(log10(value.magnitude).rounded(.down))
    guard magnitude > -12 else { return String(value) }
    return NumberFormat.signed(value, decimals: max(0, 3 - magnitude))
  }

  /// Text in quotes, with what would not be seen written out; a part of a character by its bytes.
  static func quoted(_ bytes: [UInt8]) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      return "\"" + bytes.map { "\\x" + String($0, radix: 16, uppercase: true) }.joined() + "\""
    }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case "\r": quoted += "\\r"
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where scalar.properties.generalCategory == .control: quoted += "\\u{\(String(scalar.value, radix: 16))}"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension PreviewedToken {
  /// Its text; a part of a character is U+FFFD.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension String {
  fileprivate var trimmingEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}
