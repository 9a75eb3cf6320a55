// A step's output as people read it: records, a training's log, counts, weights.
// Tells what an output is by its bytes; which outputs a step has is the command's.

import Diagnostics
import Digests
import FoundationEssentials
import JSON
import Records
import Reporting

/// What an output holds.
enum OutputForm {
  /// Records, one a line, each with its identity if it has one.
  case records([(id: String?, json: JSONValue)])
  /// The log of a training, one optimizer step a line.
  case training([JSONObject])
  /// The points of a likelihood trace.
  case trace(TraceForm)
  /// One mapping, such as counts.
  case facts(JSONObject)
  /// Tensors.
  case weights(WeightsForm)
  /// A model's file.
  case model(GGUFForm)
  /// What nobody reads.
  case bytes(Int)

  /// Reads an output; records of data, whose identity is their content, get it by `isData`.
  init(_ bytes: [UInt8], isData: Bool) {
    if let weights = WeightsForm(bytes) {
      self = .weights(weights)
      return
    }
    if let model = GGUFForm(bytes) {
      self = .model(model)
      return
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    var values: [JSONValue] = []
    for line in lines {
      guard let value = try? JSONValue(parsing: line) else {
        self = .bytes(bytes.count)
        return
      }
      values.append(value)
    }
    let objects = values.compactMap(\.objectValue)
    if !objects.isEmpty, objects.allSatisfy({ $0["step"]?.integerValue != nil && $0["loss"] != nil }) {
      self = .training(objects)
    } else if objects.count == values.count, let trace = TraceForm(objects) {
      self = .trace(trace)
    } else if bytes.last != UInt8(ascii: "\n"), let only = objects.first, objects.count == 1 {
      self = .facts(only)
    } else if values.isEmpty {
      self = .bytes(bytes.count)
    } else {
      let named = isData ? RecordNames.identities(in: bytes).map(\.description) : []
      self = .records(
        values.enumerated().map { (id: isData ? named[$0.offset] : $0.element["id"]?.stringValue, json: $0.element) })
    }
  }

  /// The text, line by line.
  ///
  /// - Parameters:
  ///   - first: How many records are shown.
  ///   - record: The one that is shown instead; nil for the first ones.
  ///   - steps: The optimizer steps of a trace's points, where they are known.
  /// - Returns: The lines.
  /// - Throws: ``TraceFault`` if no record is called so.
  func lines(first: Int, record: String?, steps: [Int?] = []) throws -> [String] {
    switch self {
    case .records(let records): try Self.lines(of: records, first: first, record: record)
    case .training(let log): Self.table(log)
    case .trace(let trace): trace.lines(steps: steps).map { $0.isEmpty ? "" : "  \($0)" }
    case .facts(let facts): RecordForm(.object(facts)).lines()
    case .weights(let weights): weights.lines
    case .model(let model): model.lines
    case .bytes(let count): ["  \(ByteCount.text(count)) that are not made for reading; `runner store cat` writes them"]
    }
  }

  private static func lines(
    of records: [(id: String?, json: JSONValue)], first: Int, record: String?
  ) throws -> [String] {
    var chosen = Array(records.indices.prefix(first))
    if let record {
      chosen = [try RecordNames.index(of: record, in: records.map { $0.id ?? "" })]
    }
    var lines: [String] = []
    for index in chosen {
      let id = records[index].id.map { ", \($0)" } ?? ""
      lines += (lines.isEmpty ? [] : [""]) + ["Record \(index + 1) of \(records.count)\(id)"]
      lines += RecordForm(records[index].json).lines()
    }
    return lines
  }

  // MARK: - Training

  private static let known = [
    "step", "loss", "margin", "chosen-log-ratio", "rejected-log-ratio", "accuracy", "reference-point", "gradient-norm",
    "learning-rate", "tokens",
  ]

  /// The log as a table: what every step says, and the margin where there are better and worse responses.
  private static func table(_ log: [JSONObject]) -> [String] {
    let rows = log.map { line in
      var line = line
      if let chosen = line["chosen-log-ratio"]?.doubleValue, let rejected = line["rejected-log-ratio"]?.doubleValue {
        line["margin"] = .number(chosen - rejected)
      }
      for metric in line["metrics"]?.objectValue?.members ?? [] { line[metric.name] = metric.value }
      line["metrics"] = nil
      return line
    }
    let names = Set(rows.flatMap(\.names)).subtracting(["weights"])
    let columns = known.filter { names.contains($0) } + names.subtracting(known).sorted()
    var table = TextTable(numbers: Set(columns.indices))
    table.add(columns)
    for row in rows { table.add(columns.map { text(row[$0], of: $0) }) }
    return table.lines(indent: 2)
  }

  private static func text(_ value: JSONValue?, of column: String) -> String {
    switch value {
    case nil, .null: "–"
    case .number(let number) where column != "learning-rate": NumberFormat.fixed(number, decimals: 4)
    case let value?: RecordForm.text(of: value)
    }
  }
}
