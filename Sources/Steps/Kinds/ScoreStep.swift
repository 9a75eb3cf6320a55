// Scores given texts after prompts: per-token log-probabilities, record by record.

import Digests
import Execution
import JSON
import LanguageModel
import Planning
import Records
import Specification

enum ScoreStep {
  static func run(
    _ work: ScoreWork, _ task: StepTask, models: ModelCache
  ) throws -> ([ProducedOutput], WorkCount) {
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let texts = try prompts.enumerated().map { try Self.texts(of: $1, work.target, number: $0 + 1, task) }
    let keys = zip(prompts, texts).map(key)
    let (results, count) = try task.results(of: keys) { missing, finished in
      let model = try models.model(work.model, for: task)
      let builder = ScoreRequests(work, model)
      var waiting: [Int: [Score?]] = [:]
      var requests: [ScoreRequest] = []
      var owners: [(position: Int, text: Int)] = []
      for position in missing {
        waiting[position] = Array(repeating: nil, count: texts[position].count)
        for (index, text) in texts[position].enumerated() {
          requests.append(builder.request(prompts[position], text))
          owners.append((position, index))
        }
        guard texts[position].isEmpty else { continue }
        if try !finished(position, Self.bytes([])) { return }
      }
      try model.decoder.score(requests) { index, logProbabilities in
        let (position, text) = owners[index]
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

  /// What a record's scores depend on, beside the model: the turns and the texts.
  private static func key(_ prompt: RenderedPrompt, _ texts: [String]) -> Digest {
    .sha256(prompt.content.bytes + JSONValue.array(texts.map { .string($0) }).canonicalBytes)
  }

  private static func texts(
    of prompt: RenderedPrompt, _ target: ScoreWork.Target, number: Int, _ task: StepTask
  ) throws -> [String] {
    switch target {
    case .options, .labels:
      let texts = target == .options ? prompt.options : prompt.labels
      guard !texts.isEmpty else { throw StepError.noOptions(step: task.step.label, record: number) }
      return texts
    case .response(let name), .plain(let name):
      guard let text = prompt.texts[name] else {
        throw StepError.missingField(step: task.step.label, field: name, record: number, place: nil)
      }
      return [text]
    }
  }
}

/// From prompts and texts to tokens to score.
///
/// After turns, a text is tokenized together with what stands before it and the tokens after the prompt's are scored,
/// as lm-evaluation-harness does. With `turns: raw` two more of its rules hold: white space at the prompt's end belongs
/// to the text, and a text that begins with none is separated from the prompt by one space.
struct ScoreRequests {
  private let work: ScoreWork
  private let tokenizer: Tokenizer

  init(_ work: ScoreWork, _ model: LoadedModel) {
    self.work = work
    tokenizer = model.tokenizer
  }

  func request(_ prompt: RenderedPrompt, _ text: String) -> ScoreRequest {
    if case .plain = work.target {
      // Nothing stands before the first token, so it has no probability.
      return ScoreRequest(tokens: tokenizer.encode(text), from: 1)
    }
    var context = work.model.segments(of: prompt)
    var text = text
    if work.model.turns == .raw { Self.moveSpace(&context, &text) }
    let before = tokenizer.encode(context)
    let whole = tokenizer.encode(context + [TextSegment(text: text, isTemplate: false)])
    return ScoreRequest(tokens: whole, from: max(1, min(before.count, whole.count)))
  }

  private static func moveSpace(_ context: inout [TextSegment], _ text: inout String) {
    let joined = context.map(\.text).joined()
    var kept = joined[...]
    while let last = kept.last, last.isWhitespace { kept.removeLast() }
    let space = String(joined[kept.endIndex...])
    if !space.isEmpty {
      text = space + text
    } else if text.first?.isWhitespace == false {
      text = " " + text
    }
    context = [TextSegment(text: String(kept), isTemplate: false)]
  }
}
