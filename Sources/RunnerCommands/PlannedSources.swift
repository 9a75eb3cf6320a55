// Specs from files and from journals, planned into one graph, so that steps that they share are one.
// Looks nothing up in a store.

import Diagnostics
import Planning
import Specification

/// What a spec is.
enum PlannedSource {
  /// One experiment.
  case experiment(PlannedExperiment)
  /// A table over several, which are planned in the order of its names.
  case table(TableSpecification, [PlannedExperiment])

  /// The experiments that it has to do with.
  var experiments: [PlannedExperiment] {
    switch self {
    case .experiment(let experiment): [experiment]
    case .table(_, let experiments): experiments
    }
  }
}

/// Specs in one graph.
struct PlannedSources {
  /// One for each source, in their order.
  private(set) var sources: [PlannedSource] = []
  private(set) var graph = StepGraph()

  /// Reads, checks and plans; warnings go to standard error.
  ///
  /// - Throws: What is wrong with the specs, all of it at once, or with a file that planning looks at.
  init(_ sources: [SpecSource]) throws {
    var problems: [Diagnosis] = []
    var files: [(SpecSource, SpecificationFile)] = []
    for source in sources {
      do {
        files.append((source, try Session.readFile(source)))
      } catch let error as Diagnoses {
        problems += error.diagnoses.filter { !problems.contains($0) }
      }
    }
    if !problems.isEmpty { throw Diagnoses(problems) }
    for (source, file) in files { self.sources.append(try plan(file, source)) }
    try Session.check(graph)
  }

  private mutating func plan(_ file: SpecificationFile, _ source: SpecSource) throws -> PlannedSource {
    switch file {
    case .experiment(let experiment): return .experiment(try plan(experiment, source))
    case .table(let table): return .table(table, try table.resolved.map { try plan($0, source) })
    }
  }

  private mutating func plan(_ experiment: ResolvedExperiment, _ source: SpecSource) throws -> PlannedExperiment {
    let context = Session.context(
      limit: source.isSmoke ? ExecCommand.smokeRecords : nil,
      trainingSteps: source.isSmoke ? ExecCommand.smokeSteps : nil, others: OtherSpecs(source.files)
    ) { try Session.digest(ofFile: $0, namedIn: [experiment]) }
    var planner = Planner(context: context, continuing: graph)
    let planned = try planner.plan(experiment, name: ExperimentName.name(ofSpec: experiment.path))
    for warning in planned.warnings { Output.error(Output.text(of: warning) + "\n") }
    graph = planner.steps
    return planned
  }
}

extension Session {
  /// Reads and checks one spec; warnings go to standard error.
  ///
  /// - Throws: Everything that is wrong with it.
  static func readFile(_ source: SpecSource) throws -> SpecificationFile {
    let file = try SpecificationReader(files: source.files).readFile(source.path, sets: source.sets)
    for warning in file.warnings { Output.error(Output.text(of: warning) + "\n") }
    return file
  }
}
