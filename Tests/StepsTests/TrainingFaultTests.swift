// A training on a disk that fills up, in memory: a message, no more than the step in flight lost, and then the same bytes.

import Diagnostics
import Digests
import Execution
import JSON
import Planning
import Specification
import Steps
import Storage
import Synchronization
import Testing

/// What a run did, as told by its events, with a clock that only optimizer steps move.
private final class Witness: Sendable {
  private let state = Mutex((steps: [Int](), counts: [String: (computed: Int, reused: Int)]()))
  let atStep: @Sendable (Int) -> Void

  private let secondsPerStep: Double

  init(secondsPerStep: Double = 0, atStep: @escaping @Sendable (Int) -> Void = { _ in }) {
    self.secondsPerStep = secondsPerStep
    self.atStep = atStep
  }

  /// The training's steps in the order in which they were told of.
  var steps: [Int] { state.withLock { $0.steps } }
  func count(of label: String) -> (computed: Int, reused: Int)? { state.withLock { $0.counts[label] } }
  var now: Double { Double(steps.count) * secondsPerStep }

  func see(_ event: ExecutionEvent) {
    switch event {
    case .progress(_, let progress) where progress.unit == "steps":
      state.withLock { $0.steps.append(progress.done) }
      atStep(progress.done)
    case .finished(let step, _, _, let computed, let reused):
      state.withLock { $0.counts[step.label] = (computed, reused) }
    default: break
    }
  }
}

/// The engine, with something that happens when a training's work is done and not yet stored.
private struct Interloper: StepRunner {
  let engine: StepEngine
  let afterTraining: @Sendable () -> Void

  func run(_ task: StepTask) async throws -> (outputs: [ProducedOutput], count: WorkCount) {
    let done = try await engine.run(task)
    if task.step.kind == .train { afterTraining() }
    return done
  }
}

@Suite struct TrainingFaults {
  private static let steps = 6

  private static func graph() throws -> StepGraph {
    let text = """
      version: 1
      models:
        policy:
          weights: {random: {layers: 1, width: 16, heads: 2, key-value-heads: 2, feed-forward: 16, context: 256, seed: 1}}
          turns: raw
          system: none
      datasets:
        counting:
          source: {task: {object-counting: {objects: [2, 3], records: 12, seed: 7}}}
          prompt: "{question} "
          answer: {from: "{answer}", verifier: number}
          split: {heldout: 4, train: rest}
      data: counting/train
      generator: {recorded: {responses: ["0", "{answer}"]}}
      reviser: {judge: {by: verifier}}
      objective: {apo-zero: {beta: 0.5}}
      hyperparameters:
        adapter: full
        optimizer: {adamw: {learning-rate: 1.0e-3}}
        batch: {examples: 4}
        epochs: 3
      evals:
        preference: {preference: {on: counting/heldout, score: sum}}
      """
    let experiment = try SpecificationReader(files: TextFiles(texts: ["test.yaml": text])).read("test.yaml")
    var planner = Planner(
      context: PlanningContext(limit: nil, digestOfFile: { .sha256($0) }, fingerprint: { _ in nil }))
    _ = try planner.plan(experiment, name: "test")
    return planner.steps
  }

  /// Runs the graph; the digests of all outputs by step and name.
  private func run(
    _ disk: MemoryFileSystem, _ witness: Witness, afterTraining: @escaping @Sendable () -> Void = {}
  ) async throws -> [String: Digest] {
    let store = try Store(at: "/store", mode: .create, fileSystem: disk)
    let engine = StepEngine(workers: 1, batch: 4, mirrors: [], scratch: "/nowhere")
    let graph = try Self.graph()
    let executor = Executor(
      store: store, runner: Interloper(engine: engine, afterTraining: afterTraining), cancellation: Cancellation(),
      now: { witness.now }, provenance: { JSONObject() }, observe: { witness.see($0) })
    let (summary, results) = try await executor.run(graph, named: "run")
    #expect(summary.failed == 0)
    var outputs: [String: Digest] = [:]
    for step in graph.steps {
      for (name, output) in results[step.id]?.result.outputs ?? [:] { outputs["\(step.label)/\(name)"] = output.digest }
    }
    return outputs
  }

