// runner exec: runs what is not stored, then writes the result tables.

import ArgumentParser
import Compression
import Diagnostics
import Execution
import FoundationEssentials
import Glibc
import JSON
import Planning
import Records
import Reporting
import Specification
import Steps
import Storage
import YAML

struct ExecCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    "exec", "Run experiments. What is stored is not computed again.",
    takes: "<specs> ... [<options>]",
    discussion: """
      Interrupt with Ctrl-C at any time (SIGTERM and a closed terminal do the same): running steps end at the next \
      record or optimizer step, and the same command goes on where it stopped; a second Ctrl-C ends at once, which loses \
      no more than the records in flight. When a step fails, what runs finishes, nothing else is started, and what reads \
      from it is blocked (see --keep-going); the exit code is 1, and the next exec tries again. Where the store or its \
      disk fails, nothing can be kept: the run ends at once, with 74.

      Claims of tables are judged when all results are written: the exit code is 2 if one that is required, as all are \
      without `required: false`, does not hold or is undecided. A smoke test judges none.

      Several runs may work in one store: what one of them computes the others do not, and if it dies they take over. In \
      the place of specs, a plan may be given that `runner plan -o` saved: it is refused if a result that it counts on is \
      gone, or if a spec or the program has changed; results that have appeared since are used.

      None of --jobs, --memory, --workers and --batch changes a byte of any result.
      """,
    examples: [
      "runner exec experiments/quickstart/training.yaml",
      "runner exec experiments/quickstart/training.yaml --smoke",
      "runner exec experiments/a.yaml experiments/b.yaml --jobs 2 --memory 4GB",
      "runner exec spec.yaml --set hyperparameters.epochs=2",
      "runner exec spec.yaml --until \"train dpo, seed 1\"",
      "runner exec saved.plan",
    ])

  @OptionGroup var spec: SpecOptions
  @OptionGroup var storage: StoreOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var limits: RunOptions
  @OptionGroup var selection: SelectionOptions
  @Option(help: "Folder for result tables.", completion: .directory) var results = "results"
  @Flag(
    help: "Run the whole spec on 8 records a data set, 2 steps a training and the first seed, and write no results.")
  var smoke = false
  @Flag(help: "Write events as JSON lines.") var json = false

  static let smokeRecords = 8
  static let smokeSteps = 2

  func validate() throws {
    if results.isEmpty { throw ValidationError("--results must name a folder.") }
  }

  func run() throws {
    Interrupt.listen()
    let saved = try savedPlan()
    let view = RunViews.chosen(json: json)
    let run = Provenance.runName
    let onDamage: @Sendable (Damage) -> Void = { view.show(.warned($0.diagnosis)) }
    // A store that is there is looked at while specs are read. From its lease on collection spares what this run finds.
    let known = Store(intactAt: storage.storePath, mode: .create, onDamage: onDamage).map {
      (store: $0, leases: LeaseKeeper(run: run, store: $0))
    }
    defer { known?.leases.end() }
    let memo = isWhole && saved == nil ? CommandMemo(store: storage.storePath) : nil
    if let known, let standing = memo?.standing(in: known.store, isUse: true) {
      return try take(standing, named: run, known.store, known.leases, view)
    }
    known?.store.lookAhead()
    let session = try Session(
      saved?.options ?? spec, limit: smoke ? Self.smokeRecords : nil, trainingSteps: smoke ? Self.smokeSteps : nil)
    let store = try known?.store ?? Store(at: storage.storePath, mode: .create, onDamage: onDamage)
    let leases = known?.leases ?? LeaseKeeper(run: run, store: store)
    defer { leases.end() }
    let limits = limits.runLimits(MemoryForecast(store, workers: compute.workerCount, batch: compute.batch))
    let plan = try plan(session, saved, store, limits)
    store.endLookAhead()
    Kept.untilExit((session, plan))
    let read = RunSpecs(
      session, specs: (saved?.options ?? spec).specs, sets: (saved?.options ?? spec).sets, isSmoke: smoke)
    let executor = executor(store, leases, limits, view, read)
    var (summary, done) = try executor.takeAll(of: plan, named: run) ?? runAll(of: plan, named: run, executor, leases)
    // What is told of steps is told anew of every run; what comes now is the answer.
    Output.note()
    Kept.untilExit(done)
    var failing: [Diagnosis] = []
    if selection.isEmpty {
      var repairs = 0
      while true {
        do {
          failing = try writeTables(session, done, store)
          break
        } catch let error as StorageError where error.isMiss && repairs < session.graph.steps.count {
          // What a table is made of is damaged: its step runs again. Each attempt finds one such file.
          repairs += 1
          Output.error("warning: \(error.diagnoses[0].message); it is computed again\n")
          (summary, done) = try runAll(of: plan, named: "\(run)-repair\(repairs)", executor, leases, isAgain: true)
        }
      }
    }
    if summary.cancelled { throw CommandError.cancelled }
    if summary.failed > 0 { throw CommandError(incomplete: summary) }
    if !failing.isEmpty { throw CommandError.claimsFailed(failing) }
    // The one thing that was told beside the tables is how many steps were stored; with --json nothing.
    if summary.ran == 0, Output.errorCount == (json ? 0 : 1) {
      memo?.note(plan, session, read, folders: folders(of: session), in: store)
    }
  }

  /// Whether all of an experiment is run.
  private var isWhole: Bool { selection.isEmpty && !smoke }

  /// The folders of results that a run writes.
  private func folders(of session: Session) -> [String] {
    let measured = session.experiments.filter { !$0.measurements.isEmpty }.map(\.name)
    return (measured + session.tables.map { ExperimentName.name(ofSpec: $0.path) }).map { "\(results)/\($0)" }
  }

  /// Tells of a run that has nothing to do, all of which was asked for before.
  private func take(
    _ standing: CommandMemo.Standing, named run: String, _ store: Store, _ leases: LeaseKeeper, _ view: any RunView
  ) throws {
    let limits = limits.runLimits(MemoryForecast(store, workers: compute.workerCount, batch: compute.batch))
    let read = RunSpecs(specs: spec.specs, sets: spec.sets, files: standing.specs)
    let memo = standing.memo
    try executor(store, leases, limits, view, read)
      .takeNoted(memo.found.map { ($0.label, $0.key) }, of: memo.stepCount, named: run) { label, key in
        if json { Output.json(ExecutionEvent.found(label, key)) }
      }
    Output.bytes(Array(memo.answer.utf8))
  }

  /// Runs a plan of which something has to be computed, or, where that has turned out to be damaged, computes it again.
  private func runAll(
    of plan: Plan, named run: String, _ executor: Executor, _ leases: LeaseKeeper, isAgain: Bool = false
  ) throws -> (summary: ExecutionSummary, results: RunResults) {
    Heartbeat.start(leases)
    return try Waiting.value { try await executor.run(plan.graph, named: run, planned: isAgain ? nil : plan) }
  }

  /// The steps to run; refused before any of them does if one cannot.
  private func plan(
    _ session: Session, _ saved: SavedPlan?, _ store: Store, _ limits: RunLimits
  ) throws -> Plan {
    let whole = Plan(graph: session.graph, index: StoreIndex(store, isUse: true))
    try saved?.check(whole, session)
    let plan = try selection.plan(of: whole, session, store)
    try store.checkReadable()
    try plan.refuseBlocked()
    try plan.refuseTooLarge(limits)
    return plan
  }

  private func executor(
    _ store: Store, _ leases: LeaseKeeper, _ limits: RunLimits, _ view: any RunView, _ read: RunSpecs
  ) -> Executor {
    let clock = ContinuousClock()
    let origin = clock.now
    let engine = StepEngine(
      workers: compute.workerCount, batch: compute.batch, mirrors: storage.allMirrors, scratch: store.scratchFolder,
      isOffline: self.limits.offline)
    return Executor(
      store: store, runner: engine, cancellation: Interrupt.cancellation,
      now: { origin.duration(to: clock.now) / .seconds(1) }, provenance: { Provenance.facts },
      runFacts: Provenance.runFacts(specs: spec.specs, read: read), leases: leases, limits: limits, observe: view.show)
  }

  /// The saved plan, if one was given in the place of specs.
  private func savedPlan() throws -> SavedPlan? {
    guard spec.specs.count == 1, let saved = try SavedPlan.read(spec.specs[0]) else { return nil }
    if smoke { throw SavedPlanFault.notWithPlan(option: "--smoke") }
    if !spec.sets.isEmpty { throw SavedPlanFault.notWithPlan(option: "--set") }
    return saved
  }

  /// Writes the tables of what ran, and judges their claims.
  ///
  /// - Returns: The required claims that do not hold or are undecided.
  private func writeTables(_ session: Session, _ done: RunResults, _ store: Store) throws -> [Diagnosis] {
    var reports: [String: ResultReport] = [:]
    var failing: [Diagnosis] = []
    for experiment in session.experiments {
      guard let (_, result) = done[experiment.table], let table = result.outputs["table"] else { continue }
      guard !experiment.measurements.isEmpty else {
        tellNoTable(experiment)
        continue
      }
      let graph = session.graph.steps(of: experiment).deciding(done.choices)
      // It names every step, and is made while everything else is.
      let folder = "\(results)/\(experiment.name)"
      let lock = smoke ? nil : Beside.value { ResultLock(experiment, graph, done).bytes(asIn: folder) }
      let facts = try store.trainingFacts(of: experiment, graph, done)
      let bytes = try store.read(table.digest)
      let report = try store.withOutcomes { outcomes in
        try ResultReport(
          experiment, table: bytes, results: done, graph: graph, facts: facts, judges: !smoke, outcomes: outcomes)
      }
      reports[experiment.experiment.path] = report
      if !smoke {
        try report.write(into: folder, lock: lock?.wait(), program: Provenance.program) {
          GitHistory.commit(of: experiment.experiment.files)
        }
      }
      tell(
        experiment.name, json: ["event": "table", "experiment": .string(experiment.name), "table": report.json],
        claims: experiment.experiment.table?.claims.isEmpty == false
      ) { report.text(columns: Output.columns) }
      failing += FailedClaims.diagnoses(of: report.claims, in: experiment)
    }
    for table in session.tables { failing += try write(table, reports, store) }
    return failing
  }

  /// A table over several experiments, once all of them have their numbers.
  private func write(
    _ table: TableSpecification, _ reports: [String: ResultReport], _ store: Store
  ) throws -> [Diagnosis] {
    let own = table.resolved.compactMap { reports[$0.path] }
    guard own.count == table.resolved.count else { return [] }
    let name = ExperimentName.name(ofSpec: table.path)
    let cross = try store.withOutcomes { outcomes in
      CrossTable(table, name: name, reports: own, judges: !smoke, outcomes: outcomes)
    }
    if !smoke { try cross.write(into: "\(results)/\(name)") }
    tell(
      name, json: ["event": "table", "of": .string(name), "table": cross.json], claims: !table.claims.isEmpty
    ) { cross.aligned(columns: Output.columns) }
    return FailedClaims.diagnoses(of: cross.claims, in: table, named: name)
  }

  /// Shows a table that was written.
  private func tell(
    _ name: String, json event: KeyValuePairs<String, JSONValue>, claims: Bool, text: () -> String
  ) {
    if json { return Output.json(.members(event)) }
    Output.line("\n\(name)\(smoke ? " (smoke test on \(Self.smokeRecords) records)" : "")\n")
    Output.line(text())
    if smoke, claims { Output.line("Claims are not judged in a smoke test.") }
    if !smoke { Output.line("\nWritten to \(results)/\(name)/") }
  }
}

