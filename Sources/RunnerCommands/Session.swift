// From paths on the command line to resolved experiments, a graph and a store. Every command that plans goes this way.

import Diagnostics
import Digests
import Execution
import FoundationEssentials
import Planning
import Specification
import Steps
import Storage
import Synchronization

/// Experiments read from specs, with their graph.
struct Session {
  let experiments: [PlannedExperiment]
  /// Tables over several of the experiments, as the user named them.
  let tables: [TableSpecification]
  let graph: StepGraph
  /// The files of further specs, whose trained weights the experiments use.
  let others: [ReadFile]
  /// The files that all of it rests on.
  let basis = PlanBasis()

  /// Reads and checks specs; warnings go to standard error.
  static func readFiles(
    _ options: SpecOptions, from source: any FileReading = DiskFiles()
  ) throws -> [SpecificationFile] {
    var files: [SpecificationFile] = []
    var problems: [Diagnosis] = []
    for path in options.specs {
      do {
        files.append(try readFile(SpecSource(path: path, sets: options.sets, files: source)))
      } catch let error as Diagnoses {
        // Specs that extend one file have its mistakes in common.
        problems += error.diagnoses.filter { !problems.contains($0) }
      }
    }
    if !problems.isEmpty { throw Diagnoses(problems) }
    return files
  }

  /// The experiments of specs, and those of tables, each once.
  static func read(_ options: SpecOptions) throws -> [ResolvedExperiment] { experiments(of: try readFiles(options)) }

  private static func experiments(of files: [SpecificationFile]) -> [ResolvedExperiment] {
    // Two specs that the user names are told apart by their results; one that a table names as well is the same.
    var experiments = files.compactMap(\.experiment)
    for experiment in files.compactMap(\.table).flatMap(\.resolved) {
      if !experiments.contains(where: { $0.path == experiment.path }) { experiments.append(experiment) }
    }
    return experiments
  }

  /// Reads, checks and plans specs, with at most `limit` records in each part of a data set and `trainingSteps` optimizer
  /// steps in each training.
  init(_ options: SpecOptions, limit: Int? = nil, trainingSteps: Int? = nil) throws {
    let files = try Self.readFiles(options, from: basis)
    let resolved = Self.experiments(of: files)
    let others = OtherSpecs(basis)
    let context = Self.context(
      limit: limit, trainingSteps: trainingSteps, others: others,
      digestOfFile: { [basis] path in
        let digest = try Self.digest(ofFile: path, namedIn: resolved)
        basis.note(path, digest)
        return digest
      },
      fingerprint: { [basis] arithmetic in
        let text = try Fingerprint.text(of: arithmetic)
        // Another processor or another OpenBLAS computes otherwise, and only asking them says so.
        if text != nil { basis.leaveOpen() }
        return text
      })
    var planner = Planner(context: context)
    var planned: [PlannedExperiment] = []
    var names: [String: String] = [:]
    for experiment in resolved {
      let name = ExperimentName.name(ofSpec: experiment.path)
      if let other = names[name] {
        throw CommandError.sameName(name: name, first: other, second: experiment.path)
      }
      names[name] = experiment.path
      let plan = try planner.plan(experiment, name: name)
      for warning in plan.warnings { Output.error(Output.text(of: warning) + "\n") }
      planned.append(plan)
    }
    experiments = planned
    tables = files.compactMap(\.table)
    for table in tables {
      let name = ExperimentName.name(ofSpec: table.path)
      if let other = names[name] { throw CommandError.sameName(name: name, first: other, second: table.path) }
      names[name] = table.path
    }
    graph = planner.steps
    self.others = others.files
    try Self.check(graph)
  }

  /// The experiment of a spec that was read.
  ///
  /// - Throws: ``CommandError/specOfSeveral(spec:experiments:)`` for a table over several.
  func experiment(of spec: String) throws -> PlannedExperiment {
    guard let found = experiments.first(where: { $0.experiment.path == spec }) else {
      throw CommandError.specOfSeveral(spec: spec, experiments: experiments.map(\.experiment.path))
    }
    return found
  }

  /// Refuses what can be told of steps before any of them runs.
  static func check(_ graph: StepGraph) throws {
    let faults = IngestStep.faults(of: graph)
    if !faults.isEmpty { throw Diagnoses(faults) }
  }

  /// The digest of a local file; a fault is shown at the path in the spec.
  static func digest(ofFile path: String, namedIn experiments: [ResolvedExperiment]) throws -> Digest {
    do {
      return try FileDigest.digest(ofFile: path)
    } catch let error as any DiagnosableError {
      let all = experiments.lazy.flatMap { [$0.base].compactMap { $0 } + $0.cells.map(\.experiment) }
      let place = all.compactMap { Pin.files(in: $0).lazy.compactMap { $0.paths[path] }.first }.first
      throw error.placed(at: place)
    }
  }
}

