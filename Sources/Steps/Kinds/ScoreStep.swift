// Scores given texts after prompts: per-token log-probabilities, record by record.

import Digests
import Execution
import JSON
package import LanguageModel
package import Planning
package import Records
import Specification

enum ScoreStep {
  static func run(
    _ work: ScoreWork, _ task: StepTask, models: ModelCache
  ) throws -> ([ProducedOutput], WorkCount) {
    if [.responses, .examples, .contexts].contains(work.target) {
      return try ResponseScoring.run(work, task, models: models)
    }
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let texts = try prompts.enumerated().map { try Self.texts(of: $1, work.target, number: $0 + 1, task) }
    let keys = zip(prompts, texts).map { $0.key(scoring: $1) }
    let (results, count) = try task.results(of: keys) { missing, finished in
      if let step = try models.divergence(work.model, for: task) {
        for position in missing {
          let scores = texts[position].map { Score(divergedAt: step, byteCount: $0.utf8.count) }
          if try !finished(position, Self.bytes(scores)) { return }
        }
        return
      }
      let model = try models.model(work.model, for: task)
      let builder = ScoreRequests(work, model.tokenizer)
      var waiting: [Int: [Score?]] = [:]
      var requests: [ScoreRequest] = []
      var owners: [(position: Int, text: Int)] = []
      for position in missing {
        waiting[position] = Array(repeating: nil, count: texts[position].count)
        for (index, text) in texts[position].enumerated() {
          let request = builder.request(prompts[position], text)
          let context = model.configuration.context
          if request.tokens.count > context {
            // A text that the model cannot read is a counted outcome, not a failed run.
            waiting[position]?[index] = Score(
              failure: "the text with its prompt has \(request.tokens.count) tokens and the model reads \(context)",
              byteCount: text.utf8.count)
          } else if request.tokens.count > request.from {
            requests.append(request)
            owners.append((position, index))
          } else {
            // An empty text, or one whose only token has nothing before it: there is nothing to score.
            waiting[position]?[index] = Score(logProbabilities: [], byteCount: text.utf8.count)
          }
        }
        let scores = waiting[position]?.compactMap { $0 } ?? []
        guard scores.count == texts[position].count else { continue }
        waiting[position] = nil
        if try !finished(position, Self.bytes(scores)) { return }
      }
      try model.decoder.score(requests) { index, logProbabilities in
        let (position, text) = owners[index]
        try task.check(logProbabilities)
        let score = Score(logProbabilities: logProbabilities, byteCount: texts[position][text].utf8.count)
        waiting[position]?[text] = score
        guard let scores = waiting[position]?.compactMap({ $0 }), scores.count == texts[position].count else {
          return !task.cancellation.isCancelled
        }
        waiting[position] = nil
        return try finished(position, Self.bytes(scores))
      }
    }
    var records: [Scores] = []
    for (prompt, bytes) in zip(prompts, results) {
      var scores: [Score] = []
      for element in try JSONValue(parsing: bytes).arrayValue ?? [] { scores.append(try Score(json: element)) }
      records.append(Scores(id: prompt.id, scores: scores))
    }
    return ([ProducedOutput("scores", RecordFile.bytes(records), records: records.count)], count)
  }

  private static func bytes(_ scores: [Score]) -> [UInt8] { JSONValue.array(scores.map(\.json)).canonicalBytes }

  private static func texts(
    of prompt: RenderedPrompt, _ target: ScoreWork.Target, number: Int, _ task: StepTask
  ) throws -> [String] {
    let texts = prompt.texts(scoredAs: target)
    if !texts.isEmpty { return texts }
    switch target {
    case .options, .labels: throw StepError.noOptions(step: task.step.label, record: number)
    case .responses, .examples, .contexts: fatalError("scored by their own function: our own bug")
    case .response(let name), .plain(let name):
      throw StepError.missingField(
        step: task.step.label, field: name, record: number, fields: JSONObject(), place: nil)
    }
  }
}

/// From prompts and texts to tokens to score.
///
/// After turns, a text is tokenized together with what stands before it and the tokens after the prompt's are scored, as
/// lm-evaluation-harness does. With `turns: raw`, which has nothing between prompt and text, a text that begins with no
/// white space is separated by one space, its default too.
package struct ScoreRequests {
  private let work: ScoreWork
  private let tokenizer: Tokenizer

  package init(_ work: ScoreWork, _ tokenizer: Tokenizer) {
    self.work = work
    self.tokenizer = tokenizer
  }

  package func request(_ prompt: RenderedPrompt, _ text: String) -> ScoreRequest {
    // Nothing stands before the first token of a plain text, so it has no probability.
    if case .plain = work.target { return ScoreRequest(tokens: tokenizer.encode(text), from: 1) }
    let context = work.model.segments(of: prompt)
    let lead = work.model.turns == .raw && Self.touches(context, text) ? " " : work.model.chatFormat.responseLead
    let (before, after) = tokenizer.encode(context: context, continuation: [.data(lead + text)])
    return ScoreRequest(tokens: before + after, from: max(1, before.count))
  }

  private static func touches(_ context: [TextSegment], _ text: String) -> Bool {
    let end = context.last?.text.unicodeScalars.last
    return end?.properties.isWhitespace == false && text.unicodeScalars.first?.properties.isWhitespace == false
  }
}
