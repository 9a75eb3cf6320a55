// Judged responses token by token, for a page: how much likelier a judgment makes each token. Where an eval has scored
// them the likelihoods are stored; of what CUT learns from, the model that training starts from reads the few responses
// that are shown. Nothing is written into the store.

import Digests
import Execution
import LanguageModel
import Objectives
import Pages
import Planning
import Records
import Reporting
import Specification
import Steps
import Storage

/// Gathers detection ratios.
struct GatheredRatios {
  private let experiment: PlannedExperiment
  private let stored: StoredGraph
  private let engine: StepEngine

  init(_ experiment: PlannedExperiment, _ stored: StoredGraph) {
    self.experiment = experiment
    self.stored = stored
    // Results do not depend on the number of threads.
    engine = StepEngine(
      workers: ComputeOptions.usualWorkerCount, batch: 1, mirrors: [], scratch: stored.store.scratchFolder,
      isOffline: true)
  }

  /// The ratios of evals that ask for them, and of what trainings by CUT learn from.
  ///
  /// - Parameter count: How many responses of each.
  /// - Returns: A set for each eval under each model, and for each list of examples.
  /// - Throws: What reading the store or running the model throws.
  func sets(_ count: Int) async throws -> [DetectionSet] {
    var sets: [DetectionSet] = []
    for step in stored.graph.steps {
      if case .detect(let work) = step.work, let set = try await measured(step, work, count) { sets.append(set) }
    }
    var seen: Set<[String]> = []
    for step in stored.graph.steps {
      guard case .train(let work) = step.work, case .cut(let options) = work.objective,
        let source = step.inputs.first(where: { $0.name == "examples" })?.source,
        seen.insert([source.step.digest.hex, String(options.lambda)]).inserted,
        let set = try await learned(step, work, options.lambda, source, count)
      else { continue }
      sets.append(set)
    }
    return sets
  }

  // MARK: - Evals

  private func measured(_ step: Step, _ work: DetectWork, _ count: Int) async throws -> DetectionSet? {
    func source(_ name: String) -> OutputReference? { step.inputs.first { $0.name == name }?.source }
    guard let feedback = try source("feedback").flatMap({ try stored.records(FeedbackRecord.self, of: $0) }),
      let scores = try source("scores").flatMap({ try stored.records(Scores.self, of: $0) }),
      let task = try await task(for: step, of: work.model)
    else { return nil }
    let encoder = ResponseEncoder(work.model, try engine.tokenizer(of: work.model, for: task))
    let known = Dictionary(scores.map { ($0.id, $0.scores) }, uniquingKeysWith: { first, _ in first })
    let responses = feedback.lazy.compactMap { record -> ShownJudgment? in
      guard let own = known[record.id], own.count == 2 else { return nil }
      return shown(record, own[0], own[1], encoder, lambda: nil)
    }.prefix(count)
    guard !responses.isEmpty else { return nil }
    let key = source("scores").flatMap { stored[$0.step]?.key.short } ?? ""
    return DetectionSet(
      title: step.label, note: "The eval's own likelihoods, as they are stored; key \(key).", lambda: nil,
      responses: Array(responses), origin: source("scores").map { "\($0.step.digest.hex)/\($0.output)" } ?? "")
  }

  // MARK: - Trainings

  private func learned(
    _ step: Step, _ work: TrainWork, _ lambda: Double, _ source: OutputReference, _ count: Int
  ) async throws -> DetectionSet? {
    let records = try stored.records(FeedbackRecord.self, of: source) ?? []
    let judged = records.filter { !ScoredResponse.inBothContexts(of: $0).isEmpty }.prefix(count)
    guard !judged.isEmpty, let task = try await task(for: step, of: work.model) else { return nil }
    let model = try engine.model(of: work.model, for: task)
    let encoder = ResponseEncoder(work.model, model.tokenizer)
    var responses: [ShownJudgment] = []
    for record in judged {
      let texts = ScoredResponse.inBothContexts(of: record).prefix(2)
      let requests = texts.map { text in
        let (tokens, from) = encoder.encode(turns: text.turns, response: text.response)
        return ScoreRequest(tokens: tokens, from: from)
      }
      guard requests.allSatisfy({ $0.from < $0.tokens.count && $0.tokens.count <= model.configuration.context }) else {
        continue
      }
      var scores: [Score] = []
      try model.decoder.score(requests) { index, values in
        scores.append(Score(logProbabilities: values, byteCount: texts[index].response.text.utf8.count))
        return !Interrupt.cancellation.isCancelled
      }
      guard scores.count == 2, let one = shown(record, scores[0], scores[1], encoder, lambda: lambda) else { continue }
      responses.append(one)
    }
    guard !responses.isEmpty else { return nil }
    let cells = experiment.cells(using: source.step, in: stored.graph).filter { !$0.isEmpty }
    return DetectionSet(
      title: "What CUT learns from: \(stored.graph.step(source.step).label)",
      note: "Read by the model that training starts from, as at the first optimizer step"
        + "\(cells.isEmpty ? "" : ", for \(cells.prefix(6).joined(separator: ", "))"); λ = \(lambda); examples' key "
        + "\(stored[source.step]?.key.short ?? "").",
      lambda: lambda, responses: responses, origin: Self.origin(step, work, lambda, source))
  }

  /// The same examples, read by the same model.
  private static func origin(_ step: Step, _ work: TrainWork, _ lambda: Double, _ source: OutputReference) -> String {
    let model = step.inputs.filter { work.model.inputNames.contains($0.name) }.map(\.source)
    let read = ([source] + model).map { "\($0.step.digest.hex)/\($0.output)" }
    return (read + ["\(lambda)"]).joined(separator: "\n")
  }

  /// The step as a task whose model can be read; nil if the model's files are not stored.
  private func task(for step: Step, of model: ModelUse) async throws -> StepTask? {
    let sources = step.inputs.filter { model.inputNames.contains($0.name) }.map(\.source.step)
    guard sources.allSatisfy({ stored[$0] != nil }) else { return nil }
    return try await Executor.forModels(stored.store, engine)
      .task(for: step, in: stored.graph, needing: model.inputNames)
  }

  private func shown(
    _ record: FeedbackRecord, _ plain: Score, _ judged: Score, _ encoder: ResponseEncoder, lambda: Double?
  ) -> ShownJudgment? {
    let item = record.items.first { if case .judged(_, _?, _) = $0 { true } else { false } }
    guard case .judged(let response, let judgment?, _)? = item,
      let tokens = TokenRatio.all(of: response, plain: plain, judged: judged, encoder), !tokens.isEmpty
    else { return nil }
    let bytes = Array(response.text.utf8)
    let above = lambda.map { lambda in
      ContrastiveUnlikelihood.inappropriateTokens(
        plain: tokens.map(\.plain), judged: tokens.map(\.judged), lambda: lambda)
    }
    return ShownJudgment(
      id: record.id.description, prompt: record.turns.map { ShownText($0.role.rawValue, $0.text) },
      judgment: judgment,
      tokens: tokens.enumerated().map { index, token in
        JudgedToken(
          text: String(decoding: bytes[token.bytes], as: UTF8.self), plain: token.plain, judged: token.judged,
          isInappropriate: above?[index] ?? false)
      })
  }
}
