// The steps from a part of the data to feedback: candidates, then the reviser's stages.
// Knows nothing of what is learned from it.

import Digests
import Specification

extension CellPlanner {
  /// The seed of what is drawn for the cell: the cell's, or the one for everything that does not vary.
  var drawnSeed: Int {
    guard experiment.seeds.vary.contains(.generation) else { return Planner.fixedSeed }
    return seed ?? experiment.seeds.values.first ?? Planner.fixedSeed
  }

  /// The prompts of a part of the data, then the candidates of each stage of the generator, as inputs of a reviser.
  mutating func candidates(of part: DataPart, policy: OutputReference?) throws -> [StepInput] {
    let prompts = try prompts(part, prompt: nil, promptPath: nil, variables: Named())
    var inputs = [StepInput("prompts", OutputReference(prompts, "prompts"))]
    for (index, stage) in experiment.generator.enumerated() {
      let step = try candidates(stage, path: element(index, of: "generator"), part, prompts, policy: policy)
      inputs.append(StepInput("responses/\(index)", OutputReference(step, "responses")))
    }
    return inputs
  }

  private mutating func candidates(
    _ stage: Generator, path: String, _ part: DataPart, _ prompts: StepID, policy: OutputReference?
  ) throws -> StepID {
    switch stage {
    case .sample(let sample):
      return try generate(
        part.label, OutputReference(prompts, "prompts"), model: sample.model, policy: policy, samples: sample.samples,
        distinct: sample.distinct, decoding: sample.decoding, path: "\(path)/sample")
    case .recorded(let responses):
      let paths = Self.paths("responses", count: responses.responses.count, at: "\(path)/recorded/responses")
        .merging(["take": "\(path)/recorded/take"]) { $1 }
      return recorded(
        responses.responses, take: responses.take, "recorded \(part.label)", part,
        OutputReference(prompts, "prompts"), at: paths)
    }
  }

  /// Responses that stand in the data.
  private mutating func recorded(
    _ responses: [Template], take: RecordedResponses.Take = .whole, _ label: String, _ part: DataPart,
    _ prompts: OutputReference, at paths: [String: String]
  ) -> StepID {
    add(
      .recorded(RecordedWork(responses: responses, take: take)), label,
      inputs: [StepInput("prompts", prompts), StepInput("records", part.records)], at: paths)
  }

  /// The feedback on a part of the data.
  mutating func feedback(of part: DataPart, policy: OutputReference?) throws -> OutputReference {
    var inputs = try candidates(of: part, policy: policy)
    guard !experiment.reviser.isEmpty else {
      return OutputReference(
        add(
          .revise(ReviseWork(stage: .plain)), "take \(part.label) as it is", inputs: inputs, at: ["stage": "generator"]),
        "feedback")
    }
    var last = inputs[0].source
    for (index, stage) in experiment.reviser.enumerated() {
      let path = "\(element(index, of: "reviser"))/\(stage.name)"
      let asked = StageInputs(part: part, inputs: inputs, path: path, policy: policy)
      last = OutputReference(try revise(stage, asked), "feedback")
      inputs = [inputs[0], StepInput("feedback", last)]
    }
    return last
  }

  /// What a stage of the reviser reads, and where it stands in the spec.
  private struct StageInputs {
    let part: DataPart
    let inputs: [StepInput]
    let path: String
    let policy: OutputReference?
  }

