// Preference, drift, pair statistics, likelihood traces: evals that look at pairs or at two models.

import Digests
public import Specification

/// Says of each pair whether the better response scores higher.
///
/// Inputs: `examples`; `scores` unless length is the score. Output: `outcomes`.
public struct PreferenceWork: Work, Hashable {
  static let kind = StepKind.preference
  static let version = 1
  /// What a response's score is.
  public let score: PreferenceEval.Score

  var options: Manifest {
    var options = Manifest()
    options.set("score", .text(score.rawValue))
    return options
  }
}

/// Estimates how far a model has moved along its own responses.
///
/// Inputs: `responses`, `policy` and `reference` (the scores of the responses under both). Outputs: `outcomes`, the sum
/// over a response's tokens of ln p(policy) - ln p(reference) in nats, an estimate of the KL divergence where responses
/// are drawn at temperature 1; and `lengths`, a response's tokens.
public struct DriftWork: Work, Hashable {
  static let kind = StepKind.drift
  static let version = 1

  var options: Manifest { Manifest() }
}

/// What a reward model says of responses, as outcomes.
///
/// Input: `scores`. Output: `outcomes`, one a response, whose value is the score.
public struct RewardWork: Work, Hashable {
  static let kind = StepKind.reward
  static let version = 1

  var options: Manifest { Manifest() }
}

/// Says of each prompt whether one model's response is better than another's.
///
/// Inputs: by verdicts `policy` and `against`, the outcomes of both; by rewards the same names, their scores; by replies
/// `prompts`, `responses/0` (the policy's), `responses/1` (the other's), and two `replies` to each prompt, the second with
/// the responses in the other order. Output: `outcomes`: 1 for a win, 0 for a loss, 0.5 for a tie or orders that disagree.
public struct WinRateWork: Work, Hashable {
  /// What says which response is better.
  public enum Basis: String, Hashable, Sendable {
    /// The verifier's verdicts.
    case verdicts
    /// A reward model's scores.
    case rewards
    /// A model's replies.
    case replies
  }

  static let kind = StepKind.winRate
  static let version = 1
  /// What says which response is better.
  public let basis: Basis

  var options: Manifest {
    var options = Manifest()
    options.set("basis", .text(basis.rawValue))
    return options
  }
}

/// Measures how much the two responses of a pair differ.
///
/// Inputs: `examples`, here feedback as the reviser gives it, and the model's if its tokens are asked for. Outputs: `jaccard`, shared
/// words or tokens of all, and `levenshtein`, edits of characters; or `length`, by how many characters the better one is longer.
public struct PairStatisticsWork: Work, Hashable {
  /// What is measured.
  public enum Measure: Hashable, Sendable {
    /// Jaccard's index and Levenshtein's distance; the index is of a model's tokens, or of words for nil.
    case contrast(tokensOf: ModelUse?)
    /// The difference of lengths.
    case length
  }

  static let kind = StepKind.pairs
  static let version = 1
  /// What is measured.
  public let measure: Measure

  /// The model whose tokens are asked for.
  var model: ModelUse? {
    if case .contrast(let model) = measure { model } else { nil }
  }

  /// Edits take time in the product of both lengths; lengths take none.
  var recipe: RecordRecipe? {
    if measure == .length { return nil }
    return RecordRecipe(options: options, inputs: model?.inputNames ?? [], samples: 1, identities: nil)
  }

  var options: Manifest {
    var options = Manifest()
    if measure == .length { options.set("measure", .text("length")) }
    if let model {
      model.describeSource(into: &options)
      options.set("tokens", .text("model"))
    }
    return options
  }
}

/// Follows the log-ratios of better and worse responses through a training.
///
/// Inputs: `examples`, `reference` (scores under the reference), `scores/<n>` (under each checkpoint, the last is the
/// end). Outputs: `chosen` and `rejected`, each pair's log-ratio at the end in nats, and `trace`, the means at every
/// checkpoint.
public struct TraceWork: Work, Hashable {
  static let kind = StepKind.trace
  static let version = 1
  /// How many checkpoints there are.
  public let checkpoints: Int

  var options: Manifest {
    var options = Manifest()
    options.set("checkpoints", .integer(checkpoints))
    return options
  }
}
