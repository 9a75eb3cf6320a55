// What is one of several candidates runs only if it is chosen.

import Digests
import Execution
import Planning
import Storage
import Testing

@Suite struct Searches {
  /// A world with a search over three rates under two seeds.
  private func world(line: String = "1", _ change: (inout World) -> Void = { _ in }) -> World {
    var dice = Dice(1)
    var world = World(&dice)
    world.datasets = [World.Dataset(lines: ["1", "2", line])]
    world.evals = [World.Eval(dataset: 0, temperature: "0.5", samples: 1)]
    world.training = World.Training(&dice)
    world.training?.rates = [1, 2, 3]
    world.training?.seeds = 2
    world.training?.isAlsoWritten = false
    change(&world)
    return world
  }

  private func run(_ world: World, in shop: Shop, broken: Set<String> = []) async throws -> Shop.Outcome {
    try await shop.run(world.graph(), world.files, broken: broken)
  }

  /// The rates that were trained under a seed.
  private func trained(_ outcome: Shop.Outcome, seed: Int) -> [String] {
    let label = "train sft, seed \(seed), learning-rate "
    return outcome.workshop.ran.filter { $0.hasPrefix(label) }.map { String($0.dropFirst(label.count)) }.sorted()
  }

  private static let rates = ["1e-06", "2e-06", "3e-06"]

  private func chosen(_ outcome: Shop.Outcome) throws -> Int {
    let choices = Set(outcome.results.choices.values)
    #expect(choices.count == 1)
    return try #require(choices.first)
  }

  @Test func theOtherSeedsTrainWhatTheFirstChose() async throws {
    let shop = Shop()
    let outcome = try await run(world(), in: shop)
    #expect(outcome.summary.failed == 0)
    let all = trained(outcome, seed: 1)
    #expect(all.count == 3)
    #expect(trained(outcome, seed: 2) == [all[try chosen(outcome)]])
    let again = try await run(world(), in: shop)
    #expect(again.workshop.ran.isEmpty && again.plan.bounds == 0...0)
    #expect(again.results.choices == outcome.results.choices)
  }

  /// Data are changed until another rate wins: its training runs, and no third one's.
  @Test func anotherChoiceTrainsTheOther() async throws {
    let shop = Shop()
    let first = try await run(world(), in: shop)
    for number in 3..<40 {
      let outcome = try await run(world(line: "\(number)"), in: shop)
      #expect(trained(outcome, seed: 2).count == 1)
      guard try chosen(outcome) != chosen(first) else { continue }
      // Back at the first data everything is stored, whatever else is.
      let back = try await run(world(), in: shop)
      #expect(back.workshop.ran.isEmpty)
      #expect(try chosen(back) == chosen(first) && back.table == first.table)
      return
    }
    Issue.record("no data made another candidate win")
  }

  @Test func aHandwrittenTrainingAndTheChosenOneAreOne() async throws {
    let searched = Shop()
    let rate = try chosen(try await run(world(), in: searched))
    let written = world { $0.training?.rates = [rate + 1] }
    // The one candidate trains what was trained before; only choosing is new.
    let outcome = try await run(written, in: searched)
    #expect(outcome.workshop.ran.allSatisfy { !$0.hasPrefix("train") && !$0.hasPrefix("generate") })
  }

  @Test func whenACandidateFailsNothingIsChosen() async throws {
    let label = "train sft, seed 1, learning-rate \(Self.rates[1])"
    let outcome = try await run(world(), in: Shop(), broken: [label])
    #expect(outcome.summary.failed == 1 && outcome.results.choices.isEmpty)
    #expect(trained(outcome, seed: 2).isEmpty)
    #expect(outcome.told.steps("blocked").contains("select weights after sft, seed 2"))
  }

  @Test func aDamagedChoiceIsMadeAgain() async throws {
    let shop = Shop()
    let first = try await run(world(), in: shop)
    let choose = try #require(first.graph.steps.first { $0.kind == .choose })
    let object = try #require(first.results[choose.id]?.result.outputs["choice"]?.digest)
    #expect(shop.damage(object))
    let again = try await run(world(), in: shop)
    #expect(again.summary.failed == 0 && again.table == first.table)
    #expect(again.workshop.ran == [choose.label])
  }

  /// The weights of the chosen training are gone: they are trained again, and nothing else is.
  @Test func lostWeightsOfTheChosenAreTrainedAgain() async throws {
    let shop = Shop()
    let first = try await run(world(), in: shop)
    let label = try #require(first.workshop.ran.first { $0.hasPrefix("train sft, seed 2") })
    let train = try #require(first.graph.steps.first { $0.label == label })
    let object = try #require(first.results[train.id]?.result.outputs["weights"]?.digest)
    let path = try #require(shop.disk.files().first { $0.path.filter { $0 != "/" }.contains(object.hex.dropFirst(2)) })
    try shop.disk.remove(path.path)
    let again = try await run(world(), in: shop)
    #expect(again.workshop.ran == [label] && again.table == first.table)
  }
}
