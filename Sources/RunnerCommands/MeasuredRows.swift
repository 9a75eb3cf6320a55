// What evals saw and said of every record, one row a sample, for data frames.
// Joins stored outcomes with the prompts and responses that they were made of.

import Digests
import JSON
import Planning
import Records
import Reporting
import Specification

/// The rows of an experiment's numbers.
struct MeasuredRows {
  let rows: [JSONValue]
  /// Of what is not stored, why: the experiment has not come to its end, or not in all cells.
  let missing: [TraceFault]

  /// Joins what stands behind numbers.
  ///
  /// - Parameters:
  ///   - numbers: The numbers of the experiment.
  ///   - choice: Which of them; nil parts stand for all.
  ///   - command: What stores them, for the message that they are not.
  /// - Throws: ``CommandError`` or ``TraceFault`` if there is no such number or it is not stored, or what reading the store
  ///   throws.
  init(_ numbers: TracedNumbers, _ choice: NumberChoice, command: String) throws {
    var chosen = numbers.all()
    if let cell = choice.cell {
      let known = chosen.map(\.cell)
      chosen = chosen.filter { $0.cell == cell || $0.cell.hasPrefix("\(cell), ") }
      if chosen.isEmpty { throw CommandError.unknownName(what: "cell", name: cell, known: known.distinct) }
    }
    if let eval = choice.eval {
      let known = chosen.map(\.measured.eval)
      chosen = chosen.filter { $0.measured.eval == eval }
      if chosen.isEmpty { throw CommandError.unknownName(what: "eval", name: eval, known: known.distinct) }
    }
    if chosen.isEmpty { throw TraceFault.measuresNothing(spec: numbers.experiment.experiment.path) }
    var rows: [JSONValue] = []
    var missing: [TraceFault] = []
    for number in chosen {
      for source in number.sources where choice.seed == nil || source.seed == choice.seed {
        do {
          rows += try Self.rows(of: number, source, numbers.stored, command)
        } catch let fault as TraceFault {
          missing.append(fault)
        }
      }
    }
    if rows.isEmpty, let first = missing.first { throw first }
    self.missing = missing
    if rows.isEmpty, let seed = choice.seed {
      let known = chosen.flatMap { $0.sources.compactMap(\.seed) }
      throw CommandError.unknownName(what: "seed", name: seed, known: known.distinct)
    }
    self.rows = rows
  }

  private static func rows(
    of number: TracedNumber, _ source: TracedNumber.Source, _ stored: StoredGraph, _ command: String
  ) throws -> [JSONValue] {
    let step = stored.graph.step(source.outcomes.step)
    guard let outcomes = try stored.records(Outcomes.self, of: source.outcomes) else {
      throw TraceFault.notStored(number: number.title, step: step.label, command: command)
    }
    guard let context = stored.context(of: source.outcomes) else { return [] }
    var start = JSONObject([
      JSONMember("cell", .string(number.cell)), JSONMember("eval", .string(number.measured.eval)),
      JSONMember("kind", .string(number.measured.kind)), JSONMember("seed", source.seed.map { .string($0) } ?? .null),
    ])
    // A name of an axis may be that of another column.
    for coordinate in number.measured.coordinates { start["at.\(coordinate.axis)"] = .string(coordinate.value) }
    return outcomes.flatMap { record in
      record.outcomes.enumerated().map { sample, outcome in
        var row = start
        row["record"] = .string(record.id.description)
        row["sample"] = .integer(Int64(sample))
        row["outcome"] = .string(outcome.kind)
        // What a training that diverged would have come to is no number, and counts as none.
        row["value"] = outcome.divergedAt == nil ? .number(outcome.value) : .null
        row["weight"] = .number(outcome.divergedAt == nil ? outcome.weight : 0)
        row["reason"] = .string(outcome.reason)
        row["prompt"] = context.asked(record.id).map { .string($0) } ?? .null
        row["answers"] = .array((context.prompts[record.id]?.answers ?? []).map { .string($0) })
        let own = context.responses[record.id] ?? []
        let response = own.count == record.outcomes.count ? own[sample] : nil
        let items = context.examples[record.id]?.items ?? []
        (row["chosen"], row["rejected"]) = (.null, .null)
        if items.count == record.outcomes.count, case .pair(let chosen, let rejected) = items[sample] {
          (row["chosen"], row["rejected"]) = (.string(chosen.text), .string(rejected.text))
        }
        row["response"] = response.map { .string($0.text) } ?? .null
        row["finish"] = response.map { .string($0.finish.rawValue) } ?? .null
        row["tokens"] = response.map { .integer(Int64($0.tokens)) } ?? .null
        return .object(row)
      }
    }
  }
}
