// Prompts that stand in several parts of the data: what is trained on and measured, too, is worth knowing before a number is.
// Finds the parts of a plan and what they are for; how texts are compared is Reporting's.

import Diagnostics
import Digests
import Execution
import JSON
import Planning
import Records
import Reporting
import Specification
import Steps
import Storage

/// What `runner trace --leaks` shows.
struct LeakReport: TraceText {
  /// A part of a data set that something reads.
  struct Part {
    let name: String
    let output: OutputReference
    /// A step that reads it, and what that calls it.
    let reader: Step
    let input: String
    var isLearned = false
    /// Whether weights or settings are chosen by what is measured on it.
    var isChosenOn = false
    var evals: [String] = []
    var ids: [RecordID] = []
    var texts: [String] = []

    /// Whether it is only measured.
    var isHeldOut: Bool { !isUsed && !evals.isEmpty }

    /// Whether a policy is as it is because of it.
    var isUsed: Bool { isLearned || isChosenOn }

    /// Such as `yes`, or `no, chosen on`.
    var use: String { (isLearned ? "yes" : "no") + (isChosenOn ? ", chosen on" : "") }
  }

  let spec: String
  let near: Double
  let parts: [Part]
  let overlap: TextOverlap

  /// Reads the parts of a plan and holds their prompts against each other.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - preparation: Its plan; data that are not stored are fetched and read.
  ///   - near: The share of runs of words that makes two prompts nearly equal.
  ///   - examples: How many examples of each two parts are shown.
  /// - Throws: What reading the store or the data throws.
  init(_ experiment: PlannedExperiment, _ preparation: Preparation, near: Double, examples: Int) async throws {
    spec = experiment.experiment.path
    self.near = near
    var parts = Self.parts(of: experiment, preparation.graph)
    for index in parts.indices {
      let part = parts[index]
      guard case .split(let work) = preparation.graph.step(part.output.step).work else { continue }
      let task = try await preparation.task(for: part.reader, needing: [part.input])
      let bytes = try task.input(part.input)
      let splitter = Splitter(work, label: part.name)
      parts[index].ids = RecordNames.identities(in: bytes)
      parts[index].texts = try RecordFile.fields(from: bytes, file: part.name).map { splitter.promptText(of: $0) }
    }
    self.parts = parts
    overlap = TextOverlap(parts.map(\.texts), near: near, examples: examples)
  }

  // MARK: - Parts

  private static func parts(of experiment: PlannedExperiment, _ graph: StepGraph) -> [Part] {
    let learned = sources(of: Set(graph.steps.filter { $0.kind == .train }.map(\.id)), graph, through: true)
    let choices = graph.steps.filter { $0.kind == .choose }.flatMap(\.inputs).map(\.source.step)
    let chosen = sources(of: Set(choices), graph, through: false)
    let inputs = Dictionary(
      graph.step(experiment.table).inputs.map { ($0.name, $0.source.step) }, uniquingKeysWith: { first, _ in first })
    var evals: [(name: String, steps: Set<StepID>)] = []
    for measurement in experiment.measurements {
      guard let step = inputs[measurement.input] else { continue }
      if let index = evals.firstIndex(where: { $0.name == measurement.eval }) {
        evals[index].steps.insert(step)
      } else {
        evals.append((measurement.eval, [step]))
      }
    }
    let measured = evals.map { ($0.name, sources(of: $0.steps, graph, through: false)) }
    var parts: [Part] = []
    for step in graph.steps {
      for input in step.inputs where graph.step(input.source.step).kind == .split {
        guard !parts.contains(where: { $0.output == input.source }) else { continue }
        var part = Part(
          name: name(of: input.source, graph), output: input.source, reader: step, input: input.name)
        part.isLearned = learned.contains(input.source)
        part.isChosenOn = chosen.contains(input.source)
        part.evals = measured.filter { $0.1.contains(input.source) }.map(\.0)
        parts.append(part)
      }
    }
    return parts
  }

  /// The parts of the data that steps are made from; `through` trainings, or up to them.
  private static func sources(of steps: Set<StepID>, _ graph: StepGraph, through: Bool) -> Set<OutputReference> {
    var reached = steps
    var found: Set<OutputReference> = []
    for step in graph.restricted(to: steps).steps.reversed() where reached.contains(step.id) {
      if !through, [.train, .choose, .select, .adapt].contains(step.kind) { continue }
      for input in step.inputs {
        if graph.step(input.source.step).kind == .split { found.insert(input.source) }
        reached.insert(input.source.step)
      }
    }
    return found
  }

  /// Such as `counting/train`; data sets that cells read in different ways are told apart by the first cell.
  private static func name(of output: OutputReference, _ graph: StepGraph) -> String {
    let label = graph.step(output.step).label
    let dataset = label.hasPrefix("split ") ? String(label.dropFirst("split ".count)) : label
    let name = output.output == "all" ? dataset : "\(dataset)/\(output.output)"
    let isOne = graph.steps.count { $0.kind == .split && $0.label == label } == 1
    return isOne ? name : name + (graph.users.summary(of: output.step).first.map { " (\($0))" } ?? "")
  }

