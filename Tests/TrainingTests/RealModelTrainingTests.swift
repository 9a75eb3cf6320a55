// A few optimizer steps on the real weights: the same bits for other workers, units and instructions, and after a stop.
// Tokens are any numbers of the vocabulary; what they mean is no matter here.

import Foundation
import LanguageModel
import Objectives
import Randomness
import Tensors
import Testing
import Training

@Suite(.serialized) struct RealModelTrainingTests {
  /// The real model with two workers.
  private static let base: Result<Decoder, any Error> = Result {
    let path = try #require(
      ProcessInfo.processInfo.environment["RUNNER_TEST_MODEL"],
      "RUNNER_TEST_MODEL must name the GGUF file; run the tests with `make test`")
    return try LoadedModel.load(.gguf(ModelBytes(path: path)), arithmetic: .ordered, workers: 2).decoder
  }

  /// Four pairs with prompts of 12 to 30 tokens and responses of 3 to 6.
  private static func examples(_ base: Decoder) throws -> [TrainingExample] {
    var stream = RandomStream(RandomAddress(seed: 2, purpose: .bootstrap))
    func text(_ count: Int) -> [TokenID] {
      (0..<count).map { _ in TokenID(100 + stream.integer(below: base.configuration.vocabulary - 100)) }
    }
    return try (0..<4).map { index in
      let prompt = text(12 + 6 * index)
      var responses: [TrainingResponse] = []
      let requests = [3 + index, 4].map { ScoreRequest(tokens: prompt + text($0), from: prompt.count) }
      try base.score(requests) {
        responses.append(TrainingResponse(request: requests[$0], reference: $1))
        return true
      }
      return TrainingExample(.pair, responses: responses)
    }
  }

  private static func trainer(
    _ part: TrainedPart, steps: Int, workers: Int = 2, variant: KernelVariant = .best, rows: Int = 768
  ) throws -> Trainer {
    let base = try base.get()
    let trainee = try Trainee(base, part, workers: workers, variant: variant)
    trainee.startAdapters(seed: 1)
    return Trainer(
      trainee, examples: try examples(base),
      options: TrainingOptions(
        objective: AnchoredPreferenceZero(beta: 0.1), batch: 2, epochs: 2, learningRate: 1e-4,
        adamW: AdamWOptions(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01), clip: 1, seed: 1, limit: steps,
        rowsInUnit: rows))
  }

  /// Steps until `stop`; the reports of all, and the trained weights, which hold every bit of every parameter.
  private static func run(
    _ trainer: Trainer, _ before: [StepReport] = [], until stop: Int = .max
  ) throws -> (reports: [StepReport], weights: [UInt8]) {
    var reports = before
    _ = try trainer.run {
      reports.append($0)
      return $0.step < stop
    }
    return (reports, trainer.trainee.trainedWeights())
  }

  private static let lowRank = TrainedPart.lowRank(
    LowRank(rank: 8, scale: 2, targets: Site.allCases.flatMap(\.tensors)))

  @Test("Three steps of low-rank training, in every way, give the same bits")
  func lowRankBits() throws {
    let whole = try Self.run(try Self.trainer(Self.lowRank, steps: 3))
    #expect(whole.reports.map(\.step) == [1, 2, 3])
    #expect(whole.reports[0].chosenLogRatio == 0 && whole.reports[0].rejectedLogRatio == 0)
    #expect(whole.reports[1].chosenLogRatio != 0)
    func expectSame(_ found: (reports: [StepReport], weights: [UInt8]), _ what: String) {
      #expect(found.reports == whole.reports, "\(what)")
      #expect(found.weights == whole.weights, "\(what): weights")
    }
    expectSame(try Self.run(try Self.trainer(Self.lowRank, steps: 3, workers: 1)), "one worker")
    expectSame(try Self.run(try Self.trainer(Self.lowRank, steps: 3, workers: 4)), "four workers")
    expectSame(try Self.run(try Self.trainer(Self.lowRank, steps: 3, rows: 40)), "units of 40 rows")
    for variant in [KernelVariant.avx2, .avx512, .wide] where variant.isSupported && variant != .best {
      expectSame(try Self.run(try Self.trainer(Self.lowRank, steps: 3, variant: variant)), "\(variant)")
    }
    // The plain loops take their time: one step of them.
    let step = try Self.run(try Self.trainer(Self.lowRank, steps: 1))
    let plain = try Self.run(try Self.trainer(Self.lowRank, steps: 1, variant: .plain))
    #expect(plain.reports == step.reports && plain.weights == step.weights, "plain loops")
    for stop in [1, 2] {
      let first = try Self.trainer(Self.lowRank, steps: 3)
      let (reports, _) = try Self.run(first, until: stop)
      let second = try Self.trainer(Self.lowRank, steps: 3)
      let before = try #require(second.resume(from: first.checkpoint(reports)))
      expectSame(try Self.run(second, before), "resumed after step \(stop)")
    }
  }

  @Test("Two steps of full fine-tuning, in every way, give the same bits")
  func fullBits() throws {
    let one = try Self.run(try Self.trainer(.full, steps: 2, workers: 1))
    #expect(one.reports[0].chosenLogRatio == 0 && one.reports[0].rejectedLogRatio == 0)
    for (workers, rows) in [(2, 768), (4, 40)] {
      let other = try Self.run(try Self.trainer(.full, steps: 2, workers: workers, rows: rows))
      #expect(other.reports == one.reports && other.weights == one.weights, "\(workers) workers, \(rows) rows")
    }
    for variant in [KernelVariant.avx2, .avx512, .wide] where variant.isSupported && variant != .best {
      let other = try Self.run(try Self.trainer(.full, steps: 2, variant: variant))
      #expect(other.reports == one.reports && other.weights == one.weights, "\(variant)")
    }
    let first = try Self.trainer(.full, steps: 2)
    let (reports, _) = try Self.run(first, until: 1)
    let second = try Self.trainer(.full, steps: 2)
    let before = try #require(second.resume(from: first.checkpoint(reports)))
    let resumed = try Self.run(second, before)
    #expect(resumed.reports == one.reports && resumed.weights == one.weights, "resumed")
  }
}
