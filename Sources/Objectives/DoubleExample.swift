// An example in doubles, and the two ways in which objectives with a reference go through it: by pairs and by judged
// responses. What the others share is in RankedResponses.swift. Knows no formula. It is open to the package so that tests can take finite differences in doubles: those of
// single-precision input would mean nothing.

/// An objective that can be asked in doubles.
package protocol DoubleObjective: ObjectiveFunction {
  /// The loss of an example in doubles: what the public function gives for the same numbers.
  func loss(of example: DoubleExample, in batch: BatchFacts) -> ExampleLoss
}

/// The numbers of one response.
package struct DoubleResponse: Sendable {
  /// ln p of each token under the policy.
  package var policy: [Double]
  /// The same under the reference, or nothing.
  package var reference: [Double]
  /// The mean of ln p over the vocabulary at each token, or nothing.
  package var vocabularyMeans: [Double]
  /// ln p of the same tokens behind other prompts, or nothing.
  package var otherContexts: [[Double]] = []
  /// ln p of the tokens that follow, or nothing.
  package var continuation: [Double] = []
  /// The entropy over the vocabulary at each token, or nothing.
  package var entropies: [Double] = []
  /// What a scalar head says.
  package var score = 0.0

  /// h = Σ ln p(policy) - Σ ln p(reference) in nats, each sum over tokens in order.
  var logRatio: Double {
    precondition(reference.count == policy.count, "a response has one reference log-probability a token")
    return inOrder(policy) - inOrder(reference)
  }
}

/// The sum, first to last.
func inOrder(_ numbers: [Double]) -> Double {
  var sum = 0.0
  for number in numbers { sum += number }
  return sum
}

/// One example.
package struct DoubleExample: Sendable {
  /// What is known of its responses.
  package enum Feedback: Hashable, Sendable {
    /// Nothing; one response.
    case none
    /// The one response is good.
    case acceptable
    /// The one response is bad.
    case unacceptable
    /// The first response is better than the second.
    case pair
    /// The responses stand in order, the best first.
    case ranking
  }

  /// What is known of its responses.
  package var feedback: Feedback
  /// One response, two of a pair, the chosen one first, or those of a ranking.
  package var responses: [DoubleResponse]
  /// One a response of a ranking, not rising; else nothing.
  package var rewards: [Double] = []

  /// The same example in doubles; no number changes.
  package init(_ example: ObjectiveExample) {
    feedback =
      switch example {
      case .response: .none
      case .judged(_, let acceptable): acceptable ? .acceptable : .unacceptable
      case .pair: .pair
      case .ranking: .ranking
      }
    if case .ranking(let responses, let rewards) = example {
      precondition(rewards.count == responses.count, "a ranking has one reward a response")
      precondition(zip(rewards, rewards.dropFirst()).allSatisfy { $0 >= $1 }, "a ranking's rewards do not rise")
      // So that no difference of rewards, nor its product with a log-probability, leaves what a double holds.
      precondition(rewards.allSatisfy { Float($0).isFinite }, "rewards fit in single precision")
      self.rewards = rewards
    }
    responses = example.responses.map {
      DoubleResponse(
        policy: $0.policy.map(Double.init), reference: $0.reference.map(Double.init),
        vocabularyMeans: $0.vocabularyMeans.map(Double.init),
        otherContexts: $0.otherContexts.map { $0.map(Double.init) }, continuation: $0.continuation.map(Double.init),
        entropies: $0.entropies.map(Double.init), score: Double($0.score))
    }
  }

  /// The log-ratio of every response; nothing where one has no reference.
  var logRatios: [Double] {
    responses.allSatisfy { $0.reference.count == $0.policy.count } ? responses.map(\.logRatio) : []
  }

  /// What an objective that does not read this example says of it.
  var unread: ExampleLoss {
    ExampleLoss(loss: 0, gradients: responses.map { _ in ResponseGradient(tokens: []) }, logRatios: logRatios)
  }
}

/// A pair's loss and its derivatives with respect to the log-ratios.
struct PairTerm: Sendable {
  var loss: Double
  var chosen: Double
  var rejected: Double
}

/// A judged response's loss and its derivative with respect to the log-ratio.
struct JudgedTerm: Sendable {
  var loss: Double
  var slope: Double
}

extension DoubleExample {
  /// Its share of a mean over pairs; an example that is no pair is not read.
  ///
  /// Every token of a response has the same derivative because the log-ratio is a plain sum of its tokens.
  func pairLoss(meanOver pairs: Int, _ term: (_ chosen: Double, _ rejected: Double) -> PairTerm) -> ExampleLoss {
    guard feedback == .pair else { return unread }
    precondition(pairs > 0, "the batch has the pair that is read")
    let ratios = responses.map(\.logRatio)
    let result = term(ratios[0], ratios[1])
    return ExampleLoss(
      loss: result.loss / Double(pairs),
      gradients: zip(responses, [result.chosen, result.rejected]).map { $0.gradient($1 / Double(pairs)) },
      logRatios: ratios)
  }

  /// Its share of a mean over responses, each good or bad; a pair is a good and a bad response.
  func judgedLoss(
    meanOver count: Int, _ term: (_ logRatio: Double, _ acceptable: Bool) -> JudgedTerm
  ) -> ExampleLoss {
    let verdicts: [Bool]
    switch feedback {
    case .none, .ranking: return unread
    case .acceptable: verdicts = [true]
    case .unacceptable: verdicts = [false]
    case .pair: verdicts = [true, false]
    }
    precondition(count > 0, "the batch has the response that is read")
    let ratios = responses.map(\.logRatio)
    let results = zip(ratios, verdicts).map { term($0, $1) }
    return ExampleLoss(
      loss: inOrder(results.map { $0.loss / Double(count) }),
      gradients: zip(responses, results).map { $0.gradient($1.slope / Double(count)) },
      logRatios: ratios)
  }
}

extension DoubleResponse {
  fileprivate func gradient(_ derivative: Double) -> ResponseGradient {
    ResponseGradient(tokens: Array(repeating: derivative, count: policy.count))
  }
}

extension ObjectiveExample {
  /// Whether it is a pair.
  var isPair: Bool {
    if case .pair = self { true } else { false }
  }

  /// Which of its responses are known to be good or bad.
  var judgedResponses: [Int] {
    switch self {
    case .response, .ranking: []
    case .judged: [0]
    case .pair: [0, 1]
    }
  }
}
