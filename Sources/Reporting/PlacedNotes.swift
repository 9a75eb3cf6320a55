// Notes at the cells of a laid-out table: a mark for each that needs one, in the order in which a reader meets them.
// Knows nothing of formats; what a mark looks like is theirs.

import Records

/// The notes of a table.
package struct PlacedNotes: Sendable {
  /// A note to which marks lead.
  struct Marked: Sendable {
    /// One letter or more.
    let mark: String
    let note: TableNote
  }

  /// What is said of the table as a whole, or names what it is about.
  let general: [String]
  /// What marks lead to, in the order of their marks.
  let marked: [Marked]
  private let rows: [[String]]
  private let places: [TableMarks.Place: [String]]

  /// Places notes; those about numbers that are not shown are left out, and equal ones have one mark.
  package init(_ notes: [TableNote], in layout: TableLayout) {
    let shown = Set(layout.numbers)
    let trained = shown.filter { !$0.isBase }
    let own = Self.merged(notes).filter { $0.numbers.isEmpty || $0.numbers.contains { shown.contains($0) } }
    func hasMark(_ note: TableNote) -> Bool {
      switch note.scope {
      case .table, .named: false
      case .numbers: true
      case .rule: !trained.isSubset(of: note.numbers)
      }
    }
    general = own.filter { !hasMark($0) }.map(\.text)
    let order = Dictionary(layout.numbers.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let sorted = own.filter(hasMark).map { note in (note, note.numbers.compactMap { order[$0] }.min() ?? 0) }
      .enumerated().sorted { ($0.element.1, $0.offset) < ($1.element.1, $1.offset) }.map(\.element.0)
    marked = sorted.enumerated().map { Marked(mark: Self.letters($0.offset), note: $0.element) }

    var rows: [[String]] = []
    var places: [TableMarks.Place: [String]] = [:]
    for (index, row) in layout.rows.enumerated() {
      let cells = row.cells.compactMap { $0 }
      let ofRow = marked.filter { note in
        cells.count > 1 && cells.allSatisfy { note.note.numbers.contains($0) }
      }
      rows.append(ofRow.map(\.mark))
      for one in marked where !ofRow.contains(where: { $0.mark == one.mark }) {
        for (column, cell) in row.cells.enumerated() {
          guard let cell, one.note.numbers.contains(cell) else { continue }
          places[TableMarks.Place(row: index, column: column), default: []].append(one.mark)
        }
      }
    }
    (self.rows, self.places) = (rows, places)
  }

  /// Equal notes as one, about the numbers of all.
  private static func merged(_ notes: [TableNote]) -> [TableNote] {
    var merged: [TableNote] = []
    for note in notes {
      if let index = merged.firstIndex(where: { $0.text == note.text && $0.scope == note.scope }) {
        merged[index] = TableNote(note.text, note.scope, of: merged[index].numbers + note.numbers)
      } else {
        merged.append(note)
      }
    }
    return merged
  }

  /// The marks of everything in a row.
  func marks(ofRow row: Int) -> [String] { rows[row] }

  /// The marks of one cell that its row has not.
  func marks(at place: TableMarks.Place) -> [String] { places[place] ?? [] }

  /// All notes where there are no marks to lead to them: each names what it is about.
  package var sentences: [String] {
    general
      + marked.map { one in
        let cells = one.note.numbers.map { $0.cell.isEmpty ? $0.eval : "\($0.cell), \($0.eval)" }.distinct
        return "\(cells.joined(separator: "; ")): \(one.note.text)"
      }
  }

  /// `a` to `z` without `q`, which has no raised form, then `aa` and so on.
  private static func letters(_ index: Int) -> String {
    let (before, last) = index.quotientAndRemainder(dividingBy: alphabet.count)
    return (before > 0 ? letters(before - 1) : "") + alphabet[last].plain
  }

  private static let alphabet: [(plain: String, raised: Character)] = Array(
    zip("abcdefghijklmnoprstuvwxyz".map { String($0) }, "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"))

  /// Marks as raised letters, such as `ᵃ` or `ᵃ,ᵇ`.
  static func raised(_ marks: [String]) -> String {
    marks.map { mark in
      String(mark.map { letter in alphabet.first { $0.plain == String(letter) }?.raised ?? letter })
    }.joined(separator: ",")
  }
}
