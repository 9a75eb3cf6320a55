// What the tests of this target share: numbers by counter, random examples, the objectives, and how numbers compare.
// Knows nothing of formulas.

import Foundation
import JSON
import Objectives
import Testing

/// Random numbers that depend on a seed and a counter alone (the finalizer of SplitMix64).
struct Draw {
  let seed: UInt64
  private(set) var counter: UInt64 = 0

  init(seed: UInt64) { self.seed = seed }

  mutating func bits() -> UInt64 {
    counter += 1
    var word = (seed &* 0xD134_2543_DE82_EF95) &+ (counter &* 0x9E37_79B9_7F4A_7C15)
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// A whole number of the range.
  mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(bits() % UInt64(range.count))
  }

  /// A number of the range, evenly.
  mutating func number(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + Double(bits() >> 11) * 0x1p-53 * (range.upperBound - range.lowerBound)
  }

  mutating func element<Element>(_ elements: [Element]) -> Element { elements[whole(0...elements.count - 1)] }
}

/// Batches that a script of Tests/References wrote.
enum GoldenCases {
  static func read(_ name: String) throws -> JSONValue {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    return try JSONValue(parsing: [UInt8](try Data(contentsOf: folder.appending(path: "Golden/\(name)"))))
  }
}

/// An objective under test, with a name for messages.
struct Named: CustomTestStringConvertible, Sendable {
  let name: String
  let objective: any DoubleObjective
  let beta: Double
  var testDescription: String { "\(name), beta \(beta)" }

  /// One of each, with that beta; the ones that smooth labels twice.
  static func all(beta: Double) -> [Named] {
    let objectives: [(String, any DoubleObjective)] = [
      ("sft", SupervisedFineTuning()),
      ("sft, smoothed", SupervisedFineTuning(labelSmoothing: 0.2)),
      ("dpo", DirectPreference(beta: beta)),
      ("dpo, smoothed", DirectPreference(beta: beta, labelSmoothing: 0.15)),
      ("apo-zero", AnchoredPreferenceZero(beta: beta)),
      ("apo-down", AnchoredPreferenceDown(beta: beta)),
      ("kto", KahnemanTversky(beta: beta, desirableWeight: 1.3, undesirableWeight: 0.7)),
      (
        "apo-zero-unpaired",
        AnchoredPreferenceZeroUnpaired(beta: beta, desirableWeight: 0.9, undesirableWeight: 1.1)
      ),
    ]
    return objectives.map { Named(name: $0.0, objective: $0.1, beta: beta) }
  }

  static let some = [0.01, 0.1, 1, 7.5, 50].flatMap { all(beta: $0) }
}

extension ObjectiveFunction {
  /// The facts of a batch of these examples.
  func facts(of examples: [ObjectiveExample], referencePoint: Double = 0) -> BatchFacts {
    let read = examples.flatMap { example in responsesRead(of: example).map { example.responses[$0] } }
    var facts = BatchFacts(
      examples: examples.count, responses: read.count, tokens: read.reduce(0) { $0 + $1.policy.count },
      referencePoint: referencePoint)
    for example in examples { facts.add(counts(of: example, lengths: example.responses.map(\.policy.count))) }
    return facts
  }
}

extension ScoredResponse {
  /// A response of one token whose log-ratio is `ratio`.
  static func ratio(_ ratio: Float) -> ScoredResponse { ScoredResponse(policy: [ratio - 8], reference: [-8]) }
}

/// Whether two numbers agree to that many parts of the larger.
func close(_ left: Double, _ right: Double, relative: Double = 1e-14) -> Bool {
  abs(left - right) <= relative * max(abs(left), abs(right))
}

func close(_ left: [Double], _ right: [Double], relative: Double = 1e-14) -> Bool {
  left.count == right.count && zip(left, right).allSatisfy { close($0, $1, relative: relative) }
}
