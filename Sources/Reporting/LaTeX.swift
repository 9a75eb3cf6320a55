// Text in LaTeX.

/// Writes text so that LaTeX shows it as it is.
enum LaTeX {
  /// The text with every sign that would mean something else to LaTeX put so that it means itself.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&", "%", "$", "#", "_", "{", "}": result += "\\\(scalar)"
      case "±": result += "$\\pm$"
      case "≈": result += "$\\approx$"
      case "<", ">", "|": result += "$\(scalar)$"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "\\": result += "\\textbackslash{}"
      case "–": result += "--"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
