// `search:` through the built program: the first seed tries all values, the others train what it chose.

import Foundation
import Testing

@Suite struct SearchRuns {
  /// Three rates for two arms and two seeds, chosen by perplexity, which tells even untrained models apart.
  private static func training(_ more: String = "", keep: Bool = false) -> SmallTraining {
    var training = SmallTraining()
    training.split = "{heldout: 3, validation: 3, train: 10}"
    let perplexity = #"{perplexity: {on: numbers/heldout, text: "{question} {answer}"}}"#
    training.evals = ["accuracy: {accuracy: {on: numbers/heldout, max-new-tokens: 4}}", "perplexity: \(perplexity)"]
    if keep {
      training.evals.append("dev: \(perplexity.replacing("heldout", with: "validation"))")
      training.hyperparameters = ["keep: {best: {eval: dev, every: {epochs: 1}}}"]
    }
    training.extra = """
      seeds: {values: [1, 2], vary: [training]}
      ablations:
        objective: {DPO: {objective: {dpo: {beta: 0.5}}}, SFT: {objective: {sft: {}}}}
      search:
        over: {hyperparameters.optimizer.adamw.learning-rate: [1.0e-3, 1.0e-2, 1.0]}
        choose: {lowest: perplexity, on: numbers/validation}
      \(more)
      """
    return training
  }

  /// The rates that a run trained an objective with under a seed.
  private static func rates(_ outcome: RunOutcome, _ objective: String, seed: Int) throws -> [String] {
    try Events(outcome.output).ran.filter { $0.hasPrefix("train \(objective), seed \(seed)") }.map { label in
      label.components(separatedBy: "learning-rate ").last ?? ""
    }
  }

