// runner verify: computes a stored step again, beside the store, and compares.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import Foundation
import JSON
import Planning
import Steps
import Storage

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compute a stored step again and compare it with what is stored, bit for bit.",
    discussion: """
      The step reads its stored inputs; neither its stored result nor the stored results of its records are used, and
      none is changed. Exit code 0: the same bytes. Exit code 2: other bytes; for a training the first optimizer step
      that differs is named, for a step over records the first record.
      """)

  @Argument(help: "A step: its label as `plan` shows it, its key, or the beginning of the key.") var step: String
  @Argument(
    help: "Specs that have the step; default: all in the folder `experiments`.",
    completion: .file(extensions: ["yaml", "yml"]))
  var specs: [String] = []
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @OptionGroup var storage: StoreOptions
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "A step of `exec --smoke`.") var smoke = false
  @Flag(help: "Write events as JSON lines.") var json = false

  func run() async throws {
    Interrupt.listen()
    let store = try Store(at: storage.storePath, mode: .existing)
    let found = try find(StepFinder(name: step, store: store))
    let again = Reexecution(found: found, store: store, view: RunViews.chosen(json: json))
    let comparison = try await again.compare(
      StepEngine(
        workers: compute.workerCount, batch: compute.batch, mirrors: storage.allMirrors, scratch: store.scratchFolder))
    tell(comparison, found)
    guard comparison.isEqual else {
      throw VerifyFault.differs(
        step: found.step.label, comparison, storedBy: try Self.origin(of: found.key, in: store))
    }
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

  private func tell(_ comparison: StepComparison, _ found: FoundStep) {
    if json {
      Output.json(Self.json(comparison, found))
      return
    }
    Output.line(
      "\(found.step.label) (\(found.key.short)): " + (comparison.isEqual ? "the same bytes again" : "other bytes now"))
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

  private static func json(_ comparison: StepComparison, _ found: FoundStep) -> JSONValue {
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
    case .record(let number, let output, let id):
      object["first-record"] = .integer(Int64(number))
      object["output"] = .string(output)
      object["id"] = id.map { .string($0) }
    default: break
    }
    if let beginning = comparison.beginning { object["difference"] = .string(beginning.sentence) }
    return .object(object)
  }

  /// Who made the stored result.
  private static func origin(of key: Digest, in store: Store) throws -> String {
    guard let facts = try store.result(for: key)?.provenance else { return "Who stored it is not known." }
    func fact(_ name: String) -> String { facts[name]?.stringValue ?? "unknown" }
    return "It was stored by runner \(fact("runner")) on \(fact("host")), \(fact("time")); this is \(Version.text)."
  }
}
