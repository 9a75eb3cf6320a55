// Everything that was made from one record: where it stands in the data, what it became, and the numbers that it counts in.
// Looks for the record's identity in what steps have stored; computes nothing.

import Diagnostics
import Digests
import JSON
import Planning
import Records
import Reporting

/// What `runner trace --record` shows.
struct RecordTrail: TraceText {
  /// A place of the record in the data.
  struct Standing {
    let step: Step
    let output: String
    /// Counted from 1.
    let place: Int
    let count: Int
  }

  /// What a step made of the record.
  struct Made {
    let step: Step
    let key: Digest
    let output: String
    let json: JSONValue
    /// A few of the cells that use it, in words.
    let users: String
  }

  /// A number that the record counts in.
  struct Count {
    let number: TracedNumber
    let seed: String?
    let outcome: String
    let responses: [String]
  }

  let record: RecordID
  let fields: JSONObject
  let standings: [Standing]
  let made: [Made]
  let counts: [Count]
  /// The trainings that learned from it.
  let trainings: [Made]

  /// Follows a record.
  ///
  /// - Parameters:
  ///   - found: The record.
  ///   - numbers: The numbers of the experiment.
  ///   - chosen: The outcomes to which the way is followed; nil for all of the plan.
  /// - Throws: What reading the store throws.
  init(record found: FoundRecord, numbers: TracedNumbers, chosen: OutputReference?) throws {
    let (record, stored) = (found.id, numbers.stored)
    self.record = record
    let steps = chosen.map { stored.graph.restricted(to: [$0.step]).steps } ?? stored.graph.steps
    let names = RecordNames(stored)
    var standings: [Standing] = []
    var fields = JSONObject()
    var made: [Made] = []
    var trainings: [Made] = []
    for step in steps {
      guard let (key, result) = stored[step.id] else { continue }
      for output in result.outputs.keys.sorted() where result.outputs[output]?.recordCount != nil {
        let reference = OutputReference(step.id, output)
        if [.ingest, .split, .take].contains(step.kind) {
          guard let ids = try names.identities(of: reference), let index = ids.firstIndex(of: record) else { continue }
          if fields.members.isEmpty { fields = try stored.fields(of: reference)?[index] ?? fields }
          standings.append(Standing(step: step, output: output, place: index + 1, count: ids.count))
        } else if let json = try stored.line(about: record, in: reference) {
          made.append(Made(step: step, key: key, output: output, json: json, users: Self.users(of: step, stored.graph)))
        }
      }
      if step.kind == .train, let examples = step.inputs.first(where: { $0.name == "examples" })?.source,
        let json = try stored.line(about: record, in: examples), json["items"]?.arrayValue?.isEmpty == false
      {
        trainings.append(
          Made(step: step, key: key, output: "weights", json: json, users: Self.users(of: step, stored.graph)))
      }
    }
    (self.fields, self.standings, self.made, self.trainings) = (fields, standings, made, trainings)
    counts = try numbers.all().flatMap { number in
      try number.sources.filter { chosen == nil || $0.outcomes == chosen }.compactMap { source in
        try Self.count(of: record, in: number, source, stored)
      }
    }
  }

  private static func count(
    of record: RecordID, in number: TracedNumber, _ source: TracedNumber.Source, _ stored: StoredGraph
  ) throws -> Count? {
    guard let line = try stored.line(about: record, in: source.outcomes), let outcomes = try? Outcomes(json: line)
    else {
      return nil
    }
    let responses = try stored.graph.step(source.outcomes.step).inputs.filter { $0.name.hasPrefix("responses") }
      .compactMap { try stored.line(about: record, in: $0.source) }.compactMap { try? Responses(json: $0) }
    return Count(
      number: number, seed: source.seed,
      outcome: outcomes.outcomes.map { RecordForm.text(of: $0) }.joined(separator: " | "),
      responses: responses.flatMap(\.responses).map(\.text))
  }

  private static func users(of step: Step, _ graph: StepGraph) -> String {
    let (count, first) = graph.users.summary(of: step.id)
    guard let first else { return "" }
    return count == 1 ? "for \(first)" : "for \(count) cells"
  }

  // MARK: - Text

  var lines: [String] {
    var lines = ["Record \(record.description)"] + RecordForm(.object(fields)).lines()
    lines += ["", "── Where it stands"]
    lines += standings.map { "  \(Self.name(of: $0)): record \($0.place) of \($0.count)" }
    if standings.isEmpty { lines.append("  not in the data that are stored here") }
    if !standings.contains(where: { $0.step.kind == .split }) { lines.append("  in no part that is stored here") }
    lines += ["", "── The numbers in which it counts"] + countLines
    if !trainings.isEmpty { lines += ["", "── The trainings that learned from it"] }
    lines += trainings.map { "  \($0.step.label)  \($0.key.short)  \($0.users)" }
    if !made.isEmpty { lines += ["", "── What was made of it"] }
    var shown: [String: String] = [:]
    for one in made {
      lines += ["", "\(one.step.label)  \(one.key.short)  \(one.users)".showingControls]
      let form = RecordForm(one.json, withTurns: one.step.kind == .render || one.step.kind == .ask)
      let body = form.lines()
      // Many cells come to the same: it is shown once.
      if body.count > 3, let earlier = shown[body.joined(separator: "\n")] {
        lines.append("  the same as of \(earlier)")
      } else {
        lines += body.isEmpty ? ["  nothing"] : body
        shown[body.joined(separator: "\n")] = "\(one.step.label)  \(one.key.short)"
      }
    }
    return lines
  }

  private var countLines: [String] {
    if counts.isEmpty { return ["  none that is stored here"] }
    var table = TextTable(numbers: [])
    table.add(["cell", "eval", "seed", "outcome", "response"])
    for count in counts {
      table.add([
        count.number.cell.isEmpty ? "–" : count.number.cell, count.number.measured.eval, count.seed ?? "–",
        TextBlock.short(count.outcome, 48), TextBlock.short(count.responses.joined(separator: " | "), 48),
      ])
    }
    return table.lines(indent: 2)
  }

  private static func name(of standing: Standing) -> String {
    standing.step.kind == .split ? "\(standing.step.label), part \(standing.output)" : standing.step.label
  }

  // MARK: - JSON

  var json: JSONValue {
    .members([
      "record": .string(record.description), "fields": .object(fields),
      "stands": .array(
        standings.map {
          .members([
            "step": .string($0.step.label), "output": .string($0.output), "place": .integer(Int64($0.place)),
            "of": .integer(Int64($0.count)),
          ])
        }),
      "counts": .array(
        counts.map { count in
          .members([
            "cell": .string(count.number.cell), "eval": .string(count.number.measured.eval),
            "seed": count.seed.map { .string($0) } ?? .null, "outcome": .string(count.outcome),
            "responses": .array(count.responses.map { .string($0) }),
          ])
        }),
      "learned": .array(trainings.map { .members(["step": .string($0.step.label), "key": .string($0.key.hex)]) }),
      "made": .array(
        made.map {
          .members([
            "step": .string($0.step.label), "key": .string($0.key.hex), "output": .string($0.output), "record": $0.json,
          ])
        }),
    ])
  }
}
