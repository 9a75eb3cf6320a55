// A small text factory in place of the real steps: every kind makes lines from lines, and what ran is counted.

import Diagnostics
import Digests
import Execution
import JSON
import Planning
import Records
import Specification
import Storage
import Synchronization

/// Files that are texts in the test.
struct TextFiles: FileReading {
  let texts: [String: String]

  func bytes(of path: String) throws(FileFault) -> [UInt8] {
    guard let text = texts[path] else { throw .missing }
    return Array(text.utf8)
  }

  func exists(_ path: String) -> Bool { texts[path] != nil }
}

/// An experiment on two files of lines, `a` and `b`.
struct Lines {
  var a = ["1", "2", "3"]
  /// What stands behind the last line of `a`; no record.
  var endOfA = ""
  var b = ["7", "8"]
  var samples = 2
  var temperature = "0.5"
  var verifier = "number"
  var comment = ""

  private var textOfA: String { a.joined(separator: "\n") + endOfA }
  private var textOfB: String { b.joined(separator: "\n") }

  /// The files by digest.
  var files: [Digest: [UInt8]] {
    Dictionary(uniqueKeysWithValues: [textOfA, textOfB].map { (Digest.sha256($0), Array($0.utf8)) })
  }

  private func dataset(_ name: String, _ text: String) -> String {
    """
      \(name):
        source: {jsonl: {sha256: \(Digest.sha256(text).hex), from: [{path: \(name).jsonl}]}}
        prompt: "{question}"
        answer: {from: "{answer}", verifier: \(verifier)}
    """
  }

  private func eval(_ name: String) -> String {
    "  of-\(name): {accuracy: {on: \(name), max-new-tokens: 4, temperature: \(temperature), samples: \(samples)}}"
  }

  var spec: String {
    """
    # \(comment)
    version: 1
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
        turns: chatml
        system: none
    datasets:
    \(dataset("a", textOfA))
    \(dataset("b", textOfB))
    evals:
    \(eval("a"))
    \(eval("b"))
    """
  }

  /// How the steps' implementations were revised since the results were made that a test is about.
  var revisions = Revisions()

  func graph() throws -> StepGraph {
    let experiment = try SpecificationReader(files: TextFiles(texts: ["test.yaml": spec])).read("test.yaml")
    var planner = Planner(
      context: PlanningContext(digestOfFile: { .sha256($0) }, fingerprint: { _ in nil }, revisions: revisions))
    _ = try planner.plan(experiment, name: "test")
    return planner.steps
  }
}

/// A failure with a message.
struct Broken: DiagnosableError {
  let step: String
  var diagnoses: [Diagnosis] { [Diagnosis("test.broken", "\(step) is broken", exit: .badSpec)] }
}

/// Makes lines from lines.
final class Workshop: StepRunner {
  struct State {
    var ran: [String] = []
    var records = 0
    var seconds = 0.0
    /// Recipe and key of each record that was computed.
    var computed: [String] = []
  }

  private let files: [Digest: [UInt8]]
  /// Labels of steps that fail.
  let broken: Set<String>
  /// After how many records the user stops the run.
  let stopAfter: Int?
  /// Called with each step before it runs.
  let before: @Sendable (StepTask) -> Void
  /// Seconds that a record takes.
  let secondsPerRecord: Double
  /// Whether verdicts say so little that other responses often get the same.
  let isCoarse: Bool
  private let state = Mutex(State())

  init(
    files: [Digest: [UInt8]], broken: Set<String> = [], stopAfter: Int? = nil, secondsPerRecord: Double = 0,
    isCoarse: Bool = false, before: @escaping @Sendable (StepTask) -> Void = { _ in }
  ) {
    self.isCoarse = isCoarse
    self.before = before
    self.files = files
    self.broken = broken
    self.stopAfter = stopAfter
    self.secondsPerRecord = secondsPerRecord
  }

  /// The labels of the steps that were started, in order.
  var ran: [String] { state.withLock { $0.ran } }
  /// How many single records were computed.
  var records: Int { state.withLock { $0.records } }
  /// The recipe and the key of each single record that was computed.
  var computed: [String] { state.withLock { $0.computed } }
  /// The time, which only records take.
  var now: Double { state.withLock { $0.seconds } }

