// The first examples of a training as its objective sees them, token by token: text, label, weight.
// Encodes and weighs as training does; knows nothing of stores, and nothing of how it is shown.

package import LanguageModel
import Objectives
package import Planning
package import Records
import Specification
import Training

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
  /// d loss / d ln p(token); nil if it is not trained.
  package let weight: Double?
  /// d loss / d (mean of ln p over the vocabulary), where labels are smoothed.
  package let vocabularyWeight: Double?
  /// ln p under the reference, if that is stored.
  package let reference: Float?
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
  /// Whether the objective reads it.
  package let isTrained: Bool
  /// The other turns that the objective reads it, or its judgment, behind: as the model reads them.
  package let contexts: [[TextSegment]]
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
  /// Whether weights are known; for some objectives they depend on what the model says.
  package let areWeightsKnown: Bool
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
    let encoder = ResponseEncoder(work.model, tokenizer)
    var reader = TrainingExamples(encoder, label: label)
    let all = try reader.encode(records, reference: reference, partners: nil)
    let options = work.hyperparameters.options(work.objective, seed: work.seed, limit: work.limit)
    let weights = StartingWeight.first(count, of: all, in: options)
    let items = records.flatMap { record in record.items.map { (record, $0) } }
    var shown: [PreviewedExample] = []
    for (index, (example, weight)) in zip(all, weights).enumerated() {
      let (record, item) = items[index]
      let labels = item.labels(asJudged: work.objective.readsOneByOne)
      shown.append(
        PreviewedExample(
          id: record.id, number: index + 1, prompt: work.model.segments(of: record.turns),
          promptTokens: example.responses.first?.request.from ?? 0,
          responses: item.responses.indices.map { place in
            PreviewedResponse(
              label: labels[place], isTrained: weight.read.contains(place),
              contexts: item.contexts.map(work.model.segments(of:)), finish: item.responses[place].finish,
              tokens: Self.tokens(
                of: example.responses[place], weight.responses[place], tokenizer,
                end: item.responses[place].finish == .stop ? work.model.chatFormat.turnEnd(for: tokenizer) : nil),
              written: encoder.isRetokenized(item.responses[place]) ? item.responses[place].tokens : nil)
          },
          step: (weight.step, weight.isReached),
          batch: (weight.facts.examples, weight.facts.responses, weight.facts.tokens)))
    }
    examples = shown
    areWeightsKnown = options.objective.startsWithoutModel
    self.count = all.count
    retokenized = (reader.retokenized, all.reduce(0) { $0 + $1.responses.count })
  }

  private static func tokens(
    of response: TrainingResponse, _ weights: ResponseGradient?, _ tokenizer: Tokenizer, end: TokenID?
  ) -> [PreviewedToken] {
    let ids = response.request.tokens[response.request.from...]
    return ids.enumerated().map { place, id in
      let isSpecial = tokenizer.isSpecial(id)
      return PreviewedToken(
        id: id, bytes: isSpecial ? Array(tokenizer.text(of: id).utf8) : tokenizer.bytes(of: id), isSpecial: isSpecial,
        endsTurn: place == ids.count - 1 && id == end, weight: weights?.tokens[place],
        vocabularyWeight: weights.flatMap { $0.vocabularyMeans.isEmpty ? nil : $0.vocabularyMeans[place] },
        reference: response.reference.isEmpty ? nil : response.reference[place])
    }
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
  /// The turns, beside the record's own, that its response or judgment is read behind.
  fileprivate var contexts: [[Message]] {
    switch self {
    case .judged(_, _, let context): context.map { [$0.turns] } ?? []
    case .relabeled(_, let turns, let contrast, _): [turns, contrast]
    case .response, .pair, .ranking: []
    }
  }

  fileprivate func labels(asJudged: Bool) -> [PreviewedResponse.Label] {
    switch self {
    case .response, .relabeled: [.response]
    case .judged(_, let judgment, _): [judgment == nil ? .good : .bad]
    case .pair: asJudged ? [.good, .bad] : [.chosen, .rejected]
    case .ranking(let responses, _): responses.map { _ in .response }
    }
  }
}
