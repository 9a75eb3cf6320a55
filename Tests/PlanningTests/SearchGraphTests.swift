// What `search:` becomes: every candidate for the first seed, a choice, and for every seed the candidate that is chosen.

import Diagnostics
import Digests
import Planning
import Specification
import Testing

@Suite struct SearchGraphs {
  private static let rates = "search: {over: {hyperparameters.optimizer.adamw.learning-rate: [1.0e-4, 1.0e-3]}, "
  private static let choice = "choose: {highest: accuracy, on: counting/validation}}"

  /// A training whose learning rate is searched, on data with a part for it.
  private static func spec(
    hyperparameters: String = "examples: 32", rate: String = "1.0e-3",
    evals: String = "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}",
    search: String = rates + choice, extra: String = ""
  ) -> String {
    Specs.training(hyperparameters: hyperparameters, rate: rate, evals: evals, extra: search + "\n" + extra)
      .replacing("{heldout: 30,", with: "{heldout: 30, validation: 10,")
  }

  private func step(_ label: String, in graph: StepGraph) throws -> Step {
    try #require(graph.steps.first { $0.label == label }, "\(graph.steps.map(\.label))")
  }

  @Test func theFirstSeedChoosesForAll() throws {
    let (graph, planned) = try Specs.graph(Self.spec())
    let choose = try step("choose by accuracy on counting/validation, after dpo", in: graph)
    #expect(choose.inputs.map(\.name) == ["outcomes/0", "outcomes/1"])
    #expect(
      choose.inputs.map { graph.step($0.source.step).label } == [
        "verify counting/validation, after dpo, seed 1, learning-rate 0.0001",
        "verify counting/validation, after dpo, seed 1, learning-rate 0.001",
      ])
    for seed in [1, 2] {
      let select = try step("select weights after dpo, seed \(seed)", in: graph)
      #expect(select.inputs.map(\.name) == ["candidates/0", "candidates/1", "choice"])
      #expect(
        select.inputs.prefix(2).map { graph.step($0.source.step).label } == [
          "train dpo, seed \(seed), learning-rate 0.0001", "train dpo, seed \(seed), learning-rate 0.001",
        ])
      #expect(select.inputs.last?.source == OutputReference(choose.id, "choice"))
      let measured = try step("generate counting/heldout, greedy, after dpo, seed \(seed)", in: graph)
      #expect(measured.inputs.contains { $0.name == "adapter/0" && $0.source.step == select.id })
    }
    let search = try #require(planned.searches.first)
    #expect(search.choice == choose.id && search.candidates.count == 2 && search.seed == 1)
  }

  /// What a candidate trains is the very step of a spec that has its values.
  @Test func candidatesAreTheStepsOfAHandwrittenSpec() throws {
    let (graph, _) = try Specs.graph(Self.spec())
    for (rate, text) in [("1.0e-4", "0.0001"), ("1.0e-3", "0.001")] {
      let written = try Specs.graph(Self.spec(rate: rate, search: "")).graph
      for seed in [1, 2] {
        #expect(
          try step("train dpo, seed \(seed), learning-rate \(text)", in: graph).id
            == step("train dpo, seed \(seed)", in: written).id)
      }
    }
  }

  @Test func anOptionLeadsToTheValueThatIsTried() throws {
    let train = try step("train dpo, seed 2, learning-rate 0.0001", in: Specs.graph(Self.spec()).graph)
    #expect(train.places["optimizer/learning-rate"]?.sourceLine?.contains("[1.0e-4, 1.0e-3]") == true)
  }

  @Test func roundsAndTracesFollowTheChoice() throws {
    let evals =
      "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}\n  trace: {likelihood-trace: {every: {epochs: 1}}}"
    let (graph, planned) = try Specs.graph(
      Self.spec(evals: evals, extra: "rounds: {count: 2, weights: merge, evaluate: each}"))
    // The last round of each candidate is measured.
    let choose = try step("choose by accuracy on counting/validation, after dpo", in: graph)
    #expect(choose.inputs.allSatisfy { graph.step($0.source.step).label.contains("round 2") })
    let last = try step("generate counting/heldout, greedy, after dpo, seed 2, round 2", in: graph)
    let adapters = last.inputs.filter { $0.name.hasPrefix("adapter/") }.map { graph.step($0.source.step).label }
    #expect(adapters == ["select weights after dpo, seed 2, round 1", "select weights after dpo, seed 2, round 2"])
    // A candidate's second round lies over its own first one.
    let second = try step("train dpo, seed 2, round 2, learning-rate 0.001", in: graph)
    let below = try #require(second.inputs.first { $0.name == "adapter/0" })
    #expect(graph.step(below.source.step).label == "train dpo, seed 2, round 1, learning-rate 0.001")
    let trace = try step("select trace chosen, after dpo, seed 2, round 2", in: graph)
    #expect(trace.work.options["output"] == .text("outcomes"))
    #expect(planned.measurements.contains { $0.eval == "trace rejected" })
  }

  @Test func theBestCheckpointsOfCandidatesAreCompared() throws {
    let evals =
      "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}\n  dev: {accuracy: {on: counting/validation, max-new-tokens: 16}}"
    let (graph, _) = try Specs.graph(
      Self.spec(hyperparameters: "keep: {best: {eval: dev, every: {epochs: 1}}}", evals: evals))
    let select = try step("select weights after dpo, seed 2", in: graph)
    #expect(
      select.inputs.prefix(2).map { graph.step($0.source.step).label } == [
        "choose the best by dev, after dpo, seed 2, learning-rate 0.0001",
        "choose the best by dev, after dpo, seed 2, learning-rate 0.001",
      ])
  }

  @Test func anotherExperimentTakesWhatIsChosen() throws {
    let next = Specs.training(seeds: "{values: [2], vary: [training]}").replacing(
      "weights: {gguf: {sha256: \(Specs.digest), from: [{path: model.gguf}]}}",
      with: "weights: {experiment: {spec: first.yaml}}")
    let (graph, planned) = try Specs.graph(["test.yaml": next, "first.yaml": Self.spec()])
    let train = try #require(graph.steps.last { $0.kind == .train && !$0.label.contains("learning-rate") })
    let start = try #require(train.inputs.first { $0.name == "adapter/0" })
    #expect(graph.step(start.source.step).label == "select weights after dpo, seed 2")
    #expect(graph.steps.contains { $0.label == "train dpo, seed 1, learning-rate 0.001" })
    #expect(planned.searches.isEmpty)
  }

  /// The search, what is refused and where.
  @Test(arguments: [
    ("choose: {highest: accuracy, on: counting/heldout}}", "plan.search-held-out", "on: counting/heldout"),
    ("choose: {highest: accuracy, on: counting}}", "plan.search-held-out", "on: counting"),
    ("choose: {highest: accuracy, on: other}}", "plan.search-elsewhere", "on: other"),
    ("choose: {highest: overlap, on: counting/validation}}", "plan.not-one-number", "highest: overlap"),
  ])
  func whatCannotChooseIsRefused(choose: String, code: String, line: String) throws {
    let evals = "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}\n  overlap: {pair-statistics: {}}"
    let other =
      "  other: {source: {task: {arithmetic: {records: 9}}}, prompt: {same-as: counting}}\ndata: counting/train"
    let spec = Self.spec(evals: evals, search: Self.rates + choose).replacing("data: counting/train", with: other)
    let told = #expect(throws: PlanningError.self) { try Specs.graph(spec) }
    #expect(told?.diagnoses.map(\.code) == [code])
    #expect(told?.diagnoses[0].place?.sourceLine?.contains(line) == true)
  }

  @Test func theRefusalOfHeldOutRecordsInFull() throws {
    let spec = Self.spec(search: Self.rates + "choose: {highest: accuracy, on: counting/heldout}}")
    let told = try #require(#expect(throws: PlanningError.self) { try Specs.graph(spec) }).diagnoses[0]
    #expect(told.message == "`search` would choose values on `counting/heldout`, which holds held-out records")
    #expect(told.remedy == "Choose on a part named `validation`.")
  }

  /// Options of DPO laid over another objective would make it DPO.
  @Test(arguments: ["objective.kto.beta: [0.1]", "hyperparameters.adapter: [full]"])
  func valuesThatChangeWhatIsTrainedAreRefused(over: String) throws {
    let spec = Self.spec(search: "search: {over: {\(over)}, \(Self.choice)")
    let told = #expect(throws: PlanningError.self) { try Specs.graph(spec) }
    #expect(told?.diagnoses.map(\.code) == ["plan.search-changes-kind"])
  }
}

