// The gamma and beta functions as far as tests of significance need them.
// Logarithms and exponentials are those of CKernels: the same bits on every host, unlike a C library's.

import CKernels

enum Beta {
  /// ln Γ(x) for x > 0, by Stirling's series after shifting x to at least 10; relative error below 1e-14.
  ///
  /// Source: Abramowitz and Stegun, 6.1.41.
  static func logGamma(_ x: Double) -> Double {
    var shifted = x
    var shift = 0.0
    while shifted < 10 {
      shift += ck_log_double(shifted)
      shifted += 1
    }
    let inverse = 1 / (shifted * shifted)
    let series =
      (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse * (1.0 / 1680 - inverse * (1.0 / 1188)))))
      / shifted
    let halfLogTwoPi = 0.918938533204672741780329736406
    return (shifted - 0.5) * ck_log_double(shifted) - shifted + halfLogTwoPi + series - shift
  }

  /// The regularized incomplete beta function I_x(a, b), for a, b > 0 and 0 ≤ x ≤ 1.
  static func regularized(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let logFront =
      logGamma(a + b) - logGamma(a) - logGamma(b) + a * ck_log_double(x) + b * ck_log_double(1 - x)
    let front = ck_exp_double(logFront)
    // The fraction converges fast below the mean; above it the other tail is computed.
    if x < (a + 1) / (a + b + 2) { return front * fraction(x, a, b) / a }
    return 1 - front * fraction(1 - x, b, a) / b
  }

  /// The continued fraction of I_x(a, b) (Abramowitz and Stegun, 26.5.8) by Lentz's method.
  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    func kept(_ value: Double) -> Double { value.magnitude < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / kept(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / kept(1 + even * d)
      c = kept(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / kept(1 + odd * d)
      c = kept(1 + odd / c)
      result *= d * c
      if (d * c - 1).magnitude < 1e-15 { break }
    }
    return result
  }
}
