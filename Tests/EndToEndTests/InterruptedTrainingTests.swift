// A training that is killed, stopped or finds its checkpoint damaged: the same bytes in the end, and little done twice.

import Foundation
import Testing

@Suite struct InterruptedTrainings {
  /// Some hundred steps, with weights kept on the way.
  private static func long(_ adapter: String) -> SmallTraining {
    var training = SmallTraining()
    (training.adapter, training.rate, training.epochs) = (adapter, "1.0e-3", "200")
    training.evals = ["trace: {likelihood-trace: {every: {epochs: 100}}}"]
    return training
  }

  private static let steps = 600

  /// Runs until a step is told of, whose checkpoint then stands, and sends a signal.
  ///
  /// - Returns: What the program left; nil if it was done before.
  private func interrupted(_ space: TestSpace, by signal: Int32) throws -> RunOutcome? {
    let run = try PipedRun(space, ["exec", "small.yaml", "--json", "--workers", "1"])
    guard run.wait(for: "\"unit\":\"steps\"") else {
      _ = run.finish()
      return nil
    }
    run.send(signal)
    return RunOutcome(exitCode: run.finish(), output: run.output, errors: "", seconds: 0)
  }

  private func finish(_ space: TestSpace) throws -> Events {
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(space.checkpoints().isEmpty)
    return try Events(outcome.output)
  }

  @Test(arguments: ["full", "{lora: {rank: 2, alpha: 4}}", "{lora: {rank: 2, alpha: 4, dropout: 0.2}}"])
  func aKilledTrainingGoesOnToTheSameBytes(adapter: String) throws {
    let training = Self.long(adapter)
    let plain = try TestSpace.lock(training)
    let space = try TestSpace()
    try training.write(to: space)
    var (kills, told) = (0, 0)
    while kills < 3, let outcome = try interrupted(space, by: SIGKILL) {
      kills += 1
      told = Self.stepsTold(by: outcome) ?? told
    }
    #expect(kills == 3 && told > 0)
    let train = try #require(try finish(space).finished("train dpo"))
    // No step that was told of is lost.
    #expect(train.reused >= told && train.computed + train.reused == Self.steps, "\(train) after \(told)")
    #expect(try space.lock() == plain)
  }

  /// The last optimizer step that a run told of.
  private static func stepsTold(by outcome: RunOutcome) -> Int? {
    outcome.output.split(separator: "\n").filter { $0.contains("\"unit\":\"steps\"") }.last?
      .firstMatch(of: #/"done":([0-9]+)/#).flatMap { Int($0.output.1) }
  }

  @Test func aStoppedTrainingSaysSoAndGoesOn() throws {
    let training = Self.long("{lora: {rank: 2, alpha: 4}}")
    let plain = try TestSpace.lock(training)
    let space = try TestSpace()
    try training.write(to: space)
    let outcome = try #require(try interrupted(space, by: SIGINT), "it was done too soon")
    // With `--json` it is told on standard output, as everything is.
    #expect(outcome.exitCode == 1 && (outcome.output + outcome.errors).contains("stopped as you asked"), "\(outcome)")
    #expect(space.checkpoints().count == 1)
    let done = try #require(Self.stepsTold(by: outcome))
    let plan = try space.run(["plan", "small.yaml"]).output
    #expect(plan.contains("goes on after \(done) of \(Self.steps) optimizer steps"), "\(plan)")
    let train = try #require(try finish(space).finished("train dpo"))
    // The last step that was told of is in the checkpoint.
    #expect(train.reused == done && train.computed == Self.steps - done, "\(train) after \(done)")
    #expect(try space.lock() == plain)
  }

  @Test func aDamagedCheckpointIsSetAside() throws {
    let training = Self.long("{lora: {rank: 2, alpha: 4}}")
    let plain = try TestSpace.lock(training)
    let space = try TestSpace()
    try training.write(to: space)
    _ = try #require(try interrupted(space, by: SIGINT), "it was done too soon")
    let name = ".runner-store/checkpoints/\(try #require(space.checkpoints().first))"
    var bytes = try space.bytes(name)
    bytes[bytes.count / 2] ^= 1
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(space.path)/\(name)")
    try space.write(bytes, to: name)
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let train = try #require(try Events(outcome.output).finished("train dpo"))
    #expect(train.reused == 0 && train.computed == Self.steps)
    #expect(space.files(below: ".runner-store/quarantine").count == 1)
    #expect(try space.lock() == plain)
  }
}
