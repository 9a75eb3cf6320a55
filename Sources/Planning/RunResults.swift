// What a run leaves behind for reports: every step's key and outputs.

public import Digests

/// The keys and outputs of the steps of a run.
public struct RunResults: Sendable {
  private let results: [StepID: (key: Digest, result: StoredResult)]
  /// Which candidates were taken by the steps that take one of several.
  public let choices: [StepID: Int]

  /// Takes what a run found and made.
  public init(_ results: [StepID: (key: Digest, result: StoredResult)], choices: [StepID: Int] = [:]) {
    self.results = results
    self.choices = choices
  }

  /// A step's key and outputs; nil if it has no result.
  public subscript(step: StepID) -> (key: Digest, result: StoredResult)? { results[step] }
}
