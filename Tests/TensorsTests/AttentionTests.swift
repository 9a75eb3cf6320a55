// Attention against its formula in double precision; the same bits in every variant, tile and order of positions.

import CKernels
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// One key/value head with its queries.
private struct Head {
  let positions: Int
  let group: Int
  let size: Int
  let queries: [Float]
  let keys: [Float]
  let values: [Float]

  init(positions: Int, group: Int, size: Int) {
    (self.positions, self.group, self.size) = (positions, group, size)
    queries = numbers(positions * group * size, 1).map { 3 * $0 }
    keys = numbers(positions * size, 2)
    values = numbers(positions * size, 3)
  }

  /// Positions in runs of the given lengths, keys and values appended as they come.
  func run(_ variant: KernelVariant, runs: [Int]) throws -> [Float] {
    let panel = Int(CK_PANEL)
    let capacity = (positions + panel - 1) / panel * panel
    // What no position has written yet must not be seen: it is not a number.
    let packedKeys = try buffer([Float](repeating: .nan, count: capacity * size))
    let packedValues = try buffer([Float](repeating: .nan, count: capacity * ((size + panel - 1) / panel * panel)))
    let scratch = try NumberBuffer(count: ck_attention_scratch(positions, size))
    let result = try NumberBuffer(count: queries.count)
    let row = group * size
    var start = 0
    for count in runs {
      for position in start..<start + count {
        ck_append_key(Array(keys[position * size..<(position + 1) * size]), position, size, packedKeys.base)
        ck_append_value(
          Array(values[position * size..<(position + 1) * size]), position, size, packedValues.base, capacity * panel)
      }
      ck_attention(
        variant.rawValue, Array(queries[(start * row)...]), row, packedKeys.base, packedValues.base, capacity * panel,
        start, count, group, size, 1 / Float(size).squareRoot(), result.base + start * row, row, scratch.base)
      start += count
    }
    return Array(result.floats.prefix(queries.count))
  }

  /// The formula, for one query row.
  func formula(position: Int, query: Int) -> [Double] {
    let q = queries[(position * group + query) * size..<(position * group + query + 1) * size].map { Double($0) }
    let scores = (0...position).map { key in
      (0..<size).reduce(0.0) { $0 + q[$1] * Double(keys[key * size + $1]) } / Double(size).squareRoot()
    }
    let weights = scores.map { exp($0) }
    let sum = weights.reduce(0, +)
    return (0..<size).map { element in
      (0...position).reduce(0.0) { $0 + weights[$1] * Double(values[$1 * size + element]) } / sum
    }
  }
}

@Suite("Attention")
struct AttentionTests {
  @Test(
    "Right, and the same bits however it is run",
    arguments: [(1, 1, 2), (7, 3, 64), (48, 3, 64), (97, 1, 8), (70, 4, 40), (33, 20, 16)])
  func attention(positions: Int, group: Int, size: Int) throws {
    let head = Head(positions: positions, group: group, size: size)
    let whole = try head.run(.plain, runs: [positions])
    for position in 0..<positions {
      for query in 0..<group {
        let exact = head.formula(position: position, query: query)
        for (element, value) in exact.enumerated() {
          let found = Double(whole[(position * group + query) * size + element])
          #expect(abs(found - value) < 1e-5, "position \(position), query \(query), element \(element)")
        }
      }
    }
    let half = positions / 2
    for variant in variants {
      for runs in [[positions], [Int](repeating: 1, count: positions), [half, positions - half]] {
        expectSameBits(try head.run(variant, runs: runs), whole, "\(variant), runs of \(runs.first ?? 0)")
      }
    }
  }
}
