// runner bench: what scoring, generation and training reach on this machine, beside what the machine can do.
// Knows what is measured in which order; how it is told is the report's.

import ArgumentParser
import Diagnostics
import FoundationEssentials
import LanguageModel
import Randomness

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "bench", "Measure scoring, generation and training beside the machine's peak.",
    takes: "<model> [<options>]",
    discussion: """
      Rates on one worker count the process's CPU time, so that a busy neighbor changes them little; on several workers \
      the wall clock. Every figure is the median of the rounds, with the least and the greatest.

      Of a spec it also measures a warm run: `exec` of the whole spec, from start to exit, with every result stored. \
      What is not stored yet is computed first.
      """,
    examples: [
      "runner bench experiments/quickstart/training.yaml",
      "runner bench model.gguf --workers 1 --rounds 5",
      "runner bench hf-folder --only decoding --json",
    ])

  @Argument(help: ArgumentHelp("A spec, a GGUF file, or a folder.", valueName: "model"), completion: .file())
  var model: String
  @OptionGroup var storage: StoreOptions
  @Option(help: "Rounds of each measurement.") var rounds = 3
  @Option(parsing: .upToNextOption, help: "Measure with so many threads; may be several numbers.")
  var workers = [1, 2]
  @Option(help: "Measure only this: decoding or training.") var only: BenchPart?
  @Option(help: "Also write the figures into this file, as Markdown.", completion: .file()) var into: String?
  @Flag(help: "Print the figures of generation and training, and the machine's, as JSON.") var json = false

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1.") }
    guard !workers.isEmpty, workers.allSatisfy({ $0 >= 1 }) else {
      throw ValidationError("--workers takes numbers from 1 on.")
    }
  }

  func run() async throws {
    var report = BenchReport(environment: ProcessInfo.processInfo.environment)
    try report.measureMachine(workers: workers)
    for workers in workers {
      let named = try await NamedModel.load(
        model, store: storage.storePath, mirrors: storage.allMirrors, workers: workers)
      if only != .training {
        try ModelBench(model: named.model, workers: workers, rounds: rounds).measure(into: &report)
      }
      if only != .decoding {
        let bench = TrainingBench(
          model: named.model, workers: workers, rounds: rounds, peak: report.peak(workers: workers))
        try bench.measure { report.add($0) }
      }
    }
    if only == nil && (model.hasSuffix(".yaml") || model.hasSuffix(".yml")) {
      report.add(warmRun: try await WarmRun(spec: model, storage: storage).measure(rounds: rounds))
    }
    if json { Output.json(report.json) } else { Output.verbatim(report.markdown) }
    if let into { try report.write(to: into) }
  }
}

/// What can be measured by itself.
enum BenchPart: String, ExpressibleByArgument, CaseIterable {
  case decoding
  case training
}

/// Scoring and generation with a model.
private struct ModelBench {
  let model: LoadedModel
  let workers: Int
  let rounds: Int

  private static let batches = [1, 8, 32]
  private static let promptLength = 128
  private static let newTokens = 128

  func measure(into report: inout BenchReport) throws {
    for batch in Self.batches {
      let scored = (0..<batch).map {
        ScoreRequest(tokens: BenchTokens.some(256, from: $0, model.configuration), from: 1)
      }
      report.add(
        "scoring, sequences of 256", workers: workers, batch: String(batch),
        rates: try repeated(tokens: batch * 256) { try model.decoder.score(scored) { _, _ in true } })
    }
    for batch in Self.batches {
      let first = try seconds { try generate(batch, newTokens: 1, temperature: 0) }
      for (name, temperature) in [("greedy", 0.0), ("sampled at 0.7", 0.7)] {
        report.add(
          GenerationFigure(
            sampling: name, workers: workers, batch: batch, promptTokens: Self.promptLength, newTokens: Self.newTokens,
            seconds: try seconds { try generate(batch, newTokens: Self.newTokens, temperature: temperature) },
            secondsOfFirst: first))
      }
    }
  }

  /// Without end tokens every request runs to its length, so that the count of tokens is known.
  private func generate(_ batch: Int, newTokens: Int, temperature: Double) throws {
    let requests = (0..<batch).map { index in
      GenerationRequest(
        prompt: BenchTokens.some(Self.promptLength, from: index, model.configuration), maxNewTokens: newTokens,
        endTokens: [], sampling: Sampling(temperature: temperature),
        random: RandomAddress(seed: UInt64(index), purpose: .sampling))
    }
    try model.decoder.generate(requests, batch: batch) { _, _ in true }
  }

  private func repeated(tokens: Int, _ body: () throws -> Void) throws -> [Double] {
    try seconds(body).map { Double(tokens) / $0 }
  }

  /// The seconds of each round, after one that is left out.
  private func seconds(_ body: () throws -> Void) throws -> [Double] {
    try body()
    return try (0..<rounds).map { _ in
      let began = BenchClock.now(workers: workers)
      try body()
      return BenchClock.now(workers: workers) - began
    }
  }
}
