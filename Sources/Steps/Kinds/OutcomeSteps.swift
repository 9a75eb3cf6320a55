// Choice, perplexity and aggregate: from scores to outcomes and from outcomes to numbers.

import Execution
import JSON
package import Planning
package import Records
package import Specification

package enum ChoiceStep {
  static func run(_ work: ChoiceWork, _ task: StepTask) throws -> [ProducedOutput] {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let scores = try RecordFile.records(Scores.self, from: task.input("scores"), file: "scores")
    guard prompts.count == scores.count else { throw StepError.recordsDiffer(step: task.step.label, record: 0) }
    var outcomes: [Outcomes] = []
    for (index, (prompt, score)) in zip(prompts, scores).enumerated() {
      guard prompt.id == score.id else { throw StepError.recordsDiffer(step: task.step.label, record: index + 1) }
      outcomes.append(Outcomes(id: prompt.id, outcomes: [outcome(prompt, score, work.normalize, work.continuation)]))
    }
    return [ProducedOutput("outcomes", RecordFile.bytes(outcomes), records: outcomes.count)]
  }

  /// The first of the likeliest options, as lm-evaluation-harness's `acc` and `acc_norm` take it.
  ///
  /// Answers are labels where labels were scored, and texts where texts were.
  package static func outcome(
    _ prompt: RenderedPrompt, _ score: Scores, _ normalize: ChoiceEval.Normalization,
    _ continuation: ChoiceEval.Continuation = .text
  ) -> Outcome {
    if let step = score.divergedAt { return Outcome(divergedAt: step, weight: 1) }
    if let failure = score.scores.lazy.compactMap(\.failure).first {
      return Outcome(kind: "error", value: 0, reason: failure)
    }
    let names = continuation == .letter ? prompt.labels : prompt.options
    let values = zip(score.scores, names).map { value(of: $0, $1, normalize) }
    guard names.count == score.scores.count, let best = values.max(), let index = values.firstIndex(of: best) else {
      return Outcome(kind: "wrong", value: 0, reason: "no options")
    }
    let right = prompt.answers.contains { $0.utf8.elementsEqual(names[index].utf8) }
    let chosen = [prompt.labels, prompt.options].filter { $0.count == values.count }.map { $0[index] }
    return Outcome(
      kind: right ? "right" : "wrong", value: right ? 1 : 0, reason: "chose \(chosen.joined(separator: " "))")
  }

  private static func value(of score: Score, _ name: String, _ normalize: ChoiceEval.Normalization) -> Double {
    switch normalize {
    case .none: score.sum
    case .tokens: score.sum / Double(max(1, score.logProbabilities.count))
    // Python's len() counts Unicode scalars, too.
    case .characters: score.sum / Double(max(1, name.unicodeScalars.count))
    case .bytes: score.sum / Double(max(1, score.byteCount))
    }
  }
}

/// Steps that make outcomes of scores and of nothing else.
enum ScoredOutcomes {
  static func run(_ task: StepTask, _ outcomes: ([Scores]) -> [Outcomes]) throws -> [ProducedOutput] {
    let found = outcomes(try RecordFile.records(Scores.self, from: task.input("scores"), file: "scores"))
    return [ProducedOutput("outcomes", RecordFile.bytes(found), records: found.count)]
  }
}

package enum PerplexityStep {
  static func run(_ task: StepTask) throws -> [ProducedOutput] { try ScoredOutcomes.run(task, outcomes) }

  /// A record's value is its mean negative log-probability a token, weighted by its tokens; the number over records is
  /// the exponential of the weighted mean.
  package static func outcomes(of scores: [Scores]) -> [Outcomes] {
    scores.map { record in
      Outcomes(
        id: record.id,
        outcomes: record.scores.map { score in
          if let step = score.divergedAt { return Outcome(divergedAt: step, weight: 0) }
          if let failure = score.failure { return Outcome(kind: "error", value: 0, weight: 0, reason: failure) }
          let tokens = Double(score.logProbabilities.count)
          guard tokens > 0 else { return Outcome(kind: "empty", value: 0, weight: 0, reason: "no token to score") }
          return Outcome(kind: "scored", value: -score.sum / tokens, weight: tokens)
        })
    }
  }
}

package enum RewardStep {
  static func run(_ task: StepTask) throws -> [ProducedOutput] { try ScoredOutcomes.run(task, outcomes) }

  /// One outcome a response; a response that could not be made has none to its credit and does not count.
  package static func outcomes(of scores: [Scores]) -> [Outcomes] {
    scores.map { record in
      Outcomes(
        id: record.id,
        outcomes: record.scores.map { score in
          if let step = score.divergedAt { return Outcome(divergedAt: step, weight: 0) }
          guard let reward = score.reward else {
            return Outcome(kind: "error", value: 0, weight: 0, reason: "there is no response to score")
          }
          return Outcome(kind: "scored", value: reward)
        })
    }
  }
}

package enum AggregateStep {
  static func run(_ work: AggregateWork, _ task: StepTask) throws -> [ProducedOutput] {
    let sources = Dictionary(uniqueKeysWithValues: task.step.inputs.map { ($0.name, $0.source) })
    let numbers = try numbers(work, sources: sources) { measurement in
      try RecordFile.records(
        Outcomes.self, from: task.input(measurement.input), file: "outcomes of \(measurement.eval)")
    }
    // Names stay out of what is stored, so that renaming an eval or an arm computes nothing.
    let nameless = numbers.map { $0.named("", at: []).stored }
    return [ProducedOutput("table", RecordFile.bytes(nameless), records: nameless.count)]
  }

  /// One number for each eval and place.
  ///
  /// Measurements that differ only in the seed become one, and those that do not differ at all are pooled. What several
  /// cells have in common, such as the model before training, counts once.
  ///
  /// - Parameters:
  ///   - work: What is measured where.
  ///   - sources: Where each measurement's input comes from, by the input's name.
  ///   - outcomesOf: The outcomes that stand behind a measurement.
  /// - Returns: The numbers in the order of their first measurements.
  package static func numbers(
    _ work: AggregateWork, sources: [String: OutputReference],
    outcomesOf: (AggregateWork.Measurement) throws -> [Outcomes]
  ) rethrows -> [Measured] {
    var order: [[String]] = []
    var members: [[String]: [AggregateWork.Measurement]] = [:]
    for measurement in work.measurements {
      let key = measurement.group
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(measurement)
    }
    var numbers: [Measured] = []
    for key in order {
      var seen: Set<OutputReference> = []
      let group = (members[key] ?? []).filter { sources[$0.input].map { seen.insert($0).inserted } ?? true }
      var seeds: [String] = []
      var outcomes: [String: [Outcomes]] = [:]
      for measurement in group {
        let seed = measurement.coordinates["seed"] ?? ""
        if outcomes[seed] == nil { seeds.append(seed) }
        outcomes[seed, default: []] += try outcomesOf(measurement)
      }
      let coordinates = group[0].coordinates.entries.filter { $0.name != "seed" }
      numbers.append(
        Measured(
          eval: group[0].eval, kind: group[0].evalKind,
          coordinates: coordinates.map { Measured.Coordinate($0.name, $0.value) }, inputs: group.map(\.input),
          seeds: seeds.map { outcomes[$0] ?? [] }))
    }
    return numbers
  }
}
