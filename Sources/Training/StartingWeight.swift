// What a training does to each token of an example at its start, where policy and reference agree.
// The same batches, facts and losses as in training; knows nothing of models, and nothing is computed by one.

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

/// An example in the first batch that has it, with all log-ratios 0.
public struct StartingWeight: Hashable, Sendable {
  /// The optimizer step whose batch it is, counted from 1.
  public let step: Int
  /// Whether the training takes that step: a part of an epoch, or a limit, ends it before.
  public let isReached: Bool
  /// The batch.
  public let facts: BatchFacts
  /// Which of its responses the objective reads.
  public let read: [Int]
  /// For each response d loss / d ln p of its tokens; nil for one that the objective does not read, and for all where the
  /// objective's gradient depends on what the model says.
  public let responses: [ResponseGradient?]

  /// The weights of the first examples.
  ///
  /// A log-ratio is 0 whatever the log-probabilities are, so they need not be known.
  ///
  /// - Parameters:
  ///   - count: How many examples are asked about.
  ///   - examples: All examples of the training, in order.
  ///   - options: How it goes.
  /// - Returns: One for each of the first `count` examples.
  public static func first(
    _ count: Int, of examples: [TrainingExample], in options: TrainingOptions
  ) -> [StartingWeight] {
    guard !examples.isEmpty else { return [] }
    let order = BatchOrder(
      examples: examples.count, batch: options.batch, epochs: options.epochs, seed: options.seed, limit: options.limit)
    var batches: [Int: (step: Int, batch: [Int])] = [:]
    for step in 0..<order.stepsPerEpoch {
      let batch = order.batch(at: step)
      for example in batch where example < count { batches[example] = (step, batch) }
    }
    return examples.indices.prefix(count).compactMap { index in
      batches[index].map { step, batch in
        let batch = batch.map { examples[$0] }
        let read = batch.map { options.objective.responsesRead(of: $0.unscored) }
        let facts = BatchFacts(batch, read: read)
        let own = examples[index]
        return StartingWeight(
          step: step + 1, isReached: step < order.steps, facts: facts,
          read: options.objective.responsesRead(of: own.unscored),
          responses: options.objective.startsWithoutModel
            ? own.starting(options.objective, facts) : own.responses.map { _ in nil })
      }
    }
  }
}

extension ObjectiveFunction {
  /// Whether its gradient at the start follows from log-ratios alone, which are 0 then, or from nothing at all.
  public var startsWithoutModel: Bool { readsReference || self is SupervisedFineTuning }
}

extension TrainingExample {
  fileprivate func starting(_ objective: any ObjectiveFunction, _ facts: BatchFacts) -> [ResponseGradient?] {
    let read = objective.responsesRead(of: unscored)
    let zeros = responses.enumerated().map { index, response in
      [Float](repeating: 0, count: read.contains(index) ? response.tokenCount : 0)
    }
    let agreeing = TrainingExample(
      feedback, responses: zip(responses, zeros).map { TrainingResponse(request: $0.request, reference: $1) })
    let policy = zeros.map { PolicyNumbers(tokens: $0, means: objective.readsVocabularyMeans ? $0 : []) }
    let loss = objective.loss(of: agreeing.scored(policy), in: facts)
    return responses.indices.map { read.contains($0) ? loss.gradients[$0] : nil }
  }
}
