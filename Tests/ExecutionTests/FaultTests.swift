// What is damaged in the store under a run, and a disk that fills: made again, told, nothing lost.

import Diagnostics
import Digests
import Execution
import Planning
import Storage
import Testing

@Suite struct Damages {
  private func output(_ outcome: Shop.Outcome, _ label: String, _ name: String) throws -> Digest {
    let step = try #require(outcome.graph.steps.first { $0.label == label })
    return try #require(outcome.results[step.id]?.result.outputs[name]?.digest)
  }

  @Test func aDamagedInputIsMadeAgainOnce() async throws {
    let shop = Shop()
    let first = try await shop.run(Lines())
    #expect(shop.damage(try output(first, generateA, "responses")))
    let outcome = try await shop.run(Lines(verifier: "contains"))
    #expect(outcome.told.steps("damaged") == [generateA])
    #expect(outcome.workshop.ran.count { $0 == generateA } == 1)
    // Its records were kept one by one.
    #expect(outcome.workshop.records == 0)
    #expect(outcome.summary.failed == 0)
    #expect(outcome.table == (try await Shop().run(Lines(verifier: "contains"))).table)
  }

  @Test func damageIsFollowedToItsSource() async throws {
    let shop = Shop()
    let first = try await shop.run(Lines())
    // The split's only part has the bytes of the ingested records: one object, damaged once.
    for (label, name) in [("render a", "prompts"), ("split a", "all"), ("fetch a.jsonl", "file")] {
      #expect(shop.damage(try output(first, label, name)))
    }
    let outcome = try await shop.run(Lines(temperature: "0.75"))
    #expect(outcome.told.steps("damaged") == ["render a", "split a", "ingest a", "fetch a.jsonl"])
    #expect(outcome.summary.failed == 0)
    // What was stored and is made again counts once.
    #expect(outcome.summary.ran + outcome.summary.cached == outcome.graph.steps.count)
    #expect(outcome.table == (try await Shop().run(Lines(temperature: "0.75"))).table)
    #expect(outcome.table != nil)
  }

  @Test func aDiskThatKeepsDamagingIsTold() async throws {
    let shop = Shop()
    let outcome = try await shop.run(Lines()) { task in
      if task.step.label == generateA, let prompts = task.contents["prompts"] { _ = shop.damage(prompts) }
    }
    #expect(outcome.told.steps("failed") == [generateA])
    #expect(outcome.workshop.ran.count { $0 == generateA } < 5)
    for event in outcome.told.events {
      guard case .failed(_, let diagnoses) = event else { continue }
      #expect(diagnoses.map(\.message) == ["the input `prompts` was made again and still is not what its name says"])
    }
    #expect(outcome.told.steps("finished").contains("verify b"))
  }

  @Test func whatIsNotReadIsNotMadeAgain() async throws {
    let shop = Shop()
    let first = try await shop.run(Lines())
    #expect(shop.damage(try output(first, "fetch a.jsonl", "file")))
    #expect(try await shop.run(Lines()).workshop.ran == [])
  }
}

@Suite struct FullDisks {
  @Test func aFullDiskStopsTheRunAndLosesNothing() async throws {
    let whole = Shop()
    let table = try await whole.run(Lines()).table
    let used = whole.disk.files().reduce(0) { $0 + $1.bytes.count }
    var failures = 0
    for room in stride(from: 200, to: used, by: 331) {
      let shop = Shop()
      shop.disk.capacity = room
      do {
        _ = try await shop.run(Lines())
      } catch let error as StorageError {
        guard case .full = error else {
          Issue.record("\(error) with room for \(room)")
          continue
        }
        failures += 1
      }
      shop.disk.capacity = .max
      let outcome = try await shop.run(Lines())
      #expect(outcome.table == table, "with room for \(room) at first")
      #expect(outcome.summary.failed == 0)
    }
    #expect(failures > 5)
  }
}
