// Trains: examples in, weights and a log out. Interrupted, it goes on from its last checkpoint with the same bits.
// The loop is Training's; here are records, files, progress and the clock.

import Diagnostics
import Digests
import Execution
import JSON
import LanguageModel
import Objectives
import Planning
import Records
import Specification
import Storage
import Training

struct TrainStep {
  /// A checkpoint is written after a step, so that a kill loses no more than the step in flight; where it takes longer
  /// than ``unnoticed``, so seldom that writing takes a tenth of the time.
  ///
  /// Bringing it to the disk, which only matters when the machine itself stops, may take a tenth of the time, too: between
  /// two passes so many times what one takes.
  private static let timesBetween = 10.0
  /// Seconds that a checkpoint may take after every step, however short the step is.
  private static let unnoticed = 0.05
  /// The fewest seconds between two of those: a step that takes less waits for the disk no oftener than any other.
  private static let leastPause = 60.0
  /// Bytes that a disk is taken to write in a second, before the first checkpoint has shown it.
  private static let bytesPerSecond = 5e8

  private let work: TrainWork
  private let task: StepTask
  private let key: Digest
  private var reports: [StepReport] = []
  private var kept: [Int: [UInt8]] = [:]
  /// When a checkpoint was last brought to the disk, and the seconds until the next.
  private var lastCheckpoint: Double
  private var pause = 0.0
  /// When a checkpoint was last written, and the seconds that it took.
  private var lastWritten = 0.0
  private var cost = 0.0
  private var resumed = 0
  private var began = 0.0
  private var tokens = 0

  static func run(
    _ work: TrainWork, _ task: StepTask, models: ModelCache
  ) throws -> ([ProducedOutput], WorkCount) {
    var step = TrainStep(work, task)
    return try step.run(models)
  }

  private init(_ work: TrainWork, _ task: StepTask) {
    self.work = work
    self.task = task
    key = task.step.manifest(contents: task.contents).key
    lastCheckpoint = task.now()
  }

  private mutating func run(_ models: ModelCache) throws -> ([ProducedOutput], WorkCount) {
    let model = try models.model(work.model, for: task)
    var reader = TrainingExamples(ResponseEncoder(work.model, model.tokenizer), label: task.step.label)
    let examples = try read(&reader)
    let isReward = work.objective == .bradleyTerry
    let trainee = try Trainee(
      model.decoder, work.hyperparameters.trainedPart, scalarHead: isReward, workers: model.decoder.workers)
    if let warning = TrainingForecast.warning(work, examples: examples.count, at: task.step), work.limit == nil,
      work.hyperparameters.examples?.exact == nil
    {
      task.warn(warning)
    }
    try start(trainee)
    if !model.decoder.isRewardModel { trainee.startScalarHead(seed: UInt64(bitPattern: Int64(work.seed))) }
    let options = work.hyperparameters.options(work.objective, seed: work.seed, limit: work.limit)
    if options.readsOtherPrompts { try checkRoom(examples, model.configuration) }
    let trainer = Trainer(trainee, examples: examples, options: options)
    let unread = examples.count - trainer.readExamples
    try tellUnread(unread, of: examples.count)
    tellUnordered(examples, unread: unread)
    if task.contents["optimizer"] != nil, try !trainer.startOptimizer(from: task.input("optimizer")) {
      throw StepError.foreignOptimizer(step: task.step.label)
    }
    let marks = marks(trainer.order)
    let end: TrainingEnd
    if let step = try divergedBefore(models) {
      end = .diverged(step: step, reason: "a training of the model that it starts from, or of its reference, diverged")
    } else {
      end = try train(trainer, marks)
    }
    let outputs = outputs(trainer, end, marks, reader.retokenized, examples.count)
    var count = WorkCount()
    count.computed = trainer.step - resumed
    count.reused = resumed
    return (outputs, count)
  }

  /// Says how many examples teach nothing; where that is all of them, the training is refused.
  private func tellUnread(_ unread: Int, of count: Int) throws(StepError) {
    let name = work.objective.name
    if unread == count { throw .nothingRead(step: task.step.label, objective: name, examples: count) }
    guard unread > 0 else { return }
    task.warn(
      Diagnosis(
        "train.unread", "\(task.step.label): \(unread) of \(count) examples teach `\(name)` nothing",
        notes: [StepError.unreadExamples],
        remedy: "`runner preview` shows them as not trained; change reviser or objective if they should count.",
        exit: .done, severity: .warning))
  }

