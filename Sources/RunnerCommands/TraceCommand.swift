// runner trace: from a number to what made it, from a record to where it counts, and prompts that leak between parts.

import ArgumentParser
import Diagnostics
import FoundationEssentials
import JSON
import Planning
import Specification
import Steps
import Storage

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "trace", "Follow a number to what made it, or a record to where it counts. Trains nothing.",
    takes: "<spec> [<options>]",
    discussion: """
      A number of the table is named by its cell and its eval. Shown are its outcomes by kind with examples, and then every \
      step behind it, each with its key, when it was computed, what it made, and the options that the spec writes, with \
      file, line and column: responses and prompts, trainings with loss and examples, feedback stage by stage, data with \
      digests.

      --record follows one record the other way: its part of the data, prompts, responses, pairs and scores, and the cells \
      in which it counts. It is named by its identity, by the beginning of one, or by its number, counted from 1, among \
      the records that the number is the mean of (with --cell) or in the data.

      --leaks holds the prompts of all parts of the data against each other: equal ones, but for case, spaces and \
      punctuation, and nearly equal ones, which share most of their runs of five words. It fetches and reads data that are \
      not stored; the exit code is 0 whatever it finds, and where something is trained on that is measured, too, it warns.
      """,
    examples: [
      "runner trace experiments/prompts/counting.yaml --cell \"one number/greedy\" --eval accuracy",
      "runner trace experiments/prompts/counting.yaml --cell \"one number/greedy\" --record 3",
      "runner trace experiments/prompts/counting.yaml --record 1f0c",
      "runner trace experiments/prompts/counting.yaml --leaks",
    ])

  @Argument(help: "A spec.", completion: .file(extensions: ["yaml", "yml"])) var spec: String
  @Option(
    help: "The cell: its arms joined by `/`, or `base`; needed where there are several.",
    completion: NumberNames.cells)
  var cell: String?
  @Option(
    help: "The eval; default: the one that the spec's table shows, else the first.", completion: NumberNames.evals)
  var eval: String?
  @Option(help: "The seed whose steps are followed; default: the first.") var seed: String?
  @Option(help: ArgumentHelp("Follow a record instead of a number.", valueName: "id or number")) var record: String?
  @Option(help: "How many records are shown as examples, of different outcomes as far as there are.") var examples = 2
  @Flag(help: "Report equal and nearly equal prompts of different parts of the data.") var leaks = false
  @Option(
    help: ArgumentHelp(
      "With --leaks: how much two prompts have in common to be nearly equal: runs of five words that both have, of all that one has.",
      valueName: "share"))
  var near = 0.8
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @OptionGroup var storage: StoreOptions
  @Flag(help: "Trace what `exec --smoke` ran.") var smoke = false
  @Flag(help: "Write it as JSON.") var json = false

  func validate() throws {
    guard examples >= 0 else { throw ValidationError("--examples must be at least 0.") }
    guard (0.5...1).contains(near) else { throw ValidationError("--near must be between 0.5 and 1.") }
    if leaks, cell != nil || eval != nil || seed != nil || record != nil {
      throw ValidationError("--leaks is about all of the spec: leave --cell, --eval, --seed and --record out.")
    }
  }

  func run() async throws {
    Interrupt.listen()
    var options = SpecOptions()
    options.specs = [spec]
    options.sets = sets
    let session = try Session(
      options, limit: smoke ? ExecCommand.smokeRecords : nil, trainingSteps: smoke ? ExecCommand.smokeSteps : nil)
    let experiment = try session.experiment(of: spec)
    if leaks { return try await reportLeaks(session, experiment) }
    let store = try Store.telling(at: storage.storePath, mode: .readOnlyIfPresent)
    let numbers = TracedNumbers(experiment: experiment, stored: StoredGraph(session.graph, in: store))
    if record != nil, cell == nil, eval == nil, seed == nil {
      show(try RecordTrail(record: wholeRecord(numbers), numbers: numbers, chosen: nil))
    } else {
      try traceNumber(numbers)
    }
  }

  private func traceNumber(_ numbers: TracedNumbers) throws {
    let choice = NumberChoice(cell: cell, eval: eval, seed: seed)
    let (named, others) = try numbers.find(choice)
    let source = try numbers.source(of: named, choice)
    guard numbers.stored[source.outcomes.step] != nil else {
      throw TraceFault.notStored(
        number: named.title, step: numbers.stored.graph.step(source.outcomes.step).label, command: command)
    }
    let number = try numbers.measured(named)
    guard let record else {
      return show(
        try NumberTrace(number, followed: source, otherEvals: others, examples: examples, in: numbers.stored))
    }
    let id = try RecordNames(numbers.stored).measured(record, in: source.outcomes)
    show(try RecordTrail(record: id, numbers: numbers, chosen: source.outcomes))
  }

  private func wholeRecord(_ numbers: TracedNumbers) throws -> FoundRecord {
    try RecordNames(numbers.stored).any(record ?? "", command: command)
  }

  private var command: String {
    (["runner exec \(ShellWord.quoted(spec))"] + sets.map { "--set \(ShellWord.quoted($0))" }
      + storage.asGiven + (smoke ? ["--smoke"] : [])).joined(separator: " ")
  }

  private func show(_ shown: some TraceText) {
    if json { Output.json(shown.json) } else { for line in shown.lines { Output.line(line) } }
  }

  private func reportLeaks(_ session: Session, _ experiment: PlannedExperiment) async throws {
    let store = try Store.telling(at: storage.storePath, mode: .create)
    let engine = StepEngine(workers: 1, batch: 1, mirrors: storage.allMirrors, scratch: store.scratchFolder)
    let preparation = Preparation(graph: session.graph, store: store, engine: engine)
    let report = try await LeakReport(experiment, preparation, near: near, examples: examples)
    show(report)
    if let warning = report.warning { Output.report(Diagnoses([warning])) }
  }
}

/// Something that a trace shows.
protocol TraceText {
  /// The text, line by line.
  var lines: [String] { get }
  /// The same for machines.
  var json: JSONValue { get }
}
