// What a training does to each token of an example at its start, under a model of which all is known beforehand.
// The same batches, facts and losses as in training; knows nothing of models, and nothing is computed by one.

import LanguageModel
public import Objectives

extension BatchFacts {
  /// The facts of a batch, with KTO's reference point at 0.
  ///
  /// - Parameters:
  ///   - batch: The examples of one optimizer step.
  ///   - read: For each of them, the responses that the objective reads.
  init(_ batch: [TrainingExample], read: [[Int]]) {
    self.init(
      examples: batch.count, responses: read.reduce(0) { $0 + $1.count },
      tokens: zip(batch, read).reduce(0) { sum, item in
        item.1.reduce(sum) { $0 + item.0.responses[$1].tokenCount }
      })
  }
}

/// Which model starting weights are those of.
public enum StartingModel: Hashable, Sendable {
  /// The reference itself, so that all log-ratios are 0; or any, where the loss is the same for all.
  case reference
  /// One that gives every response the same score.
  case evenScores
  /// One that finds all tokens of the vocabulary equally likely, whatever stands before them.
  case uniform
  /// As ``uniform``, but that it finds the tokens of a worse response a little likelier than those of a better one.
  ///
  /// Then every pair is in the wrong order, and a hinge without margin, which teaches nothing at equality, is on.
  case inverted
}

extension ObjectiveFunction {
  /// The model whose starting weights can be told without asking one.
  ///
  /// That of the training is asked for nothing: gradients that follow from log-ratios alone, or from nothing at all, are
  /// its own; the others are those of a model that knows nothing.
  public var startingModel: StartingModel {
    if readsReference || self is SupervisedFineTuning || self is ForwardPrediction { return .reference }
    if self is RankResponses { return .inverted }
    return alsoReads.contains(.score) ? .evenScores : .uniform
  }
}

/// An example in the first batch that has it.
public struct StartingWeight: Hashable, Sendable {
  /// The optimizer step whose batch it is, counted from 1.
  public let step: Int
  /// Whether the training takes that step: a part of an epoch, or a limit, ends it before.
  public let isReached: Bool
  /// The batch.
  public let facts: BatchFacts
  /// The example as that step has it: a part of its response where parts are learned, and behind which prompts.
  public let example: TrainingExample
  /// Which of its responses the objective reads.
  public let read: [Int]
  /// For each response what the loss does to its numbers; nil for one that the objective does not read.
  public let responses: [ResponseGradient?]

  /// The weights of the first examples.
  ///
  /// - Parameters:
  ///   - count: How many examples are asked about.
  ///   - examples: All examples of the training, in order.
  ///   - options: How it goes.
  ///   - even: ln p of each token of the vocabulary where all are equally likely.
  /// - Returns: One for each of the first `count` examples.
  public static func first(
    _ count: Int, of examples: [TrainingExample], in options: TrainingOptions, even: Float
  ) -> [StartingWeight] {
    guard !examples.isEmpty else { return [] }
    let order = BatchOrder(
      examples: examples.count, batch: options.batch, epochs: options.epochs, seed: options.seed, limit: options.limit)
    var weights: [Int: StartingWeight] = [:]
    for step in 0..<order.stepsPerEpoch {
      let numbers = order.batch(at: step)
      guard numbers.contains(where: { $0 < count }) else { continue }
      let batch = StepExamples(numbers, of: examples, options, epoch: 0)
      for (place, number) in numbers.enumerated() where number < count {
        let own = batch.examples[place]
        weights[number] = StartingWeight(
          step: step + 1, isReached: step < order.steps, facts: batch.facts, example: own, read: batch.read[place],
          responses: own.starting(options.objective, batch.lossFacts[place], read: batch.read[place], even: even))
      }
    }
    return examples.indices.prefix(count).compactMap { weights[$0] }
  }
}

extension TrainingExample {
  fileprivate func starting(
    _ objective: any ObjectiveFunction, _ facts: BatchFacts, read: [Int], even: Float
  ) -> [ResponseGradient?] {
    let model = objective.startingModel
    // A log-ratio is 0 whatever the log-probabilities are.
    let value = model == .uniform || model == .inverted ? even : 0
    func numbers(_ count: Int, _ more: Float = 0) -> [Float] { [Float](repeating: value + more, count: count) }
    let agreeing = TrainingExample(
      feedback,
      responses: responses.enumerated().map { index, response in
        TrainingResponse(request: response.request, reference: numbers(read.contains(index) ? response.tokenCount : 0))
      })
    let policy = responses.enumerated().map { index, response -> PolicyNumbers in
      guard read.contains(index) else { return PolicyNumbers() }
      // Better responses stand before worse ones; by how much they differ is in no gradient of a hinge.
      var own = PolicyNumbers(tokens: numbers(response.tokenCount, model == .inverted ? Float(index) / 64 : 0))
      if objective.readsVocabularyMeans { own.means = own.tokens }
      if objective.alsoReads.contains(.otherContexts) {
        own.otherContexts = response.otherContexts.map { numbers($0.tokens.count - $0.from) }
      }
      if objective.alsoReads.contains(.continuation), let continuation = response.continuation {
        own.continuation = numbers(continuation.tokens.count - continuation.from)
      }
      if objective.alsoReads.contains(.entropies) { own.entropies = own.tokens.map { -$0 } }
      return own
    }
    let loss = objective.loss(of: agreeing.scored(policy), in: facts)
    return responses.indices.map { read.contains($0) ? loss.gradients[$0] : nil }
  }
}
