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
  /// Where the table is wider than the terminal, its labels are shortened, and if that does not do, its columns stand in
  /// several blocks, each with the labels. Numbers are never shortened.
  ///
  /// - Parameters:
  ///   - colored: Whether the text may tell a terminal to write in bold.
  ///   - columns: The columns of the terminal; nil for as many as the table takes.
  /// - Returns: The lines, without a new line at the end.
  public func aligned(colored: Bool, columns: Int? = nil) -> String {
    let lines = [header.map { Cell(text: $0) }] + body
    let natural = header.indices.map { column in lines.map { $0[column].text.terminalColumns }.max() ?? 0 }
    let labels = max(1, layout.rowAxes.count)
    let (widths, blocks) = Self.fitted(natural, labels: labels, to: columns)
    return blocks.map { block in
      let shown = Array(0..<labels) + block
      let rule = shown.map { String(repeating: "─", count: widths[$0]) }.joined(separator: "  ")
      let rows = lines.map { row in
        shown.map { Self.aligned(row[$0], widths[$0], isLabel: $0 < labels, colored) }.joined(separator: "  ")
      }
      return ([rows[0], rule] + rows.dropFirst()).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  /// The widths of all columns, and the columns of numbers of each block.
  private static func fitted(_ natural: [Int], labels: Int, to columns: Int?) -> (widths: [Int], blocks: [Range<Int>]) {
    let numbers = labels..<max(labels, natural.count)
    guard let columns else { return (natural, [numbers]) }
    func fitted(_ widths: [Int], _ total: Int) -> [Int]? {
      ColumnWidths.fitted(widths, flexible: Set(0..<labels), to: total, least: fewestLabelColumns)
    }
    if let widths = fitted(natural, columns) { return (widths, [numbers]) }
    // Labels are repeated: they may take half of a line.
    let own = fitted(Array(natural[..<labels]), columns / 2) ?? natural[..<labels].map { min($0, fewestLabelColumns) }
    let leading = own.reduce(0) { $0 + $1 + ColumnWidths.gap }
    let blocks = ColumnWidths.folded(Array(natural[numbers]), to: columns, leading: leading)
    return (own + natural[numbers], blocks.map { $0.lowerBound + labels..<$0.upperBound + labels })
  }

  private static let fewestLabelColumns = 8

  private static func aligned(_ cell: Cell, _ width: Int, isLabel: Bool, _ colored: Bool) -> String {
    let shown = isLabel ? cell.text.shortened(to: width) : cell.text
    let gap = String(repeating: " ", count: width - shown.terminalColumns)
    let text = colored && cell.isBest ? "\u{1B}[1m\(shown)\u{1B}[0m" : shown
    return isLabel ? text + gap : gap + text
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
