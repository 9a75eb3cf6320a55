// What a stage between candidates and training reads: the responses of every record, with those that failed set apart.
// Knows nothing of what a stage does with them.

import Execution
import Planning
package import Records

/// What came of a response or of an item that is not learned from.
package enum LeftoverKind: String {
  /// There was nothing to make better.
  case alreadyRight = "already-right"
  /// All candidates are as good as each other.
  case noContrast = "no-contrast"
  /// Neither the best nor the worst of its record.
  case unpaired
  /// A model's reply could not be read.
  case unparsed
  /// What was to be the better response is not right.
  case notRight = "not-right"
  /// There is no judgment to go by.
  case noJudgment = "no-judgment"
  /// Not of the verdict that was asked for.
  case notSelected = "not-selected"
  /// The response, or the reply about it, could not be made.
  case error
  /// Prompt and response have too many tokens.
  case tooLong = "too-long"
  /// The response has no token to learn.
  case empty
  /// Nothing is wrong with the response.
  case noErrors = "no-errors"
  /// The response has not the words for so many errors.
  case tooFewWords = "too-few-words"
  /// More than the number of examples asked for.
  case surplus
  /// Equal to another response of its prompt, where equal ones count once.
  case duplicate
}

extension Leftover {
  package init(_ kind: LeftoverKind, _ reason: String = "") { self.init(kind.rawValue, reason) }
}

/// Inputs whose lines must speak of the same records.
enum Alignment {
  static func check(_ left: [RecordID], _ right: [RecordID], step: String) throws(StepError) {
    guard left.count == right.count else {
      throw .recordsDiffer(step: step, record: min(left.count, right.count) + 1)
    }
    if let index = left.indices.first(where: { left[$0] != right[$0] }) {
      throw .recordsDiffer(step: step, record: index + 1)
    }
  }
}

/// The candidates of a stage.
package enum Candidates {
  /// Reads `feedback`, or else `responses/0`, `responses/1`, ….
  static func read(_ prompts: [RenderedPrompt], _ task: StepTask) throws -> [FeedbackRecord] {
    let label = task.step.label
    if task.contents["feedback"] != nil {
      let records = try RecordFile.records(FeedbackRecord.self, from: task.input("feedback"), file: "feedback")
      try Alignment.check(prompts.map(\.id), records.map(\.id), step: label)
      return records
    }
    var stages: [[Responses]] = []
    while task.contents["responses/\(stages.count)"] != nil {
      let name = "responses/\(stages.count)"
      stages.append(try RecordFile.records(Responses.self, from: task.input(name), file: name))
      try Alignment.check(prompts.map(\.id), stages[stages.count - 1].map(\.id), step: label)
    }
    return records(prompts, stages.map { $0.map(\.responses) }, duplicates: stages.map { $0.map(\.duplicates) })
  }

  /// The responses of all stages of the generator as items, in order; those that failed are leftovers, and so are as many
  /// duplicates as each stage left out.
  package static func records(
    _ prompts: [RenderedPrompt], _ stages: [[[Response]]], duplicates: [[Int]] = []
  ) -> [FeedbackRecord] {
    prompts.enumerated().map { index, prompt in
      let responses = stages.flatMap { $0[index] }
      let repeated = duplicates.reduce(0) { $0 + $1[index] }
      return FeedbackRecord(
        id: prompt.id, turns: prompt.turns,
        items: responses.filter { $0.finish != .error }.map { .response($0) },
        leftovers: responses.filter { $0.finish == .error }.map { Leftover(.error, $0.text) }
          + Array(repeating: Leftover(.duplicate), count: repeated))
    }
  }
}
