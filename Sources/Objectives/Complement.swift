// The complement of a probability and sums of powers, from logarithms, in double precision, the same bits on every host.
// Knows nothing of objectives; calls no libm.

import CKernels

/// 1 - p of a probability p that is given by its logarithm.
package enum Complement: Sendable {
  /// 1 - e^x for x ≤ 0, in 0...1; 0 only at 0.
  ///
  /// The quotient of x and ln u undoes what rounding u = e^x did (Kahan's form of e^x - 1; Higham, "Accuracy and
  /// Stability of Numerical Algorithms", section 1.14.1).
  package static func of(_ x: Double) -> Double {
    let power = ck_exp_double(x)
    if power == 1 { return -x }
    // Below, ln u would be as far off as u itself; and there 1 - u loses nothing.
    return power < 0.5 ? 1 - power : (power - 1) * (-x / ck_log_double(power))
  }

  /// ln(1 - e^x) for x < 0; minus infinity at 0.
  package static func logarithm(_ x: Double) -> Double {
    let power = ck_exp_double(x)
    if power >= 0.5 { return ck_log_double(of(x)) }
    // ln(1 + y) at y = -u, as in Goldberg's theorem 4.
    let rest = 1 - power
    return rest == 1 ? -power : ck_log_double(rest) * (power / (1 - rest))
  }
}

/// The softmax of some numbers; nothing overflows, and no digits are lost where all numbers are far from 0.
struct Softmax: Sendable {
  private let largest: Double
  private let sum: Double
  /// e^x / Σ e^x, one a number.
  let shares: [Double]

  /// Of at least one finite number; the sum runs in order.
  init(_ numbers: [Double]) {
    let largest = numbers.reduce(-Double.infinity) { max($0, $1) }
    let powers = numbers.map { ck_exp_double($0 - largest) }
    let sum = inOrder(powers)
    self.largest = largest
    self.sum = sum
    shares = powers.map { $0 / sum }
  }

  /// ln Σ e^x - y.
  func logSum(above y: Double) -> Double { (largest - y) + ck_log_double(sum) }
}
