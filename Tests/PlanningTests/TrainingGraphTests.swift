// What trainings become: what a grid shares before them, what a change of an option moves, which weights follow.

import Diagnostics
import Digests
import Planning
import Specification
import Testing

@Suite struct TrainingGraphs {
  private static let grid = """
    ablations:
      pairs:
        revision: {reviser: [{minimal-revision: {by: verifier}}]}
        judge: {reviser: [{judge: {by: verifier}}]}
      objective:
        SFT: {objective: {sft: {}}}
        DPO: {objective: {dpo: {beta: 0.1}}}
        KTO: {objective: {kto: {beta: 0.1}}}
        APO-zero: {objective: {apo-zero: {beta: 0.1}}}
        APO-down: {objective: {apo-down: {beta: 0.1}}}
    """

  private func steps(_ text: String, _ kind: StepKind) throws -> [Step] {
    try Specs.graph(text).graph.steps.filter { $0.kind == kind }
  }

  @Test func aGridSharesEverythingBeforeTraining() throws {
    let spec = Specs.training(reviser: "", objective: "", extra: Self.grid)
    let (graph, planned) = try Specs.graph(spec)
    func count(_ kind: StepKind) -> Int { graph.steps.count { $0.kind == kind } }
    #expect(planned.users.count == 10)
    #expect(graph.steps.allSatisfy { $0.work.obstacle == nil })
    #expect(graph.steps.filter { $0.label.hasPrefix("generate counting/train") }.count == 1)
    #expect(count(.revise) == 2)
    #expect(count(.fit) == 2)
    // One reference for each kind of pairs; the partners of KTO, drawn for each seed, have their own.
    #expect(count(.partner) == 4)
    #expect(count(.score) == 2 + 4)
    #expect(count(.train) == 20)
    // The base and 20 trained models.
    #expect(graph.steps.count { $0.label.hasPrefix("generate counting/heldout") } == 21)
    let reference = graph.steps.filter { $0.label == "score examples of counting/train by the reference" }
    #expect(reference.map { graph.users[$0.id]?.count } == [4, 4])
  }

