// Cells of several experiments as one table, as a table spec lays them out.
// Knows nothing of how the numbers came about; every experiment's own report leads to its steps.

public import Digests
public import JSON
public import Records
public import Specification

/// The table of a table spec, filled from the reports of its experiments.
public struct CrossTable: Sendable {
  /// A cell with what fills it.
  private struct Filled {
    let row: String
    let column: String
    let source: ResultReport
    /// The number in this table.
    let number: Measured
    /// The same number in the table of its experiment.
    let original: Measured
  }

  private let specification: TableSpecification
  private let name: String
  private let cells: [Filled]
  private let layout: TableLayout
  private let marks: TableMarks
  /// What must be known beside the numbers.
  private let notes: [TableNote]
  /// Its claims, judged; empty where it makes none, or where nobody was to judge.
  public private(set) var claims: [JudgedClaim] = []

  /// Fills a table.
  ///
  /// - Parameters:
  ///   - specification: How it is laid out.
  ///   - name: Its name: the name of its folder under `results/`.
  ///   - reports: The reports of its experiments, in the order of `specification.experiments`; nil of one without numbers.
  ///   - judges: Whether its claims are judged.
  ///   - outcomes: The records of an outcomes object; nil if they cannot be had.
  public init(
    _ specification: TableSpecification, name: String, reports: [ResultReport?], judges: Bool = false,
    outcomes: (Digest) -> [Outcomes]? = { _ in nil }
  ) {
    self.specification = specification
    self.name = name
    var cells: [Filled] = []
    // Cells for which no number, or more than one, is there.
    var gaps: [String] = []
    for row in specification.rows.entries {
      let names = specification.experiments.names
      guard let index = names.firstIndex(where: { $0.utf8.elementsEqual(row.value.experiment.utf8) }) else { continue }
      for column in specification.columns.entries {
        let found = reports[index]?.numbers(of: column.value, cell: row.value.cell) ?? []
        if found.count == 1, let number = found.first, let source = reports[index] {
          let placed = number.named(column.name, at: [.init("row", row.name), .init("column", column.name)])
          cells.append(
            Filled(row: row.name, column: column.name, source: source, number: placed, original: number))
        } else {
          gaps.append("\(row.name)/\(column.name) (\(found.isEmpty ? "no number" : "\(found.count) numbers"))")
        }
      }
    }
    self.cells = cells
    layout = TableLayout(cells.map(\.number), of: specification)
    let behind = cells.map { cell in
      StoredTable.Number(
        cell.number, sources: cell.source.stored(cell.original).sources, isBase: cell.original.isBase)
    }
    let byNumber = Dictionary(zip(cells.map(\.number), behind), uniquingKeysWith: { first, _ in first })
    marks = TableMarks(layout, numbers: byNumber, outcomes: outcomes)
    notes = Self.notes(of: cells, specification, gaps: gaps, reports)
    if judges, !specification.claims.isEmpty {
      claims = ClaimJudge.judged(specification.claims, NamedCells(numbers: behind), outcomes)
    }
  }

  /// What its experiments say of the numbers that it shows, and which cells it could not fill.
  private static func notes(
    of cells: [Filled], _ specification: TableSpecification, gaps: [String], _ reports: [ResultReport?]
  ) -> [TableNote] {
    var notes = gaps.isEmpty ? [] : [TableNote("Not filled: \(gaps.joined(separator: ", ")).", .table)]
    for case (let name, let report?) in zip(specification.experiments.names, reports) {
      let own = cells.filter { specification.rows[$0.row]?.experiment == name }
      // A number may stand in several rows and columns.
      let places = Dictionary(grouping: own, by: \.original).mapValues { $0.map(\.number) }
      notes += report.notes.filter { $0.scope != .table }.compactMap { note in
        note.moved(of: name) { places[$0] ?? [] }
      }
      let shown = specification.rows.entries.filter { $0.value.experiment == name }.map { $0.value.cell ?? "" }
      notes += [report.amounts(of: shown.distinct)].compactMap { $0 }.map { TableNote("\(name): \($0)", .table) }
    }
    return notes
  }

  private var published: PublishedNumbers? { specification.publishedNumbers }

  private var text: TableText { TableText(layout, marks: marks, notes: notes, published: published) }

  private var publishedByNumber: [Measured: PublishedNumber]? {
    published.map { PublishedCells($0, in: layout).byNumber(in: layout) }
  }

