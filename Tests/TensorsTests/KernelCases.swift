// What the tests of the kernels share: numbers by address, all variants that this host has, comparing bits.
// Knows nothing of any kernel.

import CKernels
import Randomness
import Tensors
import Testing

/// The variants that this host can run; the plain one always is among them.
let variants = KernelVariant.allCases.filter(\.isSupported)

/// Numbers in [-1, 1), different for each address.
func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
  var stream = RandomStream(RandomAddress(seed: seed, purpose: .bootstrap))
  return (0..<count).map { _ in Float(stream.uniform() * 2 - 1) }
}

/// Fails with the worst place unless both have the same bits.
func expectSameBits(
  _ found: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  let differing = zip(found, expected).enumerated().filter { $1.0.bitPattern != $1.1.bitPattern }
  guard let worst = differing.max(by: { abs($0.1.0 - $0.1.1) < abs($1.1.0 - $1.1.1) }) else { return }
  Issue.record(
    "\(what): \(differing.count) of \(found.count) differ, worst at \(worst.0): \(worst.1.0) and \(worst.1.1)",
    sourceLocation: sourceLocation)
}

/// Memory on a cache line's boundary that holds the given numbers.
func buffer(_ values: [Float]) throws -> NumberBuffer {
  let buffer = try NumberBuffer(count: values.count)
  for (place, value) in values.enumerated() { buffer.base[place] = value }
  return buffer
}

/// A · Wᵀ through a variant; `initial` is what C holds before.
func product(
  _ variant: KernelVariant, _ a: [Float], _ w: [Float], rows: Int, outputs: Int, inputs: Int,
  mode: Int32 = Int32(CK_STORE.rawValue), initial: [Float]? = nil, panels: Range<Int>? = nil
) throws -> [Float] {
  let (plain, weights) = (try buffer(a), try buffer(w))
  let packedRows = try NumberBuffer(count: rows * inputs)
  let packed = try NumberBuffer(count: ck_packed_size(outputs, inputs))
  let result = try buffer(initial ?? [Float](repeating: .nan, count: rows * outputs))
  ck_pack_rows(variant.rawValue, plain.base, inputs, rows, inputs, packedRows.base)
  ck_pack_weights(weights.base, 0, outputs, inputs, packed.base)
  let all = panels ?? 0..<(outputs + Int(CK_PANEL) - 1) / Int(CK_PANEL)
  ck_product(
    variant.rawValue, packedRows.base, rows, inputs, packed.base, Int(CK_PANEL) * inputs, all.lowerBound,
    all.upperBound, outputs, result.base, outputs, mode)
  return Array(result.floats)
}

/// The definition: one chain of fused multiply-adds an element, k ascending.
func chains(
  _ a: [Float], _ w: [Float], rows: Int, outputs: Int, inputs: Int, initial: [Float]? = nil
) -> [Float] {
  var result = initial ?? [Float](repeating: 0, count: rows * outputs)
  for row in 0..<rows {
    for output in 0..<outputs {
      var sum = result[row * outputs + output]
      for k in 0..<inputs { sum.addProduct(a[row * inputs + k], w[output * inputs + k]) }
      result[row * outputs + output] = sum
    }
  }
  return result
}