extension Session {
  /// What planning must know of this host.
  static func context(
    limit: Int? = nil, trainingSteps: Int? = nil, others specs: OtherSpecs = OtherSpecs(),
    digestOfFile: @escaping @Sendable (String) throws -> Digest = { try FileDigest.digest(ofFile: $0) },
    fingerprint: @escaping @Sendable (ArithmeticClass) throws -> String? = { try Fingerprint.text(of: $0) }
  ) -> PlanningContext {
    PlanningContext(
      limit: limit, trainingSteps: trainingSteps, digestOfFile: digestOfFile,
      fingerprint: fingerprint, experiment: { try specs.read($0) })
  }
}

extension SpecificationFile {
  /// The experiment, if it is one.
  var experiment: ResolvedExperiment? { if case .experiment(let experiment) = self { experiment } else { nil } }

  /// The table, if it is one.
  var table: TableSpecification? { if case .table(let table) = self { table } else { nil } }

  /// What the user should know.
  var warnings: [Diagnosis] { experiment?.warnings ?? table?.warnings ?? [] }
}

/// Specs of experiments whose weights others use, each read once.
final class OtherSpecs: Sendable {
  private let source: any FileReading
  private let known = Mutex<[String: ResolvedExperiment]>([:])

  init(_ source: any FileReading = DiskFiles()) { self.source = source }

  /// The spec; nil if there is no such file.
  func read(_ path: LocalPath) throws -> ResolvedExperiment? {
    if let known = known.withLock({ $0[path.resolved] }) { return known }
    guard source.exists(path.resolved) else { return nil }
    let experiment = try SpecificationReader(files: source).read(path.resolved)
    known.withLock { $0[path.resolved] = experiment }
    return experiment
  }

  /// The files that were read, sorted by path.
  var files: [ReadFile] {
    known.withLock { known in known.values.flatMap(\.files) }.sorted { $0.path < $1.path }
  }
}

/// The name of an experiment: the path of its spec below a folder `experiments`, or the file's name.
enum ExperimentName {
  static func name(ofSpec path: String) -> String {
    var parts: [String] = []
    for part in path.split(separator: "/") where part != "." {
      // What goes up again is not below the folder.
      if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(String(part)) }
    }
    if let last = parts.popLast() {
      let stem = last.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
      parts.append(["", ".", ".."].contains(stem) ? last : stem)
    }
    guard let root = parts.lastIndex(of: "experiments") else { return parts.last ?? path }
    return parts[(root + 1)...].joined(separator: "/")
  }
}

extension ExperimentName {
  /// The name of the experiment whose results these are: the path below a folder `results`, or the folder's name.
  static func name(ofResults path: String) -> String {
    var parts = path.split(separator: "/").map(String.init)
    if parts.last == "table.json" { parts.removeLast() }
    guard let root = parts.lastIndex(of: "results"), root + 1 < parts.count else { return parts.last ?? path }
    return parts[(root + 1)...].joined(separator: "/")
  }
}

/// What a command can refuse by itself.
enum CommandError: DiagnosableError, Hashable {
  /// Two specs would write the same results.
  case sameName(name: String, first: String, second: String)
  /// Steps that this version cannot run are needed.
  case blocked([Diagnosis])
  /// Required claims do not hold or are undecided.
  case claimsFailed([Diagnosis])
  /// A file cannot be read.
  case unreadable(path: String, reason: String)
  /// A spec was never run as it is now; what lies in the folder, if there is one, is of other steps.
  case noNumbers(spec: String, stale: String?)
  /// A spec is of a table over several experiments, where one experiment's is wanted.
  case specOfSeveral(spec: String, experiments: [String])
  /// A folder of results is of a table over several experiments, where one experiment's is wanted.
  case tableOfSeveral(folder: String)
  /// A file cannot be written.
  case unwritable(path: String, reason: String)
  /// An argument names something that is not there.
  case unknownName(what: String, name: String, known: [String])
  /// The run left steps undone.
  case incomplete(failed: Int, blocked: Int = 0, notStarted: Int = 0, exit: ExitCode)
  /// The user stopped the run.
  case cancelled
  /// OpenBLAS gave no battery of products; it said why.
  case noFingerprint
  /// This host lacks what every experiment needs.
  case hostLacks([String])
  /// An argument of the command line, counted from 1, is not UTF-8.
  case argumentNotUTF8(number: Int)
  /// A model is named by something that is neither a spec nor weights.
  case noModel(String, reason: String)

