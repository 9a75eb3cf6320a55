// Puts together what a page tells of a table over several experiments; each of these has a part of its own.

import Digests
import Pages
import Planning
import Records
import Reporting
import Specification

/// Gathers one table.
struct TableGathering {
  private let table: ReportedTable
  private let subjects: [ReportSubject]

  /// Takes a table and the experiments of the page.
  init(_ table: ReportedTable, _ subjects: [ReportSubject]) {
    let paths = Set(table.specification.resolved.map(\.path))
    self.table = table
    self.subjects = subjects.filter { $0.experiment.map { paths.contains($0.experiment.path) } ?? false }
  }

  /// What the page tells.
  ///
  /// - Parameters:
  ///   - relativeTo: The row that numbers are compared with; nil: that of the spec.
  ///   - outcomes: The records of an outcomes object; nil if it cannot be had.
  /// - Returns: The part.
  /// - Throws: ``CommandError/unknownName(what:name:known:)`` if there is no such row.
  func part(relativeTo: String?, outcomes: @escaping (Digest) -> [Outcomes]?) throws -> ReportedExperiment {
    var part = ReportedExperiment(name: table.name, description: table.specification.description)
    part.numbers = try GatheredNumbers(table, relativeTo: relativeTo, outcomes: outcomes).numbers
    part.claims = table.table.claims
    part.facts = facts
    part.missing = table.absent.map { spec in
      "No number of \(spec) is stored, so that its rows are empty and it is not shown below. Run `\(table.command)` first."
    }
    return part
  }

  private var facts: [PageFact] {
    let names = subjects.map(\.name).joined(separator: ", ")
    let all = subjects.compactMap { $0.stored?.graph.steps.map(\.id) }
    let distinct = Set(all.joined())
    let shared = distinct.count { id in all.count { $0.contains(id) } > 1 }
    let steps = "\(distinct.count)" + (shared > 0 ? ", of which \(shared) are steps of several experiments" : "")
    return [
      PageFact("table", table.specification.path, isCode: true), PageFact("experiments", names),
      PageFact("steps", steps),
    ]
  }
}
