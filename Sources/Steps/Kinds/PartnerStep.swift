// Chooses for each response a response that answers another prompt: KTO's estimate of where the model stands.
// Knows nothing of what is computed with them.

import Digests
import Execution
import LanguageModel
import Planning
import Randomness
package import Records
package import Training

package enum PartnerStep {
  static func run(_ work: PartnerWork, _ task: StepTask, models: ModelCache) throws -> [ProducedOutput] {
    let examples = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
    let partners =
      switch work.choice {
      case .given: examples
      case .drawn: try drawn(for: examples, seed: work.seed, label: task.step.label)
      case .rotation(let batch, let epochs, let limit):
        try rotated(examples, label: task.step.label) { count in
          BatchOrder(
            examples: count, batch: batch, epochs: epochs, seed: UInt64(bitPattern: Int64(work.seed)), limit: limit)
        }
      }
    let context = try models.configuration(work.model, for: task).context
    let encoder = ResponseEncoder(work.model, try models.tokenizer(work.model, for: task))
    let fitting = partners.map { fitted($0, encoder, most: min(context, work.maxLength ?? context)) }
    return [ProducedOutput("examples", RecordFile.bytes(fitting), records: fitting.count)]
  }

  /// The partners of a record, each cut to what fits behind the record's prompt: a response that fits its own prompt may be
  /// too long for another, and TRL's `KTOTrainer` cuts it too.
  package static func fitted(_ record: FeedbackRecord, _ encoder: ResponseEncoder, most: Int) -> FeedbackRecord {
    let items = record.items.map { item -> FeedbackItem in
      guard case .response(let response) = item else { return item }
      return .response(encoder.cut(response, turns: record.turns, toFit: most))
    }
    return FeedbackRecord(id: record.id, turns: record.turns, items: items, leftovers: record.leftovers)
  }

  /// For each response of each item, in order, one response to another prompt, each equally likely.
  ///
  /// The draw depends on the seed, on the record and on the place of the response in it, and on the list of all
  /// responses: nothing that another record draws changes it.
  package static func drawn(
    for examples: [FeedbackRecord], seed: Int, label: String
  ) throws(StepError) -> [FeedbackRecord] {
    var pool: [Response] = []
    // Records may have equal prompts: their responses are no partners of one another.
    var places: [[Message]: [Int]] = [:]
    for record in examples {
      for response in record.items.flatMap(\.responses) {
        places[record.turns, default: []].append(pool.count)
        pool.append(response)
      }
    }
    guard places.count > 1 else { throw .noPartner(step: label) }
    return examples.map { record in
      let own = places[record.turns] ?? []
      var stream = RandomStream(
        RandomAddress(
          seed: UInt64(bitPattern: Int64(seed)), purpose: .partner, record: Digest.sha256(record.id.description).words))
      let items = record.items.flatMap(\.responses).map { _ in
        // The drawn place counts only others' responses; every own one at or before it moves it on.
        let drawn = stream.integer(below: pool.count - own.count)
        return FeedbackItem.response(pool[own.reduce(drawn) { $1 <= $0 ? $0 + 1 : $0 }])
      }
      return FeedbackRecord(id: record.id, turns: record.turns, items: items)
    }
  }

  /// For each epoch that begins, and in it for each response of each item in order, the response before it in its batch.
  ///
  /// In a batch stand first the first responses of its examples, then the second ones of pairs; the partner of the first of
  /// all is the last. This is what TRL's `KTOTrainer` (1.16) does: it takes pairs apart into all chosen and then all rejected
  /// responses, rotates the completions of every micro-batch by one, the last one coming first, and clamps at 0 the mean of
  /// the log-ratios that this gives. Like it, this asks for no more than another place in the batch: two responses to one
  /// prompt may become partners, and in a last batch with one response that is its own. Unlike it, micro-batches are the
  /// training's own, in the order of each epoch, where TRL cuts the data once and reads it without shuffling; and pairs are
  /// taken apart in each batch, where TRL does so in each thousand pairs.
  ///
  /// - Parameters:
  ///   - examples: The training's.
  ///   - label: The step, for messages.
  ///   - order: Gives the training's batches for a number of items.
  /// - Returns: A record for each record; its items are one response each.
  /// - Throws: `StepError.noPartner` if fewer than two prompts have responses.
  package static func rotated(
    _ examples: [FeedbackRecord], label: String, _ order: (_ count: Int) -> BatchOrder
  ) throws(StepError) -> [FeedbackRecord] {
    let items = examples.flatMap(\.items).map(\.responses)
    guard Set(examples.filter { !$0.items.isEmpty }.map(\.turns)).count > 1 else { throw .noPartner(step: label) }
    let order = order(items.count)
    let epochs = (0..<order.epochs).map { epoch in
      var partners = [[FeedbackItem]](repeating: [], count: items.count)
      for step in epoch * order.stepsPerEpoch..<(epoch + 1) * order.stepsPerEpoch {
        for (number, partner) in rotation(of: order.batch(at: step), items) {
          partners[number].append(.response(partner))
        }
      }
      return partners
    }
    var first = 0
    return examples.map { record in
      let own = first..<first + record.items.count
      first = own.upperBound
      return FeedbackRecord(id: record.id, turns: record.turns, items: epochs.flatMap { $0[own].joined() })
    }
  }

  /// The partners of one batch's responses, each with its example's number.
  private static func rotation(of batch: [Int], _ items: [[Response]]) -> [(number: Int, partner: Response)] {
    let most = batch.reduce(0) { max($0, items[$1].count) }
    let rows = (0..<most).flatMap { place in
      batch.filter { items[$0].count > place }.map { (number: $0, response: items[$0][place]) }
    }
    return rows.indices.map { (rows[$0].number, rows[($0 + rows.count - 1) % rows.count].response) }
  }
}
