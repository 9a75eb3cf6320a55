// The logistic functions against values of 50-digit arithmetic, and at the ends of what a double holds.

import Objectives
import Testing

struct LogisticTests {
  /// (z, σ, ln σ, σ′).
  static let values: [(Double, Double, Double, Double)] = [
    (0.5, 0.6224593312018546, -0.4740769841801067, 0.2350037122015945),
    (1, 0.7310585786300049, -0.3132616875182228, 0.19661193324148185),
    (2, 0.8807970779778824, -0.1269280110429725, 0.10499358540350652),
    (-1.5, 0.18242552380635635, -1.7014132779827524, 0.14914645207033286),
    (-7, 0.0009110511944006454, -7.000911466453775, 0.0009102211801218265),
    (1e-3, 0.5002499999791666, -0.6926473055599401, 0.24999993750001043),
    (30, 0.9999999999999064, -9.357622968839737e-14, 9.357622968838423e-14),
    (-40, 4.248354255291589e-18, -40, 4.248354255291589e-18),
    (-700, 9.85967654375977e-305, -700, 9.85967654375977e-305),
  ]

  @Test(arguments: values) func equalsLongArithmetic(z: Double, sigmoid: Double, logSigmoid: Double, slope: Double) {
    #expect(close(Logistic.sigmoid(z), sigmoid, relative: 1e-15))
    #expect(close(Logistic.logSigmoid(z), logSigmoid, relative: 1e-15))
    #expect(close(Logistic.slope(z), slope, relative: 1e-15))
  }

  @Test func isExactAtZero() {
    #expect(Logistic.sigmoid(0) == 0.5)
    #expect(Logistic.slope(0) == 0.25)
    #expect(Logistic.logSigmoid(0) == -0x1.62e42fefa39efp-1)
  }

  @Test func staysFiniteAtBothEnds() {
    let tiny = 2 * Double.leastNonzeroMagnitude
    for size in [745.0, 746, 1e4, 1e300, .greatestFiniteMagnitude] {
      #expect(Logistic.sigmoid(size) == 1)
      #expect(Logistic.sigmoid(-size) <= tiny)
      #expect(Logistic.slope(size) <= tiny)
      #expect(Logistic.logSigmoid(-size) == -size)
      #expect((-tiny...0).contains(Logistic.logSigmoid(size)))
    }
  }

  @Test func slopeIsEvenAndTheSidesAddUp() {
    var draw = Draw(seed: 11)
    for _ in 0..<2_000 {
      let z = draw.number(-40...40)
      #expect(Logistic.slope(z) == Logistic.slope(-z))
      #expect(close(Logistic.sigmoid(z) + Logistic.sigmoid(-z), 1, relative: 5e-16))
      // ln σ(z) - ln σ(-z) = z.
      #expect(close(Logistic.logSigmoid(abs(z)) - Logistic.logSigmoid(-abs(z)), abs(z), relative: 1e-13))
    }
  }
}

struct ComplementTests {
  /// (x, 1 - e^x, ln(1 - e^x)).
  static let values: [(Double, Double, Double)] = [
    (-1e-300, 1e-300, -690.7755278982137),
    (-1e-20, 1e-20, -46.051701859880914),
    (-1e-10, 9.999999999500001e-11, -23.025850929990458),
    (-0.01, 0.009950166250831947, -4.610166019324897),
    (-0.5, 0.3934693402873666, -0.9327521295671886),
    (-0.69, 0.49842393093394444, -0.6963042971440567),
    (-0.7, 0.5034146962085905, -0.6863410028083852),
    (-1, 0.6321205588285577, -0.4586751453870819),
    (-5, 0.9932620530009145, -0.006760749449488557),
    (-36, 0.9999999999999998, -2.3195228302435696e-16),
    (-40, 1, -4.248354255291589e-18),
    (-700, 1, -9.85967654375977e-305),
    (-1e300, 1, 0),
  ]

  @Test(arguments: values) func equalsLongArithmetic(x: Double, complement: Double, logarithm: Double) {
    #expect(close(Complement.of(x), complement, relative: 1e-15))
    #expect(close(Complement.logarithm(x), logarithm, relative: 2e-15))
  }

  @Test func isExactlyZeroOnlyAtZero() {
    #expect(Complement.of(0) == 0)
    #expect(Complement.of(-.leastNonzeroMagnitude) == .leastNonzeroMagnitude)
  }
}
