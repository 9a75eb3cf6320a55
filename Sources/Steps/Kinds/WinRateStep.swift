// Whether one model's response to a prompt is better than another's: by verdicts, by rewards, or by a model's replies.
// Knows nothing of who wrote what.

import Execution
import JSON
import Planning
package import Records
import Verification

package enum WinRateStep {
  static func run(_ work: WinRateWork, _ task: StepTask) throws -> [ProducedOutput] {
    let outcomes: [Outcomes]
    switch work.basis {
    case .verdicts: outcomes = try paired(task, \Outcomes.id) { zip($0.outcomes, $1.outcomes).map(outcome) }
    case .rewards: outcomes = try paired(task, \Scores.id) { zip($0.scores, $1.scores).map(outcome) }
    case .replies: outcomes = try byReplies(task)
    }
    return [ProducedOutput("outcomes", RecordFile.bytes(outcomes), records: outcomes.count)]
  }

  /// What both models' records say, one beside the other.
  private static func paired<Record: WireRecord>(
    _ task: StepTask, _ id: (Record) -> RecordID, _ outcomes: (Record, Record) -> [Outcome]
  ) throws -> [Outcomes] {
    let policy = try RecordFile.records(Record.self, from: task.input("policy"), file: "policy")
    let against = try RecordFile.records(Record.self, from: task.input("against"), file: "against")
    try Alignment.check(policy.map(id), against.map(id), step: task.step.label)
    return zip(policy, against).map { own, other in Outcomes(id: id(own), outcomes: outcomes(own, other)) }
  }

  private static func byReplies(_ task: StepTask) throws -> [Outcomes] {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let pairs = try Candidates.read(prompts, task)
    let replies = try RecordFile.records(Responses.self, from: task.input("replies"), file: "replies")
    let asked = pairs.flatMap { pair in pair.items.count == 2 ? [pair.id, pair.id] : [] }
    try Alignment.check(asked, replies.map(\.id), step: task.step.label)
    var rest = replies.map { $0.responses.first }[...]
    return pairs.map { pair in
      guard pair.items.count == 2 else { return Outcomes(id: pair.id, outcomes: [unmade]) }
      defer { rest = rest.dropFirst(2) }
      return Outcomes(id: pair.id, outcomes: [outcome(replies: rest.first ?? nil, rest.dropFirst().first ?? nil)])
    }
  }

  private static var unmade: Outcome {
    Outcome(kind: "error", value: 0, weight: 0, reason: "there are no two responses to compare")
  }

  /// By two verdicts: the better verdict wins.
  package static func outcome(_ own: Outcome, _ other: Outcome) -> Outcome {
    if let step = own.divergedAt ?? other.divergedAt { return Outcome(divergedAt: step, weight: 0) }
    if own.kind == "error" || other.kind == "error" { return unmade }
    return outcome(own.value, other.value, "\(own.kind) against \(other.kind)")
  }

  /// By two scores: the higher wins.
  package static func outcome(_ own: Score, _ other: Score) -> Outcome {
    if let step = own.divergedAt ?? other.divergedAt { return Outcome(divergedAt: step, weight: 0) }
    guard let reward = own.reward, let bar = other.reward else { return unmade }
    return outcome(reward, bar, "\(reward) against \(bar)")
  }

  private static func outcome(_ own: Double, _ other: Double, _ reason: String) -> Outcome {
    if own == other { return Outcome(kind: "tie", value: 0.5, reason: reason) }
    return own > other
      ? Outcome(kind: "win", value: 1, reason: reason) : Outcome(kind: "loss", value: 0, reason: reason)
  }

  /// By the replies to both orders, the first with the policy's response as number 1.
  ///
  /// A reply is read as the first number that it says. What neither 1 nor 2 can be read from does not count.
  package static func outcome(replies first: Response?, _ second: Response?) -> Outcome {
    guard let first, let second else { return unmade }
    if let step = first.divergedAt ?? second.divergedAt { return Outcome(divergedAt: step, weight: 0) }
    guard let one = place(first), let two = place(second) else {
      return Outcome(kind: "unparsed", value: 0, weight: 0, reason: "a reply says neither 1 nor 2")
    }
    // In the second order the policy's response is number 2.
    switch (one == 1, two == 2) {
    case (true, true): return Outcome(kind: "win", value: 1, reason: "better in both orders")
    case (false, false): return Outcome(kind: "loss", value: 0, reason: "worse in both orders")
    default: return Outcome(kind: "tie", value: 0.5, reason: "number \(one) in both orders")
    }
  }

  private static func place(_ reply: Response) -> Int? {
    guard case .value(let number) = Contrast.grade(reply), [1, 2].contains(number.double) else { return nil }
    return Int(number.double)
  }
}
