// What two plans have in common and where they part, in pieces and as JSON.

import JSON
import Planning
import Reporting
import Storage

/// Tells of a difference of plans.
struct DiffPlans {
  let difference: PlanDifference
  /// The share of the time that all stored steps took which those in common took, and how many steps say so; nil without a
  /// stored step.
  let time: (share: Double, steps: Int)?
  private let folded: [Folded]

  /// Partings that are alike but for step and cell.
  private struct Folded {
    var labels: [String]
    var cells: [String]
    let changes: [String]
    let hasCounterpart: Bool
  }

  /// How many partings are told one by one.
  private static let mostPartings = 12

  /// The plans of the parts that belong together; nil if there are no two.
  init?(_ sides: DiffSides, in store: Store) {
    let pairs = sides.pairs.filter { $0.first?.source != nil && $0.second?.source != nil }
    if pairs.isEmpty { return nil }
    let first = Self.steps(pairs.compactMap { $0.first }, sides.graph)
    let second = Self.steps(pairs.compactMap { $0.second }, sides.graph)
    difference = PlanDifference(sides.graph, first: first, second: second)
    time = Self.time(first, second, StoredGraph(sides.graph.restricted(to: first.union(second)), in: store))
    let names = pairs.flatMap { [$0.first, $0.second] }.compactMap { $0?.source }.flatMap(\.experiments).map(\.name)
    folded = Self.folded(difference.partings, names: Set(names))
  }

  private static func steps(_ parts: [NamedResults], _ graph: StepGraph) -> Set<StepID> {
    let experiments = parts.compactMap(\.source).flatMap(\.experiments)
    let tables = Set(experiments.map(\.table))
    return Set(graph.restricted(to: tables.union(experiments.flatMap(\.wanted))).steps.map(\.id)).subtracting(tables)
  }

  private static func time(
    _ first: Set<StepID>, _ second: Set<StepID>, _ stored: StoredGraph
  ) -> (share: Double, steps: Int)? {
    var (common, all, steps) = (0.0, 0.0, 0)
    for step in first.union(second) {
      guard let seconds = stored.provenance(of: step)["seconds"]?.doubleValue else { continue }
      (all, steps) = (all + seconds, steps + 1)
      if first.contains(step), second.contains(step) { common += seconds }
    }
    return all > 0 ? (common / all, steps) : nil
  }

  private static func folded(_ partings: [PlanDifference.Parting], names: Set<String>) -> [Folded] {
    var folded: [Folded] = []
    for parting in partings {
      let changes = parting.changes.isEmpty ? [] : PlanText.text(of: .changed(parting.changes))
      let cells = parting.cells.compactMap { cell(of: $0, names) }
      let index = folded.firstIndex { one in
        one.changes == changes && one.hasCounterpart == (parting.counterpart != nil)
          && (!changes.isEmpty || one.cells == cells)
      }
      if let index {
        folded[index].labels = (folded[index].labels + [parting.step.label]).distinct
        folded[index].cells = (folded[index].cells + cells).distinct
      } else {
        folded.append(
          Folded(
            labels: [parting.step.label], cells: cells, changes: changes,
            hasCounterpart: parting.counterpart != nil))
      }
    }
    return folded
  }

  /// The cell of a user of steps, which is called `EXPERIMENT: CELL`; nil where the experiment has but one.
  private static func cell(of user: String, _ names: Set<String>) -> String? {
    if names.contains(user) { return nil }
    return names.first { user.hasPrefix("\($0): ") }.map { String(user.dropFirst($0.count + 2)) } ?? user
  }

  // MARK: - Words

  func tell(into document: inout DiffDocument) {
    let all = difference.shared + difference.onlyFirst + difference.onlySecond
    document.add(
      .sentence(
        "\(difference.shared) of \(all) steps in common (\(100 * difference.shared / max(1, all))%), "
          + "\(difference.onlyFirst) only of the first, \(difference.onlySecond) only of the second."))
    document.say(
      time.map { time in
        "By the \(time.steps) stored steps those in common take \(NumberFormat.fixed(time.share, decimals: 0, shift: 2))% of the time."
      })
    if !folded.isEmpty {
      document.add(.sentence("They part at:"))
      document.add(.list(folded.prefix(Self.mostPartings).map(Self.item)))
    }
    let rest = folded.count - Self.mostPartings
    if rest > 0 { document.add(.sentence("and \(rest) more")) }
    let dropped = difference.dropped.map(\.label).distinct
    if !dropped.isEmpty { document.add(.sentence("Only the first goes on with: \(DiffSpecs.some(dropped)).")) }
  }

  private static func item(_ folded: Folded) -> DiffPiece.Item {
    let cells = folded.cells.isEmpty ? "" : "  for \(DiffSpecs.some(folded.cells))"
    let details = folded.hasCounterpart ? folded.changes : ["the first has no step of its kind there"]
    return DiffPiece.Item(text: DiffSpecs.some(folded.labels) + cells, details: details)
  }

  // MARK: - JSON

  var json: JSONValue {
    .members([
      "shared": .integer(Int64(difference.shared)), "only-first": .integer(Int64(difference.onlyFirst)),
      "only-second": .integer(Int64(difference.onlySecond)),
      "time-share": time.map { .number($0.share) } ?? .null,
      "partings": .array(
        folded.map { folded in
          .members([
            "steps": .array(folded.labels.map { .string($0) }), "cells": .array(folded.cells.map { .string($0) }),
            "changes": .array(folded.changes.map { .string($0) }), "counterpart": .bool(folded.hasCounterpart),
          ])
        }),
      "only-first-goes-on": .array(difference.dropped.map(\.label).distinct.map { .string($0) }),
    ])
  }
}
