// What the stages that give judgments, instructions in hindsight and noise make of one record.
// Knows no files; a pure function of the record and of what was asked about it.

import Digests
import JSON
import Planning
import Randomness
import Records
import Specification
import Verification

extension Reviser {
  /// The feedback of one of the stages here; nil for the others.
  func further(
    _ record: FeedbackRecord, _ prompt: RenderedPrompt, _ number: Int, _ material: Material, _ grader: Grader?
  ) throws -> FeedbackRecord? {
    switch stage {
    case .judgment(_, let wrong, let right):
      return try judged(record, prompt, number, material.fields, grader, wrong, right)
    case .judgmentRecorded(let template): return try judged(record, by: template, number, material.fields)
    case .judgmentReplies(let acceptable): return judged(record, material.replies, acceptable)
    case .refinement: return refined(record, prompt, material.replies, grader)
    case .refinementRecorded:
      if material.replies.count != record.items.count {
        throw StepError.revisionCount(
          step: label, revisions: material.replies.count, responses: record.items.count, record: number,
          place: places["revisions"])
      }
      return refined(record, prompt, material.replies, grader)
    case .hindsight: return relabeled(record, prompt, material.hindsight, grader)
    case .hindsightJudged: return relabeledByJudgment(record, prompt, material.hindsight)
    case .flip(let rate, let seed): return flipped(record, rate, seed)
    case .judgedPrompt, .judgmentPrompt: return inContext(record, material.contexts)
    case .balance: return record
    default: return try ranked(record, prompt, number, material, grader)
    }
  }

  // MARK: - Judgments

  private func judged(
    _ record: FeedbackRecord, _ prompt: RenderedPrompt, _ number: Int, _ fields: JSONObject, _ grader: Grader?,
    _ wrong: Template, _ right: Template?
  ) throws -> FeedbackRecord {
    try eachItem(record) { item in
      let response = item.responses[0]
      guard let verdict = grader?.verdict(on: response, to: prompt) else { preconditionFailure("judged by a verifier") }
      let isRight = verdict.outcome == .right
      guard let template = isRight ? right : wrong else { return .item(.judged(response, judgment: nil)) }
      let bound = ["reason": verdict.reason, "response": response.text, "answer": prompt.answers.first ?? ""]
      let text = try render(template, fields, bound, number, leaf: isRight ? "right" : "wrong")
      return .item(.judged(response, judgment: text))
    }
  }

  /// What stands in the data is about one response.
  private func judged(
    _ record: FeedbackRecord, by template: Template, _ number: Int, _ fields: JSONObject
  ) throws -> FeedbackRecord {
    if record.items.count > 1 {
      throw StepError.judgmentCount(
        step: label, responses: record.items.count, record: number, place: places["judgment"])
    }
    return try eachItem(record) { item in
      // `null` and nothing but white space say the same: that there is nothing to say against the response.
      let isAbsent = template.fields.contains { field in
        FieldText.text(field, of: fields).map { Self.trimmed($0).isEmpty } ?? true
      }
      let text = isAbsent ? "" : try render(template, fields, [:], number, leaf: "judgment")
      return .item(.judged(item.responses[0], judgment: Self.trimmed(text).isEmpty ? nil : text))
    }
  }

  /// A reply that says the word, however it is capitalized and with or without a period, means acceptable.
  private func judged(_ record: FeedbackRecord, _ replies: [Response], _ acceptable: String) -> FeedbackRecord {
    each(record) { response, index in
      switch Self.text(of: replies[index]) {
      case .failure(let leftover): return .leftover(leftover.leftover)
      case .success(let text):
        return .item(.judged(response, judgment: Self.bare(text) == Self.bare(acceptable) ? nil : text))
      }
    }
  }

