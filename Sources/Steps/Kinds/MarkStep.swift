// Responses whose errors are known to the character, from the data or planted, each with a judgment that tells of them.
// Knows no tokens and no model.

package import Diagnostics
import Digests
import Execution
import JSON
package import Planning
import Randomness
package import Records
import Specification
import Verification

enum MarkStep {
  static func run(_ work: MarkWork, _ task: StepTask) throws -> ([ProducedOutput], WorkCount) {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let fields = try RecordFile.fields(from: task.input("records"), file: "records of \(task.step.label)")
    let records = SourceRecord.identified(fields)
    try Alignment.check(prompts.map(\.id), records.map(\.id), step: task.step.label)
    let marker = Marker(work, label: task.step.label, places: task.step.places)
    try marker.checkKnown(in: fields)
    let (results, count) = try task.resultsByLine(of: prompts.count) { index in
      let marked = try marker.mark(records[index], of: prompts[index], number: index + 1)
      return [marked.feedback.json, marked.errors.json]
    }
    let feedback = try results.map { try FeedbackRecord(json: $0[0]) }
    let errors = try results.map { try ErrorSpans(json: $0[1]) }
    let spans = ProducedOutput("errors", RecordFile.bytes(errors), records: errors.count)
    return (ReviseStep.outputs("feedback", feedback) + [spans], count)
  }
}

/// Finds or plants the errors of one record's response.
package struct Marker {
  private let work: MarkWork
  private let label: String
  private let places: [String: SourcePlace]

  package init(_ work: MarkWork, label: String, places: [String: SourcePlace] = [:]) {
    self.work = work
    self.label = label
    self.places = places
  }

  /// A response with its errors, each with what its description may name.
  private struct Marked {
    let text: String
    var errors: [(span: Range<Int>, words: [String: String])]
  }

  /// A field that no record has would leave every response without errors.
  func checkKnown(in records: [JSONObject]) throws(StepError) {
    guard case .recorded(let recorded) = work.errors, let name = recorded.at.first, let first = records.first,
      !records.contains(where: { $0[name] != nil })
    else { return }
    throw .missingField(step: label, field: name, record: 1, fields: first, place: places["errors"])
  }

  /// The judged response of a record and the places of its errors; a leftover and no place where there is none.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - prompt: Its prompt.
  ///   - number: Which record of the data it is, counted from 1, for messages.
  /// - Returns: Feedback of one item or one leftover, and the places.
  /// - Throws: ``StepError`` where the data do not say what the spec expects.
  package func mark(
    _ record: SourceRecord, of prompt: RenderedPrompt, number: Int
  ) throws(StepError) -> (feedback: FeedbackRecord, errors: ErrorSpans) {
    let text = try render(work.response, number, record.fields, leaf: "response") { _ in nil }
    func left(_ leftover: Leftover) -> (FeedbackRecord, ErrorSpans) {
      (
        FeedbackRecord(id: record.id, turns: prompt.turns, items: [], leftovers: [leftover]),
        ErrorSpans(id: record.id, spans: [])
      )
    }
    let marked: Marked
    switch work.errors {
    case .recorded(let errors):
      marked = Marked(text: text, errors: try found(errors, in: text, record.fields, number))
      if marked.errors.isEmpty { return left(Leftover(.noErrors)) }
    case .planted(let errors):
      guard let planted = planted(errors, in: text, record.id) else {
        return left(Leftover(.tooFewWords, "fewer than \(errors.words) words can be replaced"))
      }
      marked = planted
    }
    let said = try described(marked, record.fields, number)
    let bound = ["errors": said, "response": marked.text]
    let judgment = try render(work.judgment, number, record.fields, leaf: "judgment") { bound[$0] }
    if Reviser.trimmed(judgment).isEmpty { return left(Leftover(.noJudgment, "the judgment is empty")) }
    let response = Response(text: marked.text, finish: .stop, tokens: 0)
    return (
      FeedbackRecord(id: record.id, turns: prompt.turns, items: [.judged(response, judgment: judgment)]),
      ErrorSpans(id: record.id, spans: marked.errors.map(\.span))
    )
  }

  // MARK: - Errors

  private func planted(_ errors: Specification.PlantedErrors, in text: String, _ id: RecordID) -> Marked? {
    var stream = RandomStream(
      RandomAddress(
        seed: UInt64(bitPattern: Int64(errors.seed)), purpose: .plantedErrors,
        record: Digest.sha256(id.description).words))
    return Verification.PlantedErrors(in: text, words: errors.words) { stream.integer(below: $0) }.map { planted in
      Marked(
        text: planted.text, errors: planted.replacements.map { ($0.range, ["wrong": $0.wrong, "right": $0.right]) })
    }
  }

  /// The errors that the data give, in their order; none where the list is absent or null.
  private func found(
    _ errors: RecordedErrors, in text: String, _ fields: JSONObject, _ number: Int
  ) throws(StepError) -> [(span: Range<Int>, words: [String: String])] {
    func fault(_ reason: String) -> StepError {
      .badErrors(step: label, record: number, reason: reason, fields: fields, place: places["errors"])
    }
    let value = errors.at.reduce(JSONValue.object(fields)) { $0[$1] ?? .null }
    if value == .null { return [] }
    guard let list = value.arrayValue else { throw fault("are \(value.kindInWords), not a list") }
    let scalars = Array(text.unicodeScalars)
    var found: [(Range<Int>, [String: String])] = []
    for (index, error) in list.enumerated() {
      guard let members = error.objectValue else {
        throw fault("hold \(error.kindInWords) at place \(index + 1), not a mapping")
      }
      guard let start = error[errors.start]?.integerValue, let end = error[errors.end]?.integerValue else {
        throw fault("lack a whole number `\(errors.start)` or `\(errors.end)` at place \(index + 1)")
      }
      guard start >= 0, start < end, end <= scalars.count else {
        let place = "from \(start) to \(end) at place \(index + 1)"
        throw fault("reach \(place), and the response has \(scalars.count) characters")
      }
      var words: [String: String] = [:]
      for member in members.members { words[member.name] = FieldText.text(member.value) }
      words["wrong"] = Texts.string(scalars[start..<end])
      found.append((start..<end, words))
    }
    return found
  }

  /// What is said of all errors, one after the other.
  private func described(_ marked: Marked, _ fields: JSONObject, _ number: Int) throws(StepError) -> String {
    var said: [String] = []
    for error in marked.errors {
      said.append(try render(work.error, number, JSONObject(), leaf: "error") { error.words[$0] })
    }
    return said.joined(separator: " ")
  }

  private func render(
    _ template: Template, _ number: Int, _ fields: JSONObject, leaf: String, _ bound: (String) -> String?
  ) throws(StepError) -> String {
    do {
      return try template.render { bound($0) ?? FieldText.text($0, of: fields) }
    } catch {
      throw .missingField(step: label, field: error.name, record: number, fields: fields, place: places[leaf])
    }
  }
}

private enum Texts {
  static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}
