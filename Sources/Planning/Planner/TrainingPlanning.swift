// The steps from feedback to a trained model: examples, log-probabilities under the reference, partners, training, and the
// choice among weights. Knows nothing of evals but that some decide which weights are best.

import Specification

/// A training that is in the graph.
struct PlannedTraining {
  /// What it is called in the labels of what follows, such as `after dpo, seed 2`.
  let name: String
  /// The round, counted from 1.
  let round: Int
  /// The weights that are the result.
  let weights: OutputReference
  /// What it learns from.
  let examples: OutputReference
  /// The results of earlier rounds that lie below these weights.
  let below: [OutputReference]
  /// The step, and when weights are kept on the way; nil for a training that this version cannot run, and where a search
  /// chooses among several.
  let step: (id: StepID, checkpoints: CellPlanner.Checkpoints)?
  /// What a search tries in its place, one for each candidate; empty without a search.
  var trials: [PlannedTraining] = []
  /// What lies over the policy's start.
  var policy: [OutputReference] { below + [weights] }
}

extension CellPlanner {
  /// The trainings of the cell for ``seed``: one for each round.
  mutating func planTraining() throws -> [PlannedTraining] {
    candidates.isEmpty ? try planRounds() : try planSearchedRounds()
  }

  /// The trainings as the values of the spec say.
  mutating func planRounds() throws -> [PlannedTraining] {
    guard let data = experiment.data, let training = experiment.training else {
      fatalError("the reader asks for `data` where something is trained")
    }
    var trained: [PlannedTraining] = []
    var feedback: [[OutputReference]] = []
    for round in 1...experiment.rounds.count {
      let policy = trained.last?.policy ?? []
      feedback.append(
        try data.parts.map { part in
          let records = try records(part.reference, takenBy: round - 1)
          let plain = try self.feedback(of: records, policy: policy)
          return try withContexts(plain, of: records, for: training.objective)
        })
      let replayed = Array(feedback.suffix(experiment.rounds.replayed + 1))
      var examples = try fit(replayed, of: data, training.hyperparameters, round: round)
      if training.objective.usesReference {
        examples = try fit(
          toReference: examples, longer: training.hyperparameters.longer,
          examples: context.limit == nil ? training.hyperparameters.examples : nil)
      }
      trained.append(try train(training, on: examples, round: round, after: trained.last))
    }
    return trained
  }

  /// The examples of a training.
  private mutating func fit(
    _ feedback: [[OutputReference]], of data: DataSelection, _ hyperparameters: Hyperparameters, round: Int
  ) throws -> OutputReference {
    var paths = mixturePaths(data)
    for option in ["max-length", "longer", "examples"] { paths[option] = "hyperparameters/\(option)" }
    paths["feedback"] = experiment.reviser.isEmpty ? "generator" : "reviser"
    let inRound = experiment.rounds.count > 1 ? ", round \(round)" : ""
    return try fit(
      feedback.flatMap { $0 }, label: trainedOn(data) + inRound,
      weights: feedback.flatMap { _ in data.parts.map(\.weight) }, model: "policy",
      maxLength: hyperparameters.maxLength, longer: hyperparameters.longer,
      examples: context.limit == nil ? hyperparameters.examples : nil, at: paths)
  }

  /// Feedback as examples that a model can read.
  mutating func fit(
    _ feedback: [OutputReference], label: String, weights: [Double], model name: String, maxLength: Int? = nil,
    longer: Hyperparameters.Longer = .drop, examples: ExampleCount? = nil, at paths: [String: String] = [:]
  ) throws -> OutputReference {
    // Adapters change no token.
    let model = try model(name).bare
    let work = FitWork(model: model.use, weights: weights, maxLength: maxLength, longer: longer, examples: examples)
    let inputs = feedback.enumerated().map { StepInput("feedback/\($0.offset)", $0.element) }
    let step = add(
      .fit(work), "examples of \(label)", inputs: inputs + model.inputs,
      at: modelPaths(name).merging(paths) { $1 })
    return OutputReference(step, "examples")
  }

