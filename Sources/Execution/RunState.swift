// What a run knows so far: one owner, one loop.

public import Diagnostics
import Digests
import JSON
public import Planning

struct RunState {
  private(set) var graph: StepGraph
  var resolver: Resolver
  var results: [StepID: (key: Digest, result: StoredResult)] = [:]
  /// Steps without a result, each with the step whose failure is the cause.
  private(set) var failed: [StepID: Step] = [:]
  /// Steps that were not started because another failed, and those that read from them.
  private var left: Set<StepID> = []
  var summary = ExecutionSummary()
  /// The objects that are marked as used.
  var used: Set<Digest> = []
  private let index: StoreIndex
  /// The steps that ran or were stored, each once: one that was stored and is computed again because of damage ran.
  private var ran: Set<StepID> = []
  private var stored: Set<StepID> = []
  private var onlyStored = 0

  init(graph: StepGraph, index: StoreIndex) {
    self.index = index
    self.graph = graph
    resolver = Resolver(index: index)
    results.reserveCapacity(graph.steps.count)
    stored.reserveCapacity(graph.steps.count)
  }

  mutating func resolve(_ step: Step) -> StepState { resolver.resolve(step) }

  /// The step, with the one candidate that it takes if that is known by now.
  mutating func decided(_ step: Step) -> Step {
    let decided = resolver.decided(step)
    if let chosen = decided.chosen, graph.contains(step.id) { graph.decide(step.id, chosen) }
    return decided
  }

  /// The steps that one certainly reads and of which nothing is known to have come yet, but for files from outside.
  func unsettledSources(of step: Step) -> [Step] {
    step.certainInputs.compactMap { input in
      let source = input.source.step
      if results[source] != nil || failed[source] != nil || left.contains(source) { return nil }
      let step = graph.step(source)
      return step.foretold == nil ? step : nil
    }
  }

  /// Looks at every object anew: some are not what they were.
  mutating func forgetObjects() {
    index.forget()
    used = []
  }

  func contents(of step: Step) -> [String: Digest]? { resolver.contents(of: step) }

  /// What a forecast may look at: the step's inputs, and the counts beside the examples of a training.
  func facts(for step: Step, _ contents: [String: Digest]) -> [String: Digest] {
    var facts = contents
    facts["examples/counts"] = resolver.output("counts", beside: "examples", of: step)?.digest
    return facts
  }

  mutating func finished(_ step: Step, key: Digest, outputs: [String: StoredOutput]) {
    resolver.finished(step, outputs: outputs)
    results[step.id] = (key, StoredResult(outputs: outputs))
    if ran.insert(step.id).inserted, stored.contains(step.id) { onlyStored -= 1 }
    count()
  }

  /// Notes that a step's result was there.
  mutating func found(_ step: Step, key: Digest, _ result: StoredResult) {
    results[step.id] = (key, result)
    if stored.insert(step.id).inserted, !ran.contains(step.id) { onlyStored += 1 }
    count()
  }

  /// The keys of the steps that ran.
  var ranKeys: [Digest] { ran.compactMap { results[$0]?.key } }

  mutating func failed(_ step: Step) {
    failed[step.id] = step
    summary.failed += 1
  }

  mutating func block(_ step: Step, because culprit: Step) {
    failed[step.id] = culprit
    summary.blocked += 1
  }

  mutating func leave(_ step: Step) {
    left.insert(step.id)
    summary.notStarted += 1
  }

  func isBehindUnstarted(_ step: Step) -> Bool {
    step.certainInputs.contains { left.contains($0.source.step) }
  }

  /// The keys of the steps that a step reads from, by input.
  func sources(of step: Step) -> JSONObject {
    JSONObject(
      step.inputs.compactMap { input in
        results[input.source.step].map { JSONMember(input.name, .string($0.key.hex)) }
      })
  }

  private mutating func count() {
    summary.ran = ran.count
    summary.cached = onlyStored
  }

  /// Names the outputs of files that nothing had to read: a lock lists them whether they were fetched or not.
  ///
  /// - Returns: These files' steps with their keys.
  mutating func nameForetold() -> [(step: Step, key: Digest)] {
    var named: [(step: Step, key: Digest)] = []
    for step in graph.steps where results[step.id] == nil && failed[step.id] == nil {
      guard let (key, result) = step.foretoldResult else { continue }
      found(step, key: key, result)
      named.append((step, key))
    }
    return named
  }