@Suite struct SearchStates {
  private static let spec = Specs.training(
    extra: """
      search:
        over: {hyperparameters.optimizer.adamw.learning-rate: [1.0e-4, 1.0e-3, 1.0e-2]}
        choose: {highest: accuracy, on: counting/validation}
      """
  ).replacing("{heldout: 30,", with: "{heldout: 30, validation: 10,")

  private func planned(_ plan: Plan, _ label: String) throws -> PlannedStep {
    try #require(plan.steps.first { $0.step.label == label })
  }

  private func trainings(_ plan: Plan, seed: Int) throws -> [StepState] {
    try ["0.0001", "0.001", "0.01"].map { try planned(plan, "train dpo, seed \(seed), learning-rate \($0)").state }
  }

  @Test func beforeTheChoiceLaterSeedsAreUndecided() throws {
    let graph = try Specs.graph(Self.spec).graph
    let plan = Plan(graph: graph, index: MemoryIndex())
    let choose = try planned(plan, "choose by accuracy on counting/validation, after dpo").step.id
    #expect(try trainings(plan, seed: 1).allSatisfy(\.certainlyRuns))
    #expect(try trainings(plan, seed: 2).allSatisfy { $0 == .undecided(after: [choose]) })
    #expect(try planned(plan, "select weights after dpo, seed 2").state.certainlyRuns)
    // Of three trainings of the second seed one runs; both seeds may come to the same words.
    let certain = plan.steps.count { $0.state.certainlyRuns }
    #expect(plan.bounds.upperBound == certain + 1 && plan.bounds.lowerBound <= certain)
    #expect(plan.stepCount == graph.steps.count - 2)
  }

