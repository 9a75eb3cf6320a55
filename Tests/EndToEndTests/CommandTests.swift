// Commands beside exec: what they print, and that they leave alone what is not theirs.

import Diagnostics
import Foundation
import Testing

@Suite struct Commands {
  @Test func planRunsNothingAndSaysWhy() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let before = try space.run(["plan", "small.yaml"])
    #expect(before.exitCode == 0, "\(before.errors)")
    #expect(before.output.contains("7 steps: 0 stored or not needed, 7 to run."), "\(before.output)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/.runner-store"))
    _ = try space.exec(SmallExperiment())
    var changed = SmallExperiment()
    changed.temperature = "0.5"
    try changed.write(to: space)
    let after = try space.run(["plan", "small.yaml"])
    #expect(after.output.contains("temperature: 0.0 → 0.5  (small.yaml:16:"), "\(after.output)")
    #expect(after.output.contains("undecided"), "\(after.output)")
  }

  @Test func planSaysWhatCellsShareAndWhereTheyPart() throws {
    let space = try TestSpace()
    var training = SmallTraining()
    training.extra = SmallTraining.grid
    try training.write(to: space)
    let text = try space.run(["plan", "small.yaml"]).output
    let shared = try #require(
      text.firstMatch(of: /small: 10 cells need (\d+) steps and share (\d+)% of them; they part at pairs, objective\./),
      "\(text)")
    // The table is nobody's alone.
    let steps = try #require(text.firstMatch(of: #/(\d+) steps:/#).flatMap { Int($0.output.1) }) - 1
    let (all, percent) = (try #require(Int(shared.output.1)), try #require(Int(shared.output.2)))
    #expect(percent == Int((100 * Double(all - steps) / Double(all)).rounded()) && percent > 30, "\(text)")
    // By itself a cell needs what it shares, too.
    let alone = ["revision", "judge"].flatMap { pairs in
      ["SFT", "DPO", "KTO", "APO-zero", "APO-down"].map { (pairs, $0) }
    }
    let sum = try alone.reduce(0) { sum, arms in
      var cell = SmallTraining()
      cell.reviser = arms.0 == "judge" ? "[{judge: {by: verifier}}]" : "[{minimal-revision: {by: verifier}}]"
      cell.objective = arms.1 == "SFT" ? "{sft: {}}" : "{\(arms.1.lowercased()): {beta: 0.5}}"
      try cell.write(to: space)
      let text = try space.run(["plan", "small.yaml"]).output
      return try sum + #require(text.firstMatch(of: #/(\d+) steps:/#).flatMap { Int($0.output.1) }) - 1
    }
    #expect(sum == all)
  }

  @Test func doctorLooksAndLeavesNothing() throws {
    let space = try TestSpace()
    let fresh = try space.run(["doctor", "--mirror", "."])
    #expect(fresh.exitCode == 0, "\(fresh.output)\(fresh.errors)")
    for name in ["kernels", "memory", "store", "disk", "mirror", "git"] {
      #expect(fresh.output.contains("  \(name)  ") || fresh.output.contains("  \(name) "), "\(fresh.output)")
    }
    #expect(fresh.output.contains(".runner-store is not there yet, and can be made"), "\(fresh.output)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/.runner-store"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: space.path).allSatisfy { !$0.contains("doctor") })
    // A file in the place of the store.
    try space.write("no store", to: "taken")
    let bad = try space.run(["doctor", "--store", "taken", "--json"])
    #expect(bad.exitCode == 74 && bad.output.contains(#""name":"store","state":"missing""#), "\(bad.output)")
    #expect(bad.output.contains("this host cannot run experiments: store"), "\(bad.output)")
  }

  @Test func aWarmRunComputesNothing() throws {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    let again = try space.exec(SmallExperiment())
    #expect(try Events(again.output).ran.isEmpty)
  }

  @Test func smokeWritesNoResults() throws {
    let space = try TestSpace()
    let outcome = try space.exec(SmallExperiment(), ["--smoke"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/results"))
  }

  @Test func stepsThatCannotRunAreRefusedBeforeAnythingRuns() throws {
    var experiment = SmallExperiment()
    experiment.extra = """
      data: numbers/train
      generator: {sample: {samples: 2, temperature: 1, max-new-tokens: 4}}
      reviser: [{judge: {by: verifier}}]
      objective: {dpo: {beta: 0.1}}
      arithmetic: openblas
      hyperparameters: {adapter: {lora: {rank: 4, alpha: 8}}, optimizer: {adamw: {learning-rate: 1.0e-4}}, batch: {examples: 4}, epochs: 1}
      """
    let space = try TestSpace()
    try experiment.write(to: space)
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 65, "\(outcome.errors)")
    #expect(outcome.errors.contains("train dpo with `arithmetic: openblas`"), "\(outcome.errors)")
    #expect(outcome.errors.contains("cannot run it"), "\(outcome.errors)")
    #expect(space.files(below: ".runner-store/steps").isEmpty)
    let plan = try space.run(["plan", "small.yaml"])
    #expect(plan.exitCode == 0, "\(plan.errors)")
    #expect(plan.output.contains("blocked"), "\(plan.output)")
  }

  @Test func previewShowsTurnsAndTokens() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["preview", "small.yaml", "1"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("<|im_start|>user\nWhat comes after "), "\(outcome.output)")
    #expect(outcome.output.contains("tokens, answer: "), "\(outcome.output)")
  }

  @Test func pinWritesTheDigestAndNothingElse() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.comment = "# keep this comment"
    try experiment.write(to: space)
    let outcome = try space.run(["pin", "small.yaml"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let text = try space.read("small.yaml")
    let digest = try #require(text.firstMatch(of: #/sha256: ([0-9a-f]{64}), /#)).output
    #expect(text.replacing(String(digest.0), with: "") == experiment.spec)
    let again = try space.run(["pin", "small.yaml"])
    #expect(again.output.contains("every file has its digest"))
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
  }

  @Test func pinWritesWhereALinkLeadsAndKeepsTheRights() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let manager = FileManager.default
    try manager.setAttributes([.posixPermissions: 0o640], ofItemAtPath: "\(space.path)/small.yaml")
    try manager.createSymbolicLink(atPath: "\(space.path)/link.yaml", withDestinationPath: "small.yaml")
    #expect(try space.run(["pin", "link.yaml"]).exitCode == 0)
    #expect(try manager.destinationOfSymbolicLink(atPath: "\(space.path)/link.yaml") == "small.yaml")
    #expect(try space.read("small.yaml").contains("sha256"))
    let rights = try manager.attributesOfItem(atPath: "\(space.path)/small.yaml")[.posixPermissions] as? Int
    #expect(rights == 0o640)
  }

  @Test func theSchemaIsTheCheckedInOne() throws {
    let space = try TestSpace()
    let outcome = try space.run(["schema", "--into", "schemas"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for name in ["experiment", "table", "published"].map({ "schemas/\($0).schema.json" }) {
      let checkedIn = try String(contentsOfFile: "\(TestSpace.repository)/\(name)", encoding: .utf8)
      #expect(try space.read(name) == checkedIn, "\(name)")
    }
  }

  /// Dots in a spec's path must not lead its results out of their folder.
  @Test func resultsStayInTheirFolder() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    try space.write(try space.read("small.yaml"), to: "experiments/small.yaml")
    try space.write(try space.read("numbers.jsonl"), to: "experiments/numbers.jsonl")
    try space.write("", to: "experiments/deep/keep")
    for path in ["experiments/../small.yaml", "./experiments/deep/../small.yaml"] {
      let outcome = try space.run(["exec", path])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(Set(space.files().filter { $0.hasSuffix("TABLE.md") }) == ["results/small/TABLE.md"])
    for name in ["..yaml", "...yaml"] {
      try space.write(try space.read("small.yaml"), to: name)
      #expect(try space.run(["exec", name]).exitCode == 0)
      #expect(space.files().contains("results/\(name)/TABLE.md"), "\(space.files())")
    }
  }

  @Test func aStoredObjectCanBeLookedAt() throws {
    let space = try TestSpace()
    _ = try space.exec(SmallExperiment())
    let lock = try space.read("results/small/lock.json")
    let records = try #require(lock.firstMatch(of: /"records": "([0-9a-f]{64})"/)).output.1
    let outcome = try space.run(["store", "cat", String(records)])
    #expect(outcome.output.split(separator: "\n").count == 20)
    let key = try #require(lock.firstMatch(of: /"key": "([0-9a-f]{64})"/)).output.1
    let shown = try space.run(["store", "show", String(key)])
    #expect(shown.exitCode == 0, "\(shown.errors)")
    #expect(shown.output.contains("made of     kind = fetch"), "\(shown.output)")
  }

  @Test func openBLASArithmeticIsAnotherClass() throws {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.heldout = 2
    let ordered = try space.exec(experiment)
    #expect(ordered.exitCode == 0, "\(ordered.errors)")
    experiment.extra = "arithmetic: openblas"
    let other = try space.exec(experiment)
    #expect(other.exitCode == 0, "\(other.errors)")
    #expect(try Events(other.output).finished("generate")?.computed == 2)
    #expect(try space.read("results/small/lock.json").contains("\"arithmetic\": \"openblas\""))
  }

  @Test func candidatesAreGeneratedWithoutTraining() throws {
    var experiment = SmallExperiment()
    experiment.extra = """
      data: numbers/train
      generator:
        - recorded: {responses: ["{answer}", "I do not know."]}
        - sample: {samples: 2, temperature: 1, max-new-tokens: 4}
      """
    let space = try TestSpace()
    let outcome = try space.exec(experiment)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let events = try Events(outcome.output)
    #expect(events.ran.contains("recorded numbers/train"))
    #expect(events.finished("generate numbers/train")?.computed == 28)
    let lock = try space.read("results/small/lock.json")
    let found = try #require(
      lock.firstMatch(of: #/"label": "recorded numbers/train",\s+"outputs": {\s+"responses": "([0-9a-f]{64})"/#))
    let responses = try space.run(["store", "cat", String(found.output.1)]).output
    #expect(responses.split(separator: "\n").count == 14)
    #expect(responses.contains("\"text\":\"I do not know.\""))
  }

  @Test func aTerminalSeesALiveLine() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
    process.arguments = ["-qec", "\(TestSpace.program) exec small.yaml", "typescript"]
    process.currentDirectoryURL = URL(fileURLWithPath: space.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let seen = try space.read("typescript")
    #expect(seen.contains("\r\u{1B}[K["), "no line was redrawn")
    #expect(seen.contains("of 6 records"))
  }

  @Test func theBenchMeasuresEveryBatchAndAWarmRun() throws {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    let outcome = try space.run(["bench", "small.yaml", "--rounds", "1", "--into", "figures.md"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let text = try space.read("figures.md")
    #expect(outcome.output == text + "\n")
    for work in ["scoring, sequences of 256", "greedy", "sampled at 0.7"] {
      for workers in [1, 2] {
        for batch in [1, 8, 32] { #expect(text.contains("| \(work) | \(workers) | \(batch) | "), "\(text)") }
      }
    }
    #expect(text.contains("A warm run, `exec` of the spec with everything stored"), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/results"))
  }

  @Test func helpNamesEveryExitCodeInTheWordsOfTheReadme() throws {
    // A help's lines are broken where the terminal ends.
    let help = try TestSpace().run(["--help"]).output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let readme = try String(contentsOfFile: "\(TestSpace.repository)/README.md", encoding: .utf8)
    for code in ExitCode.allCases {
      #expect(help.contains("\(code.rawValue) \(code.meaning)"), "\(code)")
      #expect(readme.contains("| \(code.rawValue) | \(code.meaning) |"), "\(code)")
    }
  }
}
