// The first examples of a training as its objective sees them, token by token: text, label, weight.
// Encodes and weighs as training does; knows nothing of stores, and nothing of how it is shown.

import FoundationEssentials
import Glibc
package import LanguageModel
import Objectives
package import Planning
package import Records
import Specification
package import Training

/// One token of a response.
package struct PreviewedToken: Sendable {
  /// Its number.
  package let id: TokenID
  /// Its bytes; for a marker those of its name.
  package let bytes: [UInt8]
  /// Whether it is a marker and no text.
  package let isSpecial: Bool
  /// Whether it ends the turn.
  package let endsTurn: Bool
  /// d loss / d ln p(token); nil if it is not trained, or if a score is.
  package let weight: Double?
  /// d loss / d (mean of ln p over the vocabulary), where labels are smoothed.
  package let vocabularyWeight: Double?
  /// d loss / d (entropy of the token's row), where the objective reads it.
  package let entropyWeight: Double?
  /// ln p under the reference, if that is stored.
  package let reference: Float?
}

/// Tokens that an objective reads beside a response behind its prompt.
package struct PreviewedContext: Sendable {
  /// What they are.
  package enum Kind: String, Hashable, Sendable {
    /// The response behind the prompt with its judgment.
    case judgedPrompt = "judged prompt"
    /// The response behind the instruction that it does not fit.
    case contrastingPrompt = "contrasting prompt"
    /// The response behind the prompt of another example of the batch.
    case otherPrompt = "prompt of another example"
    /// The judgment behind a question about the response.
    case question
  }

  /// What they are.
  package let kind: Kind
  /// What stands before them, as the model reads it; empty where that is another example's prompt.
  package let prompt: [TextSegment]
  /// How many tokens that is; none of them is trained.
  package let promptTokens: Int
  /// The tokens.
  package let tokens: [PreviewedToken]
}

/// One response of an example.
package struct PreviewedResponse: Sendable {
  /// What the objective takes it for.
  package enum Label: String, Hashable, Sendable {
    /// The better one of a pair.
    case chosen
    /// The worse one of a pair.
    case rejected
    /// Acceptable, by itself.
    case good
    /// Not acceptable, by itself.
    case bad
    /// Nothing is known of it.
    case response
  }

  /// What the objective takes it for.
  package let label: Label
  /// Its reward in a ranking.
  package let reward: Double?
  /// Whether the objective reads it.
  package let isTrained: Bool
  /// What the objective reads beside it.
  package let contexts: [PreviewedContext]
  /// d loss / d score, where a reward model is trained.
  package let scoreWeight: Double?
  /// How it ended.
  package let finish: Response.Finish
  /// Its tokens, all of them.
  package let tokens: [PreviewedToken]
  /// How many tokens the model wrote, if it was another number.
  package let written: Int?
}

/// One example.
package struct PreviewedExample: Sendable {
  /// The record that it comes from.
  package let id: RecordID
  /// Which of all examples it is, counted from 1.
  package let number: Int
  /// The prompt as the model reads it.
  package let prompt: [TextSegment]
  /// How many tokens that is; none of them is trained.
  package let promptTokens: Int
  /// One, or chosen and rejected.
  package let responses: [PreviewedResponse]
  /// The optimizer step that first has it, counted from 1, and whether the training gets there.
  package let step: (number: Int, isReached: Bool)
  /// The examples, the responses read and their tokens in that step's batch.
  package let batch: (examples: Int, responses: Int, tokens: Int)
}

