// What `search:` tries: all candidates for the first seed, measured on a validation part, and for every seed the one that
// was chosen. Each candidate is planned as if its values stood in the spec; what is not chosen is read by nothing.

public import Specification

/// The search of one cell.
public struct PlannedSearch: Sendable {
  /// The cell; empty without ablations.
  public let cell: String
  /// What is tried, and what decides.
  public let search: Search
  /// The kind of the eval that decides.
  public let kind: String
  /// The values of each candidate as text, by key with dots.
  public let candidates: [Named<String>]
  /// The seed whose trainings are compared.
  public let seed: Int
  /// The step that chooses; its output `choice` says what.
  public let choice: StepID
}

extension CellPlanner {
  /// The trainings of the cell for ``seed``, each with the weights of the candidate that is chosen.
  mutating func planSearchedRounds() throws -> [PlannedTraining] {
    let choice = OutputReference(try planSearch().choice, SelectWork.choice)
    let trials = try self.trials(for: seed ?? Planner.fixedSeed)
    var rounds: [PlannedTraining] = []
    for round in 1...experiment.rounds.count {
      let own = trials.map { $0[round - 1] }
      let name = "after \(experiment.training?.objective.name ?? "")\(told(ofRound: round))"
      let weights = select(own.map(\.weights), by: choice, output: "weights", "weights \(name)")
      // Every candidate's rounds lie over one another in the same way.
      let below = own[0].below.compactMap { lower in
        trials[0].firstIndex { $0.weights == lower }.map { rounds[$0].weights }
      }
      rounds.append(
        PlannedTraining(
          name: name, round: round, weights: weights, examples: own[0].examples, below: below, step: nil, trials: own))
    }
    return rounds
  }

  /// What an eval of the training itself finds for the candidate that is chosen.
  mutating func ofChosen(
    _ training: PlannedTraining, _ subject: EvalSubject,
    _ evaluate: (inout CellPlanner, EvalSubject) throws -> [EvalFinding]
  ) throws -> [EvalFinding] {
    let choice = OutputReference(try planSearch().choice, SelectWork.choice)
    var found: [[EvalFinding]] = []
    for (number, trial) in training.trials.enumerated() {
      let own = EvalSubject(
        policy: trial.policy, about: ", \(trial.name)", coordinates: subject.coordinates, training: trial)
      found.append(try with(candidates[number], seed: seed) { try evaluate(&$0, own) })
    }
    return found[0].indices.map { index in
      let sources = found.map { $0[index].source }
      let name = "\(found[0][index].eval)\(subject.about)"
      var finding = EvalFinding(
        found[0][index].eval, found[0][index].kind, select(sources, by: choice, output: "outcomes", name))
      finding.coordinates = found[0][index].coordinates
      return finding
    }
  }

  /// A step that takes what the chosen candidate made.
  private mutating func select(
    _ made: [OutputReference], by choice: OutputReference, output: String, _ name: String
  ) -> OutputReference {
    let inputs = made.enumerated().map { StepInput(SelectWork.input(ofCandidate: $0.offset), $0.element) }
    let step = add(
      .select(SelectWork(candidates: made.count, output: output)), "select \(name)",
      inputs: inputs + [StepInput(SelectWork.choice, choice)], at: ["candidates": "search/over"])
    return OutputReference(step, output)
  }

  // MARK: - Candidates

  /// The trainings of every candidate for a seed.
  private mutating func trials(for seed: Int) throws -> [[PlannedTraining]] {
    if let known = trials[seed] { return known }
    let found = try candidates.map { candidate in try with(candidate, seed: seed) { try $0.planRounds() } }
    trials[seed] = found
    return found
  }

  /// Plans something of one candidate, in the same graph.
  private mutating func with<Value>(
    _ candidate: Candidate, seed: Int?, _ body: (inout CellPlanner) throws -> Value
  ) throws -> Value {
    var planner = CellPlanner(
      context: context, graph: graph, experiment: candidate.experiment, arms: arms, user: user, chain: chain)
    // Only one copy of the graph is ever changed.
    graph = StepGraph()
    (planner.seed, planner.trial) = (seed, candidate.label)
    let value = try body(&planner)
    graph = planner.graph
    keeps += planner.keeps
    return value
  }

