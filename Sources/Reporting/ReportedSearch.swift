// What a search tried, what it chose for each cell, and by which numbers: said beside a table, since these are no cells of it.
// Knows choices by their candidates' numbers; which store they came from is the caller's.

import JSON
public import Planning
public import Records
import Specification

/// A search over the same values in some cells.
public struct ReportedSearch: Sendable {
  /// What was chosen in a cell.
  struct Cell: Sendable {
    /// The cell's name; empty without ablations.
    let name: String
    let choice: CandidateChoice
  }

  private let search: Search
  private let kind: String
  private let seed: Int
  private let candidates: [Named<String>]
  private var cells: [Cell]

  /// The searches of an experiment; cells that try the same values by the same rule are told together.
  ///
  /// - Parameters:
  ///   - experiment: The experiment.
  ///   - choice: What a step chose; nil of a step that has not.
  /// - Returns: In the order of the cells; none without `search:`.
  /// - Throws: What `choice` throws.
  public static func all(
    of experiment: PlannedExperiment, choice: (PlannedSearch) throws -> CandidateChoice?
  ) rethrows -> [ReportedSearch] {
    var searches: [ReportedSearch] = []
    for planned in experiment.searches {
      guard let choice = try choice(planned) else { continue }
      let cell = Cell(name: planned.cell, choice: choice)
      if let index = searches.firstIndex(where: { $0.isSame(as: planned) }) {
        searches[index].cells.append(cell)
      } else {
        searches.append(
          ReportedSearch(
            search: planned.search, kind: planned.kind, seed: planned.seed, candidates: planned.candidates,
            cells: [cell]))
      }
    }
    return searches
  }

  /// The names of the cells that it is about.
  var cellNames: [String] { cells.map(\.name) }

  private func isSame(as planned: PlannedSearch) -> Bool {
    search == planned.search && kind == planned.kind && seed == planned.seed && candidates == planned.candidates
  }

  /// The rule and what it chose.
  ///
  /// Such as `Search: learning-rate of 0.0001, 0.001, by the highest accuracy on counting/validation, seed 1. Chosen: judge/DPO
  /// learning-rate 0.001 (41.0%).`
  var sentence: String {
    let names = candidates.first?.names ?? []
    let tried = zip(names, Candidate.shortened(names)).map { name, short in
      "\(short) of \(candidates.compactMap { $0[name] }.distinct.joined(separator: ", "))"
    }
    let rule = "by the \(search.highest ? "highest" : "lowest") \(search.eval) on \(search.on.text), seed \(seed)"
    let chosen =
      cells.count > Self.mostNamed
      ? folded
      : cells.map { cell in
        "\(cell.name.isEmpty ? "" : "\(cell.name) ")\(values(of: cell)) (\(text(of: cell.choice)))"
      }
    return "Search: \(tried.joined(separator: " and ")), \(rule). Chosen: \(chosen.joined(separator: "; "))."
  }

  /// Of how many cells the choices are told one by one; all numbers stand in `table.json`.
  private static let mostNamed = 6

  private func values(of cell: Cell) -> String { Candidate.label(of: candidates[cell.choice.chosen]) }

  /// What was chosen, each with its cells; what most of them have in common comes last, without their names.
  private var folded: [String] {
    let groups = cells.map(values).distinct.map { values in
      (values: values, cells: cells.filter { self.values(of: $0) == values })
    }
    let rest = groups.firstIndex { 2 * $0.cells.count > cells.count }
    let named = groups.indices.filter { $0 != rest }.map { index in
      let names = groups[index].cells.map { "\($0.name) (\(text(of: $0.choice)))" }
      return "\(groups[index].values) for \(names.joined(separator: ", "))"
    }
    let others = named.isEmpty ? "in every cell" : "in all others"
    return named + (rest.map { ["\(groups[$0].values) \(others)"] } ?? [])
  }

  private func text(of choice: CandidateChoice) -> String {
    number(choice.means[choice.chosen]).map { Measured.text(of: $0, kind: kind) } ?? "diverged"
  }

  private func number(_ mean: Double?) -> Double? { mean.map { Measured.value(ofMean: $0, kind: kind) } }

  /// The rule, and of each cell what was chosen and every candidate's number; null where its training diverged.
  var json: JSONValue {
    .members([
      "eval": .string(search.eval), "kind": .string(kind), "on": .string(search.on.text),
      "wins": .string(search.highest ? "highest" : "lowest"), "seed": .integer(Int64(seed)),
      "candidates": .array(
        candidates.map { .object(JSONObject($0.entries.map { JSONMember($0.name, .string($0.value)) })) }),
      "cells": .array(
        cells.map { cell in
          .members([
            "cell": .string(cell.name), "chosen": .integer(Int64(cell.choice.chosen)),
            "numbers": .array(cell.choice.means.map { number($0).map { .number($0) } ?? .null }),
          ])
        }),
    ])
  }
}
