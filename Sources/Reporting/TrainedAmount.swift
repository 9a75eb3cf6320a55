// How much each cell was trained on: examples, and tokens that the loss looked at.
// The counts are steps'; here cells that have them in common are told together.

import JSON
import Records

/// What one training learned from.
public struct TrainedAmount: Hashable, Sendable {
  /// The cells that use it, without the experiment's name.
  public let cells: [String]
  /// The objective's name.
  public let objective: String
  /// How many examples it has; each epoch learns from them again.
  public let examples: Int
  /// Tokens that the loss looked at, over all optimizer steps.
  public let tokens: Int

  /// Takes counts.
  public init(cells: [String], objective: String, examples: Int, tokens: Int) {
    (self.cells, self.objective, self.examples, self.tokens) = (cells, objective, examples, tokens)
  }

  var json: JSONValue {
    .members([
      "cells": .array(cells.map { .string($0) }), "objective": .string(objective),
      "examples": .integer(Int64(examples)), "tokens": .integer(Int64(tokens)),
    ])
  }
}

extension [TrainedAmount] {
  /// The amounts of all cells.
  ///
  /// Such as `Examples of each training: 24 in every cell. Tokens in its loss, over all epochs: 96 (SFT), 168 (DPO).`
  ///
  /// - Parameters:
  ///   - cells: The cells in the order of the table, each with its name.
  ///   - place: Where a cell belongs.
  /// - Returns: A sentence or two; nil where none of the cells trains.
  func sentence(cells: [String], place: (String) -> [Measured.Coordinate]) -> String? {
    let trained = cells.filter { cell in contains { $0.cells.contains(cell) } }
    if trained.isEmpty { return nil }
    let names = CellNames(trained.map(place))
    func told(_ amount: (TrainedAmount) -> Int) -> String {
      names.folded(trained.map { (place($0), words(for: $0, amount)) })
    }
    return "Examples of each training: \(told(\.examples)). Tokens in its loss, over all epochs: \(told(\.tokens))."
  }

  /// The amounts of a cell: a range where its seeds or rounds differ, apart for each objective where it goes through several.
  private func words(for cell: String, _ amount: (TrainedAmount) -> Int) -> String {
    let own = filter { $0.cells.contains(cell) }
    let objectives = own.map(\.objective).distinct
    return objectives.map { objective in
      let amounts = own.filter { $0.objective == objective }.map(amount)
      let (least, most) = (amounts.min() ?? 0, amounts.max() ?? 0)
      let range = least == most ? "\(least)" : "\(least) to \(most)"
      return objectives.count > 1 ? "\(objective) \(range)" : range
    }.joined(separator: " and ")
  }
}
