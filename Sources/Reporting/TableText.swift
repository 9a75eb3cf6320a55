// A laid-out table as aligned text, Markdown, CSV and LaTeX: the same cells, marks and notes in each.
// Knows nothing of where the text goes.

import Diagnostics
public import Records
public import Specification
import Statistics

/// Renders a table; its numbers are rounded by their errors.
public struct TableText: Sendable {
  private let layout: TableLayout
  private let marks: TableMarks
  private let notes: PlacedNotes
  private let published: PublishedCells?

  /// Takes a layout and what is to be said of its cells.
  ///
  /// - Parameters:
  ///   - layout: The table.
  ///   - marks: What is said of its cells beyond their numbers; nil: which are best, for nothing was tested.
  ///   - notes: What must be known beside the numbers.
  ///   - published: A paper's numbers, shown beside ours.
  public init(
    _ layout: TableLayout, marks: TableMarks? = nil, notes: [TableNote] = [], published: PublishedNumbers? = nil
  ) {
    self.layout = layout
    self.marks = marks ?? TableMarks(layout, numbers: [:]) { _ in nil }
    self.notes = PlacedNotes(notes, in: layout)
    self.published = published.map { PublishedCells($0, in: layout) }
  }

  /// The text of a cell, the marks of its notes, and whether it is to stand out.
  private struct Cell {
    let text: String
    var marks: [String] = []
    var isBest = false

    /// With its marks raised, such as `43.7 ± 2.9 ᵃ`.
    var plain: String { marked(text) }

    var markdown: String { marked(isBest ? "**\(text)**" : text) }

    private func marked(_ text: String) -> String {
      (text.isEmpty || marks.isEmpty ? text : text + " ") + PlacedNotes.raised(marks)
    }

    var latex: String {
      let escaped = LaTeX.escaped(text)
      return (isBest ? "\\textbf{\(escaped)}" : escaped)
        + (marks.isEmpty ? "" : "\\tnote{\(marks.joined(separator: ","))}")
    }
  }

  private var header: [String] { layout.shownAxes + layout.columns }

  /// How many columns are labels.
  private var labels: Int { max(1, layout.rowAxes.count) }

  private var body: [[Cell]] {
    layout.rows.enumerated().map { index, row in
      var labels = layout.shownLabels(of: row).map { Cell(text: $0) }
      labels[labels.count - 1].marks = notes.marks(ofRow: index)
      return labels
        + row.cells.enumerated().map { column, number in
          let place = TableMarks.Place(row: index, column: column)
          let text = number.map { number -> String in
            let reference = layout.reference(row: row, column: column)
            let estimate = marks.differences[place]?.estimate
            return CellText(number, reference: reference, estimate: estimate).text(sign: marks.sign(at: place))
          }
          let beside = published?.text(at: place).map { " \($0)" } ?? ""
          return Cell(
            text: (text ?? "–") + beside, marks: notes.marks(at: place), isBest: marks.best.contains(place))
        }
    }
  }

  // MARK: - Below the table

  /// What the numbers are, in one line.
  public var legend: String {
    let numbers = layout.numbers
    let shares = numbers.filter(\.isShare).map(\.eval).distinct
    let isAll = numbers.allSatisfy(\.isShare)
    let percent = shares.isEmpty ? "" : isAll ? "In percent; " : "In percent: \(shares.joined(separator: ", ")); "
    let more = [marks.legend, published?.legend, published?.note].compactMap { $0 }
    return (["\(percent)\(spread(of: numbers))records: \(records(of: numbers))."] + more).joined(separator: " ")
  }

  /// What stands behind ±, and how far it is from an interval: one over few seeds is much wider than their spread.
  private func spread(of numbers: [Measured]) -> String {
    let several = numbers.filter { $0.spread != nil }
    let seeds = Set(several.map(\.seeds.count)).sorted()
    let hasOne = numbers.contains { $0.spread == nil && $0.standardError != nil }
    var told: [String] = []
    if !seeds.isEmpty {
      let counts =
        seeds.count == 1
        ? "\(seeds[0]) seeds"
        : "seeds: \(CellNames(several.map(\.coordinates)).folded(several.map { ($0.coordinates, "\($0.seeds.count)") }))"
      let times = seeds.map { NumberFormat.fixed(MeanInterval.timesSpread(seeds: $0), decimals: 1) }
        .joined(separator: " or ")
      told.append(
        // A table.csv has no seed's number.
        seeds == [0]
          ? "the standard deviation over seeds"
          : "the standard deviation over \(counts) (an interval of 95% for their mean is ± \(times) times that\(limits(of: several)))"
      )
    }
    if hasOne {
      let whose = seeds.isEmpty ? "" : "for numbers of one seed\(cellsOfOneSeed(of: numbers).map { " (\($0))" } ?? "") "
      told.append(whose + "the standard error over records")
    }
    return told.isEmpty ? "" : "± is \(told.joined(separator: ", ")); "
  }

  /// Where seeds say less than their spread seems to.
  private func limits(of several: [Measured]) -> String {
    let isEqual = several.contains { $0.spread == 0 }
    let isNearEnd = several.contains { number in
      guard number.isShare, let mean = number.mean else { return false }
      return min(mean, 1 - mean) * Double(number.records) < Self.fewestOfAKind
    }
    return (isNearEnd ? ", and holds less where fewer than five records are right, or wrong" : "")
      + (isEqual ? "; seeds that came to one number say nothing of others" : "")
  }

