// runner export: a trained policy as a PEFT adapter, with its base and its merged weights on request; and what it learned
// from and what evals saw, in the forms of other programs.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import LanguageModel
import Planning
import Specification
import Steps
import Storage

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "export", "Write a trained policy, or the records of stored steps, for other programs.",
    takes: "<spec or step> [<options>]",
    discussion: """
      --into writes DIR/adapter_config.json and DIR/adapter_model.safetensors, which PEFT loads over the policy's base. \
      Only what the cell itself trained is in the adapter: where it started from another experiment's result, that is \
      part of the base. A cell that trained all weights has no adapter: use --merged.

      --pairs writes the pairs that a cell learned from as JSON lines that TRL's DPOTrainer loads: `prompt`, `chosen` and \
      `rejected`, which are lists of messages, or with --plain texts. --judgments writes judged responses as CUT's data \
      have them: a JSON list of `id`, `instruction`, `input`, `output` and `judgment`, empty where a response is \
      acceptable. Of several rounds the examples follow one another.

      --records writes what evals saw and said, one JSON line for each record and sample, for pandas: cell, eval, seed, \
      outcome, value, prompt, response, or chosen and rejected of pairs; of all cells unless --cell names one.

      --jsonl writes the records of one stored step as JSON lines, which pandas loads with `read_json(…, lines=True)` and \
      a spec with `source: {jsonl: …}`. The step is named as `runner show` takes it: alone, or with --step as one of a \
      spec. Every line has `record`, and `prompt` and `messages` as far as the step read them; beside these stand:
      \(StepRows.columns)

      --tensorboard writes the trainings' logs into DIR for `tensorboard --logdir DIR`: loss, gradient norm, learning \
      rate, log-ratios, margin and each objective's own numbers at every optimizer step, one run for each cell and seed \
      unless --cell and --seed name one; rounds follow one another. Steps are spread evenly over the time that a training \
      took.

      Nothing is trained: the result must be in the store. DIR and files appear whole, or not at all.
      """,
    examples: [
      "runner export spec.yaml --cell judge/DPO --seed 1 --into policy --merged",
      "runner export spec.yaml --cell judge/DPO --pairs pairs.jsonl",
      "runner export spec.yaml --judgments cut.json",
      "runner export spec.yaml --records records.jsonl",
      "runner export spec.yaml --step \"generate counting/train, T 1.0, seed 1\" --jsonl responses.jsonl",
      "runner export 1b64a587 --jsonl outcomes.jsonl",
      "runner export spec.yaml --tensorboard curves",
    ])

  @Argument(
    help: ArgumentHelp("A spec; with --jsonl also a stored step.", valueName: "spec or step"),
    completion: .file(extensions: ["yaml", "yml"]))
  var spec: String
  @Option(help: "The cell: its arms joined by `/`; needed where several train.", completion: NumberNames.cells)
  var cell: String?
  @Option(help: "The seed; needed where there are several.") var seed: Int?
  @Option(
    help: ArgumentHelp("The folder of the policy; it must not be there.", valueName: "dir"), completion: .directory)
  var into: String?
  @Option(help: ArgumentHelp("The file of the pairs.", valueName: "file"), completion: .file()) var pairs: String?
  @Option(help: ArgumentHelp("The file of the judgments.", valueName: "file"), completion: .file())
  var judgments: String?
  @Option(help: ArgumentHelp("The file of the records.", valueName: "file"), completion: .file()) var records: String?
  @Option(help: ArgumentHelp("The file of a step's records.", valueName: "file"), completion: .file())
  var jsonl: String?
  @Option(help: "With --jsonl and a spec: the step, by its label or key.") var step: String?
  @Option(help: "With --jsonl: the name of the step's output; default: what it is run for.") var output: String?
  @Option(
    help: ArgumentHelp("The folder of the trainings' logs; it must not be there.", valueName: "dir"),
    completion: .directory)
  var tensorboard: String?
  @Flag(help: "With --pairs: prompts and responses as texts instead of messages.") var plain = false
  @Option(help: "With --records: of this eval alone.", completion: NumberNames.evals) var eval: String?
  @Flag(help: "Also write the merged weights, float32, into DIR/merged.") var merged = false
  @Flag(help: "Also write the base, float32, into DIR/base.") var withBase = false
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @OptionGroup var storage: StoreOptions
  @Flag(help: "Write what was exported as JSON.") var json = false

  func validate() throws {
    let asked = [into, pairs, judgments, records, jsonl, tensorboard].compactMap { $0 }
    guard asked.count == 1 else {
      throw ValidationError(
        "Say what to write: one of --into, --pairs, --judgments, --records, --jsonl and --tensorboard.")
    }
    if asked == [""] { throw ValidationError("What is written needs a name.") }
    if into == nil, merged || withBase { throw ValidationError("--merged and --with-base go with --into.") }
    if pairs == nil, plain { throw ValidationError("--plain goes with --pairs.") }
    if records == nil, eval != nil { throw ValidationError("--eval goes with --records.") }
    try validateStep()
  }

  private func validateStep() throws {
    guard jsonl != nil else {
      if step != nil || output != nil { throw ValidationError("--step and --output go with --jsonl.") }
      return
    }
    if isSpec, step == nil { throw ValidationError("Name the step of the spec with --step; `runner show` lists them.") }
    if seed != nil { throw ValidationError("--seed does not go with --jsonl: the step's label names it.") }
    if !isSpec, step != nil || cell != nil || !sets.isEmpty {
      throw ValidationError("--step, --cell and --set go with a spec: name it first.")
    }
  }

  private var isSpec: Bool { spec.hasSuffix(".yaml") || spec.hasSuffix(".yml") }

  func run() async throws {
    Interrupt.listen()
    if let jsonl { return try exportStep(to: jsonl) }
    var options = SpecOptions()
    options.specs = [spec]
    options.sets = sets
    if let into { try await exportPolicy(options, into: into) } else { try exportRecords(options) }
  }

  private func exportPolicy(_ options: SpecOptions, into: String) async throws {
    let folder = try FolderWriter(into)
    let found = try await StoredPolicy.find(
      options, PolicyChoice(cell: cell, seed: seed), storage: storage, workers: 1)
    let (files, trained) = try found.engine.weights(of: found.policy.use, for: found.task)
    guard let last = trained.last else { fatalError("a trained policy has a training's result: our own bug") }
    try warn(found.policy, last, chained: trained.count > 1)
    let parts = try parts(found.policy, files, trained, last, into: into)
    try folder.write(parts)
    let digest = found.task.contents["adapter/\(trained.count - 1)"]
    tell(found.policy, parts, weights: digest?.hex ?? "", into: into)
  }

  private func parts(
    _ policy: TrainedPolicy, _ files: ModelFiles, _ trained: [TrainedWeights], _ last: TrainedWeights,
    into: String
  ) throws -> [ExportedPart] {
    var parts: [ExportedPart] = []
    if case .lora(let lora) = policy.adapter {
      let options = AdapterOptions(
        base: withBase ? URL(fileURLWithPath: "\(into)/base").path : policy.use.displayName, alpha: lora.alpha,
        dropout: lora.dropout, stabilized: lora.scaling == .rootRank)
      parts.append(
        ExportedPart(
          folder: nil, files: try ModelExport.adapter(last, over: try files.configuration(), options)))
    } else if !merged {
      throw PolicyError.noAdapter(title: policy.title)
    }
    if withBase {
      parts.append(
        ExportedPart(folder: "base", files: try ModelExport.folder(files, trained: Array(trained.dropLast()))))
    }
    if merged { parts.append(ExportedPart(folder: "merged", files: try ModelExport.folder(files, trained: trained))) }
    return parts
  }

  private func warn(_ policy: TrainedPolicy, _ last: TrainedWeights, chained: Bool) throws {
    if let step = last.divergedAt {
      Output.error("warning: this training diverged at step \(step); the weights are those of that moment\n")
    }
    if chained, !withBase, case .lora = policy.adapter {
      Output.error("warning: the adapter's base is itself trained; --with-base writes it\n")
    }
  }

  private func tell(_ policy: TrainedPolicy, _ parts: [ExportedPart], weights: String, into: String) {
    let paths = parts.flatMap { part in part.files.map { (part.folder.map { "\($0)/" } ?? "") + $0.name } }
    if json {
      Output.json(
        .members([
          "event": "exported", "cell": .string(policy.cell), "seed": .integer(Int64(policy.seed)),
          "weights": .string(weights), "into": .string(into), "files": .array(paths.map { .string($0) }),
        ]))
    } else {
      Output.line("exported \(policy.title) (weights \(weights.prefix(12))) into \(into)")
      for path in paths { Output.line("  \(path)") }
    }
  }
}

