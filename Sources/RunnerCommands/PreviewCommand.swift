// runner preview: the first records as the model sees them.

import ArgumentParser
import Diagnostics
import Digests
import Execution
import FoundationEssentials
import JSON
import LanguageModel
import Planning
import Records
import Steps
import Storage

struct PreviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "preview", "Show the first prompts as the model sees them, and the first training examples as objectives see them.",
    takes: "<spec> [<count>] [<options>]",
    discussion: """
      Runs what leads to the prompts (fetch, ingest, split, render). Text of the turn format is shown dim on a terminal; \
      special tokens are recognized there and nowhere else. Where an eval scores texts instead of generating them, these \
      are shown with the number of their tokens that are scored.

      For each training: every token of each response with its label and its weight, d loss / d ln p(token), in the \
      batch that first has the example and where policy and reference agree. The examples come from the store, or are \
      made if no model has to run for them.
      """,
    examples: [
      "runner preview experiments/quickstart/training.yaml",
      "runner preview experiments/quickstart/training.yaml 5",
      "runner preview experiments/quickstart/training.yaml --json",
    ])

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
    let store = try Store.telling(at: storage.storePath, mode: .create)
    let engine = StepEngine(workers: 1, batch: 1, mirrors: storage.allMirrors, scratch: store.scratchFolder)
    let preview = Previewer(preparation: Preparation(graph: session.graph, store: store, engine: engine))
    for shown in try await preview.prompts(count: count) {
      if json { Output.json(shown.json) } else { shown.show(colored: Output.colorsText) }
    }
    let trainings = TrainingPreviewer(graph: session.graph, store: store, engine: engine)
    for shown in try await trainings.trainings(first: count) {
      if json {
        for line in TrainingPreviewJSON.lines(shown, spec: spec) { Output.json(line) }
      } else {
        let text = TrainingPreviewText(training: shown, spec: spec, colored: Output.colorsText)
        Output.line("\(text.head)\n\(text.examples)")
      }
    }
  }
}

/// Finds every kind of prompt that a model is given and renders the first of them.
private struct Previewer {
  let preparation: Preparation

  private var graph: StepGraph { preparation.graph }

  struct Shown {
    let label: String
    let cells: [String]
    /// Whether the spec has other cells.
    let isGrid: Bool
    let prompt: RenderedPrompt
    let segments: [TextSegment]
    let tokens: Int
    /// How many tokens its model reads, the response included.
    let context: Int
    /// Accepted answers; empty where none is asked for.
    let answers: [String]
    /// The texts that are scored behind the prompt, with the number of their tokens that are.
    let scored: [(text: String, tokens: Int)]

    var json: JSONValue {
      .members([
        "step": .string(label), "cells": .array(cells.map { .string($0) }), "id": .string(prompt.id.description),
        "tokens": .integer(Int64(tokens)), "context": .integer(Int64(context)),
        "text": .string(segments.map(\.text).joined()),
        "answers": .array(answers.map { .string($0) }),
        "scored": .array(
          scored.map { .members(["text": .string($0.text), "tokens": .integer(Int64($0.tokens))]) }),
      ])
    }

    /// Writes what is said of it as wide as the terminal is, and what the model reads as it is.
    func show(colored: Bool) {
      let body = segments.map { segment in
        colored && segment.isTemplate ? "\u{1B}[2m\(segment.text)\u{1B}[0m" : segment.text
      }.joined()
      let answer = answers.isEmpty ? "" : ", answer: \(answers.joined(separator: " or "))"
      let lines = scored.map { "  scored, \($0.tokens) token\($0.tokens == 1 ? "" : "s"): \($0.text)\n" }.joined()
      let shown = segments.isEmpty ? "no prompt" : "\(tokens) tokens\(answer)"
      Output.line("── \(label)\(told), record \(prompt.id): \(shown)" + (tooLong.map { "\n\($0)" } ?? ""))
      Output.verbatim((segments.isEmpty ? "" : "\(body)\n") + lines)
    }

