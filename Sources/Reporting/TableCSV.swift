// A table as `table.csv` says it, read back for comparison: numbers alone, without the steps and records behind them.
// Knows nothing of files.

import JSON
public import Records

extension StoredTable {
  /// The columns that every `table.csv` has behind its axes.
  private static let columns = ["eval", "mean", "spread", "standard-error", "records", "seeds"]

  /// The axes that the header of a `table.csv` names, in the order of the experiment; nil if it is no such header.
  ///
  /// - Parameter text: The file.
  /// - Returns: The axes.
  private static func axes(ofCSV text: String) -> [String]? {
    guard let header = CSV.lines(of: text).first, let first = header.firstIndex(of: columns[0]),
      header[first...].starts(with: columns)
    else { return nil }
    return Array(header[..<first])
  }

  /// Reads a `table.csv`; the kinds of its evals are not known, nor are outcomes.
  ///
  /// - Parameter text: The file.
  /// - Throws: ``WireFault`` that names the column which is not there, or holds no number.
  public init(csv text: String) throws(WireFault) {
    guard let axes = Self.axes(ofCSV: text) else { throw WireFault(member: Self.columns[0]) }
    let lines = CSV.lines(of: text)
    var numbers: [Number] = []
    for line in lines.dropFirst() {
      let values = Dictionary(zip(lines[0], line), uniquingKeysWith: { first, _ in first })
      numbers.append(try Number(axes: axes, values))
    }
    self.init(numbers: numbers)
  }
}

extension StoredTable.Number {
  /// A line's number; a step at which a training diverged stands in a column of its own.
  fileprivate init(axes: [String], _ values: [String: String]) throws(WireFault) {
    let place = axes.compactMap { axis in values[axis].flatMap { $0.isEmpty ? nil : JSONMember(axis, .string($0)) } }
    guard let records = values["records"].flatMap(Int64.init) else { throw WireFault(member: "records") }
    func number(_ column: String) -> JSONValue? { values[column].flatMap(Double.init).map { .number($0) } }
    var object = JSONObject([
      JSONMember("eval", .string(values["eval"] ?? "")), JSONMember("kind", ""),
      JSONMember("at", .object(JSONObject(place))), JSONMember("mean", number("mean") ?? .null),
      JSONMember("records", .integer(records)), JSONMember("steps", .array([])),
    ])
    object["spread"] = number("spread")
    object["standard-error"] = number("standard-error")
    if let steps = values["diverged-at"], !steps.isEmpty {
      object["diverged-at"] = .array(
        steps.split(separator: " ", omittingEmptySubsequences: false).map { Int64($0).map { .integer($0) } ?? .null })
    }
    try self.init(json: .object(object), axes: axes)
  }
}