  /// The failed step because of which this one cannot run.
  func culprit(of step: Step) -> Step? {
    if failed.isEmpty { return nil }
    for input in step.certainInputs { if let culprit = failed[input.source.step] { return culprit } }
    return nil
  }
}

extension Step {
  /// The result of a file from outside that nothing had to read, whether it was fetched or not; nil for other steps.
  var foretoldResult: (key: Digest, result: StoredResult)? {
    guard let (name, digest) = foretold else { return nil }
    let output = StoredOutput(digest: digest, byteCount: 0, recordCount: nil)
    return (manifest(contents: [:]).key, StoredResult(outputs: [name: output]))
  }
}

extension StepGraph {
  /// Where the spec says what a step reads: a file where it is named, prompts where they are written.
  public func place(ofInput name: String, of step: Step) -> SourcePlace? {
    guard let source = step.inputs.first(where: { $0.name == name })?.source else { return nil }
    let places = self.step(source.step).places
    return places["sha256"] ?? places["name"] ?? places["prompt"] ?? self.step(source.step).writtenPlace
  }

  /// What became of a step, in words.
  func diagnoses(of error: any Error, in step: Step) -> [Diagnosis] {
    guard let told = error as? any DiagnosableError else {
      return [Diagnosis("step.failed", "\(step.label): \(error)", exit: .stepFailed)]
    }
    let fault = error as? any InputFault
    let cause = fault?.input.flatMap { place(ofInput: $0, of: step) } ?? fault?.option.flatMap { step.places[$0] }
    // Where nothing nearer is known, the step's own place in the spec.
    return told.placed(at: cause ?? step.writtenPlace).diagnoses
  }
}

/// A step that was asked to run and cannot.
public struct BlockedStep: DiagnosableError, Hashable {
  /// What the step is called.
  public let step: String
  /// Why it cannot run.
  public let obstacle: Obstacle

  /// Makes the error.
  public init(step: String, obstacle: Obstacle) {
    self.step = step
    self.obstacle = obstacle
  }

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    switch obstacle {
    case .unknownDigest:
      [
        Diagnosis(
          "exec.unknown-digest", "\(step): the spec says `sha256: unknown`, so nobody could tell the right file",
          remedy: "Write the file's SHA-256 into the spec, or run `runner pin` where the file is at hand.",
          exit: .badSpec)
      ]
    case .unknownSetting(let setting):
      [
        Diagnosis(
          "exec.unknown-setting", "\(step): the spec says `\(setting): unknown`",
          remedy: "Write a value. With `unknown` a spec can be checked and planned, not run.", exit: .badSpec)
      ]
    case .behind:
      [
        Diagnosis(
          "exec.behind", "\(step): a step that it reads from cannot run", remedy: "Mend that one first.", exit: .badSpec
        )
      ]
    case .missingSpec(let spec):
      [
        Diagnosis(
          "exec.missing-spec", "\(step): the spec `\(spec)`, whose weights are used, is not there",
          remedy: "Write that spec, or mend the path; it is relative to the file that names it.", exit: .badSpec)
      ]
    case .missingPart(let part, let dataset):
      [
        Diagnosis(
          "exec.missing-part", "\(step): data set `\(dataset)` sets no part `\(part)` aside",
          remedy: "Add `\(part): …` to its `split:`, or look at another part.", exit: .badSpec)
      ]
    case .unavailable(let name):
      [
        Diagnosis(
          "exec.unavailable", "\(name): this version of runner checks and plans such a step but cannot run it",
          remedy: "Remove that part of the spec, or use `runner plan` to see what depends on it.", exit: .badSpec)
      ]
    }
  }
}

/// A step whose forecast memory is more than the run may use.
public struct StepTooLarge: DiagnosableError, Hashable {
  /// What the step is called.
  public let step: String
  /// The bytes that it is expected to take.
  public let bytes: Int
  /// The bytes that the run may use.
  public let memory: Int

  /// Makes the error.
  public init(step: String, bytes: Int, memory: Int) {
    self.step = step
    self.bytes = bytes
    self.memory = memory
  }

  /// The fault in words.
  public var diagnoses: [Diagnosis] {
    [
      Diagnosis(
        "exec.memory",
        "\(step): its forecast memory is \(Self.text(bytes)), and --memory allows \(Self.text(memory))",
        notes: ["The forecast follows from the sizes of its model; `runner plan` shows the most that a step takes."],
        remedy: "Allow more with --memory, use a smaller model, or train an adapter instead of all weights.",
        exit: .stepFailed)
    ]
  }

  /// Rounded up to whole megabytes, so that what is named suffices.
  private static func text(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }
}
