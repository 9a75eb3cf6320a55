// Weights that another experiment trains: its training is planned in the same graph, so that both share what they have
// in common. Knows nothing of training itself.

import Specification

extension CellPlanner {
  /// What stands in a chain of experiments for one of its cells.
  static func link(_ path: String, _ cell: Cell) -> String {
    let path = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return cell.name.isEmpty ? path : "\(path) (\(cell.name))"
  }

  /// The policy that another experiment trains; `path` is where the spec asks for it.
  mutating func trained(by result: ExperimentResult, path: String) throws -> ModelInputs {
    let spec = result.spec.written
    guard let other = try context.experiment(result.spec) else {
      let step = unavailable(.train, "weights of \(spec)", path: path, reason: .missingSpec(spec))
      let use = ModelUse(
        source: .gguf, turns: .chatml, system: nil, arithmetic: experiment.arithmetic,
        fingerprint: try context.fingerprint(experiment.arithmetic), displayName: "the weights of \(spec)")
      return ModelInputs(use: use, inputs: [StepInput("model", OutputReference(step, "weights"))])
    }
    let cell = try cell(of: other, result, path: path)
    let place = experiment.nearestPlace(of: path)
    let link = Self.link(result.spec.resolved, cell)
    guard !chain.contains(link) else {
      let circle = chain.drop { $0 != link } + [link]
      throw PlanningError.circle(Array(circle), place: experiment.nearestPlace(of: "\(path)/spec"))
    }
    guard cell.experiment.training != nil else {
      throw PlanningError.trainsNothing(spec: spec, place: experiment.nearestPlace(of: "\(path)/spec"))
    }
    var planner = CellPlanner(
      context: context, graph: graph, experiment: cell.experiment, candidates: cell.candidates,
      arms: cell.arms, user: user, chain: chain + [link])
    // Only one copy of the graph is ever changed.
    graph = StepGraph()
    planner.seed = try seed(of: planner.seeds, result, path: path)
    let rounds = try planner.planTraining()
    guard let training = result.round.map({ round in rounds.first { $0.round == round } }) ?? rounds.last else {
      throw PlanningError.noRound(spec: spec, round: result.round ?? 0, count: rounds.count, place: place)
    }
    let model = try planner.model("policy", policy: training.policy)
    graph = planner.graph
    return model
  }

  private func cell(of other: ResolvedExperiment, _ result: ExperimentResult, path: String) throws -> Cell {
    let wanted = result.arms.entries
    let known = Set(other.axes.map(\.name))
    let cells = other.cells.filter { cell in wanted.allSatisfy { cell.arms[$0.name] == $0.value } }
    if cells.count == 1, wanted.allSatisfy({ known.contains($0.name) }) { return cells[0] }
    throw PlanningError.noCell(
      spec: result.spec.written, wanted: wanted.map { "\($0.name): \($0.value)" },
      cells: other.cells.map { cell in
        cell.arms.isEmpty
          ? "one, without arms" : cell.arms.entries.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
      },
      place: experiment.nearestPlace(of: "\(path)/arms"))
  }

  /// The seed that is asked for; else this cell's, if the other experiment has it; else its first.
  private func seed(of known: [Int], _ result: ExperimentResult, path: String) throws -> Int {
    if let seed = result.seed, !known.contains(seed) {
      throw PlanningError.noSeed(
        spec: result.spec.written, seed: seed, known: known, place: experiment.nearestPlace(of: "\(path)/seed"))
    }
    if let seed = result.seed ?? self.seed, known.contains(seed) { return seed }
    return known.first ?? Planner.fixedSeed
  }
}
