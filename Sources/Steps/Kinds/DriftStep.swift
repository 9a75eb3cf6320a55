// Drift and traces: the same texts under two models, and under one model as it learns.
// Knows scores; the models are steps of their own.

import Execution
package import JSON
import Planning
package import Records

package enum DriftStep {
  static func run(_ task: StepTask) throws -> [ProducedOutput] {
    let responses = try RecordFile.records(Responses.self, from: task.input("responses"), file: "responses")
    let policy = try RecordFile.records(Scores.self, from: task.input("policy"), file: "policy")
    let reference = try RecordFile.records(Scores.self, from: task.input("reference"), file: "reference")
    let drift = try Drift(responses, policy: policy, reference: reference, label: task.step.label)
    return [
      ProducedOutput("outcomes", RecordFile.bytes(drift.outcomes), records: drift.outcomes.count),
      ProducedOutput("lengths", RecordFile.bytes(drift.lengths), records: drift.lengths.count),
    ]
  }

  /// How far a model has moved along its own responses.
  package struct Drift {
    /// For each response the sum over its tokens of ln p(policy) - ln p(reference), in nats.
    package let outcomes: [Outcomes]
    /// How many tokens each response has, the end of turn included.
    package let lengths: [Outcomes]

    /// - Throws: ``StepError/recordsDiffer(step:record:)``.
    package init(
      _ responses: [Responses], policy: [Scores], reference: [Scores], label: String
    ) throws(StepError) {
      try Alignment.check(responses.map(\.id), policy.map(\.id), step: label)
      try Alignment.check(responses.map(\.id), reference.map(\.id), step: label)
      var outcomes: [Outcomes] = []
      var lengths: [Outcomes] = []
      for (index, record) in responses.enumerated() {
        let (new, old) = (policy[index].scores, reference[index].scores)
        if let step = policy[index].divergedAt ?? reference[index].divergedAt {
          let own = Outcomes(
            id: record.id, outcomes: record.responses.map { _ in Outcome(divergedAt: step, weight: 0) })
          outcomes.append(own)
          lengths.append(own)
          continue
        }
        guard new.count == record.responses.count, LogRatio.fit(new, old) else {
          throw .recordsDiffer(step: label, record: index + 1)
        }
        let own = record.responses.indices
        outcomes.append(
          Outcomes(
            id: record.id, outcomes: own.map { Self.outcome(record.responses[$0], LogRatio.sum(new[$0], old[$0])) }))
        lengths.append(
          Outcomes(
            id: record.id,
            outcomes: own.map { Self.outcome(record.responses[$0], Double(new[$0].logProbabilities.count)) }))
      }
      self.outcomes = outcomes
      self.lengths = lengths
    }

    private static func outcome(_ response: Response, _ value: Double) -> Outcome {
      response.finish == .error
        ? Outcome(kind: "error", value: 0, weight: 0, reason: response.text) : Outcome(kind: "scored", value: value)
    }
  }
}

