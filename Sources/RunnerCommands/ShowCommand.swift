// runner show: what a step made, in a form made for reading.

import ArgumentParser
import Diagnostics
import Digests
import JSON
import Planning
import Records
import Storage

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    "show", "Show what a stored step made: prompts, responses, pairs, a training's log, weights.",
    takes: "<step or spec> [<output>] [<options>]",
    discussion: """
      Prompts, responses, pairs, judgments, rankings, outcomes and scores are shown record by record; a training's log as a \
      table of its optimizer steps, with loss, margin and log-ratios; a likelihood trace as a table of its moments; weights \
      by kind of tensor, with the root mean square of their numbers; a model's GGUF file by what it says of itself. \
      `runner store show` tells what a result was made of, and `runner store cat` gives its bytes to programs.

      A step is named as `explain` and `verify` take it. Steps of several experiments may have one label: of a SPEC, \
      --step names one of its own, and --cell one of a cell's. Without --step the steps are listed.
      """,
    examples: [
      "runner show \"split counting\" heldout --first 5",
      "runner show \"generate counting/heldout, greedy\" --record 1f0c",
      "runner show experiments/quickstart/training.yaml --cell judge/DPO",
      "runner show experiments/quickstart/training.yaml --cell judge/DPO --step \"train dpo, seed 1\"",
      "runner show 1b64a587 weights",
    ])

  @Argument(
    help: ArgumentHelp(
      "A step's label as `plan` shows it, its key, or the beginning of the key; or a spec.", valueName: "step or spec"),
    completion: .file(extensions: ["yaml", "yml"]))
  var name: String
  @Argument(help: "The name of the step's output; default: what it is run for.") var output: String?
  @Option(help: "With a spec: the step, by its label or key.") var step: String?
  @Option(help: "With a spec: only steps of this cell, its arms joined by `/`.") var cell: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value of the spec, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @Option(help: "How many records are shown.") var first = 3
  @Option(help: ArgumentHelp("Show this record alone.", valueName: "id or number")) var record: String?
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "With a spec: show what `exec --smoke` ran.") var smoke = false

  /// What steps are run for; of one that has none of these, all records.
  static let principal = [
    "prompts", "responses", "feedback", "examples", "trace", "outcomes", "scores", "log", "records", "table", "weights",
    "file",
  ]

  func validate() throws {
    guard first >= 1 else { throw ValidationError("--first must be at least 1.") }
    guard isSpec || (step == nil && cell == nil && sets.isEmpty && !smoke) else {
      throw ValidationError("--step, --cell, --set and --smoke go with a spec: name it first.")
    }
    guard !isSpec || step != nil || (output == nil && record == nil) else {
      throw ValidationError("Name the step of the spec with --step; without it, the steps are listed.")
    }
  }

  private var isSpec: Bool { name.hasSuffix(".yaml") || name.hasSuffix(".yml") }

  func run() throws {
    guard isSpec else {
      let store = try storage.open(.readOnly)
      return try show(ShownStep(name, in: store), store)
    }
    let store = try Store(at: storage.path, mode: .readOnlyIfPresent)
    let spec = try spec
    try spec.check(cell: cell)
    if let step {
      try show(ShownStep(StepFinder(name: step, store: store, cell: cell), in: spec), store)
    } else {
      for line in spec.list(cell: cell, in: store) { Output.line(line) }
    }
  }

  private var spec: ShownSpec {
    get throws {
      var options = SpecOptions()
      (options.specs, options.sets) = ([name], sets)
      let session = try Session(
        options, limit: smoke ? ExecCommand.smokeRecords : nil, trainingSteps: smoke ? ExecCommand.smokeSteps : nil)
      let words =
        ["runner exec \(ShellWord.quoted(name))"] + sets.map { "--set \(ShellWord.quoted($0))" }
        + (storage.store.map { ["--store \(ShellWord.quoted($0))"] } ?? []) + (smoke ? ["--smoke"] : [])
      return ShownSpec(session: session, command: words.joined(separator: " "))
    }
  }

  private func show(_ found: ShownStep, _ store: Store) throws {
    let (key, result) = (found.key, found.result)
    let shown = try chosen(of: result, key)
    let label = found.planned?.step.label ?? result.provenance["label"]?.stringValue ?? result.kind
    Output.line("\(label)  \(key.short)  \(result.provenance["time"]?.stringValue ?? "")".showingControls)
    let steps = try moments(of: found, store)
    for output in shown {
      let form = OutputForm(try store.read(output.digest), isData: ["ingest", "split", "take"].contains(result.kind))
      let count = output.recordCount.map { ", \($0) records" } ?? ""
      Output.line("\n── \(output.name), \(ByteCount.text(output.byteCount))\(count)")
      for line in try form.lines(first: first, record: record, steps: steps) { Output.verbatim(line) }
    }
    let others = result.outputs.filter { output in !shown.contains { $0.name == output.name } }.map(\.name)
    if !others.isEmpty { Output.line("\nOther outputs: \(others.joined(separator: ", "))") }
  }

  /// When weights were kept that a trace looks at; only the plan says it.
  private func moments(of found: ShownStep, _ store: Store) throws -> [Int?] {
    guard let (step, graph) = found.planned, step.kind == .trace else { return [] }
    return try TraceMoments(StoredGraph(graph.restricted(to: [step.id]), in: store)).all(of: step).map { $0?.step }
  }

  private func chosen(of result: StepResult, _ key: Digest) throws -> [StepResult.Output] {
    let names = result.outputs.map(\.name)
    if let output {
      guard let found = result.outputs.first(where: { $0.name == output }) else {
        throw StoreNameFault.noOutput(name: output, step: key, known: names)
      }
      return [found]
    }
    if let main = Self.principal.first(where: { names.contains($0) }) {
      return result.outputs.filter { $0.name == main || main == "log" && $0.name == "summary" }
    }
    return result.outputs.filter { $0.recordCount != nil }
  }
}
