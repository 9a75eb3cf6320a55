// The policies that an experiment trains, each with the step that makes its weights: for whoever wants to use one.
// Plans trainings only; what an experiment measures stays out of the graph.

public import Specification

/// A policy that an experiment trains.
public struct TrainedPolicy: Sendable {
  /// The cell that trains it; empty without ablations.
  public let cell: String
  /// Its seed.
  public let seed: Int
  /// What the training changes.
  public let adapter: Adapter
  /// How it is used; the last of its adapters is what this training leaves.
  public let use: ModelUse
  /// A step that would use it, which is never run; its inputs are the weights.
  public let step: Step
  /// The cell's own trainings in the order of its rounds, of each candidate of its search, or alone without one.
  private let candidates: [[StepID]]
  /// The step that takes the last round's weights of the chosen candidate; nil without a search.
  private let selection: StepID?

  init(
    cell: String, seed: Int, adapter: Adapter, use: ModelUse, step: Step, candidates: [[StepID]], selection: StepID?
  ) {
    (self.cell, self.seed, self.adapter, self.use, self.step) = (cell, seed, adapter, use, step)
    (self.candidates, self.selection) = (candidates, selection)
  }

  /// The cell's own trainings in the order of its rounds; what trained the models that it starts from is not among them.
  ///
  /// - Parameter graph: A graph that has them; where a search chooses, with its choice.
  /// - Returns: The trainings that lead to the policy; none while nobody knows what is chosen.
  public func trainings(in graph: StepGraph) -> [StepID] {
    guard let selection else { return candidates.first ?? [] }
    guard graph.contains(selection), let chosen = graph.step(selection).chosen else { return [] }
    return candidates[chosen]
  }

  /// The step that awaits a choice, so that nobody knows yet which trainings lead to the policy; nil if that is known.
  ///
  /// - Parameter graph: As for ``trainings(in:)``.
  /// - Returns: The step.
  public func awaited(in graph: StepGraph) -> StepID? {
    selection.flatMap { trainings(in: graph).isEmpty ? $0 : nil }
  }
}

extension Planner {
  /// Adds the trainings of every cell and seed of an experiment; of several rounds, the last is the result.
  ///
  /// - Parameter experiment: The experiment.
  /// - Returns: The policies, cell by cell and seed by seed; none if it trains nothing.
  /// - Throws: ``PlanningError``, or what the context throws.
  public mutating func planPolicies(of experiment: ResolvedExperiment) throws -> [TrainedPolicy] {
    var policies: [TrainedPolicy] = []
    for cell in experiment.cells {
      guard let training = cell.experiment.training else { continue }
      var planner = CellPlanner(
        context: context, graph: graph, experiment: cell.experiment, candidates: cell.candidates,
        arms: cell.arms, user: cell.name,
        chain: [CellPlanner.link(experiment.path, cell)])
      for seed in planner.seeds {
        planner.seed = seed
        let rounds = try planner.planTraining()
        guard let result = rounds.last else { continue }
        let model = try planner.model("policy", policy: result.policy)
        let probe = planner.add(
          .score(ScoreWork(model: model.use, target: .plain("text"))), "use the policy \(result.name)",
          inputs: model.inputs)
        policies.append(
          TrainedPolicy(
            cell: cell.name, seed: seed, adapter: training.hyperparameters.adapter, use: model.use,
            step: planner.graph.step(probe), candidates: Self.trainings(of: rounds),
            selection: result.trials.isEmpty ? nil : result.weights.step))
      }
      graph = planner.graph
    }
    return policies
  }

  /// The steps of the rounds, of each candidate that a search tries.
  private static func trainings(of rounds: [PlannedTraining]) -> [[StepID]] {
    let trials = rounds.first?.trials ?? []
    if trials.isEmpty { return [rounds.compactMap { $0.step?.id }] }
    return trials.indices.map { candidate in rounds.compactMap { $0.trials[candidate].step?.id } }
  }
}
