// Optimizer steps of the twin: scores a batch of pairs, forms the loss, and moves the numbers by AdamW, all in doubles.
// Knows nothing of files; the order of examples and the learning rates are given.

/// A prompt with two responses, and the two responses of other prompts that KTO measures its reference point by.
struct TwinExample {
  /// Tokens and the reference's log-probabilities.
  struct Response {
    var tokens: [Int]
    var reference: [Double]
  }

  /// Which of all examples it is.
  var number: Int
  var prompt: [Int]
  var chosen: Response
  var rejected: Response
  var partners: [Response]
}

/// AdamW's constants (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2) and the longest gradient.
struct TwinOptimizer {
  var beta1: Double
  var beta2: Double
  var epsilon: Double
  var weightDecay: Double
  var clip: Double
}

/// What one step was.
struct TwinStep {
  var loss: Double
  /// The length of the gradient before clipping.
  var gradientNorm: Double
  var referencePoint: Double
}

struct TwinTrainer {
  var decoder: TwinDecoder
  let objective: TwinObjective
  let optimizer: TwinOptimizer
  /// The share of adapters' inputs that is dropped, and the seed of the masks.
  let dropout: Double
  let seed: UInt64
  private var firstMoments: [TwinParameter: [Double]] = [:]
  private var secondMoments: [TwinParameter: [Double]] = [:]
  private var steps = 0

  init(
    decoder: TwinDecoder, objective: TwinObjective, optimizer: TwinOptimizer, dropout: Double = 0, seed: UInt64 = 1
  ) {
    self.decoder = decoder
    self.objective = objective
    self.optimizer = optimizer
    self.dropout = dropout
    self.seed = seed
  }

  /// How inputs of adapters are dropped for the two texts of an example; nil where none are.
  private func masks(_ example: TwinExample) -> (chosen: TwinMasks, rejected: TwinMasks)? {
    guard dropout > 0 else { return nil }
    let masks = TwinMasks.of(
      [example.chosen, example.rejected].map { example.prompt + $0.tokens }, seed: seed, step: steps,
      example: example.number, probability: dropout)
    return (masks[0], masks[1])
  }

  /// Scores of both responses of every example; of what the objective does not read, empty ones.
  func scores(_ batch: [TwinExample]) -> [(chosen: TwinScored, rejected: TwinScored)] {
    batch.map { example in
      let empty = TwinScored(policy: [], reference: [], means: [])
      let masks = masks(example)
      return (
        score(example, example.chosen, masks?.chosen),
        objective.readsPairs ? score(example, example.rejected, masks?.rejected) : empty
      )
    }
  }

  private func score(
    _ example: TwinExample, _ response: TwinExample.Response, _ masks: TwinMasks?
  ) -> TwinScored {
    let (tokens, from) = (example.prompt + response.tokens, example.prompt.count)
    var means: [Double] = []
    if case .supervised(let smoothing) = objective, smoothing > 0 {
      means = decoder.vocabularyMeans(tokens: tokens, from: from, masks: masks)
    }
    return TwinScored(
      policy: decoder.logProbabilities(tokens: tokens, from: from, masks: masks), reference: response.reference,
      means: means)
  }

  /// max(0, mean log-ratio of the partners) for KTO, 0 for others.
  func referencePoint(_ batch: [TwinExample]) -> Double {
    guard case .kahnemanTversky = objective else { return 0 }
    let ratios = batch.flatMap { example in example.partners.map { score(example, $0, nil).logRatio } }
    return max(0, TwinMath.mean(ratios))
  }

  /// The texts of a batch with what the loss does to them.
  func sequences(_ batch: [TwinExample], _ loss: TwinBatchLoss) -> [TwinSequence] {
    batch.indices.flatMap { index in
      let example = batch[index]
      let masks = masks(example)
      func sequence(
        _ response: TwinExample.Response, _ slope: Double, _ mean: Double, _ masks: TwinMasks?
      ) -> TwinSequence {
        TwinSequence(
          tokens: example.prompt + response.tokens, from: example.prompt.count,
          coefficients: response.tokens.map { _ in slope }, meanCoefficients: response.tokens.map { _ in mean },
          masks: masks)
      }
      let chosen = sequence(example.chosen, loss.chosen[index], loss.mean, masks?.chosen)
      guard objective.readsPairs else { return [chosen] }
      return [chosen, sequence(example.rejected, loss.rejected[index], 0, masks?.rejected)]
    }
  }

  /// One optimizer step.
  mutating func step(_ batch: [TwinExample], learningRate: Double) -> TwinStep {
    let point = referencePoint(batch)
    let loss = objective.loss(scores(batch), point: point)
    let gradients = decoder.gradients(of: sequences(batch, loss))
    let parameters = decoder.parameters
    let norm = parameters.reduce(0) { $0 + TwinMath.dot(gradients[$1], gradients[$1]) }.squareRoot()
    // PyTorch adds 1e-6 to the norm.
    let factor = min(1, optimizer.clip / (norm + 1e-6))
    steps += 1
    for parameter in parameters { move(parameter, gradients[parameter].map { $0 * factor }, learningRate) }
    return TwinStep(loss: loss.loss, gradientNorm: norm, referencePoint: point)
  }

  private mutating func move(_ parameter: TwinParameter, _ gradient: [Double], _ learningRate: Double) {
    let o = optimizer
    let decays = parameter.isMatrix
    let zeros = gradient.map { _ in 0.0 }
    var (first, second) = (firstMoments[parameter] ?? zeros, secondMoments[parameter] ?? zeros)
    var numbers = decoder[parameter]
    let (correction1, correction2) = (1 - power(o.beta1, steps), 1 - power(o.beta2, steps))
    for i in gradient.indices {
      first[i] = o.beta1 * first[i] + (1 - o.beta1) * gradient[i]
      second[i] = o.beta2 * second[i] + (1 - o.beta2) * gradient[i] * gradient[i]
      let root = (second[i] / correction2).squareRoot() + o.epsilon
      if decays { numbers[i] -= learningRate * o.weightDecay * numbers[i] }
      numbers[i] -= learningRate * first[i] / correction1 / root
    }
    (firstMoments[parameter], secondMoments[parameter]) = (first, second)
    decoder[parameter] = numbers
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}