  var diagnoses: [Diagnosis] {
    switch self {
    case .sameName(let name, let first, let second):
      [
        Diagnosis(
          "command.same-name", "\(first) and \(second) would both write the results `\(name)`",
          remedy: "Rename one of them, or run them one after the other.", exit: .usage)
      ]
    case .blocked(let diagnoses), .claimsFailed(let diagnoses): diagnoses
    case .argumentNotUTF8(let number):
      [
        Diagnosis(
          "command.not-utf8", "argument \(number) of the command line is not UTF-8",
          remedy: "Convert it, for example with `iconv -t UTF-8`; runner reads and writes UTF-8 only.", exit: .usage)
      ]
    case .unreadable(let path, let reason):
      [
        Diagnosis(
          "command.unreadable", "\(path) cannot be read: \(reason)", remedy: "Check the path and its permissions.",
          exit: .inputOutput)
      ]
    case .noNumbers(let spec, let stale):
      [
        Diagnosis(
          "command.no-numbers",
          stale.map { "the results in \($0) are of another form of \(spec), or have no lock that says of which" }
            ?? "no table of \(spec) is stored: it was never run here, or never to its end",
          remedy: "Run `runner exec \(ShellWord.quoted(spec))`"
            + (stale.map { ", or name \($0) to see what lies there." }
              ?? "; `runner plan` says which steps are missing, `runner runs` what came of earlier runs."),
          exit: .inputOutput)
      ]
    case .specOfSeveral(let spec, let experiments):
      [
        Diagnosis(
          "command.spec-of-several", "\(spec) is a table over several experiments, which has no steps of its own",
          remedy: "Name the spec of one of them: \(experiments.joined(separator: ", ")).", exit: .usage)
      ]
    case .tableOfSeveral(let folder):
      [
        Diagnosis(
          "command.table-of-several",
          "\(folder) holds a table over several experiments, which has no steps of its own and so no lock.json",
          remedy: "Name the folder of each of its experiments, which `runner exec` wrote beside it.", exit: .usage)
      ]
    case .unwritable(let path, let reason):
      [
        Diagnosis(
          "command.unwritable", "\(path) cannot be written: \(reason)",
          remedy: "Check permissions and free space. Nothing that was computed is lost: run the same command again.",
          exit: .inputOutput)
      ]
    case .unknownName(let what, let name, let known):
      [
        Diagnosis(
          "command.unknown-name", "there is no \(what) `\(name)`",
          remedy: Suggestion.nearest(to: name, among: known).map { "Did you mean `\($0)`?" }
            ?? (known.isEmpty ? "There is none here." : "There is: \(known.joined(separator: ", "))."),
          exit: .usage)
      ]
    case .incomplete(let failed, let blocked, let notStarted, let exit):
      [
        Diagnosis(
          "exec.incomplete",
          "\(failed) step\(failed == 1 ? "" : "s") failed"
            + (blocked > 0 ? ", \(blocked) \(blocked == 1 ? "is" : "are") blocked by that" : "")
            + (notStarted > 0 ? ", \(notStarted) \(notStarted == 1 ? "was" : "were") not started" : ""),
          remedy: "Mend the cause and run the same command again: everything that was finished is stored."
            + (notStarted > 0 ? " With --keep-going, whatever does not read from what failed runs first." : ""),
          exit: exit)
      ]
    case .noFingerprint:
      [
        Diagnosis(
          "plan.no-fingerprint", "`arithmetic: openblas` cannot be used on this host",
          remedy: "Install libopenblas0, or leave `arithmetic:` out.", exit: .stepFailed)
      ]
    case .hostLacks(let names):
      [
        Diagnosis(
          "doctor.missing", "this host cannot run experiments: \(names.joined(separator: ", "))",
          remedy: "Read what is said of them above.", exit: .inputOutput)
      ]
    case .noModel(let name, let reason):
      [
        Diagnosis(
          "model.unknown", "\(name) names no model: \(reason)",
          remedy: "Name a spec (SPEC or SPEC:MODEL), a GGUF file, or a Hugging Face folder.", exit: .usage)
      ]
    case .cancelled:
      [
        Diagnosis(
          "exec.cancelled", "stopped as you asked",
          remedy: "Run the same command again to go on: everything that was finished is stored.", exit: .stepFailed)
      ]
    }
  }
}

extension CommandError {
  /// What a run left undone.
  init(incomplete summary: ExecutionSummary) {
    self = .incomplete(
      failed: summary.failed, blocked: summary.blocked, notStarted: summary.notStarted,
      exit: .stepFailed)
  }
}
