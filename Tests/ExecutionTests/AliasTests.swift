// A kind whose implementation was revised: results stay usable under earlier forms of its manifests as far as an alias
// says that the bytes are the same.

import Digests
import Execution
import Planning
import Storage
import Testing

@Suite struct Aliases {
  private static let verifies = ["verify a", "verify b"]

  private func raised(_ kind: StepKind, _ aliases: [ManifestAlias]) -> Lines {
    var lines = Lines()
    lines.revisions = Revisions([kind: Revision(version: 2, aliases: aliases)])
    return lines
  }

  @Test func withoutAnAliasAllOfTheKindRunsAndSparesWhatReadsFromIt() async throws {
    let shop = Shop()
    let before = try await shop.run(Lines())
    let after = try await shop.run(raised(.verify, []))
    #expect(after.workshop.ran == Self.verifies)
    #expect(after.plan.bounds == 2...3 && after.table == before.table)
  }

  @Test func withAnAliasNothingRunsAndResultsKeepTheirKeys() async throws {
    let shop = Shop()
    let before = try await shop.run(Lines())
    let after = try await shop.run(raised(.verify, [ManifestAlias(version: 1)]))
    #expect(after.workshop.ran.isEmpty && after.plan.bounds == 0...0)
    #expect(after.table == before.table)
    for label in Self.verifies {
      let (then, now) = try (step(label, of: before), step(label, of: after))
      #expect(before.results[then.id]?.key == after.results[now.id]?.key)
    }
    // A new result stands under the key of today.
    let fresh = try await Shop().run(raised(.verify, [ManifestAlias(version: 1)]))
    let step = try step("verify a", of: fresh)
    #expect(try fresh.results[step.id]?.key != before.results[self.step("verify a", of: before).id]?.key)
  }

  @Test func anAliasHoldsForTheManifestsThatItNames() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    let words = ManifestAlias(version: 1) { $0["options/verifier"] == .text("exact") }
    #expect(try await shop.run(raised(.verify, [words])).workshop.ran == Self.verifies)
    let number = ManifestAlias(version: 1) { $0["options/verifier"] == .text("number") }
    #expect(try await Shop.afterLines().run(raised(.verify, [number])).workshop.ran.isEmpty)
  }

  @Test func anAliasOfAnotherVersionIsNone() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    #expect(try await shop.run(raised(.verify, [ManifestAlias(version: 0)])).workshop.ran == Self.verifies)
  }

  @Test func singleRecordsAreFoundUnderTheEarlierRecipe() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    var more = raised(.generate, [ManifestAlias(version: 1)])
    more.samples = 3
    let after = try await shop.run(more)
    let partly = after.plan.steps.compactMap { step -> [Int]? in
      if case .partlyCached(_, let held, let total, _) = step.state { [held, total] } else { nil }
    }
    #expect(partly == [[6, 9], [4, 6]] && after.workshop.records == 5)
    let alone = try await Shop().run(more)
    #expect(after.table == alone.table)
    var unlike = more
    unlike.revisions = Revisions([.generate: Revision(version: 3, aliases: [ManifestAlias(version: 1) { _ in false }])])
    #expect(try await shop.run(unlike).workshop.records == 15)
  }

  @Test func aReasonLeavesOutARevisionThatChangesNothing() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    var warmer = raised(.generate, [ManifestAlias(version: 1)])
    warmer.temperature = "0.6"
    let plan = try Plan(graph: warmer.graph(), index: StoreIndex(shop.store()))
    let generate = try #require(plan.steps.first { $0.step.kind == .generate })
    guard case .willRun(_, _, .changed(let changes)) = generate.state else {
      Issue.record("\(generate.state)")
      return
    }
    #expect(changes.map(\.words) == ["temperature"])
  }

  @Test func whatAnAliasMaySpareIsUndecided() async throws {
    let shop = Shop()
    _ = try await shop.run(Lines())
    var warmer = raised(.verify, [ManifestAlias(version: 1)])
    warmer.temperature = "0.6"
    let outcome = try await shop.run(warmer)
    #expect(outcome.labels { if case .undecided = $0 { true } else { false } } == Self.verifies + ["table of test"])
  }

  /// Results that an earlier version wrote, in which the temperature was called otherwise.
  @Test func aRenamedOptionIsAnAlias() async throws {
    let shop = Shop()
    let before = try await shop.run(Lines())
    let store = try shop.store()
    for planned in before.graph.steps where planned.kind == .generate {
      let key = try #require(before.results[planned.id]?.key)
      let result = try #require(try store.result(for: key))
      let leaves = result.manifest.leaves.map {
        ($0.name == "options/temperature" ? "options/heat" : $0.name, $0.value)
      }
      let then = Manifest(sorting: leaves)
      try store.publish(StepResult(kind: "generate", outputs: result.outputs, manifest: then), for: then.key)
      try shop.disk.remove("store/steps/\(key.hex.prefix(2))/\(key.hex.dropFirst(2)).step")
    }
    for segment in shop.segments { try shop.disk.remove(segment) }
    let renamed = ManifestAlias(version: 1, renamed: [(now: "temperature", then: "heat")])
    let after = try await shop.run(raised(.generate, [renamed]))
    #expect(after.workshop.ran.isEmpty && after.table == before.table)
    #expect(try await shop.run(raised(.generate, [ManifestAlias(version: 1)])).workshop.records == 10)
  }

  @Test func whatIsDamagedUnderAnAliasIsMadeAgainUnderTheKeyOfToday() async throws {
    let shop = Shop()
    let before = try await shop.run(Lines())
    let verify = try step("verify a", of: before)
    let outcomes = try #require(before.results[verify.id]?.result.outputs["outcomes"]?.digest)
    #expect(shop.damage(outcomes))
    // Another table reads it.
    var revised = raised(.verify, [ManifestAlias(version: 1)])
    revised.revisions = Revisions([
      .verify: Revision(version: 2, aliases: [ManifestAlias(version: 1)]), .aggregate: Revision(version: 2),
    ])
    let after = try await shop.run(revised)
    #expect(after.workshop.ran == ["table of test", "verify a", "table of test"])
    #expect(after.table == before.table && after.summary.failed == 0)
  }

  private func step(_ label: String, of outcome: Shop.Outcome) throws -> Step {
    try #require(outcome.graph.steps.first { $0.label == label })
  }
}

extension Shop {
  /// A store in which the plain lines have been run.
  fileprivate static func afterLines() async throws -> Shop {
    let shop = Shop()
    _ = try await shop.run(Lines())
    return shop
  }
}