/// The first examples of a training.
package struct TrainingPreview: Sendable {
  /// The first of them.
  package let examples: [PreviewedExample]
  /// How many there are.
  package let count: Int
  /// The model that the weights are those of.
  package let model: StartingModel
  /// How many responses have other tokens than the model wrote, of how many.
  package let retokenized: (count: Int, of: Int)

  /// Looks at the first examples of a training.
  ///
  /// - Parameters:
  ///   - count: How many are wanted.
  ///   - work: The training.
  ///   - records: Its examples.
  ///   - reference: The examples' scores under the reference, if they are known; no weight depends on them.
  ///   - tokenizer: The model's.
  ///   - label: The step, for messages.
  /// - Throws: ``StepError`` if examples and scores do not belong together.
  package init(
    first count: Int, of work: TrainWork, records: [FeedbackRecord], reference: [Scores]?, tokenizer: Tokenizer,
    label: String
  ) throws(StepError) {
    var reader = TrainingExamples(ResponseEncoder(work.model, tokenizer), label: label)
    let all = try reader.encode(records, reference: reference, partners: nil)
    let options = work.hyperparameters.options(work.objective, seed: work.seed, limit: work.limit)
    let weights = StartingWeight.first(
      count, of: all, in: options, even: -Float(log(Double(tokenizer.vocabularySize))))
    let items = records.flatMap { record in record.items.map { (record, $0) } }
    let shower = ExampleShower(work, options, tokenizer)
    examples = zip(items, zip(all, weights)).enumerated().map { index, shown in
      shower.example(index + 1, shown.0.0, shown.0.1, whole: shown.1.0, shown.1.1)
    }
    model = options.objective.startingModel
    self.count = all.count
    retokenized = (reader.retokenized, all.reduce(0) { $0 + $1.responses.count })
  }
}

/// Puts tokens, texts and weights of an example together.
private struct ExampleShower {
  let work: TrainWork
  let options: TrainingOptions
  let tokenizer: Tokenizer
  let encoder: ResponseEncoder

  init(_ work: TrainWork, _ options: TrainingOptions, _ tokenizer: Tokenizer) {
    self.work = work
    self.options = options
    self.tokenizer = tokenizer
    encoder = ResponseEncoder(work.model, tokenizer)
  }

  func example(
    _ number: Int, _ record: FeedbackRecord, _ item: FeedbackItem, whole: TrainingExample, _ weight: StartingWeight
  ) -> PreviewedExample {
    let prompts = prompts(record, item, whole, weight.example)
    return PreviewedExample(
      id: record.id, number: number, prompt: work.model.segments(of: prompts.own),
      promptTokens: weight.example.responses.first?.promptCount ?? 0,
      responses: item.responses.indices.map { response($0, of: item, whole: whole, weight, prompts.contexts) },
      step: (weight.step, weight.isReached),
      batch: (weight.facts.examples, weight.facts.responses, weight.facts.tokens))
  }

  /// The turns before the responses, and those of the other contexts, as far as they are the example's own.
  private func prompts(
    _ record: FeedbackRecord, _ item: FeedbackItem, _ whole: TrainingExample, _ drawn: TrainingExample
  ) -> (own: [Message], contexts: [[Message]]) {
    switch item {
    case .relabeled(_, let turns, let contrast, _):
      // A part that is right of a response that is wrong changes the prompts.
      let (before, after) = (whole.responses[0], drawn.responses[0])
      let isExchanged =
        before.request.tokens.prefix(before.promptCount) != after.request.tokens.prefix(after.promptCount)
      return isExchanged ? (contrast, [turns]) : (turns, [contrast])
    case .judged(_, _, let context): return (record.turns, context.map { [$0.turns] } ?? [])
    case .response, .pair, .ranking: return (record.turns, [])
    }
  }

