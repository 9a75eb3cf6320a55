// How many records a step will have, as far as its options and what it reads tell beforehand.
// Knows nothing of the store.

import Specification

extension StepWork {
  /// How many records it works on.
  ///
  /// - Parameter read: How many it reads; nil if that is not known.
  /// - Returns: The number, or nil if it is not known or the work is not done record by record.
  func records(reading read: Int?) -> Int? {
    switch self {
    case .ingest(let work):
      if case .task(let task) = work.format { task.records } else { read ?? work.expectedRecords }
    case .train, .adapt, .choose, .select, .aggregate, .unavailable: nil
    default: read
    }
  }

  /// How many records its outputs will have.
  ///
  /// - Parameter read: As many as ``records(reading:)`` gives.
  /// - Returns: The numbers by output, without outputs of which that depends on the records themselves.
  func recordsWritten(reading read: Int) -> [String: Int] {
    switch self {
    case .ingest: ["records": read]
    case .split(let work): work.sizes(of: read)
    case .render, .ask: ["prompts": read]
    case .recorded, .generate: ["responses": read]
    case .score: ["scores": read]
    case .verify, .choice, .perplexity: ["outcomes": read]
    case .revise: ["feedback": read]
    default: [:]
    }
  }
}

extension SplitWork {
  fileprivate func sizes(of total: Int) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for part in parts.entries {
      switch part.value {
      case .count(let count): sizes[part.name] = min(count, limit ?? .max)
      case .rest where parts.entries.count == 1: sizes[part.name] = min(total, limit ?? .max)
      // How records fall into groups decides.
      case .rest, .fraction: break
      }
    }
    return sizes
  }
}

extension GenerateWork {
  /// The tokens of a response by what the spec expects, and no more than it may have; nil if the spec does not say.
  var expectedResponse: Double? { expect.responseTokens.map { min($0, Double(decoding.maxNewTokens)) } }

  /// The tokens that so many responses have by what the spec expects; nil if it does not say.
  func expectedTokens(_ responses: Int) -> Double? { expectedResponse.map { $0 * Double(responses) } }
}