  /// Examples that the reference can read, too: what is too long for it alone is left over as what is too long for the policy.
  ///
  /// Where both are of the same weights, that is all of them, and there is no step.
  mutating func fit(
    toReference examples: OutputReference, longer: Hyperparameters.Longer = .drop, examples count: ExampleCount? = nil
  ) throws -> OutputReference {
    let (policy, reference) = (try model("policy").bare, try model("reference").bare)
    if reference.hasWeights(of: policy) { return examples }
    let label = graph.step(examples.step).label
    let work = FitWork(model: reference.use, weights: [1], maxLength: nil, longer: longer, examples: count)
    var paths = modelPaths("reference")
    for option in ["longer", "examples"] { paths[option] = "hyperparameters/\(option)" }
    let step = add(
      .fit(work), "\(label) that the reference reads", inputs: [StepInput("feedback/0", examples)] + reference.inputs,
      at: paths)
    return OutputReference(step, "examples")
  }

  private func trainedOn(_ data: DataSelection) -> String {
    data.parts.map(\.reference.text).joined(separator: " and ")
  }

  /// The log-probabilities of all responses of some examples.
  mutating func scores(
    of examples: OutputReference, _ label: String, by name: String, policy: [OutputReference] = [],
    rewards: Bool = false
  ) throws -> OutputReference {
    let model = try model(name, policy: policy)
    let step = add(
      .score(ScoreWork(model: model.use, target: .examples, rewards: rewards)), label,
      inputs: [StepInput("examples", examples)] + model.inputs, at: modelPaths(name))
    return OutputReference(step, "scores")
  }

  // MARK: - Training

  private var trainingSeed: Int {
    experiment.seeds.vary.contains(.training) ? seed ?? Planner.fixedSeed : Planner.fixedSeed
  }

  private mutating func train(
    _ training: Training, on examples: OutputReference, round: Int, after last: PlannedTraining?
  ) throws -> PlannedTraining {
    let objective = training.objective
    let told = told(ofRound: round)
    let name = "after \(objective.name)\(told)"
    let below = below(after: last, training.hyperparameters)
    if let obstacle = obstacle(to: objective) {
      var inputs = [StepInput("examples", examples)]
      if let last { inputs.append(StepInput("start", last.weights)) }
      let step = unavailable(
        .train, "train \(obstacle.what)\(told)", about: "train \(obstacle.what)", path: "hyperparameters",
        cause: obstacle.path, inputs: inputs,
        extra: leaves(of: "objective") + [
          .init("seed", String(trainingSeed)), .init("round", String(round)),
        ], reason: obstacle.reason, cost: .training(tokens: expectedTokens(training)))
      return PlannedTraining(
        name: name, round: round, weights: OutputReference(step, "weights"), examples: examples, below: below.kept,
        step: nil)
    }
    let checkpoints = try self.checkpoints()
    let label = "train \(objective.name)\(told)"
    let step = try train(training, on: examples, checkpoints, label: label, over: below.start, after: last)
    let best = try self.best(training.hyperparameters.keep, of: step, checkpoints, told: told, below: below.kept)
    return PlannedTraining(
      name: name, round: round, weights: best, examples: examples, below: below.kept,
      step: (step, checkpoints))
  }

  /// The tokens that a training reads, by what the spec expects: of each example its prompt and
  /// one response, or two of pairs.
  private func expectedTokens(_ training: Training) -> Double? {
    let settings = training.hyperparameters
    guard case .exactly(let examples)? = settings.examples, let response = experiment.expect.responseTokens,
      let prompt = experiment.expect.promptTokens, !(experiment.unknownSettings.contains("hyperparameters.epochs"))
    else { return nil }
    var responses = experiment.feedback == .pairs ? 2.0 : 1.0
    if case .sft = training.objective { responses = 1 }
    return Double(examples) * settings.epochs * (prompt + responses * response)
  }

