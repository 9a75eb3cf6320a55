// runner export: a trained policy as a PEFT adapter, and on request its base and its merged weights as Hugging Face folders.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import Foundation
import JSON
import LanguageModel
import Planning
import Specification
import Steps

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a trained policy for PEFT and Transformers.",
    discussion: """
      Writes DIR/adapter_config.json and DIR/adapter_model.safetensors, which PEFT loads over the policy's base. Only
      what the cell itself trained is in the adapter: where it started from another experiment's result, that is part
      of the base. A cell that trained all weights has no adapter: use --merged.

      Nothing is trained: the result must be in the store. DIR appears whole, or not at all.
      """)

  @Argument(help: "A spec.", completion: .file(extensions: ["yaml", "yml"])) var spec: String
  @Option(help: "The cell: its arms joined by `/`; needed where several train.") var cell: String?
  @Option(help: "The seed; needed where there are several.") var seed: Int?
  @Option(help: ArgumentHelp("The folder to write; it must not be there.", valueName: "dir"), completion: .directory)
  var into: String
  @Flag(help: "Also write the merged weights, float32, into DIR/merged.") var merged = false
  @Flag(help: "Also write the base, float32, into DIR/base.") var withBase = false
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @OptionGroup var storage: StoreOptions
  @Flag(help: "Write what was exported as JSON.") var json = false

  func run() async throws {
    Interrupt.listen()
    let folder = try FolderWriter(into)
    var options = SpecOptions()
    options.specs = [spec]
    options.sets = sets
    let found = try await StoredPolicy.find(
      options, PolicyChoice(cell: cell, seed: seed), storage: storage, workers: 1)
    let (files, trained) = try found.engine.weights(of: found.policy.use, for: found.task)
    guard let last = trained.last else { fatalError("a trained policy has a training's result: our own bug") }
    try warn(found.policy, last, chained: trained.count > 1)
    let parts = try parts(found.policy, files, trained, last)
    try folder.write(parts)
    let digest = found.task.contents["adapter/\(trained.count - 1)"]
    tell(found.policy, parts, weights: digest?.hex ?? "")
  }

  private func parts(
    _ policy: TrainedPolicy, _ files: ModelFiles, _ trained: [TrainedWeights], _ last: TrainedWeights
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

  private func tell(_ policy: TrainedPolicy, _ parts: [ExportedPart], weights: String) {
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
