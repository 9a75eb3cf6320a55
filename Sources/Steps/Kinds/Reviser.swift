// What a stage makes of the candidates of one record. Every candidate is part of an item or a named leftover.
// Knows no files; a pure function of the record and of what was asked about it.

package import Diagnostics
package import JSON
package import Planning
package import Records
import Specification
import Verification

/// A stage of the reviser.
package struct Reviser {
  /// What a stage reads beside the candidates.
  package struct Material {
    /// Fields of the data.
    package var fields: JSONObject
    /// Replies or revisions, one for each item.
    package var replies: [Response]
    /// Responses of a stronger model.
    package var stronger: [Response]
    /// What was asked about each item: prompts that a judgment stands in.
    package var contexts: [[Message]] = []
    /// The prompt as it is for a right and for a wrong response.
    package var hindsight: (right: [Message], wrong: [Message]) = ([], [])
    /// What a reward model says of each response; nil where its training diverged.
    package var rewards: [Double?] = []

    /// Nothing, or what these stages read.
    package init(fields: JSONObject = JSONObject(), replies: [Response] = [], stronger: [Response] = []) {
      self.fields = fields
      self.replies = replies
      self.stronger = stronger
    }
  }

  /// What became of one candidate.
  enum Fate {
    case item(FeedbackItem)
    case leftover(Leftover)
  }

  let stage: ReviseWork.Stage
  let label: String
  let places: [String: SourcePlace]

  package init(_ stage: ReviseWork.Stage, label: String, places: [String: SourcePlace] = [:]) {
    self.stage = stage
    self.label = label
    self.places = places
  }

  /// The feedback that the stage gives for a record.
  ///
  /// - Parameters:
  ///   - record: The candidates, or the feedback of the stage before; its leftovers stay.
  ///   - prompt: The record's prompt with its answer.
  ///   - number: Which record of the data it is, counted from 1, for messages.
  ///   - material: What else the stage reads: as many replies as there are items, or a stronger model's responses.
  /// - Returns: Items and leftovers.
  /// - Throws: ``StepError`` where the data or the answer cannot be used.
  package func revise(
    _ record: FeedbackRecord, of prompt: RenderedPrompt, number: Int, with material: Material = Material()
  ) throws -> FeedbackRecord {
    let grader = stage.verifier.map { Grader($0, label: label, places: places) }
    try grader?.check(prompt, number: number)
    if let feedback = try further(record, prompt, number, material, grader) { return feedback }
    func isRight(_ response: Response) -> Bool { grader?.verdict(on: response, to: prompt).outcome == .right }
    /// The pair, unless only pairs with a right response stay and this one's is not.
    func kept(_ chosen: Response, over rejected: Response) -> Fate {
      if let grader, stage.keepsRight {
        let verdict = grader.verdict(on: chosen, to: prompt)
        if verdict.outcome != .right { return .leftover(Leftover(.notRight, verdict.reason)) }
      }
      return .item(.pair(chosen: chosen, rejected: rejected))
    }
    switch stage {
    case .plain: return record
    case .minimalRevision:
      return each(record) { candidate, _ in
        if isRight(candidate) { return .leftover(Leftover(.alreadyRight)) }
        guard let text = grader?.revision(of: candidate, to: prompt) else {
          return .leftover(Leftover(.notRight, "no edit of the verifier makes it right"))
        }
        return .item(.pair(chosen: Self.written(text), rejected: candidate))
      }
    case .revision, .revisionRecorded:
      if case .revisionRecorded = stage, material.replies.count != record.items.count {
        throw StepError.revisionCount(
          step: label, revisions: material.replies.count, responses: record.items.count, record: number,
          place: places["revisions"])
      }
      return each(record) { candidate, index in
        switch Self.revision(of: candidate, in: material.replies[index]) {
        case .item(.response(let chosen)): kept(chosen, over: candidate)
        case let fate: fate
        }
      }
    case .stronger:
      return each(record) { candidate, index in
        guard let stronger = material.stronger.dropFirst(index).first ?? material.stronger.last else {
          return .leftover(Leftover(.error, "the stronger model gave no response"))
        }
        if stronger.finish == .error { return .leftover(Leftover(.error, stronger.text)) }
        if stronger.text.utf8.elementsEqual(candidate.text.utf8) {
          return .leftover(Leftover(.noContrast, "both say the same"))
        }
        return kept(stronger, over: candidate)
      }
    case .strongerAnswer:
      return each(record) { candidate, _ in
        // What makes a response right that says nothing is the answer by itself.
        guard let text = grader?.revision(of: Self.written(""), to: prompt) else {
          return .leftover(Leftover(.notRight, "no accepted answer is a right response by itself"))
        }
        if text.utf8.elementsEqual(candidate.text.utf8) {
          return .leftover(Leftover(.noContrast, "both say the same"))
        }
        return .item(.pair(chosen: Self.written(text), rejected: candidate))
      }
    case .judge:
      return Contrast.pair(record, values: record.items.map { .value(ExactNumber(isRight($0.responses[0]) ? 1 : 0)) })
    case .judgeRecorded(let templates):
      let scores = try RecordedScores(label: label, places: places)
        .values(templates, material.fields, responses: record.items.count, number: number)
      return Contrast.pair(record, values: scores.map { .value($0) })
    case .judgeReplies:
      return Contrast.pair(record, values: material.replies.map(Contrast.grade))
    case .select(_, let wanted):
      return eachItem(record) { item in
        isRight(item.responses[0]) == (wanted == .right)
          ? .item(item) : .leftover(Leftover(.notSelected, wanted == .right ? "not right" : "right"))
      }
    default: preconditionFailure("one of the further stages")
    }
  }

  /// What the stage's verifier says of every response that came in: those that name no answer, too.
  ///
  /// Empty for a stage without a verifier.
  func verdicts(on candidate: FeedbackRecord, to prompt: RenderedPrompt) -> [String] {
    guard let grader = stage.verifier.map({ Grader($0, label: label, places: places) }) else { return [] }
    return candidate.items.flatMap(\.responses).map { grader.verdict(on: $0, to: prompt).outcome.rawValue }
  }

  func eachItem(
    _ record: FeedbackRecord, _ fate: (FeedbackItem) throws -> Fate
  ) rethrows -> FeedbackRecord {
    var kept: [FeedbackItem] = []
    var leftovers = record.leftovers
    for item in record.items {
      switch try fate(item) {
      case .item(let item): kept.append(item)
      case .leftover(let leftover): leftovers.append(leftover)
      }
    }
    return FeedbackRecord(id: record.id, turns: record.turns, items: kept, leftovers: leftovers)
  }

  /// Each candidate with its place among the candidates.
  func each(_ record: FeedbackRecord, _ fate: (Response, Int) throws -> Fate) rethrows -> FeedbackRecord {
    var index = 0
    return try eachItem(record) { item in
      defer { index += 1 }
      return try fate(item.responses[0], index)
    }
  }

  /// The revised response that a reply is, or what else it is.
  static func revision(of candidate: Response, in reply: Response) -> Fate {
    if reply.finish == .error { return .leftover(Leftover(.error, reply.text)) }
    let text = trimmed(reply.text)
    if reply.finish == .length { return .leftover(Leftover(.unparsed, "the reply was cut off")) }
    if text.isEmpty { return .leftover(Leftover(.unparsed, "the reply is empty")) }
    if text.utf8.elementsEqual(trimmed(candidate.text).utf8) { return .leftover(Leftover(.alreadyRight)) }
    return .item(.response(written(text)))
  }

  static func trimmed(_ text: String) -> String {
    var rest = Substring(text).unicodeScalars
    while rest.first?.properties.isWhitespace ?? false { rest.removeFirst() }
    while rest.last?.properties.isWhitespace ?? false { rest.removeLast() }
    return String(rest)
  }

  /// A response that no model wrote as it stands: complete, its tokens not counted.
  private static func written(_ text: String) -> Response { Response(text: text, finish: .stop, tokens: 0) }
}
