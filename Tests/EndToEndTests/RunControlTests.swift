// How a run is held: signals, a closed terminal, failures, jobs, memory, parts of a plan, no network.

import Foundation
import Testing

@Suite struct Signals {
  /// Some hundred optimizer steps.
  private static let long: SmallTraining = {
    var training = SmallTraining()
    (training.rate, training.epochs) = ("1.0e-3", "200")
    return training
  }()

  private static let arguments = ["exec", "small.yaml", "--json", "--workers", "1"]
  private static let amid = "\"unit\":\"steps\""

  /// The next run goes on from the checkpoint, to the bytes of a run that nobody stopped.
  private func goesOn(_ space: TestSpace) throws {
    let rest = try space.run(Self.arguments)
    #expect(rest.exitCode == 0, "\(rest.errors)")
    let train = try #require(try Events(rest.output).finished("train dpo"))
    #expect(train.reused > 0 && train.computed + train.reused == 600, "\(train)")
    #expect(try space.lock() == TestSpace.lock(Self.long))
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalStopsAndTheNextRunGoesOn(signal: Int32) throws {
    let space = try TestSpace()
    try Self.long.write(to: space)
    let run = try PipedRun(space, Self.arguments)
    try #require(run.wait(for: Self.amid), "\(run.output)")
    run.send(signal)
    #expect(run.finish() == 1)
    #expect(run.output.contains("stopped as you asked") && run.output.contains("\"cancelled\":true"), "\(run.output)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/results"))
    try goesOn(space)
  }

  @Test func aClosedTerminalStopsAndTheNextRunGoesOn() throws {
    let space = try TestSpace()
    try Self.long.write(to: space)
    // Standard error is the terminal's; the events come through a pipe, which outlives the terminal.
    let run = try PipedRun(
      space, Self.arguments, shell: "exec 3>&1; exec script -qec \"$0 $* >&3\" typescript > /dev/null 2>&1")
    try #require(run.wait(for: Self.amid), "\(run.output)")
    run.send(SIGKILL)
    _ = run.finish()
    #expect(run.output.contains("stopped as you asked") && run.output.contains("\"cancelled\":true"), "\(run.output)")
    try goesOn(space)
  }

  @Test func whoeverWantsTheRunToOutliveTheTerminalIsHeard() throws {
    let space = try TestSpace()
    try Self.long.write(to: space)
    let run = try PipedRun(space, Self.arguments, shell: "trap '' HUP; exec \"$0\" \"$@\"")
    try #require(run.wait(for: Self.amid), "\(run.output)")
    run.send(SIGHUP)
    #expect(run.finish() == 0)
    #expect(run.output.contains("\"cancelled\":false"))
  }
}

@Suite struct FailingSteps {
  /// Two data sets, of which the first has a line that is no JSON.
  private func space() throws -> TestSpace {
    let space = try TestSpace()
    var experiment = SmallExperiment()
    experiment.extra = "  others: {accuracy: {on: others, max-new-tokens: 4}}"
    let second = """
        others:
          source: {jsonl: {from: [{path: others.jsonl}]}}
          prompt: "{question}"
          answer: {from: "{answer}", verifier: number}
      evals:
      """
    let spec = experiment.spec.replacing("evals:", with: second, maxReplacements: 1)
    try space.write(spec, to: "small.yaml")
    try space.write("{\"question\": \n", to: "numbers.jsonl")
    try space.write(SmallExperiment().data, to: "others.jsonl")
    return space
  }

