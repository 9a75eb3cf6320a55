// Specs as text to works as a plan has them, and records and scores in a few words.

import Diagnostics
import Digests
import Foundation
import JSON
import Planning
import Records
import Specification
import Steps

/// Files that are texts in the test.
struct TextFiles: FileReading {
  let texts: [String: String]

  func bytes(of path: String) throws(FileFault) -> [UInt8] {
    guard let text = texts[path] else { throw .missing }
    return Array(text.utf8)
  }

  func exists(_ path: String) -> Bool { texts[path] != nil }
}

/// A spec of one data set whose parts tests fill in.
struct SmallSpec {
  /// The data set's prompt as YAML flow.
  var prompt = #""{question}""#
  /// Further lines of the data set, one YAML entry each.
  var dataset: [String] = []
  var answer = #"{from: "{answer}", verifier: number}"#
  /// Whether there is a second data set, `other`, and both are the data of the experiment.
  var isMixed = false
  /// The split as YAML flow.
  var split = "{heldout: 3, train: rest}"
  /// The evals, one YAML entry each.
  var evals = ["accuracy: {accuracy: {on: data/heldout, max-new-tokens: 4, temperature: 0}}"]
  var turns = "chatml"
  /// Further lines at the top.
  var extra: [String] = []

  var text: String {
    """
    version: 1
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
        turns: \(turns)
        system: none
    datasets:
      data:
        source: {jsonl: {sha256: \(String(repeating: "b", count: 64)), from: [{path: data.jsonl}]}}
        prompt: \(prompt)
        answer: \(answer)
        split: \(split)
    \(dataset.map { "    \($0)\n" }.joined())
    \(isMixed ? Self.other : "")
    evals:
    \(evals.map { "  \($0)\n" }.joined())
    \(extra.joined(separator: "\n"))
    """
  }

  private static let other = """
      other:
        source: {task: {object-counting: {objects: [2, 4], records: 20, seed: 7}}}
        prompt: "{question}"
        answer: {from: "{answer}", verifier: number}
        split: {heldout: 5, train: rest}
    data: {mixture: {data: 1, other: 1}}
    """

  func graph(limit: Int? = nil) throws -> StepGraph {
    let experiment = try SpecificationReader(files: TextFiles(texts: ["test.yaml": text])).read("test.yaml")
    var planner = Planner(
      context: PlanningContext(limit: limit, digestOfFile: { .sha256($0) }, fingerprint: { _ in nil }))
    _ = try planner.plan(experiment, name: "test")
    return planner.steps
  }

  /// The first step of a kind.
  func step(_ kind: StepKind, limit: Int? = nil) throws -> Step {
    guard let step = try graph(limit: limit).steps.first(where: { $0.kind == kind }) else {
      throw NoSuchStep(kind: kind)
    }
    return step
  }

  /// The split's parts, each record as its question.
  func parts(of records: [JSONObject], reading field: String = "question") throws -> [String: [String]] {
    let step = try step(.split)
    guard case .split(let work) = step.work else { throw NoSuchStep(kind: .split) }
    let parts = try Splitter(work, label: step.label, place: step.places).division(of: records).parts
    return Dictionary(uniqueKeysWithValues: parts.map { ($0.name, $0.records.map { $0[field]?.stringValue ?? "" }) })
  }

  /// The prompts of records.
  func prompts(of records: [JSONObject], shots: [JSONObject] = []) throws -> [RenderedPrompt] {
    let step = try step(.render)
    guard case .render(let work) = step.work else { throw NoSuchStep(kind: .render) }
    let renderer = PromptRenderer(work, label: step.label, places: step.places, shots: shots)
    return try SourceRecord.identified(records).enumerated().map { try renderer.render($1, number: $0 + 1) }
  }
}

struct NoSuchStep: Error {
  let kind: StepKind
}

/// A record from JSON text.
func record(_ text: String) throws -> JSONObject {
  guard let object = try JSONValue(parsing: Array(text.utf8)).objectValue else { throw NoSuchStep(kind: .ingest) }
  return object
}

/// Questions that are all different.
func questions(_ count: Int) -> [JSONObject] {
  (1...count).map { number in
    JSONObject([
      JSONMember("question", .string("What comes after \(number)?")), JSONMember("answer", .integer(Int64(number + 1))),
    ])
  }
}

func id(_ name: String) -> RecordID { RecordID(content: .sha256(name), occurrence: 0) }

/// What a failure says: code, message, and line of the spec.
func told(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch let error as any DiagnosableError {
    return error.diagnoses.map { "\($0.code) | \($0.message)\($0.place.map { " | line \($0.line)" } ?? "")" }
      .joined(separator: "\n")
  } catch {
    return "\(error)"
  }
}
