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
  mutating func candidates(of part: DataPart, policy: [OutputReference]) throws -> [StepInput] {
    let prompts = try prompts(part, prompt: nil, promptPath: nil, variables: Named())
    var inputs = [StepInput("prompts", OutputReference(prompts, "prompts"))]
    let stages = experiment.generator.enumerated().filter { $0.element.isFor(part.name) }
    if stages.isEmpty, !experiment.generator.isEmpty {
      throw PlanningError.noCandidates(dataset: part.name, place: experiment.nearestPlace(of: "generator"))
    }
    for (place, (index, stage)) in stages.enumerated() {
      let step = try candidates(stage, path: element(index, of: "generator"), part, prompts, policy: policy)
      inputs.append(StepInput("responses/\(place)", OutputReference(step, "responses")))
    }
    return inputs
  }

  private mutating func candidates(
    _ stage: Generator, path: String, _ part: DataPart, _ prompts: StepID, policy: [OutputReference]
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
    let namesAnswer = responses.contains { $0.fields.contains("answer") }
    let work = RecordedWork(
      responses: responses, take: take, bindsAnswer: namesAnswer && part.dataset.options != nil)
    return add(
      .recorded(work), label,
      inputs: [StepInput("prompts", prompts), StepInput("records", part.records)], at: paths)
  }

  /// The feedback on a part of the data that an eval looks at.
  ///
  /// `flip` is noise in what is trained on: what is measured against has none.
  mutating func heldOutFeedback(of part: DataPart) throws -> OutputReference {
    try feedback(of: part, policy: []) { if case .flip = $0 { false } else { true } }
  }

  /// The feedback on a part of the data, by all stages of the reviser or by some.
  mutating func feedback(
    of part: DataPart, policy: [OutputReference], stages isTaken: (Reviser) -> Bool = { _ in true }
  ) throws -> OutputReference {
    var inputs = try candidates(of: part, policy: policy)
    let stages = experiment.reviser.enumerated().filter { isTaken($0.element) }
    guard !stages.isEmpty else {
      return OutputReference(
        add(
          .revise(ReviseWork(stage: .plain)), "take \(part.label) as it is", inputs: inputs, at: ["stage": "generator"]),
        "feedback")
    }
    var last = inputs[0].source
    for (index, stage) in stages {
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
    var inputs: [StepInput]
    let path: String
    let policy: [OutputReference]
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
      let step: StepID
      switch stronger.source {
      case .verifier: return revise(.strongerAnswer(try verifier(for: stage, asked)), stage.name, asked)
      case .model(let model, let decoding):
        step = try generate(
          asked.part.label, asked.inputs[0].source, model: model, policy: asked.policy, samples: 1,
          distinct: false, decoding: decoding, path: asked.path)
      case .recorded(let response):
        step = recorded(
          [response], "recorded stronger responses to \(asked.part.label)", asked.part, asked.inputs[0].source,
          at: ["responses/count": asked.path, "responses/0": "\(asked.path)/response"])
      }
      let responses = StepInput("stronger", OutputReference(step, "responses"))
      return revise(.stronger(kept, keep: stronger.keep), stage.name, asked, and: [responses])
    case .select(let selection): return try select(selection, stage, asked)
    case .judgment(let source): return try judgment(source, stage, asked)
    case .refinement(let refinement):
      let kept = try verifier(for: stage, keep: refinement.keep, asked)
      switch refinement.by {
      case .model(let call):
        return try revise(.refinement(kept, keep: refinement.keep), stage.name, asked, by: call)
      case .recorded(let refinements):
        let step = recorded(
          refinements, "recorded refinements of \(asked.part.label)", asked.part, asked.inputs[0].source,
          at: Self.paths("responses", count: refinements.count, at: "\(asked.path)/refinements"))
        let responses = StepInput("revisions", OutputReference(step, "responses"))
        return revise(.refinementRecorded(kept, keep: refinement.keep), stage.name, asked, and: [responses])
      }
    case .hindsight(let hindsight): return try self.hindsight(hindsight, stage, asked)
    case .rescore(let assessor): return try rescore(assessor, stage, asked)
    case .ranked: return revise(.ranked, stage.name, asked)
    case .flip(let flip): return revise(.flip(rate: flip.rate, seed: drawnSeed), stage.name, asked)
    }
  }

  private mutating func select(_ selection: Selection, _ stage: Reviser, _ asked: StageInputs) throws -> StepID {
    var asked = asked
    var last: StepID?
    if let verdict = selection.verdict {
      let step = revise(.select(try verifier(for: stage, asked), verdict), stage.name, asked)
      asked.inputs = [asked.inputs[0], StepInput("feedback", OutputReference(step, "feedback"))]
      last = step
    }
    if let ratio = selection.acceptablePerRejected { last = revise(.balance(ratio), "balance", asked) }
    guard let last else { fatalError("the reader asks for one of the two") }
    return last
  }

  private mutating func judgment(_ source: JudgmentSource, _ stage: Reviser, _ asked: StageInputs) throws -> StepID {
    let records = [StepInput("records", asked.part.records)]
    switch source {
    case .verifier(let wrong, let right):
      let stage = ReviseWork.Stage.judgment(try verifier(for: stage, asked), wrong: wrong, right: right)
      return revise(stage, "judgment", asked, and: records)
    case .recorded(let judgment): return revise(.judgmentRecorded(judgment), stage.name, asked, and: records)
    case .model(let call, let acceptable):
      return try revise(.judgmentReplies(acceptable: acceptable), stage.name, asked, by: call)
    }
  }

  /// The prompt of each record is rendered once for right responses and once for wrong ones.
  private mutating func hindsight(_ hindsight: Hindsight, _ stage: Reviser, _ asked: StageInputs) throws -> StepID {
    let further = try [("right", hindsight.right), ("wrong", hindsight.wrong)].map { name, text in
      let bound = Named([Named<String>.Entry(hindsight.bind, text)])
      let step = try prompts(
        asked.part, prompt: nil, promptPath: nil, variables: bound,
        variablePaths: [hindsight.bind: "\(asked.path)/\(name)"])
      return StepInput(name, OutputReference(step, "prompts"))
    }
    switch hindsight.by {
    case .verifier: return revise(.hindsight(try verifier(for: stage, asked)), stage.name, asked, and: further)
    case .judgment(let source):
      let judged = try judgment(source, .judgment(source), asked)
      var asked = asked
      asked.inputs = [asked.inputs[0], StepInput("feedback", OutputReference(judged, "feedback"))]
      return revise(.hindsightJudged, stage.name, asked, and: further)
    }
  }

  private mutating func rescore(_ assessor: Assessor, _ stage: Reviser, _ asked: StageInputs) throws -> StepID {
    switch assessor {
    case .verifier: return revise(.rescore(try verifier(for: stage, asked)), stage.name, asked)
    case .recorded(let scores):
      return revise(
        .rescoreRecorded(scores), stage.name, asked, and: [StepInput("records", asked.part.records)])
    case .model(let call): return try revise(.rescoreReplies, stage.name, asked, by: call)
    case .rewardModel(let model): return try revise(.rescoreRewards, stage.name, asked, rewardedBy: model)
    }
  }

  /// A stage that reads a reward model's score of each response.
  private mutating func revise(
    _ stage: ReviseWork.Stage, _ name: String, _ asked: StageInputs, rewardedBy model: String
  ) throws -> StepID {
    var asked = asked
    if asked.inputs[1].name != "feedback" {
      let plain = revise(.plain, "take", asked)
      asked.inputs = [asked.inputs[0], StepInput("feedback", OutputReference(plain, "feedback"))]
    }
    let rewards = try scores(
      of: asked.inputs[1].source, "score responses to \(asked.part.label) by \(model)", by: model, policy: asked.policy,
      rewards: true)
    return revise(stage, name, asked, and: [StepInput("rewards", rewards)])
  }

  /// Feedback with the turns in which an objective reads a judgment; itself for the others.
  mutating func withContexts(
    _ feedback: OutputReference, of part: DataPart, for objective: Objective
  ) throws -> OutputReference {
    let (stage, prompt, path): (ReviseWork.Stage, Prompt, String)
    switch objective {
    case .cut(let cut): (stage, prompt, path) = (.judgedPrompt, cut.judgedPrompt, "objective/cut/judged-prompt")
    case .forwardPrediction(let prediction):
      (stage, prompt, path) = (
        .judgmentPrompt, .text(prediction.judgmentPrompt), "objective/forward-prediction/judgment-prompt"
      )
    default: return feedback
    }
    return try inContext(
      feedback, of: part, stage, prompt, at: path, asking: "judgments in prompts of \(part.label)",
      "judgments in context of")
  }

  /// Judged responses with the turns in which a judgment is read.
  ///
  /// - Parameters:
  ///   - feedback: The judged responses.
  ///   - part: The data that they belong to.
  ///   - stage: What the turns become.
  ///   - prompt: The turns.
  ///   - path: Where they stand in the spec.
  ///   - question: What the step that renders them is called.
  ///   - name: What the step that puts them to the responses is called, before the data's name.
  /// - Returns: The same feedback with contexts.
  /// - Throws: ``PlanningError``.
  mutating func inContext(
    _ feedback: OutputReference, of part: DataPart, _ stage: ReviseWork.Stage, _ prompt: Prompt, at path: String,
    asking question: String, _ name: String
  ) throws -> OutputReference {
    let prompts = try self.prompts(part, prompt: nil, promptPath: nil, variables: Named())
    let inputs = [StepInput("prompts", OutputReference(prompts, "prompts")), StepInput("feedback", feedback)]
    let asked = StageInputs(part: part, inputs: inputs, path: path, policy: [])
    if prompt.shots != nil {
      return OutputReference(unavailable("a judged prompt with examples", asked), "feedback")
    }
    let contexts = StepInput("contexts", OutputReference(ask(prompt, at: path, question, asked), "prompts"))
    return OutputReference(revise(stage, name, asked, and: [contexts]), "feedback")
  }

  private mutating func judge(_ judge: Judge, _ stage: Reviser, _ asked: StageInputs) throws -> StepID {
    switch judge.by {
    case .verifier: return revise(.judge(try verifier(for: stage, asked)), stage.name, asked)
    case .recorded(let scores):
      return revise(.judgeRecorded(scores), stage.name, asked, and: [StepInput("records", asked.part.records)])
    case .model(let call): return try revise(.judgeReplies, stage.name, asked, by: call)
    case .rewardModel(let model): return try revise(.judgeRewards, stage.name, asked, rewardedBy: model)
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
    let question = ask(call.prompt, at: "\(asked.path)/prompt", "ask about \(asked.part.label)", asked)
    let replies = try generate(
      "replies about \(asked.part.label)", OutputReference(question, "prompts"), model: call.model,
      policy: asked.policy,
      samples: 1, distinct: false, decoding: call.decoding, path: asked.path)
    return revise(stage, name, asked, and: [StepInput("replies", OutputReference(replies, "responses"))])
  }

  /// Renders a prompt about each response.
  private mutating func ask(_ prompt: Prompt, at path: String, _ label: String, _ asked: StageInputs) -> StepID {
    ask(AskWork(prompt: prompt, variables: experiment.variables), at: path, label, asked.inputs, of: asked.part)
  }

  /// Renders what a model is asked; the prompt stands at `path`.
  mutating func ask(
    _ work: AskWork, at path: String, _ label: String, _ inputs: [StepInput], of part: DataPart
  ) -> StepID {
    var paths: [String: String] = [:]
    for leaf in work.options.leaves { paths[leaf.name] = leaf.name.replacingPrefix("prompt", with: path) }
    for variable in experiment.variables.names { paths["variables/\(variable)"] = "variables/\(variable.escapedKey)" }
    return add(.ask(work), label, inputs: inputs + [StepInput("records", part.records)], at: paths)
  }

  private mutating func revise(
    _ stage: ReviseWork.Stage, _ name: String, _ asked: StageInputs, and further: [StepInput] = []
  ) -> StepID {
    var paths = ["stage": asked.path, "keep": "\(asked.path)/keep", "verdict": "\(asked.path)/verdict"]
    if case .revisionRecorded = stage { paths["revisions"] = "\(asked.path)/revisions" }
    if case .refinementRecorded = stage { paths["revisions"] = "\(asked.path)/refinements" }
    for key in ["judgment", "wrong", "right", "acceptable", "acceptable-per-rejected", "rate"] {
      paths[key] = "\(asked.path)/\(key)"
    }
    if case .flip = stage { paths["seed"] = "seeds/values" }
    switch stage {
    case .judgeRecorded(let scores), .rescoreRecorded(let scores):
      paths.merge(Self.paths("scores", count: scores.count, at: "\(asked.path)/scores")) { $1 }
    default: break
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

extension Generator {
  /// Whether a data set's records have its candidates.
  fileprivate func isFor(_ dataset: String) -> Bool {
    guard case .recorded(let responses) = self, let own = responses.dataset else { return true }
    return own.utf8.elementsEqual(dataset.utf8)
  }
}
