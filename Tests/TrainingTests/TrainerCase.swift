// A training that takes a hundredth of a second, and everything that it leaves, bit by bit.
// Knows nothing of what is compared.

import LanguageModel
import Objectives
import Randomness
import Tensors
import Testing
import Training

/// What is trained on what, and how it is computed.
struct TrainerCase: CustomStringConvertible, Sendable {
  var name: String
  var part: TrainedPart
  var objective: any ObjectiveFunction
  /// What examples say of their responses.
  var feedback = TrainingExample.Feedback.pair
  /// What further is read beside the responses.
  var beside = Beside.nothing
  var learningRate = 0.01
  var schedule = LearningRateShape.constant
  var warmup = WarmupLength.steps(1)
  var adamW = AdamWOptions(beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1)
  var clip: Double? = 1
  var epochs = 2.0
  var limit: Int?
  /// Examples of a step: of seven, an epoch has three steps, the last of one example.
  var batch = 3
  var group: Int?
  var workers = 1
  var variant = KernelVariant.best
  var rows = 768
  var headRows = Trainee.usualHeadRows

  var description: String { name }

  static let lowRank = TrainedPart.lowRank(
    LowRank(rank: 3, scale: 2, targets: Site.allCases.flatMap(\.tensors)))

  static let dropped = TrainedPart.lowRank(
    LowRank(rank: 3, scale: 2, targets: Site.allCases.flatMap(\.tensors), dropout: 0.25))

  /// Every kind of example, of adapters, with dropout and without, and of all weights.
  static let all = preferences + methods(lowRank) + methods(dropped) + methods(.full)

  private static let preferences: [TrainerCase] = [
    ("full", TrainedPart.full), ("low-rank", lowRank), ("low-rank with dropout", dropped),
  ].flatMap { name, part in
    [
      TrainerCase(
        name: "DPO, \(name)", part: part, objective: DirectPreference(beta: 0.5), schedule: .cosine(floor: 0.1)),
      TrainerCase(name: "APO-zero, \(name)", part: part, objective: AnchoredPreferenceZero(beta: 0.5)),
      TrainerCase(name: "APO-down, \(name)", part: part, objective: AnchoredPreferenceDown(beta: 0.5)),
      TrainerCase(
        name: "unpaired APO-zero, \(name)", part: part, objective: AnchoredPreferenceZeroUnpaired(beta: 0.5)),
      TrainerCase(name: "KTO, \(name)", part: part, objective: KahnemanTversky(beta: 0.5)),
      TrainerCase(
        name: "SFT, \(name)", part: part, objective: SupervisedFineTuning(labelSmoothing: 0.1), feedback: .none),
    ]
  }

  /// Biases and a head of its own, so that every kind of parameter is there.
  static let configuration = DecoderConfiguration(
    blocks: 2, width: 16, feedForward: 24, heads: 4, keyValueHeads: 2, headSize: 4, context: 64, vocabulary: 50,
    ropeBase: 100, normEpsilon: 1e-5, ropeStyle: .halfSplit, tied: false, qkvBias: true)

  static func base(seed: UInt64 = 3) throws -> Decoder {
    try Decoder(source: RandomWeights(configuration, seed: seed), arithmetic: .ordered, workers: 1)
  }

  static let count = 7

  /// Prompts of 5 to 29 tokens with two responses of 1 to 5, half of which begin alike.
  static func examples(_ base: Decoder, _ feedback: TrainingExample.Feedback) throws -> [TrainingExample] {
    var stream = RandomStream(RandomAddress(seed: 11, purpose: .bootstrap))
    func text(_ count: Int) -> [TokenID] { (0..<count).map { _ in TokenID(stream.integer(below: 50)) } }
    var requests: [[ScoreRequest]] = []
    for index in 0..<count {
      let prompt = text(5 + 4 * index)
      let start = text(index % 2)
      let responses = [text(1 + index % 4), text(2 + index % 3)]
      requests.append(responses.map { ScoreRequest(tokens: prompt + start + $0, from: prompt.count) })
    }
    func reference(_ requests: [ScoreRequest]) throws -> [TrainingResponse] {
      var responses: [TrainingResponse] = []
      try base.score(requests) { index, scores in
        responses.append(TrainingResponse(request: requests[index], reference: scores))
        return true
      }
      return responses
    }
    return try requests.indices.map { index in
      let responses = try reference(requests[index])
      let partners = try reference(requests[(index + 1) % count])
      switch feedback {
      case .pair: return TrainingExample(.pair, responses: responses, partners: [partners])
      default: return TrainingExample(feedback, responses: [responses[0]], partners: [[partners[0]]])
      }
    }
  }

  /// A trainer at its start.
  func trainer(_ base: Decoder) throws -> Trainer {
    let trainee = try Trainee(base, part, workers: workers, variant: variant)
    trainee.startAdapters(seed: 5)
    trainee.headRowsAtOnce = headRows
    let examples = try Self.examples(base, feedback).map { example in
      // Partners cost a forward pass; only KTO reads them.
      objective is KahnemanTversky ? example : TrainingExample(example.feedback, responses: example.responses)
    }.enumerated().map { beside.added(to: $0.element, number: $0.offset) }
    var options = TrainingOptions(
      objective: objective, batch: batch, epochs: epochs, learningRate: learningRate, shape: schedule,
      warmup: warmup, adamW: adamW, clip: clip, seed: 21, limit: limit, rowsInUnit: rows)
    options.group = group
    return Trainer(trainee, examples: examples, options: options)
  }

  /// The whole training.
  func run(_ base: Decoder) throws -> TrainerState {
    let trainer = try trainer(base)
    var reports: [StepReport] = []
    let end = try trainer.run {
      reports.append($0)
      return true
    }
    return TrainerState(trainer, reports, end)
  }
}

/// All that a training leaves.
struct TrainerState: Equatable {
  var end: TrainingEnd
  var reports: [StepReport]
  /// Values, first and second moments of each parameter, as bits.
  var numbers: [[UInt32]]
  var weights: [UInt8]

  init(_ trainer: Trainer, _ reports: [StepReport], _ end: TrainingEnd) {
    self.end = end
    self.reports = reports
    numbers = Self.numbers(trainer.trainee)
    weights = trainer.trainee.trainedWeights()
  }

  static func numbers(_ trainee: Trainee) -> [[UInt32]] {
    trainee.parameters.flatMap { parameter in
      [parameter.values, parameter.firstMoment.base, parameter.secondMoment.base].map { base in
        (0..<parameter.count).map { base[$0].bitPattern }
      }
    }
  }
}

/// Says what differs without printing every number.
func expectSame(
  _ found: TrainerState, _ expected: TrainerState, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.end == expected.end, "\(what)", sourceLocation: sourceLocation)
  #expect(found.reports == expected.reports, "\(what): reports", sourceLocation: sourceLocation)
  let differing = zip(found.numbers, expected.numbers).enumerated().filter { $0.element.0 != $0.element.1 }.count
  #expect(differing == 0 && found.numbers.count == expected.numbers.count, "\(what)", sourceLocation: sourceLocation)
  #expect(found.weights == expected.weights, "\(what): the file", sourceLocation: sourceLocation)
}
