// The folder of results: the same numbers are the same bytes, and what is the same is not written again.

import Digests
import Foundation
import JSON
import Planning
import Diagnostics
import Records
import Reporting
import Specification
import Testing

@Suite struct Reports {
  private static let names = ["TABLE.md", "lock.json", "table.csv", "table.json", "table.tex"]

  /// A report of a plan whose every step has a result.
  private func report(right: Int = 3, errors: Int = 0, bytes: String = "") throws -> ResultReport {
    let (graph, planned) = try planned(experiment(table: "{rows: style, columns: heat, value: accuracy}"))
    var results: [StepID: (key: Digest, result: StoredResult)] = [:]
    for step in graph.steps {
      let names = Set(graph.steps.flatMap(\.inputs).filter { $0.source.step == step.id }.map(\.source.output))
      let outputs = names.union(step.id == planned.table ? ["table"] : []).map { name in
        (name, StoredOutput(digest: .sha256("\(step.label) \(name)\(bytes)"), byteCount: 1, recordCount: nil))
      }
      results[step.id] = (.sha256(step.label), StoredResult(outputs: Dictionary(uniqueKeysWithValues: outputs)))
    }
    let numbers = planned.measurements.map { measurement in
      Measured(
        eval: measurement.eval, kind: measurement.evalKind,
        coordinates: measurement.coordinates.entries.map { Measured.Coordinate($0.name, $0.value) },
        inputs: [measurement.input],
        seeds: [
          (0..<10).map { index in
            Outcomes(
              id: RecordID(content: .sha256("\(index)"), occurrence: 0),
              outcomes: [
                Outcome(
                  kind: index < right ? "right" : index < right + errors ? "error" : "wrong",
                  value: index < right ? 1 : 0)
              ])
          }
        ])
    }
    return try ResultReport(planned, table: RecordFile.bytes(numbers), results: RunResults(results), graph: graph)
  }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func bytes(_ folder: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))) })
  }

  @Test func whatWasNotMeasuredIsToldBesideTheTable() throws {
    let plain = try report().text
    #expect(plain.contains("\nOutcomes over all cells: 12 right, 28 wrong."))
    #expect(!plain.contains("Errors"))
    let text = try report(errors: 4).text
    #expect(text.contains("\nOutcomes over all cells: 16 error, 12 right, 12 wrong."))
    #expect(text.contains("\nᵃ Errors, counted as wrong: 4 of 10. "))
  }

  @Test func theSameNumbersAreTheSameBytes() throws {
    try inFolder { one in
      try inFolder { two in
        try report().write(into: "\(one)/deep")
        try report().write(into: two)
        #expect(try bytes("\(one)/deep") == (try bytes(two)))
        #expect(try bytes(two).keys.sorted() == Self.names)
      }
    }
  }

  @Test func whatIsTheSameIsLeftAlone() throws {
    try inFolder { folder in
      try report().write(into: folder)
      let before = try bytes(folder)
      let old = Date(timeIntervalSince1970: 1_000_000)
      for name in Self.names {
        try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: "\(folder)/\(name)")
      }
      func times() throws -> [String: Date?] {
        try Dictionary(
          uniqueKeysWithValues: Self.names.map {
            ($0, try FileManager.default.attributesOfItem(atPath: "\(folder)/\($0)")[.modificationDate] as? Date)
          })
      }
      try report().write(into: folder)
      #expect(try bytes(folder) == before)
      #expect(try times().values.allSatisfy { $0 == old })
      try report(right: 4).write(into: folder)
      // The steps are the same, so the lock is.
      #expect(try times().filter { $0.value == old }.keys.sorted() == ["lock.json"])
    }
  }

  @Test func theCommitIsThatOfTheSpecThatWasComputedFirst() throws {
    try inFolder { folder in
      func commit() throws -> String? {
        try JSONValue(parsing: Array(try #require(try bytes(folder)["lock.json"])))["commit"]?.stringValue
      }
      try report().write(into: folder) { "one" }
      #expect(try commit() == "one")
      let before = try bytes(folder)
      try report().write(into: folder) { "two" }
      #expect(try bytes(folder) == before)
      try report(bytes: "others").write(into: folder) { "two" }
      #expect(try commit() == "two")
      try report(bytes: "and others").write(into: folder) { nil }
      #expect(try commit() == nil)
      let without = try bytes(folder)
      try report(bytes: "and others").write(into: folder) { "three" }
      #expect(try bytes(folder) == without)
    }
  }

  @Test func theTableInMarkdownSaysWhatItIs() throws {
    try inFolder { folder in
      try report().write(into: folder)
      #expect(
        String(decoding: try #require(try bytes(folder)["TABLE.md"]), as: UTF8.self) == """
          # test

          Heat and "style".

          | style |    cold |    warm |
          | ----- | ------: | ------: |
          | plain | 30 ± 15 | 30 ± 15 |
          | long  | 30 ± 15 | 30 ± 15 |

          In percent; ± is the standard error over records; records: 10.

          Outcomes over all cells: 12 right, 28 wrong.

          Written by `runner exec`; the steps behind each number stand in lock.json.

          """)
    }
  }

  @Test func everyNumberLeadsToItsSteps() throws {
    let report = try report()
    let cells = try #require(report.json["cells"]?.arrayValue)
    #expect(cells.count == 4)
    let steps = try #require(try JSONValue(parsing: report.lock.bytes())["steps"]?.arrayValue)
    let keys = steps.compactMap { $0["key"]?.stringValue }
    #expect(keys.count == steps.count)
    for cell in cells {
      #expect(cell["mean"]?.doubleValue == 0.3)
      let behind = try #require(cell["steps"]?.arrayValue)
      #expect(behind.count == 1)
      for step in behind { #expect(keys.contains(try #require(step["key"]?.stringValue))) }
    }
    #expect(try JSONValue(parsing: report.lock.bytes())["arithmetic"]?.stringValue == "ordered")
    #expect(steps.last?["kind"]?.stringValue == "aggregate")
  }

  @Test func aFolderThatCannotBeMadeIsTold() throws {
    try inFolder { folder in
      _ = FileManager.default.createFile(atPath: folder, contents: Data("x".utf8))
      do {
        try report().write(into: folder)
        Issue.record("written into a file")
      } catch let error as ResultsError {
        #expect(error.path == "\(folder)/table.json")
        #expect(error.diagnoses.map(\.code) == ["results.unwritable"])
        #expect(error.diagnoses.map(\.exit) == [.inputOutput])
      }
    }
  }
}
