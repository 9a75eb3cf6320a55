// Stored records as people read them: prompts, responses, pairs, judgments, rankings, outcomes, scores, fields.
// Tells a record's form by its members; knows neither the step that made it nor where it is kept.

import Diagnostics
import FoundationEssentials
import JSON
import Records
import Reporting

/// A record in a form made for reading.
struct RecordForm {
  /// Who it is; nil for records of data, whose identity is their content.
  let id: String?
  /// Its parts, each with a name, in order.
  let parts: [(name: String, text: String)]

  /// Reads a line of a stored file; without `withTurns`, feedback is shown without the prompt that it belongs to.
  init(_ json: JSONValue, withTurns: Bool = true) {
    id = json["id"]?.stringValue
    if let record = try? FeedbackRecord(json: json) {
      parts = (withTurns ? Self.turns(record.turns) : []) + Self.parts(of: record)
    } else if let record = try? Responses(json: json) {
      parts = record.responses.enumerated().map { index, response in
        (record.responses.count == 1 ? "response" : "response \(index + 1)", Self.text(of: response))
      }
    } else if let record = try? Outcomes(json: json) {
      parts = record.outcomes.map { ("outcome", Self.text(of: $0)) }
    } else if let record = try? Scores(json: json) {
      parts = record.scores.map { ("score", Self.text(of: $0)) }
    } else if let record = try? RenderedPrompt(json: json) {
      parts = Self.parts(of: record)
    } else if let fields = json.objectValue {
      parts = fields.members.map { ($0.name, Self.text(of: $0.value)) }
    } else {
      parts = [("value", json.canonical)]
    }
  }

  /// The record as lines: each part's name, and its text beside it.
  func lines(indented indent: Int = 2) -> [String] {
    let width = parts.map { $0.name.terminalColumns }.max() ?? 0
    var lines: [String] = []
    var index = parts.startIndex
    while index < parts.endIndex {
      // What several responses came to alike is said once.
      let count = parts[index...].prefix { $0 == parts[index] }.count
      let text = parts[index].text + (count > 1 ? "  (\(count) times)" : "")
      lines += TextBlock.lines(parts[index].name, text, indent: indent, width: width)
      index += count
    }
    return lines
  }

  // MARK: - Texts

  /// A value of a field: text as it is, everything else as JSON.
  static func text(of value: JSONValue) -> String { value.stringValue ?? value.canonical }

  /// A response with the way it ended.
  static func text(of response: Response) -> String {
    if response.divergedAt != nil || response.finish == .error { return "error: \(response.text)" }
    var facts: [String] = []
    if response.tokens > 0 { facts.append(response.tokens == 1 ? "1 token" : "\(response.tokens) tokens") }
    if response.finish == .length { facts.append("cut off at the limit") }
    return response.text + (facts.isEmpty ? "" : "  [\(facts.joined(separator: ", "))]")
  }

  /// An outcome in words.
  static func text(of outcome: Outcome) -> String {
    let isVerdict = ["right", "wrong", "unparsed", "error", "diverged"].contains(outcome.kind)
    let value = isVerdict ? "" : " \(NumberFormat.fixed(outcome.value, decimals: 3))"
    let weight = outcome.weight == 1 ? "" : ", weight \(NumberFormat.fixed(outcome.weight, decimals: 0))"
    return outcome.kind + value + weight + (outcome.reason.isEmpty ? "" : ": \(outcome.reason)")
  }

  /// A score in words.
  static func text(of score: Score) -> String {
    if let step = score.divergedAt { return "the model diverged at step \(step)" }
    if let failure = score.failure { return "not scored: \(failure)" }
    if let reward = score.reward { return "reward \(NumberFormat.fixed(reward, decimals: 3))" }
    let count = score.logProbabilities.count
    return "ln p = \(NumberFormat.fixed(score.sum, decimals: 3)) over \(count) token\(count == 1 ? "" : "s")"
  }

  private static func parts(of prompt: RenderedPrompt) -> [(String, String)] {
    turns(prompt.turns)
      + prompt.options.enumerated().map { index, option in
        ("option", (index < prompt.labels.count ? "\(prompt.labels[index]) " : "") + option)
      } + prompt.answers.map { ("answer", $0) }
      + prompt.texts.keys.sorted().map { ($0, prompt.texts[$0] ?? "") }
  }

  private static func parts(of record: FeedbackRecord) -> [(String, String)] {
    record.items.flatMap(parts)
      + record.leftovers.map { ("left over", $0.kind + ($0.reason.isEmpty ? "" : ": \($0.reason)")) }
  }

  /// An item of feedback: what it says of its responses stands beside each.
  static func parts(of item: FeedbackItem) -> [(String, String)] {
    switch item {
    case .response(let response): [("response", text(of: response))]
    case .pair(let chosen, let rejected): [("chosen", text(of: chosen)), ("rejected", text(of: rejected))]
    case .judged(let response, let judgment, let context):
      [("response", text(of: response)), ("judgment", judgment ?? "(acceptable)")]
        + (context.map { turns($0.turns, "read as ") } ?? [])
    case .ranking(let responses, let scores):
      responses.enumerated().map { index, response in
        let score = index < scores.count ? " (\(NumberFormat.fixed(scores[index], decimals: 3)))" : ""
        return ("rank \(index + 1)\(score)", text(of: response))
      }
    case .relabeled(let response, let fitting, let contrast, let answers):
      turns(fitting, "fits ") + turns(contrast, "not ") + [("response", text(of: response))]
        + answers.map { ("answer", $0) }
    }
  }

  private static func turns(_ turns: [Message], _ prefix: String = "") -> [(String, String)] {
    turns.map { (prefix + $0.role.rawValue, $0.text) }
  }
}

/// Text under a name, for a terminal.
enum TextBlock {
  /// The lines of a text: the name before the first, blanks before the others.
  ///
  /// - Parameters:
  ///   - name: What the text is.
  ///   - text: The text; what could command a terminal is shown, not obeyed.
  ///   - indent: Blanks before the name.
  ///   - width: The columns that names take.
  /// - Returns: A line for each of the text, at least one.
  static func lines(_ name: String, _ text: String, indent: Int = 2, width: Int) -> [String] {
    let gap = String(repeating: " ", count: max(0, width - name.terminalColumns) + 2)
    let head = String(repeating: " ", count: indent) + name.showingControls + gap
    let blank = String(repeating: " ", count: indent + max(width, name.terminalColumns) + 2)
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
      var line = (index == 0 ? head : blank) + String(line).showingControls
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// The beginning of a text on one line.
  static func short(_ text: String, _ most: Int = 72) -> String {
    let line = text.replacing("\n", with: "⏎").showingControls
    return line.count <= most ? line : line.prefix(most - 1) + "…"
  }
}
