// The same question again: an answer that was noted is given while nothing that it rests on has changed, and never else.

import Digests
import Foundation
import Storage
import Testing

@Suite struct AskedAgain {
  private static let plan = ["plan", "child.yaml"]
  private static let exec = ["exec", "child.yaml"]
  /// What stands in the memos of these tests, so that an answer from one is told from a plan.
  private static let mark = "from the memo\n"

  /// A folder whose experiment has run, with memos on a plan and on a run that say so.
  private static func prepared() throws -> TestSpace {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write("extends: small.yaml\ndescription: A child.\n", to: "child.yaml")
    #expect(try space.run(exec).exitCode == 0)
    // Files that changed a moment ago may change again without another time.
    age(space)
    // The first run reads the results, the second finds them in the catalog.
    for _ in 0..<2 { #expect(try space.run(exec).exitCode == 0) }
    #expect(try space.run(plan).exitCode == 0)
    try markMemos(of: space, count: 2)
    return space
  }

  private static func age(_ space: TestSpace) {
    let root = "\(space.path)/"
    for name in space.files() + ["results/child"] {
      try? FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: root + name)
    }
  }

  private static func markMemos(of space: TestSpace, count: Int) throws {
    let folder = ".runner-store/index/memos"
    let names = space.files(below: folder)
    #expect(names.count == count)
    for name in names {
      var memo = try #require(Memo(bytes: try space.bytes("\(folder)/\(name)")))
      memo.answer = mark
      try FileManager.default.removeItem(atPath: "\(space.path)/\(folder)/\(name)")
      try space.write(memo.bytes, to: "\(folder)/\(name)")
    }
  }

  private static func isFromMemo(_ arguments: [String], in space: TestSpace) throws -> Bool {
    let outcome = try space.run(arguments)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return outcome.output == mark
  }

  @Test func whatStandsIsGivenAgain() throws {
    let space = try Self.prepared()
    for _ in 0..<2 {
      #expect(try Self.isFromMemo(Self.plan, in: space))
      let run = try space.run(Self.exec)
      #expect(run.output == Self.mark && run.errors.hasPrefix("0 steps ran, 7 were stored or not needed"), "\(run)")
    }
    // The journal says of such a run what it says of any: the texts that were read, and every step with its key.
    let journals = space.files(below: ".runner-store/runs").sorted()
    #expect(journals.count == 5)
    let (before, last) = (try Self.told(journals[2], in: space), try Self.told(journals[4], in: space))
    #expect(before == last && last.contains("\"generate numbers/heldout, greedy\"") && last.contains("extends: small"))
    #expect(try space.run(["store", "verify"]).exitCode == 0)
  }

