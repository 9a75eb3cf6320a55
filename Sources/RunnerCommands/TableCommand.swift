// runner table: the numbers of one or several experiments laid out, with what the sample can say of their differences.

import ArgumentParser
import Diagnostics
import Digests
import JSON
import Planning
import Records
import Reporting
import Specification
import Storage

struct TableCommand: ParsableCommand {
  /// A form of the table.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, markdown, csv, latex, json
    /// The claims, one a line: they are no lines of the table.
    case claimsCSV = "claims-csv"

    /// `md` is what files of Markdown, and `runner diff`, call it.
    init?(argument: String) { self.init(rawValue: argument == "md" ? "markdown" : argument) }
  }

  static let configuration = CommandConfiguration(
    "table", "Lay out the numbers of experiments. Runs nothing.",
    takes: "<experiments> ... [<options>]",
    discussion: """
      Of one spec the table is as the spec asks; options change it. Of several experiments each becomes a value of the \
      axis `experiment`. The best of each column stands out, and ≈ follows what is not told from it; \
      numbers are rounded to two digits of their error. \
      Differences from --relative-to are tested as `runner diff` tests them: ≈ is inside the noise, = is the same \
      outcomes, ? could not be tested. Raised letters lead to notes: what was selected and how, what diverged or failed. \
      Published numbers stand in brackets beside ours. Claims are judged anew for specs, \
      and shown for files as they were judged when the file was written; the exit code is 0 whatever they come to.
      """,
    examples: [
      "runner table experiments/a.yaml",
      "runner table results/a --eval accuracy --rows pairs --columns objective --relative-to judge/DPO",
      "runner table experiments/a.yaml experiments/b.yaml --format latex",
    ])

  @Argument(help: "Specs, folders of results, or files table.json.", completion: .file()) var experiments: [String]
  @Option(help: "Show this eval alone.", completion: NumberNames.evals) var eval: String?
  @Option(help: "Axes that make rows, outermost first, with commas between them.", completion: NumberNames.axes)
  var rows: String?
  @Option(
    help: "Axes that make columns; the rest makes rows. Without it, the evals are the columns.",
    completion: NumberNames.axes)
  var columns: String?
  @Option(
    help: "`base`, or a row or cell by its arms joined by `/`: show each number's difference from it.",
    completion: NumberNames.cells)
  var relativeTo: String?
  @Option(help: "text, markdown, csv, claims-csv (the claims, one a line), latex (booktabs) or json.") var format =
    Format.text
  @OptionGroup var storage: StorePathOptions
  @Option(help: "Folder of results of specs that are not stored.", completion: .directory) var results = "results"

  func run() throws {
    let store = try Store(at: storage.path, mode: .readOnlyIfPresent)
    let sides = try NamedResults.all(experiments, in: store, results: results, isWhole: true)
    for side in sides where side.table == nil {
      throw CommandError.noNumbers(spec: side.name, stale: side.staleFolder)
    }
    let own = sides.count == 1 ? OwnLayout(sides[0]) : nil
    let shown = SeedNumbers.areShown(
      rows: Self.names(rows) ?? own?.rows ?? [], columns: Self.names(columns) ?? own?.columns ?? [])
    let table = LaidOutTable(sides, placed: sides.count > 1).apart(shown) { store.outcomes($0) }
    let layout = try layout(of: table, own: own)
    let marks = TableMarks(layout, numbers: table.behind) { store.outcomes($0) }
    show(layout, marks, table.notes, sides)
  }

  private func show(_ layout: TableLayout, _ marks: TableMarks, _ notes: [TableNote], _ sides: [NamedResults]) {
    // Where tables stand together, nobody knows beside which of them a paper's numbers belong.
    let published = sides.count == 1 ? sides[0].table?.published : nil
    let text = TableText(layout, marks: marks, notes: notes, published: published)
    let claims = sides.map { side -> [JudgedClaim] in
      let own = side.table?.claims ?? []
      return sides.count == 1 ? own : own.map { $0.named("\(side.title), \($0.name)") }
    }
    let told = claims.map { ClaimText($0) }
    switch format {
    case .text:
      let lines = told.flatMap { $0.lines.isEmpty ? [] : [""] + $0.lines }
      let aligned = text.aligned(colored: Output.colorsText, columns: Output.columns)
      Output.line(([aligned, ""] + text.below + lines).joined(separator: "\n"))
    case .markdown:
      let sections = told.map(\.markdown).joined()
      let below = text.below.joined(separator: "\n\n")
      Output.verbatim(text.markdown + "\n" + below + (sections.isEmpty ? "" : "\n\n" + sections.dropLast(2)))
    case .csv:
      let beside = published.map { PublishedCells($0, in: layout).byNumber(in: layout) }
      let text =
        relativeTo == nil
        ? TableText.csv(layout.numbers + layout.missing, published: beside)
        : TableText.csv(layout, marks, published: beside)
      Output.bytes(Array(text.utf8))
    case .claimsCSV: Output.bytes(Array(ClaimCSV.csv(Array(claims.joined())).utf8))
    case .latex: Output.bytes(Array((text.latex + told.map(\.latex).joined()).utf8))
    case .json:
      let claims = Array(claims.joined())
      Output.json(TableJSON.json(of: layout, marks, notes: notes, published: published, claims: claims))
    }
  }

  private func layout(of table: LaidOutTable, own: OwnLayout?) throws -> TableLayout {
    let asked = (rows: Self.names(rows), columns: Self.names(columns))
    let numbers = table.numbers + table.missing
    let evals = numbers.map(\.eval).distinct
    let axes = numbers.flatMap(\.coordinates).map(\.axis).distinct.filter { $0 != "base" }
    let named = (asked.rows ?? []) + (asked.columns ?? [])
    if let twice = named.indices.first(where: { named[..<$0].contains(named[$0]) }) {
      throw ValidationError("An axis makes rows or columns, once: `\(named[twice])` is named twice.")
    }
    for axis in named where !axes.contains(axis) {
      let seeds = table.behind.values.contains(where: \.namesSeeds) ? ["seed"] : []
      throw CommandError.unknownName(what: "axis", name: axis, known: axes + seeds)
    }
    if let eval, !evals.contains(eval) { throw CommandError.unknownName(what: "eval", name: eval, known: evals) }
    let columns = asked.columns ?? (eval == nil || eval == own?.value ? own?.columns : nil) ?? []
    let isOwn = own != nil && (own?.value != nil || asked.columns == nil)
    let shown = eval ?? (isOwn ? own?.value : columns.isEmpty ? nil : evals.first)
    if !columns.isEmpty, eval == nil, !isOwn, evals.count > 1 {
      throw ValidationError("Columns hold one eval: name it with --eval (there is: \(evals.joined(separator: ", "))).")
    }
    let layout = TableLayout(
      table.numbers, rows: asked.rows ?? own?.rows ?? [], columns: columns, value: shown,
      relativeTo: relativeTo.map { Table.RelativeTo($0) } ?? own?.relativeTo, missing: table.missing)
    if let relativeTo { try check(relativeTo, in: layout) }
    return layout
  }

  private func check(_ name: String, in layout: TableLayout) throws {
    let names = layout.referenceNames
    guard names.contains(name) else { throw CommandError.unknownName(what: "row or cell", name: name, known: names) }
  }

  private static func names(_ text: String?) -> [String]? {
    text.map { $0.split(separator: ",").map { String($0.trimmingSpaces) } }
  }
}

