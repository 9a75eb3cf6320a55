// The steps of evals: prompts, then responses or scores, then outcomes.
// Knows nothing of how numbers are laid out.

import Specification

/// What evals look at.
struct EvalSubject {
  /// The results of trainings that are laid over the policy's start, in order; none: models as they start.
  var policy: [OutputReference] = []
  /// What is added to the labels of steps that depend on it, such as `, after dpo, seed 2`.
  var about = ""
  /// Where the numbers belong beside the cell's arms.
  var coordinates: [Named<String>.Entry] = []
  /// The seed that the numbers vary with; nil for none.
  var seed: String?
  /// Whether it is the model before training, which all cells have in common.
  var isBase = false
  /// The training, for evals that follow it.
  var training: PlannedTraining?
}

/// A number that an eval gives.
struct EvalFinding {
  /// The eval's name; an eval of several numbers adds a word.
  let eval: String
  /// What kind of number it is.
  let kind: String
  /// Where it belongs beside where its subject does: data set, seed.
  var coordinates: [Named<String>.Entry] = []
  /// The seed with which it was drawn; nil if nothing was.
  var seed: String?
  /// The outcomes.
  let source: OutputReference

  init(_ eval: String, _ kind: String, _ source: OutputReference) {
    self.eval = eval
    self.kind = kind
    self.source = source
  }
}

extension CellPlanner {
  /// Adds every eval, and notes its numbers for the table.
  mutating func planEvals(of subject: EvalSubject) throws {
    for entry in experiment.evals.entries {
      for finding in try evaluate(entry.name, entry.value, of: subject) { note(finding, of: subject) }
    }
  }

  /// Adds the steps of an eval.
  mutating func evaluate(_ name: String, _ eval: Eval, of subject: EvalSubject) throws -> [EvalFinding] {
    let path = "evals/\(name.escapedKey)/\(eval.kind)"
    switch eval {
    case .accuracy(let accuracy):
      return try each(accuracy.on, accuracy.by, of: path) { planner, part in
        try planner.accuracy(name, accuracy, part, subject, path)
      }
    case .choice(let choice):
      return try each(choice.on, choice.by, of: path) { planner, part in
        [EvalFinding(name, eval.kind, try planner.choice(choice, part, subject, path))]
      }
    case .perplexity(let perplexity):
      return try each(perplexity.on, perplexity.by, of: path) { planner, part in
        [EvalFinding(name, eval.kind, try planner.perplexity(perplexity, part, subject, path))]
      }
    case .preference(let preference): return try self.preference(name, preference, subject, path: path)
    case .reward(let reward): return try self.reward(name, reward, subject, path: path)
    case .drift(let drift): return try self.drift(name, drift, subject, path: path)
    case .pairStatistics(let eval): return try pairStatistics(name, eval, subject, path: path)
    case .likelihoodTrace(let trace): return try likelihoodTrace(name, trace, subject, path: path)
    case .errorDetection(let detection):
      return try each(detection.on, detection.by, of: path) { planner, part in
        try planner.errorDetection(name, detection, part, subject, path: path)
      }
    case .winRate(let rate): return try winRate(name, rate, subject, path: path)
    }
  }

  /// An eval that this version can plan but not run.
  mutating func unavailableEval(_ name: String, _ kind: String, _ subject: EvalSubject, path: String) -> EvalFinding {
    let inputs = subject.policy.last.map { [StepInput("model/policy", $0)] } ?? []
    let step = unavailable(
      .evaluate, "eval \(name) (\(kind))\(subject.about)", about: "eval \(name) (\(kind))", path: path, inputs: inputs)
    return EvalFinding(name, experiment.evals[name]?.kind ?? kind, OutputReference(step, "outcomes"))
  }

  /// The findings on each part of the data that an eval, which stands at `path`, looks at.
  mutating func each(
    _ on: EvalData, _ by: EvalGrouping, of path: String, _ body: (inout CellPlanner, DataPart) throws -> [EvalFinding]
  ) throws -> [EvalFinding] {
    var findings: [EvalFinding] = []
    for reference in on.parts {
      let part = try records(reference, for: "\(path)/on")
      for var finding in try body(&self, part) {
        if by == .dataset { finding.coordinates.insert(.init("dataset", reference.dataset), at: 0) }
        findings.append(finding)
      }
    }
    return findings
  }

  /// The findings for each seed under which something is drawn: for that of the cell if it has one, else for all.
  mutating func eachSeed(
    drawing: Bool = true, _ body: (inout CellPlanner) throws -> [EvalFinding]
  ) throws -> [EvalFinding] {
    guard drawing, seed == nil, experiment.seeds.vary.contains(.generation) else { return try body(&self) }
    defer { seed = nil }
    var findings: [EvalFinding] = []
    for drawn in seedValues {
      seed = drawn
      for var finding in try body(&self) {
        finding.seed = String(drawn)
        if seedValues.count > 1 { finding.coordinates.append(.init("seed", String(drawn))) }
        findings.append(finding)
      }
    }
    return findings
  }

