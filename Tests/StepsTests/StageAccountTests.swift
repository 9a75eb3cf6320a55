// Every response that comes into a stage is a part of an item or a named leftover: judging, relabeling, ordering.
// A pair of a refinement holds one response that came in and one that was written; all other items hold what came in.

import JSON
import Planning
import Records
import Specification
import Steps
import Testing

@Suite struct StageAccounts {
  private static let texts = ["3", "4", "so 3", "none", "", "3.0"]
  private static let finishes: [Response.Finish] = [.stop, .length, .error]

  /// A walk through texts, ends and numbers of responses.
  private func responses(_ step: Int) -> [Response] {
    (0..<(step % 7)).map { said(Self.texts[(step * 5 + $0 * 7) % 6], Self.finishes[(step / 3 + $0) % 3]) }
  }

  /// What a stage may read beside the record, one of each for each response.
  private func material(_ record: FeedbackRecord, _ step: Int) -> Steps.Reviser.Material {
    let responses = record.items.flatMap(\.responses)
    var material = Steps.Reviser.Material(
      replies: responses.map { said(Self.texts[(step + $0.text.count) % 6], Self.finishes[step % 3]) })
    material.rewards = responses.indices.map { index -> Double? in
      (step + index) % 4 == 0 ? nil : Double((step * index) % 3)
    }
    material.contexts = responses.map { [Message(.user, $0.text)] }
    material.hindsight = (right: [Message(.user, "right")], wrong: [Message(.user, "wrong")])
    return material
  }

  @discardableResult
  private func check(
    _ stage: ReviseWork.Stage, _ record: FeedbackRecord, _ step: Int, came: Int, writes: Bool = false
  ) throws -> FeedbackRecord {
    let revised = try Reviser(stage, label: "s").revise(
      record, of: asking("3"), number: 1, with: material(record, step))
    let used = revised.items.reduce(0) { $0 + (writes ? 1 : $1.responses.count) }
    #expect(used + revised.leftovers.count == came, "\(stage) of \(record)")
    #expect(Array(revised.leftovers.prefix(record.leftovers.count)) == record.leftovers, "\(stage) of \(record)")
    #expect(revised.items.allSatisfy { item in item.responses.allSatisfy { $0.finish != .error } })
    #expect(revised.leftovers.allSatisfy { !$0.kind.isEmpty } && revised.id == record.id)
    return revised
  }

  private func candidates(_ responses: [Response]) -> FeedbackRecord {
    Candidates.records([asking("3")], [[responses]])[0]
  }

  @Test func ofWhatReadsResponses() throws {
    let verifier = try SmallSpec().verifier()
    let (wrong, right) = (try Template("{reason}"), try Template("Yes."))
    let stages: [ReviseWork.Stage] = [
      .judgment(verifier, wrong: wrong, right: nil), .judgment(verifier, wrong: wrong, right: right),
      .judgmentReplies(acceptable: "3"), .hindsight(verifier), .hindsightJudged, .ranked, .rescore(verifier),
      .rescoreReplies, .rescoreRewards, .judgeRewards, .flip(rate: 1, seed: 1), .flip(rate: 0.5, seed: 1),
    ]
    for step in 0..<60 {
      let all = responses(step)
      let record = candidates(all)
      for stage in stages { try check(stage, record, step, came: all.count) }
      let scores = try record.items.indices.map { try Template("\($0 % 2)") }
      try check(.rescoreRecorded(scores), record, step, came: all.count)
      // A judgment that stands in the data is about one response.
      let one = candidates(Array(all.prefix(1)))
      for text in ["Bad.", "{nothing}"] {
        try check(.judgmentRecorded(try Template(text)), one, step, came: min(all.count, 1))
      }
    }
  }

  @Test func ofWhatReadsJudgments() throws {
    let verifier = try SmallSpec().verifier()
    let wrong = try Template("{reason}")
    for step in 0..<60 {
      let all = responses(step)
      let judged = try check(.judgment(verifier, wrong: wrong, right: nil), candidates(all), step, came: all.count)
      for keep in KeptPairs.allCases {
        try check(.refinement(verifier, keep: keep), judged, step, came: all.count, writes: true)
        try check(.refinementRecorded(verifier, keep: keep), judged, step, came: all.count, writes: true)
      }
      try check(.refinement(nil, keep: .all), judged, step, came: all.count, writes: true)
      for stage in [ReviseWork.Stage.hindsightJudged, .flip(rate: 1, seed: 1), .judgedPrompt, .judgmentPrompt] {
        try check(stage, judged, step, came: all.count)
      }
      for verdict in Selection.Verdict.allCases {
        try check(.select(verifier, verdict), judged, step, came: all.count)
      }
    }
  }

  @Test func ofWhatReadsRankings() throws {
    let verifier = try SmallSpec().verifier()
    for step in 0..<60 {
      let all = responses(step)
      let ranked = try check(.ranked, candidates(all), step, came: all.count)
      for stage in [ReviseWork.Stage.rescore(verifier), .rescoreRewards, .flip(rate: 1, seed: 1)] {
        try check(stage, ranked, step, came: all.count)
      }
      let scores = try ranked.items.flatMap(\.responses).indices.map { try Template("\($0 % 2)") }
      try check(.rescoreRecorded(scores), ranked, step, came: all.count)
    }
  }
}
