// runner runs: what runs did, one that is at work, one that was killed, one that failed.

import Foundation
import JSON
import Testing

@Suite struct RunsCommands {
  private static func runs(_ space: TestSpace) throws -> [JSONValue] {
    let outcome = try space.run(["runs", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try outcome.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
  }

  @Test func whatWasDone() throws {
    let space = try TestSpace()
    #expect(try space.run(["runs"]).exitCode == 74)
    #expect(try space.exec(SmallExperiment()).exitCode == 0)
    let first = try #require(try Self.runs(space).first)
    #expect(first["state"] == "done" && first["specs"]?.arrayValue == ["small.yaml"], "\(first.canonical)")
    let (ran, steps) = (first["ran"]?.integerValue ?? 0, first["steps"]?.integerValue ?? 0)
    #expect(ran > 4 && ran <= steps && first["left"] == .integer(0), "\(first.canonical)")
    #expect(first["pid"]?.integerValue != nil && first["host"]?.stringValue?.isEmpty == false)
    let text = try space.run(["runs", "last"]).output
    for words in ["Run 2", ": done\n", "  specs    small.yaml\n", "finished  verify numbers/heldout"] {
      #expect(text.contains(words), "\(words): \(text)")
    }
    #expect(try space.exec(SmallExperiment()).exitCode == 0)
    let both = try Self.runs(space)
    #expect(both.count == 2 && both.contains { $0["ran"] == .integer(0) && $0["stored"] == .integer(Int64(steps)) })
    let list = try space.run(["runs", "--last", "1"]).output
    #expect(list.contains("and 1 earlier: --last shows more") && !list.contains("\u{1B}"), "\(list)")
    #expect(try space.run(["runs", "nothing"]).exitCode == 64)
    #expect(try space.run(["runs", "2"]).exitCode == 64)
  }

  @Test func whatIsGoingOnAndWhatWasKilled() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    (training.rate, training.epochs) = ("1.0e-3", "200")
    try training.write(to: space)
    let run = try PipedRun(space, ["exec", "small.yaml", "--json", "--workers", "1"])
    // Nobody reads on: the program waits amid its training.
    try #require(run.wait(for: "\"unit\":\"steps\""), "\(run.output)")
    let going = try #require(try Self.runs(space).first)
    #expect(going["state"] == "running" && (going["left"]?.integerValue ?? 0) > 0, "\(going.canonical)")
    let text = try space.run(["runs", "last"]).output
    #expect(text.contains("\nNow\n  train dpo: "), "\(text)")
    run.send(SIGKILL)
    _ = run.finish()
    let killed = try #require(try Self.runs(space).first)
    #expect(killed["state"] == "died", "\(killed.canonical)")
    #expect(try space.run(["runs", "last"]).output.contains("\nBegun and not ended\n  train dpo: "))
  }

  @Test func whatFailed() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write("{\"question\": \n", to: "numbers.jsonl")
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 1)
    let failed = try #require(try Self.runs(space).first)
    #expect(failed["state"] == "failed" && failed["failed"] == .integer(1), "\(failed.canonical)")
    let text = try space.run(["runs", "last"]).output
    #expect(text.contains("failed    ingest numbers  ") && !text.contains(" \n"), "\(text)")
  }
}
