// Text and tables in LaTeX.

/// Writes text so that LaTeX shows it as it is, and tables with notes.
enum LaTeX {
  /// What tables need; said once at the top of a file.
  static let packages = "% Needs the packages booktabs and threeparttable.\n"

  /// The text with every sign that would mean something else to LaTeX put so that it means itself.
  static func escaped(_ text: String) -> String {
    var result = ""
    var before: Unicode.Scalar?
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "&", "%", "$", "#", "_", "{", "}": result += "\\\(scalar)"
      case "±": result += "$\\pm$"
      case "≈": result += "$\\approx$"
      case "≤": result += "$\\le$"
      case "<", ">", "|": result += "$\(scalar)$"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "`": result += "\\textasciigrave{}"
      case "\\": result += "\\textbackslash{}"
      case "–": result += "--"
      case "…": result += "\\dots{}"
      // A sign, not a hyphen.
      case "-" where isStart(before) && rest.first?.properties.numericType != nil: result += "$-$"
      default: result.unicodeScalars.append(scalar)
      }
      before = scalar
    }
    return result
  }

  /// Whether a number may begin after a sign of the text.
  private static func isStart(_ before: Unicode.Scalar?) -> Bool {
    before.map { !$0.properties.isAlphabetic && $0.properties.numericType == nil } ?? true
  }

  /// A note below a table, with its mark if it has one.
  typealias Note = (mark: String?, text: String)

  /// A tabular with booktabs rules and the notes below it, each as long as the table is wide.
  ///
  /// - Parameters:
  ///   - columns: What LaTeX is told of the columns, such as `lrr`.
  ///   - header: The columns' names.
  ///   - rows: Cells as LaTeX reads them: escaped.
  ///   - notes: Notes as plain text.
  /// - Returns: An environment `threeparttable`, which is no float: it can stand in one.
  static func table(columns: String, header: [String], rows: [[String]], notes: [Note]) -> String {
    // Behind a rule or the end of a row a bracket would begin an option.
    func line(_ cells: [String]) -> String {
      (cells.first?.hasPrefix("[") == true ? "{}" : "") + cells.joined(separator: " & ") + " \\\\\n"
    }
    let items = notes.map { note in "\\item\(note.mark.map { "[\($0)]" } ?? "") \(escaped(note.text))\n" }
    return "\\begin{threeparttable}\n\\begin{tabular}{\(columns)}\n\\toprule\n" + line(header.map(escaped))
      + "\\midrule\n" + rows.map(line).joined() + "\\bottomrule\n\\end{tabular}\n"
      + "\\begin{tablenotes}\\footnotesize\n\(items.joined())\\end{tablenotes}\n\\end{threeparttable}\n"
  }
}
