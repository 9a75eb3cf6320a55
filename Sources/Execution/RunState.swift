// What a run knows so far: one owner, one loop.

public import Diagnostics
import Digests
public import Planning

struct RunState {
  let graph: StepGraph
  var resolver: Resolver
  var results: [StepID: (key: Digest, result: StoredResult)] = [:]
  /// Steps without a result, each with the step whose failure is the cause.
  var failed: [StepID: Step] = [:]
  var summary = ExecutionSummary()

  init(graph: StepGraph, index: any ResultIndex) {
    self.graph = graph
    resolver = Resolver(index: index)
  }

  mutating func resolve(_ step: Step) -> StepState { resolver.resolve(step) }

  func contents(of step: Step) -> [String: Digest]? { resolver.contents(of: step) }

  mutating func finished(_ step: Step, key: Digest, outputs: [String: StoredOutput]) {
    resolver.finished(step, outputs: outputs)
    results[step.id] = (key, StoredResult(outputs: outputs))
    summary.ran += 1
  }

  /// Names the outputs of files that nothing had to read: a lock lists them whether they were fetched or not.
  mutating func nameForetold() {
    for step in graph.steps where results[step.id] == nil && failed[step.id] == nil {
      guard let (name, digest) = step.work.foretold else { continue }
      let output = StoredOutput(digest: digest, byteCount: 0, recordCount: nil)
      results[step.id] = (step.manifest(contents: [:]).key, StoredResult(outputs: [name: output]))
      summary.cached += 1
    }
  }

  /// The failed step because of which this one cannot run.
  func culprit(of step: Step) -> Step? {
    for input in step.inputs { if let culprit = failed[input.source.step] { return culprit } }
    return nil
  }
}

extension StepGraph {
  /// The steps that a step reads from.
  func inputs(of step: Step) -> [Step] { step.inputs.map { self.step($0.source.step) } }
}

/// A step that was asked to run and cannot.
public struct BlockedStep: DiagnosableError, Hashable {
  /// What the step is called.
  public let step: String
  /// Why it cannot run.
  public let obstacle: Obstacle

  /// Makes the error.
  public init(step: String, obstacle: Obstacle) {
    self.step = step
    self.obstacle = obstacle
  }

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    switch obstacle {
    case .unknownDigest:
      [
        Diagnosis(
          "exec.unknown-digest", "\(step): the spec says `sha256: unknown`, so nobody could tell the right file",
          remedy: "Write the file's SHA-256 into the spec, or run `runner pin` where the file is at hand.",
          exit: .badSpec)
      ]
    case .behind:
      [
        Diagnosis(
          "exec.behind", "\(step): a step that it reads from cannot run", remedy: "Mend that one first.", exit: .badSpec
        )
      ]
    case .missingSpec(let spec):
      [
        Diagnosis(
          "exec.missing-spec", "\(step): the spec `\(spec)`, whose weights are used, is not there",
          remedy: "Write that spec, or mend the path; it is relative to the file that names it.", exit: .badSpec)
      ]
    case .unavailable(let name):
      [
        Diagnosis(
          "exec.unavailable", "\(name): this version of runner checks and plans such a step but cannot run it",
          remedy: "Remove that part of the spec, or use `runner plan` to see what depends on it.", exit: .badSpec)
      ]
    }
  }
}
