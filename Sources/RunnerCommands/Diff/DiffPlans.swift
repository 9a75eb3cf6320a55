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
    /// The first one's steps that they stand in the place of, with the cells that use these; nil if there are none.
    var counterpart: Counterpart?
  }

  /// What stands in the place of something.
  private struct Counterpart {
    var labels: [String]
    var cells: [String]
    let isOfSameCells: Bool
  }

  /// How many partings are told one by one.
  private static let mostPartings = 12

  /// The plans of the parts that belong together; nil if there are no two.
  init?(_ sides: DiffSides, in store: Store) {
    let pairs = sides.pairs.filter { $0.first?.source != nil && $0.second?.source != nil }
    if pairs.isEmpty { return nil }
    let first = Self.steps(pairs.compactMap { $0.first }, sides.graph)
    let second = Self.steps(pairs.compactMap { $0.second }, sides.graph)
    difference = PlanDifference(
      sides.graph, first: Self.side(first, pairs.compactMap { $0.first }, sides.graph),
      second: Self.side(second, pairs.compactMap { $0.second }, sides.graph))
    time = Self.time(first, second, StoredGraph(sides.graph.restricted(to: first.union(second)), in: store))
    folded = Self.folded(difference.partings)
  }

  /// A side whose cells are called what its experiments call them; with several experiments, by these too.
  private static func side(
    _ steps: Set<StepID>, _ parts: [NamedResults], _ graph: StepGraph
  ) -> PlanDifference.Side {
    let names = parts.compactMap(\.source).flatMap(\.experiments).map(\.name)
    let users = graph.users
    return PlanDifference.Side(steps: steps) { step in
      (users[step] ?? []).compactMap { cell(of: $0, names) }.distinct
    }
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

  private static func folded(_ partings: [PlanDifference.Parting]) -> [Folded] {
    var folded: [Folded] = []
    for parting in partings {
      let changes = parting.changes.isEmpty ? [] : PlanText.text(of: .changed(parting.changes))
      let cells = parting.cells.filter { !$0.isEmpty }
      let counterpart = parting.counterpart.map {
        Counterpart(labels: [$0.step.label], cells: $0.cells.filter { !$0.isEmpty }, isOfSameCells: $0.isOfSameCells)
      }
      let index = folded.firstIndex { one in
        one.changes == changes && one.counterpart?.isOfSameCells == counterpart?.isOfSameCells
          && (one.cells == cells || !changes.isEmpty && counterpart?.isOfSameCells == true)
      }
      if let index {
        folded[index].labels = (folded[index].labels + [parting.step.label]).distinct
        folded[index].cells = (folded[index].cells + cells).distinct
        if let counterpart {
          folded[index].counterpart?.labels += counterpart.labels
          folded[index].counterpart?.cells += counterpart.cells
        }
      } else {
        folded.append(
          Folded(labels: [parting.step.label], cells: cells, changes: changes, counterpart: counterpart))
      }
    }
    return folded
  }

  /// The cell of a user of steps, which is called `EXPERIMENT: CELL`; empty where the experiment has but one, nil where it is
  /// none of these experiments'.
  private static func cell(of user: String, _ names: [String]) -> String? {
    if names.contains(user) { return "" }
    return names.first { user.hasPrefix("\($0): ") }.map { String(user.dropFirst($0.count + 2)) }
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
    if !dropped.isEmpty {
      document.add(.sentence("Only the first goes on with:"))
      document.add(
        .list(
          dropped.prefix(Self.mostPartings).map {
            DiffPiece.Item(text: Self.text(of: $0.labels, for: $0.cells), details: [])
          }))
    }
  }

  /// What only the first goes on with: the steps of the same cells together.
  private var dropped: [(labels: [String], cells: [String])] {
    difference.dropped.reduce(into: []) { groups, dropped in
      let cells = dropped.cells.filter { !$0.isEmpty }
      if let index = groups.firstIndex(where: { $0.cells == cells }) {
        groups[index].labels = (groups[index].labels + [dropped.step.label]).distinct
      } else {
        groups.append((labels: [dropped.step.label], cells: cells))
      }
    }
  }

  private static func text(of labels: [String], for cells: [String]) -> String {
    DiffSpecs.some(labels) + (cells.isEmpty ? "" : "  for \(DiffSpecs.some(cells))")
  }

  private static func item(_ folded: Folded) -> DiffPiece.Item {
    DiffPiece.Item(text: text(of: folded.labels, for: folded.cells), details: details(of: folded))
  }

  /// What differs, and from what where that is not the same cell's.
  private static func details(of folded: Folded) -> [String] {
    guard let counterpart = folded.counterpart else { return ["the first does nothing in its place"] }
    if counterpart.isOfSameCells { return folded.changes }
    let whose = counterpart.cells.isEmpty ? "" : " for \(DiffSpecs.some(counterpart.cells.distinct))"
    return ["the first has no such cell; from its \(DiffSpecs.some(counterpart.labels.distinct))\(whose):"]
      + folded.changes
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
            "changes": .array(folded.changes.map { .string($0) }),
            "counterpart": folded.counterpart.map(Self.json) ?? .null,
          ])
        }),
      "only-first-goes-on": .array(
        dropped.map {
          .members([
            "steps": .array($0.labels.map { .string($0) }), "cells": .array($0.cells.map { .string($0) }),
          ])
        }),
    ])
  }

  private static func json(_ counterpart: Counterpart) -> JSONValue {
    .members([
      "steps": .array(counterpart.labels.distinct.map { .string($0) }),
      "cells": .array(counterpart.cells.distinct.map { .string($0) }), "same-cells": .bool(counterpart.isOfSameCells),
    ])
  }
}