    /// What becomes of a prompt that its model cannot read, or not with what is scored behind it.
    private var tooLong: String? {
      let longest = tokens + (scored.map(\.tokens).max() ?? 0)
      guard scored.isEmpty ? tokens >= context : longest > context else { return nil }
      let with = scored.isEmpty ? "" : " with what is scored behind it"
      return "warning: the model reads \(context) tokens, and this prompt\(with) has \(longest): it is counted as an "
        + "error, and nothing is \(scored.isEmpty ? "generated" : "scored")"
    }

    /// The cells: a few by name.
    private var told: String {
      let names = cells.map { cell in cell.firstRange(of: ": ").map { String(cell[$0.upperBound...]) } ?? cell }
      return switch names.count {
      case 1 where isGrid: " (\(names[0]))"
      case 0...1: ""
      case 2...3: " (\(names.count) cells: \(names.joined(separator: ", ")))"
      default: " (\(names.count) cells)"
      }
    }
  }

  /// What a model makes of the prompts of one step: the same for every step with the same of all this.
  private struct Kind: Hashable {
    let prompts: OutputReference
    let model: Manifest
    let weights: [StepInput]
    let target: ScoreWork.Target?
  }

  func prompts(count: Int) async throws -> [Shown] {
    var kinds: [(kind: Kind, step: Step, use: ModelUse, cells: [String])] = []
    for step in graph.steps {
      // A question about responses would need the responses, and adapters a training; neither changes the tokenizer.
      guard var use = step.work.modelUse, let source = step.inputs.first(where: { $0.name == "prompts" })?.source,
        graph.step(source.step).kind == .render
      else { continue }
      use.adapters = 0
      var target: ScoreWork.Target?
      if case .score(let work) = step.work { target = work.target }
      if target == .responses { continue }
      let kind = Kind(
        prompts: source, model: Self.turns(of: step), weights: step.inputs.filter { use.inputNames.contains($0.name) },
        target: target)
      let index = kinds.firstIndex { $0.kind == kind } ?? kinds.count
      if index == kinds.count { kinds.append((kind, step, use, [])) }
      kinds[index].cells += (graph.users[step.id] ?? []).filter { !kinds[index].cells.contains($0) }
    }
    var shown: [Shown] = []
    for (kind, step, use, cells) in kinds {
      shown += try await prompts(count: count, of: step, use, label: graph.step(kind.prompts.step).label, cells)
    }
    return shown
  }

  private func prompts(
    count: Int, of step: Step, _ use: ModelUse, label: String, _ cells: [String]
  ) async throws -> [Shown] {
    let task = try await preparation.task(for: step, needing: ["prompts"] + use.inputNames)
    let tokenizer = try preparation.reading(use, of: step) {
      try preparation.engine.tokenizer(of: use, for: task)
    }
    let context = try preparation.reading(use, of: step) {
      try preparation.engine.configuration(of: use, for: task).context
    }
    let prompts = try RecordFile.records(RenderedPrompt.self, from: task.input("prompts"), file: "prompts")
    let isGrid = graph.users.count > 1
    return prompts.prefix(count).map { prompt in
      let (segments, scored) = shown(prompt, step, use, tokenizer)
      let hasAnswer = if case .generate = step.work { true } else { scored.count > 1 }
      return Shown(
        label: label, cells: cells, isGrid: isGrid, prompt: prompt, segments: segments,
        tokens: tokenizer.encode(segments).count, context: context, answers: hasAnswer ? prompt.answers : [],
        scored: scored)
    }
  }

  /// What stands before the model, and what is scored behind it.
  private func shown(
    _ prompt: RenderedPrompt, _ step: Step, _ use: ModelUse, _ tokenizer: Tokenizer
  ) -> (segments: [TextSegment], scored: [(text: String, tokens: Int)]) {
    guard case .score(let work) = step.work else { return (use.segments(of: prompt), []) }
    let requests = ScoreRequests(work, tokenizer)
    let scored = prompt.texts(scoredAs: work.target).map { text in
      let request = requests.request(prompt, text)
      return (text, max(0, request.tokens.count - request.from))
    }
    if case .plain = work.target { return ([], scored) }
    return (use.segments(of: prompt), scored)
  }

  /// What of a step's options says how its model reads turns.
  private static func turns(of step: Step) -> Manifest {
    var turns = Manifest()
    for leaf in step.work.options.leaves where leaf.name.hasPrefix("model/") { turns.set(leaf.name, leaf.value) }
    return turns
  }
}
