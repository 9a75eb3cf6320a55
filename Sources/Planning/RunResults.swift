// What a run leaves behind for reports: every step's key and outputs.

public import Digests

/// The keys and outputs of the steps of a run.
public struct RunResults: Sendable {
  private let results: [StepID: (key: Digest, result: StoredResult)]

  /// Takes what a run found and made.
  public init(_ results: [StepID: (key: Digest, result: StoredResult)]) {
    self.results = results
  }

  /// A step's key and outputs; nil if it has no result.
  public subscript(step: StepID) -> (key: Digest, result: StoredResult)? { results[step] }
}