extension ExecCommand {
  /// A spec that measures nothing has no table, and whatever results it had before are left alone.
  private func tellNoTable(_ experiment: PlannedExperiment) {
    if json {
      Output.json(.members(["event": "no-table", "experiment": .string(experiment.name)]))
    } else {
      Output.line("\n\(experiment.name): no evals, so there is no table; what the steps made is in the store.")
    }
  }
}

/// Facts about this run that stand beside results and in no key.
enum Provenance {
  static var facts: JSONObject {
    JSONObject([
      JSONMember("runner", .string(Version.text)), JSONMember("host", .string(ProcessInfo.processInfo.hostName)),
      JSONMember("time", .string(timestamp)),
    ])
  }

  /// The program and the libraries that read specs and keep results, as results name them.
  static var program: String {
    "runner \(Version.text), libyaml \(YAMLDocument.libraryVersion), zstd \(Compression.libraryVersion)"
  }

  /// What a run's journal says of it at its beginning.
  static func runFacts(specs: [String], read: RunSpecs? = nil) -> JSONObject {
    var facts = JSONObject([
      JSONMember("runner", .string(Version.text)), JSONMember("host", .string(ProcessInfo.processInfo.hostName)),
      JSONMember("pid", .integer(Int64(ProcessInfo.processInfo.processIdentifier))),
      JSONMember("specs", .array(specs.map { .string($0) })),
    ])
    facts["read"] = read?.json
    return facts
  }

