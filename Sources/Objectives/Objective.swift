// What an objective is given and what it gives back: numbers only, one example at a time.
// Knows nothing of models, tokens or files. Every sum runs over tokens in order, in double precision.

/// What an objective reads of a response beside its tokens' log-probabilities under policy and reference.
public struct ResponseNumbers: OptionSet, Hashable, Sendable {
  /// One bit a kind.
  public let rawValue: Int

  /// Makes a set.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// ``ScoredResponse/otherContexts``.
  public static let otherContexts = ResponseNumbers(rawValue: 1)
  /// ``ScoredResponse/continuation``.
  public static let continuation = ResponseNumbers(rawValue: 2)
  /// ``ScoredResponse/entropies``.
  public static let entropies = ResponseNumbers(rawValue: 4)
  /// ``ScoredResponse/score``.
  public static let score = ResponseNumbers(rawValue: 8)
}

/// The log-probabilities of one response.
public struct ScoredResponse: Sendable {
  /// ln p of each trained token under the policy, each ≤ 0.
  public let policy: [Float]
  /// The same tokens under the frozen reference; empty for an objective that reads none.
  public let reference: [Float]
  /// The mean of ln p over the vocabulary at each token, under the policy; empty unless the objective smooths labels.
  public let vocabularyMeans: [Float]
  /// ln p of the same tokens under the policy behind other prompts, each as long as ``policy``.
  ///
  /// The judged prompt, a contrasting instruction, or the prompts of the batch's other examples.
  public let otherContexts: [[Float]]
  /// ln p under the policy of the trained tokens of a text that follows the response: its judgment.
  public let continuation: [Float]
  /// The entropy over the vocabulary at each token under the policy, in nats, each ≥ 0.
  public let entropies: [Float]
  /// What a scalar head says of the whole response; 0 where there is none.
  public let score: Float

  /// Makes a response.
  public init(
    policy: [Float], reference: [Float] = [], vocabularyMeans: [Float] = [], otherContexts: [[Float]] = [],
    continuation: [Float] = [], entropies: [Float] = [], score: Float = 0
  ) {
    self.policy = policy
    self.reference = reference
    self.vocabularyMeans = vocabularyMeans
    self.otherContexts = otherContexts
    self.continuation = continuation
    self.entropies = entropies
    self.score = score
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
  /// Responses to one prompt with a reward each, the best first: rewards do not rise and fit in single precision.
  case ranking([ScoredResponse], rewards: [Double])

  /// Its responses, in the order of their gradients.
  public var responses: [ScoredResponse] {
    switch self {
    case .response(let response), .judged(let response, _): [response]
    case .pair(let chosen, let rejected): [chosen, rejected]
    case .ranking(let responses, _): responses
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
  /// The sums over the batch of what the objective counts of each example (``ObjectiveFunction/counts(of:lengths:)``).
  public var counts: [Int]

  /// Makes facts.
  public init(examples: Int, responses: Int, tokens: Int, referencePoint: Double = 0, counts: [Int] = []) {
    self.examples = examples
    self.responses = responses
    self.tokens = tokens
    self.referencePoint = referencePoint
    self.counts = counts
  }

  /// The same with every number that a loss divides by so many times as large.
  public func times(_ factor: Int) -> BatchFacts {
    BatchFacts(
      examples: examples * factor, responses: responses * factor, tokens: tokens * factor,
      referencePoint: referencePoint, counts: counts.map { $0 * factor })
  }

  /// The count at a place; 0 beyond the last.
  func count(_ place: Int) -> Int { place < counts.count ? counts[place] : 0 }
}

/// What the loss does to one response's numbers.
public struct ResponseGradient: Hashable, Sendable {
  /// d loss / d ln p(token), one a token.
  public let tokens: [Double]
  /// d loss / d mean ln p over the vocabulary, one a token; empty unless labels are smoothed.
  public let vocabularyMeans: [Double]
  /// d loss / d ln p of the same tokens behind each other prompt; empty unless the objective reads them.
  public let otherContexts: [[Double]]
  /// d loss / d ln p of the tokens that follow; empty unless the objective reads them.
  public let continuation: [Double]
  /// d loss / d entropy, one a token; empty unless the objective reads them.
  public let entropies: [Double]
  /// d loss / d score.
  public let score: Double

  /// Makes a gradient.
  public init(
    tokens: [Double], vocabularyMeans: [Double] = [], otherContexts: [[Double]] = [], continuation: [Double] = [],
    entropies: [Double] = [], score: Double = 0
  ) {
    self.tokens = tokens
    self.vocabularyMeans = vocabularyMeans
    self.otherContexts = otherContexts
    self.continuation = continuation
    self.entropies = entropies
    self.score = score
  }
}

/// A number beside the loss: an example's share, so that the batch's number is the sum over its examples.
public struct ObjectiveMetric: Hashable, Sendable {
  /// What it is, in the words of the objective's documentation.
  public let name: String
  /// The share.
  public let value: Double

  /// Makes a metric.
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
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
  /// What the objective tells beside the loss, always in the same order: the terms of a loss that has several, and others
  /// that its documentation names.
  public let metrics: [ObjectiveMetric]

  /// Makes a loss.
  public init(
    loss: Double, gradients: [ResponseGradient], logRatios: [Double], metrics: [ObjectiveMetric] = []
  ) {
    self.loss = loss
    self.gradients = gradients
    self.logRatios = logRatios
    self.metrics = metrics
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
  /// What else it reads of the responses that it reads, where the example calls for it.
  var alsoReads: ResponseNumbers { get }
  /// What a loss that is not a mean over examples, responses or tokens has to know of the whole batch beforehand.
  ///
  /// - Parameters:
  ///   - example: An example, which need not have numbers yet.
  ///   - lengths: The trained tokens of each of its responses.
  /// - Returns: Its part of ``BatchFacts/counts``, added place by place; what a place counts is the objective's own.
  func counts(of example: ObjectiveExample, lengths: [Int]) -> [Int]
  /// An example's share of the batch's loss and its gradient.
  ///
  /// An example of which it reads nothing has loss 0 and gradients without tokens. A response that is read has as many
  /// reference log-probabilities, and as many means over the vocabulary, as tokens wherever the objective reads them, and
  /// the batch counts it; else the program stops, because its caller is wrong.
  func loss(of example: ObjectiveExample, in batch: BatchFacts) -> ExampleLoss
}

extension ObjectiveFunction {
  /// Nothing.
  public var alsoReads: ResponseNumbers { [] }

  /// Nothing.
  public func counts(of example: ObjectiveExample, lengths: [Int]) -> [Int] { [] }
}

extension BatchFacts {
  /// Adds an example's counts, place by place.
  public mutating func add(_ counts: [Int]) {
    for (place, count) in counts.enumerated() {
      if place == self.counts.count { self.counts.append(0) }
      self.counts[place] += count
    }
  }
}
