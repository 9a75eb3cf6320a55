// A training in the middle as one stretch of bytes: where it stands, and the weights that were kept on the way.
// Knows nothing of what either holds.

import LanguageModel
import Training

/// The checkpoint of a train step: an eight-byte count of parts; for each its step and length in eight bytes; the parts.
///
/// The first part is the training's own, under its step; the others are weights kept after a step.
package struct TrainingCheckpoint {
  let step: Int
  package let training: [UInt8]
  let kept: [Int: [UInt8]]

  init(_ checkpoint: (step: Int, bytes: [UInt8]), _ kept: [Int: [UInt8]]) {
    step = checkpoint.step
    training = checkpoint.bytes
    self.kept = kept
  }

  var bytes: [UInt8] {
    let parts = [(step, training)] + kept.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    var bytes = Self.littleEndian(parts.count)
    for (step, part) in parts { bytes += Self.littleEndian(step) + Self.littleEndian(part.count) }
    for (_, part) in parts { bytes += part }
    return bytes
  }

  /// Nil if the bytes are no checkpoint.
  package init?(bytes: [UInt8]) {
    guard let count = Self.number(bytes, 0), count >= 1, count <= bytes.count / 16 else { return nil }
    var parts: [(step: Int, bytes: [UInt8])] = []
    var place = 8 + 16 * count
    for index in 0..<count {
      guard let step = Self.number(bytes, 8 + 16 * index), let length = Self.number(bytes, 16 + 16 * index),
        length >= 0, length <= bytes.count - place
      else { return nil }
      parts.append((step, Array(bytes[place..<place + length])))
      place += length
    }
    self.init(parts[0], Dictionary(parts.dropFirst().map { ($0.step, $0.bytes) }) { $1 })
  }

  private static func littleEndian(_ number: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func number(_ bytes: [UInt8], _ place: Int) -> Int? {
    guard place >= 0, place + 8 <= bytes.count else { return nil }
    return (0..<8).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
  }
}
