// Graphs of steps on a store: what runs, what does not, and what a run leaves when something goes wrong.

import Diagnostics
import Digests
import Dispatch
import Execution
import JSON
import Planning
import Storage
import Synchronization
import Testing

let generateA = "generate a, T 0.5, seed 1, 2 samples"
let generateB = "generate b, T 0.5, seed 1, 2 samples"

@Suite struct PlanAndRun {
  /// Two files that differ in their last byte alone: what follows from them is computed once, and counted once.
  @Test func whatComesToOneKeyIsPlannedAndComputedOnce() async throws {
    let shop = Shop()
    var lines = Lines(a: ["1", "2"], endOfA: "\n", b: ["1", "2"])
    let first = try await shop.run(lines)
    #expect(first.plan.bounds.contains(first.workshop.ran.count), "\(first.plan.bounds) \(first.workshop.ran)")
    lines.temperature = "0.25"
    let second = try await shop.run(lines)
    let generates = second.plan.steps.filter { $0.step.kind == .generate }
    #expect(generates.map(\.twin) == [nil, generates[0].step.id] && generates.allSatisfy(\.state.certainlyRuns))
    #expect(second.plan.bounds == 1...4 && second.workshop.ran.count == 3, "\(second.workshop.ran)")
  }

  /// The size of an object's file is in the result: one that was cut off is seen before anything runs.
  @Test(arguments: [StepKind.fetch, .render, .generate])
  func aPlanSeesThatAnObjectWasCutOff(kind: StepKind) async throws {
    let shop = Shop()
    let first = try await shop.run(Lines())
    shop.disk.advance(microseconds: 10_000_000)
    // Once by the step's own file, then by the catalog.
    for _ in 0..<2 {
      let step = try #require(first.graph.steps.first { $0.kind == kind })
      let outputs = try #require(first.results[step.id]?.result.outputs)
      let name = outputs.keys.sorted()[outputs.count - 1]
      let hex = try #require(outputs[name]?.digest.hex)
      let file = try #require(shop.disk.files().first { $0.path.hasSuffix("\(hex.prefix(2))/\(hex.dropFirst(2)).zst") })
      #expect(shop.disk.overwrite(file.path, Array(file.bytes.dropLast())))
      let graph = try Lines().graph()
      let look = try Store(at: "store", mode: .readOnly, fileSystem: shop.disk)
      let states = Plan(graph: graph, index: StoreIndex(look)).steps
      #expect(look.damages.map(\.path) == [String(file.path.dropFirst("/store/".count))])
      let state = try #require(states.first { $0.step.id == step.id }?.state)
      // A file from outside that nothing has to read is not fetched again.
      #expect(kind == .fetch ? state == .notNeeded : state.certainlyRuns, "\(state)")
      let again = try await shop.run(Lines())
      #expect(again.workshop.ran == (kind == .fetch ? [] : [step.label]))
      if kind == .fetch { #expect(shop.disk.overwrite(file.path, file.bytes) == false) }
      shop.disk.advance(microseconds: 10_000_000)
      _ = try await shop.run(Lines())
      if kind == .fetch { return }
    }
  }

  /// What the plan says certainly runs did; what it says is there did not; the rest is between.
  private func check(_ outcome: Shop.Outcome) {
    let ran = outcome.workshop.ran
    let certain = outcome.labels { $0.certainlyRuns }
    let open = outcome.labels { if case .undecided = $0 { true } else { false } }
    #expect(Set(certain).isSubset(of: ran))
    #expect(Set(ran).isSubset(of: certain + open))
    #expect(outcome.plan.bounds.contains(ran.count))
    #expect(Set(ran).count == ran.count)
    #expect(outcome.summary.ran == ran.count)
    #expect(outcome.told.steps("running") == ran)
    #expect(outcome.told.steps("finished").sorted() == ran.sorted())
  }

  @Test func everythingRunsOnceAndThenNothing() async throws {
    let shop = Shop()
    let first = try await shop.run(Lines())
    check(first)
    #expect(first.workshop.ran.count == 13)
    #expect(first.workshop.ran.count == first.graph.steps.count)
    #expect(first.workshop.records == 10)
    let second = try await shop.run(Lines(comment: "another comment"))
    check(second)
    #expect(second.workshop.ran == [])
    #expect(second.plan.bounds == 0...0)
    #expect(second.summary.cached == 13)
    #expect(second.table == first.table)
    #expect(first.table != nil)
  }

  @Test func aTemperatureRunsWhatDependsOnIt() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    let outcome = try await shop.run(Lines(temperature: "0.75"))
    check(outcome)
    #expect(
      outcome.workshop.ran.map { $0.prefix(10) } == ["generate a", "verify a", "generate b", "verify b", "table of t"])
    #expect(outcome.workshop.records == 10)
  }

  @Test func aVerifierSparesTheModel() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    let outcome = try await shop.run(Lines(verifier: "contains"))
    check(outcome)
    #expect(outcome.workshop.ran == ["verify a", "verify b", "table of test"])
  }

  @Test func moreSamplesComputeOnlyTheNew() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    let outcome = try await shop.run(Lines(samples: 3))
    check(outcome)
    let partly = outcome.plan.steps.compactMap { step -> [Int]? in
      if case .partlyCached(_, let held, let total, _) = step.state { [held, total] } else { nil }
    }
    #expect(partly == [[6, 9], [4, 6]])
    #expect(outcome.workshop.records == 5)
    #expect(outcome.table == (try await Shop().run(Lines(samples: 3))).table)
  }

  @Test func oneChangedRecordIsComputedAlone() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    let changed = Lines(a: ["1", "two", "3"])
    let outcome = try await shop.run(changed)
    check(outcome)
    #expect(outcome.workshop.records == 2)
    #expect(
      outcome.workshop.ran.contains { $0.hasSuffix(" b") || $0.contains(" b,") || $0.contains("b.jsonl") } == false)
    #expect(outcome.table == (try await Shop().run(changed)).table)
  }

  @Test func theSameBytesStopWhatComesAfter() async throws {
    let shop = Shop()
    let first = try await shop.run(Lines())
    let outcome = try await shop.run(Lines(endOfA: "\n\n"))
    check(outcome)
    #expect(outcome.workshop.ran == ["fetch a.jsonl", "ingest a"])
    #expect(
      outcome.labels { if case .undecided = $0 { true } else { false } } == [
        "split a", "render a", generateA, "verify a", "table of test",
      ])
    #expect(outcome.summary.cached == 11)
    #expect(outcome.table == first.table)
  }

  @Test func equalRecordsAreOneResult() async throws {
    let shop = Shop()
    let lines = Lines(a: ["1", "1", "2"])
    _ = try await shop.run(lines)
    var more = lines
    more.samples = 3
    let outcome = try await shop.run(more)
    check(outcome)
    #expect(outcome.table == (try await Shop().run(more)).table)
  }
}