  private func response(
    _ place: Int, of item: FeedbackItem, whole: TrainingExample, _ weight: StartingWeight, _ contexts: [[Message]]
  ) -> PreviewedResponse {
    let response = item.responses[place]
    let (own, drawn, gradient) = (whole.responses[place], weight.example.responses[place], weight.responses[place])
    let end = response.finish == .stop ? work.model.chatFormat.turnEnd(for: tokenizer) : nil
    let isScored = options.objective.startingModel == .evenScores
    let first = drawn.request.from - drawn.promptCount
    let tokens = own.request.tokens[own.request.from...].enumerated().map { index, id in
      let part = index - first
      let isLearned = part >= 0 && part < drawn.tokenCount && !isScored
      return token(
        id, endsTurn: index == own.tokenCount - 1 && id == end,
        weight: isLearned ? gradient?.tokens[part] : nil,
        vocabulary: isLearned ? gradient?.vocabularyMeans.dropFirst(part).first : nil,
        entropy: isLearned ? gradient?.entropies.dropFirst(part).first : nil,
        reference: own.reference.isEmpty ? nil : own.reference[index])
    }
    return PreviewedResponse(
      label: item.labels(asJudged: work.objective.readsOneByOne)[place], reward: reward(place, whole),
      isTrained: weight.read.contains(place),
      contexts: gradient.map { self.contexts(of: drawn, item, $0, contexts, end: end) } ?? [],
      scoreWeight: isScored ? gradient?.score : nil, finish: response.finish, tokens: tokens,
      written: encoder.isRetokenized(response) ? response.tokens : nil)
  }

  private func reward(_ place: Int, _ example: TrainingExample) -> Double? {
    if case .ranking(let rewards) = example.feedback { rewards[place] } else { nil }
  }

  /// What the objective reads beside a response.
  private func contexts(
    of response: TrainingResponse, _ item: FeedbackItem, _ gradient: ResponseGradient, _ turns: [[Message]],
    end: TokenID?
  ) -> [PreviewedContext] {
    func shown(
      _ kind: PreviewedContext.Kind, _ request: ScoreRequest, _ weights: [Double], _ turns: [Message]?
    ) -> PreviewedContext {
      let tokens = request.tokens[request.from...].enumerated().map { index, id in
        token(id, endsTurn: request.from + index == request.tokens.count - 1 && id == end, weight: weights[index])
      }
      return PreviewedContext(
        kind: kind, prompt: turns.map(work.model.segments(of:)) ?? [], promptTokens: request.from, tokens: tokens)
    }
    var contexts = zip(response.otherContexts, gradient.otherContexts).enumerated().map { index, context in
      let kind: PreviewedContext.Kind =
        options.readsOtherPrompts ? .otherPrompt : item.isJudged ? .judgedPrompt : .contrastingPrompt
      return shown(kind, context.0, context.1, kind == .otherPrompt ? nil : turns[index])
    }
    if let continuation = response.continuation, !gradient.continuation.isEmpty {
      contexts.append(shown(.question, continuation, gradient.continuation, turns.first))
    }
    return contexts
  }

  private func token(
    _ id: TokenID, endsTurn: Bool, weight: Double?, vocabulary: Double? = nil, entropy: Double? = nil,
    reference: Float? = nil
  ) -> PreviewedToken {
    let isSpecial = tokenizer.isSpecial(id)
    return PreviewedToken(
      id: id, bytes: isSpecial ? Array(tokenizer.text(of: id).utf8) : tokenizer.bytes(of: id), isSpecial: isSpecial,
      endsTurn: endsTurn, weight: weight, vocabularyWeight: vocabulary, entropyWeight: entropy, reference: reference)
  }
}

extension Objective {
  /// Whether it takes the responses of a pair one by one, as a good and a bad one.
  fileprivate var readsOneByOne: Bool {
    switch self {
    case .kto, .apoZeroUnpaired: true
    default: false
    }
  }
}

extension FeedbackItem {
  fileprivate var isJudged: Bool { if case .judged = self { true } else { false } }

  fileprivate func labels(asJudged: Bool) -> [PreviewedResponse.Label] {
    switch self {
    case .response, .relabeled: [.response]
    case .judged(_, let judgment, _): [judgment == nil ? .good : .bad]
    case .pair: asJudged ? [.good, .bad] : [.chosen, .rejected]
    case .ranking(let responses, _): responses.map { _ in .response }
    }
  }
}