  // MARK: - The choice

  /// The step that measures all candidates of the first seed and chooses.
  private mutating func planSearch() throws -> PlannedSearch {
    if let search { return search }
    guard let search = experiment.search, let eval = experiment.evals[search.eval] else {
      fatalError("candidates come of a search, and the reader looks its eval up: our own bug")
    }
    try check(search, eval)
    guard let measured = eval.looking(at: search.on) else {
      throw PlanningError.notOneNumber(
        eval: search.eval, numbers: 0, place: experiment.nearestPlace(of: Self.deciding(search)))
    }
    let first = seeds[0]
    var inputs: [StepInput] = []
    for (number, rounds) in try trials(for: first).enumerated() {
      guard let trial = rounds.last else { continue }
      let subject = EvalSubject(policy: trial.policy, about: ", \(trial.name)", training: trial)
      let numbers = try with(candidates[number], seed: first) { planner in
        try planner.evaluate(search.eval, measured, of: subject).filter { $0.eval == search.eval }
      }
      guard numbers.count == 1 else {
        throw PlanningError.notOneNumber(
          eval: search.eval, numbers: numbers.count, place: experiment.nearestPlace(of: Self.deciding(search)))
      }
      inputs.append(StepInput("outcomes/\(number)", numbers[0].source))
    }
    let work = ChooseWork(candidates: candidates.count, lowest: !search.highest, onlyMeasures: true)
    let name = "after \(experiment.training?.objective.name ?? "")"
    let step = add(
      .choose(work), "choose by \(search.eval) on \(search.on.text), \(name)", inputs: inputs,
      at: ["candidates": "search/over", "lowest": Self.deciding(search)])
    let planned = PlannedSearch(
      cell: arms.entries.map(\.value).joined(separator: "/"), search: search, kind: eval.kind,
      candidates: candidates.map(\.values), seed: first, choice: step)
    self.search = planned
    return planned
  }

  private static func deciding(_ search: Search) -> String { "search/choose/\(search.highest ? "highest" : "lowest")" }

  /// Refuses what would choose on held-out records, or among trainings of different kinds.
  private func check(_ search: Search, _ eval: Eval) throws {
    let place = experiment.nearestPlace(of: "search/choose/on")
    let parts = experiment.datasets[search.on.dataset]?.split?.parts
    if search.on.split == "heldout" || search.on.split == nil && parts?["heldout"] != nil {
      throw PlanningError.searchesHeldOut(part: search.on.text, place: place)
    }
    let known = (eval.on?.parts ?? []).map(\.dataset)
    if !known.isEmpty, !known.contains(search.on.dataset) {
      throw PlanningError.searchesElsewhere(eval: search.eval, part: search.on.text, known: known, place: place)
    }
    for candidate in candidates where !isAlike(candidate.experiment.training) {
      throw PlanningError.searchChangesKind(
        values: candidate.label, place: experiment.nearestPlace(of: "search/over"))
    }
  }

  /// Whether a candidate trains what the cell is about: laid over another objective's options, `objective.dpo.beta` would
  /// make it DPO.
  private func isAlike(_ training: Training?) -> Bool {
    guard let own = experiment.training, let training else { return false }
    return training.objective.name == own.objective.name
      && (training.hyperparameters.adapter == .full) == (own.hyperparameters.adapter == .full)
  }
}

extension Candidate {
  /// Its values in words, such as `learning-rate 0.0002, epochs 2`; keys whose last words are the same are named in full.
  public var label: String { Self.label(of: values) }

  /// Values by key in words.
  public static func label(of values: Named<String>) -> String {
    zip(values.entries, shortened(values.names)).map { "\($1) \($0.value)" }.joined(separator: ", ")
  }

  /// Keys by their last words, those whose last words are the same in full.
  public static func shortened(_ keys: [String]) -> [String] {
    let last = keys.map { String($0.split(separator: ".").last ?? "") }
    return zip(keys, last).map { key, name in last.count { $0 == name } > 1 ? key : name }
  }
}
