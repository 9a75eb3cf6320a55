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
