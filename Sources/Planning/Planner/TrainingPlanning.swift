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
  /// The step, and when weights are kept on the way; nil for a training that this version cannot run.
  let step: (id: StepID, checkpoints: CellPlanner.Checkpoints)?
}

extension CellPlanner {
  /// The trainings of the cell for ``seed``: one for each round.
  mutating func planTraining() throws -> [PlannedTraining] {
    guard let data = experiment.data, let training = experiment.training else {
      fatalError("the reader asks for `data` where something is trained")
    }
    var trained: [PlannedTraining] = []
    for round in 1...experiment.rounds.count {
      let policy = trained.last?.weights
      var feedback: [OutputReference] = []
      for part in data.parts {
        let records = try records(part.reference, round: round - 1)
        feedback.append(try self.feedback(of: records, policy: policy))
      }
      let examples = try fit(feedback, of: data, training.hyperparameters)
      trained.append(try train(training, on: examples, round: round, policy: policy))
    }
    return trained
  }

  /// The examples of a training.
  private mutating func fit(
    _ feedback: [OutputReference], of data: DataSelection, _ hyperparameters: Hyperparameters
  ) throws -> OutputReference {
    var paths = mixturePaths(data)
    for option in ["max-length", "longer", "examples"] { paths[option] = "hyperparameters/\(option)" }
    return try fit(
      feedback, label: trainedOn(data), weights: data.parts.map(\.weight), model: "policy",
      maxLength: hyperparameters.maxLength, longer: hyperparameters.longer,
      examples: context.limit == nil ? hyperparameters.examples : nil, at: paths)
  }