  @Test func onlyObjectivesThatUseItHaveAReference() throws {
    let sft = try steps(Specs.training(objective: "{sft: {}}"), .train)
    #expect(sft.allSatisfy { !$0.inputs.contains { $0.name == "reference" } })
    #expect(try steps(Specs.training(objective: "{sft: {}}"), .score).isEmpty)
    let dpo = try steps(Specs.training(), .train)
    #expect(dpo.count == 2 && dpo.allSatisfy { $0.inputs.map(\.name) == ["examples", "model", "reference"] })
    let kto = try steps(Specs.training(objective: "{kto: {beta: 0.1}}"), .train)
    #expect(
      kto[0].inputs.map(\.name) == ["examples", "model", "partner-reference", "partners", "reference"])
    // Partners are drawn for each seed.
    #expect(kto[0].inputs[3].source != kto[1].inputs[3].source)
    #expect(kto[0].inputs[4].source == kto[1].inputs[4].source)
  }

  @Test(arguments: [
    (Specs.training(objective: "{dpo: {beta: 0.2}}"), "objective/beta", "objective: {dpo: {beta: 0.2}}"),
    (Specs.training(rate: "2.0e-3"), "optimizer/learning-rate", "optimizer: {adamw: {learning-rate: 2.0e-3}}"),
  ])
  func aChangeOfTrainingMovesTheTrainingsAlone(changed: String, leaf: String, line: String) throws {
    let index = MemoryIndex()
    index.run(try Specs.graph(Specs.training()).graph)
    let plan = Plan(graph: try Specs.graph(changed).graph, index: index)
    for planned in plan.steps {
      switch planned.step.kind {
      case .train:
        guard case .willRun(_, _, .changed(let changes)) = planned.state else {
          Issue.record("\(planned.step.label): \(planned.state)")
          continue
        }
        #expect(changes.map(\.change.name) == ["options/\(leaf)"])
        #expect(changes.map { $0.place?.sourceLine?.contains(line) } == [true])
      case .aggregate: #expect(!planned.state.isSettled)
      default:
        let follows = planned.step.label.contains("after dpo")
        #expect(planned.state.isSettled != follows, "\(planned.step.label): \(planned.state)")
      }
    }
  }

  /// Each option that can change a training's bytes changes its identity.
  @Test(arguments: [
    Specs.training(objective: "{dpo: {beta: 0.2}}"), Specs.training(objective: "{dpo: {label-smoothing: 0.1}}"),
    Specs.training(objective: "{apo-zero: {}}"), Specs.training(rate: "2.0e-3"),
    Specs.training(hyperparameters: "examples: 31"), Specs.training(hyperparameters: "schedule: cosine"),
    Specs.training(hyperparameters: "schedule: {constant: {warmup: {steps: 2}}}"),
    Specs.training(hyperparameters: "clip: 1.0"), Specs.training(hyperparameters: "max-length: 64"),
    Specs.training(hyperparameters: "longer: cut"),
    Specs.training().replacing("rank: 4", with: "rank: 8"), Specs.training().replacing("alpha: 8", with: "alpha: 4"),
    Specs.training().replacing("alpha: 8", with: "alpha: 8, dropout: 0.1"),
    Specs.training().replacing("alpha: 8", with: "alpha: 8, scaling: root-rank"),
    Specs.training().replacing("alpha: 8", with: "alpha: 8, targets: [q, v]"),
    Specs.training().replacing("{lora: {rank: 4, alpha: 8}}", with: "full"),
    Specs.training().replacing("batch: {examples: 8}", with: "batch: {examples: 4}"),
    Specs.training().replacing("epochs: 2", with: "epochs: 3"),
    Specs.training(reviser: "[{minimal-revision: {by: verifier}}]"),
    Specs.training(seeds: "{values: [3], vary: [training]}"),
    Specs.training(evals: "trace: {likelihood-trace: {every: {epochs: 0.5}}}"),
  ])
  func everyOptionTells(changed: String) throws {
    let before = Set(try steps(Specs.training(hyperparameters: ""), .train).map(\.id))
    let same = Set(try steps(Specs.training(), .train).map(\.id))
    let after = Set(try steps(changed, .train).map(\.id))
    #expect(!after.isEmpty && after.isDisjoint(with: before) && after.isDisjoint(with: same))
  }

  /// Examples also fit a reference of other weights; one of the policy's own asks for no step, and who reads none has none.
  @Test func examplesFitAReferenceOfItsOwn() throws {
    let digest = String(repeating: "c", count: 64)
    let other = "reference: {weights: {gguf: {sha256: \(digest), from: [{path: other.gguf}]}}, turns: chatml}"
    func fits(_ models: String, _ objective: String) throws -> [String] {
      try steps(Specs.training(models: models, objective: objective), .fit).map(\.label)
        .filter { $0.contains("counting/train") }
    }
    let own = "examples of counting/train"
    #expect(try fits(other, "{dpo: {}}") == [own, "\(own) that the reference reads"])
    #expect(try fits(other, "{sft: {}}") == [own])
    #expect(try fits("reference: {weights: {same-as: policy}}", "{dpo: {}}") == [own])
    let (graph, _) = try Specs.graph(Specs.training(models: other))
    let train = try #require(graph.steps.first { $0.kind == .train })
    let read = try #require(train.inputs.first { $0.name == "examples" })
    #expect(graph.step(read.source.step).label == "\(own) that the reference reads")
    #expect(graph.step(read.source.step).work.options["examples"] == .integer(32))
  }

  /// A judgment, asked for or recorded, says which instruction a response fits.
  @Test(arguments: [
    ("{model: policy}", ["ask about", "generate replies about", "judgment", "hindsight"]),
    ("recorded, judgment: \"{question}\"", ["judgment", "hindsight"]), ("verifier", ["hindsight"]),
  ])
  func hindsightByAJudgment(by: String, stages: [String]) throws {
    let reviser = "[{hindsight: {by: \(by), bind: i, right: Right., wrong: Wrong.}}]"
    let spec = Specs.training(
      reviser: reviser, objective: "{hir: {form: code}}", extra: "variables: {i: Right.}"
    ).replacing("\"{question} Answer", with: "\"{i} {question} Answer")
    let labels = try Specs.graph(spec).graph.steps.map(\.label)
    for stage in ["ask about", "generate replies about", "judgment", "hindsight"] {
      let isThere = labels.contains { $0.hasPrefix("\(stage) counting/train") }
      #expect(isThere == stages.contains(stage), "\(stage): \(labels)")
    }
  }

  @Test func aWinRateIsDividedByDataSet() throws {
    func coordinates(_ more: String) throws -> [String?] {
      let eval = "wins: {win-rate: {on: counting/heldout, against: other, by: verifier\(more)}}"
      let (_, planned) = try Specs.graph(
        Specs.training(models: "other: {weights: {same-as: policy}, turns: raw}", evals: eval))
      return planned.measurements.map { $0.coordinates["dataset"] }
    }
    let (whole, divided) = (try coordinates(""), try coordinates(", results-by: dataset"))
    #expect(!whole.isEmpty && whole.allSatisfy { $0 == nil })
    #expect(divided.count == whole.count && divided.allSatisfy { $0 == "counting" })
  }

  @Test func seedsThatDoNotVaryTrainingTrainOnce() throws {
    let fixed = try steps(Specs.training(seeds: "{values: [1, 2], vary: []}"), .train)
    #expect(fixed.count == 1 && fixed[0].work.options["seed"] == .integer(1))
    let (graph, planned) = try Specs.graph(Specs.training(seeds: "{values: [5, 6], vary: [generation]}"))
    #expect(graph.steps.count { $0.label.hasPrefix("generate counting/train") } == 2)
    #expect(graph.steps.filter { $0.kind == .train }.allSatisfy { $0.work.options["seed"] == .integer(1) })
    #expect(planned.measurements.map { $0.coordinates["seed"] } == ["5", "5", "6"])
  }

  @Test func theTrainedModelIsTheStartWithAnAdapter() throws {
    let (graph, _) = try Specs.graph(Specs.training(models: "reference: {weights: {same-as: policy}}"))
    let train = try #require(graph.steps.first { $0.kind == .train })
    let generate = try #require(
      graph.steps.first { $0.label == "generate counting/heldout, greedy, after dpo, seed 1" })
    #expect(generate.inputs.map(\.name) == ["adapter/0", "model", "prompts"])
    #expect(generate.inputs[0].source == OutputReference(train.id, "weights"))
    #expect(generate.work.modelUse?.source == .gguf)
    #expect(generate.work.modelUse?.adapters == 1)
    // A reference that is the policy stays where the policy started.
    let reference = try #require(graph.steps.first { $0.kind == .score })
    #expect(reference.inputs.map(\.name) == ["examples", "model"])
  }

  @Test func aMixtureIsOneSetOfExamples() throws {
    let other = """
        more:
          same-as: counting
          source: {task: {object-counting: {objects: [3, 5], records: 100, seed: 8}}}
      data: {mixture: {counting: 1, more: 3}}
      """
    let spec = Specs.training(evals: "overlap: {pair-statistics: {}}").replacing("data: counting/train", with: other)
    let (graph, planned) = try Specs.graph(spec)
    let fit = try #require(graph.steps.first { $0.kind == .fit })
    #expect(fit.label == "examples of counting/train and more/train")
    #expect(fit.inputs.map(\.name) == ["feedback/0", "feedback/1", "model"])
    #expect(fit.work.options["weights/1"] == .number(3))
    #expect(fit.places["weights/1"]?.sourceLine?.contains("more: 3") == true)
    #expect(graph.steps.count { $0.kind == .revise } == 2)
    // The pairs of both are pooled: two measurements of each number at one place.
    #expect(
      planned.measurements.map(\.eval) == [
        "overlap Jaccard", "overlap Levenshtein", "overlap length", "overlap Jaccard", "overlap Levenshtein",
        "overlap length",
      ])
  }

  @Test func everyLeafOfATrainingHasAPlace() throws {
    for objective in [
      "{sft: {}}", "{dpo: {}}", "{kto: {}}", "{kto: {partner: rotation}}", "{apo-zero-unpaired: {}}",
    ] {
      let spec = Specs.training(
        objective: objective, hyperparameters: "schedule: {cosine: {warmup: {fraction: 0.1}}}",
        evals: "trace: {likelihood-trace: {}}")
      for step in try Specs.graph(spec).graph.steps {
        for leaf in step.work.options.leaves.map(\.name)
        where [.train, .fit, .revise, .partner, .trace, .score, .generate].contains(step.kind) {
          let isDerived = leaf == "target" || leaf == "objective/partner" && !objective.contains("kto")
          #expect(step.places[leaf] != nil || isDerived, "\(step.label): \(leaf)")
        }
      }
    }
  }

  /// Partners that are drawn do not know of batches; rotated ones are others wherever a batch is another.
  @Test func partnersKnowWhatDecidesThem() throws {
    func partners(_ partner: String, _ change: (String, String)? = nil) throws -> Step {
      let spec = Specs.training(objective: "{kto: {partner: \(partner)}}")
      return try #require(
        try steps(change.map { spec.replacing($0.0, with: $0.1) } ?? spec, .partner).first, "no partners")
    }
    let changes = [("batch: {examples: 8}", "batch: {examples: 4}"), ("epochs: 2", "epochs: 3")]
    for change in changes {
      #expect(try partners("drawn").id == partners("drawn", change).id)
      #expect(try partners("rotation").id != partners("rotation", change).id)
    }
    let read = ["max-length", "model/system", "model/turns"]
    #expect(try partners("drawn").work.options.leaves.map(\.name).sorted() == read + ["seed"])
    let rotated = try partners("rotation")
    #expect(rotated.work.options.leaves.map(\.name).sorted() == ["batch", "epochs"] + read + ["partner", "seed"])
    #expect(rotated.work.options["seed"] == .integer(1) && rotated.work.options["batch"] == .integer(8))
    let (trial, _) = try Specs.graph(
      ["test.yaml": Specs.training(objective: "{kto: {partner: rotation}}")], limit: 8, steps: 2)
    #expect(trial.steps.first { $0.kind == .partner }?.work.options["limit"] == .integer(2))
  }

  @Test func aTrialRunIsShort() throws {
    let spec = Specs.training(
      hyperparameters: "keep: {best: {eval: accuracy, every: {epochs: 0.25}}}\n  examples: 32"
    ).onDevelopmentData
    let (graph, _) = try Specs.graph(["test.yaml": spec], limit: 8, steps: 2)
    let train = try #require(graph.steps.first { $0.kind == .train })
    #expect(train.work.options["limit"] == .integer(2))
    #expect(train.work.options["checkpoints/0/steps"] == .integer(1))
    let fit = try #require(graph.steps.first { $0.kind == .fit })
    #expect(fit.work.options["examples"] == ManifestValue.none)
  }

  @Test(arguments: [("arithmetic: openblas", "train dpo with `arithmetic: openblas`, seed 1")])
  func whatCannotRunYetSaysSo(extra: String, label: String) throws {
    let (graph, _) = try Specs.graph(Specs.training(extra: extra))
    let step = try #require(graph.steps.first { $0.label == label })
    guard case .unavailable? = step.work.obstacle else {
      Issue.record("\(step.label) can run")
      return
    }
    #expect(step.places["name"] != nil)
  }

  @Test func anEndlessWarmupIsWarnedOf() throws {
    func warnings(_ hyperparameters: String) throws -> [Diagnosis] {
      try Specs.graph(Specs.training(hyperparameters: hyperparameters)).planned.warnings
    }
    // 32 examples, two epochs, batches of eight: eight steps.
    let told = try warnings("schedule: {cosine: {warmup: {steps: 8}}}\n  examples: 32")
    #expect(told.map(\.message) == ["the warm-up never ends: it takes 8 steps, and the training has 8"])
    #expect(told[0].place?.sourceLine?.contains("warmup: {steps: 8}") == true)
    #expect(try warnings("schedule: {cosine: {warmup: {steps: 7}}}\n  examples: 32").isEmpty)
    #expect(try warnings("schedule: {cosine: {warmup: {steps: 8}}}").isEmpty)
    #expect(try warnings("schedule: {linear: {warmup: {fraction: 1}}}").count == 1)
    #expect(try warnings("schedule: {linear: {warmup: {fraction: 0.9}}}\n  examples: 32").count == 1)
    #expect(try warnings("schedule: {linear: {warmup: {fraction: 0.5}}}\n  examples: 32").isEmpty)
  }
}
