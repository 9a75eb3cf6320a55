// HTML as a tree: what is written out of it is well-formed, and no text of a record can become markup.
// Knows elements and attributes; nothing of what a page says.

import Diagnostics

/// A piece of a page.
package indirect enum Markup: Sendable {
  /// Text of any origin; it is escaped when it is written.
  case text(String)
  /// An element.
  case element(String, attributes: [Attribute], [Markup])
  /// A style sheet that stands in the program's own source, and so cannot come from a record.
  case style(StaticString)

  /// A name and a value; the value is escaped when it is written.
  package struct Attribute: Sendable {
    let name: String
    let value: String
  }

  /// An element with attributes; those that are nil are left out.
  package static func tag(
    _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], _ children: [Markup] = []
  ) -> Markup {
    .element(
      name, attributes: attributes.compactMap { pair in pair.value.map { Attribute(name: pair.key, value: $0) } },
      children)
  }

  /// An element that holds text alone.
  package static func tag(
    _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], text: String
  ) -> Markup {
    tag(name, attributes, [.text(text)])
  }

  /// The piece as HTML, which is well-formed XML, too.
  package var html: String {
    var text = ""
    write(to: &text)
    return text
  }

  /// Elements that have no end in HTML.
  private static let empty: Set<String> = ["br", "col", "link", "meta"]

  /// Elements that begin on a line of their own, so that two pages can be compared by lines; white space between them
  /// means nothing.
  private static let blocks: Set<String> = [
    "article", "body", "details", "dl", "figure", "footer", "g", "h1", "h2", "h3", "h4", "head", "header", "li", "link",
    "main", "meta", "nav", "section", "style", "svg", "table", "tbody", "thead", "title", "tr",
  ]

  private func write(to text: inout String) {
    switch self {
    case .text(let own): text += PageText.escaped(own)
    case .style(let own): text += own.description
    case .element(let name, let attributes, let children):
      if Self.blocks.contains(name) { text += "\n" }
      text += "<\(name)"
      for attribute in attributes { text += " \(attribute.name)=\"\(PageText.escaped(attribute.value))\"" }
      if Self.empty.contains(name) {
        text += "/>"
        return
      }
      text += ">"
      for child in children { child.write(to: &text) }
      text += "</\(name)>"
    }
  }
}

/// Text as a page may show it.
package enum PageText {
  /// The text with everything escaped that HTML or XML would read otherwise, and with what cannot be seen made visible.
  package static func escaped(_ text: String) -> String {
    var shown = ""
    for scalar in text.showingControls.unicodeScalars {
      switch scalar {
      case "&": shown += "&amp;"
      case "<": shown += "&lt;"
      case ">": shown += "&gt;"
      case "\"": shown += "&quot;"
      case "'": shown += "&#39;"
      default: shown.unicodeScalars.append(contentsOf: visible(scalar))
      }
    }
    return shown
  }

  /// Signs that turn the direction of what follows, or that no document may hold, as their numbers.
  private static func visible(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    let turns = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    guard turns || scalar.value & 0xFFFE == 0xFFFE else { return [scalar] }
    return Array("⟨U+\(String(scalar.value, radix: 16, uppercase: true))⟩".unicodeScalars)
  }

  /// The beginning of a text on one line.
  static func short(_ text: String, _ most: Int) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count <= most ? line : line.prefix(most - 1) + "…"
  }
}
