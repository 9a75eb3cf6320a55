// Evals of pairs and of two models, and the place of the model before training in the table.

import Diagnostics
import Digests
import Planning
import Specification
import Testing

@Suite struct Comparisons {
  /// What tables may ask for is what plans measure.
  @Test func numbersAreCalledAsTheirEvalsSay() throws {
    let evals = """
      accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}
        preference: {preference: {on: counting/heldout, score: sum}}
        far: {drift: {on: counting/heldout, max-new-tokens: 16}}
        pairs: {pair-statistics: {}}
        trace: {likelihood-trace: {on: counting/heldout}}
        found: {error-detection: {on: counting/heldout, response: "{answer}", errors: {planted: {words: 1}}, judgment: "No: {errors}", judged-prompt: "{question} {judgment}"}}
      """
    let resolved = try Specs.read(Specs.training(evals: evals))
    let planned = try Specs.graph(Specs.training(evals: evals)).planned
    let numbers = try #require(resolved.cells.first?.experiment.evals.numbers)
    #expect(Set(planned.measurements.map(\.eval)) == Set(numbers))
    #expect(numbers.count == 11 && numbers.contains("far tokens") && numbers.contains("found within"))
  }

  @Test func preferenceMeasuresTheBaseToo() throws {
    let spec = Specs.training(evals: "agreement: {preference: {on: counting/heldout, score: sum}}")
    let (graph, planned) = try Specs.graph(spec)
    #expect(graph.steps.count { $0.kind == .preference } == 3)
    #expect(planned.measurements.map { $0.coordinates["base"] } == ["base", nil, nil])
    let pairs = Set(graph.steps.filter { $0.kind == .preference }.map { $0.inputs[0].source })
    // All are asked about the same pairs, which the policy's start wrote.
    #expect(pairs.count == 1)
    let length = try Specs.graph(spec.replacing("score: sum", with: "score: length")).graph
    #expect(length.steps.filter { $0.kind == .preference }.map { $0.inputs.map(\.name) } == [["examples"]])
    let reward = try Specs.graph(spec.replacing("score: sum", with: "score: reward")).graph
    // The base has no reward head; the trained ones are asked for rewards.
    #expect(reward.steps.count { $0.kind == .preference } == 2)
    #expect(reward.steps.count { $0.kind == .score && $0.work.options["rewards"] == .flag(true) } == 2)
    // What is not written is the sum, where no reward model is trained.
    let unset = try Specs.graph(spec.replacing(", score: sum", with: "")).graph
    #expect(unset.steps.map(\.id) == graph.steps.map(\.id))
  }

  /// Noise in the labels is for training; what is held out is measured by the labels as they are.
  @Test func heldOutPairsHaveNoNoise() throws {
    let evals = "agreement: {preference: {on: counting/heldout}}\n  trace: {likelihood-trace: {on: counting/heldout}}"
    let noisy = try Specs.graph(
      Specs.training(reviser: "[{judge: {by: verifier}}, {flip: {rate: 0.2}}]", evals: evals)
    ).graph
    #expect(noisy.steps.filter { $0.label.hasPrefix("flip") }.map(\.label) == ["flip counting/train"])
    let plain = try Specs.graph(Specs.training(evals: evals)).graph
    func judged(_ graph: StepGraph) -> [StepID] {
      graph.steps.filter { $0.label == "judge counting/heldout" }.map(\.id)
    }
    #expect(judged(noisy) == judged(plain) && judged(plain).count == 1)
  }

  @Test func resultsAreDividedByDataSet() throws {
    for eval in ["preference: {on: heldout, by: dataset}", "drift: {on: heldout, by: dataset}"] {
      let planned = try Specs.graph(Specs.training(evals: "one: {\(eval)}")).planned
      #expect(planned.measurements.allSatisfy { $0.coordinates["dataset"] == "counting" }, "\(eval)")
    }
  }

