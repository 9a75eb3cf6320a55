// Scores responses after their prompts, each kept by itself: the reference of a pair serves every objective.
// Knows nothing of objectives; what a score is for is the business of whoever reads it.

import Execution
import JSON
import LanguageModel
import Planning
import Records

enum ResponseScoring {
  static func run(
    _ work: ScoreWork, _ task: StepTask, models: ModelCache
  ) throws -> ([ProducedOutput], WorkCount) {
    let records = try self.records(work, task)
    let texts = ScoreWork.scored(records)
    let (results, count) = try task.results(of: texts.map(\.key)) { missing, finished in
      if let step = try models.divergence(work.model, for: task) {
        for position in missing {
          let score = Score(divergedAt: step, byteCount: texts[position].response.text.utf8.count)
          if try !finished(position, score.json.canonicalBytes) { return }
        }
        return
      }
      let model = try models.model(work.model, for: task)
      if work.rewards, !model.decoder.isRewardModel {
        throw StepError.noScalarHead(step: task.step.label, model: work.model.displayName)
      }
      let encoder = ResponseEncoder(work.model, model.tokenizer)
      var requests: [ScoreRequest] = []
      var positions: [Int] = []
      for position in missing {
        let (tokens, from) = encoder.encode(turns: texts[position].turns, response: texts[position].response)
        guard tokens.count <= model.configuration.context else {
          if let tooLong = tooLong(texts[position], tokens.count, for: work, model.configuration.context) {
            if try !finished(position, tooLong.json.canonicalBytes) { return }
            continue
          }
          throw StepError.exceedsContext(
            step: task.step.label, response: texts[position].response.text, tokens: tokens.count,
            context: model.configuration.context)
        }
        if tokens.count > from || work.rewards && !tokens.isEmpty {
          requests.append(ScoreRequest(tokens: tokens, from: from))
          positions.append(position)
        } else if try !finished(position, score([], texts[position]).json.canonicalBytes) {
          return
        }
      }
      if work.rewards {
        return try model.decoder.rewards(of: requests.map(\.tokens)) { index, reward in
          try task.check([reward])
          let text = texts[positions[index]]
          let score = Score(reward: Double(reward), byteCount: text.response.text.utf8.count)
          return try finished(positions[index], score.json.canonicalBytes)
        }
      }
      try model.decoder.score(requests) { index, values in
        try task.check(values)
        return try finished(positions[index], score(values, texts[positions[index]]).json.canonicalBytes)
      }
    }
    var next = results.makeIterator()
    var scores: [Scores] = []
    for record in records {
      var found: [Score] = []
      for text in record.texts {
        if text.response.finish == .error {
          let step = text.response.divergedAt
          found.append(step.map { Score(divergedAt: $0, byteCount: 0) } ?? Score(logProbabilities: [], byteCount: 0))
        } else if let bytes = next.next() {
          found.append(try Score(json: JSONValue(parsing: bytes)))
        }
      }
      scores.append(Scores(id: record.id, scores: found))
    }
    return ([ProducedOutput("scores", RecordFile.bytes(scores), records: scores.count)], count)
  }

  /// What stands for the score of a response that an eval only looks at; nil where something is learned with it.
  private static func tooLong(_ text: ScoredResponse, _ tokens: Int, for work: ScoreWork, _ context: Int) -> Score? {
    guard work.target == .contexts else { return nil }
    return Score(
      failure: "the response with its prompt has \(tokens) tokens and the model reads \(context)",
      byteCount: text.response.text.utf8.count)
  }

  private static func score(_ values: [Float], _ text: ScoredResponse) -> Score {
    Score(logProbabilities: values, byteCount: text.response.text.utf8.count)
  }

  private static func records(
    _ work: ScoreWork, _ task: StepTask
  ) throws -> [(id: RecordID, texts: [ScoredResponse])] {
    if work.target == .examples || work.target == .contexts {
      let examples = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
      return work.texts(of: examples)
    }
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let responses = try RecordFile.records(Responses.self, from: task.input("responses"), file: "responses")
    try Alignment.check(prompts.map(\.id), responses.map(\.id), step: task.step.label)
    return ScoreWork.texts(of: responses, to: prompts)
  }
}

extension StepTask {
  /// Refuses log-probabilities that are not finite: no file can hold them, and nothing could be made of them.
  func check(_ logProbabilities: [Float]) throws(StepError) {
    if !logProbabilities.allSatisfy(\.isFinite) { throw .notFinite(step: step.label) }
  }
}
