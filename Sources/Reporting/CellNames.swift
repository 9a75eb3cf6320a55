// Cells of an experiment in few words: by the arms that single them out, where some do.
// Knows nothing of what is said of them.

import Records

/// Names some of a table's cells.
struct CellNames {
  private let cells: [[Measured.Coordinate]]

  /// Takes all cells, in order; the same one may come several times.
  init(_ cells: [[Measured.Coordinate]]) { self.cells = cells.distinct }

  /// Values by the cells that have them, equal ones told once.
  ///
  /// Such as `24`, `24 in every cell`, `24 (SFT), 48 (DPO, KTO)`, or `48 (SFT), 96 (all others)`.
  ///
  /// - Parameter values: A value for each of some cells.
  /// - Returns: The words; empty without values.
  func folded(_ values: [(cell: [Measured.Coordinate], text: String)]) -> String {
    let groups = values.map(\.text).distinct.map { text in
      (text: text, cells: values.filter { $0.text == text }.map(\.cell).distinct)
    }
    guard groups.count > 1 else {
      let isEverywhere = cells.count > 1 && groups.first?.cells.count == cells.count
      return (groups.first?.text ?? "") + (isEverywhere ? " in every cell" : "")
    }
    // A rest that has no short name, and is most of the cells, is told as such, behind the exceptions.
    let rest = groups.firstIndex { $0.cells.count > 3 && 2 * $0.cells.count > cells.count && arms(of: $0.cells) == nil }
    let named = groups.indices.filter { $0 != rest }.map { "\(groups[$0].text) (\(words(for: groups[$0].cells)))" }
    return (named + [rest.map { "\(groups[$0].text) (all others)" }].compactMap { $0 }).joined(separator: ", ")
  }

  /// Some of the cells in few words: the arms that single them out, or up to three names; nil if neither says it.
  func short(_ some: [[Measured.Coordinate]]) -> String? {
    let isShort = !some.isEmpty && (some.count <= 3 || arms(of: some) != nil) && some.allSatisfy { !$0.isEmpty }
    return isShort ? words(for: some) : nil
  }

  /// The arms of one axis that these cells have and no others, or each cell's name.
  private func words(for some: [[Measured.Coordinate]]) -> String {
    let names = arms(of: some) ?? some.map { Measured.cell(at: $0) }
    return names.joined(separator: names.contains { $0.contains(",") } ? "; " : ", ")
  }

  private func arms(of some: [[Measured.Coordinate]]) -> [String]? {
    some.joined().map(\.axis).distinct.filter { $0 != "base" }.lazy.compactMap { arms(on: $0, of: some) }.first
      .flatMap { $0.count < some.count || some.count == 1 ? $0 : nil }
  }

  /// The values of these cells on an axis; nil if one has none, or if others share them.
  private func arms(on axis: String, of own: [[Measured.Coordinate]]) -> [String]? {
    func value(_ cell: [Measured.Coordinate]) -> String? { cell.first { $0.axis == axis }?.value }
    let values = own.compactMap(value)
    guard values.count == own.count, cells.count(where: { value($0).map(values.contains) ?? false }) == own.count else {
      return nil
    }
    return values.distinct.map { Measured.cell(at: [.init(axis, $0)]) }
  }
}