  @Test func theTimeCountsOneTrainingASeed() throws {
    let index = MemoryIndex()
    let graph = try Specs.graph(Self.spec).graph
    index.run(graph, choosing: 1)
    let other = try Specs.graph(Self.spec.replacing("epochs: 2", with: "epochs: 3")).graph
    let plan = Plan(graph: other, index: index)
    let trainings = plan.steps.filter { $0.step.kind == .train }
    // Six trainings, each with an estimate; three of the first seed and one of the second will run.
    #expect(trainings.count == 6 && trainings.allSatisfy { $0.estimate != nil })
    let others = plan.steps.filter { $0.step.kind != .train && $0.state.certainlyRuns }.compactMap(\.estimate)
    #expect(plan.estimates.count == others.count + 4)
  }

  @Test(arguments: [0, 1, 2])
  func afterTheChoiceTheChosenRuns(chosen: Int) throws {
    let index = MemoryIndex()
    let graph = try Specs.graph(Self.spec).graph
    index.run(graph, choosing: chosen) { !$0.label.contains("seed 2") }
    let plan = Plan(graph: graph, index: index)
    for (number, state) in try trainings(plan, seed: 2).enumerated() {
      if number == chosen { #expect(state.certainlyRuns) } else { #expect(state == .notNeeded) }
    }
    let select = try planned(plan, "select weights after dpo, seed 2").step
    #expect(select.inputs.map(\.name) == ["candidates/\(chosen)", "choice"])
    let open = plan.steps.filter(\.mayRun)
    #expect(plan.bounds.upperBound == open.count)
    let trainings = open.map(\.step.label).filter { $0.hasPrefix("train") }
    #expect(trainings == ["train dpo, seed 2, learning-rate \(["0.0001", "0.001", "0.01"][chosen])"])
  }

  @Test func nothingIsLeftToDoThen() throws {
    let index = MemoryIndex()
    let graph = try Specs.graph(Self.spec).graph
    index.run(graph, choosing: 2)
    let plan = Plan(graph: graph, index: index)
    #expect(plan.bounds == 0...0 && plan.steps.allSatisfy(\.state.isSettled))
    #expect(try trainings(plan, seed: 2).map { $0 == .notNeeded } == [true, true, false])
    #expect(plan.stepCount == graph.steps.count - 2)
  }

  /// What was trained under its values by hand is there when they are chosen.
  @Test func aHandwrittenTrainingIsTaken() throws {
    let index = MemoryIndex()
    let graph = try Specs.graph(Self.spec).graph
    let written = Self.spec.replacing("learning-rate: 1.0e-3}", with: "learning-rate: 1.0e-2}")
    let end = try #require(written.firstRange(of: "search:"))
    index.run(try Specs.graph(String(written[..<end.lowerBound])).graph)
    index.run(graph, choosing: 2) { !$0.label.contains("seed 2") }
    let states = try trainings(Plan(graph: graph, index: index), seed: 2)
    #expect(states.map(\.isSettled) == [true, true, true] && states[2] != .notNeeded)
  }

  /// A choice that cannot be read leaves open what is needed.
  @Test func aChoiceThatIsGoneIsOpen() throws {
    let index = MemoryIndex()
    let graph = try Specs.graph(Self.spec).graph
    index.run(graph, choosing: 1)
    let cached = Plan(graph: graph, index: index)
    let label = "choose by accuracy on counting/validation, after dpo"
    guard case .cached(_, let result) = try planned(cached, label).state else {
      Issue.record("not stored")
      return
    }
    index.forget(object: try #require(result.outputs["choice"]).digest)
    let plan = Plan(graph: graph, index: index)
    #expect(try planned(plan, label).state.certainlyRuns)
    let choose = try planned(plan, label).step.id
    #expect(try planned(plan, "select weights after dpo, seed 2").state == .undecided(after: [choose]))
    #expect(try trainings(plan, seed: 2)[0] == .undecided(after: [choose]))
    #expect(try trainings(plan, seed: 2)[1].isSettled)
  }

  @Test func aStepThatIsAskedForIsNeeded() throws {
    let whole = try Specs.graph(Self.spec).graph
    let label = "train dpo, seed 2, learning-rate 0.01"
    let asked = try #require(whole.steps.first { $0.label == label }).id
    let plan = Plan(graph: whole.restricted(to: [asked]), index: MemoryIndex(), wanted: [asked])
    #expect(try planned(plan, label).state.certainlyRuns)
  }
}
