// What can be said of a stored step in a few lines: counts of what it made, and the options that the spec writes.
// Reads outputs; lays nothing out.

import Diagnostics
import Digests
import FoundationEssentials
import JSON
import Planning
import Records
import Reporting
import Specification
import Storage

/// A step as `runner trace` tells of it.
struct StepFacts {
  /// Something that is so.
  struct Fact {
    let name: String
    let text: String
    let json: JSONValue
  }

  /// An option that stands in the spec.
  struct Option {
    let name: String
    let value: String
    let place: SourcePlace
  }

  let step: Step
  /// nil if it is not stored.
  let key: Digest?
  let provenance: JSONObject
  let facts: [Fact]
  let options: [Option]

  /// Reads what a step made.
  ///
  /// - Throws: What reading the store throws.
  init(_ step: Step, in stored: StoredGraph) throws {
    self.step = step
    key = stored[step.id]?.key
    provenance = stored.provenance(of: step.id)
    options = Self.options(of: step)
    facts = stored[step.id] == nil ? [] : try Self.facts(of: step, stored)
  }

  /// When it was computed, where, and how long it took; empty if nobody noted it.
  var computed: String {
    guard let time = provenance["time"]?.stringValue else { return "" }
    let host = provenance["host"]?.stringValue.map { " on \($0)" } ?? ""
    let seconds = provenance["seconds"]?.doubleValue.map { " in \(Duration.text(seconds: $0))" } ?? ""
    return "computed \(time)\(host)\(seconds)"
  }

  // MARK: - What it made

  private static func facts(of step: Step, _ stored: StoredGraph) throws -> [Fact] {
    func output(_ name: String) -> OutputReference { OutputReference(step.id, name) }
    let outputs = stored[step.id]?.result.outputs ?? [:]
    func bytes(_ name: String) throws -> [UInt8]? { try outputs[name].map { try stored.store.read($0.digest) } }
    if case .fetch(let work) = step.work, let file = outputs["file"] {
      return [
        text("file", work.origins.map(\.displayName).joined(separator: ", ")), text("sha256", file.digest.hex),
        text("size", ByteCount.text(file.byteCount)),
      ]
    }
    if [.ingest, .split, .take].contains(step.kind) {
      return outputs.keys.sorted().map { name in
        let (count, digest) = (outputs[name]?.recordCount ?? 0, outputs[name]?.digest)
        return Fact(
          name: name == "records" ? "records" : "part \(name)", text: "\(count) records, sha256 \(digest?.short ?? "")",
          json: .members(["records": .integer(Int64(count)), "sha256": .string(digest?.hex ?? "")]))
      }
    }
    if step.kind == .train {
      return try trained(step, summary: bytes("summary"), log: bytes("log"))
        + (outputs["weights"].map { [text("weights", "sha256 \($0.digest.hex)")] } ?? [])
    }
    if let taken = step.inputs.first(where: { step.candidate(in: $0) != nil }), step.chosen != nil {
      return [text("takes", stored.graph.step(taken.source.step).label)]
    }
    if let counts = try bytes("counts") {
      let counts = try FeedbackCounts(reading: counts)
      return [Fact(name: "feedback", text: counts.sentence, json: counts.json)]
    }
    if let choice = try bytes("choice").flatMap(CandidateChoice.init(bytes:)) {
      return [chosen(choice, by: step, stored)]
    }
    if let records = try stored.records(Outcomes.self, of: output("outcomes")) { return [outcomes(records)] }
    if let records = try stored.records(Responses.self, of: output("responses")) { return [responses(records)] }
    if let records = try stored.records(Scores.self, of: output("scores")) { return [scores(records)] }
    return outputs.keys.sorted().compactMap { name in
      outputs[name]?.recordCount.map { text(name, "\($0) records") }
    }
  }

  private static func text(_ name: String, _ text: String) -> Fact { Fact(name: name, text: text, json: .string(text)) }

  /// What a search or `keep` chose, and every candidate's number, as tables tell them.
  private static func chosen(_ choice: CandidateChoice, by step: Step, _ stored: StoredGraph) -> Fact {
    let kind = step.inputs.first.map { stored.graph.step($0.source.step).kind.rawValue } ?? ""
    let numbers = choice.means.map { mean in
      mean.map { Measured.text(of: Measured.value(ofMean: $0, kind: kind), kind: kind) } ?? "diverged"
    }
    return Fact(
      name: "choice",
      text: "number \(choice.chosen + 1) of \(choice.means.count), by \(numbers.joined(separator: ", "))",
      json: choice.json)
  }

  private static func tally(_ words: [String]) -> [(word: String, count: Int)] {
    let counts = words.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    return counts.keys.sorted().map { ($0, counts[$0, default: 0]) }
  }

