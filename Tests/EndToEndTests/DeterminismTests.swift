// The same spec gives the same bytes: other folder, locale, time zone, workers, store, OpenBLAS variables; and after a kill.

import Foundation
import Testing

@Suite struct Determinism {
  private static let experiment: SmallExperiment = {
    var experiment = SmallExperiment()
    experiment.temperature = "0.8"
    experiment.heldout = 20
    return experiment
  }()

  private func lock(
    _ arguments: [String] = [], environment: [String: String] = [:], inFolder folder: String = ""
  ) throws -> String {
    let space = try TestSpace()
    try space.write(Self.experiment.spec, to: "\(folder)small.yaml")
    try space.write(Self.experiment.data, to: "\(folder)numbers.jsonl")
    let outcome = try space.run(
      ["exec", "\(folder)small.yaml"] + arguments, environment: environment)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try space.read("results/small/lock.json")
  }

  @Test func nothingAroundTheSpecChangesABit() throws {
    let plain = try lock()
    #expect(try lock(["--workers", "1"]) == plain)
    #expect(try lock(["--workers", "4", "--batch", "3"]) == plain)
    #expect(try lock(environment: ["TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8", "LC_ALL": "tr_TR.UTF-8"]) == plain)
    #expect(try lock(environment: ["OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512"]) == plain)
    #expect(try lock(["--store", "elsewhere/store"]) == plain)
    #expect(try lock(inFolder: "deep/down/") == plain)
  }

  @Test func aKilledRunGoesOnToTheSameBytes() throws {
    let plain = try lock()
    let space = try TestSpace()
    try space.write(Self.experiment.spec, to: "small.yaml")
    try space.write(Self.experiment.data, to: "numbers.jsonl")
    // Kill at ever later moments until a run gets through.
    var delay = 0.01
    var kills = 0
    while true {
      let running = try space.start(["exec", "small.yaml", "--workers", "1"])
      let deadline = Date().addingTimeInterval(delay)
      while running.process.isRunning, Date() < deadline { usleep(1000) }
      if running.process.isRunning {
        kill(running.process.processIdentifier, SIGKILL)
        kills += 1
      }
      let outcome = try space.finish(running)
      if outcome.exitCode == 0 { break }
      delay *= 1.5
    }
    #expect(kills > 0)
    #expect(try space.read("results/small/lock.json") == plain)
  }

  @Test func anInterruptedRunSaysSoAndGoesOn() throws {
    let plain = try lock()
    let space = try TestSpace()
    try space.write(Self.experiment.spec, to: "small.yaml")
    try space.write(Self.experiment.data, to: "numbers.jsonl")
    let running = try space.start(["exec", "small.yaml", "--workers", "1"])
    // The store is made after the program has begun to listen.
    let begun = "\(space.path)/.runner-store/format"
    while running.process.isRunning, !FileManager.default.fileExists(atPath: begun) { usleep(1000) }
    running.process.interrupt()
    let outcome = try space.finish(running)
    // It may have been done already; if it was not, it says how to go on.
    if outcome.exitCode != 0 {
      #expect(outcome.exitCode == 1)
      #expect(outcome.errors.contains("stopped as you asked"), "\(outcome.errors)")
    }
    let second = try space.run(["exec", "small.yaml"])
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(try space.read("results/small/lock.json") == plain)
  }
}