  func run(_ task: StepTask) async throws -> (outputs: [ProducedOutput], count: WorkCount) {
    state.withLock { $0.ran.append(task.step.label) }
    before(task)
    if broken.contains(task.step.label) { throw Broken(step: task.step.label) }
    func lines(_ input: String) throws -> [String] {
      String(decoding: try task.input(input), as: UTF8.self).split(separator: "\n").map(String.init)
    }
    func output(_ name: String, _ lines: [String]) -> ProducedOutput {
      ProducedOutput(name, Array(lines.map { "\($0)\n" }.joined().utf8), records: lines.count)
    }
    switch task.step.work {
    case .fetch(let work):
      guard let digest = work.digest, let bytes = files[digest] else { throw Broken(step: task.step.label) }
      return ([ProducedOutput("file", bytes)], WorkCount())
    case .ingest: return ([output("records", try lines("file"))], WorkCount())
    case .split(let work): return (try work.parts.names.map { output($0, try lines("records")) }, WorkCount())
    case .render:
      let prompts = try lines("records").map { "ask \($0)" }
      let rendered = prompts.map {
        RenderedPrompt(id: RecordID(content: .sha256($0), occurrence: 0), turns: [Message(.user, $0)])
      }
      let identities = prompts.flatMap { Self.identity($0).bytes }
      return (
        [
          ProducedOutput("prompts", RecordFile.bytes(rendered), records: rendered.count),
          ProducedOutput("identities", identities),
        ],
        WorkCount()
      )
    case .generate(let work): return try generate(work, try Self.prompts(task), task)
    case .verify(let work): return try verify(work, try Self.prompts(task), task)
    case .revise, .fit, .train, .choose, .select: return (try learn(task, output), WorkCount())
    case .aggregate: return ([output("table", try task.step.inputs.flatMap { try lines($0.name) })], WorkCount())
    default: throw Broken(step: task.step.label)
    }
  }

  /// Training and what is about it: lines that say what they came from, and choices that anything may change.
  private func learn(
    _ task: StepTask, _ output: (String, [String]) -> ProducedOutput
  ) throws -> [ProducedOutput] {
    switch task.step.work {
    case .train(let work):
      let examples = task.contents["examples"]?.short ?? ""
      guard case .adamw(let adamw) = work.hyperparameters.optimizer else { return [] }
      return [output("weights", ["\(adamw.learningRate) with \(work.seed) from \(examples)"])]
    case .choose(let work):
      let bytes = try (0..<work.candidates).flatMap { try task.input("outcomes/\($0)") }
      let choice = CandidateChoice(
        chosen: Int(Digest.sha256(bytes).bytes[0]) % work.candidates,
        means: Array(repeating: nil, count: work.candidates))
      return [ProducedOutput("choice", choice.json.canonicalBytes)]
    case .select(let work):
      let chosen = CandidateChoice(bytes: try task.input(SelectWork.choice))?.chosen ?? 0
      return [ProducedOutput(work.output, try task.input(SelectWork.input(ofCandidate: chosen)))]
    case .fit:
      return [
        output(
          "examples",
          try task.step.inputs.filter { $0.name.hasPrefix("feedback") }.flatMap {
            String(decoding: try task.input($0.name), as: UTF8.self).split(separator: "\n").map(String.init)
          })
      ]
    default: return [output("feedback", task.step.inputs.map { task.contents[$0.name]?.short ?? "" })]
    }
  }

  static func identity(_ prompt: String) -> Digest { RecordKey.identity(content: .sha256(prompt), occurrence: 0) }

  private static func prompts(_ task: StepTask) throws -> [RenderedPrompt] {
    try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
  }

  private func generate(
    _ work: GenerateWork, _ prompts: [RenderedPrompt], _ task: StepTask
  ) throws -> (outputs: [ProducedOutput], count: WorkCount) {
    let slots = prompts.flatMap { prompt in (0..<work.samples).map { (prompt: prompt.turns[0].text, sample: $0) } }
    let keys = slots.map { RecordKey.key(identity: Self.identity($0.prompt), sample: $0.sample) }
    let (results, count) = try task.results(of: keys) { missing, finished in
      for position in missing {
        let by = task.contents["adapter/0"].map { ", by \($0.short)" } ?? ""
        let text = "\(slots[position].prompt) at \(work.decoding.temperature), sample \(slots[position].sample)\(by)"
        let done = state.withLock { state in
          state.records += 1
          state.seconds += secondsPerRecord
          return state.records
        }
        if done == stopAfter { task.cancellation.cancel() }
        note(keys[position], of: task)
        if try !finished(position, Array(text.utf8)) { return }
      }
    }
    let texts = results.map { Response(text: String(decoding: $0, as: UTF8.self), finish: .stop, tokens: 1) }
    let responses = prompts.enumerated().map { number, prompt in
      Responses(id: prompt.id, responses: Array(texts[(number * work.samples)..<((number + 1) * work.samples)]))
    }
    return ([ProducedOutput("responses", RecordFile.bytes(responses), records: prompts.count)], count)
  }

