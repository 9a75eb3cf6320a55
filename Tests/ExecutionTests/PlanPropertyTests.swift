// The plan is never wrong: random experiments change at random, files of the store go bad, runs are stopped, fail and work
// side by side; what ran is what the plan said, and what came out is what an empty store gives.

import Digests
import Execution
import JSON
import Planning
import Storage
import Testing

@Suite struct PlanProperty {
  private static let cases = 400

  @Test func whatRanIsWhatThePlanSaidAndComesOutAsFromAnEmptyStore() async throws {
    var counts = HistoryCounts()
    for seed in 0..<Self.cases {
      var history = History(seed: seed)
      for round in 0..<5 { try await history.advance(round, &counts) }
    }
    print(counts.text)
    // Each thing that is looked for did happen.
    #expect(counts.rounds == 5 * Self.cases && counts.isRich, "\(counts.text)")
  }
}

/// What the histories went through.
struct HistoryCounts {
  var rounds = 0
  var stepsPlanned = 0
  var stepsRun = 0
  var spared = 0
  var damages = 0
  var repairs = 0
  var stopped = 0
  var failed = 0
  var together = 0
  var outputs = 0
  /// Steps that came to the key of another step of the same run.
  var twins = 0
  /// Candidates, and steps before them, that were not chosen.
  var notChosen = 0

  var isRich: Bool {
    [stepsRun, spared, damages, repairs, stopped, failed, together, outputs, notChosen].allSatisfy { $0 > 100 }
  }

  var text: String {
    "\(rounds) rounds: \(stepsPlanned) steps planned, \(stepsRun) run, \(spared) undecided and then spared; \(damages) files "
      + "damaged, \(repairs) steps run because of that; \(stopped) runs stopped, \(failed) with a failing step, \(together) "
      + "beside others; \(twins) steps were another's equal; \(notChosen) not chosen; \(outputs) outputs compared with an empty store's"
  }
}

/// A store and what is done to it.
private struct History {
  private let seed: Int
  private var dice: Dice
  private let shop = Shop()
  private var worlds: [World]
  private var fresh: [World: [StepID: [String: Digest]]] = [:]
  /// Whether some file was damaged; what lies hidden may be found in any later round.
  private var isDamaged = false

  init(seed: Int) {
    self.seed = seed
    dice = Dice(seed)
    worlds = [World(&dice)]
  }

  /// Something changes, something may be damaged, and one or several runs follow.
  mutating func advance(_ round: Int, _ counts: inout HistoryCounts) async throws {
    counts.rounds += 1
    var world = dice.pick(worlds)
    if round > 0 { for _ in 0...dice.below(2) { world.change(&dice) } }
    worlds.append(world)
    while round > 0, dice.percent(50) {
      guard try shop.disk.damage(&dice) else { break }
      isDamaged = true
      counts.damages += 1
    }
    let others = dice.percent(35) ? [dice.pick(worlds)] + (dice.percent(40) ? [dice.pick(worlds)] : []) : []
    if !others.isEmpty { counts.together += 1 + others.count }
    let all = [world] + others
    let note = "seed \(seed), round \(round)"
    var runs: [PropertyRun] = []
    for (number, world) in all.enumerated() {
      runs.append(try PropertyRun(world, shop, name: "run\(round)-\(number)", isAlone: others.isEmpty, &dice))
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for run in runs { group.addTask { try await run.start() } }
      try await group.waitForAll()
    }
    for run in runs {
      let expected = try await expected(run.world)
      run.check(expected, sharedWith: runs, isDamaged: isDamaged, note, &counts)
    }
    if !isDamaged {
      let keys = runs.flatMap { $0.finished.map(\.key) }
      #expect(Set(keys).count == keys.count, "computed twice; \(note)")
      let records = runs.flatMap(\.computedRecords)
      #expect(Set(records).count == records.count, "records computed twice; \(note)")
    }
  }

  /// The outputs of every step as an empty store gives them.
  private mutating func expected(_ world: World) async throws -> [StepID: [String: Digest]] {
    if let known = fresh[world] { return known }
    var dice = Dice(0)
    let run = try PropertyRun(world, Shop(), name: "fresh", isAlone: true, isPlain: true, &dice)
    try await run.start()
    fresh[world] = run.outputs
    return run.outputs
  }
}