  /// What labels say of a training of a round: whatever it has not in common with the cell's others.
  func told(ofRound round: Int) -> String {
    (seeds.count > 1 ? ", seed \(seed ?? Planner.fixedSeed)" : "")
      + (experiment.rounds.count > 1 ? ", round \(round)" : "") + (trial.isEmpty ? "" : ", \(trial)")
  }

  /// What a round's training starts from beside the policy's start, and what stays below its result.
  ///
  /// A fine-tuning of all weights goes on from the last round's; its result replaces them.
  private func below(
    after last: PlannedTraining?, _ hyperparameters: Hyperparameters
  ) -> (start: [OutputReference], kept: [OutputReference]) {
    guard let last else { return ([], []) }
    let isFull = hyperparameters.adapter == .full
    switch experiment.rounds.weights {
    case .merge: return (last.policy, isFull ? [] : last.policy)
    case .continue: return (isFull ? last.policy : [], [])
    case .fresh: return ([], [])
    }
  }

  /// Why this version cannot run the training: what it is, and the part of the spec that asks for it; nil if it can.
  private func obstacle(to objective: Objective) -> (what: String, path: String, reason: Obstacle?)? {
    if let setting = experiment.unknownSettings.first {
      return (objective.name, setting.replacing(".", with: "/"), .unknownSetting(setting))
    }
    if experiment.arithmetic != .ordered {
      return ("\(objective.name) with `arithmetic: \(experiment.arithmetic.rawValue)`", "arithmetic", nil)
    }
    return nil
  }

  private mutating func train(
    _ training: Training, on examples: OutputReference, _ checkpoints: Checkpoints, label: String,
    over below: [OutputReference], after last: PlannedTraining?
  ) throws -> StepID {
    let start = try model("policy", policy: below)
    var inputs = [StepInput("examples", examples)] + start.inputs
    if training.objective.usesReference {
      inputs.append(StepInput("reference", try reference(of: examples)))
    }
    if case .kto(let kto) = training.objective {
      inputs += try partners(kto.partner, of: examples, training.hyperparameters)
    }
    let rounds = experiment.rounds
    if let last, rounds.weights == .continue, training.hyperparameters.adapter != .full {
      inputs.append(StepInput("start", last.weights))
    }
    let keepsOptimizer = rounds.count > 1 && rounds.optimizer == .continue
    if keepsOptimizer, let step = last?.step {
      inputs.append(StepInput("optimizer", OutputReference(step.id, "optimizer")))
    }
    let work = TrainWork(
      model: start.use, objective: training.objective, hyperparameters: training.hyperparameters, seed: trainingSeed,
      checkpoints: checkpoints.intervals, limit: context.trainingSteps, keepsOptimizer: keepsOptimizer)
    var paths = trainingPaths()
    for (index, path) in checkpoints.paths.enumerated() {
      for unit in ["epochs", "steps"] { paths["checkpoints/\(index)/\(unit)"] = "\(path)/\(unit)" }
    }
    return add(.train(work), label, inputs: inputs, at: paths)
  }

  /// KTO's partners, and their log-probabilities under the reference.
  private mutating func partners(
    _ partner: KTOOptions.Partner, of examples: OutputReference, _ hyperparameters: Hyperparameters
  ) throws -> [StepInput] {
    guard let data = experiment.data else { fatalError("the reader asks for `data` where something is trained") }
    let seeded = experiment.seeds.vary.contains(.training) && seeds.count > 1 ? ", seed \(trainingSeed)" : ""
    let (choice, name): (PartnerWork.Choice, String) =
      switch partner {
      case .drawn: (.drawn, "partners")
      case .rotation:
        (
          .rotation(batch: hyperparameters.batch, epochs: hyperparameters.epochs, limit: context.trainingSteps),
          "rotated partners"
        )
      }
    // Adapters change no token.
    let model = try model("policy").bare
    let paths = [
      "seed": "seeds/values", "partner": "objective/kto/partner", "batch": "hyperparameters/batch/examples",
      "epochs": "hyperparameters/epochs", "max-length": "hyperparameters/max-length",
    ]
    let work = PartnerWork(
      model: model.use, maxLength: hyperparameters.maxLength, seed: trainingSeed, choice: choice)
    let step = add(
      .partner(work), "\(name) of \(trainedOn(data))\(seeded)",
      inputs: [StepInput("examples", examples)] + model.inputs, at: modelPaths("policy").merging(paths) { $1 })
    let partners = cut(OutputReference(step, "examples"), toReference: try self.model("reference").bare, policy: model)
    let reference = try scores(
      of: partners, "score \(name) of \(trainedOn(data)) by the reference\(seeded)", by: "reference")
    return [StepInput("partners", partners), StepInput("partner-reference", reference)]
  }