  /// Shares of fewer records of a kind are no longer spread like normal numbers (`CoverageTests`).
  private static let fewestOfAKind = 5.0

  /// The cells whose numbers have the error over records, in few words; nil if there are none, or if they do not tell
  /// these numbers from others.
  private func cellsOfOneSeed(of numbers: [Measured]) -> String? {
    let ones = numbers.filter { $0.spread == nil && $0.standardError != nil }.map(\.coordinates).distinct
    let isMixed = numbers.contains { $0.spread != nil && ones.contains($0.coordinates) }
    return isMixed ? nil : CellNames(numbers.map(\.coordinates)).short(ones)
  }

  /// How many records each number measured: `300`, or `accuracy 300; drift, drift tokens 16; preference 20 (judge), 19 (revision)`.
  private func records(of numbers: [Measured]) -> String {
    if Set(numbers.map(\.records)).count == 1 { return String(numbers[0].records) }
    var told: [(evals: [String], text: String)] = []
    for eval in numbers.map(\.eval).distinct {
      let own = numbers.filter { $0.eval == eval }
      let isSame = Set(own.map(\.records)).count == 1
      let text =
        isSame
        ? String(own[0].records)
        : CellNames(own.map(\.coordinates)).folded(own.map { ($0.coordinates, String($0.records)) })
      if let index = told.firstIndex(where: { $0.text == text }) {
        told[index].evals.append(eval)
      } else {
        told.append(([eval], text))
      }
    }
    if told.count == 1 { return told[0].text }
    return told.map { "\($0.evals.joined(separator: ", ")) \($0.text)" }.joined(separator: "; ")
  }

  /// The legend and the notes, a line each: those that marks lead to first, with their marks.
  public var below: [String] {
    [legend] + notes.marked.map { "\(PlacedNotes.raised([$0.mark])) \($0.note.text)" } + notes.general
  }

  // MARK: - Forms

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
    let natural = header.indices.map { column in lines.map { $0[column].plain.terminalColumns }.max() ?? 0 }
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
    let shown = isLabel ? cell.plain.shortened(to: width) : cell.plain
    let gap = String(repeating: " ", count: width - shown.terminalColumns)
    let text = colored && cell.isBest ? "\u{1B}[1m\(shown)\u{1B}[0m" : shown
    return isLabel ? text + gap : gap + text
  }

  /// A Markdown table; every line ends with a new line.
  public var markdown: String {
    MarkdownTable.text(
      header: header, rows: body.map { $0.map(\.markdown) }, isNumber: { $0 >= labels })
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
    csv(measured, published, differences: nil)
  }

  /// The same with what each number's difference from its reference is worth: the difference, its interval of 95% and
  /// Holm's p-value, empty where it was not tested.
  ///
  /// - Parameters:
  ///   - layout: The table.
  ///   - marks: What is said of its cells.
  ///   - published: As above.
  /// - Returns: The lines, the header first.
  public static func csv(
    _ layout: TableLayout, _ marks: TableMarks, published: [Measured: PublishedNumber]? = nil
  ) -> String {
    let compared = marks.differences.compactMap { place, row in
      layout.rows[place.row].cells[place.column].map { ($0, row) }
    }
    let differences = Dictionary(compared, uniquingKeysWith: { first, _ in first })
    return csv(layout.numbers + layout.missing, published, differences: differences)
  }

  private static func csv(
    _ measured: [Measured], _ published: [Measured: PublishedNumber]?,
    differences: [Measured: TableComparison.Row]?
  ) -> String {
    var axes: [String] = []
    for number in measured {
      for coordinate in number.coordinates where !axes.contains(coordinate.axis) { axes.append(coordinate.axis) }
    }
    let diverged = measured.contains { !$0.divergedAt.isEmpty }
    let header =
      axes + ["eval", "mean", "spread", "standard-error", "records", "seeds"] + (published == nil ? [] : ["published"])
    let compared = differences == nil ? [] : ["difference", "low", "high", "p-holm"]
    var text = CSV.line(header + compared + (diverged ? ["diverged-at"] : []))
    for number in measured {
      let labels = axes.map { number.value(on: $0) ?? "" }
      let numbers = [number.mean, number.spread, number.standardError]
      let values = numbers.map { number.divergedAt.isEmpty ? $0.map { String($0) } ?? "" : "" }
      var cells = labels + [number.eval] + values + [String(number.records), String(number.seeds.count)]
      if let published { cells.append(published[number]?.value.map { String($0) } ?? "") }
      if let differences {
        let row = differences[number]
        let values = [row?.estimate?.difference, row?.estimate?.low, row?.estimate?.high, row?.adjusted]
        cells += values.map { $0.map { String($0) } ?? "" }
      }
      if diverged { cells.append(number.divergedAt.map { $0.map(String.init) ?? "" }.joined(separator: " ")) }
      text += CSV.line(cells)
    }
    return text
  }

  /// A LaTeX tabular with booktabs rules, and legend and notes as table notes; needs booktabs and threeparttable.
  public var latex: String {
    let columns = String(repeating: "l", count: labels) + String(repeating: "r", count: header.count - labels)
    let marked = notes.marked.map { LaTeX.Note(mark: $0.mark, text: $0.note.text) }
    let general = notes.general.map { LaTeX.Note(mark: nil, text: $0) }
    return LaTeX.packages
      + LaTeX.table(
        columns: columns, header: header, rows: body.map { $0.map(\.latex) },
        notes: [LaTeX.Note(mark: nil, text: legend)] + marked + general)
  }
}
