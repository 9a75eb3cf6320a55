// What the bench tells: figures as they are measured, as Markdown or JSON.
// Knows nothing of how a figure comes about, except for the machine's own.

import Diagnostics
import FoundationEssentials
import Glibc
import JSON
import LanguageModel
import Reporting
import Tensors

/// The clock of the bench.
enum BenchClock {
  /// Seconds: CPU time of the process with one worker, so that a busy neighbor changes little; else the wall clock.
  static func now(workers: Int) -> Double {
    var time = timespec()
    unsafe clock_gettime(workers == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// Made-up texts.
enum BenchTokens {
  /// Tokens that differ from sequence to sequence, so that no prefix is shared.
  static func some(_ count: Int, from start: Int, _ configuration: DecoderConfiguration) -> [TokenID] {
    // Control tokens stand first in most vocabularies.
    let first = min(300, configuration.vocabulary / 2)
    let others = configuration.vocabulary - first
    return (0..<count).map { TokenID(first + (start * 7919 + $0 * 104_729) % others) }
  }
}

/// Figures as they are measured.
struct BenchReport {
  /// From this line on a file is not the bench's, and is kept.
  static let foreign = "# Beside other programs"

  private let environment: [String: String]
  private var machine: [(String, String)] = []
  private var peaks: [Int: Double] = [:]
  private var rows: [[String]] = []
  private var generation: [GenerationFigure] = []
  private var training: [TrainingFigure] = []
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

  mutating func measureMachine(workers counts: [Int]) throws {
    for workers in counts {
      let name = workers == 1 ? "1 worker" : "\(workers) workers"
      let peak = KernelBenchmark.peakGFLOPs(workers: workers)
      peaks[workers] = peak
      machine.append(("fp32 multiply-add peak, \(name)", rate(peak, "GFLOP/s")))
      machine.append(
        ("memory read, \(name)", rate(try KernelBenchmark.readBandwidth(workers: workers), "GB/s")))
    }
    for rows in [1, 8, 32, 256, 1024] {
      let product = try KernelBenchmark.productGFLOPs(rows: rows, outputs: 1536, inputs: 576)
      machine.append(("ordered product \(rows) × 1536 × 576, 1 worker", rate(product, "GFLOP/s")))
    }
  }

  /// 10⁹ operations a second that so many workers can do, as measured.
  func peak(workers: Int) -> Double { peaks[workers] ?? 0 }

  mutating func add(_ work: String, workers: Int, batch: String, rates: [Double]) {
    let sorted = rates.sorted()
    let median = Self.median(rates)
    rows.append([
      work, String(workers), batch, NumberFormat.fixed(median, decimals: 0),
      "\(NumberFormat.fixed(sorted[0], decimals: 0))–\(NumberFormat.fixed(sorted[sorted.count - 1], decimals: 0))",
    ])
    Output.error("\(work), \(workers) workers, batch \(batch): \(NumberFormat.fixed(median, decimals: 0)) tokens/s\n")
  }

  /// The middle of the sorted numbers, the greater of two.
  static func median(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }

  mutating func add(_ figure: GenerationFigure) {
    generation.append(figure)
    let told = zip(GenerationFigure.columns, figure.cells).map { "\($0) \($1)" }
    Output.error("\(told.joined(separator: ", "))\n")
  }

  mutating func add(_ figure: TrainingFigure) {
    training.append(figure)
    let rate = NumberFormat.fixed(figure.rate(figure.median), decimals: 0)
    Output.error(
      "training step, \(figure.tuning), \(figure.shape.name) pairs, \(figure.workers) workers: \(rate) tokens/s a core\n"
    )
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
    var text = "# Measured\n\nBy `make bench`"
    text += " on \(Self.date), \(Self.processor ?? "a processor without a name"). "
    text += "The kernels in force: \(KernelVariant.best); "
    let set = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"].compactMap { name in environment[name].map { "\(name)=\($0)" } }
    text +=
      (set.isEmpty ? "OPENBLAS_* unset" : set.joined(separator: ", "))
      + " (the ordered class does not use OpenBLAS).\n\n"
    text += "One worker is measured in CPU time of the process, several by the clock, "
    text += "whatever else the machine was doing"
    text += load.map { ": \($0) other threads wanted its \(processors) processors as this began.\n\n" } ?? ".\n\n"
    text += "| machine | |\n| --- | ---: |\n"
    for (name, value) in machine { text += "| \(name) | \(value) |\n" }
    if !rows.isEmpty {
      text += "\n| work | workers | batch | tokens/s, median | least–greatest |\n| --- | ---: | ---: | ---: | ---: |\n"
      for row in rows { text += "| \(row.joined(separator: " | ")) |\n" }
    }
    if !generation.isEmpty { text += generationTable }
    if !training.isEmpty { text += trainingTable }
    if let warm { text += "\n\(warm)" }
    return text
  }

  private var generationTable: String {
    let (prompt, new) = (generation[0].promptTokens, generation[0].newTokens)
    var text = "\nGeneration after prompts of \(prompt) tokens, \(new) new tokens each, as many side by side "
    text += "as the batch. End to end is with the prompts; after the first token is without the time that one new "
    text += "token takes.\n\n"
    text += "| \(GenerationFigure.columns.joined(separator: " | ")) |\n| --- |"
    text += String(repeating: " ---: |", count: GenerationFigure.columns.count - 1) + "\n"
    for figure in generation { text += "| \(figure.cells.joined(separator: " | ")) |\n" }
    return text
  }

  private var trainingTable: String {
    let shapes = PairShape.all.map { shape in
      let pairs = shape.pairs.map { "\($0.prompt) + \($0.chosen) + \($0.rejected)" }
      return "\(shape.name): \(pairs.joined(separator: ", "))"
    }
    var text = "\nOne optimizer step of APO-zero on two pairs (prompt + chosen + rejected, in tokens; "
    text +=
      "\(shapes.joined(separator: "; "))), reference log-probabilities at hand. Tokens count a pair's prompt twice, "
    text += "as programs do that run it twice; GFLOP is what the step needs with the prompt once, the vocabulary head "
    text += "for response positions only, and no gradients of frozen weights. LoRA stands on all matrices of all "
    text += "blocks. Update is clipping, AdamW, and merging and turning weights.\n\n"
    text += "| \(TrainingFigure.columns.joined(separator: " | ")) |\n| --- | --- |"
    text += String(repeating: " ---: |", count: TrainingFigure.columns.count - 2) + "\n"
    for figure in training { text += "| \(figure.cells.joined(separator: " | ")) |\n" }
    return text
  }

  /// What another program needs to set its own figures beside these.
  var json: JSONValue {
    .object(
      JSONObject([
        JSONMember("date", .string(Self.date)), JSONMember("processor", .string(Self.processor ?? "")),
        JSONMember("kernels", .string("\(KernelVariant.best)")),
        JSONMember(
          "peaks", .object(JSONObject(peaks.sorted { $0.key < $1.key }.map { JSONMember("\($0)", .number($1)) }))),
        JSONMember("generation", .array(generation.map(\.json))),
        JSONMember("training", .array(training.map(\.json))),
      ]))
  }

  private static var date: String { String(Date().formatted(.iso8601).prefix(10)) }

  /// The processor's name, as the system tells it.
  private static var processor: String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) }
  }

  /// Writes the Markdown, and leaves standing what others wrote behind it.
  func write(to path: String) throws {
    let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let kept = old.firstRange(of: "\n" + Self.foreign).map { "\n" + Self.foreign + old[$0.upperBound...] } ?? ""
    do {
      try Data((markdown + kept).utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw CommandError.unwritable(path: path, reason: SystemReason.text(of: error, at: path))
    }
  }
}
