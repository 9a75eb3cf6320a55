// What a training is given: tokens, the reference's log-probabilities, and how the run goes.
// Knows nothing of text, records or files.

public import LanguageModel
public import Objectives

/// A response to a prompt, as tokens, with what the reference says of it.
public struct TrainingResponse: Sendable, Hashable {
  /// Prompt and response; scored from the response's first token on.
  public let request: ScoreRequest
  /// ln p of each of the response's tokens under the reference; empty where the objective reads none.
  public let reference: [Float]

  /// Makes a response.
  public init(request: ScoreRequest, reference: [Float] = []) {
    self.request = request
    self.reference = reference
  }
}

/// One example.
public struct TrainingExample: Sendable, Hashable {
  /// What is known of its responses.
  public enum Feedback: Sendable, Hashable {
    /// Nothing: one response.
    case none
    /// Whether its one response is acceptable.
    case judged(acceptable: Bool)
    /// The first of its two responses is better.
    case pair
  }

  /// What is known of its responses.
  public let feedback: Feedback
  /// One or two, as the feedback says.
  public let responses: [TrainingResponse]
  /// Responses that answer other prompts, for KTO's reference point: a list for each epoch, or one for all; mostly empty.
  public let partners: [[TrainingResponse]]

  /// Makes an example.
  public init(_ feedback: Feedback, responses: [TrainingResponse], partners: [[TrainingResponse]] = []) {
    self.feedback = feedback
    self.responses = responses
    self.partners = partners
  }

  /// The partners of an epoch, counted from 0.
  func partners(inEpoch epoch: Int) -> [TrainingResponse] {
    partners.count > 1 ? partners[epoch] : partners.first ?? []
  }

  /// The example with the policy's numbers; those of a response that is not read are empty.
  func scored(_ policy: [[Float]], means: [[Float]]) -> ObjectiveExample {
    func response(_ index: Int) -> ScoredResponse {
      ScoredResponse(
        policy: policy[index], reference: policy[index].isEmpty ? [] : responses[index].reference,
        vocabularyMeans: means[index])
    }
    switch feedback {
    case .none: return .response(response(0))
    case .judged(let acceptable): return .judged(response(0), acceptable: acceptable)
    case .pair: return .pair(chosen: response(0), rejected: response(1))
    }
  }

  /// The example without numbers: enough to ask which responses an objective reads.
  var unscored: ObjectiveExample {
    let empty = responses.map { _ in [Float]() }
    return scored(empty, means: empty)
  }
}

/// How a training goes.
public struct TrainingOptions: Sendable {
  /// What is minimized.
  public var objective: any ObjectiveFunction
  /// Examples for each optimizer step, at least 1.
  public var batch: Int
  /// Passes over the examples, more than 0.
  public var epochs: Double
  /// The highest learning rate.
  public var learningRate: Double
  /// How the learning rate moves.
  public var shape: LearningRateShape
  /// How it begins.
  public var warmup: WarmupLength
  /// The optimizer's constants.
  public var adamW: AdamWOptions
  /// The largest length of a gradient; nil: not clipped.
  public var clip: Double?
  /// The seed of the order of examples and of dropout.
  public var seed: UInt64
  /// At most so many optimizer steps; nil: as many as the epochs take.
  public var limit: Int?
  /// Rows that run together; changes no bit.
  public var rowsInUnit: Int

  /// Rows enough for full speed, few enough for what they keep to fit beside the weights of a small model.
  public static let usualRowsInUnit = 768

  /// Makes options.
  public init(
    objective: any ObjectiveFunction, batch: Int, epochs: Double, learningRate: Double,
    shape: LearningRateShape = .constant, warmup: WarmupLength = .none, adamW: AdamWOptions, clip: Double? = nil,
    seed: UInt64, limit: Int? = nil, rowsInUnit: Int = TrainingOptions.usualRowsInUnit
  ) {
    self.objective = objective
    self.batch = batch
    self.epochs = epochs
    self.learningRate = learningRate
    self.shape = shape
    self.warmup = warmup
    self.adamW = adamW
    self.clip = clip
    self.seed = seed
    self.limit = limit
    self.rowsInUnit = rowsInUnit
  }
}