  private static func bare(_ text: String) -> String {
    let text = trimmed(text).lowercased()
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  private struct NoText: Error { let leftover: Leftover }

  /// What a reply says, or why it says nothing.
  private static func text(of reply: Response) -> Result<String, NoText> {
    if reply.finish == .error { return .failure(NoText(leftover: Leftover(.error, reply.text))) }
    if reply.finish == .length { return .failure(NoText(leftover: Leftover(.unparsed, "the reply was cut off"))) }
    let text = trimmed(reply.text)
    return text.isEmpty ? .failure(NoText(leftover: Leftover(.unparsed, "the reply is empty"))) : .success(text)
  }

  private func refined(
    _ record: FeedbackRecord, _ prompt: RenderedPrompt, _ replies: [Response], _ grader: Grader?
  ) -> FeedbackRecord {
    var index = -1
    return eachItem(record) { item in
      index += 1
      let response = item.responses[0]
      guard case .judged(_, .some, _) = item else { return .leftover(Leftover(.alreadyRight, "it is acceptable")) }
      guard case .item(.response(let better)) = Self.revision(of: response, in: replies[index]) else {
        if case .leftover(let leftover) = Self.revision(of: response, in: replies[index]) { return .leftover(leftover) }
        preconditionFailure("a revision is a response or a leftover")
      }
      if stage.keepsRight, let verdict = grader?.verdict(on: better, to: prompt), verdict.outcome != .right {
        return .leftover(Leftover(.notRight, verdict.reason))
      }
      return .item(.pair(chosen: better, rejected: response))
    }
  }

  /// Bad responses with the prompt that has their judgment; or every judged response with the question for it.
  private func inContext(_ record: FeedbackRecord, _ contexts: [[Message]]) -> FeedbackRecord {
    var index = -1
    return eachItem(record) { item in
      index += 1
      guard case .judged(let response, let judgment, _) = item else {
        return .leftover(Leftover(.noJudgment, "nothing is said about the response"))
      }
      guard let judgment else { return .item(.judged(response, judgment: nil)) }
      let context: JudgmentContext =
        stage == .judgedPrompt
        ? .prompt(contexts[index])
        : .question(record.turns + [Message(.assistant, response.text)] + contexts[index])
      return .item(.judged(response, judgment: judgment, context: context))
    }
  }

  // MARK: - Hindsight and noise

  private func relabeled(
    _ record: FeedbackRecord, _ prompt: RenderedPrompt, _ turns: (right: [Message], wrong: [Message]), _ grader: Grader?
  ) -> FeedbackRecord {
    each(record) { response, _ in
      let isRight = grader?.verdict(on: response, to: prompt).outcome == .right
      return .item(Self.relabeled(response, isRight: isRight, turns, prompt.answers))
    }
  }

  /// The same where a judgment says whether a response is acceptable.
  private func relabeledByJudgment(
    _ record: FeedbackRecord, _ prompt: RenderedPrompt, _ turns: (right: [Message], wrong: [Message])
  ) -> FeedbackRecord {
    eachItem(record) { item in
      guard case .judged(let response, let judgment, _) = item else {
        return .leftover(Leftover(.noJudgment, "nothing is said about the response"))
      }
      return .item(Self.relabeled(response, isRight: judgment == nil, turns, prompt.answers))
    }
  }

  private static func relabeled(
    _ response: Response, isRight: Bool, _ turns: (right: [Message], wrong: [Message]), _ answers: [String]
  ) -> FeedbackItem {
    isRight
      ? .relabeled(response, turns: turns.right, contrast: turns.wrong)
      : .relabeled(response, turns: turns.wrong, contrast: turns.right, answers: answers)
  }

  /// A record's labels turned around, with the probability that is asked for: the same records whatever the others are.
  private func flipped(_ record: FeedbackRecord, _ rate: Double, _ seed: Int) -> FeedbackRecord {
    let address = RandomAddress(
      seed: UInt64(bitPattern: Int64(seed)), purpose: .labelNoise,
      record: Digest.sha256(record.id.description).words)
    var stream = RandomStream(address)
    guard stream.uniform() < rate else { return record }
    let items = record.items.map { item -> FeedbackItem in
      switch item {
      case .pair(let chosen, let rejected): .pair(chosen: rejected, rejected: chosen)
      case .ranking(let responses, let scores): .ranking(responses.reversed(), scores: scores)
      // Nobody wrote what would be wrong with it.
      case .judged(let response, let judgment, _): .judged(response, judgment: judgment == nil ? "" : nil)
      case .response, .relabeled: item
      }
    }
    let areCandidates = items.allSatisfy { if case .response = $0 { true } else { false } }
    return FeedbackRecord(
      id: record.id, turns: record.turns, items: areCandidates ? items.reversed() : items,
      leftovers: record.leftovers)
  }

  func render(
    _ template: Template, _ fields: JSONObject, _ bound: [String: String], _ number: Int, leaf: String
  ) throws(StepError) -> String {
    do {
      return try template.render { bound[$0] ?? FieldText.text($0, of: fields) }
    } catch {
      throw .missingField(step: label, field: error.name, record: number, fields: fields, place: places[leaf])
    }
  }
}

/// Keeps so many acceptable responses for each that is not.
enum Balance {
  /// The records without surplus acceptable responses.
  ///
  /// Which of them stay is decided by their records' identities, so that it depends on no order: the lowest first.
  static func kept(_ records: [FeedbackRecord], acceptablePerRejected ratio: Double) -> [FeedbackRecord] {
    var acceptable: [(record: Int, item: Int)] = []
    var rejected = 0
    for (number, record) in records.enumerated() {
      for (index, item) in record.items.enumerated() {
        if item.isAcceptable { acceptable.append((number, index)) } else { rejected += 1 }
      }
    }
    let room = Int(min(Double(acceptable.count), (ratio * Double(rejected)).rounded(.down)))
    let order = acceptable.sorted { left, right in
      let (one, other) = (records[left.record].id, records[right.record].id)
      return one == other ? left.item < right.item : one < other
    }
    let surplus = Set(order.dropFirst(room).map { [$0.record, $0.item] })
    return records.enumerated().map { number, record in
      let own = record.items.indices.filter { surplus.contains([number, $0]) }
      guard !own.isEmpty else { return record }
      return FeedbackRecord(
        id: record.id, turns: record.turns,
        items: record.items.indices.filter { !own.contains($0) }.map { record.items[$0] },
        leftovers: record.leftovers + own.map { _ in Leftover(.surplus, "more acceptable responses than asked for") })
    }
  }
}

extension FeedbackItem {
  fileprivate var isAcceptable: Bool { if case .judged(_, nil, _) = self { true } else { false } }
}
