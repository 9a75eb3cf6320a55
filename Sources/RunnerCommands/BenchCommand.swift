// runner bench: what scoring and generation reach on this machine, beside what the machine can do.

import ArgumentParser
import Diagnostics
import Foundation
import LanguageModel
import Randomness
import Reporting
import Tensors

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure scoring and generation beside the machine's peak.",
    discussion: """
      Rates on one worker count the process's CPU time, so that a busy neighbor changes them little; on several workers
      the wall clock. Every figure is the median of the rounds, with the least and the greatest.

      Of a spec it also measures a warm run: `exec` of the whole spec, from start to exit, with every result stored.
      What is not stored yet is computed first.
      """)

  @Argument(help: ArgumentHelp("A spec, a GGUF file, or a folder.", valueName: "model"), completion: .file())
  var model: String
  @OptionGroup var storage: StoreOptions
  @Option(help: "Rounds of each measurement.") var rounds = 3
  @Option(help: "Also write the figures into this file, as Markdown.", completion: .file()) var into: String?

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds must be at least 1.") }
  }

  func run() async throws {
    var report = BenchReport(environment: ProcessInfo.processInfo.environment)
    try report.measureMachine()
    for workers in [1, 2] {
      let named = try await NamedModel.load(
        model, store: storage.storePath, mirrors: storage.allMirrors, workers: workers)
      let bench = ModelBench(model: named.model, workers: workers, rounds: rounds)
      try bench.measure(into: &report)
    }
    if model.hasSuffix(".yaml") || model.hasSuffix(".yml") {
      report.add(warmRun: try WarmRun(spec: model, storage: storage).measure(rounds: rounds))
    }
    Output.line(report.markdown)
    guard let into else { return }
    do {
      try Data(report.markdown.utf8).write(to: URL(fileURLWithPath: into), options: .atomic)
    } catch {
      throw CommandError.unwritable(path: into, reason: error.localizedDescription)
    }
  }
}

/// Figures as they are measured.
private struct BenchReport {
  private let environment: [String: String]
  private var machine: [(String, String)] = []
  private var rows: [[String]] = []
  private var warm: String?

  private let processors = ProcessInfo.processInfo.activeProcessorCount
  /// The threads that wanted to run in the last minute; nil if the system does not say.
  private let load: String?

  init(environment: [String: String]) {
    self.environment = environment
    var average = 0.0
    let count = unsafe getloadavg(&average, 1)
    load = count == 1 ? NumberFormat.fixed(average, decimals: 1) : nil
  }

  mutating func measureMachine() throws {
    for workers in [1, 2] {
      let name = workers == 1 ? "1 worker" : "\(workers) workers"
      machine.append(
        ("fp32 multiply-add peak, \(name)", rate(KernelBenchmark.peakGFLOPs(workers: workers), "GFLOP/s")))
      machine.append(
        ("memory read, \(name)", rate(try KernelBenchmark.readBandwidth(workers: workers), "GB/s")))
    }
    for rows in [1, 8, 32, 256, 1024] {
      let product = try KernelBenchmark.productGFLOPs(rows: rows, outputs: 1536, inputs: 576)
      machine.append(("ordered product \(rows) × 1536 × 576, 1 worker", rate(product, "GFLOP/s")))
    }
  }

  mutating func add(_ work: String, workers: Int, batch: String, rates: [Double]) {
    let sorted = rates.sorted()
    let median = sorted[sorted.count / 2]
    rows.append([
      work, String(workers), batch, NumberFormat.fixed(median, decimals: 0),
      "\(NumberFormat.fixed(sorted[0], decimals: 0))–\(NumberFormat.fixed(sorted[sorted.count - 1], decimals: 0))",
    ])
    Output.error("\(work), \(workers) workers, batch \(batch): \(NumberFormat.fixed(median, decimals: 0)) tokens/s\n")
  }

  /// Seconds of whole runs.
  mutating func add(warmRun seconds: [Double]) {
    let sorted = seconds.sorted()
    func text(_ seconds: Double) -> String { NumberFormat.fixed(seconds, decimals: 3) }
    let range = "\(text(sorted[0]))–\(text(sorted[sorted.count - 1]))"
    warm =
      "A warm run, `exec` of the spec with everything stored, from start to exit: "
      + "\(text(sorted[sorted.count / 2])) s (\(range)).\n"
    Output.error("warm run: \(text(sorted[sorted.count / 2])) s\n")
  }

  private func rate(_ value: Double, _ unit: String) -> String { "\(NumberFormat.fixed(value, decimals: 1)) \(unit)" }

  var markdown: String {
    var text = "# Measured\n\nBy `make bench`. The kernels in force: \(KernelVariant.best); "
    let set = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"].compactMap { name in environment[name].map { "\(name)=\($0)" } }
    text +=
      (set.isEmpty ? "OPENBLAS_* unset" : set.joined(separator: ", "))
      + " (the ordered class does not use OpenBLAS).\n\n"
    text += "One worker is measured in CPU time of the process, several by the clock, "
    text += "whatever else the machine was doing"
    text += load.map { ": \($0) other threads wanted its \(processors) processors as this began.\n\n" } ?? ".\n\n"
    text += "| machine | |\n| --- | ---: |\n"
    for (name, value) in machine { text += "| \(name) | \(value) |\n" }
    text += "\n| work | workers | batch | tokens/s, median | least–greatest |\n| --- | ---: | ---: | ---: | ---: |\n"
    for row in rows { text += "| \(row.joined(separator: " | ")) |\n" }
    if let warm { text += "\n\(warm)" }
    return text
  }
}

/// Scoring and generation with a model.
private struct ModelBench {
  let model: LoadedModel
  let workers: Int
  let rounds: Int

  private static let batches = [1, 8, 32]
  private static let promptLength = 128
  private static let newTokens = 64

  func measure(into report: inout BenchReport) throws {
    for batch in Self.batches {
      let scored = (0..<batch).map { ScoreRequest(tokens: tokens(256, from: $0), from: 1) }
      report.add(
        "scoring, sequences of 256", workers: workers, batch: String(batch),
        rates: try repeated(tokens: batch * 256) { try model.decoder.score(scored) { _, _ in true } })
    }
    for batch in Self.batches {
      // Without end tokens every request runs to its length, so that the count of tokens is known.
      let requests = (0..<batch).map { index in
        GenerationRequest(
          prompt: tokens(Self.promptLength, from: index), maxNewTokens: Self.newTokens, endTokens: [],
          sampling: Sampling(temperature: 0), random: RandomAddress(seed: 1, purpose: .sampling))
      }
      report.add(
        "generation, 128 + 64 tokens, new tokens end to end", workers: workers, batch: String(batch),
        rates: try repeated(tokens: batch * Self.newTokens) {
          try model.decoder.generate(requests, batch: batch) { _, _ in true }
        })
    }
  }

  /// Tokens that differ from sequence to sequence, so that no prefix is shared.
  private func tokens(_ count: Int, from start: Int) -> [TokenID] {
    // Control tokens stand first in most vocabularies.
    let first = min(300, model.configuration.vocabulary / 2)
    let others = model.configuration.vocabulary - first
    return (0..<count).map { TokenID(first + (start * 7919 + $0 * 104_729) % others) }
  }

  private func repeated(tokens: Int, _ body: () throws -> Void) throws -> [Double] {
    try body()
    var rates: [Double] = []
    for _ in 0..<rounds {
      let began = now()
      try body()
      rates.append(Double(tokens) / (now() - began))
    }
    return rates
  }

  /// CPU time of the process with one worker, else the wall clock.
  private func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(workers == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
