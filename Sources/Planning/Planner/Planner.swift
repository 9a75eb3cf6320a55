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
  public let limit: Int?

  /// Makes a context.
  public init(
    limit: Int? = nil, digestOfFile: @escaping @Sendable (String) throws -> Digest,
    fingerprint: @escaping @Sendable (ArithmeticClass) throws -> String?
  ) {
    self.limit = limit
    self.digestOfFile = digestOfFile
    self.fingerprint = fingerprint
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
  /// What the table is made of.
  public let measurements: [AggregateWork.Measurement]
  /// The names of its cells as users of steps.
  public let users: [String]
}

/// Puts the steps of experiments into one graph.
public struct Planner: Sendable {
  let context: PlanningContext
  var graph = StepGraph()

  /// Starts with an empty graph.
  public init(context: PlanningContext) {
    self.context = context
  }

  /// The graph of everything that was planned so far.
  public var steps: StepGraph { graph }

  /// Adds the steps of an experiment.
  ///
  /// - Parameter name: The experiment's name, for its results.
  /// - Throws: ``PlanningError``, or what the context throws for a local file.
  public mutating func plan(_ experiment: ResolvedExperiment, name: String) throws -> PlannedExperiment {
    var measured: [(measurement: AggregateWork.Measurement, source: OutputReference)] = []
    var users: [String] = []
    for cell in experiment.cells {
      let user = cell.name.isEmpty ? name : "\(name): \(cell.name)"
      users.append(user)
      var planner = CellPlanner(planner: self, cell: cell, user: user, first: measured.count)
      try planner.plan()
      measured += planner.measured
      graph = planner.graph
    }
    let inputs = measured.map { StepInput($0.measurement.input, $0.source) }
    let measurements = measured.map(\.measurement)
    var table: StepID?
    for user in users {
      table = graph.add(
        .aggregate(AggregateWork(measurements: measurements)), label: "table of \(name)", inputs: inputs, user: user)
    }
    guard let table else { fatalError("an experiment has at least one cell: our own bug") }
    return PlannedExperiment(
      name: name, experiment: experiment, table: table, measurements: measurements, users: users)
  }
}

/// Why an experiment cannot be planned although its spec is right by itself.
public enum PlanningError: DiagnosableError, Hashable {
  /// A data set has one source a round, and something asks for it without a round.
  case roundsWithoutRound(dataset: String, place: SourcePlace?)
  /// A model is a server; this version cannot ask one.
  case noWeights(model: String, place: SourcePlace?)

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    switch self {
    case .roundsWithoutRound(let dataset, let place):
      [
        Diagnosis(
          "plan.rounds", "data set `\(dataset)` has one source a round and cannot be looked at as a whole", place: place,
          remedy: "Name a data set with one source.", exit: .badSpec)
      ]
    case .noWeights(let model, let place):
      [
        Diagnosis(
          "plan.no-weights", "model `\(model)` has no weights that log-probabilities or greedy text could come from",
          place: place, remedy: "Name weights for it.", exit: .badSpec)
      ]
    }
  }
}
