// Several runs in one store: each step is computed by one of them, the others wait and say for whom.

import Digests
import Execution
import JSON
import Planning
import Storage
import Synchronization
import Testing

/// Processes of two machines, of which this one knows only its own.
private struct Machine: ProcessTable {
  let name: String
  var current: ProcessIdentity { ProcessIdentity(host: name, machine: name, number: 1, born: 1) }
  func isAlive(_ process: ProcessIdentity) -> Bool? { process.machine == name ? true : nil }
}

/// What happens while a run waits.
private final class Pauses: Sendable {
  private let held = Mutex(0)
  let meanwhile: @Sendable (Int) async throws -> Void

  init(_ meanwhile: @escaping @Sendable (Int) async throws -> Void) { self.meanwhile = meanwhile }

  var count: Int { held.withLock { $0 } }

  func next() async {
    let number = held.withLock { count in
      count += 1
      return count
    }
    do { try await meanwhile(number) } catch { Issue.record(error) }
  }
}

@Suite struct Sharing {
  private let lines = Lines()

  /// A run with leases of its own.
  private struct Run {
    let workshop: Workshop
    let told = Told()
    let cancellation = Cancellation()
    let leases: LeaseKeeper
    let executor: Executor

    init(_ shop: Shop, _ lines: Lines, _ name: String, on machine: String, pauses: Pauses? = nil) throws {
      let (workshop, told) = (Workshop(files: lines.files), told)
      self.workshop = workshop
      let store = try shop.store()
      leases = LeaseKeeper(run: name, store: store, processes: Machine(name: machine))
      executor = Executor(
        store: store, runner: workshop, cancellation: cancellation, now: { workshop.now },
        provenance: { JSONObject([]) }, leases: leases, pause: { _ in await pauses?.next() },
        observe: { told.add($0) })
    }
  }

  /// The key of a step, from a run elsewhere.
  private func key(_ label: String) async throws -> Digest {
    let outcome = try await Shop().run(lines)
    let step = try #require(outcome.graph.steps.first { $0.label.hasPrefix(label) })
    return try #require(outcome.results[step.id]?.key)
  }

  @Test func whatAnotherRunComputesIsWaitedForAndUsed() async throws {
    let shop = Shop()
    let graph = try lines.graph()
    let first = try Run(shop, lines, "first", on: "m1")
    let taken = try await key("generate a")
    #expect(try first.leases.acquire(taken) == nil)
    let pauses = Pauses { number in
      // The second has done everything else by now; the first does what it holds.
      if number == 2 { _ = try await first.executor.run(graph, named: "first") }
    }
    let second = try Run(shop, lines, "second", on: "m2", pauses: pauses)
    let (summary, results) = try await second.executor.run(graph, named: "second")
    #expect(first.workshop.ran.map { $0.prefix(10) } == ["generate a", "verify a", "table of t"])
    #expect(second.workshop.ran.contains { $0.hasPrefix("generate b") })
    #expect(Set(first.workshop.ran).isDisjoint(with: second.workshop.ran))
    #expect(Set(first.workshop.ran + second.workshop.ran).count == graph.steps.count)
    #expect(summary.failed == 0 && summary.ran + summary.cached == graph.steps.count)
    let plain = try await Shop().run(lines)
    let table = try #require(graph.steps.last)
    #expect(results[table.id]?.result.outputs["table"]?.digest == plain.table)
    let waiting = second.told.events.map(\.json).filter { $0["event"]?.stringValue == "waiting" }
    #expect(waiting.count == 1 && waiting[0]["run"]?.stringValue == "first")
    #expect(waiting[0]["host"]?.stringValue == "m1" && waiting[0]["since"]?.stringValue == "2023-11-14T22:13:20Z")
    #expect(waiting[0]["step"]?.stringValue?.hasPrefix("generate a") == true)
  }

  @Test func aRunThatFallsSilentIsReplacedAfterAMinute() async throws {
    let shop = Shop()
    let first = try Run(shop, lines, "first", on: "m1")
    #expect(try await first.leases.acquire(key("generate a")) == nil)
    let pauses = Pauses { [disk = shop.disk] _ in disk.advance(microseconds: 2_000_000) }
    let second = try Run(shop, lines, "second", on: "m2", pauses: pauses)
    let (summary, _) = try await second.executor.run(try lines.graph(), named: "second")
    #expect(summary.ran == 13 && summary.failed == 0)
    #expect((31...33).contains(pauses.count), "\(pauses.count) pauses of two seconds")
    #expect(second.workshop.records == 10)
  }