  private mutating func accuracy(
    _ name: String, _ eval: AccuracyEval, _ part: DataPart, _ subject: EvalSubject, _ path: String
  ) throws -> [EvalFinding] {
    let prompts = try prompts(
      part, prompt: eval.prompt, promptPath: eval.prompt == nil ? nil : "\(path)/prompt", variables: eval.variables)
    guard let answer = part.dataset.answer else { fatalError("the reader asks for a verifier: our own bug") }
    return try eachSeed(drawing: eval.decoding.temperature > 0) { planner in
      let responses = try planner.generate(
        part.label, OutputReference(prompts, "prompts"), model: eval.model, policy: subject.policy,
        about: planner.about(eval.model, subject), samples: eval.samples, distinct: false, decoding: eval.decoding,
        path: path)
      let paths = planner.shared("verify \(part.name)") { $0.verifierPaths(of: part) }
      let verify = planner.add(
        .verify(VerifyWork(verifier: answer.verifier)), "verify \(part.label)\(planner.about(eval.model, subject))",
        inputs: [
          StepInput("prompts", OutputReference(prompts, "prompts")),
          StepInput("responses", OutputReference(responses, "responses")),
        ], at: paths)
      return [EvalFinding(name, "accuracy", OutputReference(verify, "outcomes"))]
    }
  }

  /// What labels say of the training: nothing for models that it does not change.
  func about(_ model: String, _ subject: EvalSubject) -> String { model == "policy" ? subject.about : "" }

  /// Responses of a model; a random number is drawn with ``drawnSeed``.
  mutating func generate(
    _ label: String, _ prompts: OutputReference, model name: String, policy: [OutputReference], about: String = "",
    samples: Int, distinct: Bool, decoding: Decoding, path: String
  ) throws -> StepID {
    let model = try model(name, policy: policy)
    let seed = decoding.temperature > 0 ? drawnSeed : nil
    let work = GenerateWork(
      model: model.use, samples: samples, distinct: distinct, decoding: decoding, seed: seed, expect: experiment.expect)
    let unknown = unknownDecoding(at: path)
    let heat = unknown["temperature"] != nil ? "unknown" : "\(decoding.temperature)"
    let draw = seed.map { "T \(heat), seed \($0)" } ?? "greedy"
    let by = name == "policy" ? "" : " by \(name)"
    let paths = shared("generate \(name) \(path)") { planner in
      planner.modelPaths(name).merging(Self.decodingPaths(decoding, at: path)) { $1 }
    }
    let missing = unknown.keys.sorted().map { setting(named: $0, at: path) }
    return add(
      .generate(work), "generate \(label)\(by), \(draw)\(samples > 1 ? ", \(samples) samples" : "")\(about)",
      inputs: [StepInput("prompts", prompts)] + model.inputs + missing,
      at: paths)
  }

  /// The settings of decoding that the spec calls `unknown`, with their paths.
  private mutating func unknownDecoding(at path: String) -> [String: String] {
    shared("unknown \(path)") { planner in
      var paths: [String: String] = [:]
      for key in ["max-new-tokens", "temperature"] where planner.experiment.isUnknown("\(path)/\(key)") {
        paths[key] = "\(path)/\(key)"
      }
      return paths
    }
  }

  /// An input that nobody can give: whatever reads it is planned and priced, and does not run.
  private mutating func setting(named key: String, at path: String) -> StepInput {
    let name = "\(path)/\(key)".replacing("/", with: ".")
    let step = unavailable(.fetch, "unknown \(name)", path: "\(path)/\(key)", reason: .unknownSetting(name))
    return StepInput("unknown/\(key)", OutputReference(step, "value"))
  }

  private mutating func choice(
    _ eval: ChoiceEval, _ part: DataPart, _ subject: EvalSubject, _ path: String
  ) throws -> OutputReference {
    let prompts = try prompts(
      part, prompt: eval.prompt, promptPath: eval.prompt == nil ? nil : "\(path)/prompt", variables: eval.variables,
      lettersAnswer: eval.continuation == .letter)
    let scores = try score(
      part.label + about(eval.model, subject), OutputReference(prompts, "prompts"),
      eval.continuation == .letter ? .labels : .options, model: eval.model, policy: subject.policy)
    let choice = add(
      .choice(ChoiceWork(normalize: eval.normalize, continuation: eval.continuation)),
      "choice \(part.label)\(about(eval.model, subject))",
      inputs: [
        StepInput("prompts", OutputReference(prompts, "prompts")),
        StepInput("scores", OutputReference(scores, "scores")),
      ], at: ["normalize": "\(path)/normalize", "continuation": "\(path)/continuation"])
    return OutputReference(choice, "outcomes")
  }

  private mutating func perplexity(
    _ eval: PerplexityEval, _ part: DataPart, _ subject: EvalSubject, _ path: String
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
    let scores = try score(
      part.label + about(eval.model, subject), OutputReference(prompts, "prompts"), target, model: eval.model,
      policy: subject.policy)
    let step = add(
      .perplexity(PerplexityWork()), "perplexity \(part.label)\(about(eval.model, subject))",
      inputs: [StepInput("scores", OutputReference(scores, "scores"))])
    return OutputReference(step, "outcomes")
  }

  /// Log-probabilities of texts after prompts.
  mutating func score(
    _ label: String, _ prompts: OutputReference, _ target: ScoreWork.Target, model name: String,
    policy: [OutputReference], rewards: Bool = false, and further: [StepInput] = []
  ) throws -> StepID {
    let model = try model(name, policy: policy)
    return add(
      .score(ScoreWork(model: model.use, target: target, rewards: rewards)), "score \(label)",
      inputs: [StepInput("prompts", prompts)] + further + model.inputs,
      at: shared("model \(name)") { $0.modelPaths(name) })
  }
}