/// How a single table is laid out without any options.
private struct OwnLayout {
  let rows: [String]
  let columns: [String]
  /// The eval that is shown; nil: every column has its own.
  let value: String?
  let relativeTo: Table.RelativeTo?

  /// What the spec says; nil where it says nothing, or of a file that does not say.
  init?(_ side: NamedResults) {
    if let table = side.experiment?.experiment.table {
      (rows, columns, value, relativeTo) = (table.rows, table.columns, table.value, table.relativeTo)
    } else if side.table?.isOfSeveral == true {
      (rows, columns, value) = (["row"], ["column"], nil)
      relativeTo = side.specification?.relativeTo.map { .cell($0) }
    } else {
      return nil
    }
  }
}

/// The numbers of several experiments under one another.
private struct LaidOutTable {
  let numbers: [Measured]
  /// What stands behind each of them.
  let behind: [Measured: StoredTable.Number]
  /// What must be known beside them.
  let notes: [TableNote]
  /// Numbers that are not there and have a place.
  let missing: [Measured]

  /// Puts numbers together; `placed` gives each the axis `experiment`.
  init(_ sides: [NamedResults], placed: Bool) {
    var numbers: [Measured] = []
    var behind: [Measured: StoredTable.Number] = [:]
    var notes: [TableNote] = []
    var missing: [Measured] = []
    let titles = sides.map(\.title)
    for side in sides {
      // Experiments of one name are told apart as the user named them.
      let title = titles.count { $0 == side.title } > 1 ? side.name : side.title
      let own = placed ? [Measured.Coordinate("experiment", title)] : []
      var places: [Measured: Measured] = [:]
      for number in side.table?.numbers ?? [] {
        let measured = number.measured.named(number.eval, at: own + number.measured.coordinates)
        numbers.append(measured)
        behind[measured] = number.moved(to: measured)
        places[number.measured] = measured
      }
      missing += (side.table?.missing ?? []).map { $0.named($0.eval, at: own + $0.coordinates) }
      notes += (side.table?.notes ?? []).compactMap { note in
        note.moved(of: placed ? title : nil) { places[$0].map { [$0] } ?? [] }
      }
    }
    (self.numbers, self.behind, self.notes, self.missing) = (numbers, behind, notes, missing)
  }

  /// The same, with numbers of single seeds if they are shown.
  func apart(_ areShown: Bool, _ outcomes: (Digest) -> [Outcomes]?) -> LaidOutTable {
    guard areShown else { return self }
    let apart = SeedNumbers(numbers.compactMap { behind[$0] }, outcomes: outcomes)
    return LaidOutTable(
      numbers: apart.numbers.map(\.measured),
      behind: Dictionary(apart.numbers.map { ($0.measured, $0) }, uniquingKeysWith: { first, _ in first }),
      notes: apart.notes(notes), missing: missing)
  }

  private init(
    numbers: [Measured], behind: [Measured: StoredTable.Number], notes: [TableNote], missing: [Measured]
  ) {
    (self.numbers, self.behind, self.notes, self.missing) = (numbers, behind, notes, missing)
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
