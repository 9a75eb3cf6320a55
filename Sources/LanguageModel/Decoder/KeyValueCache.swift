// The keys and values of one sequence, in the packed form that attention multiplies by.
// Knows nothing of tokens; whoever runs the forward pass says which positions hold something.

import CKernels
import Tensors

/// Room for the keys and values of positions 0..<capacity.
///
/// `@unchecked Sendable` because the pieces of one forward pass write disjoint positions and heads of it, and read only
/// what an earlier phase wrote.
final class KeyValueCache: @unchecked Sendable {
  /// How many positions fit, rounded up to whole panels.
  let capacity: Int
  /// How many blocks have room of their own; with one slot all blocks use the same room in turn, which is enough when a
  /// sequence runs through the model in one pass.
  private let slots: Int
  private let heads: Int
  private let headSize: Int
  private let keyCount: Int
  private let valueCount: Int
  private let numbers: NumberBuffer

  /// Floats between the panels of one head's values.
  var valueStride: Int { capacity * Matrix.panelRows }

  /// Bytes of memory.
  var byteCount: Int { numbers.count * MemoryLayout<Float>.stride }

  /// The bytes that ``init(_:positions:keepsAllBlocks:)`` takes.
  static func byteCount(_ configuration: DecoderConfiguration, positions: Int, keepsAllBlocks: Bool) -> Int {
    let panel = Matrix.panelRows
    let capacity = (positions + panel - 1) / panel * panel
    let width = configuration.headSize + (configuration.headSize + panel - 1) / panel * panel
    return (keepsAllBlocks ? configuration.blocks : 1) * configuration.keyValueHeads * capacity * width
      * MemoryLayout<Float>.stride
  }

  /// Takes memory.
  init(_ configuration: DecoderConfiguration, positions: Int, keepsAllBlocks: Bool) throws(ArithmeticError) {
    let panel = Matrix.panelRows
    capacity = (positions + panel - 1) / panel * panel
    slots = keepsAllBlocks ? configuration.blocks : 1
    heads = configuration.keyValueHeads
    headSize = configuration.headSize
    keyCount = capacity * headSize
    valueCount = capacity * ((headSize + panel - 1) / panel * panel)
    numbers = try NumberBuffer(count: slots * heads * (keyCount + valueCount))
  }

  /// A head's keys in a block.
  func keys(block: Int, head: Int) -> UnsafeMutablePointer<Float> {
    numbers.base + ((block % slots) * heads + head) * (keyCount + valueCount)
  }

  /// A head's values in a block.
  func values(block: Int, head: Int) -> UnsafeMutablePointer<Float> { keys(block: block, head: head) + keyCount }

  /// Stores the keys and values of all heads at a position.
  func append(block: Int, position: Int, keys newKeys: UnsafePointer<Float>, values newValues: UnsafePointer<Float>) {
    for head in 0..<heads {
      ck_append_key(newKeys + head * headSize, position, headSize, keys(block: block, head: head))
      ck_append_value(
        newValues + head * headSize, position, headSize, values(block: block, head: head), valueStride)
    }
  }

  /// Copies positions 0..<count of a block from another sequence that begins with the same tokens.
  func copy(block: Int, from other: KeyValueCache, count: Int) {
    let panel = Matrix.panelRows
    let (whole, rest) = (count / panel * panel, count % panel)
    for head in 0..<heads {
      let (target, source) = (keys(block: block, head: head), other.keys(block: block, head: head))
      target.update(from: source, count: whole * headSize)
      // Of the panel where the common part ends, only that part: the sequence's own keys may already stand behind it.
      for element in 0..<headSize where rest > 0 {
        let place = whole * headSize + element * panel
        (target + place).update(from: source + place, count: rest)
      }
      for part in 0..<(headSize + panel - 1) / panel {
        (values(block: block, head: head) + part * valueStride).update(
          from: other.values(block: block, head: head) + part * other.valueStride, count: count * panel)
      }
    }
  }
}
