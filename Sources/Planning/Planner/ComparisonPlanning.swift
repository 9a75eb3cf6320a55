// The steps of evals that look at pairs or at two models: preference, drift, pair statistics, likelihood traces.
// Knows nothing of tables.

import Specification

extension CellPlanner {
  /// What a response's score is.
  func scored(by eval: PreferenceEval) -> PreferenceEval.Score {
    if let score = eval.score { return score }
    return experiment.training?.objective == .bradleyTerry ? .reward : .sum
  }

  /// Whether the better of two responses scores higher under the model.
  mutating func preference(
    _ name: String, _ eval: PreferenceEval, _ subject: EvalSubject, path: String
  ) throws -> [EvalFinding] {
    // Nobody has a reward head before it is trained.
    if subject.isBase, eval.model == "policy", scored(by: eval) == .reward { return [] }
    if experiment.feedback != .rankings, let finding = try withoutPairs(name, "preference", subject, path: path) {
      return [finding]
    }
    return try eachSeed { planner in
      try planner.each(eval.on, eval.by, of: path) { planner, part in
        let feedback = try planner.heldOutFeedback(of: part)
        let examples = try planner.fit([feedback], label: part.label, weights: [1], model: eval.model)
        var inputs = [StepInput("examples", examples)]
        let score = planner.scored(by: eval)
        if score != .length {
          let label = "score examples of \(part.label)\(planner.about(eval.model, subject))"
          let scores = try planner.scores(
            of: examples, label, by: eval.model, policy: subject.policy, rewards: score == .reward)
          inputs.append(StepInput("scores", scores))
        }
        let step = planner.add(
          .preference(PreferenceWork(score: score)), "preference \(part.label)\(subject.about)", inputs: inputs,
          at: ["score": "\(path)/score"])
        return [EvalFinding(name, "preference", OutputReference(step, "outcomes"))]
      }
    }
  }

  /// What a reward model says of the policy's own responses.
  mutating func reward(
    _ name: String, _ eval: RewardEval, _ subject: EvalSubject, path: String
  ) throws -> [EvalFinding] {
    try each(eval.on, eval.by, of: path) { planner, part in
      let prompts = OutputReference(
        try planner.prompts(part, prompt: nil, promptPath: nil, variables: Named()), "prompts")
      return try planner.eachSeed(drawing: eval.decoding.temperature > 0) { planner in
        let generated = try planner.generate(
          part.label, prompts, model: "policy", policy: subject.policy, about: subject.about, samples: 1,
          distinct: false, decoding: eval.decoding, path: path)
        let scores = try planner.score(
          "responses to \(part.label) by \(eval.model)\(subject.about)", prompts, .responses, model: eval.model,
          policy: subject.policy, rewards: true, and: [StepInput("responses", OutputReference(generated, "responses"))])
        let step = planner.add(
          .reward(RewardWork()), "reward \(part.label) by \(eval.model)\(subject.about)",
          inputs: [StepInput("scores", OutputReference(scores, "scores"))])
        return [EvalFinding(name, "reward", OutputReference(step, "outcomes"))]
      }
    }
  }

  /// How far the policy has moved along its own responses; nothing to say of the model before training.
  mutating func drift(_ name: String, _ eval: DriftEval, _ subject: EvalSubject, path: String) throws -> [EvalFinding] {
    if subject.isBase { return [] }
    return try each(eval.on, eval.by, of: path) { planner, part in
      let prompts = OutputReference(
        try planner.prompts(part, prompt: nil, promptPath: nil, variables: Named()), "prompts")
      return try planner.eachSeed(drawing: eval.decoding.temperature > 0) { planner in
        let generated = try planner.generate(
          part.label, prompts, model: "policy", policy: subject.policy, about: subject.about, samples: 1,
          distinct: false, decoding: eval.decoding, path: path)
        let responses = StepInput("responses", OutputReference(generated, "responses"))
        var inputs = [responses]
        for model in ["policy", "reference"] {
          let about = model == "policy" ? " by itself" : " by the reference"
          let scores = try planner.score(
            "responses to \(part.label)\(about)\(subject.about)", prompts, .responses, model: model,
            policy: subject.policy, and: [responses])
          inputs.append(StepInput(model, OutputReference(scores, "scores")))
        }
        let step = planner.add(.drift(DriftWork()), "drift \(part.label)\(subject.about)", inputs: inputs)
        return [
          EvalFinding(name, "drift", OutputReference(step, "outcomes")),
          EvalFinding("\(name) tokens", "length", OutputReference(step, "lengths")),
        ]
      }
    }
  }

