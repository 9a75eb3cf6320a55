// The loop's promise: the same bits however a training is cut, resumed, spread over workers or computed.

import LanguageModel
import Objectives
import Tensors
import Testing
import Training

struct TrainerTests {
  @Test("Stopped after any step and gone on with, a training gives the same bits", arguments: TrainerCase.all)
  func resumption(_ item: TrainerCase) throws {
    let base = try TrainerCase.base()
    let whole = try item.run(base)
    #expect(whole.end == .finished && whole.reports.map(\.step) == [1, 2, 3, 4, 5, 6])
    for stop in 1..<6 {
      let (first, checkpoint) = try Self.stopped(item, base, after: stop)
      #expect(first.end == .stopped && first.reports == Array(whole.reports.prefix(stop)), "stopped after \(stop)")
      let (second, _) = try Self.resumed(item, base, from: checkpoint)
      expectSame(second, whole, "resumed after \(stop)")
    }
  }

  @Test("A training may be stopped after each of its steps", arguments: TrainerCase.all)
  func manyResumptions(_ item: TrainerCase) throws {
    let base = try TrainerCase.base()
    var (state, checkpoint) = try Self.stopped(item, base, after: 1)
    while state.end == .stopped {
      (state, checkpoint) = try Self.resumed(item, base, from: checkpoint, steps: 1)
    }
    expectSame(state, try item.run(base), "stopped five times")
    // What was done at the very end is not done again.
    let (again, _) = try Self.resumed(item, base, from: checkpoint)
    expectSame(again, state, "resumed at the end")
  }

  @Test("Workers, units and instructions change no bit", arguments: TrainerCase.all)
  func sameBits(_ item: TrainerCase) throws {
    let base = try TrainerCase.base()
    let expected = try item.run(base)
    for workers in [2, 4] {
      var other = item
      other.workers = workers
      expectSame(try other.run(base), expected, "\(workers) workers")
    }
    for headRows in [1, 3] {
      var other = item
      other.headRows = headRows
      expectSame(try other.run(base), expected, "\(headRows) rows through the head at once")
    }
    for rows in [1, 30] {
      var other = item
      other.rows = rows
      other.workers = 2
      expectSame(try other.run(base), expected, "units of \(rows) rows")
    }
    for variant in KernelVariant.allCases where variant.isSupported {
      var other = item
      other.variant = variant
      expectSame(try other.run(base), expected, "\(variant)")
    }
  }

  @Test("So they do over sixty steps, stopped in the middle", arguments: TrainerCase.all)
  func sameBitsOfManySteps(_ item: TrainerCase) throws {
    let base = try TrainerCase.base()
    var long = item
    long.epochs = 20
    let expected = try long.run(base)
    #expect(expected.end == .finished && expected.reports.count == 60)
    for (workers, rows, headRows, variant) in [
      (2, 30, 1024, KernelVariant.best), (4, 768, 3, .plain), (1, 768, 1024, .avx2), (1, 768, 1024, .wide),
    ] where variant.isSupported {
      var other = long
      (other.workers, other.rows, other.headRows, other.variant) = (workers, rows, headRows, variant)
      let (_, checkpoint) = try Self.stopped(other, base, after: 31)
      expectSame(try Self.resumed(long, base, from: checkpoint).state, expected, "\(workers) workers")
      expectSame(try other.run(base), expected, "\(workers) workers, \(rows) rows, \(headRows) through the head")
    }
  }

  @Test("A training goes on with other workers, units and instructions", arguments: TrainerCase.all)
  func resumedElsewhere(_ item: TrainerCase) throws {
    let base = try TrainerCase.base()
    let (_, checkpoint) = try Self.stopped(item, base, after: 3)
    var other = item
    (other.workers, other.rows, other.variant) = (4, 30, .plain)
    expectSame(try Self.resumed(other, base, from: checkpoint).state, try item.run(base), "elsewhere")
  }