// MARK: - Feedback and records

extension ExportCommand {
  private func exportStep(to path: String) throws {
    let store = try Store.telling(at: storage.storePath, mode: .readOnlyIfPresent)
    let found = try step.map { try shown($0, in: store) } ?? ShownStep(spec, in: store)
    let rows = try StepRows(of: (found.key, found.result), output: output, in: store)
    try write(lines: rows.rows, rows.what, to: path)
  }

  private func shown(_ step: String, in store: Store) throws -> ShownStep {
    var options = SpecOptions()
    (options.specs, options.sets) = ([spec], sets)
    let named = ShownSpec(session: try Session(options), command: command)
    try named.check(cell: cell)
    return try ShownStep(StepFinder(name: step, store: store, cell: cell), in: named)
  }

  /// What stores what is to be exported.
  private var command: String {
    let words = ["runner exec \(ShellWord.quoted(spec))"] + sets.map { "--set \(ShellWord.quoted($0))" }
    return (words + storage.asGiven).joined(separator: " ")
  }

  private func exportRecords(_ options: SpecOptions) throws {
    let session = try Session(options)
    let experiment = try session.experiment(of: spec)
    let store = try Store.telling(at: storage.storePath, mode: .readOnlyIfPresent)
    let stored = StoredGraph(session.graph, in: store)
    if let records {
      let numbers = TracedNumbers(experiment: experiment, stored: stored)
      let choice = NumberChoice(cell: cell, eval: eval, seed: seed.map { String($0) })
      let measured = try MeasuredRows(numbers, choice, command: command)
      for fault in measured.missing {
        Output.error("warning: \(fault.diagnoses[0].message); its records are left out\n")
      }
      return try write(lines: measured.rows, "records", to: records)
    }
    if let tensorboard {
      let folder = try FolderWriter(tensorboard)
      let curves = try TrainingCurves(
        experiment, PolicyChoice(cell: cell, seed: seed), in: stored, command: command)
      try folder.write(curves.runs)
      return told(curves.runs.count, "training runs", into: tensorboard)
    }
    let feedback = try LearnedFeedback(
      experiment, PolicyChoice(cell: cell, seed: seed), in: stored, command: command)
    if let pairs { try write(lines: feedback.pairs(isPlain: plain), "pairs", to: pairs) }
    if let judgments {
      let list = try feedback.judgments()
      try write(Array(JSONValue.array(list).pretty.utf8), list.count, "judgments", to: judgments)
    }
  }

  private func write(lines: [JSONValue], _ what: String, to path: String) throws {
    try write(lines.flatMap { $0.canonicalBytes + [UInt8(ascii: "\n")] }, lines.count, what, to: path)
  }

  private func write(_ bytes: [UInt8], _ count: Int, _ what: String, to path: String) throws {
    do {
      try Data(bytes).write(
        to: URL(fileURLWithPath: path), options: OutputPath.isReplaceable(path) ? .atomic : [])
    } catch {
      throw CommandError.unwritable(path: path, reason: SystemReason.text(of: error, at: path))
    }
    told(count, what, into: path)
  }

  private func told(_ count: Int, _ what: String, into path: String) {
    if json {
      Output.json(
        .members([
          "event": "exported", "what": .string(what), "count": .integer(Int64(count)), "into": .string(path),
        ]))
    } else {
      Output.line("exported \(count) \(what) into \(path)")
    }
  }
}
