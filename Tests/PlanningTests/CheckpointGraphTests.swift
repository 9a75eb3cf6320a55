// When weights are kept on the way, which are the best, and what reads them.

import Diagnostics
import Digests
import Planning
import Specification
import Testing

@Suite struct CheckpointGraphs {
  private static let accuracy = "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}"

  @Test func theBestIsChosenAmongCheckpointsAndTheEnd() throws {
    let spec = Specs.training(
      seeds: "{values: [1]}", hyperparameters: "keep: {best: {eval: accuracy, every: {epochs: 0.8}}}"
    ).onDevelopmentData
    let (graph, planned) = try Specs.graph(spec)
    let train = try #require(graph.steps.first { $0.kind == .train })
    #expect(train.work.options["checkpoints/0/epochs"] == .number(0.8))
    #expect(train.work.options["checkpoints/1/epochs"] == .number(1.6))
    #expect(train.work.options["checkpoints/2/epochs"] == nil)
    #expect(train.places["checkpoints/1/epochs"]?.sourceLine?.contains("every: {epochs: 0.8}") == true)
    let choose = try #require(graph.steps.first { $0.kind == .choose })
    #expect(choose.work.options["candidates"] == .integer(3))
    #expect(
      choose.inputs.filter { $0.name.hasPrefix("weights/") }.map(\.source)
        == ["weights/0", "weights/1", "weights"].map { OutputReference(train.id, $0) })
    // What is chosen is what is measured.
    let last = try #require(planned.measurements.last?.input)
    let verify = try #require(graph.step(planned.table).inputs.first { $0.name == last })
    let responses = try #require(graph.step(verify.source.step).inputs.first { $0.name == "responses" })
    let adapter = try #require(graph.step(responses.source.step).inputs.first { $0.name == "adapter/0" })
    #expect(adapter.source == OutputReference(choose.id, "weights"))
  }

  @Test func aMultipleThatIsTheEndIsNoCheckpoint() throws {
    let spec = Specs.training(evals: "trace: {likelihood-trace: {every: {epochs: 0.1}}}").replacing(
      "epochs: 2", with: "epochs: 1.1")
    let train = try #require(try Specs.graph(spec).graph.steps.first { $0.kind == .train })
    #expect(train.work.options.leaves.count { $0.name.hasPrefix("checkpoints/") } == 10)
  }

  @Test func stepsNeedTheNumberOfExamples() throws {
    let keep = "keep: {best: {eval: accuracy, every: {steps: 3}}}"
    let (graph, _) = try Specs.graph(
      Specs.training(hyperparameters: keep + "\n  examples: 32").onDevelopmentData)
    let train = try #require(graph.steps.first { $0.kind == .train })
    // Eight steps: after the third, the sixth, and the end.
    #expect(train.work.options["checkpoints/0/steps"] == .integer(3))
    #expect(train.work.options["checkpoints/1/steps"] == .integer(6))
    #expect(train.work.options["checkpoints/2/steps"] == nil)
    let told = #expect(throws: PlanningError.self) {
      try Specs.graph(Specs.training(hyperparameters: keep).onDevelopmentData)
    }
    #expect(told?.diagnoses.map(\.code) == ["plan.unknown-length"])
    #expect(told?.diagnoses[0].place?.sourceLine?.contains("every: {steps: 3}") == true)
  }

  @Test func whatIsHeldOutChoosesNoWeights() throws {
    let spec = Specs.training(hyperparameters: "keep: {best: {eval: accuracy, every: {epochs: 1}}}")
    let told = #expect(throws: PlanningError.self) { try Specs.graph(spec) }
    #expect(told?.diagnoses.map(\.code) == ["plan.not-validation"])
    #expect(told?.diagnoses[0].message.contains("`counting/heldout`") == true)
  }

  @Test func thePointsOfATrainingAreBounded() throws {
    for every in ["{epochs: 1.0e-300}", "{epochs: 1.0e-3}"] {
      let spec = Specs.training(evals: "trace: {likelihood-trace: {every: \(every)}}")
      let told = #expect(throws: PlanningError.self) { try Specs.graph(spec) }
      #expect(told?.diagnoses.map(\.code) == ["plan.too-many-points"])
    }
  }

  @Test func aTraceEndsWithTheWeightsThatAreKept() throws {
    let spec = Specs.training(
      seeds: "{values: [1]}", hyperparameters: "keep: {best: {eval: accuracy, every: {epochs: 1}}}",
      evals: Self.accuracy + "\n  trace: {likelihood-trace: {every: {epochs: 1}}}"
    ).onDevelopmentData
    let (graph, _) = try Specs.graph(spec)
    let choose = try #require(graph.steps.first { $0.kind == .choose })
    let trace = try #require(graph.steps.first { $0.kind == .trace })
    let last = try #require(trace.inputs.last { $0.name.hasPrefix("scores/") })
    let adapter = try #require(graph.step(last.source.step).inputs.first { $0.name == "adapter/0" })
    #expect(adapter.source == OutputReference(choose.id, "weights"))
  }

  @Test func theLargestBatchIsOneStepAnEpoch() throws {
    let spec = Specs.training(hyperparameters: "examples: 32").replacing(
      "batch: {examples: 8}", with: "batch: {examples: 1048576}")
    let (_, planned) = try Specs.graph(spec)
    let hyperparameters = try #require(planned.experiment.cells.first?.experiment.training?.hyperparameters)
    #expect(hyperparameters.optimizerSteps(examples: 32) == 2)
  }

  @Test func theBestNeedsOneNumber() throws {
    let spec = Specs.training(
      hyperparameters: "keep: {best: {eval: trace, every: {epochs: 1}}}",
      evals: "trace: {likelihood-trace: {every: {epochs: 1}}}")
    let told = #expect(throws: PlanningError.self) { try Specs.graph(spec) }
    #expect(told?.diagnoses.map(\.code) == ["plan.not-one-number"])
  }

  @Test func aTraceReadsTheCheckpointsThatItAskedFor() throws {
    let spec = Specs.training(
      seeds: "{values: [1]}", hyperparameters: "keep: {best: {eval: accuracy, every: {epochs: 0.8}}}",
      evals: Self.accuracy + "\n  trace: {likelihood-trace: {every: {epochs: 1}}}"
    ).onDevelopmentData
    let (graph, planned) = try Specs.graph(spec)
    let train = try #require(graph.steps.first { $0.kind == .train })
    #expect(
      train.work.options.leaves.filter { $0.name.hasPrefix("checkpoints/") }.map(\.value)
        == [.number(0.8), .number(1), .number(1.6)])
    let trace = try #require(graph.steps.first { $0.kind == .trace })
    #expect(trace.work.options["checkpoints"] == .integer(2))
    let adapters = ["scores/0", "scores/1"].map { name in
      trace.inputs.first { $0.name == name }.flatMap { input in
        graph.step(input.source.step).inputs.first { $0.name == "adapter/0" }?.source
      }
    }
    let choose = try #require(graph.steps.first { $0.kind == .choose })
    #expect(adapters == [OutputReference(train.id, "weights/1"), OutputReference(choose.id, "weights")])
    #expect(
      trace.inputs.first { $0.name == "reference" }?.source == train.inputs.first { $0.name == "reference" }?.source)
    #expect(planned.measurements.map(\.eval) == ["accuracy", "accuracy", "trace chosen", "trace rejected"])
  }
}
