// From a file of published numbers to the numbers, each held against the rows and columns of the table beside which it stands.
// Knows nothing of how the table itself is read.

import Diagnostics
import YAML

/// The names that a table's rows and columns have, and what its numbers are.
struct PublishedFrame {
  /// The rows; nil where they are not known before the data are.
  let rows: [String]?
  /// The columns; nil where they are not known before the data are.
  let columns: [String]?
  /// Whether rows of the model before training may be there, whose names depend on what is measured.
  let hasBase: Bool
  /// The kind of eval that a column shows.
  let kind: (_ column: String) -> String?

  private func isShare(_ column: String) -> Bool { kind(column).map { Eval.isShare($0) } ?? false }

  /// Notes names that the table does not have and shares that are none.
  func check(_ numbers: PublishedNumbers, in tree: Node, _ reading: Reading) {
    for row in numbers.rows.entries {
      let node = tree["rows"]?.entry(row.name)
      let isBase = hasBase && ["/base", ", base"].contains { "/\(row.name)".hasSuffix($0) }
      note(row.name, "row of the table", among: isBase ? nil : rows, node?.key, reading)
      for cell in row.value.entries {
        let entry = node?.value.entry(cell.name)
        note(cell.name, "column of the table", among: columns, entry?.key, reading)
        guard isShare(cell.name), case .number(let written, let value) = cell.value, let place = entry?.value.place
        else { continue }
        let limits = Limits.within(0...100)
        if !limits.allows(value) { reading.note(.outOfRange(key: cell.name, limits: limits, found: written), place) }
      }
    }
  }

  private func note(_ name: String, _ kind: String, among known: [String]?, _ key: Node.Key?, _ reading: Reading) {
    guard let known, let key, !known.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else { return }
    reading.note(.unresolved(kind: kind, name, known: Array(known.prefix(24))), key.place)
  }

  /// The same numbers on the scale of ours.
  func scaled(_ numbers: PublishedNumbers) -> PublishedNumbers {
    let rows = numbers.rows.entries.map { row in
      let cells = row.value.entries.map { cell in
        Named<PublishedNumber>.Entry(cell.name, isShare(cell.name) ? cell.value.ofPercent : cell.value)
      }
      return Named<Named<PublishedNumber>>.Entry(row.name, Named(cells))
    }
    return PublishedNumbers(source: numbers.source, rows: Named(rows))
  }
}

extension PublishedFrame {
  /// The frame of an experiment's table.
  ///
  /// - Parameters:
  ///   - table: How its numbers are laid out.
  ///   - names: The axes and data sets of the experiment.
  ///   - kind: The kind of the eval that is shown.
  init(_ table: Table, names: NameTable, kind: String?) {
    let axes = table.rows.isEmpty && table.columns.isEmpty ? names.axes.map(\.name) : table.rows
    rows = axes.isEmpty ? ["all"] : TableLabels.labels(axes, names)
    columns = table.columns.isEmpty ? [table.value] : TableLabels.labels(table.columns, names)
    hasBase = true
    self.kind = { _ in kind }
  }
}

/// What a file of published numbers says, or what is wrong with it.
struct PublishedFile {
  private(set) var numbers: PublishedNumbers?
  private(set) var problems: [Diagnosis] = []
  /// The file, if it could be read.
  private(set) var read: ReadFile?

  /// Nothing where no file is named.
  init() {}

  /// Reads a file; one that is not there gives nothing, for that is told as a warning where it is named.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - place: Who asks for it.
  ///   - files: Where its bytes come from.
  ///   - frame: The table beside which its numbers stand.
  init(_ path: LocalPath, askedAt place: SourcePlace?, _ files: any FileReading, _ frame: PublishedFrame) {
    guard files.exists(path.resolved) else { return }
    let bytes: [UInt8]
    do throws(FileFault) { bytes = try files.bytes(of: path.resolved) } catch {
      let fault = SpecFault.unreadable(path: path.written, error)
      let place = place ?? SourcePlace(file: path.resolved, line: 1, column: 1)
      problems = [Reading.Located(fault: fault, place: place).diagnosis()]
      return
    }
    read = ReadFile(path: path.resolved, bytes: bytes)
    let (root, faults) = YAMLDocument.read(bytes, file: path.resolved)
    let reading = Reading()
    if let root, let found = PublishedNumbers.shape.read(root, reading) {
      frame.check(found, in: root, reading)
      numbers = frame.scaled(found)
    }
    problems = faults.map(\.diagnosis) + reading.faults.map { $0.diagnosis() }
  }
}