  private func used(_ disk: MemoryFileSystem) -> Int { disk.files().reduce(0) { $0 + $1.bytes.count } }

  @Test func aFullDiskAtACheckpointLosesTheStepInFlight() async throws {
    let plain = try await run(MemoryFileSystem(), Witness())
    for full in 1...Self.steps {
      let disk = MemoryFileSystem()
      let first = Witness { if $0 == full { disk.capacity = disk.files().reduce(0) { $0 + $1.bytes.count } } }
      let error = await #expect(throws: StorageError.self, "full at step \(full)") { try await run(disk, first) }
      guard case .full? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(error?.diagnoses.first?.remedy != nil)
      #expect(first.steps.last == full)
      disk.capacity = .max
      let second = Witness()
      #expect(try await run(disk, second) == plain, "full at step \(full)")
      let count = try #require(second.count(of: "train apo-zero"))
      // What was told as done is kept.
      #expect(count.reused == full && count.computed == Self.steps - full, "full at step \(full): \(count)")
    }
  }

  /// Two flushes a minute, from the second step on; none where all steps take less than that.
  @Test(arguments: [(seconds: 0.0, flushes: 0), (1, 0), (9, 0), (61, 10)])
  func aCheckpointWaitsForTheDiskOnceAMinute(seconds: Double, flushes: Int) async throws {
    let disk = MemoryFileSystem()
    let marks = Mutex([Int]())
    let witness = Witness(secondsPerStep: seconds) { step in
      if step == 1 { marks.withLock { $0.append(disk.flushes) } }
    }
    _ = try await run(disk, witness) { marks.withLock { $0.append(disk.flushes) } }
    let counts = marks.withLock { $0 }
    #expect(counts.count == 2 && counts[1] - counts[0] == flushes, "\(counts)")
  }

  @Test func aFullDiskAtThePublicationLosesNoStep() async throws {
    let plain = try await run(MemoryFileSystem(), Witness())
    let disk = MemoryFileSystem()
    await #expect(throws: StorageError.self) {
      try await run(disk, Witness()) { disk.capacity = disk.files().reduce(0) { $0 + $1.bytes.count } }
    }
    disk.capacity = .max
    let second = Witness()
    #expect(try await run(disk, second) == plain)
    #expect(second.steps.isEmpty)
    let count = try #require(second.count(of: "train apo-zero"))
    #expect(count.computed == 0 && count.reused == Self.steps)
    #expect(!disk.files().contains { $0.path.contains("/checkpoints/") && !$0.path.hasSuffix(".tmp") })
  }

  @Test func aDamagedCheckpointIsAsGoodAsNone() async throws {
    let plain = try await run(MemoryFileSystem(), Witness())
    let disk = MemoryFileSystem()
    await #expect(throws: StorageError.self) {
      try await run(disk, Witness { if $0 == 4 { disk.capacity = disk.files().reduce(0) { $0 + $1.bytes.count } } })
    }
    disk.capacity = .max
    let good = try #require(disk.files().first { $0.path.contains("/checkpoints/") && !$0.path.hasSuffix(".tmp") })
    var flipped = good.bytes
    flipped[flipped.count / 3] ^= 0x10
    for bytes in [[], Array(good.bytes.prefix(20)), Array(good.bytes.dropLast()), flipped] {
      let copy = MemoryFileSystem(copying: disk)
      #expect(copy.overwrite(good.path, bytes))
      let second = Witness()
      #expect(try await run(copy, second) == plain)
      #expect(second.count(of: "train apo-zero")?.reused == 0)
      #expect(copy.files().contains { $0.path.contains("/quarantine/") })
    }
  }
}
