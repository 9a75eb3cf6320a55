// The steps of evals: prompts, then responses or scores, then outcomes.

import Specification

extension CellPlanner {
  /// Adds every eval.
  ///
  /// `trained` has the outputs that stand for models that this cell trains and is empty for the models as they start;
  /// `coordinates` say where the numbers belong beside the cell's arms.
  mutating func planEvals(
    of trained: [String: OutputReference], at coordinates: [Named<String>.Entry], withArms: Bool = true
  ) throws {
    for (name, eval) in experiment.evals.entries.map({ ($0.name, $0.value) }) {
      let path = "evals/\(name.escapedKey)/\(eval.kind)"
      switch eval {
      case .accuracy(let accuracy):
        try each(accuracy.on, accuracy.by, coordinates) { planner, part, place in
          try planner.accuracy(name, accuracy, part, place, trained, withArms, path)
        }
      case .choice(let choice):
        try each(choice.on, choice.by, coordinates) { planner, part, place in
          let source = try planner.choice(choice, part, trained, path)
          planner.measure(name, eval.kind, at: place, withArms: withArms, from: source)
        }
      case .perplexity(let perplexity):
        try each(perplexity.on, perplexity.by, coordinates) { planner, part, place in
          let source = try planner.perplexity(perplexity, part, trained, path)
          planner.measure(name, eval.kind, at: place, withArms: withArms, from: source)
        }
      case .preference, .reward, .winRate, .drift, .pairStatistics, .likelihoodTrace:
        let inputs = trained.sorted { $0.key < $1.key }.map { StepInput("model/\($0.key)", $0.value) }
        let step = unavailable(.evaluate, "eval \(name) (\(eval.kind))", path: path, inputs: inputs)
        measure(name, eval.kind, at: coordinates, withArms: withArms, from: OutputReference(step, "outcomes"))
      }
    }
  }

  private mutating func each(
    _ on: EvalData, _ by: EvalGrouping, _ coordinates: [Named<String>.Entry],
    _ body: (inout CellPlanner, DataPart, [Named<String>.Entry]) throws -> Void
  ) throws {
    for reference in on.parts {
      let part = try records(reference)
      let place = by == .dataset ? coordinates + [.init("dataset", reference.dataset)] : coordinates
      try body(&self, part, place)
    }
  }

  private mutating func accuracy(
    _ name: String, _ eval: AccuracyEval, _ part: DataPart, _ coordinates: [Named<String>.Entry],
    _ trained: [String: OutputReference], _ withArms: Bool, _ path: String
  ) throws {
    let prompts = try prompts(
      part, prompt: eval.prompt, promptPath: eval.prompt == nil ? nil : "\(path)/prompt", variables: eval.variables)
    let seeds = seeds(drawing: eval.decoding.temperature > 0)
    let trainedSeed = coordinates.contains { $0.name == "seed" } ? coordinates.first { $0.name == "seed" }?.value : nil
    for seed in seeds where trainedSeed == nil || seeds.count == 1 || trainedSeed == String(seed ?? 0) {
      let responses = try generate(
        part, prompts, model: eval.model, trained: trained, samples: eval.samples, distinct: false,
        decoding: eval.decoding, seed: seed, path: path)
      guard let answer = part.dataset.answer else { fatalError("the reader asks for a verifier: our own bug") }
      let verify = add(
        .verify(VerifyWork(verifier: answer.verifier)), "verify \(part.label)",
        inputs: [
          StepInput("prompts", OutputReference(prompts, "prompts")),
          StepInput("responses", OutputReference(responses, "responses")),
        ], at: ["verifier": "datasets/\(part.name.escapedKey)/answer/verifier"])
      let mark: [Named<String>.Entry] = seeds.count > 1 && trainedSeed == nil ? [.init("seed", String(seed ?? 0))] : []
      measure(name, "accuracy", at: coordinates + mark, withArms: withArms, from: OutputReference(verify, "outcomes"))
    }
  }