  /// How much the responses of a pair differ, before anything is dropped; a matter of the data, not of training.
  mutating func pairStatistics(
    _ name: String, _ eval: PairStatisticsEval, _ subject: EvalSubject, path: String
  ) throws -> [EvalFinding] {
    guard !subject.isBase, let data = experiment.data, !experiment.generator.isEmpty else { return [] }
    if let finding = try withoutPairs(name, "pair-statistics", subject, path: path) { return [finding] }
    return try eachSeed { planner in
      var findings: [EvalFinding] = []
      for part in data.parts {
        let records = try planner.records(part.reference, for: path)
        let feedback = try planner.feedback(of: records, policy: [])
        let inputs = [StepInput("examples", feedback)]
        // Adapters change no token.
        let model = eval.tokens == .model ? try planner.model("policy").bare : nil
        let step = planner.add(
          .pairs(PairStatisticsWork(measure: .contrast(tokensOf: model?.use))), "pair-statistics \(records.label)",
          inputs: inputs + (model?.inputs ?? []), at: model == nil ? [:] : planner.modelPaths("policy"))
        let lengths = planner.add(
          .pairs(PairStatisticsWork(measure: .length)), "pair lengths \(records.label)", inputs: inputs)
        for (word, step, output) in [
          ("Jaccard", step, "jaccard"), ("Levenshtein", step, "levenshtein"), ("length", lengths, "length"),
        ] {
          findings.append(EvalFinding("\(name) \(word)", "pair-statistics", OutputReference(step, output)))
        }
      }
      return findings
    }
  }

  /// How the log-ratios of better and worse responses move through the training; nothing to say of what is not trained.
  mutating func likelihoodTrace(
    _ name: String, _ eval: LikelihoodTraceEval, _ subject: EvalSubject, path: String
  ) throws -> [EvalFinding] {
    guard let training = subject.training else { return [] }
    if let finding = try withoutPairs(name, "likelihood-trace", subject, path: path) { return [finding] }
    if !training.trials.isEmpty {
      return try ofChosen(training, subject) { try $0.likelihoodTrace(name, eval, $1, path: path) }
    }
    guard let step = training.step else {
      return [unavailableEval(name, "likelihood-trace", subject, path: path)]
    }
    guard let on = eval.on else {
      return try trace(name, eval, training.examples, of: step, subject, path: path)
    }
    return try each(on, .all, of: path) { planner, part in
      let feedback = try planner.heldOutFeedback(of: part)
      let own = try planner.fit([feedback], label: part.label, weights: [1], model: "policy")
      let examples = try planner.fit(toReference: own)
      return try planner.trace(name, eval, examples, of: step, subject, path: path)
    }
  }

  private mutating func trace(
    _ name: String, _ eval: LikelihoodTraceEval, _ examples: OutputReference,
    of training: (id: StepID, checkpoints: Checkpoints), _ subject: EvalSubject, path: String
  ) throws -> [EvalFinding] {
    let label = graph.step(examples.step).label
    let points = try points(every: eval.every, for: name, path: "\(path)/every")
    // It ends with the weights that are the result, which with `keep: best` need not be the last.
    let kept = training.checkpoints.outputs(points, of: training.id).dropLast()
    let below = Array(subject.policy.dropLast())
    let outputs = kept + [subject.policy.last ?? OutputReference(training.id, "weights")]
    var inputs = [StepInput("examples", examples), StepInput("reference", try reference(of: examples))]
    for (index, output) in outputs.enumerated() {
      let moment = Self.moment(index, points)
      let scores = try scores(
        of: examples, "score \(label)\(subject.about)\(moment)", by: "policy", policy: below + [output])
      inputs.append(StepInput("scores/\(index)", scores))
    }
    let step = add(
      .trace(TraceWork(checkpoints: outputs.count)), "likelihood-trace on \(label)\(subject.about)", inputs: inputs,
      at: ["checkpoints": "\(path)/every"])
    return ["chosen", "rejected"].map {
      EvalFinding("\(name) \($0)", "likelihood-trace", OutputReference(step, $0))
    }
  }

  /// What stands for an eval of pairs where there are none: an error if there is no feedback at all, a step that cannot run
  /// yet where the feedback is of another kind; nil if there are pairs.
  private mutating func withoutPairs(
    _ name: String, _ kind: String, _ subject: EvalSubject, path: String
  ) throws -> EvalFinding? {
    switch experiment.feedback {
    case .pairs where !experiment.generator.isEmpty: return nil
    case .pairs, .responses:
      throw PlanningError.noPairs(eval: name, kind: kind, place: experiment.nearestPlace(of: path))
    case .judgments, .rankings, .relabeled: return unavailableEval(name, kind, subject, path: path)
    }
  }
}
