// A laid-out table as aligned text, Markdown, CSV and LaTeX.
// Knows nothing of where the text goes.

import Diagnostics
public import Records
public import Specification

/// Renders a table.
public struct TableText: Sendable {
  private let layout: TableLayout
  private let marks: TableMarks?
  private let published: PublishedCells?

  /// Takes a layout and what is to be said of its cells; with marks, numbers are rounded by their errors.
  ///
  /// - Parameters:
  ///   - layout: The table.
  ///   - marks: What is said of its cells beyond their numbers.
  ///   - published: A paper's numbers, shown beside ours.
  public init(_ layout: TableLayout, marks: TableMarks? = nil, published: PublishedNumbers? = nil) {
    self.layout = layout
    self.marks = marks
    self.published = published.map { PublishedCells($0, in: layout) }
  }

  /// The text of a cell, and whether it is to stand out.
  private struct Cell {
    let text: String
    var isBest = false
  }

  private var header: [String] { layout.shownAxes + layout.columns }

  private var body: [[Cell]] {
    layout.rows.enumerated().map { index, row in
      let labels = layout.shownLabels(of: row).map { Cell(text: $0) }
      return labels
        + row.cells.enumerated().map { column, number in
          let place = TableMarks.Place(row: index, column: column)
          let text = number.map { number in
            CellText(number, reference: layout.reference(row: row, column: column), roundsByError: marks != nil)
              .text(sign: marks?.sign(at: place) ?? "")
          }
          let beside = published?.text(at: place).map { " \($0)" } ?? ""
          return Cell(text: (text ?? "–") + beside, isBest: marks?.best.contains(place) ?? false)
        }
    }
  }

  /// What the numbers are, in one line.
  public var legend: String {
    let numbers = layout.rows.flatMap(\.cells).compactMap { $0 }
    let shares = numbers.filter(\.isShare).map(\.eval).distinct
    let isAll = numbers.allSatisfy(\.isShare)
    let percent = shares.isEmpty ? "" : isAll ? "In percent; " : "In percent: \(shares.joined(separator: ", ")); "
    let seeds = numbers.map(\.seeds.count).max() ?? 1
    let records = Set(numbers.map(\.records)).sorted().map(String.init).joined(separator: ", ")
    let one = numbers.contains { $0.seeds.count == 1 && $0.standardError != nil }
    var spreads: [String] = []
    if seeds > 1 { spreads.append("the standard deviation over \(seeds) seeds") }
    if one { spreads.append((seeds > 1 ? "for numbers of one seed " : "") + "the standard error over records") }
    let spread = spreads.isEmpty ? "" : "± is \(spreads.joined(separator: ", ")); "
    let more = [marks?.legend, published?.legend, published?.note].compactMap { $0 }
    return (["\(percent)\(spread)records: \(records)."] + more).joined(separator: " ")
  }

  /// Columns that line up, for a terminal or a log; no new line at the end.
  public var aligned: String { aligned(colored: false) }

  /// Columns that line up; in a terminal the best of each column stands out.
  ///
  /// - Parameter colored: Whether the text may tell a terminal to write in bold.
  /// - Returns: The lines, without a new line at the end.
  public func aligned(colored: Bool) -> String {
    let lines = [header.map { Cell(text: $0) }] + body
    let widths = header.indices.map { column in lines.map { $0[column].text.terminalColumns }.max() ?? 0 }
    let labels = max(1, layout.rowAxes.count)
    func line(_ cells: [Cell]) -> String {
      cells.enumerated().map { index, cell in
        let gap = String(repeating: " ", count: widths[index] - cell.text.terminalColumns)
        let text = colored && cell.isBest ? "\u{1B}[1m\(cell.text)\u{1B}[0m" : cell.text
        return index < labels ? text + gap : gap + text
      }.joined(separator: "  ")
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return ([line(lines[0]), rule] + lines.dropFirst().map(line)).joined(separator: "\n")
  }

  /// A Markdown table; every line ends with a new line.
  public var markdown: String {
    let labels = max(1, layout.rowAxes.count)
    func line(_ cells: [String]) -> String {
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
    let rule = header.indices.map { $0 < labels ? "---" : "---:" }
    return line(header) + line(rule)
      + body.map { line($0.map { $0.isBest ? "**\($0.text)**" : $0.text }) }.joined()
  }

  /// One line for each number: coordinates, eval, mean, spread, standard error, records, seeds.
  ///
  /// Where trainings diverged, a last column has their steps, one a seed, and the numbers of those lines are empty. With
  /// published numbers a column before it has them, empty where they are not known.
  ///
  /// - Parameters:
  ///   - measured: The numbers.
  ///   - published: What a paper printed for them; nil: nothing is said of any.
  /// - Returns: The lines, the header first.
  public static func csv(_ measured: [Measured], published: [Measured: PublishedNumber]? = nil) -> String {
    var axes: [String] = []
    for number in measured {
      for coordinate in number.coordinates where !axes.contains(coordinate.axis) { axes.append(coordinate.axis) }
    }
    let diverged = measured.contains { !$0.divergedAt.isEmpty }
    let header =
      axes + ["eval", "mean", "spread", "standard-error", "records", "seeds"] + (published == nil ? [] : ["published"])
    var text = CSV.line(header + (diverged ? ["diverged-at"] : []))
    for number in measured {
      let labels = axes.map { number.value(on: $0) ?? "" }
      let numbers = [number.mean, number.spread, number.standardError]
      let values = numbers.map { number.divergedAt.isEmpty ? $0.map { String($0) } ?? "" : "" }
      var cells = labels + [number.eval] + values + [String(number.records), String(number.seeds.count)]
      if let published { cells.append(published[number]?.value.map { String($0) } ?? "") }
      if diverged { cells.append(number.divergedAt.map { $0.map(String.init) ?? "" }.joined(separator: " ")) }
      text += CSV.line(cells)
    }
    return text
  }

  /// A LaTeX tabular with booktabs rules.
  public var latex: String {
    let labels = max(1, layout.rowAxes.count)
    let columns = String(repeating: "l", count: labels) + String(repeating: "r", count: header.count - labels)
    func line(_ cells: [Cell]) -> String {
      cells.map { $0.isBest ? "\\textbf{\(LaTeX.escaped($0.text))}" : LaTeX.escaped($0.text) }.joined(separator: " & ")
        + " \\\\\n"
    }
    return "\\begin{tabular}{\(columns)}\n\\toprule\n" + line(header.map { Cell(text: $0) }) + "\\midrule\n"
      + body.map(line).joined()
      + "\\bottomrule\n\\end{tabular}\n"
  }
}