  // MARK: - Text

  /// Whether one of two parts is trained or chosen on and the other is held out.
  private func isLeak(_ pair: TextOverlap.Pair) -> Bool {
    let (first, second) = (parts[pair.first], parts[pair.second])
    return first.isUsed && second.isHeldOut || second.isUsed && first.isHeldOut
  }

  /// What the user should know; nil if nothing that is measured alone is trained on.
  var warning: Diagnosis? {
    var (equal, near) = (0, 0)
    for pair in overlap.pairs where isLeak(pair) {
      equal += parts[pair.first].isHeldOut ? pair.equal.first : pair.equal.second
      near += parts[pair.first].isHeldOut ? pair.near.first : pair.near.second
    }
    guard equal + near > 0 else { return nil }
    return Diagnosis(
      "trace.leak",
      "\(spec): of the records that are measured, \(equal) \(equal == 1 ? "has" : "have") a prompt that is trained or chosen on, and \(near) a nearly equal one",
      remedy: "Keep them in one part with `group-by`, take them out of the data, or say so beside the numbers.",
      exit: .done, severity: .warning)
  }

  var lines: [String] {
    let records = parts.reduce(0) { $0 + $1.texts.count }
    var lines = ["Prompts of \(spec): \(parts.count) parts, \(records) records", ""]
    var table = TextTable(numbers: [1, 2])
    table.add(["part", "records", "different", "trained on", "measured by"])
    for (part, distinct) in zip(parts, overlap.distinct) {
      table.add([
        part.name, String(part.texts.count), String(distinct), part.use,
        part.evals.isEmpty ? "–" : part.evals.joined(separator: ", "),
      ])
    }
    lines += table.lines(indent: 2)
    let share = "\(NumberFormat.fixed(near, decimals: 0, shift: 2))% of their runs of five words in common"
    if overlap.pairs.isEmpty {
      return lines + ["", "No two parts have prompts that are equal, or that have \(share)."]
    }
    for pair in overlap.pairs { lines += [""] + self.lines(of: pair) }
    lines += ["", "Equal: but for case, spaces and punctuation. Nearly equal: at least \(share)."]
    if overlap.isSampled { lines.append("The shares are those of a sample of all runs: there are too many.") }
    if overlap.isCut { lines.append("Some prompts are like thousands of others: there may be more than is said.") }
    return lines
  }

  private func lines(of pair: TextOverlap.Pair) -> [String] {
    let (first, second) = (parts[pair.first], parts[pair.second])
    let use = first.isLearned || second.isLearned ? "trained" : "chosen"
    let leak = isLeak(pair) ? ": one is \(use) on, the other is measured" : ""
    var lines = ["\(first.name) and \(second.name)\(leak)"]
    lines.append("  equal         \(pair.equal.first) of the first, \(pair.equal.second) of the second")
    lines.append("  nearly equal  \(pair.near.first) of the first, \(pair.near.second) of the second")
    for example in pair.examples {
      let share = example.share == 1 ? "equal" : "\(NumberFormat.fixed(example.share, decimals: 0, shift: 2))%"
      lines.append("  \(share)")
      for (part, place) in [(first, example.first), (second, example.second)] {
        let name = "\(part.name), record \(place + 1), \(part.ids[place].description.prefix(12))"
        lines.append("    \(name)  \(TextBlock.short(part.texts[place], 100))".showingControls)
      }
    }
    return lines
  }

  // MARK: - JSON

  var json: JSONValue {
    .members([
      "spec": .string(spec), "near": .number(near), "sampled": .bool(overlap.isSampled), "cut": .bool(overlap.isCut),
      "parts": .array(
        zip(parts, overlap.distinct).map { part, distinct in
          .members([
            "part": .string(part.name), "records": .integer(Int64(part.texts.count)),
            "different": .integer(Int64(distinct)), "trained-on": .bool(part.isLearned),
            "chosen-on": .bool(part.isChosenOn),
            "measured-by": .array(part.evals.map { .string($0) }),
          ])
        }),
      "pairs": .array(overlap.pairs.map(json(of:))),
    ])
  }

  private func json(of pair: TextOverlap.Pair) -> JSONValue {
    func counts(_ counts: TextOverlap.Counts) -> JSONValue {
      .array([.integer(Int64(counts.first)), .integer(Int64(counts.second))])
    }
    return .members([
      "parts": .array([.string(parts[pair.first].name), .string(parts[pair.second].name)]),
      "leak": .bool(isLeak(pair)), "equal": counts(pair.equal), "near": counts(pair.near),
      "examples": .array(
        pair.examples.map { example in
          .members([
            "share": .number(example.share),
            "records": .array([
              .string(parts[pair.first].ids[example.first].description),
              .string(parts[pair.second].ids[example.second].description),
            ]),
          ])
        }),
    ])
  }
}