  /// Machines get an event for each step, too.
  @Test func whatStandsIsGivenAgainToMachines() throws {
    let space = try Self.prepared()
    func run() throws -> [String] {
      let outcome = try space.run(Self.exec + ["--json"])
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      return outcome.output.replacing(#/"run":"[^"]*"/#, with: "").replacing(#/"seconds":[0-9.e-]+/#, with: "")
        .split(separator: "\n").map(String.init)
    }
    let planned = try run()
    #expect(planned.count == 10 && planned.last?.contains("\"event\":\"table\"") == true, "\(planned)")
    #expect(space.files(below: ".runner-store/index/memos").count == 3)
    #expect(try run() == planned)
  }

  /// A journal without what differs between runs: checks, times, seconds, process and name.
  private static func told(_ journal: String, in space: TestSpace) throws -> String {
    try space.read(".runner-store/runs/\(journal)")
      .replacing(#/"(check|run)":"[^"]*"/#, with: "").replacing(#/"(time|pid|seconds)":[0-9.e-]+/#, with: "")
  }

  @Test func anotherQuestionIsPlanned() throws {
    let space = try Self.prepared()
    for more in [["--set", "evals.accuracy.accuracy.temperature=0.5"], ["--json"], ["--store", "other"]] {
      #expect(try !Self.isFromMemo(Self.plan + more, in: space), "\(more)")
    }
    #expect(try !Self.isFromMemo(["plan", "small.yaml"], in: space))
    #expect(try !Self.isFromMemo(Self.exec + ["--results", "elsewhere"], in: space))
    #expect(try Self.isFromMemo(Self.plan, in: space))
  }

  /// What may change outside of the store, with what the plan or the run must then say.
  private static let changes: [(name: String, make: @Sendable (TestSpace) throws -> Void, ofRuns: Bool)] = [
    ("the spec", { try $0.write("extends: small.yaml\ndescription: Another child.\n", to: "child.yaml") }, false),
    ("what it extends", { try SmallExperiment(comment: "# new").write(to: $0) }, false),
    ("its data", { try SmallExperiment(records: SmallExperiment.questions(21)).write(to: $0) }, false),
    ("a table that was written over", { try $0.write("mine", to: "results/child/TABLE.md") }, true),
    ("a table of the same size", { try rewrite("results/child/table.json", in: $0) }, true),
    ("a table that is gone", { try remove("results/child/table.csv", in: $0) }, true),
    ("a result", { try remove(named: ".step", below: "steps", in: $0) }, false),
    ("an object", { try remove(named: ".zst", below: "objects", in: $0) }, false),
    ("the memos", { space in try memos(of: space) { try flip($0, in: space) } }, false),
    ("half of the memos", { space in try memos(of: space) { try halve($0, in: space) } }, false),
  ]

  private static func remove(_ name: String, in space: TestSpace) throws {
    try FileManager.default.removeItem(atPath: "\(space.path)/\(name)")
  }

  private static func remove(named suffix: String, below folder: String, in space: TestSpace) throws {
    let name = try #require(space.files(below: ".runner-store/\(folder)").last { $0.hasSuffix(suffix) })
    try remove(".runner-store/\(folder)/\(name)", in: space)
  }

  private static func rewrite(_ name: String, in space: TestSpace) throws {
    try space.write(Array(repeating: UInt8(ascii: " "), count: space.bytes(name).count), to: name)
  }

  private static func memos(of space: TestSpace, _ body: (String) throws -> Void) throws {
    for name in space.files(below: ".runner-store/index/memos") { try body(".runner-store/index/memos/\(name)") }
  }

  private static func flip(_ name: String, in space: TestSpace) throws {
    var bytes = try space.bytes(name)
    bytes[bytes.count / 2] ^= 1
    try space.write(bytes, to: name)
  }

  private static func halve(_ name: String, in space: TestSpace) throws {
    let bytes = try space.bytes(name)
    try space.write(Array(bytes[..<(bytes.count / 2)]), to: name)
  }

  @Test(arguments: changes.indices) func whateverChangesIsSeen(index: Int) throws {
    let change = Self.changes[index]
    let space = try Self.prepared()
    try change.make(space)
    if !change.ofRuns {
      let plan = try space.run(Self.plan)
      #expect(plan.exitCode == 0 && plan.output != Self.mark, "\(change.name): \(plan)")
    }
    let run = try space.run(Self.exec)
    #expect(run.exitCode == 0 && run.output != Self.mark, "\(change.name): \(run)")
    // What comes of it is what a store comes to that never noted anything.
    let afresh = try space.run(Self.exec + ["--store", "fresh", "--results", "afresh"])
    #expect(afresh.exitCode == 0)
    for file in space.files(below: "afresh/child") {
      let same = try space.bytes("afresh/child/\(file)") == space.bytes("results/child/\(file)")
      #expect(same, "\(change.name): \(file)")
    }
  }

  /// Plans over stores that cannot be written, and by another user, give the same.
  @Test func aStoreThatCannotBeWrittenIsPlannedOver() throws {
    let space = try Self.prepared()
    let noted = try space.run(Self.plan)
    try Self.memos(of: space) { try Self.remove($0, in: space) }
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o555], ofItemAtPath: "\(space.path)/.runner-store/index/memos")
    let planned = try space.run(Self.plan)
    #expect(planned.exitCode == 0 && planned.errors == noted.errors && planned.output.contains("7 steps"), "\(planned)")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: "\(space.path)/.runner-store/index/memos")
  }
}
