// From feedback and stored scores to the examples that training reads.
// Knows records and tokens; nothing of losses.

import LanguageModel
package import Records
package import Training

/// Encodes examples.
package struct TrainingExamples {
  private let encoder: ResponseEncoder
  private let label: String
  /// How many responses have other tokens than the model wrote.
  package private(set) var retokenized = 0

  package init(_ encoder: ResponseEncoder, label: String) {
    self.encoder = encoder
    self.label = label
  }

  /// The examples of all records, in order.
  ///
  /// - Parameters:
  ///   - records: The examples' file.
  ///   - reference: The scores of all responses of each record under the reference; nil where none are read.
  ///   - partners: For each record, one partner a response, in order, with its scores, once or for every epoch; nil where none
  ///     are read.
  /// - Returns: One example an item.
  /// - Throws: ``StepError`` if the files do not belong together.
  package mutating func encode(
    _ records: [FeedbackRecord], reference: [Scores]?, partners: (records: [FeedbackRecord], reference: [Scores])?
  ) throws(StepError) -> [TrainingExample] {
    var examples: [TrainingExample] = []
    for (index, record) in records.enumerated() {
      let count = record.items.reduce(0) { $0 + $1.responses.count }
      let scores = try scores(of: record, reference, index, count: count)
      let partners = try partners.map { partners throws(StepError) in
        try self.partners(of: record, partners.records, partners.reference, index, count: count)
      }
      var place = 0
      for item in record.items {
        let range = place..<place + item.responses.count
        for response in item.responses where encoder.isRetokenized(response) { retokenized += 1 }
        let responses = try zip(item.responses, scores[range]).map { response, scores throws(StepError) in
          try encode(record, item, response, scores, index)
        }
        examples.append(
          TrainingExample(
            item.trainingFeedback, responses: responses, partners: partners?.map { Array($0[range]) } ?? [],
            exchangesAt: encoder.rightBeginnings(of: item)))
        place = range.upperBound
      }
    }
    return examples
  }

  /// A record's partners: as many as it has responses, for each epoch that they are listed for.
  private func partners(
    of record: FeedbackRecord, _ records: [FeedbackRecord], _ reference: [Scores], _ index: Int, count: Int
  ) throws(StepError) -> [[TrainingResponse]] {
    guard records.indices.contains(index), records[index].id == record.id else {
      throw .recordsDiffer(step: label, record: index + 1)
    }
    let responses = records[index].items.flatMap(\.responses)
    guard count > 0 ? responses.count >= count && responses.count.isMultiple(of: count) : responses.isEmpty else {
      throw .recordsDiffer(step: label, record: index + 1)
    }
    var encoded: [TrainingResponse] = []
    for (response, known) in zip(responses, try scores(of: record, reference, index, count: responses.count)) {
      encoded.append(try encode(record, .response(response), response, known, index))
    }
    return stride(from: 0, to: encoded.count, by: max(1, count)).map { Array(encoded[$0..<$0 + count]) }
  }

  private func scores(
    of record: FeedbackRecord, _ scores: [Scores]?, _ index: Int, count: Int
  ) throws(StepError) -> [[Float]] {
    guard let scores else { return Array(repeating: [], count: count) }
    guard scores.indices.contains(index), scores[index].id == record.id, scores[index].scores.count == count else {
      throw .recordsDiffer(step: label, record: index + 1)
    }
    return scores[index].scores.map(\.logProbabilities)
  }

  private func encode(
    _ record: FeedbackRecord, _ item: FeedbackItem, _ response: Response, _ reference: [Float], _ index: Int
  ) throws(StepError) -> TrainingResponse {
    var turns = record.turns
    if case .relabeled(_, let own, _, _) = item { turns = own }
    let request = request(turns, response)
    let count = request.tokens.count - request.from
    guard reference.isEmpty || reference.count == count else {
      throw .referenceTokens(step: label, record: index + 1, policy: count, reference: reference.count)
    }
    var contexts: [ScoreRequest] = []
    var continuation: ScoreRequest?
    switch item {
    case .relabeled(_, _, let contrast, _): contexts = [self.request(contrast, response)]
    case .judged(_, _, .prompt(let judged)?): contexts = [self.request(judged, response)]
    case .judged(_, .some(let judgment), .question(let question)?):
      continuation = self.request(question, Response(text: judgment, finish: .stop, tokens: 0))
    default: break
    }
    // Behind an empty prompt the first token has no probability; then it is left out everywhere.
    let common = contexts.reduce(count) { min($0, $1.tokens.count - $1.from) }
    func trained(_ request: ScoreRequest) -> ScoreRequest {
      ScoreRequest(tokens: request.tokens, from: request.tokens.count - common)
    }
    return TrainingResponse(
      request: trained(request), reference: Array(reference.suffix(common)), otherContexts: contexts.map(trained),
      continuation: continuation)
  }

  private func request(_ turns: [Message], _ response: Response) -> ScoreRequest {
    let (tokens, from) = encoder.encode(turns: turns, response: response)
    return ScoreRequest(tokens: tokens, from: from)
  }
}

extension FeedbackItem {
  /// What an objective can be told of it.
  fileprivate var trainingFeedback: TrainingExample.Feedback {
    switch self {
    case .response, .relabeled: .none
    case .judged(_, let judgment, _): .judged(acceptable: judgment == nil)
    case .pair: .pair
    // Without scores the order says all there is: each response is one better than the next.
    case .ranking(let responses, let scores):
      .ranking(rewards: scores.isEmpty ? responses.indices.reversed().map(Double.init) : scores)
    }
  }
}