@Suite struct SharedRecords {
  @Test func aRecordThatTwoDataSetsHaveIsComputedOnce() async throws {
    let outcome = try await Shop().run(Lines(a: ["1", "2", "3"], b: ["3", "4"], samples: 1))
    #expect(outcome.workshop.records == 4)
  }
}

@Suite struct Failures {
  @Test func aFailureBlocksWhatReadsFromItAndNothingElse() async throws {
    let shop = Shop()
    let outcome = try await shop.run(Lines(), broken: [generateA])
    #expect(outcome.told.steps("failed") == [generateA])
    #expect(outcome.told.steps("blocked") == ["verify a", "table of test"])
    #expect(outcome.told.steps("finished").contains("verify b"))
    #expect(outcome.summary.failed == 1)
    #expect(outcome.summary.blocked == 2)
    #expect(outcome.table == nil)
    for event in outcome.told.events {
      if case .blocked(_, let because) = event { #expect(because.label == generateA) }
      if case .failed(_, let diagnoses) = event { #expect(diagnoses.map(\.message) == ["\(generateA) is broken"]) }
    }
    // What was done stays done.
    let repaired = try await shop.run(Lines())
    #expect(repaired.workshop.ran == [generateA, "verify a", "table of test"])
  }

  @Test func withoutKeepingGoingNothingIsStartedAfterAFailure() async throws {
    let shop = Shop()
    let outcome = try await shop.run(Lines(), broken: [generateA], limits: RunLimits())
    let started = ["fetch a.jsonl", "ingest a", "split a", "render a", generateA]
    #expect(outcome.workshop.ran == started)
    #expect(outcome.told.steps("blocked") == ["verify a", "table of test"])
    // Those of the other data set, its file left out, which nothing reads yet.
    #expect((outcome.summary.failed, outcome.summary.blocked, outcome.summary.notStarted) == (1, 2, 5))
    let repaired = try await shop.run(Lines(), limits: RunLimits())
    #expect(repaired.workshop.ran.count == outcome.graph.steps.count - started.count + 1)
    #expect(repaired.workshop.ran.first == generateA)
    #expect(repaired.table == (try await Shop().run(Lines())).table)
  }

  @Test func whatRunsFinishesWhenAnotherFails() async throws {
    let shop = Shop()
    let (rendezvous, failure) = (Rendezvous(2), DispatchSemaphore(value: 0))
    let outcome = try await shop.run(
      Lines(), broken: [generateA], limits: RunLimits(jobs: 2),
      before: { task in
        // The other is at work when the first fails; it is stored nevertheless.
        if task.step.kind == .generate { rendezvous.meet() }
        if task.step.label == generateB { failure.wait() }
      },
      heard: { if case .failed = $0 { failure.signal() } })
    #expect(outcome.told.steps("finished").contains(generateB))
    #expect(outcome.told.steps("blocked") == ["verify a", "table of test"])
    #expect(outcome.summary.notStarted == 1 && !outcome.workshop.ran.contains("verify b"))
  }

  @Test func aFileThatCannotBeHadIsAskedForOnce() async throws {
    let outcome = try await Shop().run(Lines(), broken: ["fetch a.jsonl"])
    #expect(outcome.workshop.ran.count { $0 == "fetch a.jsonl" } == 1)
    #expect(outcome.told.steps("failed") == ["fetch a.jsonl"])
    #expect(
      outcome.told.steps("blocked") == ["ingest a", "split a", "render a", generateA, "verify a", "table of test"])
    #expect(outcome.told.steps("finished").contains("verify b"))
  }

  @Test func whatCameBeforeAFailureIsKept() async throws {
    let shop = Shop()
    let outcome = try await shop.run(Lines(), broken: ["verify a", "verify b"])
    #expect(outcome.summary.failed == 2)
    #expect(try await shop.run(Lines()).workshop.records == 0)
  }
}

@Suite struct Jobs {
  @Test(arguments: [2, 3, 8])
  func stepsThatDoNotReadFromEachOtherRunAtOnce(jobs: Int) async throws {
    let rendezvous = Rendezvous(2)
    let outcome = try await Shop().run(Lines(), limits: RunLimits(jobs: jobs)) { task in
      // Neither goes on before both have begun.
      if task.step.kind == .generate { rendezvous.meet() }
    }
    #expect(outcome.summary.ran == outcome.graph.steps.count && outcome.summary.failed == 0)
    #expect(Set(outcome.workshop.ran).count == outcome.workshop.ran.count)
    #expect(outcome.table == (try await Shop().run(Lines())).table)
  }