package enum TraceStep {
  static func run(_ work: TraceWork, _ task: StepTask) throws -> [ProducedOutput] {
    let examples = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
    let reference = try RecordFile.records(Scores.self, from: task.input("reference"), file: "reference")
    var checkpoints: [[Scores]] = []
    for index in 0..<work.checkpoints {
      let name = "scores/\(index)"
      checkpoints.append(try RecordFile.records(Scores.self, from: task.input(name), file: name))
    }
    let trace = try Trace(examples, reference: reference, checkpoints: checkpoints, label: task.step.label)
    return [
      ProducedOutput("chosen", RecordFile.bytes(trace.chosen), records: trace.chosen.count),
      ProducedOutput("rejected", RecordFile.bytes(trace.rejected), records: trace.rejected.count),
      ProducedOutput("trace", RecordFile.bytes(fields: trace.means.map(\.fields)), records: trace.means.count),
    ]
  }

  /// The log-ratios of the pairs' responses to the reference, in nats, as a training goes.
  package struct Trace {
    /// The means over all pairs at a checkpoint.
    package struct Means: Hashable {
      let checkpoint: Int
      let pairs: Int
      /// Nil if a training had diverged before.
      let ratios: Ratios?
      let divergedAt: Int?

      /// Means over the pairs.
      struct Ratios: Hashable {
        let chosen: Double
        let rejected: Double
      }

      package var fields: JSONObject {
        var fields = JSONObject([
          JSONMember("checkpoint", .integer(Int64(checkpoint))), JSONMember("pairs", .integer(Int64(pairs))),
        ])
        if let divergedAt { fields["diverged-at"] = .integer(Int64(divergedAt)) }
        if let ratios {
          fields["chosen"] = .number(ratios.chosen)
          fields["rejected"] = .number(ratios.rejected)
          fields["margin"] = .number(ratios.chosen - ratios.rejected)
        }
        return fields
      }
    }

    /// Each better response's log-ratio at the last checkpoint.
    package private(set) var chosen: [Outcomes] = []
    /// Each worse response's.
    package private(set) var rejected: [Outcomes] = []
    /// One a checkpoint, in order.
    package private(set) var means: [Means] = []

    /// - Throws: ``StepError`` if the scores are of other records, or there is no pair.
    package init(
      _ examples: [FeedbackRecord], reference: [Scores], checkpoints: [[Scores]], label: String
    ) throws(StepError) {
      let old = try ScoredPair.all(of: examples, reference, label: label)
      for (index, scores) in checkpoints.enumerated() {
        let new = try ScoredPair.all(of: examples, scores, label: label)
        if let step = (scores + reference).lazy.compactMap(\.divergedAt).first {
          let outcome = Outcome(divergedAt: step, weight: 0)
          chosen = try examples.outcomes(new.map { $0.map { _ in outcome } }, label: label)
          rejected = chosen
          means.append(Means(checkpoint: index, pairs: new.joined().count, ratios: nil, divergedAt: step))
          continue
        }
        let better = try Self.ratios(new, old, \.chosen, label: label)
        let worse = try Self.ratios(new, old, \.rejected, label: label)
        chosen = try examples.outcomes(better.map { $0.map(Self.outcome) }, label: label)
        rejected = try examples.outcomes(worse.map { $0.map(Self.outcome) }, label: label)
        let count = better.joined().count
        means.append(
          Means(
            checkpoint: index, pairs: count,
            ratios: .init(
              chosen: better.joined().reduce(0, +) / Double(count),
              rejected: worse.joined().reduce(0, +) / Double(count)), divergedAt: nil))
      }
    }

    private static func outcome(_ value: Double) -> Outcome { Outcome(kind: "scored", value: value) }

    private static func ratios(
      _ new: [[ScoredPair]], _ old: [[ScoredPair]], _ side: KeyPath<ScoredPair, Score>, label: String
    ) throws(StepError) -> [[Double]] {
      var ratios: [[Double]] = []
      for (index, (new, old)) in zip(new, old).enumerated() {
        guard LogRatio.fit(new.map { $0[keyPath: side] }, old.map { $0[keyPath: side] }) else {
          throw .recordsDiffer(step: label, record: index + 1)
        }
        ratios.append(zip(new, old).map { LogRatio.sum($0[keyPath: side], $1[keyPath: side]) })
      }
      return ratios
    }
  }
}

/// The same text under two models.
private enum LogRatio {
  /// Whether both scored the same tokens, as far as their numbers tell.
  static func fit(_ new: [Score], _ old: [Score]) -> Bool {
    new.count == old.count && zip(new, old).allSatisfy { $0.logProbabilities.count == $1.logProbabilities.count }
  }

  /// The sum over tokens of new minus old, in nats and in double precision.
  ///
  /// Token by token, so that equal log-probabilities give exactly 0.
  static func sum(_ new: Score, _ old: Score) -> Double {
    zip(new.logProbabilities, old.logProbabilities).reduce(0) { $0 + (Double($1.0) - Double($1.1)) }
  }
}
