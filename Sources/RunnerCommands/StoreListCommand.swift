// runner store ls: the step results that there are.

import ArgumentParser
import Digests
import FoundationEssentials
import JSON
import Planning
import Storage

struct StoreListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    "store ls", "List step results, newest first: key, kind, size, time, label.",
    takes: "[<options>]",
    examples: [
      "runner store ls",
      "runner store ls --kind train --json",
    ])
  @Option(
    help: "Only steps of this kind, such as `train`.", completion: .list(StepKind.allCases.map(\.rawValue)))
  var kind: String?
  @OptionGroup var storage: StorePathOptions
  @Flag(help: "Write one JSON object a line.") var json = false

  func run() async throws {
    let results = try storage.open(.readOnly).allResults().filter { kind == nil || $0.result.kind == kind }
    var table = TextTable(numbers: [2], names: [0, 3])
    for listed in results {
      if json { Output.json(Self.json(listed)) }
      table.add([
        listed.key.short, listed.result.kind, ByteCount.text(listed.byteCount), listed.timeText, listed.label,
      ])
    }
    if !json { for line in table.lines() { Output.line(line) } }
  }

  private static func json(_ listed: ListedResult) -> JSONValue {
    .members([
      "key": .string(listed.key.hex), "kind": .string(listed.result.kind), "label": .string(listed.label),
      "bytes": .integer(Int64(listed.byteCount)), "time": .string(listed.timeText),
      "outputs": .object(JSONObject(listed.result.outputs.map { JSONMember($0.name, .string($0.digest.hex)) })),
    ])
  }
}

extension ListedResult {
  fileprivate var label: String { result.provenance["label"]?.stringValue ?? "" }
  fileprivate var byteCount: Int { result.outputs.reduce(0) { $0 + $1.byteCount } }
  /// When it was computed; when its file was written, if it does not say.
  fileprivate var timeText: String {
    result.provenance["time"]?.stringValue
      ?? Date(timeIntervalSince1970: Double(time) / 1e6).ISO8601Format()
  }
}
