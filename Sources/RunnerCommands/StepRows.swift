// The records of a stored step as rows for data frames, one a sample, an item of feedback or a record.
// Reads stored bytes by their form; computes nothing, and knows no plan.

import Diagnostics
import Digests
import JSON
import Records
import Storage

/// Rows of what a step made.
struct StepRows {
  /// What the rows are, in the plural.
  let what: String
  let rows: [JSONValue]

  /// The columns of each kind, for `--help`.
  static let columns = HelpText.list([
    ("prompts", "answers, options"), ("responses", "sample, response, finish, tokens"),
    ("pairs", "kind, chosen, rejected"), ("judgments", "kind, response, judgment (empty: acceptable)"),
    ("rankings", "kind, responses (best first), scores"), ("relabeled", "kind, response, fitting, contrast"),
    ("left over", "kind, left-over, reason"),
    ("outcomes", "sample, outcome, value, weight, reason, response"),
    ("scores", "sample, sum (ln p), tokens, log-probabilities, bytes, reward, failure"),
    ("trainings", "step, loss and what else was told of each optimizer step, alone"),
    ("data", "its own fields alone"),
  ])

  /// Reads the records of a step's output.
  ///
  /// - Parameters:
  ///   - step: The key of the step and its result.
  ///   - name: The output; nil for what the step is run for.
  ///   - store: The store.
  /// - Throws: ``StepRowsFault`` if the output has no records, ``StoreNameFault`` if there is no such output, or what reading
  ///   the store throws.
  init(of step: (key: Digest, result: StepResult), output name: String?, in store: Store) throws {
    let result = step.result
    let label = result.provenance["label"]?.stringValue ?? result.kind
    if let name, !result.outputs.contains(where: { $0.name == name }) {
      throw StoreNameFault.noOutput(name: name, step: step.key, known: result.outputs.map(\.name))
    }
    let withRecords = result.outputs.filter { $0.recordCount != nil }.map(\.name)
    let usual = ShowCommand.principal.first { withRecords.contains($0) } ?? withRecords.first
    guard let chosen = name ?? usual, withRecords.contains(chosen),
      let output = result.outputs.first(where: { $0.name == chosen })
    else { throw StepRowsFault.noRecords(step: label, output: name, withRecords) }
    let lines = try RecordFile.fields(from: try store.read(output.digest), file: chosen)
    let isData = ["ingest", "split", "take"].contains(result.kind)
    let joined = isData ? Joined() : try Joined(result, in: store)
    let form = isData ? .fields : lines.first.map { Self.form(of: .object($0)) } ?? .fields
    what = form.rawValue
    rows = lines.flatMap { Self.rows(of: $0, form, joined) }
  }

  /// What a line of a file tells of.
  private enum Form: String {
    case prompts, responses, outcomes, scores
    case feedback = "examples"
    case fields = "records"
  }

  private static func form(of line: JSONValue) -> Form {
    if (try? FeedbackRecord(json: line)) != nil { return .feedback }
    if (try? Responses(json: line)) != nil { return .responses }
    if (try? Outcomes(json: line)) != nil { return .outcomes }
    if (try? Scores(json: line)) != nil { return .scores }
    if (try? RenderedPrompt(json: line)) != nil { return .prompts }
    return .fields
  }

  /// What a step read of the same records: the prompts, and the responses where it judged them.
  private struct Joined {
    var prompts: [RecordID: [Message]] = [:]
    var responses: [RecordID: [Response]] = [:]

    init() {}

    init(_ result: StepResult, in store: Store) throws {
      func input<Record: WireRecord>(_ name: String, _ type: Record.Type) throws -> [Record] {
        guard case .digest(let digest)? = result.manifest["inputs/\(name)"] else { return [] }
        return try RecordFile.records(type, from: try store.read(digest), file: name)
      }
      for record in try input("examples", FeedbackRecord.self) { prompts[record.id] = record.turns }
      for prompt in try input("prompts", RenderedPrompt.self) { prompts[prompt.id] = prompt.turns }
      guard result.kind != "generate" else { return }
      for record in try input("responses", Responses.self) { responses[record.id] = record.responses }
    }

    /// The columns that tell a record: who it is and its prompt, as a text and as messages.
    func start(_ id: RecordID, _ turns: [Message]? = nil) -> JSONObject {
      var row = JSONObject([JSONMember("record", .string(id.description))])
      guard let turns = turns ?? prompts[id] else { return row }
      row["prompt"] = .string(turns.map(\.text).joined(separator: "\n\n"))
      row["messages"] = Self.messages(turns)
      return row
    }

    static func messages(_ turns: [Message]) -> JSONValue {
      .array(turns.map { .members(["role": .string($0.role.rawValue), "content": .string($0.text)]) })
    }
  }

