// runner store stats: how much there is of what.

import ArgumentParser
import JSON
import Storage

struct StoreStatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store stats", "Count what is stored: files, results by kind of step, records.",
    takes: "[<options>]",
    examples: [
      "runner store stats",
      "runner store stats --store /shared/store --json",
    ])
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "Write the numbers as JSON.") var json = false

  func run() async throws {
    let statistics = try storage.open(.readOnly).statistics()
    if json {
      Output.json(Self.json(statistics))
    } else {
      for line in Self.lines(statistics) { Output.line(line) }
    }
  }

  private static func lines(_ statistics: StoreStatistics) -> [String] {
    var files = TextTable(numbers: [1, 2])
    files.add(["files", "number", "on disk"])
    for (what, count) in statistics.files.sorted(by: { $0.key < $1.key }) {
      files.add([what, "\(count.files)", ByteCount.text(count.byteCount)])
    }
    let all = statistics.files.values
    files.add(
      ["all", "\(all.reduce(0) { $0 + $1.files })", ByteCount.text(all.reduce(0) { $0 + $1.byteCount })])
    var steps = TextTable(numbers: [1, 2, 3])
    steps.add(["steps", "results", "uncompressed", "computed in"])
    for (kind, count) in statistics.steps.sorted(by: { $0.key < $1.key }) {
      steps.add([kind, "\(count.results)", ByteCount.text(count.byteCount), Duration.text(seconds: count.seconds)])
    }
    var records = TextTable(numbers: [1, 2, 3, 4])
    records.add(["records", "number", "recipes", "segments", "on disk"])
    for (kind, count) in statistics.records.sorted(by: { $0.key < $1.key }) {
      records.add(
        [
          kind, "\(count.records)", "\(count.recipes)", "\(count.segments.files)",
          ByteCount.text(count.segments.byteCount),
        ])
    }
    return files.lines() + (statistics.steps.isEmpty ? [] : [""] + steps.lines())
      + (statistics.records.isEmpty ? [] : [""] + records.lines())
  }

  private static func json(_ statistics: StoreStatistics) -> JSONValue {
    func object<Count>(_ counts: [String: Count], _ value: (Count) -> JSONValue) -> JSONValue {
      .object(JSONObject(counts.sorted { $0.key < $1.key }.map { JSONMember($0.key, value($0.value)) }))
    }
    func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }
    return .members([
      "files": object(statistics.files) { .members(["number": number($0.files), "bytes": number($0.byteCount)]) },
      "steps": object(statistics.steps) {
        .members([
          "results": number($0.results), "uncompressed-bytes": number($0.byteCount), "seconds": .number($0.seconds),
        ])
      },
      "records": object(statistics.records) {
        .members([
          "number": number($0.records), "recipes": number($0.recipes), "segments": number($0.segments.files),
          "bytes": number($0.segments.byteCount),
        ])
      },
    ])
  }
}
