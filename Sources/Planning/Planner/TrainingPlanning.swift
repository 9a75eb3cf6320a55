// The steps from candidates to a trained model. Their kinds come with training; here they are planned, so that
// a spec is checked whole and a plan shows where cells part.

import Specification

extension CellPlanner {
  /// The trained model of each round to be evaluated.
  mutating func planTraining(seed: Int) throws -> [(round: Int, model: OutputReference)] {
    guard let data = experiment.data else { fatalError("the reader asks for `data` where something is trained") }
    let rounds = experiment.rounds
    var trained: [(Int, OutputReference)] = []
    var policy: [String: OutputReference] = [:]
    for round in 1...rounds.count {
      var feedback: [StepInput] = []
      for part in data.parts {
        let records = try records(part.reference, round: round - 1)
        for step in try planFeedback(records, seed: seed, round: round, policy: policy, trains: true) {
          feedback.append(StepInput("feedback/\(part.reference.text)", OutputReference(step, "feedback")))
        }
      }
      let fit = unavailable(
        .fit, "fit to the longest length", path: "hyperparameters/max-length", inputs: feedback)
      var inputs = [StepInput("examples", OutputReference(fit, "examples"))]
      if let before = policy["policy"] { inputs.append(StepInput("start", before)) }
      let step = unavailable(
        .train, "train \(experiment.training?.objective.name ?? "")", path: "hyperparameters", inputs: inputs,
        extra: leaves(of: "objective") + [.init("seed", String(trainingSeed(seed))), .init("round", String(round))])
      policy = ["policy": OutputReference(step, "weights")]
      if rounds.evaluate == .each || round == rounds.count { trained.append((round, OutputReference(step, "weights"))) }
    }
    return trained
  }

  private func trainingSeed(_ seed: Int) -> Int {
    experiment.seeds.vary.contains(.training) ? seed : Planner.fixedSeed
  }

  /// Candidates, then the reviser's stages; the steps whose outputs are the feedback.
  mutating func planFeedback(
    _ part: DataPart, seed: Int, round: Int, policy: [String: OutputReference], trains: Bool
  ) throws -> [StepID] {
    let prompts = try prompts(part, prompt: nil, promptPath: nil, variables: Named())
    var inputs = [StepInput("prompts", OutputReference(prompts, "prompts"))]
    for (index, stage) in experiment.generator.enumerated() {
      let step = try candidates(stage, index, part, prompts, seed: seed, policy: policy)
      inputs.append(StepInput("responses/\(index)", OutputReference(step, "responses")))
    }
    let candidates = inputs.dropFirst().map(\.source.step)
    var last: StepID?
    for (index, stage) in experiment.reviser.enumerated() {
      if let last { inputs = inputs.prefix(1) + [StepInput("feedback", OutputReference(last, "feedback"))] }
      last = unavailable(
        .revise, "\(stage.name) \(part.label)", path: "reviser/\(index)", inputs: inputs,
        extra: [.init("round", String(round))])
    }
    if let last { return [last] }
    guard trains else { return candidates }
    return [unavailable(.revise, "take responses as they are", path: "generator", inputs: inputs)]
  }

  private mutating func candidates(
    _ stage: Generator, _ index: Int, _ part: DataPart, _ prompts: StepID, seed: Int,
    policy: [String: OutputReference]
  ) throws -> StepID {
    let list = experiment.place(of: "generator/\(index)") == nil ? "generator" : "generator/\(index)"
    switch stage {
    case .sample(let sample):
      let varies = experiment.seeds.vary.contains(.generation)
      let drawn: Int? = sample.decoding.temperature > 0 ? (varies ? seed : Planner.fixedSeed) : nil
      return try generate(
        part, prompts, model: sample.model, trained: sample.model == "policy" ? policy : [:], samples: sample.samples,
        distinct: sample.distinct, decoding: sample.decoding, seed: drawn, path: "\(list)/sample")
    case .recorded(let recorded):
      return add(
        .recorded(RecordedWork(responses: recorded.responses, take: recorded.take)), "recorded \(part.label)",
        inputs: [StepInput("prompts", OutputReference(prompts, "prompts")), StepInput("records", part.records)],
        at: ["responses/count": "\(list)/recorded/responses"])
    }
  }
}