  /// Both data sets ask twice the same: the second step waits for the first, and finds those records.
  @Test(arguments: [1, 4])
  func stepsWithRecordsInCommonComputeThemOnce(jobs: Int) async throws {
    let lines = Lines(a: ["1", "2", "3"], b: ["2", "3", "4"])
    let outcome = try await Shop().run(lines, limits: RunLimits(jobs: jobs))
    #expect(outcome.summary.failed == 0 && outcome.workshop.records == 8, "\(outcome.workshop.records)")
    #expect(Set(outcome.workshop.computed).count == outcome.workshop.computed.count)
  }

  @Test func aStepStartsAfterWhatItReads() async throws {
    for _ in 0..<20 {
      let outcome = try await Shop().run(Lines(), limits: RunLimits(jobs: 4))
      var done: Set<String> = []
      for event in outcome.told.events {
        if case .finished(let step, _, _, _, _) = event { done.insert(step.label) }
        guard case .running(let step, _) = event else { continue }
        let read = step.inputs.map { outcome.graph.step($0.source.step) }.filter { $0.work.foretold == nil }
        #expect(done.isSuperset(of: read.map(\.label)), "\(step.label)")
      }
    }
  }

  @Test func whatHasNoRoomWaits() async throws {
    let limits = RunLimits(jobs: 4, memory: 150) { step, _ in step.kind == .generate ? 100 : nil }
    let outcome = try await Shop().run(Lines(), limits: limits)
    #expect(outcome.summary.ran == outcome.graph.steps.count)
    let running = outcome.told.events.compactMap { event -> Int? in
      if case .running(let step, _) = event, step.kind == .generate { return 1 }
      if case .finished(let step, _, _, _, _) = event, step.kind == .generate { return -1 }
      return nil
    }
    #expect(running == [1, -1, 1, -1])
  }

