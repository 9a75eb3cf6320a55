// Reports of an experiment of two by two cells, with outcomes that a test gives.

import Digests
import Planning
import Records
import Reporting
import Specification

/// What each seed of a cell measured, record by record; nil for a record whose model came of a training that diverged.
typealias CellOutcomes = [String: [[Double?]]]

/// So many records right, the rest wrong.
func right(_ right: Int, of count: Int) -> [Double?] { (0..<count).map { $0 < right ? 1 : 0 } }

/// A report with claims judged.
///
/// - Parameters:
///   - table: What `table:` says beside rows (`heat`), columns (`style`) and value.
///   - cells: What was measured in the cells `cold/plain`, `cold/long`, `warm/plain` and `warm/long`; others have no number.
///   - kind: The kind of the eval's numbers.
///   - lost: Cells whose outcomes nobody has.
///   - files: Further files that the spec names.
/// - Returns: The report.
/// - Throws: What reading the spec throws.
func report(
  _ table: String, _ cells: CellOutcomes, kind: String = "accuracy", lost: Set<String> = [],
  files: [String: String] = [:]
) throws -> ResultReport {
  let (graph, planned) = try planned(
    experiment(table: "{rows: heat, columns: style, value: accuracy, \(table)}", files: files))
  var stored: [Digest: [Outcomes]] = [:]
  var results: [StepID: (key: Digest, result: StoredResult)] = [:]
  var numbers: [Measured] = []
  for measurement in planned.measurements {
    let name = measurement.coordinates.entries.map(\.value).joined(separator: "/")
    guard let seeds = cells[name] else { continue }
    let outcomes = seeds.map { records(of: $0) }
    numbers.append(
      Measured(
        eval: measurement.eval, kind: kind,
        coordinates: measurement.coordinates.entries.map { Measured.Coordinate($0.name, $0.value) },
        inputs: [measurement.input], seeds: outcomes))
    let inputs = graph.step(planned.table).inputs
    guard let source = inputs.first(where: { $0.name == measurement.input })?.source else { continue }
    // Equal outcomes are one object.
    let digest = Digest.sha256("\(seeds)")
    if !lost.contains(name) { stored[digest] = outcomes[0] }
    let output = StoredOutput(digest: digest, byteCount: 1, recordCount: nil)
    results[source.step] = (.sha256(name), StoredResult(outputs: [source.output: output]))
  }
  return try ResultReport(
    planned, table: RecordFile.bytes(numbers), results: RunResults(results), graph: graph, judges: true
  ) { stored[$0] }
}

private func records(of values: [Double?]) -> [Outcomes] {
  values.enumerated().map { index, value in
    let outcome =
      value.map { Outcome(kind: $0 == 1 ? "right" : $0 == 0 ? "wrong" : "scored", value: $0) }
      ?? Outcome(divergedAt: 7, weight: 1)
    return Outcomes(id: RecordID(content: .sha256("\(index)"), occurrence: 0), outcomes: [outcome])
  }
}