  private static func json(_ space: TestSpace) throws -> [String: Any] {
    let text = try space.read("results/small/table.json")
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// What was chosen for each cell, by the table.
  private static func chosen(_ space: TestSpace) throws -> [String: String] {
    let search = try #require((try json(space)["searches"] as? [[String: Any]])?.first)
    let candidates = try #require(search["candidates"] as? [[String: String]]).compactMap(\.values.first)
    let cells = try #require(search["cells"] as? [[String: Any]])
    return try Dictionary(
      uniqueKeysWithValues: cells.map { cell in
        let numbers = try #require(cell["numbers"] as? [Double])
        let number = try #require(cell["chosen"] as? Int)
        // The lowest won, the earliest of equals.
        #expect(numbers.count == 3 && numbers.firstIndex(of: numbers.min() ?? 0) == number)
        return (try #require(cell["cell"] as? String), candidates[number])
      })
  }

  @Test func laterSeedsTrainWhatTheFirstChose() throws {
    let space = try TestSpace()
    try Self.training().write(to: space)
    let plan = try space.run(["plan", "small.yaml"])
    #expect(plan.exitCode == 0, "\(plan.errors)")
    #expect(
      plan.output.contains("decided after choose by perplexity on numbers/validation, after dpo"), "\(plan.output)")
    #expect(
      plan.output.contains(
        "small: search tries 6 candidates in 2 cells with seed 1; every seed trains the one that is chosen."),
      "\(plan.output)")
    let outcome = try space.run(["exec", "small.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let chosen = try Self.chosen(space)
    for (cell, objective) in [("DPO", "dpo"), ("SFT", "sft")] {
      #expect(try Self.rates(outcome, objective, seed: 1) == ["0.001", "0.01", "1.0"])
      #expect(try Self.rates(outcome, objective, seed: 2) == [try #require(chosen[cell])])
    }
    // Whoever reads the lock alone knows which steps came after the choice.
    let lock = try space.read("results/small/lock.json")
    #expect(lock.components(separatedBy: "\"chosen\": ").count == 3, "\(lock)")
    // The trials are no cells: each has both seeds and no other numbers.
    let cells = try #require(try Self.json(space)["cells"] as? [[String: Any]])
    #expect(cells.count == 6)
    let table = try space.read("results/small/TABLE.md")
    #expect(
      table.contains(
        "Search: learning-rate of 0.001, 0.01, 1.0, by the lowest perplexity on numbers/validation, "
          + "seed 1. Chosen: DPO learning-rate \(chosen["DPO"] ?? "") ("), "\(table)")
    let again = try space.run(["exec", "small.yaml", "--json"])
    #expect(again.exitCode == 0)
    #expect(try Events(again.output).ran.isEmpty)
    #expect(try space.read("results/small/TABLE.md") == table)
    let done = try space.run(["plan", "small.yaml"]).output
    #expect(done.contains("not needed") && done.contains(" 0 to run"), "\(done)")
    try checkSharing(space, chosen)
    try checkCommands(space)
  }

  /// A trace is of what was chosen, on the page and in the file of traces, whatever step gave it on.
  @Test func tracesAreOfWhatWasChosen() throws {
    let space = try TestSpace()
    var training = Self.training()
    training.evals.append("trace: {likelihood-trace: {every: {epochs: 1}}}")
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let lines = try space.read("results/small/traces.csv").split(separator: "\n").map(String.init)
    let header = try #require(lines.first?.split(separator: ",").map(String.init))
    let rows = lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0.components(separatedBy: ","))) }
    for (cell, seed) in [("DPO", "1"), ("DPO", "2"), ("SFT", "1"), ("SFT", "2")] {
      let own = rows.filter { $0["objective"] == cell && $0["seed"] == seed }
      #expect(own.count >= 2, "\(cell) \(seed) in \(lines)")
      // It ends with the number of the table.
      let stated = try Self.value("trace chosen", cell, seed: seed, space)
      #expect(own.last?["chosen"].flatMap { Double($0) }.map { abs($0 - stated) < 1e-9 } == true, "\(own) \(stated)")
    }
    #expect(try space.run(["report", "small.yaml", "-o", "small.html"]).exitCode == 0)
    let text = try ReportPage("small.html", in: space).section("traces")
    #expect(text.contains("DPO") && text.contains("over 2 seeds"), "\(text)")
  }

  /// What a table says of a cell under a seed.
  private static func value(_ eval: String, _ cell: String, seed: String, _ space: TestSpace) throws -> Double {
    let cells = try #require(try json(space)["cells"] as? [[String: Any]])
    let found = cells.first { entry in
      entry["eval"] as? String == eval && (entry["at"] as? [String: String])?["objective"] == cell
    }
    // In the order of the spec, which has 1 and 2.
    let seeds = try #require(found?["seeds"] as? [Double], "\(eval) \(cell) in \(cells)")
    return seeds[try #require(Int(seed)) - 1]
  }

  /// With the chosen values by hand nothing is trained; after it a search in another store ends with the same lock.
  private func checkSharing(_ space: TestSpace, _ chosen: [String: String]) throws {
    let lock = try space.lock()
    var written = Self.training()
    let end = try #require(written.extra.firstRange(of: "ablations:"))
    written.extra = String(written.extra[..<end.lowerBound])
    written.rate = try #require(chosen["DPO"])
    try written.write(to: space, as: "written.yaml")
    let outcome = try space.run(["exec", "written.yaml", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try Events(outcome.output).ran == ["table of written"])
    let fresh = try TestSpace()
    try written.write(to: fresh, as: "written.yaml")
    #expect(try fresh.run(["exec", "written.yaml"]).exitCode == 0)
    let second = try fresh.exec(Self.training())
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(try Self.rates(second, "dpo", seed: 2).isEmpty)
    #expect(try fresh.lock() == lock)
  }

  /// Every command that walks a plan goes by what was chosen.
  private func checkCommands(_ space: TestSpace) throws {
    let trace = try space.run(["trace", "small.yaml", "--cell", "DPO", "--eval", "perplexity", "--seed", "2"])
    #expect(trace.exitCode == 0, "\(trace.errors)")
    #expect(trace.output.contains("select weights after dpo, seed 2"), "\(trace.output)")
    #expect(trace.output.contains("choose by perplexity on numbers/validation"), "\(trace.output)")
    let trainings = trace.output.matches(of: #/train dpo, seed \d, learning-rate [0-9.]+/#).map { String($0.output) }
    #expect(Set(trainings).count == 1, "\(trace.output)")
    let leaks = try space.run(["trace", "small.yaml", "--leaks"]).output
    #expect(leaks.contains(/numbers\/validation +3 +3 +no, chosen on/), "\(leaks)")
    for arguments in [
      ["explain", "select weights after dpo, seed 2", "small.yaml"], ["report", "small.yaml"],
      ["verify", "small.yaml", "select weights after dpo, seed 2"],
      ["diff", "small.yaml", "written.yaml"],
      ["reproduce", "results/small", "--spec", "small.yaml", "--trust-store", "--choose", "9"],
      ["store", "gc", "--keep", "small.yaml", "--grace", "0d"],
    ] {
      let outcome = try space.run(arguments)
      #expect([0, 2].contains(outcome.exitCode), "\(arguments): \(outcome.errors) \(outcome.output)")
    }
    #expect(try Events(try space.run(["exec", "small.yaml", "--json"]).output).ran.isEmpty)
  }

  /// Of many cells only those are named that chose otherwise than most.
  @Test func whatMostCellsChoseIsToldOnce() throws {
    let space = try TestSpace()
    var training = Self.training()
    let arms = (1...6).map { "DPO \($0): {objective: {dpo: {beta: 0.\($0)}}}" }.joined(separator: ", ")
    training.extra = training.extra.replacing("DPO: {objective: {dpo: {beta: 0.5}}}", with: arms)
      .replacing("values: [1, 2]", with: "values: [1]").replacing("1.0e-2, 1.0]", with: "1.0]")
      .replacing("SFT: {objective: {sft: {}}}", with: "SFT: {objective: {sft: {}}, hyperparameters: {epochs: 3}}")
    #expect(try space.exec(training).exitCode == 0)
    let search = try #require((try Self.json(space)["searches"] as? [[String: Any]])?.first)
    let cells = try #require(search["cells"] as? [[String: Any]])
    let rates = try cells.map { ["0.001", "1.0"][try #require($0["chosen"] as? Int)] }
    #expect(rates.count == 7)
    let most = try #require(["0.001", "1.0"].first { rate in 2 * rates.count { $0 == rate } > 7 })
    let others = zip(cells, rates).filter { $0.1 != most }.compactMap { $0.0["cell"] as? String }
    let told = try #require(try space.read("results/small/TABLE.md").firstMatch(of: /Chosen: ([^\n]+)\./)).output.1
    #expect(told.hasSuffix("learning-rate \(most) in \(others.isEmpty ? "every cell" : "all others")"), "\(told)")
    #expect(others.allSatisfy { told.contains("\($0) (") } && told.count { $0 == "(" } == others.count, "\(told)")
  }

  @Test func roundsAndTheBestWeightsFollowTheChoice() throws {
    let space = try TestSpace()
    let training = Self.training("rounds: {count: 2, weights: merge}", keep: true)
    let outcome = try space.exec(training)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let rate = try #require(try Self.chosen(space)["DPO"])
    #expect(try Self.rates(outcome, "dpo", seed: 1).sorted() == ["0.001", "0.001", "0.01", "0.01", "1.0", "1.0"])
    #expect(try Self.rates(outcome, "dpo", seed: 2) == [rate, rate])
    #expect(try Events(try space.exec(training).output).ran.isEmpty)
    #expect(try TestSpace.lock(training) == (try space.lock()))
  }

  @Test func aSavedPlanIsRunAndOneStepAlone() throws {
    let space = try TestSpace()
    try Self.training().write(to: space)
    #expect(try space.run(["plan", "small.yaml", "-o", "small.plan"]).exitCode == 0)
    let choose = "choose by perplexity on numbers/validation, after dpo"
    let until = try space.run(["exec", "small.yaml", "--until", choose, "--json"])
    #expect(until.exitCode == 0, "\(until.errors)")
    #expect(try Self.rates(until, "dpo", seed: 2).isEmpty)
    #expect(try Self.rates(until, "dpo", seed: 1).count == 3)
    let rest = try space.run(["exec", "small.plan", "--json"])
    #expect(rest.exitCode == 0, "\(rest.errors)")
    #expect(try Self.rates(rest, "dpo", seed: 1).isEmpty)
    #expect(try Self.rates(rest, "dpo", seed: 2).count == 1)
    let only = try space.run(["exec", "small.yaml", "--only", "select weights after dpo, seed 2"])
    #expect(only.exitCode == 0, "\(only.errors)")
  }

  @Test func anotherExperimentStartsFromWhatIsChosen() throws {
    let space = try TestSpace()
    var first = Self.training()
    let end = try #require(first.extra.firstRange(of: "ablations:"))
    let search = try #require(first.extra.firstRange(of: "search:"))
    first.extra = String(first.extra[..<end.lowerBound] + first.extra[search.lowerBound...])
    try first.write(to: space, as: "first.yaml")
    var second = SmallTraining()
    second.weights = "{experiment: {spec: first.yaml, seed: 2}}"
    let outcome = try space.exec(second)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try Self.rates(outcome, "dpo", seed: 1).count == 3)
    #expect(try Self.rates(outcome, "dpo", seed: 2).count == 1)
  }
}