  @Test func whatCanNeverFitFailsBeforeItStarts() async throws {
    let limits = RunLimits(memory: 50, keepsGoing: true) { step, _ in step.label == generateA ? 100_000_000 : nil }
    let outcome = try await Shop().run(Lines(), limits: limits)
    #expect(!outcome.workshop.ran.contains(generateA) && outcome.workshop.ran.contains("verify b"))
    #expect(outcome.told.steps("failed") == [generateA])
    let told = outcome.told.events.compactMap { if case .failed(_, let why) = $0 { why.first } else { nil } }
    #expect(told.map(\.message) == ["\(generateA): its forecast memory is 100 MB, and --memory allows 1 MB"])
  }
}

/// A place where so many threads wait for each other.
final class Rendezvous: Sendable {
  private let count: Int
  private let arrived = DispatchSemaphore(value: 0)
  private let here = Mutex(0)

  init(_ count: Int) { self.count = count }

  func meet() {
    if here.withLock({ here in
      here += 1
      return here == count
    }) {
      for _ in 0..<count { arrived.signal() }
    }
    arrived.wait()
  }
}

@Suite struct Stopping {
  @Test(arguments: 1...9)
  func finishedRecordsAreKept(count: Int) async throws {
    let shop = Shop()
    let stopped = try await shop.run(Lines(), stopAfter: count)
    #expect(stopped.summary.cancelled)
    #expect(stopped.summary.failed == 0)
    #expect(stopped.workshop.records == count)
    let rest = try await shop.run(Lines())
    #expect(!rest.summary.cancelled)
    #expect(rest.workshop.records == 10 - count)
    #expect(rest.table == (try await Shop().run(Lines())).table)
    #expect(rest.table != nil)
  }

  @Test func theNextPlanKnowsWhatWasKept() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines(), stopAfter: 4)
    let plan = Plan(graph: try Lines().graph(), index: StoreIndex(try shop.store()))
    let step = try #require(plan.steps.first { $0.step.label == generateA })
    guard case .partlyCached(_, 4, 6, _) = step.state else {
      Issue.record("\(step.state)")
      return
    }
  }
}

@Suite struct Segments {
  private func many(_ count: Int) -> Lines { Lines(a: (1...count).map(String.init), b: ["x"], samples: 1) }

  @Test func aSegmentHasSoManyRecordsAtMost() async throws {
    let shop = Shop()
    _ = try await shop.run(many(600))
    // 256, 256 and 88 of the first data set; one of the second, whose recipe is the same. As many of verdicts.
    #expect(shop.segments.count == 8)
    #expect(try await shop.run(many(600)).workshop.records == 0)
  }

  @Test func timeWritesThemToo() async throws {
    let shop = Shop()
    let outcome = try await shop.run(many(7), secondsPerRecord: 2)
    // After three records six seconds are at risk: 3, 3 and 1; then the second data set's. Verdicts take no time: one each.
    #expect(shop.segments.count == 6)
    let done = outcome.told.events.compactMap { event -> Int? in
      if case .progress(let step, let progress) = event, step.label.hasPrefix("generate a") {
        progress.done
      } else {
        nil
      }
    }
    #expect(done == Array(0...7))
  }

  @Test func slowRecordsAreWrittenOneByOne() async throws {
    let shop = Shop()
    _ = try await shop.run(many(4), secondsPerRecord: 5)
    // Five responses; the verdicts of each data set.
    #expect(shop.segments.count == 7)
  }
}

@Suite struct Journals {
  @Test func aRunIsWrittenDown() async throws {
    let shop = Shop()
    let outcome = try await shop.run(Lines())
    let (timed, damaged) = try shop.store().journal(run: "run").events()
    #expect(damaged == 0)
    let events = timed.map { event in
      #expect(event["time"]?.integerValue != nil)
      var told = event.objectValue ?? JSONObject()
      told["time"] = nil
      return JSONValue.object(told)
    }
    #expect(events.first?["event"]?.stringValue == "run-started")
    #expect(events.last?["event"]?.stringValue == "run-ended")
    #expect(events.last?["ran"]?.integerValue == 13)
    #expect(events == outcome.told.events.map(\.json).filter { $0["event"]?.stringValue != "progress" })
    // What was stored stands in one line, in order.
    let again = try await shop.run(Lines(), named: "again")
    let lines = try shop.store().journal(run: "again").events().events
    #expect(lines.compactMap { $0["event"]?.stringValue } == ["run-started", "cached", "run-ended"])
    #expect(lines[1]["steps"]?.arrayValue?.compactMap(\.stringValue) == again.told.steps("cached"))
    let keys = again.told.events.map(\.json).compactMap { $0["key"]?.stringValue }
    #expect(lines[1]["keys"]?.arrayValue?.compactMap(\.stringValue) == keys && keys.count == 13)
  }
}
