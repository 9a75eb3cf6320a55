// A number with everything behind it, as text and as JSON.
// Gathers what the steps say of themselves; computes nothing but the number, from stored outcomes.

import Diagnostics
import Digests
import JSON
import Planning
import Records
import Reporting

/// What `runner trace` shows of a number.
struct NumberTrace: TraceText {
  /// A record that the number is the mean of.
  struct Example {
    let id: RecordID
    /// Its place among the records, counted from 1.
    let place: Int
    let outcome: String
    /// What was asked and said, where that step did not read it itself.
    let around: [(name: String, text: String)]
    /// What the step that judged it had read: prompt, response, scores.
    let read: [RecordForm]

    /// All of it, the outcome last.
    var parts: [(name: String, text: String)] { around + read.flatMap(\.parts) + [("outcome", outcome)] }
  }

  let number: TracedNumber
  let followed: TracedNumber.Source
  let otherEvals: [String]
  let examples: [Example]
  let sections: [(section: TraceChain.Section, steps: [StepFacts])]

  /// Gathers what is behind a number.
  ///
  /// - Parameters:
  ///   - number: The number, as it was measured.
  ///   - source: The seed whose steps are followed.
  ///   - otherEvals: What else is measured in the same cell.
  ///   - count: How many examples are wanted.
  ///   - stored: The plan's steps.
  /// - Throws: What reading the store throws.
  init(
    _ number: TracedNumber, followed source: TracedNumber.Source, otherEvals: [String], examples count: Int,
    in stored: StoredGraph
  ) throws {
    self.number = number
    followed = source
    self.otherEvals = otherEvals
    examples = try Self.examples(of: source.outcomes, count, stored)
    sections = try TraceChain(to: source.outcomes, in: stored.graph).sections.map { section, steps in
      (section, try steps.map { try StepFacts($0, in: stored) })
    }
  }

  /// The first record of each kind of outcome, then others, in the order of the records.
  private static func examples(
    of outcomes: OutputReference, _ count: Int, _ stored: StoredGraph
  ) throws -> [Example] {
    let records = try stored.records(Outcomes.self, of: outcomes) ?? []
    var kinds: Set<String> = []
    let firsts = records.indices.filter { kinds.insert(records[$0].outcomes.first?.kind ?? "").inserted }
    let others = records.indices.filter { !firsts.contains($0) }
    let step = stored.graph.step(outcomes.step)
    let names = Set(step.inputs.map(\.name))
    let isBare = names.isDisjoint(with: ["prompts", "examples"])
    let context = isBare ? stored.context(of: outcomes) : nil
    return try (firsts + others).prefix(count).sorted().map { index in
      let record = records[index]
      let read = try step.inputs.compactMap { try stored.line(about: record.id, in: $0.source).map { RecordForm($0) } }
      let said = names.contains("responses") ? [] : context?.said(record.id) ?? []
      let around = (context?.asked(record.id)).map { [("prompt", $0)] } ?? []
      return Example(
        id: record.id, place: index + 1,
        outcome: record.outcomes.map { RecordForm.text(of: $0) }.joined(separator: " | "),
        around: around + said.map { ("response", $0) }, read: read)
    }
  }

  // MARK: - Text

  var lines: [String] {
    let measured = number.measured
    var lines = ["\(number.title): \(measured.divergence ?? measured.text)"]
    if measured.seeds.count > 1 {
      let values = zip(number.sources, measured.seeds).enumerated().map { index, pair in
        let (source, value) = pair
        let text = divergence(ofSeed: index).map { "diverged at step \($0)" } ?? measured.text(of: value)
        return (source.seed.map { "seed \($0): " } ?? "") + text
      }
      lines.append("  seeds     \(values.joined(separator: ", "))")
    }
    lines.append("  records   \(measured.records)\(measured.seeds.count > 1 ? " for each seed" : "")")
    let kinds = measured.counts.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    lines.append("  outcomes  \(kinds)\(measured.seeds.count > 1 ? ", over all seeds" : "")")
    if number.sources.count > 1 {
      let seed = followed.seed.map { "seed \($0)" } ?? "the first part"
      lines.append("  followed  \(seed)\(followed.seed == nil ? "" : "; --seed for another")")
    }
    if !otherEvals.isEmpty { lines.append("  --eval    also \(otherEvals.joined(separator: ", "))") }
    for example in examples {
      lines += ["", "Record \(example.place), \(example.id.description)"]
      let parts = example.parts
      let width = parts.map { $0.name.terminalColumns }.max() ?? 0
      lines += parts.flatMap { TextBlock.lines($0.name, $0.text, width: width) }
    }
    for (section, steps) in sections {
      lines += ["", "── \(section.title)"]
      for step in steps { lines += Self.lines(of: step) }
    }
    return lines
  }

  /// The optimizer step at which a seed's training diverged; nil if it went well.
  private func divergence(ofSeed index: Int) -> Int? {
    let steps = number.measured.divergedAt
    return steps.indices.contains(index) ? steps[index] : nil
  }

  private static func lines(of step: StepFacts) -> [String] {
    var parts = [("key", step.key.map { "\($0.short)  \(step.computed)" } ?? "not stored here")]
    parts += step.facts.map { ($0.name, $0.text) }
    let width = max(8, parts.map { $0.0.terminalColumns }.max() ?? 0)
    let options = step.options.map { option in
      ("option", "\(option.name) = \(TextBlock.short(option.value, 60))  (\(option.place.description))")
    }
    return ["", step.step.label.showingControls]
      + (parts + options).flatMap { TextBlock.lines($0.0, $0.1, width: width) }
  }

  // MARK: - JSON

  var json: JSONValue {
    let measured = number.measured
    // A training that diverged has no number.
    let isNumber = measured.divergence == nil
    func optional(_ value: Double?) -> JSONValue { value.flatMap { isNumber ? .number($0) : nil } ?? .null }
    let seeds = measured.seeds.enumerated().map { index, value in
      divergence(ofSeed: index) == nil ? JSONValue.number(value) : .null
    }
    return .members([
      "cell": .string(number.cell), "eval": .string(measured.eval), "kind": .string(measured.kind),
      "mean": optional(measured.mean), "spread": optional(measured.spread),
      "standard-error": optional(measured.standardError), "records": .integer(Int64(measured.records)),
      "seeds": .array(seeds), "diverged": measured.divergence.map { .string($0) } ?? .null,
      "outcomes": .object(JSONObject(measured.counts.map { JSONMember($0.kind, .integer(Int64($0.count))) })),
      "seed": followed.seed.map { .string($0) } ?? .null, "other-evals": .array(otherEvals.map { .string($0) }),
      "examples": .array(
        examples.map { example in
          .members([
            "record": .string(example.id.description), "place": .integer(Int64(example.place)),
            "outcome": .string(example.outcome),
            "read": .array(
              (example.around + example.read.flatMap(\.parts)).map {
                .members(["name": .string($0.name), "text": .string($0.text)])
              }),
          ])
        }),
      "steps": .array(
        sections.flatMap { section, steps in
          steps.map { step in
            var object = step.json.objectValue ?? JSONObject()
            object["section"] = .string(section.rawValue)
            return .object(object)
          }
        }),
    ])
  }
}