  @Test func driftAndTracesSayNothingOfTheBase() throws {
    let spec = Specs.training(
      evals: "drift: {drift: {on: counting/heldout}}\n  trace: {likelihood-trace: {}}\n  pairs: {pair-statistics: {}}")
    let (graph, planned) = try Specs.graph(spec)
    #expect(graph.steps.count { $0.kind == .drift } == 2)
    #expect(planned.measurements.allSatisfy { $0.coordinates["base"] == nil })
    #expect(
      planned.measurements.map { "\($0.eval) \($0.evalKind) \($0.coordinates["seed"] ?? "")" } == [
        "drift drift 1", "drift tokens length 1", "trace chosen likelihood-trace 1",
        "trace rejected likelihood-trace 1", "pairs Jaccard pair-statistics 1", "pairs Levenshtein pair-statistics 1",
        "pairs length pair-statistics 1", "drift drift 2", "drift tokens length 2", "trace chosen likelihood-trace 2",
        "trace rejected likelihood-trace 2",
      ])
    let drift = try #require(graph.steps.first { $0.kind == .drift })
    let models = ["policy", "reference"].map { name in
      drift.inputs.first { $0.name == name }.map { graph.step($0.source.step).inputs.map(\.name) }
    }
    #expect(models == [["adapter/0", "model", "prompts", "responses"], ["model", "prompts", "responses"]])
  }

  /// The base too is asked; what is asked of all is the same, and only the scores and what follows depend on the model.
  @Test func errorsAreMarkedOnceAndDetectedByEveryModel() throws {
    let eval = #"{on: counting/heldout, response: "{answer}", errors: planted, judged-prompt: "{judgment}"}"#
    let spec = Specs.training(evals: "detection: {error-detection: \(eval)}")
    let (graph, planned) = try Specs.graph(spec)
    #expect(graph.steps.count { $0.kind == .mark } == 1 && graph.steps.count { $0.kind == .detect } == 3)
    let scores = graph.steps.filter { $0.label.hasPrefix("score errors of ") }
    let examples = scores.compactMap { $0.inputs.first { $0.name == "examples" }?.source }
    #expect(examples.count == 3 && Set(examples).count == 1)
    #expect(
      planned.measurements.map {
        "\($0.eval) \($0.evalKind) \($0.coordinates["base"] ?? $0.coordinates["seed"] ?? "")"
      }
        == ["base", "1", "2"].flatMap {
          ["detection error-detection \($0)", "detection within error-detection-within \($0)"]
        })
    // Adapters change no token: who only needs the tokenizer does without them.
    let detect = try #require(graph.steps.last { $0.kind == .detect })
    #expect(detect.inputs.map(\.name) == ["errors", "feedback", "model", "scores"])
  }

  @Test func pairsAreComparedWithoutATraining() throws {
    let spec = Specs.training(
      seeds: "{values: [1, 2], vary: [generation]}", objective: "", evals: "overlap: {pair-statistics: {}}"
    )
    let (graph, planned) = try Specs.graph(spec)
    #expect(graph.steps.count { $0.kind == .pairs } == 4)
    #expect(planned.measurements.map { $0.coordinates["seed"] } == ["1", "1", "1", "2", "2", "2"])
  }

  @Test func anEvalOfPairsNeedsPairs() throws {
    let spec = Specs.training(
      reviser: "", objective: "{sft: {}}", evals: "agreement: {preference: {on: counting/heldout, score: sum}}")
    let told = #expect(throws: PlanningError.self) { try Specs.graph(spec) }
    #expect(told?.diagnoses.map(\.code) == ["plan.no-pairs"])
    #expect(told?.diagnoses[0].place?.sourceLine?.contains("preference:") == true)
  }
}

@Suite struct BaseRows {
  private func base(_ grid: String) throws -> [String] {
    let (_, planned) = try Specs.graph(Specs.training(extra: "ablations:\n  \(grid)"))
    return planned.measurements.filter { $0.coordinates["base"] != nil }.map { measurement in
      measurement.coordinates.entries.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }
  }

  @Test func whatAllCellsHaveInCommonIsMeasuredOnce() throws {
    #expect(try base("rate: {slow: {}, fast: {objective: {dpo: {beta: 0.2}}}}") == ["base=base seed=1"])
  }

  @Test func anArmThatChangesAnEvalHasABaseOfItsOwn() throws {
    #expect(
      try base("length: {short: {}, long: {evals: {accuracy: {accuracy: {max-new-tokens: 32}}}}}")
        == ["length=short base=base seed=1", "length=long base=base seed=1"])
  }

  @Test func onlyTheAxisThatChangesTheBasePartsIt() throws {
    let grid = """
      rate: {slow: {}, fast: {objective: {dpo: {beta: 0.2}}}}
        length: {short: {}, long: {evals: {accuracy: {accuracy: {max-new-tokens: 32}}}}}
        clip: {none: {}, some: {hyperparameters: {clip: 1}}}
      """
    #expect(try base(grid) == ["length=short base=base seed=1", "length=long base=base seed=1"])
  }

  @Test func twoAxesCanPartIt() throws {
    let grid = """
      length: {short: {}, long: {evals: {accuracy: {accuracy: {max-new-tokens: 32}}}}}
        stop: {none: {}, line: {evals: {accuracy: {accuracy: {stop: ["."]}}}}}
      """
    #expect(
      try base(grid) == [
        "length=short stop=none base=base seed=1", "length=short stop=line base=base seed=1",
        "length=long stop=none base=base seed=1", "length=long stop=line base=base seed=1",
      ])
  }
}

@Suite struct Chains {
  private static let sft = Specs.training(objective: "{sft: {}}")

