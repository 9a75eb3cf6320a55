// The steps of an experiment for a page: the plan, what it took, and the files that it began with.
// Times and counts are those that the store holds beside results.

import Digests
import JSON
import Pages
import Planning
import Records
import Reporting
import Specification
import Storage

/// Gathers what steps took.
struct GatheredSteps {
  /// What is known of a step.
  private struct Fact {
    let step: Step
    let cells: [String]
    let key: Digest?
    let seconds: Double?
    let computed: Int
    let reused: Int
  }

  private let experiment: PlannedExperiment
  private let stored: StoredGraph
  private let facts: [Fact]
  /// Experiments that stand before it on the page, by name, each with the keys of its steps.
  private let earlier: [(name: String, keys: Set<Digest>)]

  init(_ experiment: PlannedExperiment, _ stored: StoredGraph, after earlier: [ReportSubject]) {
    self.experiment = experiment
    self.stored = stored
    self.earlier = earlier.map { ($0.name, $0.stored?.keys ?? []) }
    facts = stored.graph.steps.map { step in
      let source = stored.provenance(of: step.id)
      return Fact(
        step: step, cells: experiment.cells(using: step.id, in: stored.graph), key: stored[step.id]?.key,
        seconds: source["seconds"]?.doubleValue, computed: source["computed"]?.integerValue ?? 0,
        reused: source["reused"]?.integerValue ?? 0)
    }
  }

  /// The plan.
  var picture: PlanPicture {
    let places = Dictionary(
      uniqueKeysWithValues: stored.graph.steps.enumerated().map { ($0.element.id, $0.offset) })
    return PlanPicture(
      facts.map { fact in
        PlanStep(
          label: fact.step.label, kind: fact.step.kind.rawValue,
          inputs: Set(fact.step.inputs.compactMap { places[$0.source.step] }).sorted(), cells: fact.cells.count,
          seconds: fact.seconds, key: fact.key?.short)
      })
  }

  // MARK: - Cost

  /// Seconds, records and tokens by kind, and what cells have in common.
  var cost: ReportedTables {
    get throws {
      let kinds = try facts.map(\.step.kind).distinct.map { kind in
        try row(kind.rawValue, facts.filter { $0.step.kind == kind })
      }
      let byKind = PageTable(
        head: ["kind", "steps", "seconds", "records computed", "records reused", "tokens"],
        rows: kinds + [try row("all", facts)], numbers: Set(1...5),
        caption: "By kind of step; tokens are those written, scored or learned from")
      let note =
        "Seconds that each step's result took when it was computed, as the store has it. Records reused had been "
        + "computed before, for other steps. "
      let shares = [shared, counted].compactMap { $0 }.joined(separator: " ")
      return ReportedTables(note: note + shares, tables: [byKind] + (cells.map { [$0] } ?? []))
    }
  }

  private func row(_ name: String, _ own: [Fact]) throws -> [String] {
    let tokens = try own.reduce(0) { $0 + (try self.tokens($1.step) ?? 0) }
    return [
      name, String(own.count), Self.seconds(own), String(own.reduce(0) { $0 + $1.computed }),
      String(own.reduce(0) { $0 + $1.reused }), tokens > 0 ? String(tokens) : "–",
    ]
  }

  private static func seconds(_ facts: [Fact]) -> String {
    NumberFormat.fixed(facts.compactMap(\.seconds).reduce(0, +), decimals: 2)
  }

  /// How many tokens a step wrote, scored or learned from; nil for steps without tokens.
  private func tokens(_ step: Step) throws -> Int? {
    switch step.kind {
    case .generate:
      try stored.records(Responses.self, of: OutputReference(step.id, "responses"))?
        .reduce(0) { $0 + $1.responses.reduce(0) { $0 + $1.tokens } }
    case .score:
      try stored.records(Scores.self, of: OutputReference(step.id, "scores"))?
        .reduce(0) { $0 + $1.scores.reduce(0) { $0 + $1.logProbabilities.count } }
    case .train:
      try stored.fields(of: OutputReference(step.id, "log"))?.reduce(0) { $0 + ($1["tokens"]?.integerValue ?? 0) }
    default: nil
    }
  }

  /// What it would have taken to compute every cell by itself.
  private var shared: String? {
    guard experiment.users.count > 1 else { return nil }
    let distinct = facts.compactMap(\.seconds).reduce(0, +)
    let alone = facts.reduce(0.0) { $0 + ($1.seconds ?? 0) * Double(max(1, $1.cells.count)) }
    let words = [alone, distinct].map { NumberFormat.duration(seconds: $0) }
    return
      "Each cell by itself, all \(experiment.users.count) cells would have taken \(words[0]); what they have in common "
      + "was computed once: \(words[1])."
  }

  /// How much of it stands in the cost of experiments that the page tells of before; nil for nothing.
  private var counted: String? {
    var left = facts.filter { $0.key != nil }
    let told = earlier.compactMap { other -> String? in
      let common = left.filter { $0.key.map(other.keys.contains) ?? false }
      left.removeAll { $0.key.map(other.keys.contains) ?? false }
      return common.isEmpty
        ? nil : "\(common.count) steps with \(Self.seconds(common)) seconds are also steps of \(other.name)"
    }
    return told.isEmpty ? nil : "Of its \(facts.count) steps \(told.joined(separator: ", "))."
  }

  private var cells: PageTable? {
    let names = experiment.experiment.cells.map(\.name)
    guard names.count > 1 else { return nil }
    let rows = names.map { name in
      let own = facts.filter { $0.cells.contains(name) }
      let alone = own.filter { $0.cells.count == 1 }
      return [name, String(own.count), String(alone.count), Self.seconds(own), Self.seconds(alone)]
    }
    return PageTable(
      head: ["cell", "steps", "of these its own", "seconds", "seconds of its own steps"], rows: rows,
      numbers: Set(1...4), caption: "By cell, steps that several cells share counted in each")
  }

  // MARK: - Files

  /// The files that everything rests on, and the data; nil without any.
  var files: ReportedTables? {
    let fetched = facts.compactMap { fact -> [String]? in
      guard case .fetch(let work) = fact.step.work, let file = stored[fact.step.id]?.result.outputs["file"] else {
        return nil
      }
      return [
        work.origins.map(\.displayName).joined(separator: ", "), "file", file.digest.hex,
        ByteCount.text(file.byteCount),
      ]
    }
    let data = facts.filter { [.ingest, .split, .take].contains($0.step.kind) }.flatMap { fact -> [[String]] in
      let outputs = stored[fact.step.id]?.result.outputs ?? [:]
      return outputs.keys.sorted().compactMap { name in
        guard let output = outputs[name], let count = output.recordCount else { return nil }
        let part = name == "records" ? fact.step.label : "\(fact.step.label), \(name)"
        return [part, "records", output.digest.hex, "\(count) records"]
      }
    }
    guard !(fetched + data).isEmpty else { return nil }
    return ReportedTables(
      note: "What the experiment began with, by content.",
      tables: [
        PageTable(
          head: ["what", "kind", "sha256", "size"], rows: fetched + data, numbers: [3],
          origins: (fetched + data).map { $0.joined(separator: "\n") })
      ])
  }
}
