// A page that `runner report` wrote, read as markup: whether it is well-formed, and what stands in its sections.

import Foundation
import Testing

/// A page and its sections.
struct ReportPage {
  let html: String

  /// The page as the command wrote it.
  init(_ name: String, in space: TestSpace) throws { html = try space.read(name) }

  /// The text of a section, tags left out, entities read back.
  func section(_ id: String) throws -> String {
    let start = try #require(html.range(of: "<section id=\"\(id)\""), "no section \(id)")
    let end = try #require(html.range(of: "</section>", range: start.lowerBound..<html.endIndex))
    var text = String(html[start.lowerBound..<end.lowerBound]).replacing(/<[^>]*>/, with: " ")
    for (entity, sign) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
      text = text.replacingOccurrences(of: entity, with: sign)
    }
    return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The sections' names, in order.
  var sections: [String] { html.matches(of: /<section id="([^"]+)"/).map { String($0.output.1) } }

  /// Elements that do not end, or end out of order.
  var faults: [String] {
    var open: [String] = []
    var faults: [String] = []
    for tag in html.matches(of: /<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/).map(\.output) {
      if tag.1 == "/" {
        if open.popLast() != String(tag.2) { faults.append("</\(tag.2)>") }
      } else if tag.3 != "/" {
        open.append(String(tag.2))
      }
    }
    return faults + open
  }
}
