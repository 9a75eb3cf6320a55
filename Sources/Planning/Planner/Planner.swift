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
  /// Steps that are wanted for their own sake: candidates of an experiment that trains nothing.
  public let wanted: [StepID]
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
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - name: Its name, for its results.
  /// - Returns: Its name, table and measurements.
  /// - Throws: ``PlanningError``, or what the context throws for a local file or an arithmetic.
  public mutating func plan(_ experiment: ResolvedExperiment, name: String) throws -> PlannedExperiment {
    var measured: [(measurement: AggregateWork.Measurement, source: OutputReference)] = []
    var wanted: [StepID] = []
    var users: [String] = []
    for cell in experiment.cells {
      let user = cell.name.isEmpty ? name : "\(name): \(cell.name)"
      users.append(user)
      var planner = CellPlanner(
        planner: self, experiment: cell.experiment, arms: cell.arms, user: user, first: measured.count)
      try planner.plan()
      measured += planner.measured
      wanted += planner.wanted
      graph = planner.graph
    }
    let inputs = measured.map { StepInput($0.measurement.input, $0.source) }
    let measurements = measured.map(\.measurement)
    let table = graph.add(
      .aggregate(AggregateWork(measurements: measurements)), label: "table of \(name)", inputs: inputs, user: nil)
    return PlannedExperiment(
      name: name, experiment: experiment, table: table, wanted: wanted, measurements: measurements, users: users)
  }
}

extension Planner {
  /// Adds the steps that bring a model's weights, and a step that would use them, which is never run.
  ///
  /// - Parameters:
  ///   - name: A model of the experiment.
  ///   - experiment: The experiment.
  /// - Returns: How the model is used, and the step whose inputs are its weights.
  /// - Throws: What the context throws.
  public mutating func planModel(_ name: String, of experiment: Experiment) throws -> (use: ModelUse, step: Step) {
    var planner = CellPlanner(planner: self, experiment: experiment, user: name, first: 0)
    let model = try planner.model(name, trained: [:])
    let probe = planner.add(
      .score(ScoreWork(model: model.use, target: .plain("text"))), "use \(name)", inputs: model.inputs)
    graph = planner.graph
    return (model.use, graph.step(probe))
  }
}

/// Why an experiment cannot be planned although its spec can be read.
public enum PlanningError: DiagnosableError, Hashable {
  /// Something looks at a part that the data set's split does not have.
  case noPart(dataset: String, part: String, known: [String], place: SourcePlace?)

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    switch self {
    case .noPart(let dataset, let part, let known, let place):
      [
        Diagnosis(
          "plan.no-part", "data set `\(dataset)` has no part `\(part)`", place: place,
          notes: known.isEmpty ? [] : ["It has: \(known.joined(separator: ", "))."],
          remedy: "Add the part to its `split:`, or look at another one.", exit: .badSpec)
      ]
    }
  }
}
