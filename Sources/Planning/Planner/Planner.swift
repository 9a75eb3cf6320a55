// From experiments to one graph of steps, in which whatever experiments have in common stands once.
// Runs nothing and asks the store nothing.

public import Diagnostics
public import Digests
public import Specification

/// What a planner must be told about the host and the run.
public struct PlanningContext: Sendable {
  /// The digest of a local file whose digest the spec leaves out.
  public let digestOfFile: @Sendable (String) throws -> Digest
  /// What tells this host's arithmetic of a class from another's; nil for one that is the same everywhere.
  public let fingerprint: @Sendable (ArithmeticClass) throws -> String?
  /// At most so many records in each part of a data set; nil: no limit.
  ///
  /// Under a limit, `hyperparameters.examples` is not demanded.
  public let limit: Int?
  /// At most so many optimizer steps of a training; nil: no limit.
  public let trainingSteps: Int?
  /// Reads the spec of an experiment whose weights another one uses; nil if there is no such file.
  public let experiment: @Sendable (LocalPath) throws -> ResolvedExperiment?

  /// The versions of the kinds' implementations.
  public let revisions: Revisions

  /// Makes a context; without `experiment`, weights of other experiments are planned as if their specs were not there.
  public init(
    limit: Int? = nil, trainingSteps: Int? = nil, digestOfFile: @escaping @Sendable (String) throws -> Digest,
    fingerprint: @escaping @Sendable (ArithmeticClass) throws -> String?,
    revisions: Revisions = Revisions(),
    experiment: @escaping @Sendable (LocalPath) throws -> ResolvedExperiment? = { _ in nil }
  ) {
    self.revisions = revisions
    self.limit = limit
    self.trainingSteps = trainingSteps
    self.digestOfFile = digestOfFile
    self.fingerprint = fingerprint
    self.experiment = experiment
  }
}

/// An experiment whose steps are in a graph.
public struct PlannedExperiment: Sendable {
  /// Its name: the name of its folder under `results/`.
  public let name: String
  /// The experiment.
  public let experiment: ResolvedExperiment
  /// The step that makes its table.
  public let table: StepID
  /// Steps that are wanted for their own sake: candidates of an experiment that trains nothing.
  public let wanted: [StepID]
  /// What the table is made of.
  public let measurements: [AggregateWork.Measurement]
  /// Its steps, in the order in which it asked for them.
  let steps: [AskedStep]
  /// The names of its cells as users of steps.
  public let users: [String]
  /// What `search:` chooses, one for each cell that trains; empty without it.
  public let searches: [PlannedSearch]
  /// What `keep: best` chooses among, one for each training; empty without it.
  public let keeps: [PlannedKeep]
  /// What the user should know before it runs.
  public let warnings: [Diagnosis]
}

/// Puts the steps of experiments into one graph.
public struct Planner: Sendable {
  let context: PlanningContext
  var graph: StepGraph

  /// Starts with an empty graph.
  public init(context: PlanningContext) {
    self.context = context
    graph = StepGraph(revisions: context.revisions)
  }

  /// Goes on with the graph of another planner, for experiments that are planned in another context.
  public init(context: PlanningContext, continuing graph: StepGraph) {
    self.context = context
    self.graph = graph
  }

  /// The graph of everything that was planned so far.
  public var steps: StepGraph { graph }

  /// Adds the steps of an experiment.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - name: Its name, for its results.
  /// - Returns: Its name, table and measurements.
  /// - Throws: ``PlanningError``, or what the context throws for a local file, an arithmetic or another spec.
  public mutating func plan(_ experiment: ResolvedExperiment, name: String) throws -> PlannedExperiment {
    var measured: [CellMeasurement] = []
    var wanted: [StepID] = []
    var searches: [PlannedSearch] = []
    var keeps: [PlannedKeep] = []
    var users: [String] = []
    var warnings: [Diagnosis] = []
    graph.beginExperiment()
    for cell in experiment.cells {
      let user = cell.name.isEmpty ? name : "\(name): \(cell.name)"
      users.append(user)
      var planner = CellPlanner(
        context: context, graph: takeGraph(), experiment: cell.experiment, candidates: cell.candidates,
        arms: cell.arms, user: user,
        chain: [CellPlanner.link(experiment.path, cell)])
      try planner.plan()
      measured += planner.measured
      wanted += planner.wanted
      searches += [planner.search].compactMap { $0 }
      keeps += planner.keeps
      for warning in planner.warnings where !warnings.contains(warning) { warnings.append(warning) }
      graph = planner.graph
    }
    graph.keep(wanted)
    let numbered = Self.measurements(measured)
    let measurements = numbered.map(\.measurement)
    let table = graph.add(
      .aggregate(AggregateWork(measurements: measurements)), label: "table of \(name)",
      inputs: numbered.map { StepInput($0.measurement.input, $0.source) }, user: nil)
    return PlannedExperiment(
      name: name, experiment: experiment, table: table, wanted: wanted, measurements: measurements,
      steps: graph.endExperiment(), users: users, searches: searches, keeps: keeps, warnings: warnings)
  }

  /// Hands the graph to a cell, so that only one copy is ever changed.
  private mutating func takeGraph() -> StepGraph {
    defer { graph = StepGraph() }
    return graph
  }
}

extension Planner {
  /// Adds the steps that bring a model's weights, and a step that would use them, which is never run.
  ///
  /// - Parameters:
  ///   - name: A model of the experiment.
  ///   - experiment: The experiment.
  /// - Returns: How the model is used, and the step whose inputs are its weights.
  /// - Throws: ``PlanningError``, or what the context throws.
  public mutating func planModel(_ name: String, of experiment: Experiment) throws -> (use: ModelUse, step: Step) {
    var planner = CellPlanner(context: context, graph: graph, experiment: experiment, user: name)
    let model = try planner.model(name)
    let probe = planner.add(
      .score(ScoreWork(model: model.use, target: .plain("text"))), "use \(name)", inputs: model.inputs)
    graph = planner.graph
    return (model.use, graph.step(probe))
  }
}