  private static func counted(_ name: String, _ head: String, _ tally: [(word: String, count: Int)]) -> Fact {
    Fact(
      name: name, text: "\(head): " + tally.map { "\($0.count) \($0.word)" }.joined(separator: ", "),
      json: .object(JSONObject(tally.map { JSONMember($0.word, .integer(Int64($0.count))) })))
  }

  private static func outcomes(_ records: [Outcomes]) -> Fact {
    counted("outcomes", "of \(records.count) records", tally(records.flatMap { $0.outcomes.map(\.kind) }))
  }

  private static func responses(_ records: [Responses]) -> Fact {
    let all = records.flatMap(\.responses)
    let tokens = all.reduce(0) { $0 + $1.tokens }
    let words = ["stop": "ended by themselves", "length": "cut off at the limit", "error": "errors"]
    return counted(
      "responses", "\(all.count) to \(records.count) prompts\(tokens > 0 ? ", \(tokens) tokens" : "")",
      tally(all.map { words[$0.finish.rawValue] ?? $0.finish.rawValue }))
  }

  private static func scores(_ records: [Scores]) -> Fact {
    let all = records.flatMap(\.scores)
    let tokens = all.reduce(0) { $0 + $1.logProbabilities.count }
    return text("scores", "\(all.count) texts of \(records.count) records" + (tokens > 0 ? ", \(tokens) tokens" : ""))
  }

  private static func trained(_ step: Step, summary: [UInt8]?, log: [UInt8]?) throws -> [Fact] {
    var facts: [Fact] = []
    if let objective = step.work.objective { facts.append(text("objective", objective.name)) }
    if let summary = try summary.map({ try JSONValue(parsing: $0) }) {
      let (steps, examples) = (summary["steps"]?.integerValue ?? 0, summary["examples"]?.integerValue ?? 0)
      let end = summary["end"]?.stringValue == "diverged" ? ", diverged" : ""
      facts.append(
        Fact(name: "training", text: "\(steps) optimizer steps on \(examples) examples\(end)", json: summary))
    }
    let log = try RecordFile.fields(from: log ?? [], file: "log")
    guard let first = log.first, let last = log.last else { return facts }
    let tokens = log.reduce(0) { $0 + ($1["tokens"]?.integerValue ?? 0) }
    func number(_ value: JSONValue?) -> String {
      value?.doubleValue.map { NumberFormat.fixed($0, decimals: 4) } ?? "none"
    }
    facts.append(text("loss", "\(number(first["loss"])) at first, \(number(last["loss"])) at the end"))
    if let chosen = last["chosen-log-ratio"]?.doubleValue, let rejected = last["rejected-log-ratio"]?.doubleValue {
      let words = [chosen, rejected, chosen - rejected].map { NumberFormat.signed($0, decimals: 2) }
      facts.append(
        text("log-ratios", "at the end \(words[0]) chosen, \(words[1]) rejected, margin \(words[2]) nats"))
    }
    return facts + [text("tokens", "\(tokens) learned from")]
  }

  // MARK: - What the spec says of it

  /// The options that are written, lists in one line.
  private static func options(of step: Step) -> [Option] {
    let (written, places) = (step.writtenPlaces, step.places)
    func place(_ leaf: String) -> SourcePlace? {
      var name = Substring(leaf)
      while true {
        if let place = written[String(name)] { return place }
        // What has a place of its own and does not stand there is a default.
        if places[String(name)] != nil { return nil }
        guard let slash = name.lastIndex(of: "/") else { return nil }
        name = name[..<slash]
      }
    }
    var options: [Option] = []
    for leaf in step.work.options.leaves where !leaf.name.hasSuffix("/count") {
      guard let found = place(leaf.name) else { continue }
      let parts = leaf.name.split(separator: "/")
      let isElement = parts.count > 1 && Int(parts.last ?? "") != nil
      let name = isElement ? parts.dropLast().joined(separator: "/") : leaf.name
      let value = leaf.value.readable
      if isElement, let last = options.last, last.name == name {
        options[options.count - 1] = Option(name: name, value: "\(last.value), \(value)", place: last.place)
      } else {
        options.append(Option(name: name, value: value, place: found))
      }
    }
    return options
  }

  // MARK: - JSON

  var json: JSONValue {
    .members([
      "step": .string(step.label), "kind": .string(step.kind.rawValue), "key": key.map { .string($0.hex) } ?? .null,
      "time": provenance["time"] ?? .null, "host": provenance["host"] ?? .null,
      "seconds": provenance["seconds"] ?? .null,
      "facts": .object(JSONObject(facts.map { JSONMember($0.name, $0.json) })),
      "options": .array(
        options.map {
          .members([
            "name": .string($0.name), "value": .string($0.value), "place": .string($0.place.description),
          ])
        }),
    ])
  }
}