  /// A name for a run that no other run has.
  static var runName: String {
    var generator = SystemRandomNumberGenerator()
    return UniqueName.ofRun(
      at: timestamp, process: Int(ProcessInfo.processInfo.processIdentifier), with: &generator)
  }

  /// Now as `2026-01-31T23:59:59Z`; not by Foundation, which would read its calendars and time zones first.
  private static var timestamp: String {
    var second = time(nil)
    var parts = unsafe tm()
    unsafe gmtime_r(&second, &parts)
    // With the zero at its end.
    var text = [UInt8](repeating: 0, count: 21)
    let count = unsafe text.withUnsafeMutableBytes {
      unsafe strftime($0.baseAddress, $0.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    }
    return String(decoding: text[..<count], as: UTF8.self)
  }
}

/// Ctrl-C: once to stop at the next record, twice to end at once.
///
/// SIGTERM and a closed terminal stop likewise.
enum Interrupt {
  static let cancellation = Cancellation()

  static func listen() {
    // Made before a handler can run, in which nothing may be made.
    _ = cancellation
    signal(SIGINT) { _ in
      if Interrupt.cancellation.isCancelled { _exit(130) }
      Interrupt.cancellation.cancel()
    }
    signal(SIGTERM) { _ in Interrupt.cancellation.cancel() }
    if !isIgnored(SIGHUP) { signal(SIGHUP) { _ in Interrupt.cancellation.cancel() } }
    unblock([SIGINT, SIGTERM, SIGHUP])
  }

  /// Lets this thread hear signals that whoever started the program had blocked, as libdispatch does on its threads.
  ///
  /// It is the first thread that must: the others that work are libdispatch's own.
  private static func unblock(_ signals: [Int32]) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal) }
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Whether whoever started the program wants it not to hear a signal, as `nohup` does.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    // What ignores a signal is no function but a number in its place.
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
