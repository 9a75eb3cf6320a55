// What stood around the records that an eval measured: what was asked, what was said, which pair was looked at.
// Walks from a step to those that it read from, by what the store kept of them; no spec is needed for it.

import Digests
import JSON
import Planning
import Records
import Storage

/// Prompts, responses and examples behind outcomes, by record.
struct RecordContext {
  /// The prompts with their right answers, where an eval asked for a response.
  private(set) var prompts: [RecordID: RenderedPrompt] = [:]
  /// What was said, sample by sample.
  private(set) var responses: [RecordID: [Response]] = [:]
  /// What was compared or scored, where an eval reads examples.
  private(set) var examples: [RecordID: FeedbackRecord] = [:]

  /// What was asked; nil if that is not stored.
  func asked(_ record: RecordID) -> String? {
    let turns = prompts[record]?.turns ?? examples[record]?.turns ?? []
    return turns.isEmpty ? nil : turns.map(\.text).joined(separator: "\n\n")
  }

  /// What was said, or the responses of the example that was looked at, best first, or the texts that were scored; empty if
  /// that is not stored.
  func said(_ record: RecordID) -> [String] {
    if let responses = responses[record] { return responses.map(\.text) }
    if let example = examples[record] { return example.items.flatMap(\.responses).map(\.text) }
    return prompts[record]?.texts.sorted { $0.key < $1.key }.map(\.value) ?? []
  }

  /// Looks behind a step's outcomes.
  ///
  /// The nearest prompts or examples end the walk: what lies behind them is how they came about. What is not stored any
  /// more is left out.
  ///
  /// - Parameters:
  ///   - step: The key of the step.
  ///   - outcomes: Its outcomes, which tell what a choice among several took.
  ///   - store: The store.
  init(behind step: Digest, outcomes: Digest, in store: Store) {
    var level = [step]
    var seen: Set<Digest> = []
    while !level.isEmpty, prompts.isEmpty, examples.isEmpty {
      let results = level.filter { seen.insert($0).inserted }.compactMap { (try? store.result(for: $0)) ?? nil }
      let inputs = results.flatMap { Self.inputs(of: $0, taking: outcomes) }
      for input in inputs { read(input, in: store) }
      level = inputs.compactMap(\.source)
    }
  }

  /// Something that a step read.
  private struct Input {
    let name: String
    let content: Digest
    let source: Digest?
  }

  /// The inputs of a step that hold records: of a choice the one that it took; no weights.
  private static func inputs(of result: StepResult, taking outcomes: Digest) -> [Input] {
    let sources = result.provenance["sources"]
    let inputs = result.manifest.leaves.compactMap { leaf -> Input? in
      guard leaf.name.hasPrefix("inputs/"), case .digest(let content) = leaf.value else { return nil }
      let name = String(leaf.name.dropFirst("inputs/".count))
      return Input(name: name, content: content, source: sources?[name]?.stringValue.flatMap(Digest.init(hex:)))
    }
    let candidates = inputs.filter { $0.name.hasPrefix("candidates/") }
    if !candidates.isEmpty { return candidates.first { $0.content == outcomes }.map { [$0] } ?? [] }
    return inputs.filter { input in !weights.contains { input.name == $0 || input.name.hasPrefix("\($0)/") } }
  }

  private static let weights = ["model", "adapter", "start", "optimizer", "choice"]

  private mutating func read(_ input: Input, in store: Store) {
    func records<Record: WireRecord>(_ type: Record.Type) -> [Record] {
      guard let bytes = try? store.read(input.content) else { return [] }
      return (try? RecordFile.records(type, from: bytes, file: input.name)) ?? []
    }
    switch input.name {
    case "prompts" where prompts.isEmpty: for one in records(RenderedPrompt.self) { prompts[one.id] = one }
    case "responses" where responses.isEmpty: for one in records(Responses.self) { responses[one.id] = one.responses }
    case "examples" where examples.isEmpty: for one in records(FeedbackRecord.self) { examples[one.id] = one }
    default: break
    }
  }
}

extension StoredGraph {
  /// What stood around the records of an eval's outcomes; nil if they are not stored.
  func context(of outcomes: OutputReference) -> RecordContext? {
    guard let key = self[outcomes.step]?.key, let digest = digest(of: outcomes) else { return nil }
    return RecordContext(behind: key, outcomes: digest, in: store)
  }
}
