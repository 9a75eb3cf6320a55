// A laid-out table as its parts, for whoever draws it: labels, and for each cell its number, error and difference
// apart. Knows nothing of formats.

package import Records
package import Specification

/// A laid-out table, number by number.
package struct TableGrid: Sendable {
  /// A number with what is said of it.
  package struct Cell: Sendable {
    /// The number.
    package let number: Measured
    /// Its mean as text.
    package let mean: String
    /// What stands behind ±; nil for a number without.
    package let error: String?
    /// The difference from the cell that it is compared with; nil without one.
    package let difference: String?
    /// What follows the difference, or the number where none is shown: ` ≈` inside the noise, ` =` the same outcomes, ` ?`
    /// untested; empty where it stands out.
    package let sign: String
    /// Whether no other number of the column is better.
    package let isBest: Bool
    /// What stands in the place of a number whose training diverged.
    package let divergence: String?

    /// Whether it is a share, shown in percent.
    package var isShare: Bool { number.isShare }
  }

  /// A row.
  package struct Row: Sendable {
    /// Its labels.
    package let labels: [String]
    /// Its cells; nil where nothing was measured.
    package let cells: [Cell?]
    /// What a paper printed for the same cells, in its brackets; nil where nothing is published.
    package let published: [String?]
    /// Whether it shows the model before training.
    package let isBase: Bool
  }

  /// What differences are from; nil where there are none.
  package let reference: String?
  /// The names of the labels' columns.
  package let labels: [String]
  /// The columns' labels.
  package let columns: [String]
  /// The rows.
  package let rows: [Row]

  /// Takes a table apart.
  ///
  /// - Parameters:
  ///   - layout: The table.
  ///   - marks: What is said of its cells.
  ///   - published: A paper's numbers.
  package init(_ layout: TableLayout, marks: TableMarks, published: PublishedNumbers? = nil) {
    let beside = published.map { PublishedCells($0, in: layout) }
    reference = layout.referenceName
    labels = layout.shownAxes
    columns = layout.columns
    rows = layout.rows.enumerated().map { index, row in
      let cells = row.cells.enumerated().map { column, number in
        number.map { number in
          let place = TableMarks.Place(row: index, column: column)
          let text = CellText(number, reference: layout.reference(row: row, column: column))
          return Cell(
            number: number, mean: text.mean, error: text.spread, difference: text.difference,
            sign: marks.sign(at: place),
            isBest: marks.best.contains(place), divergence: number.divergence)
        }
      }
      let published = row.cells.indices.map { beside?.text(at: TableMarks.Place(row: index, column: $0)) }
      return Row(labels: layout.shownLabels(of: row), cells: cells, published: published, isBase: row.isBase)
    }
  }
}

extension TableLayout {
  /// The names of the labels' columns; one without a name where the table has a single row of labels, or is one over several
  /// experiments, whose rows lie along no axis.
  var shownAxes: [String] {
    if rowAxes.isEmpty || rowAxes == ["row"] && columnAxes == ["column"] { return [""] }
    return rowAxes
  }
}