  /// The table for a terminal, with a legend.
  public var aligned: String { aligned(columns: nil) }

  /// The same for a terminal of so many columns; nil for as many as the table takes.
  public func aligned(columns: Int?) -> String {
    let told = ClaimText(claims).lines
    return ([text.aligned(colored: false, columns: columns), ""] + text.below + (told.isEmpty ? [] : [""] + told))
      .joined(separator: "\n")
  }

  /// Every cell with its number, its experiment and the keys behind it.
  public var json: JSONValue {
    let beside = publishedByNumber ?? [:]
    let cells = cells.map { cell -> JSONValue in
      var object = cell.source.json(of: cell.number).objectValue ?? JSONObject()
      object["at"] = nil
      if let published = beside[cell.number] { object["published"] = published.json }
      if cell.original.isBase { object["base"] = .bool(true) }
      return .object(
        JSONObject(
          [
            JSONMember("row", .string(cell.row)), JSONMember("column", .string(cell.column)),
            JSONMember("experiment", .string(cell.source.name)),
          ] + object.members))
    }
    var object = JSONObject([
      JSONMember("table", .string(name)), JSONMember("version", .integer(1)), JSONMember("cells", .array(cells)),
    ])
    if let published { object["published"] = published.json }
    if !claims.isEmpty { object["claims"] = .array(claims.map(\.json)) }
    if !notes.isEmpty { object["notes"] = notes.json(among: self.cells.map(\.number)) }
    return .object(object)
  }

  /// Writes `table.json`, `TABLE.md`, `table.csv` and `table.tex`, and `claims.csv` where there are claims.
  ///
  /// - Parameter folder: Made if it is not there. Files that hold the same bytes already are left alone.
  /// - Throws: ``ResultsError``.
  public func write(into folder: String) throws {
    let about = specification.description.map { "\($0)\n\n" } ?? ""
    let sources = specification.experiments.names.joined(separator: ", ")
    let markdown =
      "# \(name)\n\n\(about)\(text.markdown)\n\(ResultReport.paragraphs(text.below))\(ClaimText(claims).markdown)"
      + "Of the experiments \(sources). Written by `runner exec`; the steps behind each number stand in table.json.\n"
    let csv = TableText.csv(cells.map(\.number), published: publishedByNumber)
    let files = [
      ("table.json", json.pretty), ("TABLE.md", markdown), ("table.csv", csv),
      ("table.tex", text.latex + ClaimText(claims).latex),
    ]
    for (file, text) in files { try ResultReport.write(Array(text.utf8), to: "\(folder)/\(file)", in: folder) }
    try ResultReport.write(claims, into: folder)
  }
}

extension ResultReport {
  /// The numbers of an eval in a cell; of several rounds the last.
  ///
  /// - Parameters:
  ///   - eval: The eval's name.
  ///   - cell: The arms joined by `/`, or `base`; nil: the only cell.
  /// - Returns: One where the table can be filled.
  fileprivate func numbers(of eval: String, cell: String?) -> [Measured] {
    let arms = cell == "base" ? [] : self.arms(of: cell)
    let own = numbers.filter { number in
      number.eval == eval && arms.allSatisfy { arm in number.value(on: arm.axis).map { $0 == arm.value } ?? true }
    }
    // Where nothing is trained, all numbers are those of the model as it is.
    let base = own.filter(\.isBase)
    let trained = cell == "base" && numbers.contains(where: \.isBase) ? [] : own.filter { !$0.isBase }
    let found = trained.isEmpty ? base : trained
    let rounds = found.compactMap { $0.value(on: "round").flatMap(Int.init) }
    guard rounds.count == found.count, let last = rounds.max() else { return found }
    return found.filter { $0.value(on: "round") == String(last) }
  }
}

extension TableLayout {
  /// Rows and columns in the order of a table spec.
  fileprivate init(_ numbers: [Measured], of specification: TableSpecification) {
    missing = []
    rowAxes = [""]
    columns = specification.columns.names
    rows = specification.rows.names.map { row in
      let cells = specification.columns.names.map { column in
        numbers.first { $0.value(on: "row") == row && $0.value(on: "column") == column }
      }
      return Row(labels: [row], cells: cells, isBase: false)
    }
    relativeTo = specification.relativeTo.map { .cell($0) }
    columnAxes = []
    namedAxes = 1
  }
}
