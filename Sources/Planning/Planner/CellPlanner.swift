// The steps of one cell of a grid: data, candidates, training if any, evals.
// Works on a copy of the graph; the planner takes it back.

import Diagnostics
import Digests
import Specification
import YAML

struct CellPlanner {
  let context: PlanningContext
  let experiment: Experiment
  private let arms: Named<String>
  let user: String
  var graph: StepGraph
  var measured: [(measurement: AggregateWork.Measurement, source: OutputReference)] = []
  /// Steps that are wanted for their own sake, beside what the table needs.
  private(set) var wanted: [StepID] = []
  private let first: Int

  /// Plans a cell that stands at `arms` in its grid and uses steps under the name `user`; the cells before it made `first`
  /// measurements.
  init(planner: Planner, experiment: Experiment, arms: Named<String> = Named(), user: String, first: Int) {
    context = planner.context
    graph = planner.graph
    self.experiment = experiment
    self.arms = arms
    self.user = user
    self.first = first
  }

  mutating func plan() throws {
    if experiment.training == nil {
      try planEvals(of: [:], at: [])
      try planCandidates()
      return
    }
    try planEvals(of: [:], at: [.init("base", "base")], withArms: false)
    for seed in trainingSeeds {
      for (round, model) in try planTraining(seed: seed) {
        var coordinates: [Named<String>.Entry] = []
        if experiment.rounds.count > 1 { coordinates.append(.init("round", String(round))) }
        if trainingSeeds.count > 1 { coordinates.append(.init("seed", String(seed))) }
        try planEvals(of: ["policy": model], at: coordinates)
      }
    }
  }

  /// Without training, `data:` is what candidates are generated for.
  private mutating func planCandidates() throws {
    guard let data = experiment.data, !experiment.generator.isEmpty else { return }
    for seed in experiment.seeds.vary.contains(.generation) ? experiment.seeds.values : [Planner.fixedSeed] {
      for part in data.parts {
        wanted += try planFeedback(try records(part.reference), seed: seed, round: 1, policy: [:], trains: false)
      }
    }
  }

  private var trainingSeeds: [Int] {
    experiment.seeds.vary.isEmpty ? [Planner.fixedSeed] : experiment.seeds.values
  }

  /// Adds a step of this cell; `paths` say where in the spec each leaf of the options stands.
  mutating func add(
    _ work: StepWork, _ label: String, inputs: [StepInput] = [], at paths: [String: String] = [:]
  ) -> StepID {
    var places: [String: SourcePlace] = [:]
    for (leaf, path) in paths { places[leaf] = experiment.place(of: path) }
    return graph.add(work, label: label, inputs: inputs, places: places, user: user)
  }

  /// Notes a measurement for the table.
  mutating func measure(
    _ eval: String, _ kind: String, at coordinates: [Named<String>.Entry], withArms: Bool, from source: OutputReference
  ) {
    let input = "outcomes/" + String(first + measured.count)
    let place = withArms ? arms.entries : []
    let measurement = AggregateWork.Measurement(
      eval: eval, evalKind: kind, coordinates: Named(place + coordinates), input: input)
    measured.append((measurement, source))
  }
}

extension Planner {
  /// The seed of everything random that does not vary with the experiment's seeds.
  static let fixedSeed = 1
}

extension CellPlanner {
  /// Every scalar below a key of the spec, by its path from there.
  ///
  /// Empty if nothing stands there.
  func leaves(of path: String) -> [Named<String>.Entry] {
    guard let node = experiment.tree.node(at: path) else { return [] }
    var leaves: [Named<String>.Entry] = []
    Self.collect(node, path, into: &leaves)
    return leaves
  }

  private static func collect(_ node: Node, _ path: String, into leaves: inout [Named<String>.Entry]) {
    if let scalar = node.scalar { leaves.append(.init(path, scalar.text)) }
    for (index, element) in (node.elements ?? []).enumerated() { collect(element, "\(path)/\(index)", into: &leaves) }
    for entry in node.entries ?? [] { collect(entry.value, "\(path)/\(entry.key.text.escapedKey)", into: &leaves) }
  }
}
