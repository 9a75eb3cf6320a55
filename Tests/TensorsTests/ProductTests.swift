// The ordered product against its definition, bit for bit, in every variant, at ragged sizes, alone and in batches.

import CKernels
import Tensors
import Testing

private let store = Int32(CK_STORE.rawValue)
private let goOn = Int32(CK_CONTINUE.rawValue)
private let add = Int32(CK_ADD.rawValue)

@Suite("Ordered products")
struct ProductTests {
  @Test("Every variant is the definition", arguments: [1, 2, 3, 7, 8, 14, 15, 31, 33])
  func definition(rows: Int) throws {
    for (outputs, inputs) in [(1, 1), (31, 16), (32, 64), (33, 1), (40, 17), (96, 64), (130, 16), (300, 5)] {
      let (a, w) = (numbers(rows * inputs, 1), numbers(outputs * inputs, 2))
      let held = numbers(rows * outputs, 3)
      let stored = chains(a, w, rows: rows, outputs: outputs, inputs: inputs)
      let continued = chains(a, w, rows: rows, outputs: outputs, inputs: inputs, initial: held)
      let added = zip(held, stored).map { $0 + $1 }
      for variant in variants {
        for (mode, expected) in [(store, stored), (goOn, continued), (add, added)] {
          let found = try product(
            variant, a, w, rows: rows, outputs: outputs, inputs: inputs, mode: mode, initial: held)
          expectSameBits(found, expected, "\(variant), mode \(mode), \(rows) × \(outputs) × \(inputs)")
        }
      }
    }
  }

  @Test("Long sums are one chain", arguments: [576, 1536])
  func longSums(inputs: Int) throws {
    let (rows, outputs) = (17, 65)
    let (a, w) = (numbers(rows * inputs, 4), numbers(outputs * inputs, 5))
    let expected = chains(a, w, rows: rows, outputs: outputs, inputs: inputs)
    for variant in variants {
      let found = try product(variant, a, w, rows: rows, outputs: outputs, inputs: inputs)
      expectSameBits(found, expected, "\(variant), \(inputs) inputs")
    }
  }

  @Test("A row has the same bits alone, first, last and in the middle", arguments: variants)
  func rowInvariance(variant: KernelVariant) throws {
    let (outputs, inputs) = (97, 576)
    let (row, w) = (numbers(inputs, 6), numbers(outputs * inputs, 7))
    let alone = try product(variant, row, w, rows: 1, outputs: outputs, inputs: inputs)
    for batch in [2, 3, 5, 14, 15, 29, 48, 257] {
      let others = numbers(batch * inputs, UInt64(100 + batch))
      for place in Set([0, 1, batch / 2, batch - 1]) {
        var a = others
        a.replaceSubrange(place * inputs..<(place + 1) * inputs, with: row)
        let found = try product(variant, a, w, rows: batch, outputs: outputs, inputs: inputs)
        expectSameBits(
          Array(found[place * outputs..<(place + 1) * outputs]), alone, "\(variant), row \(place) of \(batch)")
      }
    }
  }

  @Test("A chain in two halves is the chain in one pass", arguments: variants)
  func halves(variant: KernelVariant) throws {
    let (rows, outputs, inputs, cut) = (9, 70, 64, 23)
    let (a, w) = (numbers(rows * inputs, 8), numbers(outputs * inputs, 9))
    func columns(_ matrix: [Float], _ range: Range<Int>) -> [Float] {
      stride(from: 0, to: matrix.count, by: inputs).flatMap { matrix[$0 + range.lowerBound..<$0 + range.upperBound] }
    }
    let first = try product(
      variant, columns(a, 0..<cut), columns(w, 0..<cut), rows: rows, outputs: outputs, inputs: cut)
    let both = try product(
      variant, columns(a, cut..<inputs), columns(w, cut..<inputs), rows: rows, outputs: outputs, inputs: inputs - cut,
      mode: goOn, initial: first)
    let whole = try product(variant, a, w, rows: rows, outputs: outputs, inputs: inputs)
    expectSameBits(both, whole, "\(variant)")
  }

  @Test("Panels can be computed apart, and others stay as they are", arguments: variants)
  func panels(variant: KernelVariant) throws {
    let (outputs, inputs) = (150, 20)
    for rows in [1, 2, 5] {
      let (a, w) = (numbers(rows * inputs, 10), numbers(outputs * inputs, 11))
      let whole = try product(variant, a, w, rows: rows, outputs: outputs, inputs: inputs)
      let held = numbers(rows * outputs, 12)
      let part = try product(
        variant, a, w, rows: rows, outputs: outputs, inputs: inputs, initial: held, panels: 1..<3)
      let expected = whole.indices.map { (32..<96).contains($0 % outputs) ? whole[$0] : held[$0] }
      expectSameBits(part, expected, "\(variant), \(rows) rows")
    }
  }

  @Test("Both classes of arithmetic agree to rounding, whatever the environment says")
  func openBLAS() throws {
    let pool = WorkerPool(workers: 2)
    for (rows, outputs, inputs) in [(1, 96, 576), (5, 33, 64), (40, 130, 1536)] {
      let (a, w) = (numbers(rows * inputs, 13), numbers(outputs * inputs, 14))
      let plain = try buffer(a)
      let packed = try NumberBuffer(count: rows * inputs)
      var results: [[Float]] = []
      for arithmetic in ArithmeticClass.allCases {
        let matrix = try Matrix(rows: outputs, columns: inputs, arithmetic: arithmetic, pool: pool) { range, place in
          for index in place.indices { place[index] = w[range.lowerBound * inputs + index] }
        }
        let row = try NumberBuffer(count: inputs)
        matrix.copyRow(outputs - 1, to: row.base)
        expectSameBits(Array(row.floats.prefix(inputs)), Array(w.suffix(inputs)), "row of \(arithmetic)")
        let operand = Operand(
          plain.base, stride: inputs, rows: rows, columns: inputs, scratch: packed.base, arithmetic: arithmetic,
          variant: .best)
        let result = try buffer(numbers(rows * outputs, 15))
        matrix.multiply(
          operand, panels: 0..<matrix.panels, into: result.base, stride: outputs, mode: .add, variant: .best)
        results.append(Array(result.floats))
      }
      let gaps = zip(results[0], results[1]).map { abs($0 - $1) }
      #expect(
        gaps.allSatisfy { $0 < 1e-4 }, "worst \(gaps.max() ?? .nan) at \(gaps.firstIndex(of: gaps.max() ?? 0) ?? -1)")
    }
  }

  @Test("The battery tells the classes apart and never varies within one")
  func battery() throws {
    let ordered = try ArithmeticClass.ordered.batteryDigestBytes()
    #expect(ordered == (try ArithmeticClass.ordered.batteryDigestBytes()))
    #expect(ordered.count == 4 * (96 + 1152 + 1344 + 12288 + 1023 + 4290 + 16384))
    // FNV-1a of the bytes: the ordered class is the same on every host and in every version.
    let hash = ordered.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    #expect(hash == 7_493_055_701_895_374_377)
    let blas = try ArithmeticClass.openblas.batteryDigestBytes()
    #expect(blas == (try ArithmeticClass.openblas.batteryDigestBytes()))
    #expect(blas.count == ordered.count && blas != ordered)
  }
}
