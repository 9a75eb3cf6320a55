// Preference and pair statistics: what the pairs of the examples say, one outcome a pair.
// Knows scores and texts; nothing of how either came about.

import Execution
import JSON
import LanguageModel
import Planning
package import Records
package import Specification

/// The pairs of a record with their scores, out of all that its examples hold.
package struct ScoredPair {
  package let chosen: Score
  package let rejected: Score

  /// The pairs of a record, in order; nil if there is not one score for each response of each item.
  package static func all(of record: FeedbackRecord, _ scores: Scores) -> [ScoredPair]? {
    guard scores.id == record.id, scores.scores.count == record.items.reduce(0, { $0 + $1.responses.count }) else {
      return nil
    }
    var next = scores.scores[...]
    return record.items.flatMap { item in
      let own = Array(next.prefix(item.responses.count))
      next = next.dropFirst(item.responses.count)
      return item.comparisons.map { ScoredPair(chosen: own[$0.better], rejected: own[$0.worse]) }
    }
  }

  /// The pairs of all records, in order.
  ///
  /// - Throws: ``StepError/recordsDiffer(step:record:)``.
  package static func all(
    of records: [FeedbackRecord], _ scores: [Scores], label: String
  ) throws(StepError) -> [[ScoredPair]] {
    guard records.count == scores.count else {
      throw .recordsDiffer(step: label, record: min(records.count, scores.count) + 1)
    }
    var pairs: [[ScoredPair]] = []
    for (index, (record, scores)) in zip(records, scores).enumerated() {
      guard let own = all(of: record, scores) else { throw .recordsDiffer(step: label, record: index + 1) }
      pairs.append(own)
    }
    return pairs
  }
}

extension [FeedbackRecord] {
  /// The outcomes of the records that have any.
  func outcomes(_ outcomes: [[Outcome]], label: String) throws(StepError) -> [Outcomes] {
    let records = zip(self, outcomes).map { Outcomes(id: $0.id, outcomes: $1) }.filter { !$0.outcomes.isEmpty }
    guard !records.isEmpty else { throw .noPairs(step: label) }
    return records
  }
}

package enum PreferenceStep {
  static func run(_ work: PreferenceWork, _ task: StepTask) throws -> [ProducedOutput] {
    let examples = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
    var scores: [Scores]?
    if work.score != .length {
      scores = try RecordFile.records(Scores.self, from: task.input("scores"), file: "scores")
    }
    let outcomes = try outcomes(examples, scores, by: work.score, label: task.step.label)
    return [ProducedOutput("outcomes", RecordFile.bytes(outcomes), records: outcomes.count)]
  }

  /// One outcome a pair; records without a pair have none and do not count.
  ///
  /// - Parameters:
  ///   - examples: The pairs.
  ///   - scores: The scores of their responses; nil if length in characters (Unicode scalars) is the score.
  ///   - score: What of a score is compared.
  ///   - label: The step, for messages.
  /// - Returns: The outcomes of the records that have pairs.
  /// - Throws: ``StepError`` if the scores are of other records, or there is no pair.
  package static func outcomes(
    _ examples: [FeedbackRecord], _ scores: [Scores]?, by score: PreferenceEval.Score, label: String
  ) throws(StepError) -> [Outcomes] {
    guard let scores else {
      return try examples.outcomes(
        examples.map { record in
          record.pairs.map { outcome(Double($0.text.unicodeScalars.count), Double($1.text.unicodeScalars.count)) }
        }, label: label)
    }
    let pairs = try ScoredPair.all(of: examples, scores, label: label)
    return try examples.outcomes(
      pairs.map {
        $0.map { pair in
          if let step = pair.chosen.divergedAt { return Outcome(divergedAt: step, weight: 1) }
          return outcome(value(of: pair.chosen, score), value(of: pair.rejected, score))
        }
      }, label: label)
  }

  private static func value(of score: Score, _ kind: PreferenceEval.Score) -> Double {
    switch kind {
    case .sum: score.sum
    case .mean: score.sum / Double(max(1, score.logProbabilities.count))
    case .reward: score.reward ?? 0
    case .length: fatalError("length needs no scores: our own bug")
    }
  }

  private static func outcome(_ chosen: Double, _ rejected: Double) -> Outcome {
    if chosen == rejected { return Outcome(kind: "tie", value: 0.5) }
    return Outcome(kind: chosen > rejected ? "right" : "wrong", value: chosen > rejected ? 1 : 0)
  }
}

package enum PairStatisticsStep {
  static func run(
    _ work: PairStatisticsWork, _ task: StepTask, models: ModelCache
  ) throws -> ([ProducedOutput], WorkCount) {
    let examples = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
    func output(_ name: String, _ outcomes: [[Outcome]]) throws -> ProducedOutput {
      let outcomes = try examples.outcomes(outcomes, label: task.step.label)
      return ProducedOutput(name, RecordFile.bytes(outcomes), records: outcomes.count)
    }
    func measured(_ record: FeedbackRecord, _ measure: (String, String) -> Double) -> [Outcome] {
      record.pairs.map { Outcome(kind: "measured", value: measure($0.text, $1.text)) }
    }
    guard case .contrast(let model) = work.measure else {
      let lengths = examples.map { record in
        measured(record) { Double($0.unicodeScalars.count - $1.unicodeScalars.count) }
      }
      return ([try output("length", lengths)], WorkCount())
    }
    let tokenizer = try model.map { try models.tokenizer($0, for: task) }
    func tokens(_ chosen: String, _ rejected: String) -> Double {
      guard let tokenizer else { return TextDistance.jaccard(chosen, rejected) }
      return TextDistance.jaccard(Set(tokenizer.encode(chosen)), Set(tokenizer.encode(rejected)))
    }
    let (results, count) = try task.resultsByLine(of: examples.count) { index in
      let words = measured(examples[index], tokens)
      let edits = measured(examples[index]) { Double(TextDistance.levenshtein($0, $1)) }
      return [words, edits].map { .array($0.map(\.json)) }
    }
    func outcomes(_ place: Int) throws -> [[Outcome]] {
      try results.map { try ($0[place].arrayValue ?? []).map { try Outcome(json: $0) } }
    }
    return ([try output("jaccard", outcomes(0)), try output("levenshtein", outcomes(1))], count)
  }
}

extension FeedbackItem {
  /// Which of its responses is better than which: one of a pair, and one for each two of a ranking that are not equal.
  fileprivate var comparisons: [(better: Int, worse: Int)] {
    switch self {
    case .pair: [(0, 1)]
    case .ranking(let responses, let scores):
      responses.indices.flatMap { better in
        responses.indices.dropFirst(better + 1)
          .filter { scores.isEmpty || scores[better] > scores[$0] }.map { (better, $0) }
      }
    case .response, .judged, .relabeled: []
    }
  }
}

extension FeedbackRecord {
  /// The better and the worse response of each comparison.
  fileprivate var pairs: [(chosen: Response, rejected: Response)] {
    items.flatMap { item in
      item.comparisons.map { (item.responses[$0.better], item.responses[$0.worse]) }
    }
  }
}