  @Test("Before the first step the policy is its reference exactly", arguments: TrainerCase.all)
  func exactStart(_ item: TrainerCase) throws {
    let report = try #require(try item.run(TrainerCase.base()).reports.first)
    guard item.objective.readsReference else { return }
    #expect(report.chosenLogRatio == 0 && report.rejectedLogRatio == 0 && report.margin == 0)
    #expect(report.accuracy == 0.5)
    if item.objective is KahnemanTversky { #expect(report.referencePoint == 0) }
  }

  /// SFT divides by the tokens of what it is normalized over, DPO by its pairs, so only SFT's loss depends on the groups.
  @Test("The loss of a step is the mean over groups of examples, each divided by its own count")
  func groups() throws {
    let base = try TrainerCase.base()
    func loss(_ item: TrainerCase) throws -> Double { try #require(try item.run(base).reports.first).loss }
    let order = BatchOrder(examples: TrainerCase.count, batch: 6, epochs: 1, seed: 21).batch(at: 0)
    let examples = try TrainerCase.examples(base, .none)
    let sums = examples.map { example in
      -example.responses[0].reference.reduce(0) { $0 + Double($1) }
    }
    let tokens = examples.map { Double($0.responses[0].tokenCount) }
    func mean(over size: Int) -> Double {
      let groups = stride(from: 0, to: order.count, by: size).map { order[$0..<min(order.count, $0 + size)] }
      let losses = groups.map { group in
        group.reduce(0) { $0 + sums[$1] } / group.reduce(0) { $0 + tokens[$1] }
      }
      return losses.reduce(0, +) / Double(losses.count)
    }
    var item = TrainerCase(name: "SFT", part: TrainerCase.lowRank, objective: SupervisedFineTuning(), feedback: .none)
    (item.batch, item.limit) = (6, 1)
    #expect(abs(mean(over: 1) - mean(over: 6)) > 1e-3)
    for size in [1, 2, 4, 6] {
      item.group = size
      #expect(abs(try loss(item) - mean(over: size)) < 1e-5, "groups of \(size)")
    }
    item.group = nil
    #expect(abs(try loss(item) - mean(over: 6)) < 1e-5)
    var pairs = TrainerCase(name: "DPO", part: .full, objective: DirectPreference(beta: 0.5))
    (pairs.batch, pairs.limit) = (6, 1)
    let whole = try loss(pairs)
    pairs.group = 2
    #expect(abs(try loss(pairs) - whole) < 1e-9)
  }

  @Test("A limit cuts a training off where the whole would be after as many steps")
  func limit() throws {
    let base = try TrainerCase.base()
    let item = TrainerCase.all[0]
    var short = item
    short.limit = 2
    let (first, _) = try Self.stopped(item, base, after: 2)
    let found = try short.run(base)
    #expect(found.end == .finished && found.reports == first.reports && found.numbers == first.numbers)
  }

  @Test("Partners may be others in every epoch")
  func partnersByEpoch() throws {
    let base = try TrainerCase.base()
    let trainee = try Trainee(base, TrainerCase.lowRank, workers: 1)
    trainee.startAdapters(seed: 5)
    // In the second epoch every partner's reference is a quarter of a nat a token lower.
    let examples = try TrainerCase.examples(base, .pair).map { example in
      let lower = example.partners[0].map {
        TrainingResponse(request: $0.request, reference: $0.reference.map { $0 - 0.25 })
      }
      return TrainingExample(.pair, responses: example.responses, partners: [example.partners[0], lower])
    }
    let trainer = Trainer(
      trainee, examples: examples,
      options: TrainingOptions(
        objective: KahnemanTversky(beta: 0.5), batch: 3, epochs: 2, learningRate: 1e-30,
        adamW: AdamWOptions(beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0), seed: 21))
    var points: [Double?] = []
    _ = try trainer.run {
      points.append($0.referencePoint)
      return true
    }
    #expect(points.prefix(3) == [0, 0, 0])
    for step in 3..<6 {
      let partners = trainer.order.batch(at: step).flatMap { examples[$0].partners[1] }
      let tokens = partners.reduce(0) { $0 + $1.reference.count }
      let point = try #require(points[step])
      #expect(abs(point - 0.25 * Double(tokens) / Double(partners.count)) < 1e-5)
    }
  }

  // MARK: - Checkpoints that are none

  @Test("What is no checkpoint of the training is refused and changes nothing")
  func foreignCheckpoints() throws {
    let base = try TrainerCase.base()
    let item = try #require(TrainerCase.all.first { $0.name == "DPO, low-rank" })
    let (_, good) = try Self.stopped(item, base, after: 2)
    var otherRank = item
    otherRank.part = .lowRank(LowRank(rank: 2, scale: 2, targets: Site.allCases.flatMap(\.tensors)))
    var shorter = item
    shorter.limit = 1
    var bad: [(String, [UInt8])] = [
      ("nothing", []), ("words", Array("no checkpoint".utf8)),
      ("all weights", try Self.stopped(TrainerCase.all[0], base, after: 2).checkpoint),
      ("another rank", try Self.stopped(otherRank, base, after: 2).checkpoint),
      ("trained weights", try item.run(base).weights), ("half as many bytes", try #require(Self.halved(good))),
    ]
    for length in [7, 8, 100, good.count / 2, good.count - 1] {
      bad.append(("\(length) bytes of \(good.count)", Array(good.prefix(length))))
    }
    for (what, bytes) in bad {
      let trainer = try item.trainer(base)
      let before = TrainerState.numbers(trainer.trainee)
      #expect(trainer.resume(from: bytes) == nil, "\(what)")
      #expect(trainer.step == 0 && TrainerState.numbers(trainer.trainee) == before, "\(what)")
    }
    #expect(try shorter.trainer(base).resume(from: good) == nil, "more steps than the training has")
    #expect(try item.trainer(base).resume(from: good)?.count == 2)
  }

  /// The same file with tensors of the same sizes in 16 bits, which is not what is read.
  private static func halved(_ file: [UInt8]) -> [UInt8]? {
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = String(decoding: file[8..<(8 + length)], as: UTF8.self).replacing("\"F32\"", with: "\"F16\"")
      .replacing(#/"data_offsets":\[(\d+),(\d+)\]/#) { match in
        let (start, end) = (Int(match.output.1) ?? 0, Int(match.output.2) ?? 0)
        return "\"data_offsets\":[\(start),\(start + (end - start) / 2)]"
      }
    let count = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    return count + Array(header.utf8) + file[(8 + length)...]
  }

  @Test("Trained weights in 16 bits are refused before anything is read of them")
  func halfWeights() throws {
    let base = try TrainerCase.base()
    let weights = try Trainee(base, TrainerCase.lowRank, workers: 1).trainedWeights()
    let halved = try #require(Self.halved(weights))
    #expect(throws: ModelFileError.self) { try TrainedWeights(ModelBytes(halved, name: "weights")) }
  }

  // MARK: - Divergence

  @Test(
    "A learning rate beyond all reason ends as divergence with the weights before it", arguments: TrainerCase.all,
    [1e6, 1e30])
  func divergence(_ item: TrainerCase, _ rate: Double) throws {
    let base = try TrainerCase.base()
    var wild = item
    wild.learningRate = rate
    wild.epochs = 4
    let found = try wild.run(base)
    guard case .diverged(let step, let reason) = found.end else {
      Issue.record("it ended as \(found.end) after losses \(found.reports.map(\.loss))")
      return
    }
    // The first step of the warm-up has rate 0, the second the whole.
    #expect(step == 3 && found.reports.count == 2, "diverged at step \(step)")
    #expect(reason == "a trained number is beyond 10000.0")
    #expect(found.numbers == (try Self.stopped(wild, base, after: 2).state.numbers))
    #expect(found.reports.allSatisfy { $0.loss.isFinite && $0.gradientNorm.isFinite })
  }

  @Test("Weights that leave all bounds with the last step are divergence too", arguments: TrainerCase.all)
  func divergenceAtTheEnd(_ item: TrainerCase) throws {
    var wild = item
    wild.learningRate = 1e30
    wild.limit = 2
    let found = try wild.run(try TrainerCase.base())
    #expect(found.end == .diverged(step: 2, reason: "after the step a trained number is beyond 10000.0"))
    #expect(found.reports.count == 2)
  }

  @Test("A training may use large numbers", arguments: TrainerCase.all)
  func largeNumbers(_ item: TrainerCase) throws {
    // Weights of some tens: a bad training, and yet one with an end.
    var large = item
    (large.learningRate, large.limit) = (10, 3)
    #expect(try large.run(try TrainerCase.base()).end == .finished)
  }

  @Test("A reference without finite numbers is divergence at the first step", arguments: [Float.nan, -.infinity])
  func referenceWithoutNumbers(_ number: Float) throws {
    let base = try TrainerCase.base()
    let item = TrainerCase.all[0]
    let trainee = try Trainee(base, item.part, workers: 1)
    let before = TrainerState.numbers(trainee)
    let examples = try TrainerCase.examples(base, .pair).map { example in
      TrainingExample(
        .pair,
        responses: example.responses.map {
          TrainingResponse(request: $0.request, reference: $0.reference.map { _ in number })
        })
    }
    let trainer = Trainer(
      trainee, examples: examples,
      options: TrainingOptions(
        objective: item.objective, batch: 3, epochs: 1, learningRate: 0.1,
        adamW: AdamWOptions(beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0), seed: 1))
    guard case .diverged(1, _) = try trainer.run(onStep: { _ in true }) else {
      Issue.record("it did not diverge")
      return
    }
    #expect(TrainerState.numbers(trainee) == before)
  }

  @Test("The file of a training that diverged says at which step")
  func divergenceInTheFile() throws {
    let base = try TrainerCase.base()
    for item in TrainerCase.all {
      let trainee = try item.trainer(base).trainee
      let file = try TrainedWeights(ModelBytes(trainee.trainedWeights(divergedAt: 7), name: "weights"))
      #expect(file.divergedAt == 7)
      #expect(try TrainedWeights(ModelBytes(trainee.trainedWeights(), name: "weights")).divergedAt == nil)
    }
  }

  // MARK: - Parts of trainings

  /// A training that is stopped, and its checkpoint.
  private static func stopped(
    _ item: TrainerCase, _ base: Decoder, after steps: Int
  ) throws -> (state: TrainerState, checkpoint: [UInt8]) {
    try run(try item.trainer(base), [], until: steps)
  }

  /// A training of a new trainer that goes on from a checkpoint, for some steps or to its end.
  private static func resumed(
    _ item: TrainerCase, _ base: Decoder, from checkpoint: [UInt8], steps: Int = .max
  ) throws -> (state: TrainerState, checkpoint: [UInt8]) {
    let trainer = try item.trainer(base)
    let reports = try #require(trainer.resume(from: checkpoint), "refused")
    return try run(trainer, reports, until: steps == .max ? .max : trainer.step + steps)
  }

  private static func run(
    _ trainer: Trainer, _ before: [StepReport], until step: Int
  ) throws -> (state: TrainerState, checkpoint: [UInt8]) {
    var reports = before
    let end = try trainer.run {
      reports.append($0)
      return $0.step < step
    }
    return (TrainerState(trainer, reports, end), trainer.checkpoint(reports))
  }
}
