// Measured numbers in a few words, and tables from spec text.

import Digests
import Planning
import Records
import Specification

/// Files that are texts in the test.
struct TextFiles: FileReading {
  let texts: [String: String]

  func bytes(of path: String) throws(FileFault) -> [UInt8] {
    guard let text = texts[path] else { throw .missing }
    return Array(text.utf8)
  }

  func exists(_ path: String) -> Bool { texts[path] != nil }
}

/// An experiment with two axes, with a table if one is given.
func experiment(
  table: String?, description: String = "Heat and \"style\".", files: [String: String] = [:]
) throws -> ResolvedExperiment {
  let text = """
    version: 1
    description: \(description)
    models:
      policy:
        weights: {random: {layers: 2, width: 32, heads: 4, key-value-heads: 2, feed-forward: 64, context: 256, seed: 1}}
        turns: chatml
        system: none
    datasets:
      data:
        source: {task: {object-counting: {objects: [2, 4], records: 20, seed: 7}}}
        prompt: "{question}"
        answer: {from: "{answer}", verifier: number}
    evals:
      accuracy: {accuracy: {on: data, max-new-tokens: 4, temperature: 0}}
    ablations:
      heat: {cold: {}, warm: {evals: {accuracy: {accuracy: {temperature: 0.5}}}}}
      style: {plain: {}, long: {evals: {accuracy: {accuracy: {max-new-tokens: 9}}}}}
    \(table.map { "table: \($0)" } ?? "")
    """
  let texts = files.merging(["test.yaml": text]) { $1 }
  return try SpecificationReader(files: TextFiles(texts: texts)).read("test.yaml")
}

/// A table spec.
func table(_ text: String) throws -> Table? { try experiment(table: text).table }

/// A plan of an experiment.
func planned(_ experiment: ResolvedExperiment) throws -> (graph: StepGraph, planned: PlannedExperiment) {
  var planner = Planner(context: PlanningContext(digestOfFile: { .sha256($0) }, fingerprint: { _ in nil }))
  let planned = try planner.plan(experiment, name: "test")
  return (planner.steps, planned)
}

/// A measured number: for each seed, how many of so many records were right.
func measured(
  _ at: KeyValuePairs<String, String> = [:], eval: String = "accuracy", kind: String = "accuracy", right: [Int],
  of count: Int,
  inputs: [String] = []
) -> Measured {
  Measured(
    eval: eval, kind: kind, coordinates: at.map { Measured.Coordinate($0.key, $0.value) }, inputs: inputs,
    seeds: right.map { right in
      (0..<count).map { index in
        let isRight = index < right
        return Outcomes(
          id: RecordID(content: .sha256("\(index)"), occurrence: 0),
          outcomes: [Outcome(kind: isRight ? "right" : "wrong", value: isRight ? 1 : 0)])
      }
    })
}

/// The cells of the tables in Markdown, row by row, without what only lines them up.
func cells(ofMarkdown text: String) -> [[String]] {
  text.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { line in
    line.dropFirst(2).dropLast(2).split(separator: " | ").map { cell in
      String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }
}