  @Test func whatDependsOnItIsBlockedAndNothingElseIsStarted() throws {
    let space = try space()
    let outcome = try space.run(["exec", "small.yaml"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("verify numbers/heldout: blocked, ingest numbers failed"), "\(outcome.errors)")
    #expect(outcome.errors.contains("table of small: blocked, ingest numbers failed"))
    #expect(outcome.errors.contains("1 failed, 5 blocked, 5 not started"), "\(outcome.errors)")
    #expect(outcome.errors.contains("With --keep-going, whatever does not read from what failed runs first."))
    #expect(!outcome.errors.contains("generate others"))
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/results"))
  }

  @Test func withKeepGoingTheRestFinishesAndTheNextExecTriesAgain() throws {
    let space = try space()
    let outcome = try space.run(["exec", "small.yaml", "--keep-going", "--json"])
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    let steps = try Events(outcome.output).steps
    #expect(steps.filter { $0.event == "failed" }.map(\.step) == ["ingest numbers"])
    #expect(steps.filter { $0.event == "blocked" }.map(\.step).last == "table of small")
    #expect(steps.contains { $0.event == "finished" && $0.step == "verify others" })
    let again = try space.run(["exec", "small.yaml", "--json"])
    #expect(again.exitCode == 1, "\(again.output)")
    #expect(try Events(again.output).steps.contains { $0.event == "failed" && $0.step == "ingest numbers" })
    try space.write(SmallExperiment().data, to: "numbers.jsonl")
    let mended = try space.run(["exec", "small.yaml", "--json"])
    #expect(mended.exitCode == 0, "\(mended.output)")
    #expect(try !Events(mended.output).ran.contains { $0.contains("others") })
    #expect(FileManager.default.fileExists(atPath: "\(space.path)/results/small/table.json"))
  }

  @Test func aStepThatFailsByItselfIsExitCodeOne() throws {
    let space = try TestSpace()
    try SmallTraining().write(to: space)
    let outcome = try space.run(["exec", "small.yaml", "--memory", "1KB", "--keep-going"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    // It is refused as it is about to start; what needs no model has run.
    #expect(outcome.errors.contains("--memory allows 1 MB"), "\(outcome.errors)")
    #expect(outcome.errors.contains("judge numbers/train: done"), "\(outcome.errors)")
  }
}

@Suite struct JobsAndMemory {
  private static let grid: SmallTraining = {
    var training = SmallTraining()
    training.extra = SmallTraining.grid
    return training
  }()

  private func results(_ space: TestSpace) throws -> String {
    try space.read("results/small/table.json") + space.read("results/small/lock.json")
  }

  /// The keys that were computed.
  private func keys(_ outcome: RunOutcome) -> [String] {
    outcome.output.matches(of: /"event":"finished","key":"([0-9a-f]{64})"/).map { String($0.output.1) }.sorted()
  }

  @Test func anyNumberOfJobsGivesTheSameBytes() throws {
    let plain = try TestSpace()
    let alone = try plain.exec(Self.grid)
    let ran = keys(alone)
    #expect(alone.exitCode == 0 && Set(ran).count == ran.count && !ran.isEmpty, "\(alone.output)")
    for jobs in [2, 5] {
      let space = try TestSpace()
      let outcome = try space.exec(Self.grid, ["--jobs", "\(jobs)", "--workers", "2"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(try results(space) == results(plain))
      let events = try Events(outcome.output)
      // Where two steps come to one key, either may compute it; by their labels there could be a difference.
      #expect(keys(outcome) == ran)
      var (now, most) = (0, 0)
      for step in events.steps {
        if step.event == "running" { now += 1 }
        if step.event == "finished" { now -= 1 }
        most = max(most, now)
      }
      #expect((2...jobs).contains(most), "\(most)")
    }
  }

  @Test func aStepThatCanNeverFitIsRefusedBeforeAnythingRuns() throws {
    let space = try TestSpace()
    let outcome = try space.exec(Self.grid, ["--memory", "1MB"])
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    #expect(
      outcome.output.contains(
        "generate numbers/heldout, greedy: its forecast memory is 55 MB, and --memory allows 1 MB"),
      "\(outcome.output)")
    #expect(outcome.output.contains("Allow more with --memory"))
    #expect(space.files(below: ".runner-store/steps").isEmpty)
  }

  /// How much a training takes follows from its examples: nobody can say before they are there.
  @Test func aTrainingThatCannotFitIsRefusedOnceItsExamplesAreKnown() throws {
    let space = try TestSpace()
    #expect(try space.exec(Self.grid).exitCode == 0)
    var other = Self.grid
    other.rate = "2.0e-3"
    let outcome = try space.exec(other, ["--memory", "1MB"])
    #expect(outcome.exitCode == 1, "\(outcome.output)")
    #expect(
      outcome.output.firstMatch(of: /train dpo: its forecast memory is [0-9]+ MB, and --memory allows 1 MB/) != nil,
      "\(outcome.output)")
  }

  @Test func whatDoesNotFitBesideTheOthersWaits() throws {
    let space = try TestSpace()
    try Self.grid.write(to: space)
    let plan = try space.run(["plan", "small.yaml"])
    let most = try #require(
      plan.output.firstMatch(of: /Memory: up to about ([0-9.]+) MB/).flatMap { Double($0.output.1) })
    // Room for one of the largest, which are those that generate, and not for two.
    let outcome = try space.exec(Self.grid, ["--jobs", "4", "--memory", "\(Int(most * 1.2))MB"])
    #expect(outcome.exitCode == 0, "\(outcome.output)")
    var generating = 0
    for step in try Events(outcome.output).steps where step.step.hasPrefix("generate ") {
      if step.event == "running" { generating += 1 }
      if step.event == "finished" { generating -= 1 }
      #expect(generating <= 1)
    }
  }

  @Test func whatIsNoSizeIsRefused() throws {
    for size in ["4", "GB", "-1GB", "x"] {
      #expect(try TestSpace().run(["exec", "small.yaml", "--memory=\(size)"]).exitCode == 64, "\(size)")
    }
    #expect(try TestSpace().run(["exec", "small.yaml", "--jobs", "0"]).exitCode == 64)
  }
}

@Suite struct PartsOfPlans {
  private static let generate = "generate numbers/heldout, greedy"

  private func space() throws -> TestSpace {
    let space = try TestSpace()
    try SmallExperiment().write(to: space)
    return space
  }

  @Test func untilRunsAStepAndWhatComesBefore() throws {
    let space = try space()
    let outcome = try space.run(["exec", "small.yaml", "--json", "--until", "render numbers/heldout"])
    #expect(outcome.exitCode == 0, "\(outcome.output)")
    #expect(
      try Events(outcome.output).ran == [
        "fetch numbers.jsonl", "ingest numbers", "split numbers", "render numbers/heldout",
      ])
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/results"))
    let rest = try space.run(["exec", "small.yaml", "--json"])
    #expect(try Events(rest.output).ran == [Self.generate, "verify numbers/heldout", "table of small"])
  }

  @Test func onlyRunsAStepAlone() throws {
    let space = try space()
    let early = try space.run(["exec", "small.yaml", "--only", Self.generate])
    #expect(early.exitCode == 64, "\(early.errors)")
    #expect(early.errors.contains("--only: 4 steps would have to run before, and may not"), "\(early.errors)")
    #expect(early.errors.contains("render numbers/heldout") && early.errors.contains("Use --until"), "\(early.errors)")
    #expect(space.files(below: ".runner-store/steps").isEmpty)
    #expect(try space.run(["exec", "small.yaml", "--until", "render numbers/heldout"]).exitCode == 0)
    // By the beginning of its key, as `explain` tells it.
    let explained = try space.run(["explain", Self.generate, "small.yaml"]).output
    let key = try #require(explained.firstMatch(of: /key +([0-9a-f]{64})/)).output.1
    let outcome = try space.run(["exec", "small.yaml", "--json", "--only", String(key.prefix(10))])
    #expect(try outcome.exitCode == 0 && Events(outcome.output).ran == [Self.generate], "\(outcome.output)")
    #expect(!FileManager.default.fileExists(atPath: "\(space.path)/results"))
  }

  @Test func aFileIsFetchedAloneWhoeverNeedsIt() throws {
    let space = try space()
    for _ in 0..<2 {
      let outcome = try space.run(["exec", "small.yaml", "--json", "--only", "fetch numbers.jsonl"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(space.files(below: ".runner-store/steps").count == 1)
    }
    #expect(try space.run(["exec", "small.yaml"]).exitCode == 0)
    // Nothing reads it any more, and it is fetched because it was asked for.
    let elsewhere = ["--store", "elsewhere"]
    let outcome = try space.run(["exec", "small.yaml", "--json", "--until", "fetch numbers.jsonl"] + elsewhere)
    #expect(try Events(outcome.output).ran == ["fetch numbers.jsonl"], "\(outcome.output)")
  }

  @Test func namesAreThoseOfThePlan() throws {
    let space = try space()
    let outcome = try space.run(["exec", "small.yaml", "--until", "render numbers/heldou"])
    #expect(outcome.exitCode == 64)
    #expect(outcome.errors.contains("Did you mean `render numbers/heldout`?"), "\(outcome.errors)")
    let both = try space.run(["exec", "small.yaml", "--until", Self.generate, "--only", Self.generate])
    #expect(both.exitCode == 64 && both.errors.contains("cannot be given together"), "\(both.errors)")
  }
}

@Suite struct Offline {
  private func space() throws -> TestSpace {
    let space = try TestSpace()
    let data = SmallExperiment().data
    try space.write(data, to: "mirror/whatever.jsonl")
    let digest = try #require(
      space.run(["pin", try pinnable(space)]).exitCode == 0
        ? try space.read("local.yaml").firstMatch(of: /sha256: ([0-9a-f]{64})/) : nil
    ).output.1
    try space.write(
      SmallExperiment().spec.replacing(
        "{from: [{path: numbers.jsonl}]}",
        with: "{sha256: \(digest), from: [{https: \"https://example.invalid/numbers.jsonl\"}]}"),
      to: "small.yaml")
    return space
  }

  /// A spec that names the same bytes by a path.
  private func pinnable(_ space: TestSpace) throws -> String {
    try space.write(SmallExperiment().spec, to: "local.yaml")
    try space.write(SmallExperiment().data, to: "numbers.jsonl")
    return "local.yaml"
  }

  @Test func aStepThatNeedsTheNetworkFailsAndSaysSo() throws {
    let space = try space()
    let outcome = try space.run(["exec", "small.yaml", "--offline"])
    #expect(outcome.exitCode == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("numbers.jsonl: not asked, because the network is forbidden here"))
    #expect(outcome.errors.contains("Allow the network, or name a mirror folder with --mirror."), "\(outcome.errors)")
    #expect(outcome.errors.contains("ingest numbers: blocked, fetch "), "\(outcome.errors)")
  }

  @Test func whatIsInAMirrorOrStoredIsUsed() throws {
    let space = try space()
    let outcome = try space.run(["exec", "small.yaml", "--offline", "--mirror", "mirror"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try space.run(["exec", "small.yaml", "--offline"]).exitCode == 0)
  }
}
