// One stage of the reviser over all records: reads what the stage needs, writes feedback and its counts.
// Knows files and their order; what becomes of a record is Reviser's.

import Execution
import JSON
import Planning
import Records
import Specification

enum ReviseStep {
  static func run(_ work: ReviseWork, _ task: StepTask) throws -> ([ProducedOutput], WorkCount) {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let candidates = try Candidates.read(prompts, task)
    let extras = try Extras(work.stage, candidates, task)
    let reviser = Reviser(work.stage, label: task.step.label, places: task.step.places)
    func revised(_ index: Int) throws -> FeedbackRecord {
      try reviser.revise(candidates[index], of: prompts[index], number: index + 1, with: extras.material(index))
    }
    if work.stage.verifier == nil {
      var records = try prompts.indices.map(revised)
      if case .balance(let ratio) = work.stage { records = Balance.kept(records, acceptablePerRejected: ratio) }
      return (outputs("feedback", records), WorkCount())
    }
    let (results, count) = try task.resultsByLine(of: prompts.count) { index in
      let feedback = try revised(index)
      let verdicts = reviser.verdicts(on: candidates[index], to: prompts[index])
      return [feedback.json, .array(verdicts.map { .string($0) })]
    }
    var records: [FeedbackRecord] = []
    var verdicts: [String] = []
    for result in results {
      records.append(try FeedbackRecord(json: result[0]))
      verdicts += result[1].arrayValue?.compactMap(\.stringValue) ?? []
    }
    return (outputs("feedback", records, verdicts: verdicts), count)
  }

  /// Feedback under a name, and how much there is of what.
  static func outputs(
    _ name: String, _ records: [FeedbackRecord], cut: Int = 0, longest: Int? = nil, verdicts: [String] = []
  ) -> [ProducedOutput] {
    let counts = FeedbackCounts(records, cut: cut, longest: longest, verdicts: verdicts)
    return [
      ProducedOutput(name, RecordFile.bytes(records), records: records.count),
      ProducedOutput("counts", counts.json.canonicalBytes),
    ]
  }

  /// The further inputs of a stage, record by record.
  private struct Extras {
    private var fields: [JSONObject] = []
    private var replies: [[Response]] = []
    private var stronger: [[Response]] = []
    private var contexts: [[[Message]]] = []
    private var hindsight: [(right: [Message], wrong: [Message])] = []
    private var rewards: [[Double?]] = []

    init(_ stage: ReviseWork.Stage, _ candidates: [FeedbackRecord], _ task: StepTask) throws {
      switch stage {
      case .judgeRecorded, .rescoreRecorded, .judgment: fields = try Self.fields(candidates, task)
      case .judgmentRecorded(let template):
        fields = try Self.fields(candidates, task)
        try Self.checkKnown(template, in: fields, task)
      case .revision, .judgeReplies, .judgmentReplies, .rescoreReplies, .refinement:
        replies = try Self.replies(to: candidates, task)
      case .revisionRecorded, .refinementRecorded: replies = try Self.responses("revisions", candidates, task)
      case .stronger: stronger = try Self.responses("stronger", candidates, task)
      case .judgedPrompt, .judgmentPrompt: contexts = try Self.contexts(of: candidates, task)
      case .hindsight, .hindsightJudged:
        let (right, wrong) = (try Self.turns("right", candidates, task), try Self.turns("wrong", candidates, task))
        hindsight = zip(right, wrong).map { (right: $0, wrong: $1) }
      case .rescoreRewards, .judgeRewards: rewards = try Self.rewards(of: candidates, task)
      case .plain, .minimalRevision, .strongerAnswer, .judge, .select, .balance, .ranked, .rescore, .flip: break
      }
    }

    func material(_ index: Int) -> Reviser.Material {
      var material = Reviser.Material(
        fields: fields.isEmpty ? JSONObject() : fields[index], replies: replies.isEmpty ? [] : replies[index],
        stronger: stronger.isEmpty ? [] : stronger[index])
      if !contexts.isEmpty { material.contexts = contexts[index] }
      if !hindsight.isEmpty { material.hindsight = hindsight[index] }
      if !rewards.isEmpty { material.rewards = rewards[index] }
      return material
    }

    private static func fields(_ candidates: [FeedbackRecord], _ task: StepTask) throws -> [JSONObject] {
      let fields = try RecordFile.fields(from: task.input("records"), file: "records of \(task.step.label)")
      try Alignment.check(candidates.map(\.id), SourceRecord.identified(fields).map(\.id), step: task.step.label)
      return fields
    }

    /// A field that no record has would make every response acceptable.
    private static func checkKnown(_ template: Template, in records: [JSONObject], _ task: StepTask) throws {
      guard let first = records.first else { return }
      for field in template.fields where !records.contains(where: { $0[field] != nil }) {
        throw StepError.missingField(
          step: task.step.label, field: field, record: 1, fields: first, place: task.step.places["judgment"])
      }
    }

    private static func turns(_ name: String, _ candidates: [FeedbackRecord], _ task: StepTask) throws -> [[Message]] {
      let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input(name), file: name)
      try Alignment.check(candidates.map(\.id), prompts.map(\.id), step: task.step.label)
      return prompts.map(\.turns)
    }

    /// One prompt for each item, dealt out to the records that they are about.
    private static func contexts(of candidates: [FeedbackRecord], _ task: StepTask) throws -> [[[Message]]] {
      let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("contexts"), file: "contexts")
      let asked = candidates.flatMap { record in record.items.map { _ in record.id } }
      try Alignment.check(asked, prompts.map(\.id), step: task.step.label)
      var rest = prompts[...]
      return candidates.map { record in
        defer { rest = rest.dropFirst(record.items.count) }
        return rest.prefix(record.items.count).map(\.turns)
      }
    }

    /// A reward model's score of each response of each record.
    ///
    /// Nil where the training of the reward model diverged.
    private static func rewards(of candidates: [FeedbackRecord], _ task: StepTask) throws -> [[Double?]] {
      let records = try RecordFile.records(Scores.self, from: task.input("rewards"), file: "rewards")
      try Alignment.check(candidates.map(\.id), records.map(\.id), step: task.step.label)
      return records.map { $0.scores.map(\.reward) }
    }

    /// The responses of an input, record by record.
    private static func responses(
      _ name: String, _ candidates: [FeedbackRecord], _ task: StepTask
    ) throws -> [[Response]] {
      let records = try RecordFile.records(Responses.self, from: task.input(name), file: name)
      try Alignment.check(candidates.map(\.id), records.map(\.id), step: task.step.label)
      return records.map(\.responses)
    }

    /// One reply for each item, dealt out to the records that they are about.
    private static func replies(to candidates: [FeedbackRecord], _ task: StepTask) throws -> [[Response]] {
      let records = try RecordFile.records(Responses.self, from: task.input("replies"), file: "replies")
      let asked = candidates.flatMap { record in record.items.map { _ in record.id } }
      try Alignment.check(asked, records.map(\.id), step: task.step.label)
      var rest = records[...]
      return candidates.map { record in
        let own = rest.prefix(record.items.count)
        rest = rest.dropFirst(record.items.count)
        return own.map { $0.responses.first ?? Response(text: "there is no reply", finish: .error, tokens: 0) }
      }
    }
  }
}
