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
  /// The same tokens behind other prompts; empty where the objective reads none.
  public var otherContexts: [ScoreRequest]
  /// A text that follows the response and is learned, too; nil where the objective reads none.
  public var continuation: ScoreRequest?
  /// How many of the request's tokens are the prompt's; where a part of a response is learned, that is fewer than come
  /// before it.
  public let promptCount: Int

  /// Makes a response of which all tokens are learned.
  public init(
    request: ScoreRequest, reference: [Float] = [], otherContexts: [ScoreRequest] = [],
    continuation: ScoreRequest? = nil
  ) {
    self.request = request
    self.reference = reference
    self.otherContexts = otherContexts
    self.continuation = continuation
    promptCount = request.from
  }

  /// A part of a response: `contexts` are the prompts that it is learned behind, the first of them its own.
  init(_ contexts: [TrainingContext], reference: [Float]) {
    request = contexts[0].request
    self.reference = reference
    otherContexts = contexts.dropFirst().map(\.request)
    promptCount = contexts[0].promptCount
  }

  /// The tokens of the prompt.
  var prompt: [TokenID] { Array(request.tokens.prefix(promptCount)) }
}

/// A part of a response behind a prompt.
struct TrainingContext {
  let request: ScoreRequest
  let promptCount: Int
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
    /// Its responses stand in order, the best first, with a reward each.
    case ranking(rewards: [Double])
  }

  /// What is known of its responses.
  public let feedback: Feedback
  /// As many as the feedback says.
  public var responses: [TrainingResponse]
  /// Responses that answer other prompts, for KTO's reference point: a list for each epoch, or one for all; mostly empty.
  public let partners: [[TrainingResponse]]
  /// After how many tokens of the response, if no more are learned, its prompt and its first other context change places.
  public let exchangesAt: Set<Int>

  /// Makes an example.
  public init(
    _ feedback: Feedback, responses: [TrainingResponse], partners: [[TrainingResponse]] = [],
    exchangesAt: Set<Int> = []
  ) {
    self.feedback = feedback
    self.responses = responses
    self.partners = partners
    self.exchangesAt = exchangesAt
  }

  /// The partners of an epoch, counted from 0.
  func partners(inEpoch epoch: Int) -> [TrainingResponse] {
    partners.count > 1 ? partners[epoch] : partners.first ?? []
  }

  /// The example with the policy's numbers, one a response; those of a response that is not read are empty.
  func scored(_ policy: [PolicyNumbers]) -> ObjectiveExample {
    func response(_ index: Int) -> ScoredResponse {
      let own = policy[index]
      return ScoredResponse(
        policy: own.tokens, reference: own.tokens.isEmpty ? [] : responses[index].reference,
        vocabularyMeans: own.means, otherContexts: own.otherContexts, continuation: own.continuation,
        entropies: own.entropies, score: own.score)
    }
    switch feedback {
    case .none: return .response(response(0))
    case .judged(let acceptable): return .judged(response(0), acceptable: acceptable)
    case .pair: return .pair(chosen: response(0), rejected: response(1))
    case .ranking(let rewards): return .ranking(responses.indices.map(response), rewards: rewards)
    }
  }

  /// The example without numbers: enough to ask which responses an objective reads.
  var unscored: ObjectiveExample { scored(responses.map { _ in PolicyNumbers() }) }
}

/// What the policy says of one response.
struct PolicyNumbers {
  var tokens: [Float] = []
  var means: [Float] = []
  var otherContexts: [[Float]] = []
  var continuation: [Float] = []
  var entropies: [Float] = []
  var score: Float = 0
}

/// Which part of a response is learned.
public struct SubOutputChoice: Hashable, Sendable {
  /// The length in tokens up to which the whole response is taken; at least 1.
  public let minimum: Int
  /// Whether it is drawn anew in each epoch; otherwise once.
  public let eachEpoch: Bool

  /// Makes a choice.
  public init(minimum: Int, eachEpoch: Bool) {
    self.minimum = minimum
    self.eachEpoch = eachEpoch
  }
}

/// How a training goes.
public struct TrainingOptions: Sendable {
  /// What is minimized.
  public var objective: any ObjectiveFunction
  /// Examples for each optimizer step, at least 1.
  public var batch: Int
  /// How many of them the loss is normalized over, at least 1: it is the mean over such groups; nil: all of them.
  public var group: Int?
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
  /// Which parts of responses are learned; nil: responses as a whole.
  public var subOutputs: SubOutputChoice?
  /// Whether every response is also read behind the prompts of the batch's other examples.
  public var readsOtherPrompts = false
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
