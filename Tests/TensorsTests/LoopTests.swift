// Exponentials, norms, rotations, gates, softmax and attention: the same bits in every variant, right to rounding.

import CKernels
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

@Suite("Loops")
struct LoopTests {
  /// What `body` makes of a copy of `values` in each variant: all must have the same bits.
  private func inEveryVariant(
    _ values: [Float], _ what: String, _ body: (KernelVariant, UnsafeMutablePointer<Float>) -> Void
  ) throws -> [Float] {
    let results = try variants.map { variant in
      let copy = try buffer(values)
      body(variant, copy.base)
      return Array(copy.floats)
    }
    for (variant, result) in zip(variants, results) { expectSameBits(result, results[0], "\(what), \(variant)") }
    return results[0]
  }

  @Test("e^x within two units in the last place, over its whole range")
  func exponential() throws {
    var values = (0..<200_000).map { Float($0) * 0.001 - 107 }
    values += numbers(10_000, 1) + [0, -0.0, 88.72283, 88.8, 200, -200, .infinity, -.infinity, 1e-30, -87.34]
    let found = try inEveryVariant(values, "exp") { ck_exp($0.rawValue, $1, values.count) }
    var worst = (units: 0.0, place: -1)
    for (place, (x, y)) in zip(values, found).enumerated() {
      let exact = exp(Double(x))
      if exact > Double(Float.greatestFiniteMagnitude) * 1.00000003 {
        #expect(y == .infinity, "\(x)")
      } else {
        let units = abs(Double(y) - exact) / Double(max(Float(exact), Float.leastNormalMagnitude).ulp)
        if units > worst.units { worst = (units, place) }
      }
    }
    #expect(worst.units <= 2, "\(worst.units) units at \(worst.place)")
    let notANumber = try inEveryVariant([.nan, 1, .nan], "exp of NaN") { ck_exp($0.rawValue, $1, 3) }
    #expect(notANumber[0].isNaN && notANumber[2].isNaN && notANumber[1] > 2.718 && notANumber[1] < 2.719)
  }

  @Test("Double-precision functions agree with the C library")
  func doubles() {
    for place in 0..<20_000 {
      let x = Double(place) * 0.0703 - 700
      #expect(abs(ck_exp_double(x) / exp(x) - 1) < 1e-14, "exp \(x)")
      let y = exp(Double(place) * 0.04 - 400)
      #expect(abs(ck_log_double(y) - log(y)) <= 1e-14 * max(1, abs(log(y))), "log \(y)")
      let angle = Double(place) * 6.5537
      var (sine, cosine) = (0.0, 0.0)
      ck_sine_cosine(angle, &sine, &cosine)
      #expect(abs(sine - sin(angle)) < 1e-14 && abs(cosine - cos(angle)) < 1e-14, "angle \(angle)")
    }
    #expect(ck_log_double(0) == -.infinity && ck_log_double(-1).isNaN && ck_log_double(.infinity) == .infinity)
    #expect(ck_exp_double(800) == .infinity && ck_exp_double(-800) == 0 && ck_exp_double(.nan).isNaN)
  }

  @Test("RMSNorm", arguments: [1, 15, 16, 17, 64, 576])
  func rmsNorm(width: Int) throws {
    let (x, gain) = (numbers(3 * width, 2), numbers(width, 3))
    let found = try inEveryVariant([Float](repeating: 0, count: 3 * width), "norm") { variant, out in
      ck_rms_norm(variant.rawValue, x, gain, 1e-5, 3, width, width, out, width)
    }
    for row in 0..<3 {
      let squares = x[row * width..<(row + 1) * width].reduce(0.0) { $0 + Double($1) * Double($1) }
      let factor = 1 / (squares / Double(width) + 1e-5).squareRoot()
      for i in 0..<width {
        let exact = Double(x[row * width + i]) * factor * Double(gain[i])
        #expect(abs(Double(found[row * width + i]) - exact) < 1e-5, "row \(row), element \(i)")
      }
    }
  }

  @Test("Rotations in both styles", arguments: [2, 8, 64, 66], [Int32(0), 1])
  func rope(size: Int, halfSplit: Int32) throws {
    let (x, half) = (numbers(size, 4), size / 2)
    let angles = numbers(half, 5).map { 10 * $0 }
    let (cosines, sines) = (angles.map { Float(cos(Double($0))) }, angles.map { Float(sin(Double($0))) })
    let found = try inEveryVariant(x, "rope") { ck_rope($0.rawValue, $1, size, cosines, sines, halfSplit) }
    for pair in 0..<half {
      let (i, j) = halfSplit == 1 ? (pair, pair + half) : (2 * pair, 2 * pair + 1)
      let (c, s) = (Double(cosines[pair]), Double(sines[pair]))
      #expect(abs(Double(found[i]) - (Double(x[i]) * c - Double(x[j]) * s)) < 1e-6, "element \(i)")
      #expect(abs(Double(found[j]) - (Double(x[i]) * s + Double(x[j]) * c)) < 1e-6, "element \(j)")
    }
  }

  @Test("SwiGLU, addition and scaling", arguments: [1, 7, 33, 500])
  func gates(count: Int) throws {
    let (gate, up) = (numbers(count, 6).map { 100 * $0 }, numbers(count, 7))
    let found = try inEveryVariant(gate, "swiglu") { ck_swiglu($0.rawValue, $1, up, count) }
    for i in 0..<count {
      let exact = Double(gate[i]) / (1 + exp(-Double(gate[i]))) * Double(up[i])
      #expect(abs(Double(found[i]) - exact) <= 1e-6 * max(1, abs(exact)), "element \(i)")
    }
    let sums = try inEveryVariant(gate, "add") { ck_add($0.rawValue, $1, up, count) }
    expectSameBits(sums, zip(gate, up).map { $0 + $1 }, "add")
    let scaled = try inEveryVariant(gate, "scale") { ck_scale($0.rawValue, $1, 0.3, count) }
    expectSameBits(scaled, gate.map { $0 * 0.3 }, "scale")
  }

  @Test("Softmax, sums of exponentials, and the largest", arguments: [1, 2, 15, 16, 17, 100, 2048])
  func reductions(count: Int) throws {
    let x = numbers(count, 8).map { 20 * $0 }
    let largest = x.max() ?? 0
    let found = try inEveryVariant(x + [0], "softmax") { $1[count] = ck_softmax($0.rawValue, $1, 0.125, count) }
    let exact = x.map { exp((Double($0) - Double(largest)) * 0.125) }
    for i in 0..<count { #expect(abs(Double(found[i]) - exact[i]) < 1e-5, "element \(i)") }
    #expect(abs(Double(found[count]) / exact.reduce(0, +) - 1) < 1e-5)
    var parts: [(Float, Double)] = []
    for variant in variants {
      var part: (Float, Double) = (0, 0)
      ck_log_sum_exp_part(variant.rawValue, x, count, &part.0, &part.1)
      parts.append(part)
      #expect(part == parts[0], "\(variant)")
      #expect(ck_argmax(variant.rawValue, x + x, 2 * count) == x.firstIndex(of: largest), "\(variant)")
    }
    #expect(parts[0].0 == largest)
    let sum = x.reduce(0.0) { $0 + exp(Double($1) - Double(largest)) }
    #expect(abs(parts[0].1 / sum - 1) < 1e-6)
  }
}
