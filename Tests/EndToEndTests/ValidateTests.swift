// runner validate: what a spec's parts ask of each other and of other specs is found without data or weights.

import Foundation
import Testing

@Suite struct Validating {
  @Test(arguments: [
    ("{spec: small.yaml}", "the weights of these experiments come from one another"),
    ("{spec: other.yaml, seed: 9}", "`other.yaml` has no training with the seed 9"),
  ])
  func whatExperimentsAskOfEachOtherIsChecked(weights: String, told: String) throws {
    let space = try TestSpace()
    try SmallTraining().write(to: space, as: "other.yaml")
    var training = SmallTraining()
    training.weights = "{experiment: \(weights)}"
    try training.write(to: space)
    let outcome = try space.run(["validate", "small.yaml"])
    #expect(outcome.exitCode == 65 && outcome.output.isEmpty, "\(outcome.errors)")
    #expect(outcome.errors.contains("small.yaml:3:") && outcome.errors.contains(told), "\(outcome.errors)")
  }

  @Test func neitherDataNorTheOtherSpecNeedBeThere() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.weights = "{experiment: {spec: later.yaml}}"
    try training.write(to: space)
    try FileManager.default.removeItem(atPath: "\(space.path)/numbers.jsonl")
    let outcome = try space.run(["validate", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
  }
}
