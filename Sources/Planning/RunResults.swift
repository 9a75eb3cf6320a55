// What a run leaves behind for reports: every step's key and outputs.

public import Digests

/// The keys and outputs of the steps of a run.
public struct RunResults: Sendable {
  /// What a step left behind.
  public typealias Entry = (key: Digest, result: StoredResult)

  private enum Form {
    case bySteps([StepID: Entry])
    case byPositions(StepGraph, [Entry?])
  }

  private let form: Form
  /// Which candidates were taken by the steps that take one of several.
  public let choices: [StepID: Int]

  /// Takes what a run found and made.
  public init(_ results: [StepID: Entry], choices: [StepID: Int] = [:]) {
    form = .bySteps(results)
    self.choices = choices
  }

  /// Takes what a run found of the steps of a graph, in their order.
  public init(_ graph: StepGraph, _ results: [Entry?], choices: [StepID: Int] = [:]) {
    form = .byPositions(graph, results)
    self.choices = choices
  }

  /// A step's key and outputs; nil if it has no result.
  public subscript(step: StepID) -> Entry? {
    switch form {
    case .bySteps(let results): results[step]
    case .byPositions(let graph, let results): graph.knownPosition(of: step).flatMap { results[$0] }
    }
  }
}
