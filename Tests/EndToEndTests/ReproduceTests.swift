// runner reproduce: numbers of results computed again from nothing, what is said when they come out otherwise, and one of the
// checked-in results on the real model.

import Digests
import Foundation
import Storage
import Testing

@Suite struct Reproducing {
  /// A training with its results, the spec in its usual place.
  private static func trained() throws -> TestSpace {
    let space = try TestSpace()
    try FileManager.default.createDirectory(atPath: "\(space.path)/experiments", withIntermediateDirectories: true)
    var training = SmallTraining()
    training.extra =
      "ablations: {rate: {slow: {}, fast: {hyperparameters: {optimizer: {adamw: {learning-rate: 0.1}}}}}}"
    try training.write(to: space, as: "experiments/small.yaml")
    try FileManager.default.moveItem(
      atPath: "\(space.path)/numbers.jsonl", toPath: "\(space.path)/experiments/numbers.jsonl")
    let outcome = try space.run(["exec", "experiments/small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return space
  }

  private static func change(_ file: String, of space: TestSpace, _ pattern: String, to text: String) throws {
    let old = try space.read(file)
    let new = old.replacingOccurrences(of: pattern, with: text, options: .regularExpression)
    #expect(new != old, "\(pattern) is not in \(file)")
    try space.write(new, to: file)
  }

  @Test func aNumberComesOutAgainFromNothing() throws {
    let space = try Self.trained()
    let again = try space.run(["reproduce", "results/small", "--cell", "fast"])
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(
      again.output.hasPrefix(
        "results/small from experiments/small.yaml: 1 number of fast, in an empty store\nfast, accuracy: "),
      "\(again.output)")
    #expect(again.output.contains(" now: the same bytes ("), "\(again.output)")
    #expect(!again.output.contains("(0 steps computed"), "\(again.output)")
    let trusting = try space.run(["reproduce", "results/small/", "--cell", "fast", "--trust-store"])
    #expect(
      trusting.exitCode == 0 && trusting.output.contains("the same bytes (0 steps computed"), "\(trusting.output)")
    // Nothing is left beside the store.
    let left = try FileManager.default.contentsOfDirectory(atPath: "\(space.path)/.runner-store/scratch")
    #expect(!left.contains { $0.hasPrefix("reproduce-") }, "\(left)")
  }

  @Test func cellsAreDrawnTheSameWayEveryTime() throws {
    let space = try Self.trained()
    let draws = try ["1", "1", "2", "3", "4", "5"].map { draw in
      try space.run(["reproduce", "results/small", "--trust-store", "--draw", draw, "--json"]).output.split(
        separator: "\n"
      )
      .first.map(String.init) ?? ""
    }
    #expect(draws[0] == draws[1] && draws[0].contains(#""event":"reproducing""#))
    #expect(Set(draws).count > 1)
    let all = try space.run(["reproduce", "results/small", "--trust-store", "--choose", "9", "--json"])
    let verdicts = all.output.split(separator: "\n").filter { $0.contains(#""event":"reproduced""#) }
    #expect(verdicts.count == 3 && verdicts.allSatisfy { $0.contains(#""equal":true"#) }, "\(all.output)")
  }

  @Test func theTimeEndsAfterTheNumberThatIsComputed() throws {
    let space = try Self.trained()
    let outcome = try space.run(
      ["reproduce", "results/small", "--trust-store", "--choose", "9", "--budget", "0.000001s"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").count { $0.contains("the same bytes") } == 1, "\(outcome.output)")
    #expect(outcome.output.contains("Not reached in the time: "), "\(outcome.output)")
  }

  @Test func anotherNumberIsToldWithTheFirstStepThatDiffers() throws {
    let space = try Self.trained()
    try Self.change("experiments/small.yaml", of: space, "temperature: 0", to: "temperature: 1")
    let other = try space.run(["reproduce", "results/small", "--cell", "fast"])
    #expect(other.exitCode == 2, "\(other.output)\(other.errors)")
    #expect(other.output.contains("OTHER"), "\(other.output)")
    #expect(other.output.contains("  first difference: generate numbers/heldout"), "\(other.output)")
  }

  @Test func resultsThatWereChangedByHandAreFound() throws {
    let space = try Self.trained()
    try Self.change("results/small/table.json", of: space, #""mean": [-0-9.e]+"#, to: #""mean": 0.7654"#)
    try Self.change("results/small/table.json", of: space, #""outcomes": "...."#, to: #""outcomes": "0000"#)
    let other = try space.run(["reproduce", "results/small", "--choose", "9"])
    #expect(other.exitCode == 2 && other.output.contains("76.5"), "\(other.output)")
    #expect(other.output.contains("now: ANOTHER NUMBER"), "\(other.output)")
    #expect(other.errors.contains("came out otherwise"), "\(other.errors)")
    try Self.change("results/small/lock.json", of: space, #""log": "...."#, to: #""log": "0000"#)
    let log = try space.run(["reproduce", "results/small", "--cell", "fast"])
    #expect(log.output.contains("first difference: train dpo: `log` was 0000"), "\(log.output)")
  }

  /// What a table's file says must be what its outcomes come to, and every step what the lock says.
  @Test func numbersThatAreNotOfTheirOutcomesAreFound() throws {
    let space = try Self.trained()
    let written = try space.read("results/small/table.json")
    try Self.change("results/small/table.json", of: space, #""mean": [-0-9.e]+"#, to: #""mean": 0.7654"#)
    let mean = try space.run(["reproduce", "results/small", "--cell", "fast"])
    #expect(mean.exitCode == 2, "\(mean.output)")
    #expect(mean.output.contains("NOT THE NUMBER OF ITS OUTCOMES"), "\(mean.output)")
    try space.write(written, to: "results/small/table.json")
    try Self.change("results/small/lock.json", of: space, #""log": "...."#, to: #""log": "0000"#)
    let log = try space.run(["reproduce", "results/small", "--cell", "fast"])
    #expect(log.exitCode == 2 && log.output.contains("the same number, FROM OTHER BYTES"), "\(log.output)")
    #expect(log.output.contains("first difference: train dpo: `log` was 0000"), "\(log.output)")
  }

  /// A lock that was written before a kind's version was raised names the step by its manifest of then.
  @Test func whatAnEarlierVersionLockedIsTheSame() throws {
    let space = try Self.trained()
    let store = try Store(at: "\(space.path)/.runner-store", mode: .existing)
    for kind in ["revise", "fit"] {
      let now = try #require(store.results(ofKind: kind).first).manifest
      guard case .integer(let version)? = now["version"] else {
        Issue.record("\(now)")
        return
      }
      var earlier = Manifest()
      for leaf in now.leaves { earlier.set(leaf.name, leaf.value) }
      earlier.set("version", .integer(version - 1))
      try Self.change("results/small/lock.json", of: space, now.key.hex, to: earlier.key.hex)
    }
    let outcome = try space.run(["reproduce", "results/small", "--cell", "fast"])
    #expect(outcome.exitCode == 0 && outcome.output.contains("now: the same bytes"), "\(outcome.output)")
    #expect(!outcome.output.contains("first difference"), "\(outcome.output)")
  }

  @Test(arguments: [
    (["results/small", "--cell", "faster"], 64, "`fast`"),
    (["results/small", "--eval", "speed"], 64, "There is: accuracy"),
    (["results/none"], 74, "results/none/table.json"),
    (["results/small", "--budget", "soon"], 64, "--budget"), (["results/small", "--choose", "0"], 64, "--choose"),
    (["results/small", "--spec", "nowhere.yaml"], 74, "nowhere.yaml"),
  ])
  func whatCannotBeMeantIsRefused(arguments: [String], exit: Int32, told: String) throws {
    let space = try Self.trained()
    let outcome = try space.run(["reproduce"] + arguments)
    #expect(outcome.exitCode == exit && outcome.errors.contains(told), "\(outcome.exitCode) \(outcome.errors)")
  }

  @Test func oneOfTheCheckedInResultsComesOutAgain() throws {
    let space = try TestSpace()
    let mirror = URL(fileURLWithPath: try TestSpace.modelPath()).deletingLastPathComponent().path
    let results = "\(TestSpace.repository)/results/quickstart/prompts"
    let outcome = try space.run(["reproduce", results, "--cell", "one number/greedy", "--mirror", mirror])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(
      outcome.output.contains(
        "one number/greedy, accuracy: 46.3 ± 5.6% in the results, 46.3 ± 5.6% now: the same bytes"),
      "\(outcome.output)")
  }
}
