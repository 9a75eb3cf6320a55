// runner table: the numbers of one or several experiments laid out, with what the sample can say of their differences.

import ArgumentParser
import Diagnostics
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
  }

  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Lay out the numbers of experiments. Runs nothing.",
    discussion: """
      Of one spec the table is as the spec asks; options change it. Of several experiments each becomes a value of the
      axis `experiment`. The best of each column stands out; numbers are rounded to two digits of their error.
      Differences from --relative-to are tested as `runner diff` tests them: ≈ is inside the noise, = is the same
      outcomes, ? could not be tested.

      Examples:
        runner table experiments/a.yaml
        runner table results/a --eval accuracy --rows pairs --columns objective --relative-to base
        runner table experiments/a.yaml experiments/b.yaml --format latex
      """)

  @Argument(help: "Specs, folders of results, or files table.json.", completion: .file()) var experiments: [String]
  @Option(help: "Show this eval alone.") var eval: String?
  @Option(help: "Axes that make rows, outermost first, with commas between them.") var rows: String?
  @Option(help: "Axes that make columns; the rest makes rows. Without it, the evals are the columns.")
  var columns: String?
  @Option(help: "`base`, or a row by its labels joined by `/`: show each number's difference from it.")
  var relativeTo: String?
  @Option(help: "text, markdown, csv, latex (booktabs) or json.") var format = Format.text
  @OptionGroup var storage: StorePathOptions
  @Option(help: "Folder of results of specs that are not stored.", completion: .directory) var results = "results"

  func run() throws {
    let store = try Store(at: storage.path, mode: .readOnlyIfPresent)
    let sides = try NamedResults.all(experiments, in: store, results: results).named
    for side in sides where side.table == nil {
      throw CommandError.unreadable(path: side.name, reason: "it was never run here; run it, or name its results")
    }
    let table = LaidOutTable(sides, placed: sides.count > 1)
    let layout = try layout(of: table, own: sides.count == 1 ? sides[0].experiment?.experiment.table : nil)
    let marks = TableMarks(layout, numbers: table.behind) { store.outcomes($0) }
    let text = TableText(layout, marks: marks)
    switch format {
    case .text: Output.line(text.aligned(colored: Output.colorsText) + "\n\n" + text.legend)
    case .markdown: Output.line(text.markdown + "\n" + text.legend)
    case .csv: Output.bytes(Array(TableText.csv(layout.numbers).utf8))
    case .latex: Output.bytes(Array((text.latex + "% \(text.legend)\n").utf8))
    case .json: Output.json(TableJSON.json(of: layout, marks))
    }
  }

  private func layout(of table: LaidOutTable, own: Table?) throws -> TableLayout {
    let asked = (rows: Self.names(rows), columns: Self.names(columns))
    let numbers = table.numbers
    let evals = numbers.map(\.eval).distinct
    let axes = numbers.flatMap(\.coordinates).map(\.axis).distinct.filter { $0 != "base" }
    for axis in (asked.rows ?? []) + (asked.columns ?? []) where !axes.contains(axis) {
      throw CommandError.unknownName(what: "axis", name: axis, known: axes)
    }
    if let eval, !evals.contains(eval) { throw CommandError.unknownName(what: "eval", name: eval, known: evals) }
    let columns = asked.columns ?? (eval == nil || eval == own?.value ? own?.columns : nil) ?? []
    let shown = eval ?? (columns.isEmpty && own == nil ? nil : own?.value ?? evals.first)
    if !columns.isEmpty, eval == nil, own == nil, evals.count > 1 {
      throw ValidationError("Columns hold one eval: name it with --eval (there is: \(evals.joined(separator: ", "))).")
    }
    let layout = TableLayout(
      numbers, rows: asked.rows ?? own?.rows ?? [], columns: columns, value: shown,
      relativeTo: relativeTo.map { $0 == "base" ? .base : .row($0) } ?? own?.relativeTo)
    if let relativeTo { try check(relativeTo, in: layout) }
    return layout
  }

  private func check(_ name: String, in layout: TableLayout) throws {
    let names = layout.referenceNames
    guard names.contains(name) else { throw CommandError.unknownName(what: "row", name: name, known: names) }
  }

  private static func names(_ text: String?) -> [String]? {
    text.map { $0.split(separator: ",").map { String($0.trimmingSpaces) } }
  }
}

/// The numbers of several experiments under one another.
private struct LaidOutTable {
  let numbers: [Measured]
  /// What stands behind each of them.
  let behind: [Measured: StoredTable.Number]

  /// Puts numbers together; `placed` gives each the axis `experiment`.
  init(_ sides: [NamedResults], placed: Bool) {
    var numbers: [Measured] = []
    var behind: [Measured: StoredTable.Number] = [:]
    let titles = sides.map(\.title)
    for side in sides {
      // Experiments of one name are told apart as the user named them.
      let title = titles.count { $0 == side.title } > 1 ? side.name : side.title
      let own = placed ? [Measured.Coordinate("experiment", title)] : []
      for number in side.table?.numbers ?? [] {
        let measured = number.measured.named(number.eval, at: own + number.measured.coordinates)
        numbers.append(measured)
        behind[measured] = number
      }
    }
    self.numbers = numbers
    self.behind = behind
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
