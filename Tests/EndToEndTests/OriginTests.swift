// What results say of where they come from: the commit of the spec, and the licences of files from outside.

import Foundation
import JSON
import Testing

@Suite struct Origins {
  private static func git(_ arguments: [String], in space: TestSpace) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["git", "-C", space.path, "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
      + arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "git \(arguments)")
  }

  private static func commit(_ space: TestSpace) throws -> String? {
    try JSONValue(parsing: try space.bytes("results/small/lock.json"))["commit"]?.stringValue
  }

  private static func head(_ space: TestSpace) throws -> String {
    try space.read(".git/refs/heads/main").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func exec(_ space: TestSpace) throws {
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
  }

  @Test func aResultNamesTheCommitOfTheSpecThatItWasComputedFrom() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    try experiment.write(to: space)
    // Without a history nothing is said.
    try Self.exec(space)
    #expect(try Self.commit(space) == nil)
    try Self.git(["init", "-q", "-b", "main"], in: space)
    try Self.git(["add", "small.yaml", "numbers.jsonl"], in: space)
    try Self.git(["commit", "-q", "-m", "An expectation"], in: space)
    let first = try Self.head(space)
    try FileManager.default.removeItem(atPath: "\(space.path)/results")
    try Self.exec(space)
    #expect(try Self.commit(space) == first)
    // What is said of the results afterwards changes none of them.
    experiment.comment = "# What came: nothing."
    try experiment.write(to: space)
    try Self.git(["commit", "-q", "-a", "-m", "What came"], in: space)
    try Self.exec(space)
    #expect(try Self.commit(space) == first)
    // A spec that is not as it was committed has no commit; one that is, the last.
    experiment.heldout = 7
    try experiment.write(to: space)
    try Self.exec(space)
    #expect(try Self.commit(space) == nil)
    try Self.git(["commit", "-q", "-a", "-m", "More records"], in: space)
    try FileManager.default.removeItem(atPath: "\(space.path)/results")
    try Self.exec(space)
    #expect(try Self.commit(space) == (try Self.head(space)))
    #expect(try Self.head(space) != first)
  }

  @Test func aResultNamesTheLicencesOfItsFiles() throws {
    let space = try TestSpace()
    let experiment = SmallExperiment()
    try experiment.write(to: space)
    try Self.exec(space)
    #expect(try !space.read("results/small/TABLE.md").contains("Files from outside"))
    try space.write(
      experiment.spec.replacingOccurrences(
        of: "[{path: numbers.jsonl}]", with: "[{path: numbers.jsonl}], licence: CC-BY-4.0"), to: "small.yaml")
    try Self.exec(space)
    #expect(try space.read("results/small/TABLE.md").contains("\nFiles from outside: numbers.jsonl (CC-BY-4.0).\n"))
    let steps = try #require(
      try JSONValue(parsing: try space.bytes("results/small/lock.json"))["steps"]?.arrayValue)
    let fetches = steps.filter { $0["kind"]?.stringValue == "fetch" }
    #expect(fetches.map { $0["licence"]?.stringValue } == ["CC-BY-4.0"])
    #expect(steps.count { $0["licence"] != nil } == 1)
  }
}
