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
  /// The cell's own trainings in the order of its rounds; what trained the models that it starts from is not among them.
  public let trainings: [StepID]
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
        context: context, graph: graph, experiment: cell.experiment, arms: cell.arms, user: cell.name,
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
            step: planner.graph.step(probe), trainings: rounds.compactMap { $0.step?.id }))
      }
      graph = planner.graph
    }
    return policies
  }
}
