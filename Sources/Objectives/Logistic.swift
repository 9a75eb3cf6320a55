// The logistic function and its relatives in double precision, the same bits on every host.
// Knows nothing of objectives; calls no libm.

import CKernels

/// Functions of the logistic family; all finite for finite input.
package enum Logistic: Sendable {
  /// σ(z) = 1 / (1 + e^-z), in 0...1; accurate at both ends because e^|z| is never formed.
  package static func sigmoid(_ z: Double) -> Double {
    if z >= 0 { return 1 / (1 + ck_exp_double(-z)) }
    let power = ck_exp_double(z)
    return power / (1 + power)
  }

  /// ln σ(z), at most 0; close to z where σ(z) would be 0.
  package static func logSigmoid(_ z: Double) -> Double {
    z >= 0 ? -logOnePlus(ck_exp_double(-z)) : z - logOnePlus(ck_exp_double(z))
  }

  /// σ′(z) = σ(z) · σ(-z), in 0...¼; even in z to the bit, and without the cancellation of 1 - σ(z).
  package static func slope(_ z: Double) -> Double { sigmoid(z) * sigmoid(-z) }

  /// ln(1 + x) for x in 0...1.
  ///
  /// The quotient x / ((1 + x) - 1) undoes what rounding 1 + x did to x (Goldberg, "What every computer scientist
  /// should know about floating-point arithmetic", theorem 4).
  private static func logOnePlus(_ x: Double) -> Double {
    let sum = 1 + x
    return sum == 1 ? x : ck_log_double(sum) * (x / (sum - 1))
  }
}