  /// Says of how many rankings only the best response is learned, because no two of their rewards differ enough.
  private func tellUnordered(_ examples: [TrainingExample], unread: Int) {
    guard let gap = work.objective.rewardGap else { return }
    let unordered = examples.count { example in
      guard case .ranking(let rewards) = example.feedback, let best = rewards.first, let worst = rewards.last else {
        return false
      }
      return best - worst <= gap
    }
    guard unordered > unread else { return }
    let enough = gap > 0 ? "differ by more than the gap of \(gap)" : "differ"
    task.warn(
      Diagnosis(
        "train.unordered",
        "\(task.step.label): of \(unordered - unread) of \(examples.count) rankings only the first response is learned",
        notes: ["No two of their responses have rewards that \(enough), so there is no order to learn."],
        remedy: "Rank with rewards that tell responses apart, or leave such prompts out.",
        exit: .done, severity: .warning))
  }

  /// Fresh adapters, or those of the last round.
  private func start(_ trainee: Trainee) throws {
    guard task.contents["start"] != nil else {
      return trainee.startAdapters(seed: UInt64(bitPattern: Int64(work.seed)))
    }
    let last = try TrainedWeights(ModelBytes(task.input("start"), name: "the adapters of the last round"))
    for name in trainee.adapted {
      if let adapter = try last.adapter(name) { trainee.setAdapter(name, adapter) }
    }
    trainee.refresh()
  }

  /// Where responses are read behind prompts of other examples, the longest of both must fit.
  private func checkRoom(_ examples: [TrainingExample], _ configuration: DecoderConfiguration) throws(StepError) {
    let requests = examples.compactMap { $0.responses.first?.request }
    let longest = (requests.map(\.from).max() ?? 0) + (requests.map { $0.tokens.count - $0.from }.max() ?? 0)
    guard longest > configuration.context else { return }
    throw .exceedsContext(
      step: task.step.label, response: "the longest, behind the longest prompt of another example", tokens: longest,
      context: configuration.context)
  }

  private mutating func train(_ trainer: Trainer, _ marks: [Int]) throws -> TrainingEnd {
    try resume(trainer, marks)
    resumed = trainer.step
    began = task.now()
    // Numbers, first and second moments.
    let bytes = trainer.trainee.parameters.reduce(0) { $0 + 12 * $1.count }
    pause = max(Self.leastPause, Self.timesBetween * Double(bytes) / Self.bytesPerSecond)
    let end = try trainer.run { report in
      reports.append(report)
      if marks.contains(report.step) { kept[report.step] = weights(of: trainer, after: report.step) }
      tokens += report.tokens
      // A step is told when nothing can take it back.
      if !task.cancellation.isCancelled { try keepCheckpoint(trainer) }
      tell(report, of: trainer)
      return !task.cancellation.isCancelled
    }
    if end == .stopped {
      try keepCheckpoint(trainer, now: true)
      throw Cancelled()
    }
    return end
  }

  /// Weights that are kept on the way; those that no step could begin with say so, as the last ones do.
  private func weights(of trainer: Trainer, after step: Int) -> [UInt8] {
    trainer.trainee.trainedWeights(
      divergedAt: trainer.areParametersBounded ? nil : min(step + 1, trainer.order.steps))
  }

  /// The step at which the model to start from, or the reference, diverged in a training of its own.
  private func divergedBefore(_ models: ModelCache) throws -> Int? {
    if let step = try models.divergence(work.model, for: task) { return step }
    for name in ["reference", "partner-reference"] {
      let scores = try RecordFile.optional(Scores.self, task, name) ?? []
      if let step = scores.lazy.compactMap(\.divergedAt).first { return step }
    }
    return nil
  }

  private func read(_ reader: inout TrainingExamples) throws -> [TrainingExample] {
    let records = try RecordFile.records(FeedbackRecord.self, from: task.input("examples"), file: "examples")
    var partners: (records: [FeedbackRecord], reference: [Scores])?
    if let drawn = try RecordFile.optional(FeedbackRecord.self, task, "partners"),
      let scores = try RecordFile.optional(Scores.self, task, "partner-reference")
    {
      partners = (drawn, scores)
    }
    let examples = try reader.encode(
      records, reference: try RecordFile.optional(Scores.self, task, "reference"), partners: partners)
    guard !examples.isEmpty else {
      throw StepError.noExamples(step: task.step.label, counts: FeedbackCounts(records), place: nil)
    }
    return examples
  }

