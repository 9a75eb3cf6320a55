// Several programs in one store at once, on plans that overlap: equal bytes, nothing computed twice, and one that is
// killed holds nobody up.

import Foundation
import Testing

@Suite struct Concurrency {
  /// Trainings by two objectives each; every two of the four have one in common, and all have the data and the evals.
  private static func specs() -> [(name: String, training: SmallTraining)] {
    let objectives = ["SFT": "{sft: {}}", "DPO": "{dpo: {beta: 0.5}}", "KTO": "{kto: {beta: 0.5}}"]
    let pairs = [["SFT", "DPO"], ["DPO", "KTO"], ["KTO", "SFT"], ["SFT", "DPO", "KTO"]]
    return pairs.enumerated().map { number, names in
      var training = SmallTraining()
      training.epochs = "20"
      let arms = names.map { "    \($0): {objective: \(objectives[$0] ?? "")}" }.joined(separator: "\n")
      training.extra = "ablations:\n  objective:\n\(arms)"
      return ("spec\(number)", training)
    }
  }

  private func write(_ space: TestSpace) throws {
    for (name, training) in Self.specs() { try training.write(to: space, as: "\(name).yaml") }
  }

  /// What each spec's results are when it runs alone in a store of its own.
  private func alone() throws -> [String] {
    try Self.specs().map { name, training in
      let space = try TestSpace()
      try training.write(to: space, as: "\(name).yaml")
      let outcome = try space.run(["exec", "\(name).yaml"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return try space.results(name)
    }
  }

  @Test func fourRunsComputeEachStepOnce() throws {
    let expected = try alone()
    let space = try TestSpace()
    try write(space)
    let running = try Self.specs().map { try space.start(["exec", "\($0.name).yaml", "--workers", "1"]) }
    for outcome in try running.map({ try space.finish($0) }) { #expect(outcome.exitCode == 0, "\(outcome.errors)") }
    #expect(try Self.specs().map { try space.results($0.name) } == expected)
    let finished = try space.journaled("finished")
    #expect(finished.count == space.files(below: ".runner-store/steps").count)
    #expect(Set(finished).count == finished.count, "computed twice: \(finished.sorted())")
    #expect(space.files(below: ".runner-store/leases").isEmpty)
    #expect(try space.run(["store", "verify"]).exitCode == 0)
  }

  @Test(arguments: [0, 3])
  func whoIsKilledHoldsNobodyUp(victim: Int) throws {
    let expected = try alone()
    let space = try TestSpace()
    try write(space)
    let specs = Self.specs()
    let running = try specs.map { try space.start(["exec", "\($0.name).yaml", "--workers", "1"]) }
    // Amid a training, which the others wait for.
    while running[victim].process.isRunning, space.checkpoints().isEmpty { usleep(500) }
    kill(running[victim].process.processIdentifier, SIGKILL)
    for (number, started) in running.enumerated() {
      let outcome = try space.finish(started)
      #expect(number == victim || outcome.exitCode == 0, "\(outcome.errors)")
      // Far less than the minute for which a silent run of another host would be waited for.
      #expect(outcome.seconds < 45)
    }
    let finished = try space.journaled("finished")
    #expect(Set(finished).count == finished.count, "computed twice: \(finished.sorted())")
    let again = try space.run(["exec", "\(specs[victim].name).yaml"])
    #expect(again.exitCode == 0, "\(again.errors)")
    #expect(try specs.map { try space.results($0.name) } == expected)
    #expect(try space.run(["store", "verify"]).exitCode == 0)
  }

  @Test func collectionBesideARunTakesNothingThatItNeeds() throws {
    let space = try TestSpace()
    let (name, training) = Self.specs()[3]
    try training.write(to: space, as: "\(name).yaml")
    let running = try space.start(["exec", "\(name).yaml", "--workers", "1"])
    var collections = 0
    try space.write(#"{"steps":[]}"#, to: "empty/lock.json")
    while running.process.isRunning {
      guard FileManager.default.fileExists(atPath: "\(space.path)/.runner-store/objects") else { continue }
      let outcome = try space.run(["store", "gc", "--results", "empty", "--grace", "0"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      collections += 1
    }
    #expect(collections > 0)
    let outcome = try space.finish(running)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let finished = try space.journaled("finished")
    #expect(Set(finished).count == finished.count, "computed twice: \(finished.sorted())")
    #expect(!outcome.errors.contains("damaged"), "\(outcome.errors)")
  }
}

extension TestSpace {
  /// A run's table and lock.
  fileprivate func results(_ name: String) throws -> String {
    try read("results/\(name)/table.json") + read("results/\(name)/lock.json")
  }

  /// The keys of an event in the journals of all runs.
  fileprivate func journaled(_ event: String) throws -> [String] {
    try files(below: ".runner-store/runs").flatMap { file in
      try read(".runner-store/runs/\(file)").split(separator: "\n").compactMap { line in
        guard line.contains("\"event\":\"\(event)\"") else { return nil }
        return line.firstMatch(of: #/"key":"([0-9a-f]{64})"/#).map { String($0.output.1) }
      }
    }
  }
}
