// Specs as text, and a store that is only what a plan can ask of one.

import Digests
import Foundation
import Planning
import Specification
import Testing

/// Files that are texts in the test.
struct TextFiles: FileReading {
  let texts: [String: String]

  func bytes(of path: String) throws(FileFault) -> [UInt8] {
    guard let text = texts[path] else { throw .missing }
    return Array(text.utf8)
  }

  func exists(_ path: String) -> Bool { texts[path] != nil }
}

enum Specs {
  static let digest = String(repeating: "a", count: 64)

  /// A spec that evaluates a model in every way that can run.
  static func evaluating(temperature: String = "0.5", extra: String = "") -> String {
    """
    version: 1
    seeds: {values: [1, 2], vary: [generation]}
    models:
      policy: {weights: {gguf: {sha256: \(digest), from: [{path: model.gguf}]}}, turns: chatml, system: none}
    datasets:
      counting:
        source: {task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}
        prompt: "{question} Answer with a number only."
        answer: {from: "{answer}", verifier: number}
        split: {heldout: 30, train: rest}
      quiz:
        source: {bigbench: {sha256: \(String(repeating: "b", count: 64)), from: [{path: task.json}]}}
        prompt: "Q: {input}\\nOptions:{options}\\nA:"
        options: {letters: "(A)", order: shuffled}
        answer: {verifier: choice}
        split: {heldout: {fraction: 0.5}, train: rest, group-by: {field: input, until: "?"}}
    evals:
      accuracy:
        accuracy: {on: counting/heldout, max-new-tokens: 16, temperature: \(temperature), samples: 2, stop: ["\\n"]}
      choice: {choice: {on: quiz/heldout, normalize: bytes}}
      surprise: {perplexity: {on: counting/heldout, text: "{question}"}}
    \(extra)
    """
  }

  /// A spec that trains on two parts' worth of counting, in one cell unless `extra` makes a grid.
  static func training(
    seeds: String = "{values: [1, 2], vary: [training]}", models: String = "",
    reviser: String = "[{judge: {by: verifier}}]",
    objective: String = "{dpo: {beta: 0.1}}", hyperparameters: String = "examples: 32", rate: String = "1.0e-3",
    evals: String = "accuracy: {accuracy: {on: counting/heldout, max-new-tokens: 16}}", extra: String = ""
  ) -> String {
    let training = """
      hyperparameters:
        adapter: {lora: {rank: 4, alpha: 8}}
        optimizer: {adamw: {learning-rate: \(rate)}}
        batch: {examples: 8}
        epochs: 2
        \(hyperparameters)
      """
    let trains = !objective.isEmpty || extra.contains("objective:")
    return """
      version: 1
      seeds: \(seeds)
      models:
        policy: {weights: {gguf: {sha256: \(digest), from: [{path: model.gguf}]}}, turns: chatml, system: none}
        \(models)
      datasets:
        counting:
          source: {task: {object-counting: {objects: [2, 4], records: 100, seed: 7}}}
          prompt: "{question} Answer with a number only."
          answer: {from: "{answer}", verifier: number}
          split: {heldout: 30, train: 60}
      data: counting/train
      generator: {sample: {samples: 4, temperature: 0.3, max-new-tokens: 16}}
      \(reviser.isEmpty ? "" : "reviser: \(reviser)")
      \(objective.isEmpty ? "" : "objective: \(objective)")
      \(trains ? training : "")
      evals:
        \(evals)
      \(extra)
      """
  }

  static func read(_ text: String) throws -> ResolvedExperiment {
    try SpecificationReader(files: TextFiles(texts: ["test.yaml": text])).read("test.yaml")
  }

  static func graph(_ text: String, limit: Int? = nil) throws -> (graph: StepGraph, planned: PlannedExperiment) {
    try graph(["test.yaml": text], limit: limit)
  }

  /// Plans `test.yaml` among other specs; `steps` limits trainings.
  static func graph(
    _ texts: [String: String], limit: Int? = nil, steps: Int? = nil
  ) throws -> (graph: StepGraph, planned: PlannedExperiment) {
    let reader = SpecificationReader(files: TextFiles(texts: texts))
    var planner = Planner(
      context: PlanningContext(
        limit: limit, trainingSteps: steps, digestOfFile: { .sha256($0) }, fingerprint: { _ in nil },
        experiment: { texts[$0.resolved] == nil ? nil : try reader.read($0.resolved) }))
    let planned = try planner.plan(try reader.read("test.yaml"), name: "test")
    return (planner.steps, planned)
  }
}

