// What trained numbers are, in few bytes, so that two trainings can be compared step by step.
// Knows nothing of how they came to be.

import Digests
import LanguageModel
import Tensors

enum ParameterDigest {
  /// The digest of the digests of each parameter's pieces, in order: pieces are dealt to threads.
  static func of(_ parameters: [Parameter], pool: WorkerPool) -> Digest {
    let grain = 1 << 20
    let pieces = parameters.flatMap { parameter in
      stride(from: 0, to: parameter.count, by: grain).map { (parameter, $0..<min(parameter.count, $0 + grain)) }
    }
    var digests = [Digest?](repeating: nil, count: pieces.count)
    digests.withUnsafeMutableBufferPointer { buffer in
      let digests = buffer
      pool.run(pieces.count) { number in
        let (parameter, range) = pieces[number]
        var hasher = DigestHasher()
        hasher.update(
          buffer: UnsafeRawBufferPointer(
            UnsafeBufferPointer(start: parameter.values + range.lowerBound, count: range.count)))
        digests[number] = hasher.finalize()
      }
    }
    return .sha256(digests.flatMap { $0?.bytes ?? [] })
  }
}
