// What an objective is given and what it gives back: numbers only, one example at a time.
// Knows nothing of models, tokens or files. Every sum runs over tokens in order, in double precision.

/// The log-probabilities of one response.
public struct ScoredResponse: Sendable {
  /// ln p of each trained token under the policy, each ≤ 0.
  public let policy: [Float]
  /// The same tokens under the frozen reference; empty for an objective that reads none.
  public let reference: [Float]
  /// The mean of ln p over the vocabulary at each token, under the policy; empty unless the objective smooths labels.
  public let vocabularyMeans: [Float]

  /// Makes a response.
  public init(policy: [Float], reference: [Float] = [], vocabularyMeans: [Float] = []) {
    self.policy = policy
    self.reference = reference
    self.vocabularyMeans = vocabularyMeans
  }
}

/// One example as an objective reads it.
public enum ObjectiveExample: Sendable {
  /// A response, nothing said about it.
  case response(ScoredResponse)
  /// A response that is acceptable or not.
  case judged(ScoredResponse, acceptable: Bool)
  /// A better and a worse response.
  case pair(chosen: ScoredResponse, rejected: ScoredResponse)

  /// Its responses, in the order of their gradients.
  public var responses: [ScoredResponse] {
    switch self {
    case .response(let response), .judged(let response, _): [response]
    case .pair(let chosen, let rejected): [chosen, rejected]
    }
  }
}

/// What an example's loss depends on beside the example: facts of the whole batch of one optimizer step.
public struct BatchFacts: Hashable, Sendable {
  /// How many examples the batch has.
  public var examples: Int
  /// How many responses the objective reads in it.
  public var responses: Int
  /// How many tokens these responses have.
  public var tokens: Int
  /// KTO's reference point z₀ in nats, at least 0; 0 for every other objective.
  public var referencePoint: Double

  /// Makes facts.
  public init(examples: Int, responses: Int, tokens: Int, referencePoint: Double = 0) {
    self.examples = examples
    self.responses = responses
    self.tokens = tokens
    self.referencePoint = referencePoint
  }
}

/// What the loss does to one response's numbers.
public struct ResponseGradient: Hashable, Sendable {
  /// d loss / d ln p(token), one a token.
  public let tokens: [Double]
  /// d loss / d mean ln p over the vocabulary, one a token; empty unless labels are smoothed.
  public let vocabularyMeans: [Double]

  /// Makes a gradient.
  public init(tokens: [Double], vocabularyMeans: [Double] = []) {
    self.tokens = tokens
    self.vocabularyMeans = vocabularyMeans
  }
}

/// An example's share of the batch's loss: the batch's loss is the sum over its examples.
public struct ExampleLoss: Hashable, Sendable {
  /// The share, finite for finite input.
  public let loss: Double
  /// One gradient a response, in the order of ``ObjectiveExample/responses``; empty tokens for one that is not read.
  public let gradients: [ResponseGradient]
  /// Σ ln p(policy) - Σ ln p(reference) of each response in nats; empty without a reference.
  public let logRatios: [Double]

  /// Makes a loss.
  public init(loss: Double, gradients: [ResponseGradient], logRatios: [Double]) {
    self.loss = loss
    self.gradients = gradients
    self.logRatios = logRatios
  }
}

/// What training minimizes.
public protocol ObjectiveFunction: Sendable {
  /// Whether it reads the reference's log-probabilities.
  var readsReference: Bool { get }
  /// Whether it reads means over the vocabulary.
  var readsVocabularyMeans: Bool { get }
  /// Which of an example's responses it reads: numbers of ``ObjectiveExample/responses``.
  func responsesRead(of example: ObjectiveExample) -> [Int]
  /// An example's share of the batch's loss and its gradient.
  ///
  /// An example of which it reads nothing has loss 0 and gradients without tokens. A response that is read has as many
  /// reference log-probabilities, and as many means over the vocabulary, as tokens wherever the objective reads them, and
  /// the batch counts it; else the program stops, because its caller is wrong.
  func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss
}
