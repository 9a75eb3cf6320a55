// What every command's help has: one line of usage, prose that wraps at any width, and examples that fit 60 columns.

import ArgumentParser
import Diagnostics

extension CommandConfiguration {
  /// A command with examples.
  ///
  /// - Parameters:
  ///   - path: The command as it is typed after `runner`, such as `store gc`; empty for `runner` itself.
  ///   - abstract: What it does, in a sentence.
  ///   - takes: What follows it in the line of usage, which the library would not wrap.
  ///   - discussion: More of it: each paragraph one line, which the library wraps.
  ///   - examples: Command lines, each as it is typed.
  ///   - version: What `--version` says.
  ///   - shouldDisplay: Whether it is listed.
  ///   - subcommands: The commands below it.
  init(
    _ path: String, _ abstract: String, takes: String, discussion: String = "", examples: [String],
    version: String = "", shouldDisplay: Bool = true, subcommands: [any ParsableCommand.Type] = []
  ) {
    let words = ["runner"] + path.split(separator: " ").map(String.init)
    self.init(
      commandName: words[words.count - 1], abstract: abstract,
      usage: (takes.isEmpty ? words : words + [takes]).joined(separator: " "),
      discussion: (discussion.isEmpty ? "" : discussion + "\n\n") + HelpText.examples(examples),
      version: version, shouldDisplay: shouldDisplay, subcommands: subcommands)
  }
}

/// Parts of help texts.
enum HelpText {
  /// The columns that lines which must not be wrapped may take: the library breaks a line that fills 60.
  static let columns = 58

  /// Examples, each on a line, or on several that a shell joins.
  static func examples(_ lines: [String]) -> String {
    (["Examples:"] + lines.flatMap(typed)).joined(separator: "\n")
  }

  /// A list of names, each with its meaning beside it.
  static func list(_ items: [(name: String, meaning: String)]) -> String {
    let width = items.map { $0.name.utf8.count }.max() ?? 0
    let rest = String(repeating: " ", count: width + 4)
    return items.flatMap { name, meaning in
      let gap = String(repeating: " ", count: width - name.utf8.count)
      return meaning.wrapped(to: columns, first: "  \(name)\(gap)  ", rest: rest)
    }.joined(separator: "\n")
  }

  private static func typed(_ example: String) -> [String] {
    if example.utf8.count + 2 <= columns { return ["  " + example] }
    var lines = ["  "]
    for word in words(of: example) {
      let last = lines.count - 1
      if lines[last].allSatisfy({ $0 == " " }) {
        lines[last] += word
      } else if lines[last].utf8.count + 1 + word.utf8.count + 2 <= columns {
        lines[last] += " " + word
      } else {
        lines[last] += " \\"
        lines.append("    " + word)
      }
    }
    return lines
  }

  /// The words of a command line, quoted ones whole, an option together with its value.
  private static func words(of example: String) -> [String] {
    var words: [String] = []
    var isQuoted = false
    for piece in example.split(separator: " ") {
      let last = words.last ?? ""
      let isValue = last.hasPrefix("-") && !last.contains(" ") && !piece.hasPrefix("-")
      if isQuoted || isValue { words[words.count - 1] += " " + piece } else { words.append(String(piece)) }
      if piece.count(where: { $0 == "\"" }) % 2 == 1 { isQuoted.toggle() }
    }
    return words
  }
}
