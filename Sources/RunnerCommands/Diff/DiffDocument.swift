// A comparison in pieces that are the same in a terminal and in Markdown, and what each makes of them.
// Knows nothing of what is compared.

import Diagnostics
import Reporting

/// A piece of a comparison.
enum DiffPiece {
  /// What follows.
  case heading(String)
  /// A sentence or more.
  case sentence(String)
  /// Items, each with what is said of it.
  case list([Item])
  /// What differs, one a line; what a side does not say at all has no place.
  case changes([Change])
  /// A table; the columns in `numbers` stand at the right.
  case table(header: [String], rows: [[String]], numbers: Set<Int>)
  /// A record with what was said of it.
  case record(title: String, quotes: [(label: String, text: String)])

  /// An item of a list.
  struct Item {
    let text: String
    var details: [String] = []
  }

  /// Something that differs: its name, what the first and the second say with the places, and where.
  struct Change {
    let name: String
    let first: String
    let second: String
    let places: (first: String, second: String)
    var cells: String?
  }
}

/// A comparison.
struct DiffDocument {
  private(set) var pieces: [DiffPiece] = []

  mutating func add(_ piece: DiffPiece) { pieces.append(piece) }

  /// Adds a sentence unless there is none.
  mutating func say(_ text: String?) { if let text { add(.sentence(text)) } }

  // MARK: - Text

  /// The lines for a terminal.
  var lines: [String] { pieces.flatMap(Self.lines).map(\.showingControls) }

  private static func lines(_ piece: DiffPiece) -> [String] {
    switch piece {
    case .heading(let text): ["", text]
    case .sentence(let text): [text]
    case .list(let items): items.flatMap { ["  \($0.text)"] + $0.details.map { "    \($0)" } }
    case .changes(let changes): changes.flatMap(changeLines)
    case .table(let header, let rows, let numbers): table([header] + rows, numbers)
    case .record(let title, let quotes): ["", "  \(title)"] + quotes.flatMap(quoteLines)
    }
  }

  private static func changeLines(_ change: DiffPiece.Change) -> [String] {
    let places = [change.places.first, change.places.second].filter { !$0.isEmpty }.joined(separator: " → ")
    let line = "  \(change.name): \(change.first) → \(change.second)  (\(places))"
    return [line] + [change.cells.map { "    in \($0)" }].compactMap { $0 }
  }

  private static func table(_ rows: [[String]], _ numbers: Set<Int>) -> [String] {
    // An interval is no text that could be shortened.
    let intervals = rows.first?.indices.filter { rows[0][$0] == "95%" } ?? []
    var table = TextTable(numbers: numbers, names: Set(intervals))
    for row in rows { table.add(row) }
    return table.lines()
  }

  /// A text that may have several lines, behind its label.
  private static func quoteLines(_ quote: (label: String, text: String)) -> [String] {
    let gap = String(repeating: " ", count: max(0, 6 - quote.label.count))
    return quote.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
      "  \(index == 0 ? quote.label + gap : "      ")  \(line)"
    }
  }

  // MARK: - Markdown

  /// The same for a pull request; ends without a new line.
  var markdown: String {
    pieces.map(Self.markdown).joined(separator: "\n\n")
  }

  private static func markdown(_ piece: DiffPiece) -> String {
    switch piece {
    case .heading(let text): "## \(Markdown.text(text))"
    case .sentence(let text): Markdown.text(text)
    case .list(let items):
      items.map { item in
        (["- \(Markdown.text(item.text))"] + item.details.map { "  - \(Markdown.text($0))" }).joined(separator: "\n")
      }.joined(separator: "\n")
    case .changes(let changes): changeTable(changes)
    case .table(let header, let rows, let numbers):
      table(header, rows.map { $0.map(Markdown.text) }, numbers: numbers)
    case .record(let title, let quotes): details(title, quotes)
    }
  }

  private static func changeTable(_ changes: [DiffPiece.Change]) -> String {
    let isPartial = changes.contains { $0.cells != nil }
    func side(_ value: String, _ place: String) -> String {
      place.isEmpty ? value : "\(Markdown.code(value)) \(Markdown.text(place))"
    }
    let rows = changes.map { change in
      [
        Markdown.code(change.name), side(change.first, change.places.first), side(change.second, change.places.second),
      ] + (isPartial ? [Markdown.text(change.cells ?? "all cells")] : [])
    }
    return table(["setting", "first", "second"] + (isPartial ? ["where"] : []), rows, numbers: [])
  }

  /// Without the last line's end, as all pieces.
  private static func table(_ header: [String], _ rows: [[String]], numbers: Set<Int>) -> String {
    String(MarkdownTable.text(header: header, rows: rows, isNumber: numbers.contains).dropLast())
  }

  /// A record that opens when it is clicked on.
  private static func details(_ title: String, _ quotes: [(label: String, text: String)]) -> String {
    let blocks = quotes.map { "\(Markdown.text($0.label)):\n\n\(Markdown.block($0.text))" }
    return "<details><summary>\(Markdown.text(title))</summary>\n\n\(blocks.joined(separator: "\n\n"))\n\n</details>"
  }
}

/// Text as Markdown takes it for nothing but text.
enum Markdown {
  /// Text with every mark made harmless, but for code between backticks.
  static func text(_ text: String) -> String {
    let parts = text.showingControls.replacing("\n", with: " ").split(
      separator: "`", omittingEmptySubsequences: false)
    guard parts.count % 2 == 1 else { return escaped(text[...], also: "`") }
    return parts.enumerated().map { $0 % 2 == 0 ? escaped($1) : "`\($1)`" }.joined()
  }

  private static func escaped(_ text: Substring, also more: String = "") -> String {
    text.map { "\\*_<>[]#~\(more)".contains($0) ? "\\\($0)" : String($0) }.joined()
  }

  /// A piece of code in a line, between more backticks than stand in it.
  static func code(_ text: String) -> String {
    let fence = fence(text, atLeast: 1)
    let pad = text.hasPrefix("`") || text.hasSuffix("`") ? " " : ""
    return "\(fence)\(pad)\(text.showingControls.replacing("\n", with: " "))\(pad)\(fence)"
  }

  /// Lines as they are.
  static func block(_ text: String) -> String {
    let fence = fence(text, atLeast: 3)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).showingControls }
    return "\(fence)text\n\(lines.joined(separator: "\n"))\n\(fence)"
  }

  private static func fence(_ text: String, atLeast least: Int) -> String {
    var (longest, run) = (0, 0)
    for character in text {
      run = character == "`" ? run + 1 : 0
      longest = max(longest, run)
    }
    return String(repeating: "`", count: longest < least ? least : longest + 1)
  }
}
