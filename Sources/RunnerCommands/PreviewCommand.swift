// runner preview: the first records as the model sees them.

import ArgumentParser
import Diagnostics
import Execution
import Foundation
import JSON
import LanguageModel
import Planning
import Records
import Steps
import Storage

struct PreviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Show the first prompts as the model sees them, and the first training examples as objectives see them.",
    discussion: """
      Runs what leads to the prompts (fetch, ingest, split, render). Text of the turn format is shown dim on a terminal;
      special tokens are recognized there and nowhere else.

      For each training: every token of each response with its label and its weight, d loss / d ln p(token), in the
      batch that first has the example and where policy and reference agree. The examples come from the store, or are
      made if no model has to run for them.
      """)

  @Argument(help: "A spec.", completion: .file(extensions: ["yaml", "yml"])) var spec: String
  @Argument(help: "How many records of each kind of prompt.") var count = 2
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, checked like the spec itself.", valueName: "a.b=value"))
  var sets: [String] = []
  @OptionGroup var storage: StoreOptions
  @Flag(help: "Preview what `exec --smoke` runs.") var smoke = false
  @Flag(help: "Write JSON lines.") var json = false

  func validate() throws {
    guard count >= 1 else { throw ValidationError("The number of records must be at least 1.") }
  }

  func run() async throws {
    var options = SpecOptions()
    options.specs = [spec]
    options.sets = sets
    let session = try Session(
      options, limit: smoke ? ExecCommand.smokeRecords : nil, trainingSteps: smoke ? ExecCommand.smokeSteps : nil)
    let store = try Store(at: storage.storePath, mode: .create)
    let engine = StepEngine(workers: 1, batch: 1, mirrors: storage.allMirrors, scratch: store.scratchFolder)
    let preview = Previewer(graph: session.graph, store: store, engine: engine)
    for shown in try await preview.prompts(count: count) {
      if json { Output.json(shown.json) } else { Output.line(shown.text(colored: Output.colorsText)) }
    }
    let trainings = TrainingPreviewer(graph: session.graph, store: store, engine: engine)
    for shown in try await trainings.trainings(first: count) {
      if json {
        for line in TrainingPreviewJSON.lines(shown, spec: spec) { Output.json(line) }
      } else {
        Output.line(TrainingPreviewText(training: shown, spec: spec, colored: Output.colorsText).text)
      }
    }
  }
}

/// Finds every kind of prompt that a model is given and renders the first of them.
private struct Previewer {
  let graph: StepGraph
  let store: Store
  let engine: StepEngine

  struct Shown {
    let label: String
    let prompt: RenderedPrompt
    let segments: [TextSegment]
    let tokens: Int

    var json: JSONValue {
      .members([
        "step": .string(label), "id": .string(prompt.id.description), "tokens": .integer(Int64(tokens)),
        "text": .string(segments.map(\.text).joined()),
        "answers": .array(prompt.answers.map { .string($0) }),
      ])
    }

    func text(colored: Bool) -> String {
      let body = segments.map { segment in
        colored && segment.isTemplate ? "\u{1B}[2m\(segment.text)\u{1B}[0m" : segment.text
      }.joined()
      let answer = prompt.answers.isEmpty ? "" : ", answer: \(prompt.answers.joined(separator: " or "))"
      return "── \(label), record \(prompt.id): \(tokens) tokens\(answer)\n\(body)\n"
    }
  }

  func prompts(count: Int) async throws -> [Shown] {
    var shown: [Shown] = []
    var seen: Set<StepID> = []
    for step in graph.steps {
      // A question about responses would need the responses, and adapters a training; neither changes the tokenizer.
      guard var use = step.work.modelUse, let source = step.inputs.first(where: { $0.name == "prompts" })?.source,
        graph.step(source.step).kind == .render, seen.insert(source.step).inserted
      else { continue }
      use.adapters = 0
      let task = try await prepare(step, needing: ["prompts"] + use.inputNames)
      let tokenizer = try engine.tokenizer(of: use, for: task)
      let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
      let cells = graph.users[source.step]?.count ?? 1
      let label = graph.step(source.step).label + (cells > 1 ? " (\(cells) cells)" : "")
      for prompt in prompts.prefix(count) {
        let segments = use.segments(of: prompt)
        shown.append(
          Shown(label: label, prompt: prompt, segments: segments, tokens: tokenizer.encode(segments).count))
      }
    }
    return shown
  }

  /// Runs what a step's named inputs need.
  private func prepare(_ step: Step, needing names: [String]) async throws -> StepTask {
    let executor = Executor(
      store: store, runner: engine, cancellation: Interrupt.cancellation, now: { 0 }, provenance: { Provenance.facts },
      observe: { event in
        if case .failed(_, let diagnoses) = event { Output.report(Diagnoses(diagnoses)) }
      })
    guard let task = try await executor.task(for: step, in: graph, needing: names) else {
      throw CommandError.incomplete(failed: 1, skipped: 0, exit: .stepFailed)
    }
    return task
  }
}
