// What the stages that put a record's responses in order make of it.
// Knows no files; where the numbers come from is said by the stage.

import JSON
import Planning
import Records
import Specification
import Verification

extension Reviser {
  /// The feedback of a stage that ranks; nil for the others.
  func ranked(
    _ record: FeedbackRecord, _ prompt: RenderedPrompt, _ number: Int, _ material: Material, _ grader: Grader?
  ) throws -> FeedbackRecord? {
    let responses = record.items.flatMap(\.responses)
    switch stage {
    case .ranked: return Ranking.inOrder(record)
    case .rescore:
      return Ranking.sorted(
        record,
        responses.map { grader?.verdict(on: $0, to: prompt).outcome == .right ? .value(1) : .value(0) })
    case .rescoreRecorded(let templates):
      let values = try RecordedScores(label: label, places: places)
        .values(templates, material.fields, responses: responses.count, number: number)
      return Ranking.sorted(record, values.map { .value($0.double) })
    case .rescoreReplies:
      return Ranking.sorted(
        record,
        material.replies.map { reply in
          switch Contrast.grade(reply) {
          case .value(let value): .value(value.double)
          case .leftover(let leftover): .leftover(leftover)
          }
        })
    case .rescoreRewards:
      return Ranking.sorted(record, material.rewards.map { $0.map { .value($0) } ?? .leftover(Self.diverged) })
    case .judgeRewards:
      return Contrast.pair(
        record,
        values: material.rewards.map { $0.flatMap(ExactNumber.init).map { .value($0) } ?? .leftover(Self.diverged) })
    default: return nil
    }
  }

  private static var diverged: Leftover { Leftover(.error, "the training of the reward model diverged") }
}

/// Responses in order.
enum Ranking {
  /// How good a response is, or why nobody knows.
  enum Grade {
    case value(Double)
    case leftover(Leftover)
  }

  /// All responses as they come, best first.
  static func inOrder(_ record: FeedbackRecord) -> FeedbackRecord {
    ranking(record, record.items.flatMap(\.responses), scores: [], record.leftovers)
  }

  /// The responses with grades, the highest first, equal ones as they come.
  static func sorted(_ record: FeedbackRecord, _ grades: [Grade]) -> FeedbackRecord {
    var graded: [(response: Response, score: Double)] = []
    var leftovers = record.leftovers
    for (response, grade) in zip(record.items.flatMap(\.responses), grades) {
      switch grade {
      // Scores are rewards to objectives, which compute with them.
      case .value(let score) where abs(score) > 1e30:
        leftovers.append(Leftover(.unparsed, "the score \(score) is beyond all bounds"))
      case .value(let score): graded.append((response, score))
      case .leftover(let leftover): leftovers.append(leftover)
      }
    }
    let order = graded.enumerated().sorted { left, right in
      left.element.score == right.element.score
        ? left.offset < right.offset : left.element.score > right.element.score
    }.map(\.element)
    return ranking(record, order.map(\.response), scores: order.map(\.score), leftovers)
  }

  private static func ranking(
    _ record: FeedbackRecord, _ responses: [Response], scores: [Double], _ leftovers: [Leftover]
  ) -> FeedbackRecord {
    let isAlone = responses.count < 2
    return FeedbackRecord(
      id: record.id, turns: record.turns, items: isAlone ? [] : [.ranking(responses, scores: scores)],
      leftovers: leftovers + (isAlone ? responses.map { _ in Leftover(.noContrast, "the only candidate") } : []))
  }
}
