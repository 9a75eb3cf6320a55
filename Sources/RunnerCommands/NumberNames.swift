// The cells, evals and axes of the results that a command line names, offered to the shell that completes it.
// Reads tables that were written; plans and computes nothing, since somebody waits with a finger on a key.

import ArgumentParser
import Records
import Reporting
import Specification

/// What may stand where a number is named.
enum NumberNames {
  /// The cells as tables name them.
  static let cells = CompletionKind.custom { words, _, _ in names(in: words) { [$0.cell] } }

  /// The evals.
  static let evals = CompletionKind.custom { words, _, _ in names(in: words) { [$0.eval] } }

  /// The axes of the grid.
  static let axes = CompletionKind.custom { words, _, _ in
    names(in: words) { $0.place.map(\.axis).filter { $0 != "base" } }
  }

  private static func names(in words: [String], _ names: (StoredTable.Number) -> [String]) -> [String] {
    let numbers = words.dropFirst().lazy.compactMap(table).first?.numbers ?? []
    return numbers.flatMap(names).filter { !$0.isEmpty }.distinct.map(typed)
  }

  /// The table of a folder of results, or of what was written of a spec.
  private static func table(_ word: String) -> StoredTable? {
    let folder = NamedResults.isSpec(word) ? "results/\(ExperimentName.name(ofSpec: word))" : word
    guard NamedResults.isFolder(folder) else { return nil }
    return (try? NamedResults.table(inFile: "\(folder)/table.json")) ?? nil
  }

  /// A name as it is to be typed: bash expands what it is offered, and then puts it into the line as it is.
  private static func typed(_ name: String) -> String {
    guard CompletionShell.requesting == .bash else { return name }
    let special: Set<Character> = [
      " ", "\\", "'", "\"", "$", "`", "&", "|", ";", "<", ">", "(", ")", "*", "?", "[", "]", "{", "}", "#", "~", "!",
    ]
    let escaped = name.map { special.contains($0) ? "\\\($0)" : String($0) }.joined()
    return "'" + escaped.replacing("'", with: "'\\''") + "'"
  }
}