  @Test func aRunThatIsAliveIsNotReplaced() async throws {
    let shop = Shop()
    let first = try Run(shop, lines, "first", on: "m1")
    #expect(try await first.leases.acquire(key("generate a")) == nil)
    let cancellation = Mutex<Cancellation?>(nil)
    let pauses = Pauses { [disk = shop.disk] number in
      disk.advance(microseconds: 9_000_000)
      first.leases.beat()
      if number == 100 { cancellation.withLock { $0 }?.cancel() }
    }
    let second = try Run(shop, lines, "second", on: "m2", pauses: pauses)
    cancellation.withLock { $0 = second.cancellation }
    let (summary, _) = try await second.executor.run(try lines.graph(), named: "second")
    #expect(summary.cancelled && pauses.count == 100)
    #expect(!second.workshop.ran.contains { $0.hasPrefix("generate a") })
    #expect(second.told.steps("waiting").count == 1)
  }

  @Test func aPlanSaysWhoComputesAStep() async throws {
    let shop = Shop()
    let store = try shop.store()
    let graph = try lines.graph()
    _ = try await Run(shop, lines, "before", on: "m1").executor.run(graph, named: "before")
    let changed = Lines(temperature: "0.75")
    let step = try #require(try changed.graph().steps.first { $0.label.hasPrefix("generate a") })
    let plan = Plan(graph: try changed.graph(), index: StoreIndex(store))
    let key = try #require(plan.steps.first { $0.step.id == step.id }?.state.openKey)
    let leases = LeaseKeeper(run: "another", store: store)
    #expect(try leases.acquire(key) == nil)
    func computing() throws -> [Computing?] {
      Plan(graph: try changed.graph(), index: StoreIndex(store)).steps.filter { $0.step.id == step.id }
        .map(\.computing)
    }
    #expect(try computing().first??.run == "another")
    // Four more steps read from it or are open; what reads only from the other data certainly runs.
    let open = Plan(graph: try changed.graph(), index: StoreIndex(store)).bounds
    #expect(open.lowerBound < plan.bounds.lowerBound && open.upperBound == plan.bounds.upperBound)
    leases.end()
    #expect(try computing() == [nil])
  }

  /// A lease may outlive its work; whoever waits for it sees the result.
  @Test func aResultThatStandsIsNotWaitedFor() async throws {
    let shop = Shop()
    let graph = try lines.graph()
    let first = try Run(shop, lines, "first", on: "m1")
    let taken = try await key("generate a")
    let other = LeaseKeeper(run: "other", store: try shop.store(), processes: Machine(name: "m1"))
    let pauses = Pauses { _ in
      other.end()
      _ = try await first.executor.run(graph, named: "first")
      #expect(try other.acquire(taken) == nil)
    }
    #expect(try other.acquire(taken) == nil)
    let second = try Run(shop, lines, "second", on: "m2", pauses: pauses)
    let (summary, _) = try await second.executor.run(graph, named: "second")
    #expect(pauses.count == 1 && summary.failed == 0 && !second.workshop.ran.contains { $0.hasPrefix("generate a") })
  }

  @Test func aStepThatFailedElsewhereIsTriedHere() async throws {
    let shop = Shop()
    let graph = try lines.graph()
    let first = try Run(shop, lines, "first", on: "m1")
    let taken = try await key("generate a")
    #expect(try first.leases.acquire(taken) == nil)
    let pauses = Pauses { _ in first.leases.release(taken) }
    let second = try Run(shop, lines, "second", on: "m2", pauses: pauses)
    let (summary, _) = try await second.executor.run(graph, named: "second")
    #expect(summary.ran == 13 && summary.failed == 0 && pauses.count == 1)
  }

  @Test func aResultSaysWhichStepsItWasMadeFrom() async throws {
    let shop = Shop()
    let outcome = try await shop.run(lines)
    let table = try #require(outcome.graph.steps.last)
    let key = try #require(outcome.results[table.id]?.key)
    let sources = try shop.store().result(for: key)?.provenance["sources"]?.objectValue
    let made = table.inputs.map { outcome.results[$0.source.step]?.key.hex }
    #expect(sources?.members.map(\.value.stringValue) == made)
  }
}