  private mutating func revise(_ stage: Reviser, _ asked: StageInputs) throws -> StepID {
    switch stage {
    case .minimalRevision(let revision):
      switch revision.by {
      case .verifier:
        return revise(.minimalRevision(try verifier(for: stage, asked), keep: revision.keep), stage.name, asked)
      case .model(let call):
        let kept = try verifier(for: stage, keep: revision.keep, asked)
        return try revise(.revision(kept, keep: revision.keep), stage.name, asked, by: call)
      case .recorded(let revisions):
        let kept = try verifier(for: stage, keep: revision.keep, asked)
        let step = recorded(
          revisions, "recorded revisions of \(asked.part.label)", asked.part, asked.inputs[0].source,
          at: Self.paths("responses", count: revisions.count, at: "\(asked.path)/revisions"))
        let responses = StepInput("revisions", OutputReference(step, "responses"))
        return revise(.revisionRecorded(kept, keep: revision.keep), stage.name, asked, and: [responses])
      }
    case .judge(let judge): return try self.judge(judge, stage, asked)
    case .stronger(let stronger):
      let kept = try verifier(for: stage, keep: stronger.keep, asked)
      let step =
        switch stronger.source {
        case .model(let model, let decoding):
          try generate(
            asked.part.label, asked.inputs[0].source, model: model, policy: asked.policy, samples: 1,
            distinct: false, decoding: decoding, path: asked.path)
        case .recorded(let response):
          recorded(
            [response], "recorded stronger responses to \(asked.part.label)", asked.part, asked.inputs[0].source,
            at: ["responses/count": asked.path, "responses/0": "\(asked.path)/response"])
        }
      let responses = StepInput("stronger", OutputReference(step, "responses"))
      return revise(.stronger(kept, keep: stronger.keep), stage.name, asked, and: [responses])
    case .select(let selection):
      guard let verdict = selection.verdict, selection.acceptablePerRejected == nil else {
        return unavailable("select acceptable-per-rejected", asked)
      }
      return revise(.select(try verifier(for: stage, asked), verdict), stage.name, asked)
    case .judgment, .refinement, .hindsight, .rescore, .ranked, .flip: return unavailable(stage.name, asked)
    }
  }

  private mutating func judge(_ judge: Judge, _ stage: Reviser, _ asked: StageInputs) throws -> StepID {
    switch judge.by {
    case .verifier: return revise(.judge(try verifier(for: stage, asked)), stage.name, asked)
    case .recorded(let scores):
      return revise(.judgeRecorded(scores), stage.name, asked, and: [StepInput("records", asked.part.records)])
    case .model(let call): return try revise(.judgeReplies, stage.name, asked, by: call)
    case .rewardModel: return unavailable("judge by a reward model", asked)
    }
  }

  private mutating func unavailable(_ name: String, _ asked: StageInputs) -> StepID {
    unavailable(.revise, "\(name) \(asked.part.label)", about: name, path: asked.path, inputs: asked.inputs)
  }

  /// A stage that reads what a model replies to a question about responses.
  private mutating func revise(
    _ stage: ReviseWork.Stage, _ name: String, _ asked: StageInputs, by call: ModelCall
  ) throws -> StepID {
    if call.prompt.shots != nil { return unavailable("\(name) by a model, with examples in its prompt", asked) }
    let work = AskWork(prompt: call.prompt, variables: experiment.variables)
    var paths: [String: String] = [:]
    for leaf in work.options.leaves {
      paths[leaf.name] = leaf.name.replacingPrefix("prompt", with: "\(asked.path)/prompt")
    }
    for variable in experiment.variables.names { paths["variables/\(variable)"] = "variables/\(variable.escapedKey)" }
    let question = add(
      .ask(work), "ask about \(asked.part.label)",
      inputs: asked.inputs + [StepInput("records", asked.part.records)], at: paths)
    let replies = try generate(
      "replies about \(asked.part.label)", OutputReference(question, "prompts"), model: call.model,
      policy: asked.policy,
      samples: 1, distinct: false, decoding: call.decoding, path: asked.path)
    return revise(stage, name, asked, and: [StepInput("replies", OutputReference(replies, "responses"))])
  }

  private mutating func revise(
    _ stage: ReviseWork.Stage, _ name: String, _ asked: StageInputs, and further: [StepInput] = []
  ) -> StepID {
    var paths = ["stage": asked.path, "keep": "\(asked.path)/keep", "verdict": "\(asked.path)/verdict"]
    if case .revisionRecorded = stage { paths["revisions"] = "\(asked.path)/revisions" }
    if case .judgeRecorded(let scores) = stage {
      paths.merge(Self.paths("scores", count: scores.count, at: "\(asked.path)/scores")) { $1 }
    }
    paths.merge(verifierPaths(of: asked.part)) { $1 }
    return add(
      .revise(ReviseWork(stage: stage)), "\(name) \(asked.part.label)", inputs: asked.inputs + further, at: paths)
  }

  private func verifier(for stage: Reviser, _ asked: StageInputs) throws -> Verifier {
    guard let answer = asked.part.dataset.answer else {
      throw PlanningError.noVerifier(
        dataset: asked.part.name, asker: stage.name, place: experiment.nearestPlace(of: asked.path))
    }
    return answer.verifier
  }

  /// The verifier, if what is kept depends on it.
  private func verifier(for stage: Reviser, keep: KeptPairs, _ asked: StageInputs) throws -> Verifier? {
    keep == .verdictRight ? try verifier(for: stage, asked) : nil
  }
}
