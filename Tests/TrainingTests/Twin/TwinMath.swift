// The parts of a decoder and their derivatives, one vector at a time in doubles.
// Written to be read beside the formulas; `dY` is d loss / d y.

import Foundation
import LanguageModel

enum TwinMath {
  /// y = W x, W [outputs × inputs].
  static func product(_ weight: [Double], _ x: [Double]) -> [Double] {
    (0..<weight.count / x.count).map { output in
      var sum = 0.0
      for input in x.indices { sum += weight[output * x.count + input] * x[input] }
      return sum
    }
  }

  /// dX = Wᵀ dY; adds dY xᵀ to dW.
  static func productBackward(_ weight: [Double], _ x: [Double], _ dY: [Double], dWeight: inout [Double]) -> [Double] {
    var dX = x.map { _ in 0.0 }
    for output in dY.indices {
      for input in x.indices {
        dX[input] += weight[output * x.count + input] * dY[output]
        dWeight[output * x.count + input] += dY[output] * x[input]
      }
    }
    return dX
  }

  /// y_i = g_i x_i / √(mean x² + ε).
  static func norm(_ x: [Double], gain: [Double], epsilon: Double) -> [Double] {
    let root = (mean(x.map { $0 * $0 }) + epsilon).squareRoot()
    return x.indices.map { gain[$0] * x[$0] / root }
  }

  /// With r = √(mean x² + ε): dX_i = g_i dY_i / r - x_i · (Σ_j g_j dY_j x_j) / (n r³); adds dY_i x_i / r to dG_i.
  static func normBackward(
    _ x: [Double], gain: [Double], epsilon: Double, _ dY: [Double], dGain: inout [Double]
  ) -> [Double] {
    let root = (mean(x.map { $0 * $0 }) + epsilon).squareRoot()
    var inner = 0.0
    for i in x.indices {
      inner += gain[i] * dY[i] * x[i]
      dGain[i] += dY[i] * x[i] / root
    }
    return x.indices.map { gain[$0] * dY[$0] / root - x[$0] * inner / (Double(x.count) * root * root * root) }
  }

  /// Turns the pairs of every head by position · base^(-2i / headSize); `direction` is 1, or -1 to turn back.
  ///
  /// Turning back is also the derivative: a rotation's transpose is its inverse.
  static func turned(
    _ heads: [Double], position: Int, direction: Double, _ configuration: DecoderConfiguration
  ) -> [Double] {
    let size = configuration.headSize
    var result = heads
    for head in 0..<heads.count / size {
      for pair in 0..<size / 2 {
        let (first, second) =
          switch configuration.ropeStyle {
          case .adjacent: (head * size + 2 * pair, head * size + 2 * pair + 1)
          case .halfSplit: (head * size + pair, head * size + pair + size / 2)
          }
        let angle = direction * Double(position) * pow(configuration.ropeBase, -2 * Double(pair) / Double(size))
        result[first] = heads[first] * cos(angle) - heads[second] * sin(angle)
        result[second] = heads[second] * cos(angle) + heads[first] * sin(angle)
      }
    }
    return result
  }

  /// ln Σ e^x.
  static func logSumExp(_ x: [Double]) -> Double {
    let largest = x.reduce(-Double.infinity, max)
    return largest + log(x.reduce(0) { $0 + exp($1 - largest) })
  }

  /// e^x / Σ e^x.
  static func softmax(_ x: [Double]) -> [Double] {
    let total = logSumExp(x)
    return x.map { exp($0 - total) }
  }

  /// dX_i = y_i (dY_i - Σ_j y_j dY_j), y the softmax.
  static func softmaxBackward(_ y: [Double], _ dY: [Double]) -> [Double] {
    let inner = dot(y, dY)
    return y.indices.map { y[$0] * (dY[$0] - inner) }
  }

  /// 1 / (1 + e^-x).
  static func sigmoid(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }

  static func dot(_ x: [Double], _ y: [Double]) -> Double {
    var sum = 0.0
    for i in x.indices { sum += x[i] * y[i] }
    return sum
  }

  static func sum(_ x: [Double], _ y: [Double]) -> [Double] { x.indices.map { x[$0] + y[$0] } }

  static func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }
}
