// A whole small experiment that trains: what it computes, what a second run and a changed option compute, what is refused.

import Foundation
import Testing

@Suite struct TrainingRuns {
  @Test func aWholeGridRunsAndASecondRunComputesNothing() throws {
    var training = SmallTraining()
    (training.objective, training.reviser, training.extra) = ("", "", SmallTraining.grid)
    training.evals = SmallTraining.allEvals
    let space = try TestSpace()
    let first = try space.exec(training)
    #expect(first.exitCode == 0, "\(first.errors)")
    let events = try Events(first.output)
    #expect(events.ran.count { $0.hasPrefix("train ") } == 10)
    // One reference for each kind of pairs; every objective on the same pairs reads it.
    #expect(events.ran.count { $0 == "score examples of numbers/train by the reference" } == 2)
    let table = try space.read("results/small/TABLE.md")
    for words in ["accuracy", "preference", "drift", "trace chosen", "pairs Jaccard", "APO-down", "base"] {
      #expect(table.contains(words), "\(words) is not in:\n\(table)")
    }
    // Twelve prompts; each has a wrong candidate and a right one.
    for pairs in ["revision", "judge"] {
      #expect(table.contains(" numbers/train for \(pairs): 12 items from 12 of 12 prompts"), "\(table)")
    }
    let verdicts = "; verdicts on 24: 12 right, 12 wrong. Examples of numbers/train: 12 items from"
    #expect(table.contains(verdicts), "\(table)")
    #expect(try space.read("results/small/table.json").contains("\"records-with-items\": "))
    #expect(space.checkpoints().isEmpty)
    let second = try space.exec(training)
    #expect(try Events(second.output).ran == [])
    #expect(try space.read("results/small/TABLE.md") == table)
  }

  @Test func aSmokeRunTrainsTwoSteps() throws {
    var training = SmallTraining()
    (training.objective, training.reviser, training.extra) = ("", "", SmallTraining.grid)
    training.evals = SmallTraining.allEvals
    let outcome = try TestSpace().exec(training, ["--smoke"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try Events(outcome.output).finished("train dpo")?.computed == 2)
  }

  /// The stored reference is the training's own forward pass, bit for bit.
  @Test(arguments: [
    "{dpo: {beta: 0.5}}", "{apo-zero: {beta: 0.5}}", "{apo-down: {beta: 0.5}}", "{kto: {beta: 0.5}}",
    "{kto: {beta: 0.5, partner: rotation}}",
  ])
  func atTheFirstStepEveryLogRatioIsZero(objective: String) throws {
    for adapter in ["full", "{lora: {rank: 2, alpha: 4}}", "{lora: {rank: 2, alpha: 4, dropout: 0.3}}"] {
      var training = SmallTraining()
      (training.objective, training.adapter) = (objective, adapter)
      let space = try TestSpace()
      #expect(try space.exec(training).exitCode == 0)
      let name = objective.prefix { $0 != ":" }.dropFirst()
      let log = try space.log(of: "train \(name)")
      #expect(log.count == 6)
      #expect(log[0]["chosen-log-ratio"] as? Double == 0 && log[0]["rejected-log-ratio"] as? Double == 0, "\(log[0])")
      if name == "kto" {
        #expect(log[0]["reference-point"] as? Double == 0)
      } else {
        #expect(log[0]["accuracy"] as? Double == 0.5)
      }
      #expect(log[2]["chosen-log-ratio"] as? Double != 0)
    }
  }

  @Test func anotherBetaTrainsAgainOnTheSameReference() throws {
    let space = try TestSpace()
    #expect(try space.exec(SmallTraining()).exitCode == 0)
    var other = SmallTraining()
    other.objective = "{dpo: {beta: 0.2}}"
    let events = try Events(try space.exec(other).output)
    #expect(events.ran.first == "train dpo")
    #expect(events.ran.allSatisfy { $0 == "train dpo" || $0.contains("after dpo") || $0 == "table of small" })
    // Fewer examples are another step, whose log-probabilities are all there.
    other.hyperparameters = ["examples: 8"]
    let fewer = try Events(try space.exec(other).output)
    let reference = try #require(fewer.finished("score examples of numbers/train by the reference"))
    #expect(reference.computed == 0 && reference.reused == 16)
    #expect(fewer.finished("train dpo")?.computed == 4)
  }

  @Test func workersChangeNoBit() throws {
    for (adapter, partner) in [
      ("full", "drawn"), ("{lora: {rank: 2, alpha: 4}}", "rotation"),
      ("{lora: {rank: 2, alpha: 4, dropout: 0.3}}", "drawn"),
    ] {
      var training = SmallTraining()
      (training.adapter, training.objective) = (adapter, "{kto: {beta: 0.5, partner: \(partner)}}")
      training.evals = SmallTraining.allEvals
      let plain = try TestSpace.lock(training, ["--workers", "1"])
      #expect(try TestSpace.lock(training, ["--workers", "2"]) == plain)
      #expect(try TestSpace.lock(training, ["--workers", "4", "--batch", "3"]) == plain)
    }
  }

  /// Rotated partners follow the batches, so that each epoch has its own, and another batch has others.
  @Test func rotatedPartnersAreScoredForEveryEpoch() throws {
    var training = SmallTraining()
    training.objective = "{kto: {beta: 0.5, partner: rotation}}"
    let space = try TestSpace()
    let first = try Events(try space.exec(training).output)
    #expect(first.finished("rotated partners of numbers/train") != nil)
    // Twelve prompts with two partners an epoch; half of these, the wrong answer, are known from the examples' own scores.
    let scored = try #require(first.finished("score rotated partners of numbers/train by the reference"))
    #expect(scored.computed == 24 && scored.reused == 24)
    let partners = try space.run([
      "store", "cat", try space.output("examples", of: "rotated partners of numbers/train"),
    ]).output
    #expect(partners.split(separator: "\n").count == 12)
    #expect(partners.components(separatedBy: "It is 0.").count - 1 == 24)
    let drawn = try TestSpace.lock(SmallTraining.kto("drawn"))
    #expect(try space.lock() != drawn)
    #expect(try Events(try space.exec(training).output).ran == [])
    training.epochs = "1"
    let shorter = try Events(try space.exec(training).output)
    // The first epoch is the same.
    let again = try #require(shorter.finished("score rotated partners of numbers/train by the reference"))
    #expect(again.computed == 0 && again.reused == 24)
  }

  @Test func anotherDropoutTrainsAgainOnTheSameReference() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.adapter = "{lora: {rank: 2, alpha: 4, dropout: 0.2}}"
    #expect(try space.exec(training).exitCode == 0)
    training.adapter = "{lora: {rank: 2, alpha: 4, dropout: 0.4}}"
    let events = try Events(try space.exec(training).output)
    #expect(events.ran.first == "train dpo")
    #expect(!events.ran.contains { $0.hasPrefix("score examples of") })
  }

