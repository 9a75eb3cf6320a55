// Who a prompt is, for the results of single records and for random numbers.
// Knows turns; nothing of where they come from.

package import Digests
import Planning
package import Randomness
package import Records

/// Who a prompt is for the results of single records: its turns, and which of several equal ones.
package struct PromptIdentity {
  package let content: Digest
  package let occurrence: Int

  /// 32 bytes that name both.
  package var key: Digest { RecordKey.identity(content: content, occurrence: occurrence) }

  /// The identities of prompts, in order.
  package static func all(of prompts: [RenderedPrompt]) -> [PromptIdentity] {
    var counter = OccurrenceCounter()
    return prompts.map { prompt in
      let content = prompt.content
      return PromptIdentity(content: content, occurrence: counter.next(content))
    }
  }

  /// Where the random numbers of a sample stand.
  package func address(seed: Int, sample: Int) -> RandomAddress {
    RandomAddress(
      seed: UInt64(bitPattern: Int64(seed)), purpose: .sampling, record: content.words,
      sample: UInt64(occurrence) << 32 | UInt64(sample))
  }
}

extension Digest {
  /// The first 16 bytes as two words, little-endian.
  var words: (UInt64, UInt64) {
    func word(_ start: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    }
    return (word(0), word(8))
  }
}