  // MARK: - On the way

  /// The steps after which weights are kept, in the order of the work's checkpoints.
  private func marks(_ order: BatchOrder) -> [Int] {
    work.checkpoints.map { checkpoint in
      switch checkpoint {
      case .epochs(let epochs): order.step(afterEpochs: epochs)
      case .steps(let steps): min(steps, order.steps)
      }
    }
  }

  private func tell(_ report: StepReport, of trainer: Trainer) {
    var note = "loss \(Self.text(report.loss, digits: 4))"
    for metric in report.metrics { note += ", \(metric.name) \(Self.text(metric.value, digits: 3))" }
    if let margin = report.margin { note += ", margin \(Self.text(margin, digits: 2))" }
    let seconds = task.now() - began
    if seconds > 0 { note += ", \(Self.text(Double(tokens) / seconds, digits: 0)) tokens/s" }
    task.progress(Progress(unit: "steps", done: trainer.step, total: trainer.order.steps, reused: resumed, note: note))
  }

  /// A number with so many digits behind the point.
  private static func text(_ value: Double, digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    let whole = Int((abs(value) * scale).rounded())
    let fraction = String(whole % Int(scale))
    let sign = value < 0 && whole > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(whole)" }
    return "\(sign)\(whole / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  private mutating func keepCheckpoint(_ trainer: Trainer, now: Bool = false) throws {
    let began = task.now()
    let isDurable = now || began - lastCheckpoint >= pause
    if !isDurable, cost > Self.unnoticed, began - lastWritten < Self.timesBetween * cost { return }
    try task.store.keepCheckpoint(
      TrainingCheckpoint((trainer.step, trainer.checkpoint(reports)), kept).bytes, for: key, isDurable: isDurable)
    lastWritten = task.now()
    cost = lastWritten - began
    guard isDurable else { return }
    lastCheckpoint = lastWritten
    pause = max(Self.leastPause, Self.timesBetween * cost)
  }

  private mutating func resume(_ trainer: Trainer, _ marks: [Int]) throws {
    guard let bytes = try task.store.checkpoint(for: key), let checkpoint = TrainingCheckpoint(bytes: bytes),
      marks.allSatisfy({ $0 > checkpoint.step || checkpoint.kept[$0] != nil }),
      let reports = trainer.resume(from: checkpoint.training)
    else { return }
    self.reports = reports
    kept = checkpoint.kept
  }

  // MARK: - At the end

  private func outputs(
    _ trainer: Trainer, _ end: TrainingEnd, _ marks: [Int], _ retokenized: Int, _ examples: Int
  ) -> [ProducedOutput] {
    var summary: [String: JSONValue] = [
      "examples": .integer(Int64(examples)), "steps": .integer(Int64(trainer.step)),
      "retokenized": .integer(Int64(retokenized)), "end": "finished",
    ]
    var divergedAt: Int?
    if case .diverged(let step, let reason) = end {
      divergedAt = step
      summary["end"] = "diverged"
      summary["diverged-at"] = .integer(Int64(step))
      summary["reason"] = .string(reason)
    }
    let last = trainer.trainee.trainedWeights(divergedAt: divergedAt)
    var log: [UInt8] = []
    for report in reports { log += report.json.canonicalBytes + [UInt8(ascii: "\n")] }
    var outputs = [ProducedOutput("weights", last)]
    for (index, mark) in marks.enumerated() { outputs.append(ProducedOutput("weights/\(index)", kept[mark] ?? last)) }
    outputs.append(ProducedOutput("log", log, records: reports.count))
    if work.keepsOptimizer { outputs.append(ProducedOutput("optimizer", trainer.optimizerState)) }
    let members = summary.map { JSONMember($0.key, $0.value) }
    outputs.append(ProducedOutput("summary", JSONValue.object(JSONObject(members)).canonicalBytes))
    return outputs
  }
}

extension RecordFile {
  /// The records of an input, if the step has it.
  fileprivate static func optional<Record: WireRecord>(
    _ type: Record.Type, _ task: StepTask, _ name: String
  ) throws -> [Record]? {
    guard task.contents[name] != nil else { return nil }
    return try records(type, from: task.input(name), file: name)
  }
}