  /// The seeds under which something is generated: none if nothing is drawn, one if generation does not vary.
  func seeds(drawing: Bool) -> [Int?] {
    guard drawing else { return [nil] }
    return experiment.seeds.vary.contains(.generation) ? experiment.seeds.values.map { $0 } : [Planner.fixedSeed]
  }

  mutating func generate(
    _ part: DataPart, _ prompts: StepID, model name: String, trained: [String: OutputReference], samples: Int,
    distinct: Bool, decoding: Decoding, seed: Int?, path: String
  ) throws -> StepID {
    let model = try model(name, trained: trained)
    let work = GenerateWork(
      model: model.use, samples: samples, distinct: distinct, decoding: decoding, seed: seed, expect: experiment.expect)
    var paths = modelPaths(name)
    for option in ["samples", "distinct", "temperature", "top-p", "top-k", "max-new-tokens"] {
      paths[option] = "\(path)/\(option)"
    }
    paths["stop/count"] = "\(path)/stop"
    paths["seed"] = "seeds/values"
    let draw = seed.map { "T \(decoding.temperature), seed \($0)" }
    let detail = draw ?? "greedy"
    return add(
      .generate(work), "generate \(part.label), \(detail)\(samples > 1 ? ", \(samples) samples" : "")",
      inputs: [StepInput("prompts", OutputReference(prompts, "prompts"))] + model.inputs, at: paths)
  }

  private mutating func choice(
    _ eval: ChoiceEval, _ part: DataPart, _ trained: [String: OutputReference], _ path: String
  ) throws -> OutputReference {
    let prompts = try prompts(
      part, prompt: eval.prompt, promptPath: eval.prompt == nil ? nil : "\(path)/prompt", variables: eval.variables,
      lettersAnswer: eval.continuation == .letter)
    let scores = try score(
      part, prompts, eval.continuation == .letter ? .labels : .options, model: eval.model, trained: trained)
    let choice = add(
      .choice(ChoiceWork(normalize: eval.normalize, continuation: eval.continuation)), "choice \(part.label)",
      inputs: [
        StepInput("prompts", OutputReference(prompts, "prompts")),
        StepInput("scores", OutputReference(scores, "scores")),
      ], at: ["normalize": "\(path)/normalize", "continuation": "\(path)/continuation"])
    return OutputReference(choice, "outcomes")
  }

  private mutating func perplexity(
    _ eval: PerplexityEval, _ part: DataPart, _ trained: [String: OutputReference], _ path: String
  ) throws -> OutputReference {
    let (template, prompt, target, key): (Template, Prompt?, ScoreWork.Target, String)
    switch eval.scored {
    case .text(let text): (template, prompt, target, key) = (text, nil, .plain("text"), "text")
    case .response(let response, let asked):
      (template, prompt, target, key) = (response, asked, .response("response"), "response")
    }
    let prompts = try prompts(
      part, prompt: prompt, promptPath: prompt == nil ? nil : "\(path)/prompt", variables: eval.variables,
      texts: Named([.init(key, template)]), textPaths: ["texts/\(key)": "\(path)/\(key)"],
      withoutTurns: target == .plain("text"))
    let scores = try score(part, prompts, target, model: eval.model, trained: trained)
    let step = add(
      .perplexity(PerplexityWork()), "perplexity \(part.label)",
      inputs: [StepInput("scores", OutputReference(scores, "scores"))])
    return OutputReference(step, "outcomes")
  }

  private mutating func score(
    _ part: DataPart, _ prompts: StepID, _ target: ScoreWork.Target, model name: String,
    trained: [String: OutputReference]
  ) throws -> StepID {
    let model = try model(name, trained: trained)
    return add(
      .score(ScoreWork(model: model.use, target: target)), "score \(part.label)",
      inputs: [StepInput("prompts", OutputReference(prompts, "prompts"))] + model.inputs, at: modelPaths(name))
  }
}