  private func verify(
    _ work: VerifyWork, _ prompts: [RenderedPrompt], _ task: StepTask
  ) throws -> (outputs: [ProducedOutput], count: WorkCount) {
    let responses = try RecordFile.records(Responses.self, from: task.input("responses"), file: "responses")
    let keys = zip(prompts, responses).map { $1.key(judgedFor: $0) }
    let (results, count) = try task.results(of: keys) { missing, finished in
      for position in missing {
        let verdicts = responses[position].responses.map { response in
          let said = isCoarse ? "\(response.text.utf8.reduce(0) { $0 + Int($1) } % 2)" : response.text
          return "\(said) by \(work.verifier)\n"
        }
        note(keys[position], of: task)
        if try !finished(position, Array(verdicts.joined().utf8)) { return }
      }
    }
    return ([ProducedOutput("outcomes", results.flatMap { $0 }, records: prompts.count)], count)
  }

  /// Notes that a single record was computed.
  private func note(_ key: Digest, of task: StepTask) {
    guard let recipe = task.step.recipe(contents: task.contents)?.key else { return }
    state.withLock { $0.computed.append("\(recipe.hex) \(key.hex)") }
  }
}

/// What a run told.
final class Told: Sendable {
  private let held = Mutex<[ExecutionEvent]>([])
  var events: [ExecutionEvent] { held.withLock { $0 } }
  func add(_ event: ExecutionEvent) { held.withLock { $0.append(event) } }

  /// The labels of steps with an event of a name.
  func steps(_ name: String) -> [String] {
    events.map(\.json).filter { $0["event"]?.stringValue == name }.compactMap { $0["step"]?.stringValue }
  }
}

/// A store on a disk in memory.
struct Shop {
  let disk = MemoryFileSystem(time: 1_700_000_000_000_000)

  func store() throws -> Store { try Store(at: "store", mode: .create, fileSystem: disk) }

  struct Outcome {
    let plan: Plan
    let workshop: Workshop
    let told: Told
    let summary: ExecutionSummary
    let results: RunResults
    let graph: StepGraph

    /// The labels of the steps in a state.
    func labels(where isIn: (StepState) -> Bool) -> [String] {
      plan.steps.filter { isIn($0.state) }.map(\.step.label)
    }

    /// The digest of the table.
    var table: Digest? {
      graph.steps.last.flatMap { results[$0.id]?.result.outputs["table"]?.digest }
    }
  }

  /// Plans and runs.
  func run(
    _ lines: Lines, named name: String = "run", broken: Set<String> = [], stopAfter: Int? = nil,
    secondsPerRecord: Double = 0,
    limits: RunLimits = RunLimits(keepsGoing: true), before: @escaping @Sendable (StepTask) -> Void = { _ in },
    heard: @escaping @Sendable (ExecutionEvent) -> Void = { _ in }
  ) async throws -> Outcome {
    try await run(
      lines.graph(), lines.files, named: name, broken: broken, stopAfter: stopAfter, secondsPerRecord: secondsPerRecord,
      limits: limits, before: before, heard: heard)
  }

  /// Plans and runs a graph.
  func run(
    _ graph: StepGraph, _ files: [Digest: [UInt8]], named name: String = "run", broken: Set<String> = [],
    stopAfter: Int? = nil, secondsPerRecord: Double = 0, limits: RunLimits = RunLimits(keepsGoing: true),
    before: @escaping @Sendable (StepTask) -> Void = { _ in },
    heard: @escaping @Sendable (ExecutionEvent) -> Void = { _ in }
  ) async throws -> Outcome {
    let store = try store()
    let plan = Plan(graph: graph, index: StoreIndex(store))
    let workshop = Workshop(
      files: files, broken: broken, stopAfter: stopAfter, secondsPerRecord: secondsPerRecord, before: before)
    let told = Told()
    let executor = Executor(
      store: store, runner: workshop, cancellation: Cancellation(), now: { workshop.now },
      provenance: { JSONObject([]) }, limits: limits,
      observe: { event in
        told.add(event)
        heard(event)
      })
    let (summary, results) = try await executor.run(graph, named: name)
    return Outcome(plan: plan, workshop: workshop, told: told, summary: summary, results: results, graph: graph)
  }

  /// The segments of single records' results.
  var segments: [String] { disk.files().map(\.path).filter { $0.contains("/records/") && $0.hasSuffix(".zst") } }

  /// Spoils the object of this name.
  func damage(_ digest: Digest) -> Bool {
    let hex = digest.hex
    guard let file = disk.files().first(where: { $0.path.filter { $0 != "/" }.contains(hex.dropFirst(2)) }) else {
      return false
    }
    return disk.overwrite(file.path, file.bytes.dropLast() + [file.bytes.last.map { $0 ^ 1 } ?? 0])
  }
}
