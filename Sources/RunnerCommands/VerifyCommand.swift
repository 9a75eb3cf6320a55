// runner verify: computes a stored step again, beside the store, and compares.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import Planning
import Steps
import Storage

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "verify", "Compute stored steps again and compare them with what is stored, bit for bit.",
    takes: "[<step or spec> ...] [<options>]",
    discussion: """
      Steps are named by their labels as `plan` shows them, by their keys, or by the beginnings of keys; what ends in \
      .yaml or .yml is a spec. Steps without a spec are looked for in all specs of the folder `experiments`; a spec \
      without steps means all of its steps that are stored, but for files from outside, whose bytes are checked \
      whenever they are read. Without any name, all stored steps of all specs of `experiments` are verified.

      A step reads its stored inputs; neither its stored result nor the stored results of its records are used, and none \
      is changed. Exit code 0: the same bytes. Exit code 2: other bytes; for a training the first optimizer step that \
      differs is named, for a step over records the first record.
      """,
    examples: [
      "runner verify \"train dpo, seed 1\"",
      "runner verify experiments/quickstart/training.yaml --vary workers,batch",
      "runner verify 1b64a587 spec.yaml --smoke",
    ])

  @Argument(
    help: ArgumentHelp("Steps, and specs that have them.", valueName: "step or spec"),
    completion: .file(extensions: ["yaml", "yml"]))
  var names: [String] = []
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @Option(
    help: ArgumentHelp(
      """
      Compute each step twice, with other numbers of worker threads, sequences generated at once, or both: \
      `workers`, `batch` or `workers,batch`. A step on which neither has a bearing is computed once.
      """, valueName: "what"), completion: .list(["workers", "batch", "workers,batch"]))
  var vary: VariedOptions = VariedOptions()
  @OptionGroup var storage: StoreOptions
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Steps of `exec --smoke`.") var smoke = false
  @Flag(help: "Write events as JSON lines.") var json = false

  func run() async throws {
    Interrupt.listen()
    let store = try Store(at: storage.storePath, mode: .existing)
    let chosen = try choose(store)
    let view = RunViews.chosen(json: json)
    view.show(.started(run: "verify", steps: chosen.steps.count, bounds: chosen.steps.count...chosen.steps.count))
    var tally = VerificationTally(steps: chosen.steps.count, leftOut: chosen.leftOut)
    for (number, setting) in vary.settings(compute).enumerated() {
      let engine = StepEngine(
        workers: setting.workers, batch: setting.batch, mirrors: storage.allMirrors, scratch: store.scratchFolder)
      for found in chosen.steps where number == 0 || vary.bears(on: found.step) {
        let words = vary.bears(on: found.step) ? vary.words(setting, for: found.step) : nil
        try await verify(Reexecution(found: found, store: store, view: view), engine, words, &tally)
      }
    }
    if !json, let summary = tally.summary { Output.line(summary) }
    if let fault = tally.fault { throw fault }
  }

  /// Computes a step once; what is wrong is told at once if more is to come.
  private func verify(
    _ again: Reexecution, _ engine: StepEngine, _ words: String?, _ tally: inout VerificationTally
  ) async throws {
    do {
      let comparison = try await again.compare(engine)
      tell(comparison, again.found, words)
      tally.computations += 1
      if comparison.isEqual { return }
      tally.add(
        VerifyFault.differs(
          step: again.found.step.label, comparison, storedBy: try Self.origin(of: again.found.key, in: again.store)))
    } catch VerifyFault.stopped {
      throw VerifyFault.stopped
    } catch let error as any DiagnosableError where tally.isOfMany {
      tally.add(error)
    }
    if tally.isOfMany, let last = tally.faults.last { Output.report(last) }
  }

  // MARK: - Which steps

  private var specs: [String] { names.filter(Self.isSpec) }

  private static func isSpec(_ name: String) -> Bool { name.hasSuffix(".yaml") || name.hasSuffix(".yml") }

  private func choose(_ store: Store) throws -> (steps: [FoundStep], leftOut: [String]) {
    let steps = names.filter { !Self.isSpec($0) }
    if names.isEmpty { return try StoredSteps.all(below: "experiments", in: store) { try session([$0]) } }
    if steps.isEmpty { return try StoredSteps.all(of: try session(specs), in: store) }
    return (try steps.map { try find(StepFinder(name: $0, store: store)) }, [])
  }

  private func find(_ finder: StepFinder) throws -> FoundStep {
    if specs.isEmpty { return try finder.find(below: "experiments") { try session([$0]) } }
    return try finder.find(in: try session(specs))
  }

  private func session(_ specs: [String]) throws -> Session {
    var options = SpecOptions()
    options.specs = specs
    options.sets = sets
    return try Session(
      options, limit: smoke ? ExecCommand.smokeRecords : nil, trainingSteps: smoke ? ExecCommand.smokeSteps : nil)
  }

  // MARK: - What came out

  private func tell(_ comparison: StepComparison, _ found: FoundStep, _ words: String?) {
    if json {
      var object = Self.json(comparison, found)
      if let words { object["varied"] = .string(words) }
      Output.json(.object(object))
      return
    }
    Output.line(
      "\(found.step.label) (\(found.key.short)): "
        + (comparison.isEqual ? "the same bytes again" : "other bytes now") + (words.map { ", with \($0)" } ?? ""))
    let wide = comparison.outputs.map(\.name.count).max() ?? 0
    for output in comparison.outputs {
      let name = output.name + String(repeating: " ", count: wide - output.name.count)
      Output.line("  \(output.isEqual ? "same " : "OTHER")  \(name)  \(Self.digests(output))")
    }
    if let beginning = comparison.beginning { Output.line(beginning.sentence) }
  }

  private static func digests(_ output: StepComparison.Output) -> String {
    let stored = output.stored?.short ?? "nothing"
    return output.isEqual ? stored : "\(stored) stored, \(output.again?.short ?? "nothing") now"
  }

  private static func json(_ comparison: StepComparison, _ found: FoundStep) -> JSONObject {
    let outputs = comparison.outputs.map { output -> JSONValue in
      .members([
        "name": .string(output.name), "equal": .bool(output.isEqual),
        "stored": output.stored.map { .string($0.hex) } ?? .null,
        "again": output.again.map { .string($0.hex) } ?? .null,
      ])
    }
    var object = JSONObject([
      JSONMember("event", "verified"), JSONMember("step", .string(found.step.label)),
      JSONMember("key", .string(found.key.hex)), JSONMember("equal", .bool(comparison.isEqual)),
      JSONMember("outputs", .array(outputs)),
    ])
    switch comparison.beginning {
    case .optimizerStep(let step, let values):
      object["first-optimizer-step"] = .integer(Int64(step))
      object["values"] = .array(
        values.map {
          .members([
            "name": .string($0.name), "stored": $0.stored.map { .number($0) } ?? .null,
            "again": $0.again.map { .number($0) } ?? .null,
          ])
        })
    case .report(let step): object["first-optimizer-step"] = .integer(Int64(step))
    case .record(let number, let output, let id):
      object["first-record"] = .integer(Int64(number))
      object["output"] = .string(output)
      object["id"] = id.map { .string($0) }
    default: break
    }
    if let beginning = comparison.beginning { object["difference"] = .string(beginning.sentence) }
    return object
  }

  /// Who made the stored result.
  private static func origin(of key: Digest, in store: Store) throws -> String {
    guard let facts = try store.result(for: key)?.provenance else { return "Who stored it is not known." }
    func fact(_ name: String) -> String { facts[name]?.stringValue ?? "unknown" }
    return "It was stored by runner \(fact("runner")) on \(fact("host")), \(fact("time")); this is \(Version.text)."
  }
}