  private static func rows(of line: JSONObject, _ form: Form, _ joined: Joined) -> [JSONValue] {
    let json = JSONValue.object(line)
    switch form {
    case .fields: return [json]
    case .prompts: return (try? RenderedPrompt(json: json)).map { [.object(row(of: $0, joined))] } ?? [json]
    case .responses:
      guard let record = try? Responses(json: json) else { return [json] }
      return record.responses.enumerated().map { sample, response in
        var row = joined.start(record.id)
        row["sample"] = .integer(Int64(sample))
        add(response, to: &row)
        return .object(row)
      }
    case .outcomes:
      guard let record = try? Outcomes(json: json) else { return [json] }
      return record.outcomes.enumerated().map { sample, outcome in
        var row = joined.start(record.id)
        row["sample"] = .integer(Int64(sample))
        row["outcome"] = .string(outcome.kind)
        // What a training that diverged would have come to is no number, and counts as none.
        row["value"] = outcome.divergedAt == nil ? .number(outcome.value) : .null
        row["weight"] = .number(outcome.divergedAt == nil ? outcome.weight : 0)
        row["reason"] = .string(outcome.reason)
        let responses = joined.responses[record.id] ?? []
        if responses.count == record.outcomes.count { add(responses[sample], to: &row) }
        return .object(row)
      }
    case .scores:
      guard let record = try? Scores(json: json) else { return [json] }
      return record.scores.enumerated().map { .object(row(of: $1, sample: $0, joined.start(record.id))) }
    case .feedback:
      guard let record = try? FeedbackRecord(json: json) else { return [json] }
      return record.items.map { .object(row(of: $0, joined.start(record.id, record.turns))) }
        + record.leftovers.map { leftover in
          var row = joined.start(record.id, record.turns)
          row["kind"] = "left over"
          row["left-over"] = .string(leftover.kind)
          row["reason"] = .string(leftover.reason)
          return .object(row)
        }
    }
  }

  private static func row(of prompt: RenderedPrompt, _ joined: Joined) -> JSONObject {
    var row = joined.start(prompt.id, prompt.turns)
    row["answers"] = .array(prompt.answers.map { .string($0) })
    if !prompt.options.isEmpty { row["options"] = .array(prompt.options.map { .string($0) }) }
    for (name, text) in prompt.texts { row["text.\(name)"] = .string(text) }
    return row
  }

  private static func row(of score: Score, sample: Int, _ start: JSONObject) -> JSONObject {
    var row = start
    row["sample"] = .integer(Int64(sample))
    let isScored = score.divergedAt == nil && score.failure == nil
    let hasTokens = isScored && score.reward == nil
    row["sum"] = hasTokens ? .number(score.sum) : .null
    row["tokens"] = hasTokens ? .integer(Int64(score.logProbabilities.count)) : .null
    row["log-probabilities"] = hasTokens ? .array(score.logProbabilities.map { .number(Double($0)) }) : .null
    row["bytes"] = .integer(Int64(score.byteCount))
    row["reward"] = score.reward.map { .number($0) } ?? .null
    row["failure"] =
      (score.failure ?? score.divergedAt.map { "the model diverged at step \($0)" }).map {
        .string($0)
      } ?? .null
    return row
  }

  private static func row(of item: FeedbackItem, _ start: JSONObject) -> JSONObject {
    var row = start
    switch item {
    case .response(let response):
      row["kind"] = "response"
      add(response, to: &row)
    case .pair(let chosen, let rejected):
      row["kind"] = "pair"
      row["chosen"] = .string(chosen.text)
      row["rejected"] = .string(rejected.text)
    case .judged(let response, let judgment, _):
      row["kind"] = "judgment"
      add(response, to: &row)
      row["judgment"] = .string(judgment ?? "")
    case .ranking(let responses, let scores):
      row["kind"] = "ranking"
      row["responses"] = .array(responses.map { .string($0.text) })
      row["scores"] = .array(scores.map { .number($0) })
    case .relabeled(let response, let turns, let contrast, _):
      row["kind"] = "relabeled"
      add(response, to: &row)
      row["fitting"] = Joined.messages(turns)
      row["contrast"] = Joined.messages(contrast)
    }
    return row
  }

  private static func add(_ response: Response, to row: inout JSONObject) {
    row["response"] = .string(response.text)
    row["finish"] = .string(response.finish.rawValue)
    row["tokens"] = .integer(Int64(response.tokens))
  }
}

/// Why a step has no rows.
enum StepRowsFault: DiagnosableError, Hashable {
  /// The step, or the output that was named, holds no records.
  case noRecords(step: String, output: String?, [String])

  var diagnoses: [Diagnosis] {
    switch self {
    case .noRecords(let step, let output, let others):
      let remedy =
        others.isEmpty
        ? "`runner show` shows what it made, and `runner store cat` gives its bytes."
        : "Name an output that does: --output \(others.joined(separator: " or ")). Weights are written with --into."
      return [
        Diagnosis(
          "export.no-records", (output.map { "\(step): its output `\($0)` holds" } ?? "\(step) holds") + " no records",
          remedy: remedy, exit: .usage)
      ]
    }
  }
}