  /// Partners that the reference can read, too; the same where both models are of the same weights.
  private mutating func cut(
    _ partners: OutputReference, toReference reference: ModelInputs, policy: ModelInputs
  ) -> OutputReference {
    if reference.hasWeights(of: policy) { return partners }
    let work = PartnerWork(model: reference.use, maxLength: nil, seed: 0, choice: .given)
    let step = add(
      .partner(work), "\(graph.step(partners.step).label) that the reference reads",
      inputs: [StepInput("examples", partners)] + reference.inputs, at: modelPaths("reference"))
    return OutputReference(step, "examples")
  }

  /// The log-probabilities of a training's examples under the reference, shared by all objectives that ask for them.
  mutating func reference(of examples: OutputReference) throws -> OutputReference {
    let label = graph.step(examples.step).label
    return try scores(of: examples, "score \(label) by the reference", by: "reference")
  }

  // MARK: - Which weights are the result

  /// The last weights, or the best by an eval of those that were kept on the way and the last.
  private mutating func best(
    _ keep: Keep, of training: StepID, _ checkpoints: Checkpoints, told: String, below: [OutputReference]
  ) throws -> OutputReference {
    guard case .best(let best) = keep, let eval = experiment.evals[best.eval] else {
      return OutputReference(training, "weights")
    }
    let path = "hyperparameters/keep/best"
    let name = "after \(experiment.training?.objective.name ?? "")\(told)"
    if let part = eval.on?.parts.first(where: { $0.split == "heldout" }) {
      throw PlanningError.notValidation(
        eval: best.eval, part: part.text, place: experiment.nearestPlace(of: "\(path)/eval"))
    }
    let points = try points(every: best.every, for: "keep", path: "\(path)/every")
    let outputs = checkpoints.outputs(points, of: training)
    var inputs: [StepInput] = []
    for (index, output) in outputs.enumerated() {
      let subject = EvalSubject(
        policy: below + [output], about: ", \(name)\(Self.moment(index, points))", coordinates: [])
      let numbers = try evaluate(best.eval, eval, of: subject).filter { $0.eval == best.eval }
      guard numbers.count == 1 else {
        throw PlanningError.notOneNumber(
          eval: best.eval, numbers: numbers.count, place: experiment.nearestPlace(of: "\(path)/eval"))
      }
      inputs.append(StepInput("outcomes/\(index)", numbers[0].source))
      inputs.append(StepInput("weights/\(index)", output))
    }
    let lowest = ["perplexity", "drift"].contains(eval.kind)
    let work = ChooseWork(candidates: outputs.count, lowest: lowest)
    let step = add(
      .choose(work), "choose the best by \(best.eval), \(name)", inputs: inputs,
      at: ["candidates": "\(path)/every", "lowest": "\(path)/eval"])
    note(kept: best.eval, eval, work, points, String(told.dropFirst(2)), step)
    return OutputReference(step, "weights")
  }

  /// When weights were kept, for a label; nothing for the end.
  static func moment(_ index: Int, _ points: [BestCheckpoint.Interval]) -> String {
    guard index < points.count else { return "" }
    switch points[index] {
    case .epochs(let epochs): return ", epoch \(epochs)"
    case .steps(let steps): return ", step \(steps)"
    }
  }
}

extension Rounds {
  /// How many earlier rounds' examples are trained on again.
  fileprivate var replayed: Int {
    switch replay {
    case .none: 0
    case .all: count
    case .last(let rounds): rounds
    }
  }
}