  /// Feedback as examples that a model can read.
  mutating func fit(
    _ feedback: [OutputReference], label: String, weights: [Double], model name: String, maxLength: Int? = nil,
    longer: Hyperparameters.Longer = .drop, examples: Int? = nil, at paths: [String: String] = [:]
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

  private func trainedOn(_ data: DataSelection) -> String {
    data.parts.map(\.reference.text).joined(separator: " and ")
  }

  /// The log-probabilities of all responses of some examples.
  mutating func scores(
    of examples: OutputReference, _ label: String, by name: String, policy: OutputReference? = nil
  ) throws -> OutputReference {
    let model = try model(name, policy: policy)
    let step = add(
      .score(ScoreWork(model: model.use, target: .examples)), label,
      inputs: [StepInput("examples", examples)] + model.inputs, at: modelPaths(name))
    return OutputReference(step, "scores")
  }

  // MARK: - Training

  private var trainingSeed: Int {
    experiment.seeds.vary.contains(.training) ? seed ?? Planner.fixedSeed : Planner.fixedSeed
  }

  private mutating func train(
    _ training: Training, on examples: OutputReference, round: Int, policy: OutputReference?
  ) throws -> PlannedTraining {
    let objective = training.objective
    let seeded = seeds.count > 1 ? ", seed \(seed ?? Planner.fixedSeed)" : ""
    let name = "after \(objective.name)\(seeded)"
    if let obstacle = obstacle(to: objective) {
      let inRound = experiment.rounds.count > 1 ? ", round \(round)" : ""
      var inputs = [StepInput("examples", examples)]
      if let policy { inputs.append(StepInput("start", policy)) }
      let step = unavailable(
        .train, "train \(obstacle.what)\(seeded)\(inRound)", about: "train \(obstacle.what)", path: "hyperparameters",
        cause: obstacle.path, inputs: inputs,
        extra: leaves(of: "objective") + [
          .init("seed", String(trainingSeed)), .init("round", String(round)),
        ])
      return PlannedTraining(
        name: name + inRound, round: round, weights: OutputReference(step, "weights"), examples: examples, step: nil)
    }
    let checkpoints = try self.checkpoints()
    let step = try train(training, on: examples, checkpoints, label: "train \(objective.name)\(seeded)")
    let best = try self.best(training.hyperparameters.keep, of: step, checkpoints, name: name)
    return PlannedTraining(
      name: name, round: round, weights: searched(best, examples), examples: examples, step: (step, checkpoints))
  }

  /// Why this version cannot run the training: what it is, and the part of the spec that asks for it; nil if it can.
  private func obstacle(to objective: Objective) -> (what: String, path: String)? {
    if experiment.rounds.count > 1 { return ("\(objective.name) in rounds", "rounds") }
    if experiment.arithmetic != .ordered {
      return ("\(objective.name) with `arithmetic: \(experiment.arithmetic.rawValue)`", "arithmetic")
    }
    switch objective {
    case .sft, .dpo, .kto, .apoZero, .apoDown, .apoZeroUnpaired: return nil
    case .cut, .forwardPrediction, .rrhf, .pro, .clha, .hir, .bradleyTerry: return (objective.name, "objective")
    }
  }

  private mutating func train(
    _ training: Training, on examples: OutputReference, _ checkpoints: Checkpoints, label: String
  ) throws -> StepID {
    let start = try model("policy")
    var inputs = [StepInput("examples", examples)] + start.inputs
    if training.objective.usesReference {
      inputs.append(StepInput("reference", try reference(of: examples)))
    }
    if case .kto(let kto) = training.objective {
      inputs += try partners(kto.partner, of: examples, training.hyperparameters)
    }
    let work = TrainWork(
      model: start.use, objective: training.objective, hyperparameters: training.hyperparameters, seed: trainingSeed,
      checkpoints: checkpoints.intervals, limit: context.trainingSteps)
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
    let partners = OutputReference(step, "examples")
    let reference = try scores(
      of: partners, "score \(name) of \(trainedOn(data)) by the reference\(seeded)", by: "reference")
    return [StepInput("partners", partners), StepInput("partner-reference", reference)]
  }

  /// The log-probabilities of a training's examples under the reference, shared by all objectives that ask for them.
  mutating func reference(of examples: OutputReference) throws -> OutputReference {
    let label = graph.step(examples.step).label
    return try scores(of: examples, "score \(label) by the reference", by: "reference")
  }

  // MARK: - Which weights are the result

  /// The last weights, or the best by an eval of those that were kept on the way and the last.
  private mutating func best(
    _ keep: Keep, of training: StepID, _ checkpoints: Checkpoints, name: String
  ) throws -> OutputReference {
    guard case .best(let best) = keep, let eval = experiment.evals[best.eval] else {
      return OutputReference(training, "weights")
    }
    let path = "hyperparameters/keep/best"
    if let part = eval.on?.parts.first(where: { $0.split == "heldout" }) {
      throw PlanningError.notValidation(
        eval: best.eval, part: part.text, place: experiment.nearestPlace(of: "\(path)/eval"))
    }
    let points = try points(every: best.every, for: "keep", path: "\(path)/every")
    let outputs = checkpoints.outputs(points, of: training)
    var inputs: [StepInput] = []
    for (index, output) in outputs.enumerated() {
      let subject = EvalSubject(policy: output, about: ", \(name)\(Self.moment(index, points))", coordinates: [])
      let numbers = try evaluate(best.eval, eval, of: subject).filter { $0.eval == best.eval }
      guard numbers.count == 1 else {
        throw PlanningError.notOneNumber(
          eval: best.eval, numbers: numbers.count, place: experiment.nearestPlace(of: "\(path)/eval"))
      }
      inputs.append(StepInput("outcomes/\(index)", numbers[0].source))
      inputs.append(StepInput("weights/\(index)", output))
    }
    let lowest = ["perplexity", "drift"].contains(eval.kind)
    let step = add(
      .choose(ChooseWork(candidates: outputs.count, lowest: lowest)), "choose the best by \(best.eval), \(name)",
      inputs: inputs, at: ["candidates": "\(path)/every", "lowest": "\(path)/eval"])
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

  /// With `search:`, the values of all seeds depend on what the first gives, which no graph can know beforehand.
  private mutating func searched(_ weights: OutputReference, _ examples: OutputReference) -> OutputReference {
    guard experiment.search != nil else { return weights }
    let step = unavailable(
      .choose, "search", path: "search",
      inputs: [StepInput("weights", weights), StepInput("examples", examples)])
    return OutputReference(step, "weights")
  }
}
