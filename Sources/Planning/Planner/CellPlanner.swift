// The steps of one cell of a grid: data, candidates, training if any, evals.
// Works on a copy of the graph; the planner takes it back.

import Diagnostics
import Digests
import Specification
import YAML

struct CellPlanner {
  /// A model by its name, for one seed of the cell.
  struct ModelKey: Hashable {
    let name: String
    let seed: Int?
  }

  let context: PlanningContext
  let experiment: Experiment
  /// What `search:` tries; empty without it, and for the trainings of one candidate.
  let candidates: [Candidate]
  private let tree: LeafPlaces.Tree
  private var knownPaths: [String: [String: String]] = [:]
  let arms: Named<String>
  let user: String
  /// The specs and cells whose weights are being planned, outermost first.
  let chain: [String]
  var graph: StepGraph
  var measured: [CellMeasurement] = []
  /// Where the outcomes that are measured belong.
  var places: [OutputReference: [[String]]] = [:]
  var warnings: [Diagnosis] = []
  /// The models before this cell's training, as far as they were asked for.
  var models: [ModelKey: ModelInputs] = [:]
  /// The seed of the cell that steps are planned for; nil where nothing that is planned depends on one.
  var seed: Int?
  /// What labels say of the candidate whose trainings are planned; empty where there is one.
  var trial = ""
  /// What is chosen among the candidates, once that is planned.
  var search: PlannedSearch?
  /// What `keep: best` chooses among, one for each training of the cell and of its candidates.
  var keeps: [PlannedKeep] = []
  /// The trainings of the candidates by seed, as far as they are planned.
  var trials: [Int: [[PlannedTraining]]] = [:]
  /// Steps that are wanted for their own sake, beside what the table needs.
  private(set) var wanted: [StepID] = []

  /// Plans a cell that stands at `arms` in its grid and uses steps under the name `user`.
  init(
    context: PlanningContext, graph: StepGraph, experiment: Experiment, candidates: [Candidate] = [],
    arms: Named<String> = Named(), user: String, chain: [String] = []
  ) {
    self.context = context
    self.graph = graph
    self.experiment = experiment
    self.candidates = candidates
    tree = LeafPlaces.Tree(experiment)
    self.arms = arms
    self.user = user
    self.chain = chain
  }

  mutating func plan() throws {
    if experiment.training == nil {
      try planWithoutTraining()
      return
    }
    for seed in seeds {
      self.seed = seed
      let drawn = experiment.seeds.vary.contains(.generation) ? seedName : nil
      try planEvals(of: EvalSubject(coordinates: seedCoordinate, seed: drawn, isBase: true))
    }
    for seed in seeds {
      self.seed = seed
      for training in try planTraining() where training.round == experiment.rounds.count || evaluatesEachRound {
        let round: [Named<String>.Entry] =
          experiment.rounds.count > 1 ? [.init("round", String(training.round))] : []
        try planEvals(
          of: EvalSubject(
            policy: training.policy, about: ", \(training.name)", coordinates: round + seedCoordinate,
            seed: seedName, training: training))
      }
    }
    seed = nil
    warnOfWarmups()
  }

  private mutating func planWithoutTraining() throws {
    // Evals look after the seeds of generation themselves; those of training matter where another experiment trains.
    if experiment.seeds.vary.contains(.training) {
      for seed in seeds {
        self.seed = seed
        try planEvals(of: EvalSubject(coordinates: seedCoordinate, seed: seedName))
      }
      seed = nil
    } else {
      try planEvals(of: EvalSubject())
    }
    try planCandidates()
  }

  /// Without training, `data:` is what candidates are generated for.
  private mutating func planCandidates() throws {
    guard let data = experiment.data, !experiment.generator.isEmpty else { return }
    for seed in experiment.seeds.vary.contains(.generation) ? seedValues : [Planner.fixedSeed] {
      self.seed = seed
      for part in data.parts {
        let records = try records(part.reference, for: "data")
        if experiment.reviser.isEmpty {
          wanted += try candidates(of: records, policy: []).dropFirst().map(\.source.step)
        } else {
          wanted.append(try feedback(of: records, policy: []).step)
        }
      }
    }
    seed = nil
  }

  private var evaluatesEachRound: Bool { experiment.rounds.evaluate == .each }

  /// The seeds that a cell is computed for.
  var seeds: [Int] { experiment.seeds.vary.isEmpty ? [Planner.fixedSeed] : seedValues }

  /// The seeds that the spec names; of a trial run the first.
  var seedValues: [Int] {
    context.limit == nil ? experiment.seeds.values : Array(experiment.seeds.values.prefix(1))
  }

  /// The seed that numbers vary with; nil where the spec varies nothing.
  private var seedName: String? { experiment.seeds.vary.isEmpty ? nil : seed.map { String($0) } }

  private var seedCoordinate: [Named<String>.Entry] {
    guard seeds.count > 1, let seed else { return [] }
    return [.init("seed", String(seed))]
  }

  /// Adds a step of this cell; `paths` say where in the spec each leaf of the options stands.
  mutating func add(
    _ work: StepWork, _ label: String, inputs: [StepInput] = [], at paths: [String: String] = [:]
  ) -> StepID {
    graph.add(work, label: label, inputs: inputs, leaves: LeafPlaces(paths, in: tree), user: user)
  }

  /// The paths of a step's leaves, found once for all steps of the cell that have them in common.
  mutating func shared(_ name: String, _ paths: (CellPlanner) -> [String: String]) -> [String: String] {
    if let known = knownPaths[name] { return known }
    let paths = paths(self)
    knownPaths[name] = paths
    return paths
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

  /// The path of an element of a list that may also be written as the element alone.
  func element(_ index: Int, of list: String) -> String {
    experiment.place(of: "\(list)/\(index)") == nil ? list : "\(list)/\(index)"
  }
}