/// A store in memory, filled as if steps had run.
final class MemoryIndex: ResultIndex, @unchecked Sendable {
  // Tests fill it on one thread before they ask it.
  private(set) var results: [Digest: StoredResult] = [:]
  private var manifests: [(step: Step, manifest: Manifest)] = []
  /// Keys of results whose files are damaged.
  var damaged: Set<Digest> = []
  private var objects: [Digest: [UInt8]] = [:]
  /// Keys under which results were published that are gone.
  private(set) var lost: Set<Digest> = []
  var heldKeys: Set<Digest> = []
  var recordCount = 3

  func answer(for key: Digest) -> IndexAnswer {
    if damaged.contains(key) { return .damaged }
    guard let result = results[key] else { return .absent }
    let missing = result.outputs.keys.sorted().filter { objects[result.outputs[$0]?.digest ?? .sha256("")] == nil }
    return missing.isEmpty ? .complete(result) : .incomplete(missing: missing)
  }

  func size(ofObject digest: Digest) -> Int? { objects[digest]?.count }
  func bytes(ofObject digest: Digest) -> [UInt8]? { objects[digest] }
  func hasRecords(recipes: [Digest]) -> Bool { !heldKeys.isEmpty }
  func heldRecords(recipes: [Digest], keys: [Digest]) -> Int { keys.count { heldKeys.contains($0) } }

  func earlier(_ kind: StepKind) -> [EarlierResult] {
    manifests.reversed().filter { $0.step.kind == kind && !damaged.contains($0.manifest.key) }.map {
      EarlierResult(manifest: $0.manifest, seconds: 6, computed: recordCount, label: $0.step.label)
    }
  }

  func hasDamaged(_ kind: StepKind) -> Bool {
    manifests.contains { $0.step.kind == kind && damaged.contains($0.manifest.key) }
  }

  func isLost(_ key: Digest, _ kind: StepKind) -> Bool { lost.contains(key) }

  func forget(object digest: Digest) { objects[digest] = nil }

  func lose(result key: Digest) {
    results[key] = nil
    manifests.removeAll { $0.manifest.key == key }
    lost.insert(key)
  }

  /// Stores a result for every step that is needed and wanted, each output with content of its own; identities are real ones,
  /// and every choice is the same.
  func run(_ graph: StepGraph, choosing chosen: Int = 0, where isWanted: (Step) -> Bool = { _ in true }) {
    var graph = graph
    var resolver = Resolver(index: self)
    let asked = Set(graph.steps.flatMap(\.inputs).map(\.source.output))
    var isFirst = true
    while true {
      let choices = graph.choices
      for (step, isReached) in zip(graph.steps, graph.reached()) where isReached && isWanted(step) {
        run(resolver.decided(step), asked, choosing: chosen, &resolver)
        if let taken = resolver.decided(step).chosen { graph.decide(step.id, taken) }
      }
      // What was chosen stands before who takes it.
      if !isFirst && graph.choices == choices || !graph.hasCandidates { return }
      isFirst = false
    }
  }

  private func run(_ step: Step, _ asked: Set<String>, choosing chosen: Int, _ resolver: inout Resolver) {
    if case .cached = resolver.resolve(step) { return }
    guard let contents = resolver.contents(of: step) else { return }
    let manifest = step.manifest(contents: contents)
    var outputs: [String: StoredOutput] = [:]
    for name in asked.union(["file", "records", "heldout", "validation", "prompts", "identities", "outcomes", "table"])
    where name != "choice" || step.kind == .choose {
      let bytes =
        name == "identities"
        ? (0..<recordCount).flatMap { RecordKey.identity(content: manifest.key, occurrence: $0).bytes }
        : name == "choice"
          ? Array("{\"chosen\":\(chosen),\"means\":[0.5,0.5,0.5]}".utf8)
          : Array("\(manifest.key.hex) \(name)".utf8)
      let digest = step.work.foretold?.digest ?? .sha256(bytes)
      objects[digest] = bytes
      outputs[name] = StoredOutput(digest: digest, byteCount: bytes.count, recordCount: recordCount)
    }
    results[manifest.key] = StoredResult(outputs: outputs)
    manifests.append((step, manifest))
    resolver.finished(step, outputs: outputs)
  }
}

extension String {
  /// The same spec with a part `dev` where it had one that is held out.
  var onDevelopmentData: String {
    replacing("counting/heldout", with: "counting/dev").replacing("{heldout: 30,", with: "{dev: 30,")
  }
}
