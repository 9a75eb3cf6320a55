// Two specs of tables over several experiments by meaning: which cells they lay out, what they claim, and how the experiments
// that both name differ.

import Diagnostics
import JSON

/// How two tables over several experiments differ as their specs say it.
public struct TableDifference: Sendable {
  /// The settings of the tables that differ; each with its places.
  public let settings: [SpecificationDifference.Setting]
  /// The experiments that both call by one name and that do not mean the same, in the order of the first.
  public let experiments: [(name: String, difference: SpecificationDifference)]

  /// Compares.
  public init(_ first: TableSpecification, _ second: TableSpecification) {
    let (one, other) = (first.said, second.said)
    let keys = one.map(\.path) + other.map(\.path).filter { path in !one.contains { $0.path == path } }
    settings = keys.compactMap { path in
      let (left, right) = (one.first { $0.path == path }?.side, other.first { $0.path == path }?.side)
      if let left, let right, left.value == right.value { return nil }
      return SpecificationDifference.Setting(path: path, first: left, second: right, cells: [])
    }
    experiments = zip(first.experiments.names, first.resolved).compactMap { name, experiment in
      guard let place = second.experiments.names.firstIndex(of: name), place < second.resolved.count,
        second.resolved[place].path != experiment.path
      else { return nil }
      let difference = SpecificationDifference(experiment, second.resolved[place])
      return difference.isEmpty ? nil : (name, difference)
    }
  }

  /// Whether the tables mean the same.
  public var isEmpty: Bool { settings.isEmpty && experiments.isEmpty }
}

extension TableSpecification {
  /// All that the table says, but for what its experiments say, by its keys.
  fileprivate var said: [(path: String, side: SpecificationDifference.Side)] {
    func side(_ value: String, _ key: String) -> SpecificationDifference.Side {
      let top = String(key.prefix { $0 != "/" })
      return SpecificationDifference.Side(value: .string(value), place: places[key] ?? places[top])
    }
    var said: [(path: String, side: SpecificationDifference.Side)] = []
    for name in experiments.names { said.append(("experiments.\(name)", side("there", "experiments/\(name)"))) }
    for row in rows.entries {
      let cell = row.value.cell.map { ", \($0)" } ?? ""
      said.append(("rows.\(row.name)", side(row.value.experiment + cell, "rows/\(row.name)")))
    }
    for column in columns.entries {
      said.append(("columns.\(column.name)", side(column.value, "columns/\(column.name)")))
    }
    if let relativeTo { said.append(("relative-to", side(relativeTo, "relative-to"))) }
    if let published { said.append(("published.file", side(published.written, "published"))) }
    for claim in claims.entries {
      let required = claim.value.required ? "" : ", not required"
      said.append(("claims.\(claim.name)", side(claim.value.written + required, "claims/\(claim.name)")))
    }
    return said
  }
}
