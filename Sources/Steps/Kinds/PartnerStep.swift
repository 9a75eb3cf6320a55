// Draws for each response a response that answers another prompt: KTO's estimate of where the model stands.
// Knows nothing of what is computed with them.

import Digests
import Execution
import Planning
import Randomness
package import Records

package enum PartnerStep {
  static func run(_ work: PartnerWork, _ task: StepTask) throws -> [ProducedOutput] {
    let examples = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
    let partners = try partners(of: examples, seed: work.seed, label: task.step.label)
    return [ProducedOutput("examples", RecordFile.bytes(partners), records: partners.count)]
  }

  /// For each response of each item, in order, one response of another record, each equally likely.
  ///
  /// The draw depends on the seed, on the record and on the place of the response in it, and on the list of all
  /// responses: nothing that another record draws changes it.
  package static func partners(
    of examples: [FeedbackRecord], seed: Int, label: String
  ) throws(StepError) -> [FeedbackRecord] {
    var pool: [Response] = []
    // Data sets may share a record: equal names are one record wherever they stand.
    var places: [RecordID: [Int]] = [:]
    for record in examples {
      for response in record.items.flatMap(\.responses) {
        places[record.id, default: []].append(pool.count)
        pool.append(response)
      }
    }
    guard places.count > 1 else { throw .noPartner(step: label) }
    return examples.map { record in
      let own = places[record.id] ?? []
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
}