  // MARK: - What is refused

  private func refused(_ training: SmallTraining, exit code: Int32 = 65, saying texts: [String]) throws {
    let space = try TestSpace()
    try training.write(to: space)
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == code, "\(outcome.errors)")
    for text in texts + ["→"] { #expect(outcome.errors.contains(text), "\(text) is not in:\n\(outcome.errors)") }
  }

  @Test func anEmptyTrainingIsRefusedWithCounts() throws {
    var training = SmallTraining()
    training.generator = #"[{recorded: {responses: ["I do not know.", "Who knows?"]}}]"#
    try refused(training, exit: 1, saying: ["there are no examples, so nothing can be learned", "24", "no-contrast"])
  }

  @Test func tooFewExamplesAreRefusedWithCounts() throws {
    var training = SmallTraining()
    training.hyperparameters = ["examples: 13"]
    try refused(training, exit: 1, saying: ["13 examples are asked for and there are 12", "small.yaml:"])
  }

  @Test func aRotationOfOneIsRefused() throws {
    var training = SmallTraining.kto("rotation")
    training.batch = 1
    try refused(training, saying: ["every batch has one example", "small.yaml:"])
    training.objective = "{kto: {beta: 0.5}}"
    #expect(try TestSpace().exec(training).exitCode == 0)
  }

  @Test func otherArithmeticIsRefusedBeforeAnythingRuns() throws {
    var training = SmallTraining()
    training.extra = "arithmetic: openblas"
    try refused(training, saying: ["arithmetic: openblas"])
  }

  @Test func aWarmupThatNeverEndsIsWarnedOf() throws {
    var training = SmallTraining()
    (training.schedule, training.hyperparameters) = ("{linear: {warmup: {steps: 6}}}", ["examples: 12"])
    let space = try TestSpace()
    try training.write(to: space)
    let plan = try space.run(["plan", "small.yaml"])
    #expect(plan.exitCode == 0)
    #expect(plan.errors.contains("the warm-up never ends: it takes 6 steps, and the training has 6"), "\(plan.errors)")
    training.schedule = "{linear: {warmup: {steps: 5}}}"
    try training.write(to: space)
    #expect(try space.run(["plan", "small.yaml"]).errors.isEmpty)
  }

  @Test(arguments: ["{steps: 1000}", "{steps: 1000000000}", "{fraction: 0.9}"])
  func aWarmupIsHeldAgainstTheExamplesThatThereAre(warmup: String) throws {
    var training = SmallTraining()
    training.schedule = "{constant: {warmup: \(warmup)}}"
    let space = try TestSpace()
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect((outcome.output + outcome.errors).contains("the warm-up never ends"), "\(outcome.output)")
    // The examples are stored now, so that a plan of another training on them knows.
    let plan = try space.run(["plan", "small.yaml", "--set", "hyperparameters.optimizer.adamw.learning-rate=0.02"])
    #expect(plan.errors.contains("the warm-up never ends"), "\(plan.errors)")
  }

  @Test func progressOnATerminalShowsTheLoss() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    // Long enough for a rate: nobody is told of time left in the first half second.
    training.epochs = "150"
    try training.write(to: space)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
    process.arguments = [
      // Wide enough for all that there is to say; narrower terminals get less of it.
      "-qec", "cd \(space.path) && COLUMNS=120 \(TestSpace.program) exec small.yaml", "\(space.path)/typescript",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let shown = try space.read("typescript")
    let line = shown.firstMatch(
      of: /train dpo +\d+ of 450 steps, loss 0\.\d+, margin -?\d+\.\d+, \d+ tokens\/s, \d+(\.\d+)? \w+ left/)
    #expect(line != nil, "\(shown)")
    #expect(shown.contains("train dpo: done in"), "\(shown)")
  }
}