  /// The training above with the policy of another experiment.
  private func after(_ experiment: String, objective: String = "{dpo: {beta: 0.1}}") -> String {
    let own =
      "models:\n  policy: {weights: {gguf: {sha256: \(Specs.digest), from: [{path: model.gguf}]}}, turns: chatml, system: none}"
    return Specs.training(objective: objective).replacing(
      own, with: "models:\n  policy: {weights: {experiment: \(experiment)}}")
  }

  private func plan(_ text: String, _ others: [String: String] = ["sft.yaml": Chains.sft]) throws -> StepGraph {
    try Specs.graph(others.merging(["test.yaml": text]) { $1 }).graph
  }

  @Test func adaptersStack() throws {
    let graph = try plan(after("{spec: sft.yaml}"))
    let dpo = graph.steps.filter { $0.label.hasPrefix("train dpo") }
    #expect(dpo.map { $0.work.modelUse?.adapters } == [1, 1])
    let trained = try #require(graph.steps.first { $0.label == "generate counting/heldout, greedy, after dpo, seed 2" })
    #expect(trained.inputs.map(\.name) == ["adapter/0", "adapter/1", "model", "prompts"])
    // Seed by seed; what needs the tokenizer alone reads no adapter.
    #expect(graph.step(trained.inputs[0].source.step).label == "train sft, seed 2")
    #expect(graph.step(trained.inputs[1].source.step).label == "train dpo, seed 2")
    #expect(trained.work.options["model/turns"] == .text("chatml"))
    let fit = graph.steps.filter { $0.kind == .fit }
    #expect(fit.allSatisfy { !$0.inputs.contains { $0.name.hasPrefix("adapter") } })
    // Each seed has a base of its own.
    let (_, planned) = try Specs.graph(["sft.yaml": Self.sft, "test.yaml": after("{spec: sft.yaml}")])
    #expect(planned.measurements.filter { $0.coordinates["base"] != nil }.map { $0.coordinates["seed"] } == ["1", "2"])
  }

  @Test func bothExperimentsShareTheFirstTraining() throws {
    let texts = ["sft.yaml": Self.sft, "test.yaml": after("{spec: sft.yaml}")]
    let alone = Set(try Specs.graph(["test.yaml": Self.sft]).graph.steps.filter { $0.kind == .train }.map(\.id))
    let chained = Set(try Specs.graph(texts).graph.steps.filter { $0.kind == .train }.map(\.id))
    #expect(alone.count == 2 && alone.isSubset(of: chained) && chained.count == 4)
  }

  @Test func chainsOfThreeStack() throws {
    let graph = try plan(
      after("{spec: second.yaml, seed: 2}", objective: "{apo-zero: {}}"),
      ["sft.yaml": Self.sft, "second.yaml": after("{spec: sft.yaml}")])
    let last = try #require(
      graph.steps.first { $0.label == "generate counting/heldout, greedy, after apo-zero, seed 1" })
    #expect(last.inputs.map(\.name) == ["adapter/0", "adapter/1", "adapter/2", "model", "prompts"])
    #expect(graph.step(last.inputs[1].source.step).label == "train dpo, seed 2")
  }

  @Test func anArmIsChosen() throws {
    let grid = Self.sft + "\nablations: {rate: {slow: {}, fast: {hyperparameters: {clip: 1}}}}"
    let graph = try plan(after("{spec: sft.yaml, arms: {rate: fast}}"), ["sft.yaml": grid])
    let sft = graph.steps.filter { $0.label.hasPrefix("train sft") }
    #expect(sft.map { $0.work.options["clip"] } == [.number(1), .number(1)])
  }

  @Test(arguments: [
    ("{spec: sft.yaml, arms: {rate: fast}}", "plan.no-cell"), ("{spec: sft.yaml, seed: 9}", "plan.no-seed"),
    ("{spec: sft.yaml, round: 2}", "plan.no-round"), ("{spec: grid.yaml}", "plan.no-cell"),
    ("{spec: test.yaml}", "plan.circle"), ("{spec: back.yaml}", "plan.circle"),
  ])
  func whatCannotBeMeantIsRefusedAtItsPlace(experiment: String, code: String) throws {
    let others = [
      "sft.yaml": Self.sft, "back.yaml": after("{spec: test.yaml}"),
      "grid.yaml": Self.sft + "\nablations: {rate: {slow: {}, fast: {hyperparameters: {clip: 1}}}}",
    ]
    let told = #expect(throws: PlanningError.self) { try plan(after(experiment), others) }
    #expect(told?.diagnoses.map(\.code) == [code])
    #expect(told?.diagnoses[0].place?.line == 4)
    #expect(told?.diagnoses[0].remedy != nil)
  }

  @Test func aSpecThatIsNotThereBlocks() throws {
    let graph = try plan(after("{spec: nowhere.yaml}"), [:])
    let plan = Plan(graph: graph, index: MemoryIndex())
    #expect(plan.blocked.map(\.state) == [.blocked(.missingSpec("nowhere.yaml"))])
  }
}
